"""Equal requests of all runs of this process that are under way: the first is sent, the others wait for its reply.

Invariant: whoever waits may be cancelled without losing the reply for the others; where the one that was sent comes to
nothing, the next in line sends its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from flowreason.ports import Reply


class Flights:
    """Requests under way, by key, of all event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Future[Reply | None]] = {}
        self._waiting: dict[str, int] = {}

    async def share(self, key: str, send: Callable[[], Awaitable[Reply]]) -> tuple[Reply, bool]:
        """The reply to a request, and whether somebody else has sent it."""
        while True:
            with self._lock:
                flight = self._flights.get(key)
                first = flight is None
                if flight is None:
                    flight = self._flights[key] = Future()
            if first:
                return await self._lead(key, flight, send), False
            reply = await self._follow(key, flight)
            if reply is not None:
                return reply, True

    def wanted(self, key: str) -> bool:
        """Whether others wait for the reply to a request."""
        return self._waiting.get(key, 0) > 0

    async def _lead(self, key: str, flight: Future[Reply | None], send: Callable[[], Awaitable[Reply]]) -> Reply:
        reply: Reply | None = None
        try:
            reply = await send()
            return reply
        finally:
            with self._lock:
                del self._flights[key]
            flight.set_result(reply)

    async def _follow(self, key: str, flight: Future[Reply | None]) -> Reply | None:
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
