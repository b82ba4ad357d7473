"""Conditions that hold for no value, or for every one: `a > 10 and a < 1`, `kind != "x" or kind != "y"`.

Invariant: what is compared is only taken for one value where it is written alike and no call could change it; a
comparison that is not understood says nothing.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

Bound = tuple[str, float | str]
"""A sign and a constant: what something is compared with."""

_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_PURE = frozenset({"len", "abs", "sum", "min", "max"})


@dataclass
class _Room:
    """What is left for one value."""

    low: float = float("-inf")
    high: float = float("inf")
    low_in: bool = True
    high_in: bool = True
    equal: set[float | str] = field(default_factory=set)

    def add(self, sign: str, bound: float | str) -> None:
        if sign == "==":
            self.equal.add(bound)
        elif isinstance(bound, str) or sign == "!=":
            return
        elif sign in (">", ">=") and (bound, sign == ">") > (self.low, not self.low_in):
            self.low, self.low_in = bound, sign == ">="
        elif sign in ("<", "<=") and (-bound, sign == "<") > (-self.high, not self.high_in):
            self.high, self.high_in = bound, sign == "<="

    @property
    def empty(self) -> bool:
        if len(self.equal) > 1 or self.low > self.high:
            return True
        if self.low == self.high and not (self.low_in and self.high_in):
            return True
        return any(not self._holds(each) for each in self.equal if not isinstance(each, str))

    def _holds(self, value: float) -> bool:
        above = self.low <= value if self.low_in else self.low < value
        return above and (value <= self.high if self.high_in else value < self.high)


def settled(node: ast.expr) -> bool | None:
    """False for a condition that never holds, True for one that always does, None for any other."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return True if _impossible([_opposite(each) for part in node.values for each in _only(part)]) else None
    if isinstance(node, ast.BoolOp):
        return False if _impossible([each for part in node.values for each in _comparisons(part)]) else None
    return False if _impossible(list(_comparisons(node))) else None


def _impossible(found: list[tuple[str, Bound]]) -> bool:
    rooms: dict[str, _Room] = defaultdict(_Room)
    for what, (sign, bound) in found:
        rooms[what].add(sign, bound)
    return any(room.empty for room in rooms.values())


def _only(part: ast.expr) -> list[tuple[str, Bound]]:
    """The comparison of a part that is nothing but one."""
    return list(_comparisons(part)) if isinstance(part, ast.Compare) and len(part.ops) == 1 else []


def _opposite(found: tuple[str, Bound]) -> tuple[str, Bound]:
    what, (sign, bound) = found
    return what, (_OPPOSITE[sign], bound)


def _comparisons(node: ast.expr) -> Iterator[tuple[str, Bound]]:
    """What a comparison, or a chain of them, says of what is compared with constants."""
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        sign = _SIGNS.get(type(op))
        if sign is None:
            continue
        a, b = _constant(left), _constant(right)
        if b is not None and a is None and (what := _value(left)):
            yield what, (sign, b)
        elif a is not None and b is None and (what := _value(right)):
            yield what, (_TURNED[sign], a)


def _constant(node: ast.expr) -> float | str | None:
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    return None


def _value(node: ast.expr) -> str | None:
    """What is compared, as text; None where it might be something else each time."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=attr):
            what = _value(inner)
            return f"{what}.{attr}" if what else None
        case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if name in _PURE:
            what = _value(only)
            return f"{name}({what})" if what else None
    return None
