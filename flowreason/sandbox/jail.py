"""Python in a jail (Linux): a warm zygote forks a confined child for every session.

The zygote starts with an empty environment and without our descriptors; a child may compute, and speak on one line.
There it can do nothing else: the kernel refuses every other system call. Invariant: no piece runs in a child that has
not tried to get out and failed.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flowreason.errors import SandboxError
from flowreason.ports import SandboxLimits
from flowreason.sandbox.line import Receiver, command, environment
from flowreason.sandbox.session import WorkerSession
from flowreason.sandbox.worker import START_SECONDS, Worker
from flowreason.sandbox.workers import MOST_WORKERS

INSTEAD = "install libseccomp (Debian: apt-get install libseccomp2), or `pip install 'flowreason[monty]'`"


def available() -> str | None:
    """Why there can be no jail here, or None where it can be tried."""
    if sys.platform != "linux":
        return "the jail needs Linux"
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return f"the jail needs libseccomp.so.2: {INSTEAD}"
    return None


class Zygote:
    """The one warm process of this process, and the socket to it. Usable from several event loops."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            control = theirs.fileno()
            self._process = subprocess.Popen(
                command("zygote", control=control),
                env=environment(),
                cwd="/",
                pass_fds=[control],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.setblocking(False)
        self._socket = ours
        self._numbers = itertools.count(1)
        self._statuses: dict[int, int | None] = {}
        self._ready = False
        self.dead = False
        self.broken: str | None = None

    async def ready(self) -> None:
        """Wait until it has loaded what pieces need. Raises `SandboxError`."""
        await self._until(lambda: self._ready, START_SECONDS)
        if not self._ready:
            raise SandboxError(self.broken or "the sandbox's process did not start")

    def fork(self, limits: SandboxLimits) -> tuple[int, socket.socket]:
        """A new child's number, and the line to it. Raises `SandboxError`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        number = next(self._numbers)
        with theirs:
            request = json.dumps({"do": "fork", "child": number, "limits": asdict(limits)}).encode()
            try:
                socket.send_fds(self._socket, [request], [theirs.fileno()])
            except OSError as error:
                ours.close()
                self.dead = True
                raise SandboxError(f"the sandbox's process is gone: {error}") from error
        ours.setblocking(False)
        return number, ours

    def kill(self, number: int) -> None:
        """End a child at once."""
        self._send({"do": "kill", "child": number})

    async def status(self, number: int) -> int | None:
        """How a child ended whose line is closed."""
        self._send({"do": "end", "child": number})
        await self._until(lambda: number in self._statuses, 2.0)
        return self._statuses.pop(number, None)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(message).encode())
        except OSError:  # without its zygote no child lives
            self.dead = True

    async def _until(self, known: Callable[[], bool], seconds: float) -> None:
        """Look again and again: several event loops may wait, so that none can own the socket."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not known() and not self.dead and loop.time() < end:
            if not self._read():
                await asyncio.sleep(0.002)

    def _read(self) -> bool:
        try:
            data = self._socket.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.dead = True
            return False
        message = json.loads(data)
        match message["is"]:
            case "ready":
                self._ready = True
            case "broken":
                self.broken, self.dead = message["text"], True
            case "ended":
                self._statuses[message["child"]] = message["status"]
        return True

    def close(self) -> None:
        """End it, and with it all its children."""
        self.dead = True
        self._socket.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_lock = threading.Lock()
_zygote: tuple[int, Zygote] | None = None


def shared() -> Zygote:
    """The zygote of this process; a process that was forked from ours makes its own."""
    global _zygote  # noqa: PLW0603 - warm once, however many runs there are
    with _lock:
        if _zygote is None or _zygote[0] != os.getpid() or _zygote[1].dead:
            if _zygote is not None and _zygote[0] == os.getpid():
                _zygote[1].close()
            _zygote = (os.getpid(), Zygote())
        return _zygote[1]


@atexit.register
def _close() -> None:
    if _zygote is not None and _zygote[0] == os.getpid():
        _zygote[1].close()


class Child:
    """One confined process."""

    def __init__(self, zygote: Zygote, number: int, transport: asyncio.Transport) -> None:
        self._zygote = zygote
        self._number = number
        self._transport = transport

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def kill(self) -> None:
        if not self._transport.is_closing():
            self._transport.abort()
        self._zygote.kill(self._number)

    async def ending(self) -> int | None:
        return await self._zygote.status(self._number)


async def launch(limits: SandboxLimits, worker: Worker) -> Child:
    """Fork a child. Raises `SandboxError`."""
    zygote = shared()
    await zygote.ready()
    number, line = zygote.fork(limits)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: Receiver(worker), sock=line)
    return Child(zygote, number, transport)


class JailSandbox:
    """The sandbox for Linux."""

    name = "jail"

    def __init__(self, most_workers: int = MOST_WORKERS) -> None:
        self._most = most_workers
        self._sessions: list[WorkerSession] = []

    async def session(self, limits: SandboxLimits | None = None) -> WorkerSession:
        """A session with a first child that waits. Raises `SandboxError`."""
        reason = available()
        if reason is not None:
            raise SandboxError(reason)
        session = WorkerSession(launch, limits or SandboxLimits(), self._most)
        await session.start()
        self._sessions = [each for each in self._sessions if not each.closed]
        self._sessions.append(session)
        return session

    async def close(self) -> None:
        """Close what is still open. The zygote stays warm until this process ends."""
        for session in self._sessions:
            await session.close()
        self._sessions.clear()
