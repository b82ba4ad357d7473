"""Whether a process has become too worn to be used again, by pieces that changed nothing in it.

What a piece leaves to be collected, and what the standard library remembers of it, takes memory that a later piece
may need; a piece whose time ran out may have been stopped in the middle of anything. Invariant: a process that is used
again has all but a little of the memory that it began with.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable

from flowreason.sandbox.inside import clock

MOST = 32 * 1024 * 1024
"""Bytes that may be held more than in the beginning."""

BLOCK = 64
"""Bytes of one of Python's own blocks, about."""


SOON = 0.005
"""Seconds of processor time after which memory is looked at. A piece that finds none left is begun anew, alone."""


class Worn:
    """Called after a piece, with the seconds that it took, it says whether the process is worn."""

    def __init__(self) -> None:
        self._big, self._small = _outside(), sys.getallocatedblocks()
        self._used = 0.0

    def __call__(self, seconds: float) -> bool:
        if clock.rang():
            return True
        self._used += seconds
        if self._used < SOON:
            return False
        self._used = 0.0
        if self._grown() < MOST:
            return False
        gc.collect()
        return self._grown() >= MOST

    def _grown(self) -> int:
        return (sys.getallocatedblocks() - self._small) * BLOCK + _outside() - self._big


class _Info(ctypes.Structure):
    """`struct mallinfo2` of the GNU C library."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd")),
        *((name, ctypes.c_size_t) for name in ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")),
    ]


def _asking() -> Callable[[], int]:
    """Counts the bytes of big objects, which the C library holds; 0 where it cannot be asked."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return lambda: 0
    ask.restype = _Info

    def held() -> int:
        info = ask()
        return int(info.uordblks) + int(info.hblkhd)

    return held


_outside = _asking()
