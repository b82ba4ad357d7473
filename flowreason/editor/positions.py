"""Between offsets in a text, counted in characters, and the positions of the protocol: line and units of an encoding.

Invariant: every position, however far off, becomes an offset inside the text, and an offset that came from a position
inside the text leads back to it. Lines end as the protocol says: at `\\n`, `\\r\\n` or `\\r`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Literal, NamedTuple, TypeAlias

from flowreason_dsl.source import Span

Encoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\n|\r")


class Place(NamedTuple):
    """A line and a column, both from 0; the column counts units of the encoding."""

    line: int
    column: int


class Positions:
    """The lines of one text."""

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text = text
        self.encoding = encoding
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def offset(self, place: Place) -> int:
        """The offset of a position; behind the last character of its line where the line is shorter."""
        if place.line < 0:
            return 0
        if place.line >= len(self._starts):
            return len(self.text)
        start, line = self._starts[place.line], self._line(place.line)
        if self.encoding == "utf-32" or line.isascii():
            return start + max(0, min(place.column, len(line)))
        units = 0
        for index, letter in enumerate(line):
            units += self._units(letter)
            if units > place.column:
                return start + index
        return start + len(line)

    def place(self, offset: int) -> Place:
        """The position of an offset."""
        offset = max(0, min(offset, len(self.text)))
        number = bisect_right(self._starts, offset) - 1
        before = self.text[self._starts[number] : min(offset, self._ends[number])]
        if self.encoding == "utf-32" or before.isascii():
            return Place(number, len(before))
        return Place(number, sum(map(self._units, before)))

    def range(self, span: Span) -> tuple[Place, Place]:
        return self.place(span.start), self.place(span.end)

    def _line(self, number: int) -> str:
        return self.text[self._starts[number] : self._ends[number]]

    def _units(self, letter: str) -> int:
        code = ord(letter)
        if self.encoding == "utf-16":
            return 2 if code > 0xFFFF else 1
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
