"""Work that goes on for minutes or hours, in the thread of the runs: a batch of questions, an evaluation.

Invariant: it belongs to no page; what it has done is in a folder of its own, so that it goes on after a reload, a stop,
and the end of the app; and whoever answers it is closed, however it ends.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from flowreason.config import data_path
from flowreason.errors import FlowreasonError, UsageError
from flowreason.ports import Provider
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui.connection import Connection
from flowreason_ui.works import Works

State: TypeAlias = Literal["running", "stopping", "stopped", "done", "limit", "failed"]


class Lasting:
    """Such work. Its fields are read by pages, and changed in the thread of the runs alone."""

    def __init__(self, id: str, folder: Path) -> None:
        self.id, self.folder = id, folder
        self.state: State = "stopped"
        self.error = ""
        self._task: asyncio.Task[Any] | None = None

    @property
    def over(self) -> bool:
        return self.state not in ("running", "stopping")

    async def through(self, connection: Connection, work: Callable[[Provider], Awaitable[tuple[State, str]]]) -> None:
        """Do it to its end; `state` and `error` say how that was, once everything is closed."""
        self._task = asyncio.current_task()
        self.state, self.error = "running", ""
        try:
            ended = await _answered(connection.provider(), work)
        except asyncio.CancelledError:
            ended = "stopped", ""
        except (FlowreasonError, FlowError, OSError) as error:
            ended = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - shown to the person; the app goes on
            ended = "failed", f"this is a fault of flowreason: {type(error).__name__}: {error}"
        self.state, self.error = ended

    def cancel(self) -> None:
        """Break off what is under way."""
        if self._task is not None and not self._task.done():
            self._task.cancel()

    async def put_down(self) -> None:
        """End in good order: what was under way can be gone on with."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


async def _answered(provider: Provider, work: Callable[[Provider], Awaitable[tuple[State, str]]]) -> tuple[State, str]:
    try:
        return await work(provider)
    finally:
        await provider.close()


# --- where it is ---


def folder_of(works: Works, name: str) -> Path:
    """A folder beside the runs: in the same place where that is a file, else in the user's data folder."""
    place = works.store
    beside = "://" not in place and place not in ("none", "")
    return (Path(place).expanduser().absolute().parent if beside else data_path()) / name


def new_id() -> str:
    """An id that is not there yet."""
    return f"{time.strftime('%y%m%d')}-{secrets.token_hex(4)}"


def remove(works: Works, name: str, id: str) -> None:
    """Delete the folder of such work for good. Raises `UsageError` where that cannot be done."""
    folder = folder_of(works, name) / id
    if not id.replace("-", "").isalnum() or folder.is_symlink():
        raise UsageError("this is no folder of the app, and stays")
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UsageError(f"{folder} cannot be deleted: {(error.strerror or str(error)).lower()}") from None
    works.tasks.pop(id, None)
