"""The values that flow along edges: plain Python data, how it is written as JSON, and how people read it.

A value is None, a bool, int, float, str, list, tuple, set, dict, date, datetime, time, timedelta, Decimal or
Fraction, nested
freely. Invariant: `decode(encode(v)) == v`, type for type, and `encode(v)` is JSON. The module uses the standard
library alone, because the Python worker in the jail loads this very file.
"""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter
from collections.abc import ItemsView, KeysView, Mapping, Set, ValuesView
from decimal import Decimal
from fractions import Fraction
from operator import is_
from typing import Any

TAG = "$"
MOST_DIGITS = 4300
"""Digits of one number: the most that Python reads or writes."""


MOST_TEXT = 16 * 1024 * 1024
"""Characters of a text that a flow makes, as of what Python hands on."""

MOST_DEEP = 200
"""How deep a value may be nested, counted in its JSON: whatever is done with it later calls itself as often."""

MOST_ALIKE = 32
"""Members of a set, and keys of a dict, that may have one hash: to find one of them, all are looked at."""


class NotPlain(TypeError):
    """A value that cannot travel between nodes, such as a function or an open iterator."""


class TooMuch(NotPlain):
    """A plain value that is nested too deeply, or holds a number that is too long."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} cannot be handed on")


DEEP, _LONG = "a value that is nested so deeply", f"a number of more than {MOST_DIGITS:,} digits"
LONGEST_INT = 10**MOST_DIGITS


_PLAIN = (str, int, float, bool, type(None))


def encode(value: Any) -> Any:
    """A value as JSON data; what JSON lacks is tagged: `{"$": "tuple", "of": […]}`. Raises `NotPlain`."""
    try:
        return _encode(value)
    except RecursionError:
        raise TooMuch(DEEP) from None


def _encode(value: Any) -> Any:
    kind = type(value)
    if kind in (str, bool, type(None)):
        return value
    if kind is int:
        if -LONGEST_INT < value < LONGEST_INT:
            return value
        raise TooMuch(_LONG)
    if kind is float:
        return value if value == value and abs(value) != float("inf") else {TAG: "float", "of": repr(value)}
    if kind is list:
        return [_encode(item) for item in value]
    if kind is dict and TAG not in value and all(type(key) is str for key in value):
        return {key: _encode(item) for key, item in value.items()}
    return _encode_tagged(value)


def _encode_tagged(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):  # a subclass, such as an enum
        base = next(t for t in (bool, int, float, str) if isinstance(value, t))
        return _encode(base(value))
    if isinstance(value, tuple):
        if hasattr(value, "_asdict"):
            return _encode(value._asdict())
        return {TAG: "tuple", "of": [_encode(item) for item in value]}
    if isinstance(
        value, KeysView | ItemsView | ValuesView
    ):  # `d.keys()` is a set to Python, and an ordered list to people
        return [_encode(item) for item in value]
    if isinstance(value, Set):
        return {TAG: "set", "of": [_encode(item) for item in ordered(value)]}
    if isinstance(value, Mapping):
        if TAG not in value and all(type(key) is str for key in value):
            return {key: _encode(item) for key, item in value.items()}
        return {TAG: "dict", "of": [[_encode(key), _encode(item)] for key, item in value.items()]}
    for name, type_, write, _ in _OTHERS:
        if type(value) is type_:
            return {TAG: name, "of": write(value)}
    if isinstance(value, list) or (hasattr(value, "__iter__") and hasattr(value, "__len__")):
        return [_encode(item) for item in value]
    kind = type(value).__name__[:100]
    raise NotPlain(f"a value of type {kind} cannot be handed on; make it text, a number, a list or a record")


_EXACT = frozenset({str, bool, int, float, type(None)})


def exact(value: Any) -> Any:
    """A value with what is of a class derived from text, numbers, lists or records as these themselves.

    A derived class may have a mind of its own about equality, order or its items; what is known of a value, and what is
    kept of it, must not depend on that. The same object, where nothing of it is derived. Raises `NotPlain` for a value
    that raises while it is read, or is nested too deeply.
    """
    try:
        return _exact(value)
    except RecursionError:
        raise TooMuch(DEEP) from None


def _exact(value: Any) -> Any:
    kind = type(value)
    if kind in _EXACT:
        return value
    if kind is list:
        items = [_exact(item) for item in value]
        return value if all(map(is_, items, value)) else items
    if kind is dict:
        pairs = {_exact(key): _exact(item) for key, item in value.items()}
        return value if all(map(is_, pairs, value)) and all(map(is_, pairs.values(), value.values())) else pairs
    if not isinstance(value, str | int | float | list | tuple | Mapping | Set):
        return value
    try:
        return decode(encode(value))
    except (NotPlain, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a foreign class raises is told
        raise NotPlain(f"a {kind.__name__[:100]} that cannot be read: {type(error).__name__}: {error}") from None


def too_deep(data: Any, around: int = 0) -> bool:
    """Whether JSON data is nested deeper than values may be; `around`: how deep what stands around a value may be."""
    level: list[Any] = [[data]]
    deep = 0
    while level:
        deep += 1
        if deep > MOST_DEEP + 1 + around:
            return True
        level = [
            item
            for each in level
            for item in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(item, dict | list)
        ]
    return False


def ordered(items: Set[Any]) -> list[Any]:
    """The members of a set in an order that does not depend on hashing."""
    try:
        return sorted(items)
    except (TypeError, ArithmeticError):  # NaN among decimals
        return sorted(items, key=lambda item: (type(item).__name__, _spelt(item)))


def _spelt(item: Any) -> str:
    try:
        return repr(item)
    except ValueError:  # a number that is too long
        return show(item)


def longer_than(most: int, value: Any) -> bool:
    """Whether the JSON of a value would be longer than so many characters for certain; writes none of it."""
    todo = [value]
    while todo and most >= 0:
        each = todo.pop()
        if isinstance(each, str):
            most -= len(each) + 2
        elif each is None or isinstance(each, int | float):
            most -= 1
        elif isinstance(each, Mapping):
            most -= 2 * len(each)
            todo += each.values()
        elif isinstance(each, list | tuple | set | frozenset):
            most -= len(each)
            todo += each
    return most < 0


_FRACTION = re.compile(rf"-?\d{{1,{MOST_DIGITS}}}(/\d{{1,{MOST_DIGITS}}})?")


def _short(value: Fraction) -> bool:
    return bool(abs(value.numerator) < LONGEST_INT and value.denominator < LONGEST_INT)


def _fraction_text(value: Fraction) -> str:
    if not _short(value):
        raise TooMuch(_LONG)
    return str(value)


def _fraction(text: str) -> Fraction:
    """Strict, because `Fraction("1e999999999")` computes for hours."""
    if not _FRACTION.fullmatch(text):
        raise ValueError(f"not a fraction: {text[:40]!r}")
    return Fraction(text)


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    _decimal_text(value)
    return value


def _decimal_text(value: Decimal) -> str:
    """Bounded, because what is done with `1E+999999999` later may take for ever; and none that raises when compared."""
    if value.is_snan():
        raise NotPlain("a signalling NaN cannot be handed on")
    text = str(value)
    if value.is_finite() and (abs(value.adjusted()) > MOST_DIGITS or len(text) > MOST_DIGITS):
        raise NotPlain(f"a decimal of more than {MOST_DIGITS:,} digits cannot be handed on")
    return text


_OTHERS: tuple[tuple[str, type, Any, Any], ...] = (
    ("datetime", datetime.datetime, datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    ("date", datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    ("time", datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
    (
        "timedelta",
        datetime.timedelta,
        lambda d: [d.days, d.seconds, d.microseconds],
        lambda parts: datetime.timedelta(*parts),
    ),
    ("decimal", Decimal, _decimal_text, _decimal),
    ("fraction", Fraction, _fraction_text, _fraction),
    ("bytes", bytes, lambda b: b.hex(), bytes.fromhex),
)
_READERS = {name: read for name, _, _, read in _OTHERS} | {"float": float}


def decode(data: Any) -> Any:
    """The value that `encode` wrote. Raises ValueError on a tag it does not know."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if TAG not in data:
        return {key: decode(item) for key, item in data.items()}
    return untag(data[TAG], decode(data["of"]))


def untag(name: str, of: Any) -> Any:
    """The value of a tag whose parts are decoded already. Raises ValueError on a tag it does not know."""
    match name:
        case "tuple":
            return tuple(of)
        case "set":
            return set(_unlike([_hashable(item) for item in of]))
        case "dict":
            keys = _unlike([_hashable(key) for key, _ in of])
            return {key: item for key, (_, item) in zip(keys, of, strict=True)}
        case str(name) if name in _READERS:
            return _READERS[name](of)
    raise ValueError(f"unknown tag {name!r}")


def _hashable(value: Any) -> Any:
    return frozenset(value) if isinstance(value, set) else value


def _unlike(members: list[Any]) -> list[Any]:
    """The members themselves, where their hashes tell them apart. Raises `NotPlain`.

    Hashes of numbers can be computed: thousands of different ones that share theirs take hours to be put in a set.
    """
    if len(members) > MOST_ALIKE:
        most = max(Counter(map(hash, members)).values())
        if most > MOST_ALIKE:
            raise NotPlain(f"a set or dict of which {most:,} members have the same hash cannot be handed on")
    return members


def dumps(value: Any) -> str:
    """A value as one line of JSON, exact and the same on every run."""
    return json.dumps(encode(value), ensure_ascii=False, separators=(",", ":"), sort_keys=False)


def loads(text: str) -> Any:
    return decode(json.loads(text))


def plain(value: Any) -> Any:
    """A value as a person's JSON: tuples and sets become lists, dates texts, 6.0 becomes 6. Not reversible."""
    try:
        return _plain(value)
    except RecursionError:
        return f"({DEEP})"


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value) if -LONGEST_INT < value < LONGEST_INT else f"({_LONG})"
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, Decimal | Fraction):
        return _plain_number(value)
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else show(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Set):
        return [_plain(item) for item in ordered(value)]
    return str(value)


def _plain_number(value: Decimal | Fraction) -> int | float | str:
    """A whole number as int, another as float, and as text what is neither: `NaN`, `1E+999999999`."""
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > 300):
        return str(value) if value.is_nan() or value else 0
    if isinstance(value, Fraction) and not _short(value):
        return f"({_LONG})"
    try:
        return int(value) if value == int(value) else _plain(float(value))
    except OverflowError:
        return str(value)


def show(value: Any) -> str:
    """A value as people write it: text as it is, 6 and not 6.0, `true`, lists and records as JSON."""
    simple = plain(value)
    if isinstance(simple, str):
        return simple
    if isinstance(simple, float):
        return repr(simple)
    return json.dumps(simple, ensure_ascii=False)
