"""Values in which items are missing that a limit kept from being made: of their type, but for nulls in lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowreason.asking.convert import convert
from flowreason_dsl.types import ListOf, Record, Type


def convert_lacking(value: Any, type: Type) -> Any:
    """A value in its type, with null for items of lists that are null. Raises `Misfit`."""
    match type:
        case ListOf(item=item) if isinstance(value, list | tuple):
            return [None if each is None else convert_lacking(each, item) for each in value]
        case Record(fields=fields) if isinstance(value, Mapping) and all(name in value for name, _ in fields):
            return {name: convert_lacking(value[name], inner) for name, inner in fields}
    return convert(value, type)
