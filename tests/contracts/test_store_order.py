"""Which run is the last, whatever the clock says; how an older store is brought up; and that long looks hold up nobody."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

import flowreason as fr
from flowreason.records import Batch, Outcome, Plan, Standing
from flowreason.store import SqlStore, sql
from flowreason.store.tables import VERSION, version_of
from tests.stores import KINDS, Spot, in_loop, spot_of

FLOW = 'flow main(x: text) -> text { a = ask "tell of {x}" with temperature=0 answer a }'


@pytest.fixture(params=KINDS)
def spot(request: pytest.FixtureRequest) -> Iterator[Spot]:
    with spot_of(request.param) as made:
        yield made


class Server(fr.ScriptedProvider):
    """A model whose replies may be everybody's."""

    origin = "a server"


async def ran(store: SqlStore, x: str) -> str:
    provider = Server(default="many words " * 40)
    return (await fr.loads(FLOW).run_async(x=x * 100, provider=provider, store=store)).run_id


@in_loop
async def test_the_last_run_is_that_which_came_last_whatever_the_clock_says(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, made, now = spot.open(), [], time.time()
    for moment in (now, now + 86_400, now - 86_400, now - 1):
        monkeypatch.setattr(sql.time, "time", lambda moment=moment: moment)
        claim = await store.begin(Plan("run", f"at {moment}"))
        made.append(claim.run)
        await store.commit(claim, Standing("answered"))
        await store.release(claim)
        assert (await store.run("last")).id == claim.run
    assert [info.id for info in await store.runs()] == made[::-1]
    again = spot.open()
    assert (await again.run("last")).id == made[-1]
    await store.delete(made[-1:])
    assert (await store.run("last")).id == made[-2]


# --- deleting ---


def steps_of(connection: Any, statement: str, parameters: Any) -> str:
    """How SQLite goes about a statement."""
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return "; ".join(str(row[-1]) for row in rows)


@in_loop
async def test_deleting_a_run_looks_at_no_other() -> None:
    with spot_of() as spot:
        store = spot.open()
        runs = [await ran(store, f"number {n}") for n in range(30)]
        await ran(store, "number 3")
        heard: list[tuple[str, Any]] = []
        listen = lambda _c, _k, statement, given, _x, many: heard.append((statement, given[0] if many else given))  # noqa: E731
        event.listen(store._engines[1], "before_cursor_execute", listen)
        await store.delete(runs[3:5])
        event.remove(store._engines[1], "before_cursor_execute", listen)
        with store._engines[1].connect() as connection:
            plans = [
                (statement, steps_of(connection, statement, given))
                for statement, given in heard
                if statement.startswith(("SELECT", "DELETE")) and "forgotten" not in statement
            ]
        assert len(plans) >= 8
        assert any("key>?" in plan for _, plan in plans), "answers are found by their names, not by being everybody's"
        assert [
            each for each in plans if re.search(r"SCAN (?!runs USING (COVERING )?INDEX runs_at_work)", each[1])
        ] == []
        assert len(await store.runs(most=100)) == 29


@in_loop
async def test_what_could_not_be_looked_at_is_taken_away_with_the_next(spot: Spot) -> None:
    store = spot.open()
    first, second = await ran(store, "oats"), await ran(store, "rye")
    claim = await store.begin(Plan("run", "at work"))
    await store.delete([first])
    assert counts(store)["answers"] == 2
    await store.release(claim)
    await store.delete([claim.run])
    assert counts(store) == {"runs": 1, "answers": 1, "uses": counts(store)["uses"], "forgotten": 0}
    await store.delete([second])
    assert not any(counts(store).values())


def counts(store: SqlStore) -> dict[str, int]:
    with store._engines[1].begin() as connection:
        tables = ("runs", "answers", "uses", "forgotten")
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}


# --- an older store ---


@in_loop
async def test_a_store_of_the_first_version_is_brought_up(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    store, now, made = spot.open(), time.time(), []
    for n, x in enumerate(("oats", "rye", "oats")):
        monkeypatch.setattr(sql.time, "time", lambda moment=now + n: moment)
        made.append(await ran(store, x))
    before = counts(store)
    with store._engines[1].begin() as connection:
        for statement in (
            "DROP INDEX runs_by_number", "DROP INDEX runs_at_work", "DROP TABLE uses", "DROP TABLE forgotten",
            "ALTER TABLE runs DROP COLUMN number", "CREATE INDEX runs_by_time ON runs (created)",
            "UPDATE flowreason SET version = 1",
        ):  # fmt: skip
            connection.execute(text(statement))
    await store.close()
    again = spot.open()
    with again._engines[1].begin() as connection:
        assert version_of(connection) == VERSION
        assert sorted(connection.execute(text("SELECT number FROM runs")).scalars()) == [1, 2, 3]
    assert counts(again) == before
    assert [info.id for info in await again.runs()] == made[::-1]
    newest = await ran(again, "wheat")
    assert (await again.run("last")).id == newest
    await again.delete([made[0]])
    assert (await fr.replay_async(made[2], store=again)).ok, "what the third run refers to is known"
    await again.delete([made[1], made[2], newest])
    assert not any(counts(again).values())


# --- the event loop ---


@in_loop
async def test_what_may_take_long_to_look_up_holds_up_no_other_work(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(Plan("run", "long"))
    await store.commit(claim, Outcome("main", "a", "ask"), Batch(0, [["x", "", "", 0.0]]), Standing("answered"))
    event.listen(store._engines[0], "before_cursor_execute", lambda *_: time.sleep(0.05))
    for look in (
        lambda: store.run(claim.run), lambda: store.run("last"), lambda: store.runs(search="long"),
        lambda: store.outcomes(claim.run), lambda: store.events(claim.run, 1), lambda: store.texts(["a" * 64]),
        lambda: store.answers(["a" * 64], [""]),
    ):  # fmt: skip
        turns = 0
        looking = asyncio.ensure_future(look())
        while not looking.done():
            await asyncio.sleep(0.002)
            turns += 1
        looking.result()
        assert turns > 5
