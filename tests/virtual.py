"""Time that passes only when everybody waits: tests of what starts when, exact and quick.

Invariant: a test that sleeps an hour here takes a millisecond, and the same on every machine.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

import flowreason as fr
from flowreason.engine import journal, scheduler

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Instead of waiting for a timer, moves the clock there. With no timer it waits for the world (threads)."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout > 0:
            self.loop.now += timeout
            timeout = 0
        return super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own, that begins at 0."""

    def __init__(self) -> None:
        selector = _Jumping()
        selector.loop = self
        self.now = 0.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def now() -> float:
    """Seconds since the test began."""
    return round(asyncio.get_running_loop().time(), 6)


@contextmanager
def deadlines_of_the_loop() -> Iterator[None]:
    """Runs in here end by this loop's clock as well. By the clock on the wall, a machine that does other things would
    have a second to put together what a limit left, and not always manage.
    """
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    with patch.object(scheduler, "time", clock), patch.object(journal, "time", clock):
        yield


def virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time. It must leave no task behind."""

    async def tidy() -> T:
        result = await main
        await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"tasks were left behind: {left}"
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(tidy())


class Work:
    """Tools that take time, and write down when they began and ended."""

    def __init__(self) -> None:
        self.started: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.cancelled: dict[str, float] = {}
        self.order: list[str] = []

        @fr.tool(pure=True, waits=True)
        async def work(name: str, seconds: float, after: Any = None) -> str:
            """Takes time and disturbs nothing."""
            return await self._take(name, seconds)

        @fr.tool
        async def act(name: str, seconds: float, after: Any = None) -> str:
            """Takes time and changes the world."""
            self.order.append(name)
            return await self._take(name, seconds)

        self.tools = [work, act]

    async def _take(self, name: str, seconds: float) -> str:
        self.started[name] = now()
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled[name] = now()
            raise
        self.ended[name] = now()
        return name

    def run(self, text: str, *, provider: fr.Provider | None = None, **options: Any) -> fr.Result:
        """Run a flow of these tools in virtual time; its `seconds` here are `self.took`."""

        async def main() -> fr.Result:
            flow = fr.loads(text, tools=self.tools)
            began = now()
            result = await flow.run_async(provider=provider or echo(), **options)
            self.took = now() - began
            return result

        return virtual(main())


def echo(latency: float = 0.0, reply: str = "yes") -> fr.ScriptedProvider:
    """A model that always says the same."""
    return fr.ScriptedProvider(default=reply, latency=latency)
