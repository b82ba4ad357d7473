"""Python in pydantic-monty, an interpreter of its own, for machines that have no jail.

It knows less Python than CPython (no `fractions`, `statistics`, `heapq`, `enum`, inheritance, `del`, own generators)
and says so where that is met. Invariant: every piece gets an interpreter that has seen nothing before it.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from typing import Any

import pydantic_monty as monty

from flowreason.errors import FlowreasonError, PythonError, SandboxError, is_fatal
from flowreason.ports import (
    EmulateHost,
    EmulateResult,
    HostCall,
    PythonResult,
    PythonTask,
    SandboxLimits,
    TraceLine,
    UnknownCall,
)
from flowreason.sandbox.monty_code import Prepared, prepared
from flowreason.values import NotPlain, TooMuch, dumps, loads, show

MOST_PROCESSES = 64
MOST_CALLS = 1_000_000

Call = Callable[[str, tuple[Any, ...], dict[str, Any], int], Awaitable[Any]]
"""Answers a call to a function that is not in the code: (name, args, kwargs, line) → value."""


class MontySandbox:
    """The sandbox where there is no jail."""

    name = "monty"

    def __init__(self) -> None:
        self._pool: monty.AsyncMonty | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def session(self, limits: SandboxLimits | None = None) -> MontySession:
        """A session. Raises `SandboxError` where the interpreter cannot be started."""
        loop = asyncio.get_running_loop()
        if self._pool is None or self._loop is not loop:
            pool = monty.AsyncMonty(max_processes=MOST_PROCESSES)
            try:
                await pool.__aenter__()
            except (OSError, monty.MontyError) as error:
                raise SandboxError(f"pydantic-monty cannot be started: {error}") from error
            self._pool, self._loop = pool, loop
        return MontySession(self._pool, limits or SandboxLimits())

    async def close(self) -> None:
        """End all interpreters."""
        pool, self._pool = self._pool, None
        if pool is not None and self._loop is asyncio.get_running_loop():
            await pool.__aexit__(None, None, None)


MOST_BESIDE = 2_000_000
"""Characters of the values that a function of the prelude is given."""
MOST_PAIRS = 100_000
"""How often two texts are compared to group them."""


def _pairs(texts: Any = (), count: Any = 1, *_: Any) -> int:
    known = isinstance(texts, list | tuple) and isinstance(count, int)
    return len(texts) * min(count, len(texts)) if known else 0


class MontySession:
    """The session of one flow run; it keeps nothing."""

    def __init__(self, pool: monty.AsyncMonty, limits: SandboxLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._prelude = importlib.import_module("flowreason_dsl.prelude")
        self._closed = False

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        """See `SandboxSession.run`."""

        async def answer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], line: int) -> Any:
            if name in task.functions and call is not None:
                return await call(name, args, kwargs)
            raise NameError(f"name {name!r} is not defined")

        return await self._piece(task, answer)

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        """See `SandboxSession.emulate`. Functions that do not exist are asked for.

        A statement that fails otherwise is a `PythonError` of kind `unsupported`: this interpreter cannot go on after.
        """
        trace: list[TraceLine] = []

        async def answer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], line: int) -> Any:
            known = name in task.functions
            hint = kwargs.pop("ret_type", None)
            state = {name: show(value) for name, value in task.names.items()}
            hinted = hint if hint is None or isinstance(hint, str) else getattr(hint, "__name__", str(hint))
            value = await host.call(UnknownCall(name, args, kwargs, line, state, hinted, known))
            if not known:
                trace.append(TraceLine(line, "model", {}, line))
            return value

        try:
            done = await self._piece(task, answer, emulate=True)
        except PythonError as error:
            if error.kind in _LIMITS or error.kind in ("SyntaxError", "unsupported", "value"):
                raise
            text = (
                f"{error}; asking the model what a failed line changes needs the Linux sandbox, and this one is monty"
            )
            raise PythonError(text, kind="unsupported", line=error.line) from error
        return EmulateResult(done.value, tuple(trace), done.printed)

    async def close(self) -> None:
        """Nothing is kept."""
        self._closed = True

    # --- one piece ---

    async def _piece(self, task: PythonTask, call: Call, *, emulate: bool = False) -> PythonResult:
        if self._closed:
            raise SandboxError("the session is closed")
        code = prepared(task.code, task.names, emulate=emulate, written=task.written)
        output = monty.CollectString(max_bytes=self._limits.output)
        values = {name: loads(_dumped(name, value, self._limits.value)) for name, value in task.names.items()}
        async with self._pool.checkout(
            limits={
                "max_feed_duration_secs": self._limits.seconds,
                "max_memory": self._limits.memory,
                "max_suspensions": MOST_CALLS,
                "max_recursion_depth": 5_000,
            },
            os_policy={"random_start": {"seed": task.seed}},
            assert_message_annotations=False,
        ) as session:
            raised: list[tuple[str, FlowreasonError]] = []
            try:
                first = await session.feed_start(code.text, inputs=values, print_callback=output)
                value = await self._drive(first, call, code, raised)
            except monty.MontyError as error:
                raise self._failure(error, code, raised) from error
        return PythonResult(self._checked(value), output.output)

    async def _drive(self, snapshot: Any, call: Call, code: Prepared, raised: list[tuple[str, FlowreasonError]]) -> Any:
        """Answer what the interpreter asks until it ends."""
        while not isinstance(snapshot, monty.MontyComplete):
            if isinstance(snapshot, monty.AsyncNameLookupSnapshot):
                snapshot = await snapshot.resume()
            elif isinstance(snapshot, monty.AsyncFunctionSnapshot) and not snapshot.is_os_function:
                snapshot = await snapshot.resume(await self._answered(snapshot, call, code, raised))
            elif isinstance(snapshot, monty.AsyncFunctionSnapshot):
                snapshot = await snapshot.resume_not_handled()
            else:
                raise PythonError("`await` has no place in a piece", kind="unsupported")
        return snapshot.output

    async def _answered(
        self, asked: monty.AsyncFunctionSnapshot, call: Call, code: Prepared, raised: list[tuple[str, FlowreasonError]]
    ) -> Any:
        name = str(asked.function_name)
        try:
            args = tuple(loads(dumps(each)) for each in asked.args)
            kwargs = {key: each if key == "ret_type" else loads(dumps(each)) for key, each in asked.kwargs.items()}
            if name == "execute" and name not in code.shadowed:
                text = "`execute` runs the text of a program, which the sandbox for Linux can; this one is monty"
                raise PythonError(text, kind="unsupported")
            if name in self._prelude.__all__ and name not in code.shadowed:
                return {"return_value": await self._beside(name, args, kwargs)}
            return {"return_value": await call(name, args, kwargs, code.line_at(asked.position.start))}
        except FlowreasonError as error:
            if is_fatal(error):
                raise
            raised.append((str(error), error))
            return {"exception": RuntimeError(str(error))}
        except (NotPlain, NameError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
            return {"exception": error if not isinstance(error, NotPlain) else TypeError(f"{name}: {error}")}

    async def _beside(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a function of the prelude gives, worked out in a thread: this sandbox lacks what they are written in.

        Nobody can stop a thread, so what would take for ever is not begun.
        """
        if len(dumps([args, kwargs])) > MOST_BESIDE or (name == "clusters" and _pairs(*args, **kwargs) > MOST_PAIRS):
            text = f"these are too many values for `{name}` in this sandbox (monty); the one for Linux takes more"
            raise PythonError(text, kind="unsupported")
        work = asyncio.to_thread(getattr(self._prelude, name), *args, **kwargs)
        try:
            return await asyncio.wait_for(work, self._limits.seconds)
        except TimeoutError:
            raise PythonError(f"`{name}` took more than {self._limits.seconds:g} s", kind="timeout") from None

    def _failure(
        self, error: monty.MontyError, code: Prepared, raised: list[tuple[str, FlowreasonError]]
    ) -> FlowreasonError:
        """What is raised for a failure in the interpreter."""
        inner = error.exception()
        kind, text = type(inner).__name__, str(inner)
        for said, original in raised:
            if kind == "RuntimeError" and said == text:
                return original
        frames = error.traceback() if isinstance(error, monty.MontyRuntimeError | monty.MontySyntaxError) else []
        line = code.line(frames[-1].line) if frames else 0
        for part, limit in _LIMIT_TEXTS.items():
            if part in text:
                return PythonError(self._limit(limit), kind=limit, line=line)
        if isinstance(error, monty.MontyCrashedError):
            return PythonError(f"this Python ended its process: {text}", kind="timeout" if error.timed_out else "crash")
        if kind == "ModuleNotFoundError" and text.startswith("No module named"):
            text += " in monty; the sandbox for Linux has the usual ones"
        return PythonError(f"{kind}: {text}"[:500], kind=kind, line=line)

    def _limit(self, kind: str) -> str:
        match kind:
            case "timeout":
                return f"it ran longer than the {self._limits.seconds:g} seconds it may"
            case "memory":
                return "it needs more memory than is allowed"
        return f"more than {self._limits.output:,} characters were printed"

    def _checked(self, value: Any) -> Any:
        """A value, plain and of allowed size."""
        if isinstance(value, str) and value.startswith(("<function ", "<coroutine ")):
            raise PythonError("a function cannot be handed on", kind="NotPlain")
        try:
            text = dumps(value)
        except NotPlain as error:
            raise PythonError(str(error), kind="size" if isinstance(error, TooMuch) else "NotPlain") from error
        except (RecursionError, ValueError) as error:
            raise PythonError("the value is too deep or too long to be handed on", kind="size") from error
        if len(text) > self._limits.value:
            most = self._limits.value
            raise PythonError(
                f"the value is too big to be handed on: {len(text):,} characters of JSON, {most:,} allowed", kind="size"
            )
        return loads(text)


_LIMITS = ("timeout", "memory", "output", "size", "crash")
_LIMIT_TEXTS = {"time limit exceeded": "timeout", "memory limit exceeded": "memory", "max_bytes": "output"}


def _dumped(name: str, value: Any, most: int) -> str:
    try:
        text = dumps(value)
    except (NotPlain, RecursionError, ValueError) as error:
        raise PythonError(f"a value that it reads cannot be handed on: {error}", kind="NotPlain") from error
    if len(text) > 2 * most:
        raise PythonError(f"{name} is too big: {len(text):,} characters of JSON, {2 * most:,} allowed", kind="size")
    return text
