"""How the time of something grows with its size, on a machine that does other things at the same time.

What is measured must do its work anew each time it is called. Invariant: what grows too fast is found however often it is looked at; what is only disturbed is looked at again. Time is
that of the processor, in this thread alone: neither other processes nor other threads count.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 6


def taken(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def within(times: float, small: Callable[[], object], large: Callable[[], object], *, room: float = 0.02) -> bool:
    """Whether the large work takes at most so many times as long as the small one, and `room` seconds.

    Growth in squares is found where `times` is about half of it: the least of several tries is hardly disturbed.
    """
    most = times * min(taken(small) for _ in range(3)) + room
    return any(taken(large) < most for _ in range(TRIES))


def quick(work: Callable[[], object], seconds: float) -> bool:
    """Whether something takes less than so many seconds, at least once."""
    return any(taken(work) < seconds for _ in range(TRIES))
