"""The worker processes of one session, and which piece gets which.

Pieces take the idle worker in the order they came; while one waits for the host, another worker serves. Invariant: no
piece waits for one that waits for the host, so that Python may call flows that run Python, however deep: past the most
workers there may be, pieces nest in one that waits. A piece that is alone shares its process with none, neither before
it nor after it.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque

from flowreason.errors import FlowreasonError, PythonError, SandboxError
from flowreason.ports import SandboxLimits
from flowreason.sandbox.worker import Launch, Worker

MOST_WORKERS = 16
PATIENCE = 0.01
"""Seconds that pieces wait for their turn before another process computes beside the first, if a processor is free."""

MOST_ALONE = 64
"""Processes of pieces that are alone; as many of those that may call flows and tools, and as many of the others."""

LONGEST_WAIT = 60.0
"""Seconds after which no piece waits any longer for the end of pieces that may be waiting for it."""


class Workers:
    """Starts workers when they are needed and hands them out."""

    def __init__(self, launch: Launch, limits: SandboxLimits, most: int) -> None:
        self._launch = launch
        self._limits = limits
        self._most = most
        self._at_once = os.cpu_count() or 1
        self._workers: list[Worker] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._queue: deque[asyncio.Future[Worker]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._alone = {calls: Alone(calls=calls, at_once=self._at_once) for calls in (False, True)}
        self.closed = False

    async def take(self) -> Worker:
        """A worker for one piece, which must `begin` in it at once. Raises `SandboxError`."""
        while True:
            worker = await self._turn()
            if worker.ready:
                return worker
            self.give_back(worker)  # it died on the way, or the piece that waited in it goes on

    async def take_alone(self, *, calls: bool) -> Worker:
        """A fresh worker for one piece, which must `begin` in it at once and stop it; `calls`: it may wait for others.

        Raises `SandboxError` or `PythonError`.
        """
        self._refuse_if_closed()
        place = self._alone[calls]
        await place.enter()
        worker = next((each for each in self._workers if each.fresh and each.idle), None)
        try:
            if worker is not None:
                self._workers.remove(worker)
            else:
                worker = Worker(self._limits, self.changed)
                await worker.start(self._launch)
                self._refuse_if_closed()
        except BaseException:
            if worker is not None:
                worker.stop()
            place.leave()
            raise
        place.began(worker)
        return worker

    def _refuse_if_closed(self) -> None:
        if self.closed:
            raise SandboxError("the session is closed")

    async def _turn(self) -> Worker:
        self._refuse_if_closed()
        if not self._queue:
            for worker in self._workers:
                if worker.idle:
                    worker.reserved = True
                    return worker
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self.changed()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back(turn.result())
            raise

    def give_back(self, worker: Worker) -> None:
        """Give back a worker in which nothing was begun."""
        worker.reserved = False
        self.changed()

    async def start(self) -> None:
        """Have one worker ready. Raises `SandboxError`."""
        await self._start()

    def close(self) -> None:
        """Stop all; who waits for a turn gets a `SandboxError`."""
        self.closed = True
        for task in list(self._starting):
            task.cancel()
        for worker in [*self._workers, *self._alone[False].workers, *self._alone[True].workers]:
            worker.stop(SandboxError("the session was closed"))
        self._fail(SandboxError("the session was closed"))
        if self._timer is not None:
            self._timer.cancel()

    def changed(self) -> None:
        """A worker became free, waits, or is gone: hand out what there is."""
        self._workers = [worker for worker in self._workers if not worker.dead]
        for place in self._alone.values():
            if place.used:
                place.changed()
        while self._queue:
            worker = next((worker for worker in self._workers if worker.idle), None) or self._to_nest_in()
            if worker is None:
                break
            self._hand(worker)
        if self._queue:
            self._grow(patient=True)

    def _hand(self, worker: Worker) -> None:
        turn = self._queue.popleft()
        if not turn.done():
            worker.reserved = True
            turn.set_result(worker)

    def _computing(self) -> int:
        return len(self._starting) + sum(worker.computing for worker in self._workers)

    def _to_nest_in(self) -> Worker | None:
        """Where all that may be are there and all wait for the host: the one with the fewest pieces."""
        able = [worker for worker in self._workers if not worker.worn]
        if len(able) < self._most or self._computing():
            return None
        return min(able, key=lambda worker: len(worker.stack))

    def _grow(self, *, patient: bool) -> None:
        """Start another worker if none computes, or if pieces have waited long enough and a processor is free."""
        computing = self._computing()
        room = sum(not worker.worn for worker in self._workers) + len(self._starting) < self._most
        if room and not self.closed and (computing == 0 or (not patient and computing < self._at_once)):
            task = asyncio.ensure_future(self._start())
            self._starting.add(task)
            task.add_done_callback(self._started)
        elif room and computing < self._at_once and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._impatient)

    def _impatient(self) -> None:
        self._timer = None
        if self._queue:
            self._grow(patient=False)

    async def _start(self) -> None:
        worker = Worker(self._limits, self.changed)
        await worker.start(self._launch)
        if self.closed:
            worker.stop()
        else:
            self._workers.append(worker)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, FlowreasonError):
            self._fail(error)
        elif error is not None:
            self._fail(SandboxError(f"no process for Python could be started: {error}"))
        self.changed()

    def _fail(self, error: FlowreasonError) -> None:
        for place in self._alone.values():
            place.fail(error)
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_exception(error)


class Alone:
    """The places of pieces that are alone, of one kind: as many compute at once as there are processors.

    Those that call nothing always end, so that others may wait for them. Those that `calls` may wait for flows whose
    own pieces wait here: where none has ended for long, that is told.
    """

    def __init__(self, *, calls: bool, at_once: int) -> None:
        self.workers: list[Worker] = []
        self._calls = calls
        self._at_once = at_once
        self._starting = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def used(self) -> bool:
        """Whether any piece is here, or waits."""
        return bool(self.workers or self._queue)

    async def enter(self) -> None:
        """Wait until another process may be started; `began` or `leave` must follow. Raises `PythonError`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self.changed()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()
            raise

    def began(self, worker: Worker) -> None:
        """The process is there."""
        worker.reserved = True
        self.workers.append(worker)
        self._starting -= 1

    def leave(self) -> None:
        """No process was started."""
        self._starting -= 1
        self.changed()

    def changed(self) -> None:
        """A process ended, or waits: let others begin."""
        before = len(self.workers)
        self.workers = [worker for worker in self.workers if not worker.dead]
        while self._queue and self._room():
            turn = self._queue.popleft()
            if not turn.done():
                self._starting += 1
                turn.set_result(None)
        if self._timer is not None and (not self._queue or len(self.workers) < before):
            self._timer.cancel()
            self._timer = None
        if self._queue and self._calls and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LONGEST_WAIT, self._too_long)

    def _room(self) -> bool:
        computing = self._starting + sum(not worker.waiting for worker in self.workers)
        return computing < self._at_once and len(self.workers) + self._starting < MOST_ALONE

    def _too_long(self) -> None:
        self._timer = None
        text = (
            f"{len(self.workers)} pieces of Python, each in a process of its own, wait for flows and tools that they"
            f" called, and none has ended for {LONGEST_WAIT:g} seconds: let fewer of them wait for one another"
        )
        self.fail(PythonError(text, kind="processes"))

    def fail(self, error: FlowreasonError) -> None:
        """Who waits gets an error."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_exception(error)
