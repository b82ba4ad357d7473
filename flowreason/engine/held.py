"""What the values of a run take together, bounded: its frames and its events hold them until it has ended.

Only what is big is counted, where it comes into being: what a step came to, and what is told of it. Invariant: what is
counted is never less than the texts and lists that were made, but for small ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flowreason.engine.frames import Frame
from flowreason.engine.inline import node_error
from flowreason.errors import NodeError
from flowreason.ports import Message
from flowreason.values import DEEP, MOST_DEEP, MOST_TEXT, NotPlain, TooMuch, encode

MOST_HELD = 64 * MOST_TEXT
"""Bytes: 1 GB."""

MOST_VALUE = 16 * MOST_TEXT
"""Bytes of one value: 256 MB."""

BIG = 4096
"""Bytes from which a value is counted."""

LARGE = 2**64

FRAME = 4096
"""Bytes of a round or a call, with what is told of it; measured, and more where it has many steps."""

SMALL = frozenset({float, bool, type(None)})


class Held:
    """The bytes of one run. What is big is kept here as well, so that the same object is counted once."""

    __slots__ = ("_big", "bytes")

    def __init__(self) -> None:
        self.bytes = 0
        self._big: dict[int, tuple[Any, int, int]] = {}

    def born(self, frame: Frame, i: int, value: Any) -> NodeError | None:
        """A step came to a value. Why it cannot be kept; nothing is raised, as what is raised holds the value."""
        if id(value) in self._big:
            return None
        try:
            size, height = self.measure(value)
        except (NotPlain, RecursionError) as error:
            return node_error(frame, i, _too_much(error), "size")
        if size < BIG:
            return None
        refused = self.room(frame, i, size)
        if refused is None:
            self._big[id(value)] = (value, size, height)
            self.bytes += size
        return refused

    def opened(self) -> None:
        """A round or a call begins."""
        self.bytes += FRAME

    def gathered(self, frame: Frame, i: int, items: list[Any]) -> NodeError | None:
        """A loop put together what its rounds yielded, which was counted before: why that cannot be kept."""
        try:
            size, height = self.measure(items)
        except (NotPlain, RecursionError) as error:
            return node_error(frame, i, _too_much(error), "size")
        if size >= BIG:
            self._big[id(items)] = (items, size, height)
            self.bytes += 8 * len(items)
        return None

    def room(self, frame: Frame, i: int, size: int = 0) -> NodeError | None:
        """Why there is no room for what a step comes to."""
        if self.bytes + size <= MOST_HELD:
            return None
        of = f", and this one {_shown(size)}" if size else ""
        text = (
            f"the values, rounds and calls of this run take {_shown(self.bytes)} together{of}, and {_shown(MOST_HELD)} "
            "are allowed: make shorter texts and lists, or fewer, or part the work into several runs"
        )
        return node_error(frame, i, text, "memory")

    def asked(self, messages: Iterable[Message], frame: Frame, i: int) -> NodeError | None:
        """A prompt is there, and will be told. Why there is no room for it."""
        for each in messages:
            if (refused := self.room(frame, i, len(each.content))) is not None:
                return refused
            self._keep(each.content)
        return None

    def told(self, data: Mapping[str, Any]) -> None:
        """What is told of a step is kept as well: prompts, replies, what was printed."""
        for name, value in data.items():
            for text in [each["content"] for each in value] if name == "messages" else [value]:
                self._keep(text)

    def _keep(self, text: Any) -> None:
        if type(text) is str and len(text) >= BIG and id(text) not in self._big:
            size = sys.getsizeof(text)
            self._big[id(text)] = (text, size, 0)
            self.bytes += size

    def measure(self, value: Any) -> tuple[int, int]:
        """The bytes of a value, about, and how deep it is nested. Raises `NotPlain` or `RecursionError`.

        A part that stands in several places counts in each, as where it is written.
        """
        kind = type(value)
        if kind is str:
            return sys.getsizeof(value), 0
        if kind in SMALL or (kind is int and -LARGE < value < LARGE):
            return 8, 0
        known = self._big.get(id(value))
        if known is not None and known[0] is value:
            return known[1], known[2]
        if isinstance(value, Mapping):
            size, parts = 64 + 50 * len(value), [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            size, parts = 64, list(value)
        else:
            return sized(value), 0
        height = 0
        for part in parts:
            if type(part) in SMALL:
                size += 8
                continue
            inside, below = self.measure(part)
            size, height = size + inside, max(height, below)
            if size > MOST_VALUE or height >= MOST_DEEP:
                raise TooMuch(f"a value of more than {_shown(MOST_VALUE)}" if height < MOST_DEEP else DEEP)
        return size, height + 1


def sized(value: Any) -> int:
    """The bytes of a value that has no parts. Raises `NotPlain` for a number that nothing can be done with."""
    if isinstance(value, int | Decimal | Fraction):
        encode(value)
    return sys.getsizeof(value)


def _too_much(error: Exception) -> str:
    return str(error) if isinstance(error, NotPlain) else str(TooMuch(DEEP))


def _shown(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
