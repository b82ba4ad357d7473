"""Runs that are cancelled at every turn of the event loop, once or twice, and resumed."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from tests.stores import spot_of
from tests.worlds import World, undisturbed


class Turning(asyncio.SelectorEventLoop):
    """Counts its turns, and cancels a task after some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: asyncio.Task[Any] | None = None
        self.at: tuple[int, ...] = ()
        self.turns = 0

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        self.turns += 1
        if self.victim is not None and self.turns in self.at:
            self.victim.cancel()


async def cancelled(at: tuple[int, ...]) -> tuple[bool, Any, World]:
    """A run that is cancelled at some turns: whether it met that, and what came of it when it was resumed."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Turning)
    with spot_of() as spot:
        store, world = spot.open(), World()
        victim = loop.create_task(world.run(store))
        loop.victim, loop.at, loop.turns = victim, at, 0
        await asyncio.wait([victim], timeout=20)
        assert victim.done(), f"cancelled at {at}, it hangs"
        loop.victim = None
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, (at, left)
        if not victim.cancelled():
            return False, victim.result(), world
        infos = await store.runs()
        assert [i.status for i in infos if i.status not in ("cancelled", "interrupted", "answered")] == [], (at, infos)
        return True, await world.resume(store), world


@pytest.mark.parametrize("times", [1, 2])
def test_wherever_a_run_is_cancelled_it_leaves_nothing_behind_and_goes_on_to_the_same_answer(times: int) -> None:
    expected = undisturbed()
    with asyncio.Runner(loop_factory=Turning) as runner:
        for turn in itertools.count(1, step=3 if times > 1 else 1):
            met, result, world = runner.run(cancelled(tuple(turn + 2 * n for n in range(times))))
            assert result.ok, (turn, result.error)
            assert (result.value, world.effects) == expected[:2], turn
            if not met:
                break
    assert turn > 40, "there were many places to cancel at"
