"""Inputs that are lists: the lines of a `.jsonl` file, and the rows of a table (`.csv`, `.tsv`).

Invariant: what cannot be read is an `InputError` that names the file and the line. A table that a batch has written
gives back what stood in its rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from flowreason.errors import InputError
from flowreason.spreadsheets import as_was

_BETWEEN = {".csv": (",", ";"), ".tsv": ("\t",)}
"""What stands between the cells of a table, by the ending of its file."""
_LINES = (".jsonl", ".ndjson")
MOST_CELL = 64 * 1024 * 1024


def is_rows(path: Path | None) -> bool:
    """Whether a file holds a list, by its name."""
    return path is not None and path.suffix.lower() in (*_LINES, *_BETWEEN)


def rows(text: str, path: Path) -> list[Any]:
    """The list in a file: the values of its lines, or a record of texts for each row of a table."""
    return list(_values(text, path) if path.suffix.lower() in _LINES else _records(text, path))


def _values(text: str, path: Path) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):  # other line ends may stand inside of a text
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(f"line {number} of {path} is not JSON; in such a file each line is a value") from None


def _records(text: str, path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(MOST_CELL)
    found = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text, path))
    try:
        names = [as_was(each.strip()) for each in next(found, [])]
        if not names or not all(names) or len(set(names)) < len(names):
            raise InputError(f"the first line of {path} must name its columns, each by a name of its own")
        for cells in found:
            if cells and len(cells) != len(names):
                has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                raise InputError(f"line {found.line_num} of {path} has {has}, and the first line names {len(names)}")
            if cells:
                yield dict(zip(names, map(as_was, cells), strict=True))
    except csv.Error as error:
        raise InputError(f"line {found.line_num} of {path} is no row of a table: {error}") from None


def _delimiter(text: str, path: Path) -> str:
    first = text.partition("\n")[0]
    return max(_BETWEEN[path.suffix.lower()], key=first.count)
