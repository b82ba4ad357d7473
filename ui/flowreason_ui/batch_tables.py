"""The rows of a batch as tables: to look at, and to take away. Pure functions of rows.

Invariant: a cell is shown as the text that it is. In a CSV, one that a spreadsheet would take for a formula has an
apostrophe before it; in JSONL all are as they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from flowreason.batch.columns import OURS, OUTCOME, ROW, written_name
from flowreason.spreadsheets import as_text
from flowreason.values import show

LONGEST: Final = 500
"""Characters of a cell that is shown."""
KNOWN: Final = "known answer"
RIGHT: Final = "right"
JUDGED: Final = "\0right"
"""Whether an answer is right, in a row that is taken away: no column of a file is called so."""
NUMBERS: Final = frozenset({ROW, "calls", "tokens", "money", "seconds"})
_YES: Final[Mapping[bool | None, str]] = {True: "yes", False: "no"}
_SHOWN = ("run", "calls", "tokens", "money", "seconds")
"""Our columns that stand at the end; those that are in neither place say little of an answer."""

Row = Mapping[str, Any]


def column_names(columns: Iterable[str], gold: str, apart: str = " (from the file)") -> dict[str, str]:
    """What the columns of a file of rows are called: the known answers so, and those of the questions' file as there.

    `apart` parts those of the file that are called like ours.
    """
    wanted = list(columns)
    found = {name: name for name in wanted if name in OURS}
    for name in wanted:
        if name in OURS:
            continue
        given = name.removeprefix("given_")
        called = f"{given}{apart}" if given in OURS else name
        if gold and name == written_name(gold):
            called = KNOWN
        while called in found.values():
            called += apart
        found[name] = called
    return {name: found[name] for name in wanted}


def shown(rows: Sequence[Row], asked: str, gold: str, right: Callable[[Row], bool | None]) -> list[dict[str, Any]]:
    """Rows as they are shown: what was asked and answered first, then what else was given, and what it took."""
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in OURS]
    names = column_names([*columns, ROW, *OUTCOME], gold)
    known, question = written_name(gold) if gold else "", written_name(asked)
    found = []
    for row in rows:
        judged = right(row)
        told: dict[str, Any] = {ROW: row.get(ROW)}
        told |= {names[name]: text(row.get(name)) for name in columns if name == question}
        told["answer"] = text(row.get("answer"))
        if known:
            told |= {KNOWN: text(row.get(known)), RIGHT: _YES.get(judged, "")}
        told |= {names[name]: text(row.get(name)) for name in columns if name not in (known, question)}
        told |= {name: row.get(name) for name in _SHOWN}
        found.append(told | {"run": address(row.get("run"))})
    return found


def text(value: Any) -> str:
    """A value as the text of a cell that is looked at."""
    return "" if value is None else show(value)[:LONGEST]


def address(run: Any) -> str | None:
    """Where the page of a run is; None where the run is not kept."""
    return f"run?run={quote(run, safe='')}" if isinstance(run, str) and run else None


# --- to take away ---


def to_take_away(rows: Sequence[Row], right: Mapping[int, bool] | None = None) -> list[Row]:
    """Rows as a file has them that people take away: with what is `right` by their places, where that is known; and
    without `value` where the answer says the same in every row."""
    told = all(row.get("value") is None or text_of(row["value"]) == text_of(row.get("answer")) for row in rows)
    found: list[Row] = []
    for row in rows:
        made: dict[str, Any] = {}
        for name, value in row.items():
            if name == "value" and told:
                continue
            made[name] = value
            if name == "answer" and right:
                made[JUDGED] = _YES.get(right.get(row[ROW]))
        found.append(made)
    return found


def text_of(value: Any) -> str:
    return "" if value is None else show(value)


def as_csv(rows: Sequence[Row], gold: str = "") -> bytes:
    """All rows as a table, which a spreadsheet opens without taking a cell for a formula."""
    names = _download_names(rows, gold)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([as_text(called) for called in names.values()])
    writer.writerows([[_cell(row.get(name)) for name in names] for row in rows])
    return out.getvalue().encode("utf-8", "backslashreplace")


def as_jsonl(rows: Sequence[Row], gold: str = "") -> bytes:
    """All rows as JSON, one a line."""
    names = _download_names(rows, gold)
    lines = (json.dumps({names[name]: value for name, value in row.items()}) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _download_names(rows: Sequence[Row], gold: str) -> dict[str, str]:
    columns = dict.fromkeys(name for row in rows for name in row)
    judged = columns.pop(JUDGED, True) is None
    called = column_names(columns, gold, "_given")
    if judged:
        places = list(called.items())
        at = next(number for number, (name, _) in enumerate(places, 1) if name == "answer")
        free = RIGHT if RIGHT not in called.values() else f"{RIGHT}_by_judge"
        called = dict([*places[:at], (JUDGED, free), *places[at:]])
    return {name: each.replace(KNOWN, "known_answer") if each == KNOWN else each for name, each in called.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return show(value) if isinstance(value, int | float) else as_text(show(value))


def stem(title: str) -> str:
    """The name of a file without its ending, as a name for another one."""
    bare = title.rpartition(".")[0] or title
    return re.sub(r"[^\w .()-]+", "_", bare).strip(" ._")[:80] or "questions"
