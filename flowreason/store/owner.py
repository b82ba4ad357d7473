"""Who works at a run, and whether they still live: by process on this machine, by its beat elsewhere.

Invariant: an owner is taken for dead only where that is certain: its process is gone, or another process has its
number, or the machine was started anew. Of a machine that cannot be looked into, nothing is known.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias


@cache
def _machine() -> str:
    """This machine since it was started, as this process sees its neighbours."""
    parts = [platform.node(), _read("/proc/sys/kernel/random/boot_id")]
    try:
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        parts.append("")
    return "|".join(parts)


def myself() -> str:
    """This process, told apart from any that has its number later."""
    return f"{_machine()}|{_process(os.getpid())}"


@cache
def _process(number: int) -> str:
    """A process that is this one, whose beginning does not change."""
    return f"{number}|{_started(number)}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.cache_clear)  # it may get the number of a process that is gone


State: TypeAlias = Literal["gone", "myself", "alive", "unknown"]


def state_of(owner: str) -> State:
    """What is known of an owner; the empty one is gone."""
    if not owner:
        return "gone"
    if owner == myself():
        return "myself"
    machine, _, started = owner.rpartition("|")
    machine, _, number = machine.rpartition("|")
    mine, theirs = _machine().split("|"), machine.split("|")
    if mine[0] != theirs[0] or len(theirs) != len(mine):
        return "unknown"
    if mine[1] and theirs[1] and mine[1] != theirs[1]:
        return "gone"  # the same machine, started anew since
    if mine != theirs or not number.isdigit():
        return "unknown"
    return "alive" if _lives(int(number)) and _started(int(number)) == started else "gone"


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return _state(number) not in ("Z", "X")


def _state(number: int) -> str:
    return (_stat(number) or [""])[0]


def _started(number: int) -> str:
    """When a process began, in the kernel's count; empty where there is none to read."""
    fields = _stat(number)
    return fields[19] if len(fields) > 19 else ""


def _stat(number: int) -> list[str]:
    """What the kernel tells of a process, behind its name, which may hold anything."""
    return _read(f"/proc/{number}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""
