"""The types of the language: what a value may be, as frozen values that print as they are written.

Invariant: `parse(str(type)) == type`, and `accepts` never says no where a run could say yes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text`, `int`, `number`, `bool`, `graph` or `any`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Type

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True, slots=True)
class DictOf:
    """A mapping from text to values of one type."""

    value: Type

    def __str__(self) -> str:
        return f"dict[{self.value}]"


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields, in written order, all of them present."""

    fields: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}: {type}" for name, type in self.fields) + "}"

    def field(self, name: str) -> Type | None:
        return dict(self.fields).get(name)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several texts."""

    options: tuple[str, ...]

    def __str__(self) -> str:
        return " | ".join(json.dumps(option, ensure_ascii=False) for option in self.options)


Type: TypeAlias = Scalar | ListOf | DictOf | Record | Choice

TEXT = Scalar("text")
INT = Scalar("int")
NUMBER = Scalar("number")
BOOL = Scalar("bool")
GRAPH = Scalar("graph")
ANY = Scalar("any")

SCALARS: dict[str, Scalar] = {t.name: t for t in (TEXT, INT, NUMBER, BOOL, GRAPH, ANY)}


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type `given` may stand where `wanted` is asked for.

    `any` fits everywhere and takes everything: what is not known is checked when the flow runs.
    """
    if wanted == given or ANY in (wanted, given):
        return True
    match wanted, given:
        case Scalar(name="number"), Scalar(name="int"):
            return True
        case Scalar(name="text"), Choice():
            return True
        case Choice(options=wide), Choice(options=narrow):
            return set(narrow) <= set(wide)
        case ListOf(item=a), ListOf(item=b):
            return accepts(a, b)
        case DictOf(value=a), DictOf(value=b):
            return accepts(a, b)
        case DictOf(value=a), Record(fields=fields):
            return all(accepts(a, b) for _, b in fields)
        case Record(fields=wanted_fields), Record(fields=given_fields):
            have = dict(given_fields)
            return all(name in have and accepts(t, have[name]) for name, t in wanted_fields)
        case Record(fields=fields), DictOf(value=b):
            return all(accepts(t, b) for _, t in fields)
        case _:
            return False


def common(first: Type, second: Type) -> Type:
    """The narrowest type that takes both."""
    if accepts(first, second) and first != ANY:
        return first
    if accepts(second, first) and second != ANY:
        return second
    match first, second:
        case Choice(options=a), Choice(options=b):
            return Choice(a + tuple(option for option in b if option not in a))
        case ListOf(item=a), ListOf(item=b):
            return ListOf(common(a, b))
        case _:
            return ANY
