"""Locks a child in: limits, its death with its parent, the system call filter; then tries to get out.

Invariant: `confine` returns only in a process that can neither open a file nor a socket nor start another process.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
from collections.abc import Callable
from typing import Any

from flowreason.sandbox.inside.seccomp import Filter
from flowreason.sandbox.inside.serve import STACK

LINE = 3
"""The one descriptor that a child keeps."""

CPU_SECONDS = 24 * 3600
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4


class NotConfined(RuntimeError):
    """The kernel let something through that must be forbidden."""


class Confiner:
    """What is made ready once, in the zygote."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._filter = Filter(LINE)
        _die_first()
        self._size = _size()

    def confine(self, limits: dict[str, Any], parent: int) -> None:
        """Lock this process in. Raises OSError or `NotConfined`."""
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)
        _limit(self._size + limits["memory"])
        self._libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        self._filter.load()
        self_test()


def _die_first() -> None:
    """When the machine runs out of memory, this process and its children go before others of their size, not before a
    real hog."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("300")
    except OSError:
        return


def _size() -> int:
    """Bytes of address space that this process takes now, and its children in the beginning."""
    with open("/proc/self/statm", encoding="ascii") as sizes:
        return int(sizes.read().split()[0]) * resource.getpagesize()


def _limit(space: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        resource.setrlimit(kind, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))


def self_test() -> None:
    """Try what must fail. Raises `NotConfined`."""
    attempts: dict[str, Callable[[], object]] = {
        "open a file": lambda: os.open("/", os.O_RDONLY),
        "open a socket": socket.socket,
        "list a folder": lambda: os.listdir("/"),
        "start a process": _fork,
        "send a signal": lambda: os.kill(os.getppid(), 0),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except PermissionError:
            continue
        raise NotConfined(f"it can still {name}")


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
