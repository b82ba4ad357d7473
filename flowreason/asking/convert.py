"""Plain data into the value of a type: exactly, for what Python computed; kindly, for what a model or person wrote.

Invariant: what comes back is of the type, or `Misfit` is raised with the path to the place that is not
(`answer[2].year: expected int, got text "soon"`).

What counts as exact: a text from a number, a bool or a date; an int from a whole number of any kind or a text of
digits; a number from an int, float, Fraction, Decimal or a text that is one; a bool from a bool; a list from a list,
tuple or set (a set in order); a record or dict from a mapping (further fields are dropped); a choice from its text,
whatever its case.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Set
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from flowreason.asking import scalars, shapes
from flowreason.asking.graphs import as_graph
from flowreason.asking.misfit import Misfit, named
from flowreason.values import MOST_DIGITS, ordered, show
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

Leaf: TypeAlias = Callable[[Any, "Scalar | Choice"], Any]
"""Turns one value into a scalar or a choice; `Misfit` where it cannot."""


def convert(value: Any, type: Type, path: str = "answer") -> Any:
    """A value of Python as the type that a node or an input declares. Raises `Misfit`."""
    return _walk(value, type, path, _exact)


def fit(value: Any, type: Type, path: str = "answer") -> Any:
    """Data of a reply as the type asked for: texts are read as numbers, yes or no, and options. Raises `Misfit`."""
    return _walk(value, type, path, _kind)


def _walk(value: Any, type: Type, path: str, leaf: Leaf) -> Any:
    match type:
        case Scalar(name="any"):
            return value
        case Scalar(name="graph"):
            return as_graph(value, path)
        case Scalar() | Choice():
            return _at(path, leaf, value, type)
        case ListOf(item=item):
            return [_walk(each, item, f"{path}[{i}]", leaf) for i, each in enumerate(_items(value, type, path, leaf))]
        case DictOf(value=inner):
            found = _mapping(value, type, path, leaf)
            return {_key(key, path): _walk(each, inner, f"{path}.{show(key)}", leaf) for key, each in found.items()}
        case Record():
            return _record(_mapping(value, type, path, leaf), type, path, leaf)


def _at(path: str, leaf: Leaf, value: Any, type: Scalar | Choice) -> Any:
    try:
        return leaf(value, type)
    except Misfit as misfit:
        raise Misfit(f"{path}: {misfit.reason}") from None


def _expected(type: Type, value: Any) -> Misfit:
    return Misfit(f"expected {type}, got {named(value)}")


def _items(value: Any, type: ListOf, path: str, leaf: Leaf) -> list[Any]:
    if isinstance(value, Set):
        return ordered(value)
    if isinstance(value, str) and leaf is _kind:
        return list(shapes.items(value, numbers=type.item in (Scalar("int"), Scalar("number"))))
    if isinstance(value, Mapping) and leaf is _kind and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__") or not hasattr(value, "__len__"):
        raise Misfit(f"{path}: {_expected(type, value).reason}")
    return list(value)


def _mapping(value: Any, type: Type, path: str, leaf: Leaf) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    found = shapes.pairs(value) if isinstance(value, str) and leaf is _kind else {}
    if found:
        return found
    raise Misfit(f"{path}: {_expected(type, value).reason}")


def _key(key: Any, path: str) -> str:
    if isinstance(key, str | int | float | Decimal | Fraction | date) and not isinstance(key, bool):
        return show(key)
    raise Misfit(f"{path}: a key must be text, got {named(key)}")


def _record(value: Mapping[Any, Any], type: Record, path: str, leaf: Leaf) -> dict[str, Any]:
    have = value
    if leaf is _kind:
        have = {_folded(show(key)): each for key, each in value.items()} | dict(value)
    keys = {name: name if name in value or leaf is _exact else _folded(name) for name, _ in type.fields}
    missing = [name for name, key in keys.items() if key not in have]
    if missing:
        listed = ", ".join(f'"{name}"' for name in missing)
        raise Misfit(f"{path}: the field{'s' if len(missing) > 1 else ''} {listed} {_be(missing)} missing")
    return {name: _walk(have[keys[name]], field, f"{path}.{name}", leaf) for name, field in type.fields}


def _be(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


# --- leaves ----------------------------------------------------------------------------------------------


def _exact(value: Any, type: Scalar | Choice) -> Any:
    match type:
        case Choice(options=options):
            return _option(value, options, type)
        case Scalar(name="text"):
            return _text(value, type)
        case Scalar(name="bool"):
            if isinstance(value, bool):
                return value
        case Scalar(name="int"):
            return _whole(_number(value, type), value, type)
        case Scalar(name="number"):
            return _number(value, type)
    raise _expected(type, value)


def _option(value: Any, options: tuple[str, ...], type: Choice) -> str:
    text = show(value) if isinstance(value, str | bool | int | float) else None
    if text in options:
        return str(text)
    same = [option for option in options if text is not None and option.casefold() == text.strip().casefold()]
    if len(same) != 1:
        raise _expected(type, value)
    return same[0]


def _text(value: Any, type: Scalar) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int | float | Decimal | Fraction | date | time | timedelta):
        return show(value)
    raise _expected(type, value)


_NUMERAL = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_LONGEST_NUMERAL = 4000


def _number(value: Any, type: Scalar) -> int | float:
    if isinstance(value, bool):
        raise _expected(type, value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Decimal | Fraction):
        return _from_exact(value, type)
    if isinstance(value, str) and len(value) <= _LONGEST_NUMERAL and _NUMERAL.fullmatch(value):
        stripped = value.strip()
        return int(stripped) if stripped.lstrip("+-").isdigit() else float(stripped)
    raise _expected(type, value)


def _from_exact(value: Decimal | Fraction, type: Scalar) -> int | float:
    """An int or float from a Decimal or Fraction. Raises `Misfit` where neither can hold it."""
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS):
        if value.is_finite() or value.is_snan():
            raise _expected(type, value)
        return float(value)
    try:
        return int(value) if value == int(value) else float(value)
    except OverflowError:
        raise _expected(type, value) from None


def _whole(number: int | float, value: Any, type: Scalar) -> int:
    if isinstance(number, float) and not number.is_integer():
        raise _expected(type, value)
    return int(number)


def _kind(value: Any, type: Scalar | Choice) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise _expected(type, value)
    if not isinstance(value, str):
        return _exact(value, type)
    match type:
        case Choice(options=options):
            return scalars.read_choice(value, options, loose=False)
        case Scalar(name="int"):
            return scalars.whole(scalars.read_number(value), value)
        case Scalar(name="number"):
            return scalars.read_number(value)
        case Scalar(name="bool"):
            return scalars.read_bool(value)
        case _:
            return value
