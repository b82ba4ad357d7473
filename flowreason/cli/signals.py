"""A run that is told to stop: by Ctrl-C, by `kill`, by a terminal that closes, by a machine that goes down.

Invariant: the first signal cancels the run in good order; what cannot be cancelled, as a tool that is no coroutine, is
waited for. The next signal ends the process at once. One that is ignored, as under `nohup`, stays ignored.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

SIGNALS = tuple(found for name in ("SIGINT", "SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None)
A_WHILE = 2.0
"""Seconds after which a person is told that something is waited for."""
_SHOW_CURSOR = "\x1b[?25h"


class Stopping:
    """Which signal stopped a run; `told` says to the person what is waited for."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self.signal = 0
        self._told = told
        self._over = threading.Event()

    @property
    def code(self) -> int:
        """The exit code that shells know: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
        return 128 + (self.signal or signal.SIGINT)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Inside of the task that is to be cancelled."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        ours: list[signal.Signals] = []

        def restore() -> None:
            while ours:
                loop.remove_signal_handler(ours.pop())

        def stop(number: signal.Signals) -> None:
            self.signal = number
            listened = tuple(ours)
            restore()
            for each in listened:
                signal.signal(each, leave)
            threading.Thread(target=self._tell_later, daemon=True).start()
            if task is not None:
                task.cancel()

        try:
            for each in SIGNALS:
                if signal.getsignal(each) is not signal.SIG_IGN:
                    with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in this thread
                        loop.add_signal_handler(each, stop, each)
                        ours.append(each)
            yield
        finally:
            restore()

    def over(self) -> None:
        """The run is cancelled, and nothing is waited for."""
        self._over.set()

    def _tell_later(self) -> None:
        if not self._over.wait(A_WHILE):
            self._told("something cannot be stopped in the middle and is waited for; Ctrl-C once more leaves at once")


def leave(number: int, _frame: Any) -> None:
    """End here and now; what was kept is whole."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write(_SHOW_CURSOR + "\n")
            sys.stderr.flush()
    os._exit(128 + number)


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """While the event loop waits for the person, what ends the process must not wait for the event loop."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, signal.default_int_handler if each == signal.SIGINT else leave)
    try:
        yield
    finally:
        for each, handler in before.items():
            if handler is not None:
                signal.signal(each, handler)
