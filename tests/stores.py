"""Stores for tests: of each kind, opened as this process or another would, and places that are quick.

Invariant: a `Spot` is empty when a test gets it, and whatever was opened there is closed when the test ends.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowreason.store import SqlStore, owner
from flowreason.store.choose import make_store, url_of
from tests import postgres

MISSING = postgres.missing()
KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.skipif(MISSING is not None, reason=MISSING or "")),
]
_SWIFT = Path("/dev/shm")
_NUMBERS = itertools.count(1)


class Spot:
    """A place for a store: `url` names it, `open()` opens it once more, as another process would."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.path = folder / f"runs{next(_NUMBERS)}.db"
        self.url = url_of(str(self.path)) if kind == "sqlite" else postgres.cluster().url()
        self._opened: list[SqlStore] = []

    def open(self) -> SqlStore:
        store = make_store(url_of(self.url))
        self._opened.append(store)
        return store

    def close(self) -> None:
        for store in self._opened:
            store.close_now()


@contextmanager
def swift_folder() -> Iterator[Path]:
    """A folder in memory, where there is one: for tests that write much and never pull the plug."""
    folder = Path(tempfile.mkdtemp(prefix="flowreason-", dir=_SWIFT if _SWIFT.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def spot_of(kind: str = "sqlite") -> Iterator[Spot]:
    with swift_folder() as folder:
        spot = Spot(kind, folder)
        try:
            yield spot
        finally:
            spot.close()


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    @functools.wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))

    return run


@contextmanager
def elsewhere(name: str = "another-machine") -> Iterator[None]:
    """What happens inside, another machine does, into which nobody here can look."""
    real = owner._machine
    owner._machine = lambda: f"{name}|another-boot|"  # type: ignore[assignment]
    try:
        yield
    finally:
        owner._machine = real
