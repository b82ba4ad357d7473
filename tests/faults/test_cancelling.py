"""Runs that are cancelled at every turn of the event loop, once or twice, and resumed."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

import flowreason as fr
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


# --- equal requests of several runs ---

SHARED = 'flow main(x: text) -> text { answer ask "tell of {x}" with temperature=0 }'


class Slow(fr.ScriptedProvider):
    """A server that takes its time; its replies may be everybody's."""

    origin = "a server"


async def several(count: int, stop: tuple[int, ...] = ()) -> tuple[int, list[Any]]:
    """Runs of one process that ask the same at once, some of which are cancelled: how many requests were sent."""
    with spot_of() as spot:
        store, provider = spot.open(), Slow(default="long", latency=0.1)
        flow = fr.loads(SHARED)
        runs = [asyncio.ensure_future(flow.run_async(x="x", provider=provider, store=store)) for _ in range(count)]
        await asyncio.sleep(0.06)
        for number in stop:
            runs[number].cancel()
        found = await asyncio.gather(*runs, return_exceptions=True)
        again = await flow.run_async(x="x", provider=provider, store=store)
        assert again.answer == "long"
        return len(provider.requests), found


def test_equal_requests_of_several_runs_of_a_process_are_sent_once() -> None:
    sent, found = asyncio.run(several(6))
    assert sent == 1 and [each.answer for each in found] == ["long"] * 6
    assert sum(each.usage.calls for each in found) == 1


@pytest.mark.parametrize("stop", [(0,), (1,), (0, 1, 2), (3, 2, 1), (0, 1, 2, 3, 4)])
def test_whoever_of_several_runs_is_cancelled_loses_the_reply_for_no_other(stop: tuple[int, ...]) -> None:
    sent, found = asyncio.run(several(6, stop))
    assert sent == 1
    for number, each in enumerate(found):
        assert isinstance(each, asyncio.CancelledError) if number in stop else each.answer == "long"
