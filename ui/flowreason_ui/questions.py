"""Questions that were uploaded: what stands in the file, which columns mean what, and the answers that are known.

Pure functions of a file's name and bytes; what is wrong is a `UsageError` in words.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flowreason.batch.files import ENDINGS, TABLES, json_lines, table
from flowreason.batch.item import Item as Row
from flowreason.errors import UsageError
from flowreason.evaluate.compare import bare
from flowreason.evaluate.items import AnswerType, Item, Order
from flowreason.values import show

KINDS: Final = tuple(ending.removeprefix(".") for ending in ENDINGS)
SHOWN = 5
"""Rows of a preview."""
SAMPLE: Final = 200
"""Rows by which the kind of the known answers is told."""
QUESTIONS: Final = ("question", "prompt", "input", "text", "query")
ANSWERS: Final = ("answer", "gold", "target", "expected", "label", "solution")
"""Names of columns that mostly hold the question, and the known answer."""
_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a file: how many rows, the columns that any of them has, the first rows, what is wrong, more
    of the rows, by which kinds are told, and how many rows have nothing in a column."""

    count: int
    columns: tuple[str, ...]
    first: tuple[Mapping[str, Any], ...]
    faults: tuple[str, ...] = ()
    sample: tuple[Mapping[str, Any], ...] = ()
    empty: Mapping[str, int] = field(default_factory=dict)

    def likely(self, names: Sequence[str]) -> str:
        """The column that is called by one of these names, or like it; empty where none is."""
        by_name = {column.strip().lower(): column for column in self.columns}
        exact = [by_name[name] for name in names if name in by_name]
        close = [column for low, column in by_name.items() if any(name in low for name in names)]
        return next(iter([*exact, *close]), "")


def rows_of(name: str, raw: bytes, question: str = "question") -> Iterator[Row]:
    """The rows of an uploaded file. Raises `UsageError` for a file that holds none."""
    ending = Path(name).suffix.lower()
    if ending in TABLES:
        yield from table(io.BytesIO(raw), name, TABLES[ending]).items
    elif ending in ENDINGS:
        yield from json_lines(io.BytesIO(raw), name, question)
    else:
        raise UsageError(
            f"{name} is no file of questions by its name; its ending should be one of: {', '.join(ENDINGS)}"
        )


def surveyed(name: str, raw: bytes) -> Survey:
    """Look through a file. Raises `UsageError` where there is no row in it."""
    count, columns, first, faults = 0, dict[str, None](), list[Mapping[str, Any]](), list[str]()
    filled, sound = Counter[str](), 0
    for row in rows_of(name, raw):
        count += 1
        columns |= dict.fromkeys(row.given)
        if row.fault:
            faults.append(row.fault)
            continue
        sound += 1
        filled.update(name for name, value in row.given.items() if value not in (None, "", [], {}))
        if len(first) < SAMPLE:
            first.append(row.given)
    if not count:
        raise UsageError(f"there are no questions in {name}")
    empty = {name: sound - filled[name] for name in columns}
    return Survey(count, tuple(columns), tuple(first[:SHOWN]), tuple(faults), tuple(first), empty)


# --- a table without a line of names ---

NAMES: Final = frozenset({*QUESTIONS, *ANSWERS, "id", "row", "name", "title", "task", "category", "topic", "context"})
MOST_IN_A_NAME = 4
"""Words of the name of a column, at most."""


def first_as_row(name: str, raw: bytes) -> tuple[str, ...]:
    """The cells of the first line of a table, where they look like a row of it and not like names of columns; empty
    where they do not. Raises `UsageError` for a file that holds none."""
    ending = Path(name).suffix.lower()
    found = table(io.BytesIO(raw), name, TABLES[ending]).columns or () if ending in TABLES else ()
    if any(each.strip().lower() in NAMES for each in found):
        return ()
    return found if any(map(_asks, found)) or (len(found) == 1 and _number(found[0]) is not None) else ()


def _asks(cell: str) -> bool:
    return cell.rstrip().endswith("?") or len(cell.split()) > MOST_IN_A_NAME


def named(name: str, raw: bytes, first: Sequence[str]) -> bytes:
    """A table with a line of names above its first line, whose cells are these: the one that asks is the question."""
    at = next((place for place, cell in enumerate(first) if _asks(cell)), 0)
    names = [QUESTIONS[0] if place == at else f"column_{place + 1}" for place in range(len(first))]
    if len(first) == 2:
        names[1 - at] = ANSWERS[0]
    begins = raw.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace")
    between = next((each for each in (TABLES[Path(name).suffix.lower()], ";", "\t") if _parts(begins, each) > 1), ",")
    return f"{between.join(names)}\n".encode() + raw.removeprefix(b"\xef\xbb\xbf")


def _parts(line: str, between: str) -> int:
    return len(next(csv.reader([line.rstrip("\r")], delimiter=between), []))


# --- known answers ---

IN_ANY_ORDER: Final = "list, in any order"
EACH: Final = "each"
"""Each known answer is held against in the way of what it is: for answers that are of several kinds, or words."""
JUDGED: Final[Mapping[str, tuple[str, str]]] = {
    EACH: (
        "the same answer",
        "4 is the same as 4.0, and yes as true; known words must be in the answer, and none of another row",
    ),
    "text": ("the same text", "every word must be the same; capitals and blanks do not matter"),
    "number": ("the same number", "numbers that are not whole may differ by one in a thousand"),
    "choice": ("the same choice", "a letter as in (B), or a word; capitals and marks around it do not matter"),
    "bool": ("yes or no", "true means yes, false means no"),
    "list": ("the same list", "the same items in the same order; capitals do not matter"),
    IN_ANY_ORDER: ("the same list, in any order", "the same items as often; capitals do not matter"),
    "graph": ("a graph", "a well-formed graph is right; how much of it is as known is told as its score"),
}
"""How an answer is held against the known one: what it must be, and what does not matter."""


def judged_as(kind: str) -> str:
    """How answers are judged, in a sentence."""
    words, more = JUDGED[kind]
    return f"An answer is right if it is {words}: {more}."


def likely_type(values: Sequence[Any]) -> AnswerType:
    """Of which type known answers are, by what they look like."""
    there = [value for value in values if value not in (None, "")]
    if not there:
        return "text"
    if all(isinstance(value, bool) or str(value).strip().lower() in _WORDS for value in there):
        return "bool"
    if all(_number(value) is not None for value in there):
        return "number"
    if all(isinstance(value, list) or str(value).strip().startswith("[") for value in there):
        return "list"
    if all(isinstance(value, str) and value.strip()[:1] == "(" and value.strip()[-1:] == ")" for value in there):
        return "choice"
    return "text"


def likely_kind(values: Sequence[Any]) -> str:
    """How answers are best held against known ones that look like this: by the kind that all are of, else each by its
    own."""
    found = likely_type(values)
    return EACH if found == "text" else found


SHORT_ANSWER: Final = 80
"""Characters of a known answer in words that may have marks around it."""


def _kind_of(known: Any) -> AnswerType:
    """How one known answer is compared, by what it is."""
    found = likely_type([known])
    text = show(known).strip()
    return "choice" if found == "text" and len(text) <= SHORT_ANSWER and "\n" not in text else found


MOST_CHOICES: Final = 300


def choices_of(rows: Iterator[Row], gold: str, kind: str) -> list[str]:
    """The words that the known answers of a file are among, by which an answer in a sentence is read; none where they
    are too many, or not words."""
    found = dict[str, None]()
    for row in rows if kind in (EACH, "choice") else ():
        known = row.given.get(gold)
        if not row.fault and known not in (None, "") and (kind == "choice" or _kind_of(known) == "choice"):
            found[show(known).strip()] = None
        if len(found) > MOST_CHOICES:
            return []
    return list(found)


def nearly(known: Any, answer: str) -> bool:
    """Whether an answer has the known one in it, among other words."""
    wanted = bare(show(known))
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", bare(answer)) is not None


def known_answer(value: Any, kind: str) -> Any:
    """A cell as a known answer of a type. Raises `UsageError` for one that is none."""
    read = _read(value, kind)
    if read is None:
        raise UsageError(f"the known answer {show(value)[:60]!r} is no {kind}")
    return read


def _read(value: Any, kind: str) -> Any:
    match kind:
        case "number":
            return _number(value)
        case "bool":
            return value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
        case "list":
            return value if isinstance(value, list) else _list(str(value))
        case "graph":
            return value if isinstance(value, dict) else None
    return show(value).strip() or None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if not isinstance(value, str):
        return value
    try:
        number = float(value.replace(",", "").replace("\u2212", "-").strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _list(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return [part.strip() for part in text.strip("[] ").split(",")]
    return found if isinstance(found, list) else None


def item_of(id: str, question: str, inputs: Mapping[str, Any], known: Any, kind: str) -> Item:
    """A question that can be judged. Raises `UsageError`."""
    if kind not in JUDGED:
        raise UsageError(f"answers are compared as one of: {', '.join(JUDGED)}")
    typed: AnswerType = _kind_of(known) if kind == EACH else "list" if kind == IN_ANY_ORDER else kind  # type: ignore[assignment]
    order: Order = "any" if kind == IN_ANY_ORDER else "same"
    return Item(id, "questions", question, known_answer(known, typed), typed, inputs=inputs, order=order)


def items_of(rows: Iterator[Row], question: str, inputs: Sequence[str], gold: str, kind: str) -> list[Item]:
    """All questions of a file that can be judged; a row without a known answer is passed over.

    Raises `UsageError` where there is none, or an answer is of another type.
    """
    found = []
    for number, row in enumerate(rows, 1):
        text, known = row.given.get(question), row.given.get(gold)
        if row.fault or not isinstance(text, str) or not text.strip() or known in (None, ""):
            continue
        given = {name: row.given[name] for name in inputs if row.given.get(name) is not None}
        try:
            found.append(item_of(f"questions/{number}", text, given, known, kind))
        except UsageError as error:
            raise UsageError(f"{row.place}: {error}") from None
    if not found:
        raise UsageError(f"no row has both a question ({question}) and a known answer ({gold})")
    return found
