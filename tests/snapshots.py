"""What a crash would have left of a run: copies of its store, each as it was right after one of its transactions.

Invariant: a copy holds what was durable at that moment and nothing else; what the world had seen by then is told with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from flowreason.store import SqlStore


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the store, and what `world` said when it was made."""

    path: Path
    world: Any


@contextmanager
def snapshots(
    store: SqlStore, source: Path, folder: Path, wanted: Callable[[int], bool], world: Callable[[], Any]
) -> Iterator[list[Snapshot]]:
    """The copies that are made of a store while what is inside goes on: after each transaction that is wanted."""
    made: list[Snapshot] = []
    engine: Engine = store._engines[1]
    commit, count = engine.dialect.do_commit, [0]

    def committed(connection: Any) -> None:
        commit(connection)
        count[0] += 1
        if wanted(count[0]):
            path = folder / f"after{count[0]}.db"
            with sqlite3.connect(source) as ours, sqlite3.connect(path) as copy:
                ours.backup(copy)
            made.append(Snapshot(path, world()))

    engine.dialect.do_commit = committed  # type: ignore[method-assign]
    try:
        yield made
    finally:
        del engine.dialect.do_commit


__all__ = ["Snapshot", "snapshots"]
