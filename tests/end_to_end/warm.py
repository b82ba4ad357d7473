"""A process that has loaded the command already, and becomes it again and again: what starts it is half of what a
command costs. `Warm` is the other end of the line to it.

Each command is a process of its own all the same, forked before anything was run: with its own arguments, environment,
folder, descriptors, session and signals, and with the tests for a parent. Invariant: what runs in it is what
`python -m flowreason` would run. Where that is not certain (an environment that Python itself reads), it is refused.
"""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

LIMIT = 4 * 1024 * 1024
HARMLESS = frozenset(
    {"COLUMNS", "HOME", "LC_CTYPE", "NO_COLOR", "OPENAI_API_KEY", "OPENAI_BASE_URL", "SOME_TOKEN", "TERM"}
)
"""What may differ from one command to the next, besides the settings of flowreason and of its servers."""

SELDOM = tuple(f"flowreason.{name}" for name in ("__main__", "editor", "sandbox.inside", "sandbox.monty", "tracing"))
THEIRS = ("lark", "networkx", "openai.resources.chat", "platformdirs", "rich.live", "sqlalchemy.dialects.sqlite")
_SUBREAPER = 36
_lock = threading.Lock()


def alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two environments differ in nothing that is read while Python or the libraries start."""
    names = {name for name in {*one, *other} if one.get(name) != other.get(name)}
    return all(name in HARMLESS or name.startswith("FLOWREASON_") for name in names)


class Warm:
    """The process, and how a command is begun in it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=env, pass_fds=[theirs.fileno()], cwd="/",
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._line = ours
        self._env = dict(env)

    def takes(self, env: Mapping[str, str]) -> bool:
        """Whether a command with this environment can be begun here."""
        return alike(self._env, env)

    def begin(
        self, arguments: Sequence[str], folder: str, env: Mapping[str, str], streams: Sequence[int], session: bool
    ) -> int:
        """Begin a command; the number of its process, which is a child of this one."""
        asked = json.dumps({"arguments": arguments, "folder": folder, "env": dict(env), "session": session}).encode()
        with _lock, _adopting():
            socket.send_fds(self._line, [len(asked).to_bytes(4, "big")], streams)
            self._line.sendall(asked)
            return int.from_bytes(_exactly(self._line, 4), "big")

    def close(self) -> None:
        """End it; the commands that it began go on."""
        self._line.close()
        self._process.wait(20)


@contextmanager
def _adopting() -> Iterator[None]:
    """Whoever loses its parent meanwhile becomes a child of this process."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = line.recv(size - len(got))
        if not more:
            raise EOFError("the process that begins commands is gone")
        got += more
    return got


# --- in the process ---


def main() -> None:
    """Begin commands until nobody asks any more. In a child: be the command."""
    del sys.path[0]
    _load()
    line = socket.socket(fileno=int(sys.argv[1]))
    coerced = {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    gc.collect()
    gc.freeze()
    while True:
        try:
            asked, streams = _asked(line)
        except (EOFError, KeyboardInterrupt):
            os._exit(0)
        if (child := _fork(line)) == 0:
            line.detach()
            _become(asked, streams, coerced)
            runpy.run_module("flowreason", run_name="__main__", alter_sys=True)
            return
        for stream in streams:
            os.close(stream)
        line.sendall(child.to_bytes(4, "big"))


def _load() -> None:
    """What most commands need; nothing that keeps a thread, and nothing that reads the environment."""
    import flowreason
    from flowreason_dsl.lexer import tokenize

    for module in pkgutil.walk_packages(flowreason.__path__, "flowreason."):
        if not module.name.startswith(SELDOM):
            importlib.import_module(module.name)
    for name in THEIRS:
        importlib.import_module(name)
    tokenize("")  # reads the grammar, which is the same for all
    assert threading.active_count() == 1, threading.enumerate()


def _asked(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    size, controls, _, _ = line.recvmsg(4, socket.CMSG_SPACE(3 * 4))
    streams = array.array("i")
    for _, _, data in controls:
        streams.frombytes(data)
    if not size:
        raise EOFError
    length = int.from_bytes(size + _exactly(line, 4 - len(size)), "big")
    return json.loads(_exactly(line, length)), list(streams)


def _fork(line: socket.socket) -> int:
    """In the child 0, here the child's number. It is nobody's child here: whoever asked adopts it."""
    told, tell = os.pipe()
    between = os.fork()
    if between:
        os.close(tell)
        os.waitpid(between, 0)
        with open(told, "rb") as end:
            return int.from_bytes(end.read(4), "big")
    child = os.fork()
    if child:
        os.write(tell, child.to_bytes(4, "big"))
        os._exit(0)
    return 0


def _become(asked: dict[str, Any], streams: list[int], coerced: dict[str, str]) -> None:
    """What a fresh Python has: three streams, an environment, a folder, arguments, and nothing else."""
    if asked["session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1024)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update({**coerced, **asked["env"]})
    sys.argv = ["-m", *asked["arguments"]]
    sys.path.insert(0, os.getcwd())
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        _put(name, mode, number)


def _put(name: str, mode: str, number: int) -> None:
    """A standard stream as Python makes it when it starts."""
    before = getattr(sys, name)
    binary = open(number, f"{mode}b", closefd=False)  # noqa: SIM115
    binary.raw.name = f"<{name}>"  # type: ignore[attr-defined]
    lines = name == "stderr" or os.isatty(number)
    made = io.TextIOWrapper(binary, before.encoding, before.errors, "\n", lines)
    made.mode = mode  # type: ignore[misc]
    setattr(sys, name, made)
    setattr(sys, f"__{name}__", made)


if __name__ == "__main__":
    main()
