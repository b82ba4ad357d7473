"""Rows as they are written: the columns that were given, and what came of the question.

Invariant: what was given stays as it is; where one of its columns is called like one of ours, it is written as
`given_NAME`. Whatever is written can be read back, and the same row is always written alike. In a table, no cell is
a formula for whoever opens it in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from flowreason.batch.row import Row, outcome_of
from flowreason.spreadsheets import as_text, as_was
from flowreason.values import plain, show

ROW = "row"
"""The column of the row's place, from 1."""
OUTCOME = (
    "answer", "value", "status", "error", "reason", "run", "method", "way", "calls", "tokens", "money", "seconds",
)  # fmt: skip
OURS = frozenset({ROW, *OUTCOME})


def written_name(name: str) -> str:
    """The column in which what was given under a name is written."""
    return f"given_{name}" if name in OURS else name


def given_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, by the columns in which it is written."""
    return {written_name(name): plain(value) for name, value in given.items()}


def record_of(row: Row) -> dict[str, Any]:
    """A row as it is written."""
    outcome = outcome_of(row)
    return {ROW: row.index + 1} | given_of(row.given) | {name: outcome[name] for name in OUTCOME}


def recorded(row: Row) -> dict[str, Any]:
    """A row as people go on with it: as it is written, but for values, which stay what they are."""
    given = {written_name(name): value for name, value in row.given.items()}
    return record_of(row) | given | {"id": row.id, "value": row.value}


class Form(Protocol):
    """How rows are written; `header` stands before the first."""

    header: bytes

    def line(self, row: Row) -> bytes: ...

    def digest(self, given: Mapping[str, Any]) -> int:
        """What was given, as a number by which it is told from all else."""
        ...

    def read(self, raw: Any) -> tuple[dict[str, Any], int]:
        """What was written: its columns, and the digest of what was given. Raises `ValueError` where it is no row."""
        ...


class Lines:
    """Rows as JSON, one a line."""

    header = b""

    def line(self, row: Row) -> bytes:
        return _encoded(record_of(row)) + b"\n"

    def digest(self, given: Mapping[str, Any]) -> int:
        return _digest(_encoded(given_of(given), ordered=True))

    def read(self, raw: bytes) -> tuple[dict[str, Any], int]:
        found = json.loads(raw)
        if not isinstance(found, dict) or type(found.get(ROW)) is not int or found[ROW] < 1:
            raise ValueError("it is no row of a batch")
        given = {name: value for name, value in found.items() if name not in OURS}
        return found, _digest(_encoded(given, ordered=True))


class Cells:
    """Rows as a table with a header. `columns` are those that are given."""

    def __init__(self, columns: Sequence[str], delimiter: str = ",") -> None:
        self.columns = [written_name(name) for name in columns]
        self.delimiter = delimiter
        self.names = [ROW, *self.columns, *OUTCOME]
        self.header = self._line(self.names)

    def _line(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="\n").writerow(map(as_text, cells))
        return text.getvalue().encode("utf-8", "backslashreplace")

    def line(self, row: Row) -> bytes:
        record = record_of(row)
        return self._line([_cell(record.get(name)) for name in self.names])

    def digest(self, given: Mapping[str, Any]) -> int:
        record = given_of(given)
        return _digest("\0".join(_cell(record.get(name)) for name in self.columns).encode("utf-8", "backslashreplace"))

    def read(self, raw: Sequence[str]) -> tuple[dict[str, Any], int]:
        if len(raw) != len(self.names):
            raise ValueError("it has other columns")
        found: dict[str, Any] = dict(zip(self.names, map(as_was, raw), strict=True))
        found[ROW] = int(found[ROW])
        given = "\0".join(found[name] for name in self.columns)
        for name in ("calls", "tokens"):
            found[name] = int(found[name] or 0)
        found["money"] = float(found["money"]) if found["money"] else None
        return found, _digest(given.encode("utf-8", "backslashreplace"))


def _cell(value: Any) -> str:
    """A value as the text of a cell; without carriage returns, which would not come back as they were."""
    text = "" if value is None else show(value)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoded(record: Mapping[str, Any], *, ordered: bool = False) -> bytes:
    text = json.dumps(record, ensure_ascii=False, sort_keys=ordered, separators=(", ", ": "))
    try:
        return text.encode()
    except UnicodeEncodeError:  # halves of characters
        return json.dumps(record, sort_keys=ordered, separators=(", ", ": ")).encode()


def _digest(raw: bytes) -> int:
    return int.from_bytes(sha256(raw).digest()[:8])
