"""Whether a place stands in a comment, a text or a piece of Python, by what is before it alone.

Invariant: what is not closed before the cursor is taken to be open, but for what must close on its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["flow", "comment", "text", "python"]

_NEXT = re.compile(r'#|"""|"|`+')
_TEXT_END = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_LONG_END = re.compile(r'(?:[^"\\]|\\.|"{1,2}(?!"))*"""', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Surround:
    """What a place stands in, and where that begins (behind its first mark)."""

    kind: Kind
    start: int


def surround(text: str, offset: int) -> Surround:
    """What the place at an offset stands in."""
    at = 0
    while True:
        found = _NEXT.search(text, at, offset)
        if found is None:
            return Surround("flow", at)
        kind, end = _after(text, found)
        if end is None or end > offset:
            return Surround(kind, found.end())
        at = end


def _after(text: str, found: re.Match[str]) -> tuple[Kind, int | None]:
    """What begins at a mark, and the first offset behind it; None where it is never closed."""
    mark, start = found.group(), found.end()
    line_end = text.find("\n", start)
    line_end = len(text) + 1 if line_end < 0 else line_end + 1
    if mark == "#":
        return "comment", line_end
    if mark.startswith('"'):
        closed = (_LONG_END if len(mark) == 3 else _TEXT_END).match(text, start)
        return "text", closed.end() if closed else None
    if len(mark) < 3:
        close = text.find("`", start, line_end)
        return "python", line_end if close < 0 or len(mark) == 2 else close + 1
    return "python", _fence_end(text, start, mark, line_end)


def _fence_end(text: str, start: int, mark: str, line_end: int) -> int | None:
    same_line = text.find(mark, start, line_end)
    if same_line >= 0:
        return same_line + len(mark)
    closed = re.compile(rf"^[ \t]*{mark}(?!`)", re.MULTILINE).search(text, min(line_end, len(text)))
    return closed.end() if closed else None
