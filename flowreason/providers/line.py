"""Requests that cannot be sent yet, in the order in which they came.

Invariant: only the first is let through, and only when nothing is in its way; who is called off takes nothing along
and wakes the next. Nothing here belongs to an event loop but those who wait.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple, TypeAlias

from flowreason.ports import Notify

NOTICEABLE = 0.05
_SHORTEST = 0.001
"""Shorter waits may leave a clock where it is."""

Why: TypeAlias = Literal["rate", "retry-after", "breaker", "place"]


class Obstacle(NamedTuple):
    """What a request waits for, how long (infinite: until something changes), and what to say of how long.

    `each` is what everybody who is ahead in the line adds to it.
    """

    why: Why
    seconds: float
    estimate: float
    each: float = 0.0


class _Waiter:
    __slots__ = ("changed", "loop", "notify", "size", "told")

    def __init__(self, size: int, notify: Notify | None) -> None:
        self.size = size
        self.notify = notify
        self.told = ""
        self.loop = asyncio.get_running_loop()
        self.changed: asyncio.Future[None] | None = None

    def tell(self, obstacle: Obstacle, ahead: int) -> None:
        """Say once of each reason that it is waited for."""
        seconds = obstacle.estimate + ahead * obstacle.each
        if self.notify is not None and obstacle.why != self.told and seconds > NOTICEABLE:
            self.told = obstacle.why
            self.notify("wait", {"for": obstacle.why, "seconds": round(seconds, 3)})


class Line:
    """`obstacle` says what is in the way of a request of a size, None: nothing; it may raise."""

    def __init__(self, obstacle: Callable[[int], Obstacle | None], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._obstacle = obstacle
        self._sleep = sleep
        self._waiting: OrderedDict[_Waiter, None] = OrderedDict()

    @property
    def empty(self) -> bool:
        return not self._waiting

    async def wait(self, size: int, notify: Notify | None) -> None:
        """Come back when it is this request's turn. What it then takes, it takes before others are asked."""
        waiter = _Waiter(size, notify)
        self._waiting[waiter] = None
        try:
            while (obstacle := self._ahead_of(waiter)) is not None:
                await self._change(waiter, obstacle.seconds)
        finally:
            self._waiting.pop(waiter, None)
            self.poke()

    def _ahead_of(self, waiter: _Waiter) -> Obstacle | None:
        """What a waiter waits for, and has been told of; None: it is its turn."""
        obstacle, first = self._obstacle(waiter.size), self._first()
        if obstacle is not None:
            waiter.tell(obstacle, 0 if first is waiter else len(self._waiting) - 1)
        if first is waiter:
            return obstacle
        return Obstacle("place", float("inf"), 0.0)

    def poke(self) -> None:
        """Something has changed: the first looks again."""
        first = self._first()
        if first is not None and first.changed is not None and not first.changed.done():
            first.changed.set_result(None)

    def _first(self) -> _Waiter | None:
        while self._waiting:
            first = next(iter(self._waiting))
            if not first.loop.is_closed():
                return first
            del self._waiting[first]
        return None

    async def _change(self, waiter: _Waiter, seconds: float) -> None:
        """Wait until something changes, or for so long."""
        waiter.changed = changed = waiter.loop.create_future()
        if seconds == float("inf"):
            await changed
            return
        sleeping = asyncio.ensure_future(self._sleep(max(seconds, _SHORTEST)))
        try:
            await asyncio.wait((sleeping, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
