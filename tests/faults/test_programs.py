"""Programs that a model wrote, executed or emulated: hostile ones reach no more than a piece of the flow's own Python."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

import flowreason as fr
from flowreason.errors import PythonError
from flowreason.ports import FailedLine, PythonTask, SandboxLimits, SandboxSession, UnknownCall
from flowreason.sandbox import jail
from flowreason_dsl import prelude
from tests.faults.test_sandbox_escapes import BOMBS, GADGETS, LIMITS, REACH, REFUSED

held = pytest.mark.skipif(jail.available() is not None, reason=str(jail.available()))


def within(work: Callable[[SandboxSession], Awaitable[Any]], limits: SandboxLimits = LIMITS) -> Any:
    async def main() -> Any:
        sandbox = jail.JailSandbox()
        session = await sandbox.session(limits)
        try:
            return await work(session)
        finally:
            await sandbox.close()

    return asyncio.run(main())


async def executed(session: SandboxSession, program: str) -> str:
    """The error of a program that is executed; the next piece must be served as if nothing had been."""
    try:
        found = await session.run(PythonTask("execute(program)", {"program": program}))
        said = str(found.value["error"] or found.value["value"])
    except PythonError as error:
        said = f"{error.kind}: {error}"
    assert (await session.run(PythonTask("1 + 1"))).value == 2
    return said


class Model:
    """Takes the place of whatever fails, and keeps why it did."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    async def call(self, request: UnknownCall) -> Any:
        return 0

    async def state(self, request: FailedLine) -> Mapping[str, Any]:
        self.errors.append(request.error)
        return dict.fromkeys(request.targets, 0)


@held
def test_the_kernel_refuses_what_programs_try_whether_they_are_executed_or_emulated() -> None:
    async def work(session: SandboxSession) -> None:
        for code in REFUSED:
            assert "not permitted" in await executed(session, REACH + code), code
            model = Model()
            await session.emulate(PythonTask(f"{REACH}answer = {code}", written=True), model)
            assert any("not permitted" in error for error in model.errors), code

    within(work, SandboxLimits(seconds=LIMITS.seconds, memory=512 * 1024 * 1024))


@held
def test_gadgets_in_programs_lead_nowhere() -> None:
    async def work(session: SandboxSession) -> None:
        for code in GADGETS:
            assert "root:" not in await executed(session, REACH + code)

    within(work)


@held
@pytest.mark.parametrize(("code", "kinds"), BOMBS)
def test_a_bomb_in_a_program_harms_its_own_piece_alone(code: str, kinds: str) -> None:
    said = within(lambda session: executed(session, REACH + code))
    assert kinds == "none" or any(kind in said for kind in (*kinds.split(), "Memory", "TypeError", "size")), said


SHAPES = [
    "-" * 100_000 + "1", "1+" * 100_000 + "1", "[" * 50_000, "x" + ".y" * 100_000, "x" + "[0]" * 50_000, "lambda:" * 50_000 + "1", "not " * 100_000 + "1", "(" * 99 + ")" * 99,
    "".join(" " * depth + "if 1:\n" for depth in range(120)) + " " * 120 + "1", "f'" + "{f'" * 50 + "'}" * 50 + "'", "x = " * 50_000 + "1", "a" * 1_000_000, "\n" * 1_000_000, "\0", "\ud800", "```" * 100_000,
    "if 1: 1\n" + "elif 1: 1\n" * 5_000, "def f(" + ",".join(f"a{n}" for n in range(5_000)) + "): 1\nf()", "{" + "1:{" * 5_000,
]  # fmt: skip


@held
@pytest.mark.parametrize("program", SHAPES, ids=range(len(SHAPES)))
def test_a_program_of_an_absurd_shape_is_a_value_or_told(program: str) -> None:
    async def work(session: SandboxSession) -> None:
        await executed(session, program)
        try:
            await session.emulate(PythonTask(program, written=True), Model())
        except PythonError as error:
            assert len(str(error)) < 1_000
        assert (await session.run(PythonTask("1 + 1"))).value == 2

    within(work)


@pytest.mark.skipif(importlib.util.find_spec("pydantic_monty") is None, reason="pydantic-monty is not installed")
@pytest.mark.parametrize(
    "call", ["execute(program)", "execute('1')", "list(map(execute, [program]))", "(lambda e: e(program))(execute)"]
)
def test_where_text_cannot_be_executed_the_host_does_not_do_it_either(call: str) -> None:
    from flowreason.sandbox.monty import MontySandbox

    async def main() -> Any:
        sandbox = MontySandbox()
        session = await sandbox.session(LIMITS)
        try:
            return (await session.run(PythonTask(call, {"program": "__import__('builtins').canary = 1"}))).value
        finally:
            await sandbox.close()

    with pytest.raises(PythonError):
        asyncio.run(main())
    with pytest.raises(RuntimeError, match="in a sandbox only"):
        prelude.execute("__import__('builtins').canary = 1")
    assert not hasattr(__import__("builtins"), "canary")


@held
def test_a_program_reaches_no_tool_that_the_flow_does_not_know_and_no_flow() -> None:
    done: list[str] = []

    @fr.tool
    def launch(what: str) -> str:
        done.append(what)
        return "launched"

    program = "x = launch('a')\ny = __builtins__['launch']('b')\nz = execute(\"launch('c')\").error\nanswer = [x, y, z]"
    text = "flow f(program: text) -> any { answer emulate program }"
    said = fr.ScriptedProvider(default='{"y": 0}')
    result = fr.loads(text, tools=[launch]).run(program=program, provider=said, store=None)
    assert done == [], result
