"""Effects and crashes: one that was begun is not begun again, unless it may be; a person says what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import flowreason as fr
from flowreason.store import SqlStore
from flowreason.store.choose import make_store, url_of
from tests.snapshots import Snapshot, snapshots
from tests.stores import spot_of

FLOW = """\
tool act(x: int) -> int "changes the world"
flow main(n: int) -> int {
  a: int = act(n)
  b: int = act(`a + 1`)
  answer `a * 10 + b`
}
"""
LOOP = """\
tool act(x: int) -> int "changes the world"
flow main(n: int) -> list[int] {
  found: list[int] = for x in `range(n)` { yield act(x) }
  answer found
}
"""


class World:
    """One tool, of some kind, and what it did."""

    def __init__(self, kind: str = "", fails: bool = False) -> None:
        self.seen: list[Any] = []
        self.asked: list[str] = []

        async def act(x: int) -> int:
            self.seen.append(x)
            await asyncio.sleep(0)
            if fails:
                raise ValueError("no")
            return x + 1

        async def keyed(x: int, idempotency_key: str) -> int:
            self.seen.append((x, idempotency_key))
            await asyncio.sleep(0)
            return x + 1

        keyed.__name__ = "act"
        self.tool = fr.tool(repeatable=kind == "repeatable")(keyed if kind == "keyed" else act)

    def granted(self, store: SqlStore, **more: Any) -> dict[str, Any]:
        return {"store": store, "provider": fr.ScriptedProvider(), "unsafe_python": True, **more}

    async def run(self, store: SqlStore, text: str = FLOW, n: int = 1, **more: Any) -> fr.Result:
        return await fr.loads(text, tools=[self.tool]).run_async(n=n, **self.granted(store, **more))

    async def resume(self, store: SqlStore, run: str, **more: Any) -> fr.Result:
        return await fr.resume_async(run, tools=[self.tool], **self.granted(store, **more))


@pytest.fixture
def store() -> Iterator[SqlStore]:
    with spot_of() as spot:
        yield spot.open()


async def crashes(kind: str, text: str = FLOW, n: int = 1) -> list[tuple[Snapshot, str, list[Any], SqlStore]]:
    """What crashes would have left: after each begin of an effect, and after each end."""
    found = []
    with spot_of() as spot:
        store, world = spot.open(), World(kind)
        with snapshots(store, spot.path, spot.path.parent, lambda _: True, lambda: list(world.seen)) as made:
            result = await world.run(store, text, n)
        assert result.ok, result.error
        for snapshot in made:
            copy = make_store(url_of(str(snapshot.path)))
            begun = [o for o in await copy.outcomes(result.run_id) if o.kind == "begun"]
            done = [o for o in await copy.outcomes(result.run_id) if o.kind == "tool"]
            if (await copy.run(result.run_id)).standing.status == "running":
                found.append(await _resumed(copy, result.run_id, World(kind), len(begun), len(done)))
            copy.close_now()
    return found


async def _resumed(store: SqlStore, run: str, world: World, begun: int, done: int) -> Any:
    return await world.resume(store, run), world.seen, begun, done, await store.run(run)


def test_an_effect_that_was_begun_and_not_ended_is_not_repeated_but_asked_about() -> None:
    found = asyncio.run(crashes(""))
    asking = [each for each in found if each[2] > each[3]]
    assert {done for _, _, _, done, _ in asking} == {0, 1}, "after each of the two begins"
    for result, seen, begun, done, info in found:
        if begun == done:
            assert result.value == 24 and len(seen) == 2 - done
            continue
        assert (result.status, seen, info.status) == ("waiting", [], "waiting")
        (pending,) = result.pending
        assert (pending.kind, pending.node, pending.type) == ("became", "ab"[done], "int")
        assert f"act(x={[1, 3][done]})" in pending.question and "repeat" in pending.question


@pytest.mark.parametrize("kind", ["repeatable", "keyed"])
def test_an_effect_that_may_come_twice_is_repeated_without_a_question(kind: str) -> None:
    found = asyncio.run(crashes(kind))
    assert [each for each in found if each[2] > each[3]]
    for result, seen, _, done, info in found:
        assert result.value == 24 and len(seen) == 2 - done
        if kind == "keyed":
            assert [key for _, key in seen] == [f"{info.id}/main/{node}#0" for node in "ab"][done:]


def test_the_effects_of_a_loop_are_told_apart_and_keep_their_order() -> None:
    found = asyncio.run(crashes("", LOOP, 3))
    for result, seen, begun, done, _ in found:
        if begun == done:
            assert result.value == [1, 2, 3] and seen == [0, 1, 2][done:]
        else:
            assert result.status == "waiting" and seen == [] and result.pending[0].frame == f"main/found[{done}]"
    assert {begun - done for _, _, begun, done, _ in found} == {0, 1}


async def left_midway(store: SqlStore, again: str = "", **more: Any) -> str:
    """A run whose process was gone in the middle of its first effect, the first time or `again`."""
    world, stuck = World(), asyncio.Event()

    async def act(x: int) -> int:
        world.seen.append(x)
        stuck.set()
        await asyncio.Event().wait()
        return 0

    world.tool = fr.tool(act)
    running = asyncio.ensure_future(world.resume(store, again, **more) if again else world.run(store))
    await asyncio.wait_for(stuck.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return (await store.run("last")).id


@pytest.mark.parametrize(
    ("said", "seen", "value"), [("repeat", [1, 3], 24), (" Repeat ", [1, 3], 24), ("41", [42], 453), ("`repeat`", [1, 3], 24)]
)  # fmt: skip
def test_a_person_says_what_became_of_an_effect(store: SqlStore, said: str, seen: list[int], value: int) -> None:
    async def main() -> None:
        run, world = await left_midway(store), World()
        assert (await world.resume(store, run)).status == "waiting"
        result = await world.resume(store, run, answers=said)
        assert (result.value, world.seen) == (value, seen)
        replayed = await fr.replay_async(run, store=store)
        assert replayed.value == value and len(replayed.events) == len(result.events)

    asyncio.run(main())


def test_what_a_person_said_became_of_an_effect_is_not_taken_for_what_became_of_it_the_next_time(
    store: SqlStore,
) -> None:
    async def main() -> None:
        run = await left_midway(store)
        assert (await World().resume(store, run)).status == "waiting"
        await left_midway(store, run, answers="repeat")
        world = World()
        asked = await world.resume(store, run)
        assert (asked.status, world.seen, [p.kind for p in asked.pending]) == ("waiting", [], ["became"])
        await left_midway(store, run, answers="repeat")
        await left_midway(store, run, ask_user=lambda text, type: "repeat")
        result = await world.resume(store, run, ask_user=lambda text, type: "41")
        assert (result.value, world.seen) == (453, [42])
        replayed = await fr.replay_async(run, store=store)
        assert [e[2:5] for e in replayed.events] == [e[2:5] for e in result.events]

    asyncio.run(main())


def test_what_a_person_says_that_fits_nothing_fails_the_step_and_repeats_nothing(store: SqlStore) -> None:
    async def main() -> None:
        run, world = await left_midway(store), World()
        result = await world.resume(store, run, ask_user=lambda text, type: "perhaps")
        assert result.status == "failed" and "perhaps" in str(result.error) and world.seen == []

    asyncio.run(main())


def test_an_effect_that_failed_has_happened_as_far_as_is_known_and_is_not_tried_again(store: SqlStore) -> None:
    async def main() -> None:
        world = World(fails=True)
        failed = await world.run(store)
        assert failed.status == "failed" and world.seen == [1]
        again = World(fails=True)
        result = await again.resume(store, failed.run_id)
        assert result.status == "failed" and again.seen == [] and "no" in str(result.error)

    asyncio.run(main())


def test_with_approval_nothing_happens_before_the_person_agrees_and_nobody_is_asked_twice(store: SqlStore) -> None:
    async def main() -> None:
        world = World()
        first = await world.run(store, approve=True)
        assert (first.status, world.seen, [p.kind for p in first.pending]) == ("waiting", [], ["consent"])
        assert "act(x=1)" in first.pending[0].question
        second = await world.resume(store, first.run_id, approve=True, answers="yes")
        assert (second.status, world.seen, [p.node for p in second.pending]) == ("waiting", [1], ["b"])
        third = await world.resume(store, first.run_id, approve=True, answers={"b": "yes"})
        assert (third.value, world.seen) == (24, [1, 3])

    asyncio.run(main())


CHANGING = """\
tool act(x: int) -> int "changes the world"
flow main(n: int) -> int {
  m: int = inner(3) else `0`
  a: int = act(`m + n`)
  answer a
}
flow inner(d: int) -> int {
  if `d < 1` { answer 5 }
  answer inner(`d - 1`)
}
"""


def test_what_a_person_agreed_to_is_not_taken_for_another_effect_of_the_same_step(store: SqlStore) -> None:
    """The second time, deeper calls are allowed, and the effect is another one."""

    async def main() -> None:
        world = World()
        first = await world.run(store, CHANGING, approve=True, limits=fr.Limits(depth=2))
        assert "act(x=1)" in first.pending[0].question
        second = await world.resume(store, first.run_id, approve=True, answers="yes", limits=fr.Limits(depth=9))
        assert (second.status, world.seen) == ("waiting", []) and "act(x=6)" in second.pending[0].question
        third = await world.resume(store, first.run_id, approve=True, answers="yes", limits=fr.Limits(depth=9))
        assert (third.value, world.seen) == (7, [6])

    asyncio.run(main())


@pytest.mark.parametrize("said", ["no", "never", "", "perhaps"])
def test_what_a_person_does_not_agree_to_does_not_happen(store: SqlStore, said: str) -> None:
    async def main() -> None:
        world = World()
        result = await world.run(store, approve=True, ask_user=lambda text, type: said)
        assert result.status == "failed" and world.seen == [] and "did not agree" in str(result.error)

    asyncio.run(main())
