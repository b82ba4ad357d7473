"""Which values trivially safe Python may touch: the simplest types, and small.

Invariant: what passes here can be computed with in bounded time.
"""

from __future__ import annotations

from typing import Any

BIGGEST = 10_000
"""Characters of a text, items of a list."""

LARGEST = 2**256
_QUICK = frozenset({bool, float, type(None)})
_SIZED = frozenset({str, list, tuple, dict})
NUMBERS = frozenset({int, float, bool})
_SCALARS = NUMBERS | {str, type(None)}
DICT_METHODS = frozenset(name for name in dir(dict) if not name.startswith("_"))


class NotTrivial(Exception):
    """A value that the sandbox must deal with."""


def bounded(value: Any) -> Any:
    """The value itself, if it is plain and small. Raises `NotTrivial`."""
    kind = type(value)
    if kind is int:
        if -LARGEST <= value <= LARGEST:
            return value
    elif kind in _QUICK or (kind in _SIZED and len(value) <= BIGGEST):
        return value
    raise NotTrivial


def flat(value: Any) -> Any:
    """The value itself, if all that is in it is plain, and small together. Raises `NotTrivial`."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    _count(value, BIGGEST)
    return value


def _count(value: Any, left: int) -> int:
    """What is left of an allowance after looking at every part."""
    kind = type(value)
    if kind in (list, tuple):
        left -= len(value)
        for item in value if left >= 0 else ():
            left = _count(item, left)
    elif kind is dict:
        left -= 2 * len(value)
        for key, item in value.items() if left >= 0 else ():
            left = _count(item, _count(key, left))
    elif kind is str:
        left -= len(value) // 32
    elif kind not in _SCALARS:
        raise NotTrivial
    if left < 0:
        raise NotTrivial
    return left


def alike(values: list[Any]) -> list[Any]:
    """Values that can be added or put in order in bounded time. Raises `NotTrivial`."""
    kinds = set(map(type, values))
    if kinds <= NUMBERS:
        return values
    if kinds == {str} and sum(map(len, values)) <= 10 * BIGGEST:
        return values
    raise NotTrivial


def missing_field(record: dict[Any, Any], name: str) -> str:
    """What is said of a field that is not there, in the sandbox and here."""
    fields = ", ".join(str(key) for key in list(record)[:20])
    return f"this record has no field {name!r}" + (f"; it has {fields}" if fields else "; it is empty")
