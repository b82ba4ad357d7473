"""How many requests are under way at once, and which goes next: the one with the longest way still behind it.

Invariant: never more than `width` holders; waiters leave in order of priority, then of arrival; a cancelled waiter
loses nothing.
"""

from __future__ import annotations

import asyncio
import heapq
from types import TracebackType


class Gate:
    """A semaphore whose waiters have priorities."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._free = width
        self._count = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    async def enter(self, priority: float = 0.0) -> None:
        """Wait for a place; a higher priority goes first."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (-priority, self._count, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place to the next, if anybody waits."""
        while self._waiting:
            _, _, place = heapq.heappop(self._waiting)
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def open(self) -> None:
        """Let everybody in who waits: what they came for is over, and they only learn that it is."""
        waiting, self._waiting = self._waiting, []
        for _, _, place in waiting:
            if not place.done():
                self._free -= 1
                place.set_result(None)

    @property
    def crowded(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def at(self, priority: float) -> Place:
        return Place(self, priority)


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
