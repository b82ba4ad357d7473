"""What a source of questions gives: rows, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

QUESTION = "question"
"""The column of the question, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row as it came. `fault` says why it cannot be read; `text`: it was a plain text, and no record; `label`: its
    name where it came from."""

    place: str
    given: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""
    text: bool = False
    label: str = ""


def item_of(given: Any, place: str, question: str = QUESTION) -> Item:
    """A row from what a list, an iterator or a line of JSON holds."""
    if isinstance(given, str):
        return Item(place, {question: given}, text=True)
    if isinstance(given, tuple) and hasattr(given, "_asdict"):
        given = given._asdict()
    if isinstance(given, Mapping):
        return Item(place, {str(name): value for name, value in given.items()})
    return Item(place, fault=f"{place}: a question is a text or a record, and this is {_named(given)}")


def _named(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), f"of the type {type(value).__name__}")
