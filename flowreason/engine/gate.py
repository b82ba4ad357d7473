"""How many requests are under way at once, and which goes next: the one with the longest way still behind it.

Invariant: never more than `width` holders; waiters leave in order of priority, then of arrival; a cancelled waiter
loses nothing; a holder that nobody needs any more keeps nobody waiting. Where many runs share a gate, those of the run
that began first leave first, so that none is overtaken for ever by runs that begin later.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Gate:
    """A semaphore whose waiters have priorities. `whole`: the gate that this one shares its places with.

    `rank`: of those that share places, lower ones go first.
    """

    def __init__(self, width: int, whole: Gate | None = None, rank: int = 0) -> None:
        self._places: _Places = whole._places if whole is not None else _Places(width)
        self._rank = rank
        self._mine: set[asyncio.Future[None]] = set()

    @property
    def width(self) -> int:
        return self._places.width

    async def enter(self, priority: float = 0.0) -> None:
        """Wait for a place; a higher priority goes first."""
        if self._places.take():
            return
        place = self._places.queue(self._rank, priority)
        self._mine.add(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise
        finally:
            self._mine.discard(place)

    def leave(self) -> None:
        """Give the place to the next, if anybody waits."""
        self._places.give()

    def spare(self, task: asyncio.Task[Any], drop: Callable[[], None]) -> None:
        """A holder that nobody waits for goes on as long as nobody waits for its place; then it is dropped."""
        if self.crowded:
            drop()
        else:
            self._places.spares[task] = drop

    def unspare(self, task: asyncio.Task[Any]) -> None:
        """Somebody waits for a holder again, or it is over."""
        self._places.spares.pop(task, None)

    def open(self) -> None:
        """Let everybody in who waits here: what they came for is over, and they only learn that it is."""
        for place in self._mine:
            if not place.done():
                self._places.free -= 1
                place.set_result(None)

    @property
    def crowded(self) -> bool:
        """Whether anybody waits."""
        return self._places.crowded

    def at(self, priority: float) -> Place:
        return Place(self, priority)


class _Places:
    """The places themselves, and all who wait for one."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.free = width
        self._count = 0
        self.spares: dict[asyncio.Task[Any], Callable[[], None]] = {}
        self._waiting: list[tuple[int, float, int, asyncio.Future[None]]] = []

    @property
    def crowded(self) -> bool:
        return bool(self._waiting)

    def take(self) -> bool:
        """A place, where one is free and nobody waits."""
        if self.free > 0 and not self._waiting:
            self.free -= 1
            return True
        return False

    def queue(self, rank: int, priority: float) -> asyncio.Future[None]:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (rank, -priority, self._count, place))
        if self.spares:
            self.spares.pop(next(iter(self.spares)))()
        return place

    def give(self) -> None:
        while self._waiting:
            place = heapq.heappop(self._waiting)[-1]
            if not place.done():
                place.set_result(None)
                return
        self.free += 1


class Place:
    """`async with gate.at(priority):`"""

    __slots__ = ("_gate", "_priority")

    def __init__(self, gate: Gate, priority: float) -> None:
        self._gate = gate
        self._priority = priority

    async def __aenter__(self) -> None:
        await self._gate.enter(self._priority)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave()
