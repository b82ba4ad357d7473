"""Sandbox sessions go from run to run only where no run can tell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import flowreason as fr
from flowreason.batch.warm import MOST_IDLE, MOST_PIECES, Sessions
from flowreason.ports import PythonResult, PythonTask, SandboxLimits


class Fake:
    """A sandbox whose sessions say which they are."""

    name = "fake"

    def __init__(self) -> None:
        self.made = 0
        self.closed: list[int] = []

    async def session(self, limits: SandboxLimits) -> Any:
        self.made += 1
        return FakeSession(self, self.made)

    async def close(self) -> None:
        """Nothing is open."""


class FakeSession:
    def __init__(self, home: Fake, number: int) -> None:
        self._home = home
        self.number = number

    async def run(self, task: PythonTask, call: Any = None) -> PythonResult:
        await asyncio.sleep(0)
        if task.code == "boom":
            raise fr.SandboxError("broken")
        return PythonResult(self.number)

    async def emulate(self, task: PythonTask, host: Any) -> Any:
        return None

    async def close(self) -> None:
        self._home.closed.append(self.number)


async def used(sandbox: Sessions, *codes: str, limits: SandboxLimits | None = None) -> list[int]:
    """What a run does; which session each piece had."""
    session, numbers = await sandbox.session(limits or SandboxLimits()), []
    for code in codes:
        try:
            numbers.append((await session.run(PythonTask(code))).value)
        except fr.SandboxError:
            numbers.append(0)
    await session.close()
    return numbers


def test_a_session_is_lent_again_and_code_that_may_leave_something_has_its_own() -> None:
    async def main() -> None:
        fake = Fake()
        sandbox = Sessions(fake)
        assert [await used(sandbox, "1 + 1") for _ in range(3)] == [[1]] * 3 and fake.closed == []
        assert await used(sandbox, "1 + 1", "math.pi = 3", "2", "math.e = 3") == [1, 2, 2, 2] and fake.closed == [2]
        assert await used(sandbox, "math.pi = 3") == [3] and fake.closed == [2, 3]
        session = await sandbox.session(SandboxLimits())
        await session.emulate(PythonTask("1"), None)  # type: ignore[arg-type]
        await session.close()
        assert fake.closed == [2, 3, 4]
        assert await used(sandbox, "1", limits=SandboxLimits(seconds=1.0)) == [5] and fake.closed[-1] == 5
        assert await used(sandbox, "3", "boom") == [1, 0] and fake.closed[-1] == 1
        session = await sandbox.session(SandboxLimits())
        running = asyncio.ensure_future(session.run(PythonTask("1")))
        await asyncio.sleep(0)
        await session.close()  # before or while a piece is under way
        await asyncio.gather(running, return_exceptions=True)
        assert await used(sandbox, *["1"] * MOST_PIECES) == [7] * MOST_PIECES and fake.closed[-1] == 7
        await asyncio.gather(*(used(sandbox, "1") for _ in range(MOST_IDLE + 9)))
        idle = fake.made - len(fake.closed)
        assert idle == MOST_IDLE
        late = await sandbox.session(SandboxLimits())
        await late.run(PythonTask("1"))
        await sandbox.close()
        await late.close()
        await (await sandbox.session(SandboxLimits())).close()
        assert sorted(fake.closed) == list(range(1, fake.made + 1))

    asyncio.run(main())


def test_rows_come_out_the_same_whether_sessions_are_lent_again_or_not() -> None:
    """Against the real sandbox, with code that changes what it can reach."""
    flow = fr.loads(
        "flow f(n: int) -> number {\n  a: number = `round(decimal.Decimal(1) / 3, 9)`\n"
        "  b = ```\n  if n % 5 == 0:\n      decimal.getcontext().prec = 4\n      statistics.mean = max\n  return n\n  ```\n"
        "  c: number = `statistics.mean([1, 2, n + b * 0])`\n  answer `a + c`\n}"
    )
    rows = fr.batch(
        [{"n": n} for n in range(12)], flow=flow, store=None, provider=fr.ScriptedProvider({}), concurrency=2
    )
    values = {row.index: (row.value, row.error) for row in rows}
    alone = {n: (flow.run(n=n, store=None, provider=fr.ScriptedProvider({})).value, "") for n in range(12)}
    assert values == alone


def test_most_python_of_many_rows_needs_few_processes() -> None:
    from flowreason.sandbox.jail import JailSandbox, available

    if available() is not None:
        pytest.skip("there is no jail here")
    started = 0

    class Counted(JailSandbox):
        async def session(self, limits: SandboxLimits | None = None) -> Any:
            nonlocal started
            started += 1
            return await super().session(limits)

    flow = fr.loads("flow f(n: int) -> int { answer `sum(i for i in range(n))` }")
    rows = list(fr.batch([{"n": n} for n in range(100)], flow=flow, store=None, provider=fr.ScriptedProvider({}),
                         sandbox=Counted(), concurrency=4))  # fmt: skip
    assert sorted(row.value for row in rows) == [sum(range(n)) for n in range(100)] and started <= 4
