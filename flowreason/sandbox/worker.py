"""The host's side of one worker process: pieces nested in it, the time they take, and what it says.

Invariant: time counts for the piece that runs, not for those that wait for the host. A worker that breaks a limit
or a rule is killed at once; every piece in it then fails, the guilty one with the reason. One that is worn takes no
further piece, and ends with the last that is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from flowreason.errors import FlowreasonError, PythonError, SandboxError
from flowreason.ports import SandboxLimits
from flowreason.sandbox.messages import Asked, Broken, Message, Misbehaved, Ready, pack, read

START_SECONDS = 30.0
PATIENCE = 3
"""A piece may take so many times its seconds on the wall: its limit is processor time, which the kernel counts, so that
a busy machine makes no piece fail. What waits without computing is stopped by this."""

OUT_OF_TIME = (24, 26)
"""The signals that end a process whose processor time is used up (SIGXCPU, SIGVTALRM)."""

ROOM = 64 * 1024
"""Bytes of a message beside value and output."""


class Process(Protocol):
    """A running worker process."""

    def write(self, data: bytes) -> None:
        """Send bytes without waiting."""
        ...

    def kill(self) -> None:
        """End it at once. May be called more than once."""
        ...

    async def ending(self) -> int | None:
        """How it ended by itself: its exit status, or minus the signal; None where nobody knows."""
        ...


Launch = Callable[[SandboxLimits, "Worker"], Awaitable[Process]]
"""Starts a process whose output goes to `Worker.received`, and its end to `Worker.gone`. Raises `SandboxError`."""


class Running:
    """One piece under way.

    `asked` is the number of the call that it waits for, 0 while it runs; `errors` are what its calls raised, by number;
    `failed` is why its process was stopped; `abandoned` means that nobody wants its value any more.
    """

    __slots__ = ("abandoned", "asked", "errors", "failed", "left", "number", "said")

    def __init__(self, number: int, seconds: float, said: asyncio.Future[Message]) -> None:
        self.number = number
        self.left = seconds
        self.said = said
        self.asked = 0
        self.abandoned = False
        self.errors: dict[int, FlowreasonError] = {}
        self.failed: FlowreasonError | None = None

    @property
    def waiting(self) -> bool:
        return self.asked != 0


class Worker:
    """Speaks with one process."""

    def __init__(self, limits: SandboxLimits, changed: Callable[[], None]) -> None:
        self.limits = limits
        self.stack: list[Running] = []
        self.dead = False
        self.reserved = False
        self.fresh = True
        self.worn = False
        self._changed = changed
        self._process: Process | None = None
        self._buffer = bytearray()
        self._most = limits.value + 6 * limits.output + ROOM
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timed: Running | None = None
        self._since = 0.0
        self._ready: asyncio.Future[None] = self._loop.create_future()

    async def start(self, launch: Launch) -> None:
        """Start the process and wait until it is confined. Raises `SandboxError`."""
        try:
            self._process = await launch(self.limits, self)
            async with asyncio.timeout(START_SECONDS):
                await self._ready
        except TimeoutError as error:
            self.stop()
            raise SandboxError(f"the process for Python did not start within {START_SECONDS:g} seconds") from error
        except BaseException:
            self.stop()
            raise

    @property
    def idle(self) -> bool:
        return not self.stack and not self.dead and not self.reserved and not self.worn

    @property
    def ready(self) -> bool:
        """Whether a piece may begin, be it inside one that waits."""
        return not self.dead and not self._runs and not self.worn

    @property
    def waiting(self) -> bool:
        return bool(self.stack) and self.stack[-1].waiting

    @property
    def computing(self) -> bool:
        return self.reserved or self._runs

    @property
    def _runs(self) -> bool:
        return bool(self.stack) and not self.stack[-1].waiting

    # --- what the host wants ---

    def begin(self, number: int, message: bytes) -> Running:
        """Start a piece, inside the one that waits, if there is one."""
        self.reserved = self.fresh = False
        running = Running(number, PATIENCE * self.limits.seconds, self._loop.create_future())
        self.stack.append(running)
        self._write(message)
        self._time()
        return running

    def answer(self, running: Running, message: dict[str, Any]) -> None:
        """Answer what a piece asked; it goes on. Raises what stopped its process in the meantime."""
        if running.failed is not None:
            raise running.failed
        running.asked = 0
        running.said = self._loop.create_future()
        self._write(pack(message))
        self._time()

    def abandon(self, running: Running) -> None:
        """Nobody waits for a piece any more. Where others wait below it, it ends by itself or at its limit of time."""
        if running not in self.stack:
            return
        running.abandoned = True
        if running.waiting:
            self._end(running)
        elif len(self.stack) == 1:
            self.stop()

    def _end(self, running: Running) -> None:
        """Answer what a piece asked with the order to end."""
        self.answer(running, {"do": "answer", "call": running.asked, "end": True})

    def stop(self, error: FlowreasonError | None = None) -> None:
        """Kill the process. The piece that runs fails with `error`; those below it fail as well."""
        if self.dead:
            return
        self.dead = True
        self._ready.cancel()
        stack, self.stack = self.stack, []
        self._time()
        if self._process is not None:
            self._process.kill()
        for running in stack:
            running.failed = error if running is stack[-1] and error else _stopped()
            if not running.said.done():
                running.said.set_exception(running.failed)
                running.said.exception()  # the piece may be gone; then nobody looks
        self._changed()

    def _write(self, data: bytes) -> None:
        if self._process is not None and not self.dead:
            self._process.write(data)

    # --- time ---

    def _time(self) -> None:
        """Let time count for the piece that runs, and for no other."""
        now = self._loop.time()
        if self._timer is not None and self._timed is not None:
            self._timer.cancel()
            self._timed.left -= now - self._since
        self._timer = self._timed = None
        if self._runs:
            self._timed, self._since = self.stack[-1], now
            self._timer = self._loop.call_later(max(0.0, self._timed.left), self._overtime)

    def _overtime(self) -> None:
        self.stop(self._too_long())

    def _too_long(self) -> PythonError:
        return PythonError(f"it ran longer than the {self.limits.seconds:g} seconds it may", kind="timeout")

    # --- what the process says ---

    def received(self, data: bytes | memoryview) -> None:
        """Bytes from the process."""
        buffer = self._buffer
        buffer += data
        while not self.dead and len(buffer) >= 4:
            size = int.from_bytes(buffer[:4], "big")
            if size > self._most:
                self.stop(PythonError(f"it sent a message of {size:,} bytes", kind="size"))
                return
            if len(buffer) < 4 + size:
                return
            message = bytes(buffer[4 : 4 + size])
            del buffer[: 4 + size]
            self._message(message)

    def _message(self, data: bytes) -> None:
        try:
            number, message = read(data)
            if isinstance(message, Ready | Broken) and not self._ready.done():
                self._started(message)
                return
            if isinstance(message, Ready | Broken) or not self._may_speak(number):
                raise Misbehaved("it spoke when it was not asked")
        except Misbehaved as error:
            self.stop(PythonError(f"this Python was stopped: {error}", kind="protocol"))
            return
        self._said(self.stack[-1], message)

    def _may_speak(self, number: int) -> bool:
        return bool(self.stack) and self.stack[-1].number == number and not self.stack[-1].waiting

    def _started(self, message: Ready | Broken) -> None:
        if isinstance(message, Ready):
            self._ready.set_result(None)
        else:
            self._ready.set_exception(SandboxError(message.text))

    def _said(self, running: Running, message: Message) -> None:
        if isinstance(message, Asked):
            running.asked = message.number
        else:
            self.stack.pop()
            self.worn = self.worn or getattr(message, "worn", False)
        self._time()
        if not running.said.done():  # it is cancelled with the task that waited
            running.said.set_result(message)
        if running.abandoned and running.waiting:
            self._end(running)
        if self.worn and not self.stack:
            self.stop()
        else:
            self._changed()

    def gone(self) -> None:
        """The process ended by itself."""
        if not self._ready.done():
            self._ready.set_exception(SandboxError("the process for Python ended before it had started"))
        if self.dead:
            return
        if not self.stack or self._process is None:
            self.stop()
            return
        self._ending = self._loop.create_task(self._explain(self._process))

    async def _explain(self, process: Process) -> None:
        status = await process.ending()
        if status is not None and -status in OUT_OF_TIME:
            self.stop(self._too_long())
        else:
            self.stop(PythonError(f"this Python ended its process: {in_words(status)}", kind="crash"))


def in_words(status: int | None) -> str:
    """An exit status, or minus a signal."""
    if status is None:
        return "nobody knows how"
    if status >= 0:
        return f"exit status {status}"
    known = {9: "it was killed, perhaps for want of memory", 11: "it crashed (segmentation fault)"}
    return known.get(-status, f"signal {-status}")


def _stopped() -> PythonError:
    return PythonError("its process was stopped because of another piece of Python in it", kind="stopped")
