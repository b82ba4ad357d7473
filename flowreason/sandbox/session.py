"""A session over worker processes: one piece is a message to a worker, and a conversation until it is done.

Invariant: whatever ends a conversation early, the piece is ended in its worker too, or the worker is stopped. A piece
that might change what outlives it (see `inside.tame`) gets a process of its own, which ends with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from flowreason.errors import FlowreasonError, PythonError, is_fatal
from flowreason.ports import (
    EmulateHost,
    EmulateResult,
    HostCall,
    PythonResult,
    PythonTask,
    SandboxLimits,
)
from flowreason.sandbox import messages
from flowreason.sandbox.messages import Asked, Done, Failed, Misbehaved, Wild
from flowreason.sandbox.worker import Launch, Running, Worker
from flowreason.sandbox.workers import MOST_WORKERS, Workers
from flowreason.values import NotPlain, encode, longer_than

Answer = Callable[[Asked], Awaitable[Any]]
MOST_KNOWN = 1024
"""Pieces that are known to need a process of their own."""


class WorkerSession:
    """The session of one flow run."""

    def __init__(self, launch: Launch, limits: SandboxLimits, most: int = MOST_WORKERS) -> None:
        self._limits = limits
        self._workers = Workers(launch, limits, most)
        self._numbers = itertools.count(1)
        self._wild: dict[str, None] = {}

    @property
    def closed(self) -> bool:
        return self._workers.closed

    async def start(self) -> None:
        """Have a first worker ready. Raises `SandboxError`."""
        await self._workers.start()

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
        self._workers.close()

    # --- one piece ---

    async def _perform(self, task: PythonTask, answer: Answer, *, emulate: bool) -> Done:
        number = next(self._numbers)
        most = 2 * self._limits.value
        if longer_than(most, task.names):
            raise PythonError(f"the values that it reads are too big: {most:,} bytes are allowed", kind="size")
        if task.code not in self._wild:
            worker = await self._workers.take()
            try:
                data = self._packed(number, task, emulate=emulate, alone=False)
            except PythonError:
                self._workers.give_back(worker)
                raise
            said = await self._held(worker, worker.begin(number, data), answer)
            if isinstance(said, Done):
                return said
            if len(self._wild) >= MOST_KNOWN:
                self._wild.clear()
            self._wild[task.code] = None
        worker = await self._workers.take_alone(calls=bool(task.functions))
        try:
            data = self._packed(number, task, emulate=emulate, alone=True)
            said = await self._held(worker, worker.begin(number, data), answer)
        finally:
            worker.stop()
        if isinstance(said, Done):
            return said
        raise PythonError("this Python was stopped: it spoke when it was not asked", kind="protocol")

    def _packed(self, number: int, task: PythonTask, *, emulate: bool, alone: bool) -> bytes:
        """The message that starts a piece, made when it can start: many may wait. Raises `PythonError`."""
        most = 2 * self._limits.value
        try:
            data = messages.pack(messages.piece(number, task, emulate=emulate, alone=alone))
        except (NotPlain, RecursionError, ValueError) as error:
            raise PythonError(f"a value that it reads cannot be handed on: {error}", kind="NotPlain") from error
        if len(data) > most:
            text = f"the values that it reads are too big: {len(data):,} bytes, {most:,} allowed"
            raise PythonError(text, kind="size")
        return data

    async def _held(self, worker: Worker, running: Running, answer: Answer) -> Done | Wild:
        """What a piece comes to. Raises what it failed with, and leaves nothing of it under way."""
        try:
            return await self._converse(worker, running, answer)
        except Misbehaved as error:
            worker.stop()
            raise PythonError(f"this Python was stopped: {error}", kind="protocol") from error
        except BaseException:
            worker.abandon(running)
            raise

    async def _converse(self, worker: Worker, running: Running, answer: Answer) -> Done | Wild:
        while True:
            said = await running.said
            match said:
                case Done() | Wild():
                    return said
                case Failed():
                    raise self._failure(running, said)
                case Asked():
                    worker.answer(running, await self._answered(running, said, answer))

    @staticmethod
    def _failure(running: Running, failed: Failed) -> FlowreasonError:
        if failed.cause in running.errors:
            return running.errors[failed.cause]
        return PythonError(failed.text, kind=failed.kind, line=failed.line)

    async def _answered(self, running: Running, asked: Asked, answer: Answer) -> dict[str, Any]:
        """The message that answers a question. What ends the whole run is raised here, the rest inside the piece."""
        try:
            value = await answer(asked)
        except FlowreasonError as error:
            if is_fatal(error):
                raise
            running.errors[asked.number] = error
            return {"do": "answer", "call": asked.number, "error": str(error)}
        try:
            return {"do": "answer", "call": asked.number, "value": encode(value)}
        except (NotPlain, RecursionError) as error:
            return {"do": "answer", "call": asked.number, "error": str(error)}
