"""Sandbox sessions that go from run to run, because a fresh one takes longer than most Python of a flow.

Invariant: no run can tell: such a session runs only pieces which, as the sandbox itself knows them (`tame`), neither
leave anything behind nor see what others left; from the first other piece on, a run has a session of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

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
from flowreason.sandbox.inside.tame import look

MOST_IDLE = 16
"""Sessions that wait for a run; each is a process."""
MOST_PIECES = 1_000
"""Pieces after which a session is not handed on, so that what a process loses to fragmentation stays little."""


class Sessions:
    """A sandbox whose sessions are warm."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._idle: list[_Warm] = []
        self._closed = False

    @property
    def name(self) -> str:
        return self._sandbox.name

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        """A session for one run; it takes what it needs when it needs it."""
        return _OnLoan(self, limits)

    async def warm(self) -> _Warm:
        """A session in which nothing was left, or a new one. Raises `SandboxError`."""
        return self._idle.pop() if self._idle else _Warm(await self._sandbox.session(SandboxLimits()))

    async def fresh(self, limits: SandboxLimits) -> SandboxSession:
        """A new session, for one run alone. Raises `SandboxError`."""
        return await self._sandbox.session(limits)

    async def take_back(self, warm: _Warm) -> None:
        """A session in which nothing is left."""
        if self._closed or len(self._idle) >= MOST_IDLE or warm.pieces >= MOST_PIECES:
            await warm.session.close()
        else:
            self._idle.append(warm)

    async def close(self) -> None:
        """Close those that nobody has; the others are closed when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for warm in idle:
            await warm.session.close()


@dataclass(slots=True)
class _Warm:
    """A session that goes from run to run, and how many pieces it has had."""

    session: SandboxSession
    pieces: int = 0


class _OnLoan:
    """What one run has: a warm session as long as its pieces leave nothing, and one of its own from then on."""

    def __init__(self, home: Sessions, limits: SandboxLimits) -> None:
        self._home = home
        self._limits = limits
        self._warm: asyncio.Future[_Warm] | None = None
        self._own: asyncio.Future[SandboxSession] | None = None
        self._busy = 0
        self._failed = False

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        if self._own is not None or self._limits != SandboxLimits() or not look(task.code).tame:
            return await (await self._of_its_own()).run(task, call)
        if self._warm is None:
            self._warm = asyncio.ensure_future(self._home.warm())
        warm = await asyncio.shield(self._warm)
        warm.pieces += 1
        self._busy += 1
        try:
            return await warm.session.run(task, call)
        except BaseException:
            self._failed = True
            raise
        finally:
            self._busy -= 1

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        return await (await self._of_its_own()).emulate(task, host)

    async def _of_its_own(self) -> SandboxSession:
        if self._own is None:
            self._own = asyncio.ensure_future(self._home.fresh(self._limits))
        return await asyncio.shield(self._own)

    async def close(self) -> None:
        """Give the warm session back, unless something in it failed or goes on; close the other one."""
        own, self._own = self._own, None
        warm, self._warm = self._warm, None
        await asyncio.wait([each for each in (own, warm) if each is not None] or [_nothing()])
        if own is not None and not own.cancelled() and own.exception() is None:
            await own.result().close()
        if warm is not None and not warm.cancelled() and warm.exception() is None:
            if self._failed or self._busy:
                await warm.result().session.close()
            else:
                await self._home.take_back(warm.result())


def _nothing() -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
