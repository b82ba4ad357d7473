"""An evaluation as the app follows it: methods compared on questions with known answers, in the thread of the runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import flowreason as fr
from flowreason.errors import FlowreasonError, UsageError
from flowreason.evaluate import report
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.entries import entries
from flowreason.evaluate.folder import ABOUT, ANSWERS, QUESTIONS, Folder, facts_of
from flowreason.evaluate.items import Item
from flowreason.ports import Provider
from flowreason.values import show
from flowreason_ui.choosing import name_of
from flowreason_ui.connection import Connection
from flowreason_ui.lasting import Lasting, State, folder_of, new_id, remove
from flowreason_ui.telling import count, when
from flowreason_ui.works import Works

NAME, PAGE = "evaluations", "report.html"


class Measuring(Lasting):
    """One evaluation. `rows` are there so far, of `every`."""

    def __init__(self, id: str, folder: Path) -> None:
        super().__init__(id, folder)
        self.rows: list[Answered] = []
        self.every = 0

    async def carry_out(
        self, items: Sequence[Item], methods: Sequence[str], connection: Connection, options: Mapping[str, Any]
    ) -> None:
        """Ask what was not asked yet."""
        self.every = len(items) * len(methods)

        async def measure(provider: Provider) -> tuple[State, str]:
            found = await fr.evaluate_async(
                list(items), list(methods), folder=self.folder, provider=provider, on_row=self._hear, **options
            )
            self.rows = list(found.rows)
            return "done", ""

        await self.through(connection, measure)

    def _hear(self, row: Answered, _done: int, every: int) -> None:
        self.rows.append(row)
        self.every = every

    def stop(self) -> None:
        """Stop it; what was answered stays."""
        self.cancel()


def start(
    works: Works, items: Sequence[Item], methods: Sequence[str], budget: fr.Limits, concurrency: int
) -> Measuring:
    """Begin an evaluation. Raises `UsageError` where it cannot be."""
    entries(methods, budget)
    works.connection.provider()
    id = new_id()
    measuring = Measuring(id, folder_of(works, NAME) / id)
    measuring.folder.parent.mkdir(parents=True, exist_ok=True)
    _begin(works, measuring, items, methods, {"budget": budget, "concurrency": concurrency})
    return measuring


def go_on(works: Works, measuring: Measuring) -> None:
    """Ask what an evaluation has not asked yet. Raises `UsageError` where its folder is none."""
    place = Folder(measuring.folder)
    about = place.about()
    measuring.rows = place.rows()
    budget = fr.Limits(**about.limits) if about.limits else None
    _begin(works, measuring, place.items(), list(about.methods), {"budget": budget})


def _begin(
    works: Works, measuring: Measuring, items: Sequence[Item], methods: Sequence[str], options: Mapping[str, Any]
) -> None:
    measuring.state = "running"
    works.tasks[measuring.id] = measuring
    works.submit(measuring.carry_out(items, methods, works.connection, options))


def find(works: Works, id: str) -> Measuring | None:
    """An evaluation by its id: at work, or from its folder; None where there is none."""
    known = works.tasks.get(id)
    if isinstance(known, Measuring):
        return known
    folder = folder_of(works, NAME) / id
    if not id.replace("-", "").isalnum() or not folder.is_dir():
        return None
    return opened(id, folder)


def opened(id: str, folder: Path) -> Measuring:
    """What a folder holds. Raises `UsageError` where that is no evaluation."""
    place = Folder(folder)
    about = place.about()
    measuring = Measuring(id, folder)
    measuring.rows = place.rows()
    measuring.every = max(about.count * len(about.methods), len(measuring.rows))
    measuring.state = "done" if len(measuring.rows) >= measuring.every else "stopped"
    return measuring


def earlier(works: Works, most: int = 20) -> list[tuple[str, str]]:
    """The evaluations that there are, the latest first: their ids, and what they were about."""
    found = []
    for path in folder_of(works, NAME).glob(f"*/{ABOUT}"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(path.read_text(encoding="utf-8"))
            began = path.stat().st_mtime
            words = f"{', '.join(map(name_of, about['methods']))}: {count(about['count'], 'question')}, {when(began)}"
            found.append((began, path.parent.name, words))
    return [(id, words) for _, id, words in sorted(found, reverse=True)[:most]]


def delete(works: Works, measuring: Measuring) -> None:
    """Forget an evaluation with its questions, answers and runs. Raises `UsageError` where it goes on."""
    if not measuring.over:
        raise UsageError("this is still going on; stop it first")
    remove(works, NAME, measuring.id)


def questions_of(folder: Path) -> dict[str, tuple[str, str]]:
    """The questions of an evaluation by their ids, each with its known answer, as texts."""
    with suppress(FlowreasonError, OSError):
        return {item.id: (item.question, show(item.answer)) for item in Folder(folder).items()}
    return {}


def files_of(found: Measuring) -> list[tuple[str, Callable[[], bytes]]]:
    """What can be taken away of an evaluation: names of files, and what makes them. The page speaks of no other."""

    def page() -> bytes:
        facts = facts_of(Folder(found.folder).about())
        return report.as_html("Evaluation", facts, found.rows, alone=True).encode("utf-8", "backslashreplace")

    there = [found.folder / name for name in (PAGE, "report.md", ANSWERS, QUESTIONS)]
    return [(path.name, page if path.name == PAGE else path.read_bytes) for path in there if path.is_file()]
