"""A window that moves over a source: so many items are worked at, and no more are taken than can be given out.

Invariant: of what was taken, at most `most` is not given out yet, so that memory does not grow with the source; every
task belongs to the window and has ended when `rows` has; what is cancelled from outside cancels what is under way.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

Taken = TypeVar("Taken")
Made = TypeVar("Made")


class Window(Generic[Taken, Made]):
    """Works at `width` items at once. `take` gives the next, at once or awaited, and None at the end; `work` makes of
    it what is given out.

    `in_order`: as they were taken, else as they are done. What `take` or `work` raises ends the window: after `take`,
    what is under way is finished before; after `work`, it is cancelled.
    """

    def __init__(
        self,
        take: Callable[[], Awaitable[Taken | None] | Taken | None],
        work: Callable[[int, Taken], Awaitable[Made]],
        *,
        width: int,
        most: int,
        in_order: bool,
    ) -> None:
        self._take = take
        self._work = work
        self._places = asyncio.Semaphore(width)
        self._room = asyncio.Semaphore(max(width, most))
        self._out: _Out[Made] = _InOrder() if in_order else _AsDone()
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._broken: BaseException | None = None
        self.taken = 0
        self.under_way = 0

    def stop(self) -> None:
        """Take nothing more; what is under way is finished and given out."""
        self._stopping.set()

    async def rows(self) -> AsyncGenerator[Made, None]:
        """What is made, until nothing is left. Raises what went wrong, after all that was finished."""
        filling = asyncio.create_task(self._fill(), name="batch")
        filling.add_done_callback(lambda _: self._changed.set())
        try:
            while True:
                self._changed.clear()
                while (made := self._out.pop(rest=filling.done())) is not None:
                    self._room.release()
                    yield made
                if filling.done() and not self._out:
                    break
                await self._changed.wait()
            if self._broken is not None:
                raise self._broken
        finally:
            filling.cancel()
            await asyncio.wait([filling])
            if not filling.cancelled():
                filling.exception()

    async def _fill(self) -> None:
        """Take and begin, as there is room. What went wrong is kept for `rows`."""
        try:
            async with asyncio.TaskGroup() as group:
                while (taken := await self._next()) is not None:
                    number = self.taken
                    self.taken += 1
                    self.under_way += 1
                    group.create_task(self._one(number, taken), name=f"row {number}")
        except* Exception as errors:  # noqa: BLE001 - raised by `rows`
            if self._broken is None:
                self._broken = _first(errors)

    async def _next(self) -> Taken | None:
        """The next item, once there is room for it; None at the end, and where it is time to stop."""
        await self._room.acquire()
        await self._places.acquire()
        if self._stopping.is_set():
            return None
        try:
            taken = self._take()
            return await self._unless_stopped(taken) if inspect.isawaitable(taken) else taken
        except Exception as error:  # noqa: BLE001 - raised when what is under way is finished
            self._broken = error
            return None

    async def _unless_stopped(self, taking: Awaitable[Taken | None]) -> Taken | None:
        """What is waited for; None where it is time to stop before it comes."""
        coming = asyncio.ensure_future(taking)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((stopping, coming), return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else None
        finally:
            stopping.cancel()
            coming.cancel()

    async def _one(self, number: int, taken: Taken) -> None:
        try:
            made = await self._work(number, taken)
        finally:
            self.under_way -= 1
            self._places.release()
        self._out.put(number, made)
        self._changed.set()


def _first(errors: BaseExceptionGroup[Exception]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Out(Generic[Made]):
    """What is made and not given out."""

    def put(self, number: int, made: Made) -> None:
        raise NotImplementedError

    def pop(self, *, rest: bool) -> Made | None:
        """The next to give out, if it is there. `rest`: nothing more will be made."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


class _AsDone(_Out[Made]):
    def __init__(self) -> None:
        self._made: deque[Made] = deque()

    def put(self, number: int, made: Made) -> None:
        self._made.append(made)

    def pop(self, *, rest: bool) -> Made | None:
        return self._made.popleft() if self._made else None

    def __len__(self) -> int:
        return len(self._made)


class _InOrder(_Out[Made]):
    def __init__(self) -> None:
        self._made: dict[int, Made] = {}
        self._next = 0

    def put(self, number: int, made: Made) -> None:
        self._made[number] = made

    def pop(self, *, rest: bool) -> Made | None:
        if rest and self._made:  # those that are missing were cancelled
            self._next = min(self._made)
        made = self._made.pop(self._next, None)
        self._next += made is not None
        return made

    def __len__(self) -> int:
        return len(self._made)
