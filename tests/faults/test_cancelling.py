"""Runs that are cancelled at every turn of the event loop, once or twice, and resumed; and what cancels itself."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.flights import OF_THIS_PROCESS
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


async def all_wait(count: int) -> None:
    """Until one run has sent a request and all others wait for its reply."""
    while sum(OF_THIS_PROCESS._waiting.values()) < count - 1:
        await asyncio.sleep(0.005)


async def several(count: int, stop: tuple[int, ...] = ()) -> tuple[int, list[Any]]:
    """Runs of one process that ask the same at once, some of which are cancelled: how many requests were sent."""
    with spot_of() as spot:
        store, provider = spot.open(), Slow(default="long", latency=0.4)
        flow = fr.loads(SHARED)
        runs = [asyncio.ensure_future(flow.run_async(x="x", provider=provider, store=store)) for _ in range(count)]
        await asyncio.wait_for(all_wait(count), 20)
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


# --- what is cancelled by itself ---


class GivesUp(fr.ScriptedProvider):
    """A server whose adapter raises `CancelledError` where nobody cancelled anything: in the asks that say so."""

    async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
        reply = await super().complete(request, notify)
        if "bad" in request.messages[-1].content:
            raise asyncio.CancelledError
        return reply


PURE, EFFECTS = ["in place", "pure"], ["async", "thread", "pool", "iterator"]
CALLS = [(call, how) for call in ("act(1)", "emulate `act(1)`") for how in PURE + EFFECTS]
CALLS += [("`act(1)`", how) for how in PURE]  # Python calls pure tools alone


def giving_up(how: str) -> Any:
    """A tool that raises such an error, or what no future can hold."""
    errors = {"pool": concurrent.futures.CancelledError, "iterator": StopIteration}

    async def waiting(x: int) -> int:
        raise asyncio.CancelledError

    def act(x: int) -> int:
        raise errors.get(how, asyncio.CancelledError)

    waiting.__name__ = "act"
    return fr.tool(pure=how in ("in place", "pure"), waits=how == "pure")(waiting if how == "async" else act)


async def in_time(text: str, store: Any, **more: Any) -> fr.Result:
    flow = fr.loads(text, tools=more.pop("tools", ()))
    provider = GivesUp(default="yes")
    return await asyncio.wait_for(flow.run_async(provider=provider, store=store, unsafe_python=True, **more), 20)


async def given_up(text: str, kept: bool, **more: Any) -> fr.Result:
    """A run whose first step gives up, which replays event for event where it was kept."""
    if not kept:
        return await in_time(text, None, **more)
    with spot_of() as spot:
        store = spot.open()
        result = await in_time(text, store, **more)
        again = await fr.replay_async(result.run_id, store=store)
        assert [e[2:5] for e in again.events] == [e[2:5] for e in result.events]
        return result


@pytest.mark.parametrize("kept", [False, True], ids=["unkept", "kept"])
@pytest.mark.parametrize("setting", ["", " with vote=3", " with samples=2"])
def test_a_provider_that_cancels_itself_fails_its_step_and_nothing_else(setting: str, kept: bool) -> None:
    asked = f'x = ask "bad"{setting}'
    failed = asyncio.run(given_up(f"flow f() -> any {{ {asked} answer x }}", kept))
    assert failed.status == "failed" and "by itself" in str(failed.error) and "nobody cancelled" in str(failed.error)
    rescued = asyncio.run(given_up(f'flow f() -> any {{ {asked} else "other" y = ask "good" answer "{{x}} {{y}}" }}', kept))  # fmt: skip
    calls = {"": 1, " with vote=3": 3, " with samples=2": 2}[setting]
    assert (rescued.value, rescued.usage.calls) == ("other yes", calls + 1), "what may have been paid for counts"


@pytest.mark.parametrize("kept", [False, True], ids=["unkept", "kept"])
@pytest.mark.parametrize(("call", "how"), CALLS)
def test_a_tool_that_cancels_itself_fails_its_step_and_nothing_else(call: str, how: str, kept: bool) -> None:
    tools = [giving_up(how)]
    failed = asyncio.run(given_up(f"flow f() -> any {{ x = {call} answer x }}", kept, tools=tools))
    assert failed.status == "failed" and "the tool act failed" in str(failed.error), failed.error
    assert ("nobody cancelled" in str(failed.error)) == (how not in ("iterator", "pool"))
    rescued = asyncio.run(given_up(f"flow f() -> any {{ x = {call} else 5 answer x }}", kept, tools=tools))
    assert rescued.value == 5


@pytest.mark.parametrize("kept", [False, True], ids=["unkept", "kept"])
def test_a_person_who_cancels_the_question_fails_its_step_and_nothing_else(kept: bool) -> None:
    async def away(_text: str, _type: str) -> str:
        raise asyncio.CancelledError

    rescued = asyncio.run(given_up('flow f() -> any { x = ask user "Who?" else 5 answer x }', kept, ask_user=away))
    assert rescued.value == 5
    assert any("nobody cancelled" in e.data["error"] for e in rescued.events if e.kind == "node.failed")
