"""Sandbox sessions that go from run to run, because a fresh one takes longer than most Python of a flow.

Invariant: no run can tell: a session goes on to the next run only if every piece that ran in it leaves nothing behind,
by what its code can do at all (`leaves_nothing`), and every one of them ended well.
"""

from __future__ import annotations

import ast
from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType

from flowreason.ports import (
    EmulateHost,
    EmulateResult,
    HostCall,
    PythonResult,
    PythonTask,
    Sandbox,
    SandboxLimits,
    SandboxSession,
)
from flowreason_dsl.python_world import MODULES

MOST_IDLE = 16
"""Sessions that wait for a run; each is a process."""
MOST_PIECES = 1_000
"""Pieces after which a session is not handed on, so that what a process loses to fragmentation stays little."""

_PUBLIC = (
    "bisect", "collections", "copy", "datetime", "fractions", "heapq", "itertools", "json", "math", "random", "re",
    "statistics", "string",
)  # fmt: skip
_SOME = {
    "functools": frozenset({"cache", "cmp_to_key", "lru_cache", "partial", "reduce"}),
    "decimal": frozenset({"Decimal"}),
}
"""Of modules whose other functions change what they are given."""
_REACHING = frozenset({
    "breakpoint", "compile", "delattr", "eval", "exec", "execute", "getattr", "globals", "locals", "memoryview",
    "setattr", "super", "type", "vars",
})  # fmt: skip
"""Functions by which code could reach what is not its own."""


class Sessions:
    """A sandbox whose sessions are warm."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._idle: list[tuple[SandboxSession, int]] = []
        self._closed = False

    @property
    def name(self) -> str:
        return self._sandbox.name

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        """A session, warm where there is one. Raises `SandboxError`."""
        if limits != SandboxLimits():
            return await self._sandbox.session(limits)
        session, pieces = self._idle.pop() if self._idle else (await self._sandbox.session(limits), 0)
        return _OnLoan(session, pieces, self)

    async def take_back(self, session: SandboxSession, pieces: int) -> None:
        """A session in which nothing is left."""
        if self._closed or len(self._idle) >= MOST_IDLE or pieces >= MOST_PIECES:
            await session.close()
        else:
            self._idle.append((session, pieces))

    async def close(self) -> None:
        """Close those that nobody has; the others are closed when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for session, _ in idle:
            await session.close()


class _OnLoan:
    """A session in the hands of one run."""

    def __init__(self, session: SandboxSession, pieces: int, home: Sessions) -> None:
        self._session = session
        self._pieces = pieces
        self._home = home
        self._busy = 0
        self._spent = False

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        self._spent = self._spent or not leaves_nothing(task.code)
        self._pieces += 1
        self._busy += 1
        try:
            return await self._session.run(task, call)
        except BaseException:
            self._spent = True
            raise
        finally:
            self._busy -= 1

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        self._spent = True
        return await self._session.emulate(task, host)

    async def close(self) -> None:
        if self._spent or self._busy:
            await self._session.close()
            return
        self._spent = True
        await self._home.take_back(self._session, self._pieces)


# --- what code can do at all ---


@lru_cache(maxsize=4096)
def leaves_nothing(code: str) -> bool:
    """Whether a piece cannot change anything but its own names and values; false where that is not certain."""
    try:
        return _harmless(ast.parse(code if "return" not in code else _as_function(code)))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _as_function(code: str) -> str:
    """`return` stands at the top of a piece, where Python itself has none."""
    return "def piece():\n" + "\n".join(f" {line}" for line in code.splitlines())


def _harmless(node: ast.AST) -> bool:
    match node:
        case ast.Global():
            return False
        case ast.Import(names=names):
            return all(each.asname is None and each.name in _public() for each in names)
        case ast.ImportFrom(module=module, names=names):
            return all(each.name in _public().get(module or "", ()) for each in names)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES:
            return isinstance(node.ctx, ast.Load) and name in _public().get(module, ())
        case ast.Attribute(attr=name, ctx=context) if name.startswith("_") or not isinstance(context, ast.Load):
            return False
        case ast.Name(id=name) if name in _REACHING or name in MODULES or name.startswith("__"):
            return False
    return all(_harmless(each) for each in ast.iter_child_nodes(node))


@cache
def _public() -> dict[str, frozenset[str]]:
    """Of each module, the functions and classes that change nothing but what they are given by whoever calls them."""
    found = dict(_SOME)
    for name in _PUBLIC:
        module = import_module(name)
        names = getattr(module, "__all__", None) or [each for each in dir(module) if not each.startswith("_")]
        found[name] = frozenset(each for each in names if not isinstance(getattr(module, each), ModuleType))
    return found
