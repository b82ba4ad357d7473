"""Whatever a flow is: finding out why costs at most what it may, changes nothing, and names no step as idle that counts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.forking import type_of
from flowreason.store import SqlStore
from flowreason.why.told import Why
from flowreason_dsl.types import INT, ListOf
from tests.programs import plain_question, programs, reckoned
from tests.stores import spot_of

LIMITS = fr.Limits(calls=None, seconds=20)


class World:
    """A model whose draws differ, and a tool with effects."""

    def __init__(self) -> None:
        self.effects: list[int] = []

        @fr.tool
        async def note(x: int) -> int:
            self.effects.append(x)
            return x * 3 % 11

        def reply(request: fr.Request) -> str:
            return str((reckoned(plain_question(request.messages[-1].content)) + request.sample) % 9)

        self.tools = [note]
        self.provider = fr.ScriptedProvider(reply)

    @property
    def calls(self) -> int:
        return len(self.provider.requests)


async def kept_of(store: SqlStore, run: str) -> tuple[Any, ...]:
    """All that is kept of runs."""
    return await store.runs(), await store.outcomes(run), await store.events(run, 1)


def came_to(found: Why) -> dict[tuple[str, str, str], tuple[str, str]]:
    """What came of each value that was tried, but for those for which the calls did not suffice."""
    return {
        (probe.step.frame, probe.step.node, repr(probe.tried)): (probe.outcome, repr(probe.answer))
        for probe in found.probes
        if probe.outcome != "cut"
    }


async def looked_at(text: str, a: int, b: int, calls: int, store: SqlStore) -> None:
    world = World()
    flow = fr.loads(text, tools=world.tools)
    granted = {"provider": world.provider, "store": store}
    result = await flow.run_async(a=a, b=b, limits=LIMITS, **granted)
    before, effects, asked = await kept_of(store, result.run_id), list(world.effects), world.calls
    found = await fr.why_async(result.run_id, calls=calls, tools=world.tools, **granted)
    assert found.answer == result.value
    assert world.calls - asked == found.usage.calls <= calls
    assert (world.effects, await kept_of(store, result.run_id)) == (effects, before)
    assert str(found)
    json.dumps(found.as_json())
    again = await fr.why_async(result.run_id, calls=calls, tools=world.tools, **granted)
    assert (again.usage.calls <= calls, world.effects) == (True, effects)
    paid = [request.key() for request in world.provider.requests]
    assert len(paid) == len(set(paid)), "nothing is paid for twice"
    first, second = came_to(found), came_to(again)
    assert [tried for tried in first if second.get(tried, first[tried]) != first[tried]] == [], (
        "the same is found again"
    )
    for step in found.without[:2]:
        node = flow.graph.flows[step.flow].nodes[step.node]
        other = [17] if type_of(node) == ListOf(INT) else 17
        forked = await fr.fork_async(
            result.run_id, step.node, other, frame=step.frame, tools=world.tools, limits=LIMITS, **granted
        )
        assert (forked.status, forked.value) == (result.status, result.value), step


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=programs(), a=st.integers(-3, 5), b=st.integers(-3, 5), calls=st.integers(0, 12))
def test_finding_out_why_is_bounded_changes_nothing_and_blames_nobody_wrongly(
    text: str, a: int, b: int, calls: int
) -> None:
    with spot_of() as spot:
        asyncio.run(looked_at(text, a, b, calls, spot.open()))
