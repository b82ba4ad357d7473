"""A sandbox and pure tools that do nothing twice: for runs of one flow beside or after one another.

Invariant: what is remembered depends on nothing but what it is remembered by: the code, its seed, the values it reads;
a tool that is declared pure, and its arguments. Who waits for a result may be cancelled without losing it for others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import replace
from typing import Any, TypeVar

from flowreason.engine.environment import BoundTool
from flowreason.ports import (
    EmulateHost,
    EmulateResult,
    HostCall,
    PythonResult,
    PythonTask,
    Sandbox,
    SandboxLimits,
    SandboxSession,
)
from flowreason.values import NotPlain, encode

T = TypeVar("T")

LONGEST_KEY = 1_000_000
"""Characters of the values that a piece reads; with more, working again is the lesser evil."""


class Memory:
    """What was worked out, or is being worked out, by what it depends on. What fails is not kept.

    While it is `learning`, whatever is worked out is kept.
    """

    def __init__(self) -> None:
        self.learning = True
        self._known: dict[Hashable, asyncio.Task[Any]] = {}

    @property
    def useful(self) -> bool:
        """Whether it is worth asking."""
        return self.learning or bool(self._known)

    async def recall(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result for a key; `work` is begun where there is none."""
        task = self._known.get(key)
        if task is None:
            task = self._known[key] = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: self._settled(key, done))
        return await asyncio.shield(task)

    def _settled(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._known.pop(key, None)

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = [task for task in self._known.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def key_of(*parts: Any) -> str | None:
    """What a result is remembered by; None for values that cannot be written down, or are too many."""
    try:
        written = json.dumps([encode(part) for part in parts], sort_keys=True)
    except (NotPlain, RecursionError, ValueError):
        return None
    return written if len(written) <= LONGEST_KEY else None


class Remembering:
    """A sandbox whose sessions are all the same one, which does no piece twice."""

    def __init__(self, sandbox: Sandbox, memory: Memory) -> None:
        self.name = sandbox.name
        self._sandbox = sandbox
        self._memory = memory
        self._session: asyncio.Task[SandboxSession] | None = None

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        if self._session is None:
            self._session = asyncio.ensure_future(self._sandbox.session(limits))
        return _Shared(await asyncio.shield(self._session), self._memory)

    async def close(self) -> None:
        """Stop what is under way, and give the session back. The sandbox itself stays open: it is the caller's."""
        await self._memory.close()
        if self._session is not None:
            session, self._session = self._session, None
            session.cancel()
            await asyncio.wait([session])
            if not session.cancelled() and session.exception() is None:
                await session.result().close()


class _Shared:
    """A session that several runs use."""

    def __init__(self, session: SandboxSession, memory: Memory) -> None:
        self._session = session
        self._memory = memory

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        key = None if task.functions or not self._memory.useful else key_of(task.code, task.seed, dict(task.names))
        if key is None:
            return await self._session.run(task, call)
        return await self._memory.recall(key, lambda: self._alone(task))

    async def _alone(self, task: PythonTask) -> PythonResult:
        return await self._session.run(task)

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        return await self._session.emulate(task, host)

    async def close(self) -> None:
        return None


def remembering(tool: BoundTool, memory: Memory) -> BoundTool:
    """A tool that is pure and waits, as one that is called once for the same arguments; any other as it is."""
    if not tool.definition.pure or tool.inline:
        return tool
    name = tool.definition.name.text

    async def call(**arguments: Any) -> Any:
        key = key_of(name, arguments)
        return await tool.act(arguments) if key is None else await memory.recall(key, lambda: tool.act(arguments))

    return replace(tool, function=call)
