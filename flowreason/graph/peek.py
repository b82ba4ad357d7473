"""How long a list is and how large a number, as far as the text and the inputs of a flow say it before anything runs.

Invariant: what is said holds in every run. Code is read, never run; the only methods that are carried out are a few
of text that is known, such as `splitlines`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from flowreason.graph.bounds import UNBOUNDED, ZERO, Bound, as_bound, constant, highest, lowest
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

MISSING = object()
DEEPEST = 20
METHODS = frozenset({"splitlines", "split", "strip", "lower", "upper"})
_COUNTED = 10**18
"""A number from which on nobody counts: it is as good as any larger one."""
SAME_LENGTH = frozenset({"list", "tuple", "sorted", "reversed", "enumerate"})


class Range(NamedTuple):
    """A count lies between the two."""

    low: Bound
    high: Bound


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value: itself, how many items it has, which number it is. None: not known.

    `signed`: the number may be below zero, where `number` says zero: nothing is done so often, but counted from the
    end of a list, or times another such number, it is more than that.
    """

    value: Any = MISSING
    length: Range | None = None
    number: Range | None = None
    signed: bool = False


NOTHING = Known()


def exactly(count: Bound | int) -> Range:
    return Range(as_bound(count), as_bound(count))


def of_value(value: Any) -> Known:
    """All that a value itself tells."""
    if isinstance(value, bool) or value is None:
        return Known(value)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        count = max(0, int(value))
        number = exactly(count) if count < _COUNTED else Range(constant(_COUNTED), UNBOUNDED)
        return Known(value, number=number, signed=value < 0)
    if isinstance(value, str | list | tuple | set | frozenset | dict):
        return Known(value, length=exactly(len(value)))
    return Known(value)


def either(first: Range | None, second: Range | None) -> Range | None:
    """One of two, and nobody knows which."""
    if first is None or second is None:
        return None
    return Range(lowest(first.low, second.low), highest(first.high, second.high))


def either_of(many: Iterable[Known]) -> Known:
    """One of several, and nobody knows which."""
    parts = list(many)
    if not parts:
        return NOTHING
    length, number = parts[0].length, parts[0].number
    for part in parts[1:]:
        length, number = either(length, part.length), either(number, part.number)
    return Known(length=length, number=number, signed=any(part.signed for part in parts))


def declared(known: Known, type: Type) -> Known:
    """What is known of a value once it has become one of a type: a record has the fields of its type and no others."""
    if known.value is not MISSING:
        value = _become(known.value, type)
        if value is MISSING:
            known = Known(length=known.length if isinstance(type, ListOf) else None)
        elif value is not known.value:
            known = of_value(value)
    return replace(known, length=exactly(len(type.fields))) if isinstance(type, Record) else known


def _become(value: Any, type: Type) -> Any:
    """A value as one of a type; itself where nothing in it changes, `MISSING` where it cannot be told."""
    match type:
        case Scalar(name="graph"):
            return MISSING
        case Record(fields=fields) if isinstance(value, Mapping):
            made: Any = {name: _become(value.get(name, MISSING), inner) for name, inner in fields}
        case DictOf(value=inner) if isinstance(value, Mapping):
            made = {str(key): _become(each, inner) for key, each in value.items()}
        case ListOf(item=inner) if isinstance(value, list | tuple) and not isinstance(inner, Scalar | Choice):
            made = [_become(each, inner) for each in value]
        case _:
            return value
    inside = made.values() if isinstance(made, dict) else made
    return MISSING if any(each is MISSING for each in inside) else value if made == value else made


def python_value(text: str, names: Mapping[str, Known]) -> Known:
    """What a piece of Python surely gives, where `names` are the flow's variables that it reads."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return NOTHING
    return _of(tree, names, 0)


def _of(node: ast.expr, names: Mapping[str, Known], depth: int) -> Known:
    if depth > DEEPEST:
        return NOTHING

    def inner(each: ast.expr) -> Known:
        return _of(each, names, depth + 1)

    match node:
        case ast.Name(id=name):
            return names.get(name, NOTHING)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name not in names:
            return _function(name, [inner(each) for each in args if not isinstance(each, ast.Starred)], len(args))
        case ast.Call(func=ast.Name(id="sorted"), args=[only]) if "sorted" not in names:
            return Known(length=inner(only).length)
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args, keywords=[]):
            return _method(inner(owner), name, [inner(each) for each in args])
        case ast.ListComp(generators=[ast.comprehension(iter=source, ifs=ifs, is_async=0)]):
            length = inner(source).length
            return Known(length=length and Range(ZERO if ifs else length.low, length.high))
        case ast.Subscript(value=owner, slice=ast.Slice(lower=None, upper=upper, step=None)) if upper is not None:
            return _cut(inner(owner), inner(upper))
        case ast.IfExp(body=body, orelse=other):
            return either_of([inner(body), inner(other)])
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(inner(left), op, inner(right))
        case _:
            return _literal(node)


def _literal(node: ast.expr) -> Known:
    try:
        return of_value(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NOTHING


def _function(name: str, args: list[Known], count: int) -> Known:
    if len(args) != count or not args:
        return NOTHING
    first = args[0]
    if name == "len" and count == 1:
        return Known(number=first.length)
    if name in SAME_LENGTH and count == 1:
        return Known(length=first.length)
    if name == "range":
        values = [arg.value for arg in args]
        if all(type(value) is int for value in values) and 0 not in values[2:] and count <= 3:
            return Known(length=exactly(len(range(*values))))
        return Known(length=first.number if count == 1 else None)
    lengths = [arg.length for arg in args]
    if name == "zip" and all(lengths):
        return Known(length=_least_of(each for each in lengths if each))
    numbers = [arg.number for arg in args]
    if name in ("min", "max") and all(numbers) and count > 1:
        found = [each for each in numbers if each]
        best = lowest if name == "min" else highest
        number = Range(best(*(n.low for n in found)), best(*(n.high for n in found)))
        return Known(number=number, signed=any(arg.signed for arg in args))
    return NOTHING


def _least_of(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range(lowest(*(each.low for each in found)), lowest(*(each.high for each in found)))


def _method(owner: Known, name: str, args: list[Known]) -> Known:
    values = [arg.value for arg in args]
    if name not in METHODS or not isinstance(owner.value, str) or not all(isinstance(v, str | bool) for v in values):
        return NOTHING
    try:
        return of_value(getattr(owner.value, name)(*values))
    except (TypeError, ValueError):
        return NOTHING


def _cut(owner: Known, upper: Known) -> Known:
    """`xs[:n]`."""
    if owner.length is None or upper.number is None or upper.signed:
        return Known(length=owner.length and Range(ZERO, owner.length.high))
    return Known(length=_least_of([owner.length, upper.number]))


def _arithmetic(left: Known, op: ast.operator, right: Known) -> Known:
    a, b = left.number, right.number
    if isinstance(op, ast.Add) and left.length and right.length:
        first, second = left.length, right.length
        return Known(length=Range(first.low + second.low, first.high + second.high))
    if a is None or b is None or (left.signed and right.signed):
        return NOTHING
    signed = left.signed or right.signed
    match op:
        case ast.Add():
            return Known(number=Range(ZERO if signed else a.low + b.low, a.high + b.high), signed=signed)
        case ast.Mult():
            return Known(number=Range(ZERO if signed else a.low * b.low, a.high * b.high), signed=signed)
        case ast.Sub() if not right.signed:
            return Known(number=Range(ZERO, a.high), signed=True)
        case ast.FloorDiv() if not right.signed:
            return Known(number=Range(ZERO, a.high), signed=signed)
    return NOTHING
