"""The whole records of a file that may have been cut off in the middle of one.

Invariant: what is given was written as a whole; a record that was cut off, wherever, can only be the last, and is
left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from flowreason.batch.columns import Cells, Form
from flowreason.batch.files import allow_long_cells


def whole_records(path: Path, form: Form) -> Iterator[tuple[int, int, Any]]:
    """Where each record begins and ends, in bytes, and what it holds: a line, or the cells of one or more."""
    with path.open("rb") as file:
        lines = _Lines(file)
        yield from _cells(lines, form) if isinstance(form, Cells) else _lines(lines)


def _lines(lines: _Lines) -> Iterator[tuple[int, int, bytes]]:
    begin = 0
    for raw in lines:
        if raw.strip(b"\0 \n"):  # zeros are left where a machine lost its power
            yield begin, lines.end, raw
        begin = lines.end


def _cells(lines: _Lines, form: Cells) -> Iterator[tuple[int, int, list[str]]]:
    allow_long_cells()
    texts = (line.decode("utf-8", "replace") for line in lines)
    reader = csv.reader(texts, delimiter=form.delimiter, strict=True)
    while True:
        begin = lines.end
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):  # a quotation mark that is not closed was cut off
            return
        yield begin, lines.end, cells


class _Lines:
    """The lines of a file that have an end; `end` is where the last one ends."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.end = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> bytes:
        raw = self._file.readline()
        if not raw.endswith(b"\n"):
            raise StopIteration
        self.end += len(raw)
        return raw
