"""What deleting runs takes away, and what it leaves: on every kind of store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import flowreason as fr
from flowreason.ports import Reply
from flowreason.records import Batch, Outcome, Plan, Text
from flowreason.store import SqlStore
from tests.stores import KINDS, Spot, in_loop, spot_of


@pytest.fixture(params=KINDS)
def spot(request: pytest.FixtureRequest) -> Iterator[Spot]:
    with spot_of(request.param) as made:
        yield made


class Server(fr.ScriptedProvider):
    """A model whose replies may be everybody's."""

    origin = "a server"


FLOW = 'flow main(x: text) -> text { a = ask "tell of {x}" with temperature=0\nb = ask "more of {x}" with temperature=1\nanswer "{a}{b}" }'


async def ran(store: SqlStore, x: str = "oats", provider: Any = None) -> str:
    given = provider or Server(lambda request: f"{request.messages[-1].content[-40:]} " * 40)
    return (await fr.loads(FLOW).run_async(x=x * 100, provider=given, store=store)).raise_for_status().run_id


def counts(store: SqlStore) -> dict[str, int]:
    from sqlalchemy import func, select

    from flowreason.store.tables import ANSWERS, EVENTS, OUTCOMES, RUNS, TEXTS

    with store._engines[1].begin() as connection:
        tables = (RUNS, EVENTS, OUTCOMES, ANSWERS, TEXTS)
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


@in_loop
async def test_nothing_is_left_of_the_only_run(spot: Spot) -> None:
    store = spot.open()
    run = await ran(store)
    assert all(counts(store).values())
    await store.delete([run])
    assert not any(counts(store).values())
    with pytest.raises(fr.UsageError):
        await store.run(run)


@in_loop
async def test_what_another_run_made_use_of_stays_until_it_is_deleted_as_well(spot: Spot) -> None:
    store = spot.open()
    first, second, other = await ran(store), await ran(store), await ran(store, "rye")
    before = await fr.replay_async(second, store=store)
    await store.delete([first])
    after = await fr.replay_async(second, store=store)
    assert (after.value, len(after.events)) == (before.value, len(before.events))
    assert {info.id for info in await store.runs()} == {second, other}
    await store.delete([second, other])
    assert not any(counts(store).values())


@in_loop
async def test_draws_stay_for_the_family_while_it_has_a_run(spot: Spot) -> None:
    store = spot.open()
    first = await ran(store)
    second = (await fr.rerun_async(first, provider=Server(default="never asked"), store=store)).run_id
    await store.delete([first])
    replayed = await fr.replay_async(second, store=store)
    assert replayed.ok and "never asked" not in replayed.answer
    await store.delete([second])
    assert not any(counts(store).values())


@in_loop
async def test_while_anybody_is_at_work_what_is_everybodys_stays(spot: Spot) -> None:
    store = spot.open()
    run = await ran(store)
    claim = await store.begin(Plan("run", "at work"))
    await store.delete([run])
    left = counts(store)
    assert left["answers"] == 1 and left["runs"] == 1 and left["events"] == left["outcomes"] == 0
    await store.release(claim)


@in_loop
async def test_deleting_what_is_not_there_changes_nothing(spot: Spot) -> None:
    store = spot.open()
    run = await ran(store)
    before = counts(store)
    await store.delete([])
    await store.delete(["nobody", "\0", "%"])
    assert counts(store) == before and (await store.run(run)).id == run


@in_loop
async def test_what_is_written_by_a_run_that_was_deleted_is_refused(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(Plan("run", "soon gone"))
    store._writer.keep_alive(claim, False)  # as if its owner were gone
    await store.delete([claim.run])
    with pytest.raises(fr.ClaimLost):
        await store.commit(claim, Outcome("main", "a", "ask"), Batch(0, [[1]]), Text("t" * 64, "text"))
    await store.keep("k", "", Reply("kept all the same"))
    assert counts(store) == {"runs": 0, "events": 0, "outcomes": 0, "answers": 1, "texts": 0}


@in_loop
async def test_a_run_that_is_at_work_is_not_deleted(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(Plan("run", "at work"))
    import asyncio

    with pytest.raises(fr.UsageError, match="at work"):
        await asyncio.to_thread(fr.delete_runs, [claim.run], store=store)
    assert (await store.run(claim.run)).alive
