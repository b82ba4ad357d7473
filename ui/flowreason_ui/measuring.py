"""An evaluation as the app follows it: methods compared on questions with known answers, in the thread of the runs."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import flowreason as fr
from flowreason.errors import FlowreasonError
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.entries import entries
from flowreason.evaluate.folder import ABOUT, ANSWERS, QUESTIONS, Folder
from flowreason.evaluate.items import Item
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui.batches import State, folder_of
from flowreason_ui.connection import Connection
from flowreason_ui.works import Works

NAME = "evaluations"


class Measuring:
    """One evaluation. `rows` are there so far, of `every`."""

    def __init__(self, id: str, folder: Path) -> None:
        self.id, self.folder = id, folder
        self.state: State = "stopped"
        self.error = ""
        self.rows: list[Answered] = []
        self.every = 0
        self._task: asyncio.Task[Any] | None = None

    @property
    def over(self) -> bool:
        return self.state not in ("running", "stopping")

    async def carry_out(
        self, items: Sequence[Item], methods: Sequence[str], connection: Connection, options: Mapping[str, Any]
    ) -> None:
        """Ask what was not asked yet."""
        self._task = asyncio.current_task()
        self.state, self.error, self.every = "running", "", len(items) * len(methods)
        provider = None
        try:
            provider = connection.provider()
            found = await fr.evaluate_async(
                list(items), list(methods), folder=self.folder, provider=provider, on_row=self._hear, **options
            )
            self.state, self.rows = "done", list(found.rows)
        except asyncio.CancelledError:
            self.state = "stopped"
        except (FlowreasonError, FlowError, OSError) as error:
            self.state, self.error = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - shown to the person; the app goes on
            self.state, self.error = "failed", f"this is a fault of flowreason: {type(error).__name__}: {error}"
        finally:
            if provider is not None:
                await provider.close()

    def _hear(self, row: Answered, _done: int, every: int) -> None:
        self.rows.append(row)
        self.every = every

    def stop(self) -> None:
        """Stop it; what was answered stays."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def put_down(self) -> None:
        """End in good order."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


def start(
    works: Works, items: Sequence[Item], methods: Sequence[str], budget: fr.Limits, concurrency: int
) -> Measuring:
    """Begin an evaluation. Raises `UsageError` where it cannot be."""
    entries(methods, budget)
    works.connection.provider()
    id = f"{time.strftime('%y%m%d')}-{secrets.token_hex(4)}"
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
            words = f"{', '.join(about['methods'])} on {about['count']} questions, {about['began']}"
            found.append((path.stat().st_mtime, path.parent.name, words))
    return [(id, words) for _, id, words in sorted(found, reverse=True)[:most]]


def files_of(folder: Path) -> list[Path]:
    """What can be taken away of an evaluation."""
    return [folder / name for name in ("report.html", "report.md", ANSWERS, QUESTIONS) if (folder / name).is_file()]
