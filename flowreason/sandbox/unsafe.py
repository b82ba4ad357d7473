"""The same worker without a jail: a process of its own with an empty environment, and nothing that confines it.

Invariant: it is used only where somebody asked for it by name (`--unsafe-python`, `unsafe_python=True`).
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from flowreason.errors import SandboxError
from flowreason.ports import SandboxLimits
from flowreason.sandbox.line import command, environment
from flowreason.sandbox.session import WorkerSession
from flowreason.sandbox.worker import Worker
from flowreason.sandbox.workers import MOST_WORKERS

EXIT_SECONDS = 2.0


class _Receiver(asyncio.SubprocessProtocol):
    def __init__(self, worker: Worker, exited: asyncio.Future[None]) -> None:
        self._worker = worker
        self._exited = exited

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._worker.received(data)

    def process_exited(self) -> None:
        self._worker.gone()
        if not self._exited.done():
            self._exited.set_result(None)


class _Process:
    def __init__(self, transport: asyncio.SubprocessTransport) -> None:
        self._transport = transport
        self._input = transport.get_pipe_transport(0)
        assert isinstance(self._input, asyncio.WriteTransport)

    def write(self, data: bytes) -> None:
        assert isinstance(self._input, asyncio.WriteTransport)
        self._input.write(data)

    def kill(self) -> None:
        if self._transport.get_returncode() is None:
            self._transport.kill()
        self._transport.close()

    async def ending(self) -> int | None:
        return self._transport.get_returncode()


async def launch(limits: SandboxLimits, worker: Worker, exited: asyncio.Future[None]) -> _Process:
    """Start a worker; `exited` is told when it has ended. Raises `SandboxError`."""
    loop = asyncio.get_running_loop()
    words = command("alone", limits=asdict(limits))
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: _Receiver(worker, exited),
            *words,
            env=environment(),
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"no process for Python could be started: {error}") from error
    return _Process(transport)


class UnsafeSandbox:
    """A worker that can do whatever the user can."""

    name = "unsafe"

    def __init__(self, most_workers: int = MOST_WORKERS) -> None:
        self._most = most_workers
        self._sessions: list[WorkerSession] = []
        self._exits: list[asyncio.Future[None]] = []

    async def _launch(self, limits: SandboxLimits, worker: Worker) -> _Process:
        exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        process = await launch(limits, worker, exited)
        self._exits = [each for each in self._exits if not each.done()] + [exited]
        return process

    async def session(self, limits: SandboxLimits | None = None) -> WorkerSession:
        """A session with a first process that waits. Raises `SandboxError`."""
        session = WorkerSession(self._launch, limits or SandboxLimits(), self._most)
        await session.start()
        self._sessions = [each for each in self._sessions if not each.closed]
        self._sessions.append(session)
        return session

    async def close(self) -> None:
        """Close what is still open, and wait until its processes have ended: the event loop may end right after."""
        for session in self._sessions:
            await session.close()
        self._sessions.clear()
        waiting = [each for each in self._exits if not each.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=EXIT_SECONDS)
        self._exits.clear()
