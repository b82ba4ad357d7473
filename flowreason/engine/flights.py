"""Equal requests of all runs of this process that are under way: the first is sent, the others wait for its reply.

Invariant: whoever waits may be cancelled without losing the reply for the others; where the one that was sent comes to
nothing, the next in line sends its own. Of those who have a reply, one has paid for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass

from flowreason.ports import Reply


@dataclass(slots=True)
class Landed:
    """A reply. `owed`: the run that sent the request is over, and has not paid for it."""

    reply: Reply
    owed: bool = False


class Flights:
    """Requests under way, by key, of all event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Landed | None]] = {}
        self._waiting: dict[str, int] = {}
        self._adrift: set[asyncio.Task[Reply]] = set()

    async def share(self, key: str, send: Callable[[], Awaitable[Landed]]) -> tuple[Reply, bool, bool]:
        """The reply to a request, whether somebody else has sent it, and whether it is still to be paid for."""
        while True:
            with self._lock:
                flight = self._flights.get(key)
                first = flight is None
                if flight is None:
                    flight = self._flights[key] = Future()
            if first:
                return (await self._lead(key, flight, send)).reply, False, False
            landed = await self._follow(key, flight)
            if landed is not None:
                with self._lock:
                    owed, landed.owed = landed.owed, False
                return landed.reply, True, owed

    def wanted(self, key: str) -> bool:
        """Whether others wait for the reply to a request."""
        return self._waiting.get(key, 0) > 0

    def adrift(self, task: asyncio.Task[Reply]) -> None:
        """Let a request go on whose run is over, for the others who wait for it."""
        self._adrift.add(task)
        task.add_done_callback(self._ashore)

    def _ashore(self, task: asyncio.Task[Reply]) -> None:
        self._adrift.discard(task)
        if not task.cancelled():
            task.exception()  # those who waited send their own

    async def _lead(self, key: str, flight: Future[Landed | None], send: Callable[[], Awaitable[Landed]]) -> Landed:
        landed: Landed | None = None
        try:
            landed = await send()
            return landed
        finally:
            with self._lock:
                del self._flights[key]
            flight.set_result(landed)

    async def _follow(self, key: str, flight: Future[Landed | None]) -> Landed | None:
        with self._lock:
            self._waiting[key] = self._waiting.get(key, 0) + 1
        try:
            return await asyncio.shield(asyncio.wrap_future(flight))
        finally:
            with self._lock:
                self._waiting[key] -= 1
                if not self._waiting[key]:
                    del self._waiting[key]


OF_THIS_PROCESS = Flights()
