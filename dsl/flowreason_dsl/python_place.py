"""Where a piece of Python stands in the text of its flow."""

from __future__ import annotations

import ast
from functools import lru_cache

from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code


def locate(code: Code, node: ast.expr | ast.stmt | ast.excepthandler | ast.alias) -> Span:
    """The span of a part of the tree; of its first line where it has several."""
    rows = rows_of(code.text)
    row = min(node.lineno, len(rows)) - 1
    start = _characters(rows[row], node.col_offset)
    if node.end_lineno == node.lineno and node.end_col_offset is not None:
        end = _characters(rows[row], node.end_col_offset)
    else:
        end = len(rows[row])
    return place(code, row, start, max(end, start + 1))


@lru_cache(maxsize=16)
def rows_of(text: str) -> list[str]:
    """The lines of a piece, for the many places that are looked up in it one after the other."""
    return text.split("\n")


def place(code: Code, row: int, start: int, end: int) -> Span:
    """The span of some characters of a line of the code (lines and columns from 0), kept inside the code."""
    if row >= len(code.lines):
        return code.span
    last = max(code.span.end, code.span.start + 1)
    first = min(code.lines[row] + start, last - 1)
    return Span(first, max(first + 1, min(code.lines[row] + end, last)))


def _characters(row: str, offset: int) -> int:
    """Python counts columns in bytes of UTF-8."""
    return offset if row.isascii() else len(row.encode("utf-8", "replace")[:offset].decode("utf-8", "ignore"))
