"""Where text came from, and where in it a thing stands.

Invariant: a `Span` is a half-open range of character offsets into one `Source`; lines and columns are
computed from it when they are shown, never stored.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` up to, not including, `end` of a source."""

    start: int
    end: int

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Source:
    """A text with a name that people recognise: a file's path, or a word such as `<question>`."""

    text: str
    name: str = "<flow>"

    @cached_property
    def _line_starts(self) -> list[int]:
        return list(accumulate([len(line) + 1 for line in self.text.split("\n")[:-1]], initial=0))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def stands_alone(self, span: Span) -> bool:
        """Whether nothing but blanks stands beside a place on its line."""
        line, column = self.position(span.start)
        whole = self.line(line)
        return whole.strip() == self.slice(span) == whole[column - 1 :].rstrip()

    def line(self, number: int) -> str:
        """The text of a line (counted from 1), without its newline."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, both counted from 1; kept inside the text."""
        if line > len(self._line_starts):
            return len(self.text)
        return min(self._line_starts[line - 1] + column - 1, len(self.text))

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]
