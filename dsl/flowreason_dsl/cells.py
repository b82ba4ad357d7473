"""How a line of a flow looks in a terminal: which cells its characters take, so that carets stand right.

Invariant: a shown line holds no character that moves the cursor, rings, or reorders what stands around it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

TAB = 4
_REORDERS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINS = frozenset("\u200b\u200c\u200d\ufeff")


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it is shown; `cells[i]` is the cell at which character i begins, the last one where the line ends."""

    text: str
    cells: tuple[int, ...]

    def cell(self, column: int) -> int:
        """The cell of a column (counted from 0), also behind the end of the line."""
        last = len(self.cells) - 1
        return self.cells[column] if column <= last else self.cells[last] + column - last


def shown(line: str) -> Shown:
    """A line with its tabs widened, and with pictures in place of what cannot be shown."""
    out: list[str] = []
    cells = [0]
    for character in line:
        if character == "\t":
            made, width = " " * (TAB - cells[-1] % TAB), TAB - cells[-1] % TAB
        else:
            made = _picture(character)
            width = _width(made)
        out.append(made)
        cells.append(cells[-1] + width)
    return Shown("".join(out), tuple(cells))


def _picture(character: str) -> str:
    """The character, or what stands for one that would do something to the terminal."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _REORDERS or 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or character in "\u2028\u2029":
        return "\ufffd"
    return character


def _width(character: str) -> int:
    if character in _JOINS or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
