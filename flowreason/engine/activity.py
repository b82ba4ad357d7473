"""Whether anything of a run is under way besides waiting for a person.

Invariant: `on_quiet` is called only where nothing was under way for `TURNS` turns of the event loop: whoever has just
got what they waited for has begun the next by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TURNS = 30


class Activity:
    """Counts what is under way. `resting` says how many of it wait for others of the run, if anybody knows."""

    def __init__(self) -> None:
        self.on_quiet: Callable[[], None] | None = None
        self.resting: Callable[[], int] | None = None
        self._count = 0
        self._changes = 0

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Something is under way that ends by itself."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            self.changed()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is under way waits for others of the run, and ends only after them."""
        self._count -= 1
        self.changed()
        try:
            yield
        finally:
            self._count += 1

    def changed(self) -> None:
        """Something ended, or somebody waits for a person or for others now."""
        self._changes += 1
        if self.on_quiet is not None and self._quiet:
            self._look(self._changes, TURNS)

    @property
    def _quiet(self) -> bool:
        return not self._count or (self.resting is not None and self._count == self.resting())

    def _look(self, changes: int, turns: int) -> None:
        if changes != self._changes or not self._quiet or self.on_quiet is None:
            return
        if turns:
            asyncio.get_running_loop().call_soon(self._look, changes, turns - 1)
        else:
            self.on_quiet()
