"""The folder of an evaluation: what was asked, every answer, every run, and the report.

    evaluation.json  what was evaluated and how      questions.jsonl  the questions with their answers
    answers.jsonl    a row for each question and method             runs.db  every run, each row names its own
    methods/         the flows of the methods                       report.md, report.html  tables and pictures

Invariant: `answers.jsonl` only grows, a whole line at a time; a line that was torn is dropped and asked again, which
costs nothing that was paid for. Everything needed to look at, replay and report on it is in the folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from flowreason.batch.opening import TOTALS
from flowreason.errors import UsageError
from flowreason.evaluate import report
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.entries import Entry
from flowreason.evaluate.items import Item, read_items
from flowreason.values import plain

ABOUT, QUESTIONS, ANSWERS, RUNS = "evaluation.json", "questions.jsonl", "answers.jsonl", "runs.db"
VERSION = 1


@dataclass(slots=True)
class About:
    """What was evaluated, and how. `methods`: the parameters of each, by its name; `questions`: a hash of them."""

    questions: str
    count: int
    data: str = ""
    methods: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    began: str = ""
    version: int = VERSION


class Folder:
    """One evaluation on disk."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def store(self) -> str:
        return str(self.path / RUNS)

    # --- begin, or go on ---

    def open(self, items: Sequence[Item], data: str, entries: Sequence[Entry], model: str, limits: Any) -> About:
        """Make the folder, or go on in it. Raises `UsageError` where it holds another evaluation."""
        about = About(_hash(items), len(items), data, _of_methods(entries), model, _of_limits(limits), _now())
        if (self.path / ABOUT).exists():
            about = self._joined(self.about(), about)
        elif self.path.exists() and any(self.path.iterdir()):
            raise UsageError(f"{self.path} holds something else than an evaluation; name another folder")
        try:
            (self.path / "methods").mkdir(parents=True, exist_ok=True)
            self._write(QUESTIONS, "".join(f"{json.dumps(_row(item), ensure_ascii=False)}\n" for item in items))
            self._write(ABOUT, json.dumps(asdict(about), ensure_ascii=False, indent=1) + "\n")
            for entry in entries:
                if entry.flow is not None:
                    self._write(f"methods/{_file_name(entry.name)}.flow", entry.flow.text)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written to: {error.strerror}") from None
        return about

    def _joined(self, before: About, now: About) -> About:
        """What an evaluation that is gone on with is about, with methods that are new."""
        for what, old, new in (
            ("other questions", before.questions, now.questions),
            ("another model", before.model, now.model),
            ("other limits", before.limits, now.limits),
        ):
            if old != new:
                raise UsageError(f"{self.path} holds an evaluation with {what}; name another folder: -o FOLDER")
        now.began, now.methods = before.began, before.methods | now.methods
        return now

    def _write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    # --- read ---

    def about(self) -> About:
        """What the folder holds. Raises `UsageError` where that is no evaluation."""
        try:
            data = json.loads((self.path / ABOUT).read_text(encoding="utf-8"))
            if data["version"] != VERSION:
                raise UsageError(f"{self.path} was written by another version of flowreason (form {data['version']})")
            return About(**data)
        except FileNotFoundError:
            raise UsageError(f"{self.path} holds no evaluation ({ABOUT} is not there)") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{self.path / ABOUT} cannot be read: {error}") from None

    def items(self) -> list[Item]:
        return read_items(self.path / QUESTIONS)

    def rows(self) -> list[Answered]:
        """All answers that are there, in the order in which they came; a torn last line is dropped from the file."""
        place = self.path / ANSWERS
        if not place.exists():
            return []
        raw = place.read_bytes()
        whole, _, torn = raw.rpartition(b"\n")
        if torn:
            place.write_bytes(whole + b"\n" if whole else b"")
        found = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                found.append(Answered.parse(json.loads(line)))
            except (ValueError, TypeError) as error:
                raise UsageError(f"{place}, line {number}: {error}") from None
        return found

    # --- write ---

    def add(self, row: Answered) -> None:
        """One more answer."""
        data = row.as_json() | {"value": plain(row.value), "read": plain(row.read)}
        with (self.path / ANSWERS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(data, ensure_ascii=False) + "\n")

    def report(self, rows: Sequence[Answered], unasked: int = 0) -> Path:
        """Write the report of the rows; gives the page. `unasked`: so many are missing for a limit over all."""
        title, facts = "Evaluation", facts_of(self.about())
        if unasked:
            facts.append(("not asked", f"{unasked}, as a limit over all was reached; with a higher one it goes on"))
        self._write("report.md", report.as_markdown(title, facts, rows))
        self._write("report.html", report.as_html(title, facts, rows))
        return self.path / "report.html"


def facts_of(about: About) -> list[tuple[str, str]]:
    """What stands above a report."""
    limits = ", ".join(f"{name}={value}" for name, value in about.limits.items()) or "those of every run"
    return [
        ("questions", f"{about.count}" + (f" of {about.data}" if about.data else "")),
        ("model", about.model or "not named"),
        ("limits of each question", limits),
        ("begun", about.began),
        ("methods", ", ".join(about.methods)),
    ]


def _of_methods(entries: Sequence[Entry]) -> dict[str, Any]:
    return {each.name: {key: value for key, value in each.inputs.items() if key != "pool"} for each in entries}


def _of_limits(limits: Any) -> dict[str, Any]:
    return {} if limits is None else {name: value for name in TOTALS if (value := getattr(limits, name)) is not None}


def _row(item: Item) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(item).items() if name != "line" and value not in ("", {})}


def _hash(items: Sequence[Item]) -> str:
    rows = [_row(item) for item in items]
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-=.," else "_" for c in name)[:100]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
