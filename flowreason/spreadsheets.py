"""Cells of a table that somebody opens in a spreadsheet: one that it would take for a formula has an apostrophe first.

Invariant: whatever the text, `as_was(as_text(text))` is the text; numbers, and most other cells, stay as they are.
"""

from __future__ import annotations

import re
from typing import Final

_APART: Final = re.compile(r"'*[=+\-@\t\r\n]")
"""How a formula begins, and what would be one if `as_was` took an apostrophe away."""
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?", re.ASCII)


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _APART.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_was(cell: str) -> str:
    """What a cell was before `as_text`."""
    return cell[1:] if cell.startswith("'") and _APART.match(cell) else cell
