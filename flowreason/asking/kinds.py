"""The type of a value, as the language would write it.

Invariant: `convert(value, type_of(value))` succeeds for every plain value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Any

from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, DictOf, ListOf, Record, Scalar, Type

MOST_FIELDS = 12
"""A mapping with more keys is a dictionary, not a record."""


def type_of(value: Any) -> Type:
    """The narrowest type that takes a value: `list[int]`, `{name: text, year: int}`; else `any`."""
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float() | Decimal() | Fraction():
            return NUMBER
        case str():
            return TEXT
        case list() | tuple() | set() | frozenset():
            return ListOf(_together(type_of(item) for item in value))
        case Mapping():
            return _mapping(value)
        case _:
            return ANY


def _mapping(value: Mapping[Any, Any]) -> Type:
    if not all(isinstance(key, str) for key in value):
        return ANY
    fields = tuple((key, type_of(item)) for key, item in value.items())
    if fields and len(fields) <= MOST_FIELDS and all(name.isidentifier() and name.isascii() for name, _ in fields):
        return Record(fields)
    return DictOf(_together(type for _, type in fields))


def _together(types: Iterable[Type]) -> Type:
    """The narrowest type that takes every value of the given ones."""
    distinct = list(dict.fromkeys(types))
    return reduce(_either, distinct) if distinct else ANY


def _either(first: Type, second: Type) -> Type:
    if first == second:
        return first
    match first, second:
        case Scalar(name="int" | "number"), Scalar(name="int" | "number"):
            return NUMBER
        case ListOf(item=a), ListOf(item=b):
            return ListOf(_either(a, b))
        case Record(fields=a), Record(fields=b) if [name for name, _ in a] == [name for name, _ in b]:
            return Record(tuple((name, _either(x, y)) for (name, x), (_, y) in zip(a, b, strict=True)))
        case Record() | DictOf(), Record() | DictOf():
            return DictOf(_together([*_inner(first), *_inner(second)]))
        case _:
            return ANY


def _inner(type: Record | DictOf) -> list[Type]:
    return [type.value] if isinstance(type, DictOf) else [field for _, field in type.fields]
