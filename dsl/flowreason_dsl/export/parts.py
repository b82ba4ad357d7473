"""What a grammar is made of, whatever notation it is written in.

Invariant: a part is a plain value; nothing here knows a notation, a file or the flow language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they stand."""

    value: str


@dataclass(frozen=True, slots=True)
class Letters:
    """One character of some ranges, both ends included; of all others where `negated`."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def holds(self, character: str) -> bool:
        code = ord(character)
        return any(first <= code <= last for first, last in self.ranges) != self.negated


@dataclass(frozen=True, slots=True)
class Named:
    """What a rule or a terminal stands for."""

    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One part after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several."""

    options: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """The same again, `least` to `most` times; `most` None: as often as one likes."""

    part: Part
    least: int = 0
    most: int | None = None


Part: TypeAlias = Text | Letters | Named | Row | Either | Many


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules over tokens, and terminals over characters, both by name. `ignored` may stand between any two tokens."""

    rules: Mapping[str, Part]
    terminals: Mapping[str, Part]
    ignored: tuple[str, ...]
    start: str = "start"

    @property
    def all(self) -> dict[str, Part]:
        return {**self.rules, **self.terminals}


def row(*parts: Part) -> Part:
    """One part after the other, without rows in rows."""
    flat: list[Part] = []
    for part in parts:
        flat += part.parts if isinstance(part, Row) else (part,)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def either(*options: Part) -> Part:
    """One of several, without choices in choices."""
    flat: list[Part] = []
    for option in options:
        flat += option.options if isinstance(option, Either) else (option,)
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def optional(part: Part) -> Part:
    """The part, or nothing."""
    return Many(part, 0, 1)


def children(part: Part) -> tuple[Part, ...]:
    """The parts that a part is directly made of."""
    match part:
        case Row(parts):
            return parts
        case Either(options):
            return options
        case Many(inner, _, _):
            return (inner,)
        case Text() | Letters() | Named():
            return ()
    assert_never(part)


def walk(part: Part) -> Iterator[Part]:
    """A part and all parts in it."""
    yield part
    for child in children(part):
        yield from walk(child)


def names(part: Part) -> list[str]:
    """The names that a part uses, in order."""
    return [each.name for each in walk(part) if isinstance(each, Named)]


def change(part: Part, leaf: Callable[[Part], Part]) -> Part:
    """The part with every part in it, then itself, replaced by what `leaf` makes of it."""
    match part:
        case Row(parts):
            return leaf(row(*(change(each, leaf) for each in parts)))
        case Either(options):
            return leaf(either(*(change(each, leaf) for each in options)))
        case Many(inner, least, most):
            return leaf(Many(change(inner, leaf), least, most))
        case Text() | Letters() | Named():
            return leaf(part)
    assert_never(part)
