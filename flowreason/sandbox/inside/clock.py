"""The time that a piece may take, counted by the kernel in processor time, so that a busy machine makes no piece fail.

When it is used up, an exception ends the piece, which tells its line. Work in C hears no exceptions: a while later
a signal ends the process. Invariant: while a piece waits for the host, no time counts.
"""

from __future__ import annotations

import signal
from types import FrameType

from flowreason.sandbox.inside.output import Stop

GRACE = 0.25
"""Seconds that a piece has to hear that its time is over, and a quarter of its time more."""

_THERE = hasattr(signal, "setitimer")


class OutOfTime(Stop):
    """A piece used up its time. No `except Exception` of a piece catches it."""


def install() -> None:
    """Make the first signal an exception; the second keeps its deadly meaning."""
    if _THERE:
        signal.signal(signal.SIGPROF, _ring)


_rung: list[bool] = []


def rang() -> bool:
    """Whether the time of any piece was over, also of one that went on after."""
    return bool(_rung)


def _ring(number: int, frame: FrameType | None) -> None:
    _rung[:] = [True]
    raise OutOfTime


def count_down(seconds: float) -> float:
    """Let time run for so many seconds (0: stop it); what was left before.

    Where there are no such timers (Windows) the host's clock is all there is.
    """
    if not _THERE:
        return 0.0
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds * 1.25 + GRACE if seconds else 0)
    return signal.setitimer(signal.ITIMER_PROF, seconds)[0]
