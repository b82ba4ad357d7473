"""Questions from files: JSON Lines and CSV, one row at a time.

Invariant: a line that cannot be read is a row with a fault, and what follows it is read all the same; no more of a
file is held than the row at hand. A table that a batch has written gives back what stood in its rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flowreason.batch.item import Item, item_of
from flowreason.errors import UsageError
from flowreason.spreadsheets import as_was

MOST_LINE = 64 * 1024 * 1024
"""Bytes of one row."""
TABLES = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
ENDINGS = (*_LINES, *TABLES)


def is_table(path: Path) -> bool:
    """Whether a file is a table with a header, by its name."""
    return path.suffix.lower() in TABLES


def opened(path: Path) -> IO[bytes]:
    """A file of questions. Raises `UsageError` for one that is not there, or of a kind that cannot be read."""
    if not is_table(path) and path.suffix.lower() not in _LINES:
        known = ", ".join(ENDINGS)
        raise UsageError(f"{path} is no file of questions by its name; its ending should be one of: {known}")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name, or the folder you are in") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file; `columns` are named where all rows have the same."""

    items: Iterator[Item]
    columns: tuple[str, ...] | None = None


def rows_of(path: Path, question: str) -> Rows:
    """The rows of a file, which is closed at their end."""
    file = opened(path)
    try:
        if not is_table(path):
            return Rows(_closing(file, json_lines(file, str(path), question)))
        rows = table(file, str(path), TABLES[path.suffix.lower()])
        return Rows(_closing(file, rows.items), rows.columns)
    except BaseException:
        file.close()
        raise


def _closing(file: IO[bytes], items: Iterator[Item]) -> Iterator[Item]:
    with file:
        yield from items


# --- JSON Lines ---


def json_lines(file: IO[bytes], name: str, question: str) -> Iterator[Item]:
    """A row for each line: a record, or a text; empty lines are passed over."""
    number = 0
    while raw := file.readline(MOST_LINE):
        number += 1
        whole = raw.endswith(b"\n") or len(raw) < MOST_LINE
        while not whole:
            rest = file.readline(MOST_LINE)
            whole = rest.endswith(b"\n") or len(rest) < MOST_LINE
            raw = b""
        place = f"{name}, line {number}"
        if raw == b"":
            yield Item(place, fault=f"{place}: it is longer than {MOST_LINE // 1024 // 1024} MB, which no question is")
        elif raw.strip():
            yield _from_json(raw, place, question)


def _from_json(raw: bytes, place: str, question: str) -> Item:
    try:
        return item_of(parsed(raw.decode("utf-8-sig")), place, question)
    except UnicodeDecodeError:
        return Item(place, fault=f"{place}: it is not UTF-8 text")
    except RecursionError:
        return Item(place, fault=f"{place}: it is nested too deep")
    except json.JSONDecodeError as error:
        return Item(place, fault=f"{place}: it is not JSON ({error.msg.lower()}, column {error.colno})")
    except ValueError as error:
        return Item(place, fault=f"{place}: it is not JSON ({error})")


def parsed(text: str) -> Any:
    """JSON as other programs write it: NaN stands for nothing."""
    return json.loads(text, parse_constant=_constant)


def _constant(name: str) -> None:
    if name != "NaN":
        raise ValueError(f"{name} is no number there")


# --- tables ---


def table(file: IO[bytes], name: str, delimiter: str) -> Rows:
    """A row for each line below the header; cells are texts. A row whose cells do not fit the header has a fault."""
    allow_long_cells()
    lines = _Lines(file)
    names, delimiter = _header(lines, name, delimiter)
    return Rows(_below(lines, names, name, delimiter), tuple(names))


def allow_long_cells() -> None:
    """The limit of the csv module is for all who use it, so it is only ever raised."""
    if csv.field_size_limit() < MOST_LINE:
        csv.field_size_limit(MOST_LINE)


def _below(lines: _Lines, names: list[str], name: str, delimiter: str) -> Iterator[Item]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        begins = lines.read + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place = f"{name}, line {begins}"
            yield Item(place, fault=f"{place}: it is no row of a table ({error})")
            reader = csv.reader(lines, delimiter=delimiter)
            continue
        if cells:
            yield _from_cells(names, cells, f"{name}, line {begins}")


def _from_cells(names: list[str], cells: list[str], place: str) -> Item:
    if len(cells) != len(names):
        return Item(place, fault=f"{place}: it has {_fields(len(cells))}, and the header has {len(names)}")
    given = dict(zip(names, map(as_was, cells), strict=True))
    if any("\udc80" <= letter <= "\udcff" for cell in cells if not cell.isascii() for letter in cell):
        return Item(place, _mended(given), fault=f"{place}: it is not UTF-8 text")
    return Item(place, given)


def _mended(given: dict[str, str]) -> dict[str, str]:
    return {name: cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name, cell in given.items()}


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _header(lines: Iterable[str], name: str, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns, and what stands between cells: where a comma makes one of all, perhaps a semicolon."""
    first = next(iter(lines), None)
    if first is None or not first.strip():
        raise UsageError(f"{name} is empty; the first line of a table names its columns")
    for each in (delimiter, ";", "\t"):
        names = _names(first, each)
        if len(names) > 1:
            delimiter = each
            break
    else:
        names = _names(first, delimiter)
    if missing := [n for n, each in enumerate(names, 1) if not each]:
        raise UsageError(f"{name}: column {missing[0]} of the header has no name; name every column")
    if twice := [each for each in names if names.count(each) > 1]:
        raise UsageError(f"{name}: two columns are called {twice[0]!r}; give one of them another name")
    return names, delimiter


def _names(header: str, delimiter: str) -> list[str]:
    return [as_was(cell.strip()) for cell in next(csv.reader([header.rstrip("\r\n")], delimiter=delimiter))]


class _Lines:
    """The lines of a file as text; bytes that are not UTF-8 stay recognisable. `read` counts them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MOST_LINE)
        if not raw:
            raise StopIteration
        self.read += 1
        if self.read == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        return raw.decode("utf-8", "surrogateescape")
