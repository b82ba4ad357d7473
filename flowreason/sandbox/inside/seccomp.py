"""The kernel's list of allowed system calls, by libseccomp, which knows the tables of all processors.

Invariant: what is not allowed fails with EPERM; reading and writing are allowed on one descriptor alone, and no memory
becomes executable.
"""

from __future__ import annotations

import ctypes
import errno
import os

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
EQUAL, MASKED_EQUAL = 4, 7
PROT_EXEC = 4
ITIMER_VIRTUAL, ITIMER_PROF = 1, 2

CALLS = (
    "brk", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "exit", "exit_group", "futex",
    "futex_time64", "getrandom", "gettimeofday", "madvise", "mremap", "munmap", "restart_syscall", "rt_sigreturn",
    "sched_yield", "time",
)  # fmt: skip


_INSTRUCTION = 8
"""Bytes of one instruction of a filter."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.POINTER(ctypes.c_char))]


class _Compare(ctypes.Structure):
    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    ]


class Filter:
    """A filter made once and loaded in many children."""

    def __init__(self, descriptor: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(REFUSE)))
        if not self._context:
            raise OSError("libseccomp gave no filter")
        for name in CALLS:
            self._allow(name)
        for name in ("read", "write"):
            self._allow(name, _Compare(0, EQUAL, descriptor, 0))
        for timer in (ITIMER_VIRTUAL, ITIMER_PROF):
            self._allow("setitimer", _Compare(0, EQUAL, timer, 0))
        for name in ("mmap", "mmap2", "mprotect"):
            self._allow(name, _Compare(2, MASKED_EQUAL, PROT_EXEC, 0))
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._program = self._exported()

    def _allow(self, name: str, *conditions: _Compare) -> None:
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # this processor has no such call
            return
        array = (_Compare * len(conditions))(*conditions)
        self._check(
            self._library.seccomp_rule_add_array(
                self._context, ctypes.c_uint32(ALLOW), ctypes.c_int(number), ctypes.c_uint(len(conditions)), array
            )
        )

    def load(self) -> None:
        """Confine this process for good; this also forbids new privileges. Raises OSError."""
        program = self._program
        if self._libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or self._libc.prctl(
            _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
        ):
            raise OSError(ctypes.get_errno(), "the kernel took no filter")

    def _exported(self) -> _Program:
        """The filter as the kernel takes it: made once, as it is costly to make."""
        reading, writing = os.pipe()
        try:
            os.set_blocking(writing, False)  # a filter that does not fit is an error, and hangs nothing
            self._check(self._library.seccomp_export_bpf(self._context, ctypes.c_int(writing)))
            code = os.read(reading, 65536)
        finally:
            os.close(reading)
            os.close(writing)
        if not code or len(code) % _INSTRUCTION:
            raise OSError("libseccomp exported no filter")
        return _Program(len(code) // _INSTRUCTION, ctypes.create_string_buffer(code, len(code)))

    @staticmethod
    def _check(status: int) -> None:
        if status:
            raise OSError(-status, "libseccomp refused")
