"""Cells of a CSV that somebody opens in a spreadsheet: one that it would take for a formula has an apostrophe first."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+(,\d{3})*|\d*)(\.\d+)?([eE][+-]?\d+)?%?", cell) is not None and any(
        letter.isdigit() for letter in cell
    )
