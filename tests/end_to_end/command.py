"""Runs the real command in a process of its own, as a person or a program would.

Most begin in a process that has loaded the command already (`warm`), which is several times as quick; `COMMAND` starts
from nothing.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from tests.end_to_end.warm import Warm

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-0123456789abcdef-0123456789"
COMMAND = [sys.executable, "-m", "flowreason"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A clean environment: no key, no configuration, nothing of the machine's own settings."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "dsl", "ui"))
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONPATH": paths, "HOME": str(folder), "TERM": "xterm", **more}


class Started(subprocess.Popen[Any]):
    """A process that was begun with `COMMAND`, but for what Python does until the command is loaded."""

    _warm: ClassVar[dict[int, Warm]] = {}
    _turn = count()

    def _execute_child(self, args: Any, executable: Any, preexec: Any, close: Any, passed: Any, cwd: Any, env: Any,
                       info: Any, flags: Any, shell: Any, p2cread: int, p2cwrite: int, c2pread: int, c2pwrite: int,
                       errread: int, errwrite: int, *more: Any) -> None:  # fmt: skip
        warm = self._next(env) if list(args[: len(COMMAND)]) == COMMAND and sys.platform == "linux" else None
        if warm is None or preexec is not None or -1 in (p2cread, c2pwrite, errwrite):
            before = (args, executable, preexec, close, passed, cwd, env, info, flags, shell)
            super()._execute_child(  # type: ignore[misc]
                *before, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, *more
            )
            return
        try:
            streams = (p2cread, c2pwrite, errwrite)
            self.pid = warm.begin(args[len(COMMAND) :], str(cwd), env, streams, session=more[-2])
            self._child_created = True
        finally:
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    @classmethod
    def _next(cls, env: Mapping[str, str]) -> Warm | None:
        """Each of two in turn, so that commands that follow one another order their sets differently, as always."""
        turn = next(cls._turn) % 2
        if turn not in cls._warm:
            cls._warm[turn] = Warm(environment(Path("/")))
        return cls._warm[turn] if cls._warm[turn].takes(env) else None


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as the one JSON object that it must be."""
        return json.loads(self.out)


def flowreason(*arguments: str, folder: Path, stdin: bytes = b"", timeout: float = 60, **env: str) -> Outcome:
    """Run a command line to its end, in a folder, with nobody at a terminal."""
    pipe = subprocess.PIPE
    words = [*COMMAND, *arguments]
    with Started(words, cwd=folder, env=environment(folder, **env), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return Outcome(process.returncode, out.decode(), err.decode())


def asked_of(url: str, **more: str) -> dict[str, str]:
    """The environment in which a server's model is configured."""
    return {
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": KEY,
        "FLOWREASON_MODEL": "heron",
        "FLOWREASON_RETRIES": "0",
        **more,
    }


class Terminal:
    """The command at a terminal: what a person sees is in `screen`, what goes to stdout in `out`."""

    def __init__(self, *arguments: str, folder: Path, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self.process = Started(
            [*COMMAND, *arguments], cwd=folder, env=environment(folder, **env), stdin=theirs, stderr=theirs,
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.screen = ""

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Read until a text is on the screen."""
        until = time.monotonic() + seconds
        while text not in self.screen:
            left = until - time.monotonic()
            assert left > 0, f"{text!r} did not come; the screen shows:\n{self.screen}"
            if not self._read(left):
                raise AssertionError(f"the command ended without {text!r}:\n{self.screen}")

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            return False
        self.screen += got.decode("utf-8", "replace")
        return bool(got)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, seconds: float = 30) -> Outcome:
        """Wait for the end; the screen goes on being read meanwhile."""
        until = time.monotonic() + seconds
        while self._read(max(0.0, until - time.monotonic())) and time.monotonic() < until:
            pass
        out, _ = self.process.communicate(timeout=5)
        os.close(self._ours)
        return Outcome(self.process.returncode, out.decode(), self.screen)


def is_short(text: str) -> bool:
    """At most three lines, no traceback, no key."""
    return 0 < len(text.strip().splitlines()) <= 3 and "Traceback" not in text and KEY not in text
