"""A session over worker processes: pieces go to an idle one; while one waits for the host, others serve.

Invariant: no piece waits for one that waits for the host, so that Python may call flows that run Python, however
deep. One piece computes at a time, unless another had to wait noticeably and a processor is free.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable
from typing import Any

from flowreason.errors import FlowreasonError, PythonError, SandboxError, is_fatal
from flowreason.ports import (
    EmulateHost,
    EmulateResult,
    HostCall,
    PythonResult,
    PythonTask,
    SandboxLimits,
)
from flowreason.sandbox import messages
from flowreason.sandbox.messages import Asked, Done, Failed, Misbehaved
from flowreason.sandbox.worker import Launch, Running, Worker
from flowreason.values import NotPlain, encode

MOST_WORKERS = 16
"""Worker processes of one session; past that, pieces nest in workers that wait."""

PATIENCE = 0.01
"""Seconds that a piece waits for its turn before another process is started for it."""

Answer = Callable[[Asked], Awaitable[Any]]


class WorkerSession:
    """The session of one flow run."""

    def __init__(self, launch: Launch, limits: SandboxLimits, most: int = MOST_WORKERS) -> None:
        self._launch = launch
        self._limits = limits
        self._most = most
        self._workers: list[Worker] = []
        self._starting = 0
        self._queue: list[asyncio.Future[None]] = []
        self._numbers = itertools.count(1)
        self.closed = False

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        """See `SandboxSession.run`."""

        async def answer(asked: Asked) -> Any:
            name, args, kwargs = messages.call_of(asked.fields)
            if asked.kind != "call" or call is None or name not in task.functions:
                raise Misbehaved(f"it called {name[:100]!r}, which it was not given")
            return await call(name, args, kwargs)

        done = await self._perform(task, answer, emulate=False)
        return PythonResult(done.value, done.printed)

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        """See `SandboxSession.emulate`."""
        from flowreason.sandbox.emulating import answering, trace_of

        done = await self._perform(task, answering(task, host), emulate=True)
        try:
            return EmulateResult(done.value, trace_of(done.more), done.printed)
        except Misbehaved as error:
            raise PythonError(f"this Python was stopped: {error}", kind="protocol") from error

    async def close(self) -> None:
        """Stop all workers."""
        self.closed = True
        for worker in list(self._workers):
            worker.stop(SandboxError("the session was closed"))
        self._changed()

    # --- one piece ---

    async def _perform(self, task: PythonTask, answer: Answer, *, emulate: bool) -> Done:
        number = next(self._numbers)
        try:
            data = messages.pack(messages.piece(number, task, emulate=emulate))
        except (NotPlain, RecursionError, ValueError) as error:
            raise PythonError(f"a value that it reads cannot be handed on: {error}", kind="NotPlain") from error
        if len(data) > 2 * self._limits.value:
            text = f"the values that it reads are too big: {len(data):,} bytes, {2 * self._limits.value:,} allowed"
            raise PythonError(text, kind="size")
        worker = await self._worker()
        running = worker.begin(number, data)
        try:
            return await self._converse(worker, running, answer)
        except BaseException:
            if running in worker.stack:
                worker.stop()
            raise

    async def _converse(self, worker: Worker, running: Running, answer: Answer) -> Done:
        while True:
            said = await running.said
            match said:
                case Done():
                    return said
                case Failed():
                    raise self._failure(worker, running, said)
                case Asked():
                    worker.answer(running, await self._answered(running, said, answer))

    @staticmethod
    def _failure(worker: Worker, running: Running, failed: Failed) -> FlowreasonError:
        if failed.kind == "memory":  # what it took may not come back
            worker.stop()
        if failed.cause in running.errors:
            return running.errors[failed.cause]
        return PythonError(failed.text, kind=failed.kind, line=failed.line)

    async def _answered(self, running: Running, asked: Asked, answer: Answer) -> dict[str, Any]:
        """The message that answers a question. What ends the whole run is raised here, the rest inside the piece."""
        try:
            value = await answer(asked)
        except Misbehaved as error:
            raise PythonError(f"this Python was stopped: {error}", kind="protocol") from error
        except FlowreasonError as error:
            if is_fatal(error):
                raise
            running.errors[asked.number] = error
            return {"do": "answer", "call": asked.number, "error": str(error)}
        try:
            return {"do": "answer", "call": asked.number, "value": encode(value)}
        except (NotPlain, RecursionError) as error:
            return {"do": "answer", "call": asked.number, "error": str(error)}

    # --- which worker ---

    async def _worker(self) -> Worker:
        """A worker that can begin at once."""
        patient = True
        while not self.closed:
            ready = next((worker for worker in self._workers if worker.idle), None)
            if ready is not None:
                return ready
            if self._may_start(patient):
                await self._start()
                continue
            if not self._starting and not any(worker.computing for worker in self._workers):
                return min(self._workers, key=lambda worker: len(worker.stack))
            patient = await self._turn()
        raise SandboxError("the session is closed")

    def _may_start(self, patient: bool) -> bool:
        if len(self._workers) + self._starting >= self._most:
            return False
        busy = self._starting + sum(worker.computing for worker in self._workers)
        return busy == 0 or (not patient and busy < (os.cpu_count() or 1))

    async def _turn(self) -> bool:
        """Wait until something changes; whether it did in good time."""
        change = asyncio.get_running_loop().create_future()
        self._queue.append(change)
        try:
            async with asyncio.timeout(PATIENCE):
                await change
        except TimeoutError:
            return False
        except asyncio.CancelledError:
            self._changed()  # this turn is another's
            raise
        finally:
            if change in self._queue:
                self._queue.remove(change)
        return True

    async def start(self) -> None:
        """Have a first worker ready. Raises `SandboxError`."""
        await self._start()

    async def _start(self) -> None:
        self._starting += 1
        worker = Worker(self._limits, self._changed)
        try:
            await worker.start(self._launch)
            self._workers.append(worker)
        finally:
            self._starting -= 1
            self._changed()
        if self.closed:
            worker.stop()

    def _changed(self) -> None:
        """A worker became free, or less."""
        self._workers = [worker for worker in self._workers if not worker.dead]
        while self._queue:
            change = self._queue.pop(0)
            if not change.done():
                change.set_result(None)
                return


__all__ = ["WorkerSession"]
