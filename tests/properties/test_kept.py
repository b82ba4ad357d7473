"""Wherever a run is interrupted, it goes on to the same answer, with every effect once; and it replays event for event."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.store import SqlStore
from flowreason.store.choose import make_store, url_of
from flowreason.values import encode
from flowreason_dsl import parse
from tests.oracle import Oracle
from tests.programs import plain_question, programs, reckoned
from tests.snapshots import Snapshot, snapshots
from tests.stores import spot_of

LIMITS = fr.Limits(calls=None, seconds=20)


class World:
    """What there is besides the run: a model that counts what it is paid for, and a tool with effects."""

    def __init__(self, seed: int, effects: list[Any] | None = None) -> None:
        self.effects: list[Any] = list(effects or [])
        self.paid: list[str] = []
        chance = random.Random(seed)

        @fr.tool
        async def note(x: int) -> int:
            self.effects.append((x,))
            mine = len(self.effects)
            await asyncio.sleep(chance.random() * 0.002)
            return mine

        def reply(request: fr.Request) -> str:
            self.paid.append(request.key())
            return str(reckoned(plain_question(request.messages[-1].content)))

        self.tools = [note]
        self.provider = fr.ScriptedProvider(reply, latency=lambda _: chance.random() * 0.002)

    def granted(self, store: SqlStore) -> dict[str, Any]:
        return {"provider": self.provider, "limits": LIMITS, "store": store}


async def interrupted(text: str, a: int, b: int, seed: int, moment: float, folder: Path, store: SqlStore, path: Path) -> tuple[fr.Result, World, Snapshot]:  # fmt: skip
    """A run, and what a crash at some moment of it would have left."""
    world = World(seed)
    flow = fr.loads(text, tools=world.tools)
    with snapshots(store, path, folder, lambda _: True, lambda: (list(world.effects), list(world.paid))) as made:
        result = await flow.run_async(a=a, b=b, **world.granted(store))
    return result, world, made[int(moment * len(made))]


async def gone_on(snapshot: Snapshot, seed: int, run: str) -> tuple[fr.Result, World]:
    """The run that is resumed from what was left; a person says what became of an effect that was under way."""
    world = World(seed, snapshot.world[0])
    store = make_store(url_of(str(snapshot.path)))
    try:
        result = await fr.resume_async(run, tools=world.tools, **world.granted(store))
        if result.status == "waiting":
            done = [o for o in await store.outcomes(run) if o.kind == "tool"]
            happened = len(snapshot.world[0]) > len(done)
            said = str(len(snapshot.world[0])) if happened else "repeat"
            result = await fr.resume_async(run, answers=said, tools=world.tools, **world.granted(store))
        replayed = await fr.replay_async(run, store=store)
        same_events(replayed, result)
    finally:
        store.close_now()
    return result, world


def same_events(replayed: fr.Result, live: fr.Result) -> None:
    """Event for event, with all their data; times to the microsecond."""
    pairs = zip(replayed.events, live.events, strict=True)
    for ours, theirs in pairs:
        assert (ours.seq, *ours[2:5], encode(dict(ours.data))) == (theirs.seq, *theirs[2:5], encode(dict(theirs.data)))
        assert abs(ours.time - theirs.time) <= 1e-6
    assert (replayed.status, replayed.value) == (live.status, live.value)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 5), st.integers(-3, 5), st.integers(0, 10_000), st.floats(0, 0.999))
def test_a_run_that_is_interrupted_anywhere_goes_on_to_the_same_answer_and_every_effect_happens_once(
    text: str, a: int, b: int, seed: int, moment: float
) -> None:
    oracle = Oracle(parse(text), reckoned)
    expected = oracle.run("main", {"a": a, "b": b})

    async def main() -> None:
        with spot_of() as spot:
            store = spot.open()
            first, _, snapshot = await interrupted(text, a, b, seed, moment, spot.path.parent, store, spot.path)
            assert first.ok and first.value == expected
            replayed = await fr.replay_async(first.run_id, store=store)
            same_events(replayed, first)
            if not goes_on(snapshot):
                return
            paid, durable = snapshot.world[1], kept_answers(snapshot)
            result, world = await gone_on(snapshot, seed + 1, first.run_id)
            assert result.ok, f"{result.error}\n{text}"
            assert (result.value, world.effects) == (expected, oracle.effects), text
            again = Counter(paid) & Counter(world.paid)
            assert again.total() <= len(paid) - durable, "only what was under way is paid for again"

    asyncio.run(main())


def goes_on(snapshot: Snapshot) -> bool:
    """Whether the run had not yet come to its end."""
    with sqlite3.connect(snapshot.path) as copy:
        return [status for (status,) in copy.execute("SELECT status FROM runs")] == ["running"]


def kept_answers(snapshot: Snapshot) -> int:
    """How many answers were durable."""
    with sqlite3.connect(snapshot.path) as copy:
        return int(copy.execute("SELECT count(*) FROM answers").fetchone()[0])
