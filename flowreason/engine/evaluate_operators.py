"""What the operators of trivially safe Python do, each bounded in the time it takes and the size of what it gives."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from flowreason.engine.evaluate_values import BIGGEST, NotTrivial, bounded, flat


def _add(left: Any, right: Any) -> Any:
    return bounded(left + right)


def _multiply(left: Any, right: Any) -> Any:
    for many, times in ((left, right), (right, left)):
        if type(many) in (str, list, tuple) and isinstance(times, int) and len(many) * times > BIGGEST:
            raise NotTrivial
    return bounded(left * right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > 4_096:
        raise NotTrivial
    return bounded(left**right)


def _remainder(left: Any, right: Any) -> Any:
    if type(left) is str:  # formatting
        raise NotTrivial
    return bounded(left % right)


BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: lambda left, right: bounded(left - right),
    ast.Mult: _multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda left, right: bounded(left // right),
    ast.Mod: _remainder,
    ast.Pow: _power,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


def _deep(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A comparison that looks into lists and records, which must be small for that."""

    def apply(left: Any, right: Any) -> Any:
        return compare(flat(left), flat(right))

    return apply


COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: _deep(operator.eq),
    ast.NotEq: _deep(operator.ne),
    ast.Lt: _deep(operator.lt),
    ast.LtE: _deep(operator.le),
    ast.Gt: _deep(operator.gt),
    ast.GtE: _deep(operator.ge),
    ast.In: lambda left, right: flat(left) in flat(right),
    ast.NotIn: lambda left, right: flat(left) not in flat(right),
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
