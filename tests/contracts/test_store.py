"""What every store keeps, and gives back: SQLite and PostgreSQL by one set of tests."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowreason.errors import ClaimLost, RunBusy, StoreError, UsageError
from flowreason.ports import Reply, Usage
from flowreason.records import Batch, Claim, Outcome, Plan, Standing, Text
from flowreason.store import SqlStore, choose, sql
from flowreason.store.tables import VERSION, VERSIONS
from tests.forked import in_processes, write_much
from tests.stores import KINDS, Spot, elsewhere, in_loop, spot_of

ROOT = Path(__file__).parents[2]
ODD = [
    "plain", "", "Ωmega 語 😀", "half \ud83d", "other half \ude00", "two halves \ud83d\ude00", "NUL \0 inside", "\0",
    "\x1a0000", "\x1a", "\x1a\x1a1a1a", "back\\slash \\u0000 %_/'\"", "line\r\nend\u2028", "\uffff\ufeff",
]  # fmt: skip
PLAN = Plan("run", "How long is the Rhine?", "flow main() -> text { answer \"long\" }", {"a": [1, None]}, {"model": "heron"})  # fmt: skip


@pytest.fixture(params=KINDS)
def spot(request: pytest.FixtureRequest) -> Iterator[Spot]:
    with spot_of(request.param) as made:
        yield made


@pytest.fixture
def store(spot: Spot) -> SqlStore:
    return spot.open()


def text_of(number: int) -> str:
    return f"{number:064x}"


# --- answers ---


@in_loop
async def test_a_reply_comes_back_as_it_was_kept(store: SqlStore) -> None:
    replies = [
        Reply("It is.", Usage(1, 11, 7, 0.25), "heron-2"),
        Reply("cut", Usage(3, 0, 0, None), "", "length"),
        Reply("", Usage(0, 0, 0, 0.0)),
        *(Reply(text, Usage(1, 0, 0, None), text) for text in ODD),
    ]
    for number, reply in enumerate(replies):
        await store.keep(text_of(number), "", reply)
    for number, reply in enumerate(replies):
        assert await store.answer(text_of(number), [""]) == reply
    assert await store.answer(text_of(999), [""]) is None


@in_loop
async def test_the_first_reply_to_a_request_stays(store: SqlStore) -> None:
    await store.keep("a", "", Reply("first"))
    await store.keep("a", "", Reply("second"))
    await asyncio.gather(*(store.keep("b", "", Reply(str(n))) for n in range(20)))
    assert (await store.answer("a", [""]) or Reply("")).text == "first"
    found = await store.answer("b", [""])
    assert found is not None and found == await store.answer("b", [""])


@in_loop
async def test_of_several_scopes_the_first_that_has_a_reply_counts(store: SqlStore) -> None:
    for scope in ("", "family", "stranger"):
        await store.keep("a", scope, Reply(f"of {scope}"))
    await store.keep("b", "", Reply("everybody's"))
    await store.keep("c", "stranger", Reply("not ours"))
    found = await store.answers(["a", "b", "c", "a"], ["family", ""])
    assert {key: reply.text for key, reply in found.items()} == {"a": "of family", "b": "everybody's"}
    assert (await store.answers(["a"], ["", "family"]))["a"].text == "of "


@in_loop
async def test_thousands_of_replies_are_found_at_once(store: SqlStore) -> None:
    keys = [text_of(n) for n in range(1300)]
    await asyncio.gather(*(store.keep(key, "", Reply(key)) for key in keys))
    found = await store.answers([*keys, "missing"], [""])
    assert {key: reply.text for key, reply in found.items()} == {key: key for key in keys}


@in_loop
async def test_a_reply_of_megabytes_is_kept(spot: Spot) -> None:
    huge = "Rhein 語 " * 600_000
    await spot.open().keep("a", "", Reply(huge))
    found = await spot.open().answer("a", [""])
    assert found is not None and found.text == huge


# --- runs ---


@in_loop
async def test_a_run_is_what_it_was_started_with(spot: Spot) -> None:
    store = spot.open()
    before = time.time()
    claim = await store.begin(PLAN)
    info = await spot.open().run(claim.run)
    assert (info.id, info.family, info.parent, info.session) == (claim.run, claim.run, "", 1)
    assert (info.plan, info.standing, info.status, info.alive) == (PLAN, Standing("running"), "running", True)
    assert before <= info.created == info.updated <= time.time()


@pytest.mark.parametrize("text", ODD)
@in_loop
async def test_a_run_may_be_about_any_text(store: SqlStore, text: str) -> None:
    plan = Plan("solve", text, f"flow {text}" if text else "", {"x": {text: text}}, {"files": {"a": text}})
    claim = await store.begin(plan)
    await store.commit(claim, Standing("failed", {"is": text}, text, "node", Usage(2, 3, 4, None)))
    info = await store.run(claim.run)
    assert info.plan == plan
    assert info.standing == Standing("failed", {"is": text}, text, "node", Usage(2, 3, 4, None))
    if text:
        assert claim.run in {each.id for each in await store.runs(search=text)}


@in_loop
async def test_a_run_that_is_made_from_another_belongs_to_its_family(store: SqlStore) -> None:
    first = await store.begin(PLAN)
    second = await store.begin(PLAN, parent=first.run)
    third = await store.begin(PLAN, parent=second.run)
    assert (second.family, third.family) == (first.run, first.run)
    assert (await store.run(third.run)).parent == second.run


@in_loop
async def test_a_run_is_found_by_the_beginning_of_its_name_where_that_is_unique(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["260101-aaaa1111", "260101-aabb2222", "260101-aabb", "260102-_a%c3333"])
    monkeypatch.setattr(sql, "new_id", lambda: next(names))
    for _ in range(4):
        await store.begin(PLAN)
    assert (await store.run("260101-aaa")).id == "260101-aaaa1111"
    assert (await store.run(" 260101-aabb ")).id == "260101-aabb", "a whole name counts before a beginning"
    assert (await store.run("260102")).id == "260102-_a%c3333"
    assert (await store.run("last")).id == "260102-_a%c3333"
    for wrong in ("260101-aa", "2601", "", "%", "_60101-aaaa1111", "260101-AAAA", "\ud800", "\0", "x" * 5000):
        with pytest.raises(UsageError):
            await store.run(wrong)


@in_loop
async def test_an_empty_store_has_no_last_run(store: SqlStore) -> None:
    with pytest.raises(UsageError, match="no run yet"):
        await store.run("last")
    assert await store.runs() == []


@in_loop
async def test_letters_of_any_script_are_found_in_any_case(store: SqlStore) -> None:
    claim = await store.begin(Plan("solve", "Äpfel und ÖL"))
    for search in ("äpfel", "ÄPFEL", "öl äpfel"):
        assert [info.id for info in await store.runs(search=search)] == [claim.run]


@in_loop
async def test_runs_are_listed_newest_first_by_what_was_asked_and_how_they_stand(store: SqlStore) -> None:
    claims = []
    for question, flow in (("About OATS 100%", ""), ("about rye", "flow x() { oats }"), ("_", "")):
        claims.append(await store.begin(Plan("solve", question, flow)))
        await asyncio.sleep(0.002)
    first, second, third = (claim.run for claim in claims)
    assert [info.id for info in await store.runs()] == [third, second, first]
    assert [info.id for info in await store.runs(most=1)] == [third]
    assert [info.id for info in await store.runs(search="oats")] == [second, first]
    assert [info.id for info in await store.runs(search="100%")] == [first]
    assert [info.id for info in await store.runs(search="_")] == [third], "the signs of LIKE stand for themselves"
    assert [info.id for info in await store.runs(search=first)] == [first]
    assert [info.id for info in await store.runs(search="100% oats")] == [first], "all words, in any order"
    assert [info.id for info in await store.runs(search="OATS rye")] == [second], (
        "some in the question, some in the flow"
    )
    assert await store.runs(search="oats barley") == []
    assert len(await store.runs(search=" ")) == 3
    await store.commit(claims[0], Standing("answered", {"is": 1}))
    for claim in claims[:2]:
        await store.release(claim)
    found = {s: [info.id for info in await store.runs(status=s)] for s in ("answered", "interrupted", "running")}
    assert found == {"answered": [first], "interrupted": [second], "running": [third]}
    few = [info.id for info in await store.runs(status="interrupted", most=1)]
    assert few == [second], "one that still runs, and was begun later, is not counted in its place"


@in_loop
async def test_what_a_run_is_to_do_may_become_known_later(store: SqlStore) -> None:
    claim = await store.begin(Plan("solve", "what?"))
    written = Plan("solve", "what?", "flow main() {}", {}, {"files": {"a.flow": "flow a() {}"}})
    await store.replan(claim, written)
    assert (await store.run(claim.run)).plan == written


# --- who works at a run ---


@in_loop
async def test_a_run_that_is_at_work_cannot_be_taken(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(PLAN)
    for other in (store, spot.open()):
        with pytest.raises(RunBusy):
            await other.claim(claim.run)
        assert (await other.run(claim.run)).alive
    await store.release(claim)
    again = await spot.open().claim(claim.run)
    assert (again.run, again.family, again.session) == (claim.run, claim.family, 2)


@in_loop
async def test_of_many_who_take_a_run_at_once_one_gets_it(spot: Spot) -> None:
    stores = [spot.open() for _ in range(4)]
    claim = await stores[0].begin(PLAN)
    await stores[0].release(claim)
    found = await asyncio.gather(*(each.claim(claim.run) for each in stores * 3), return_exceptions=True)
    assert sum(isinstance(each, Claim) for each in found) == 1
    assert sum(isinstance(each, RunBusy) for each in found) == len(found) - 1


@in_loop
async def test_the_run_of_a_process_that_is_gone_can_be_taken_at_once(spot: Spot) -> None:
    script = (
        "import asyncio, os, sys\nfrom flowreason.store import open_store\nfrom flowreason.records import Plan\n"
        "claim = asyncio.run(open_store(sys.argv[1]).begin(Plan('run')))\n"
        "print(claim.run, flush=True)\nos._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, spot.url], cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT}/dsl"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    store = spot.open()
    run = done.stdout.strip()
    assert (await store.run(run)).status == "interrupted", done.stderr
    assert (await store.claim(run)).session == 2


@in_loop
async def test_an_owner_elsewhere_that_shows_life_keeps_its_run(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "TAKEOVER_SECONDS", 0.5)
    monkeypatch.setattr("flowreason.store.writer.BEAT_SECONDS", 0.05)
    store, there = spot.open(), spot.open()
    with elsewhere():
        claim = await there.begin(PLAN)
    with pytest.raises(RunBusy):
        await store.claim(claim.run)
    await there.commit(claim, Standing("running"))


@in_loop
async def test_an_owner_elsewhere_that_shows_no_life_loses_its_run_and_all_that_it_writes_later(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "TAKEOVER_SECONDS", 0.3)
    monkeypatch.setattr("flowreason.store.writer.BEAT_SECONDS", 0.05)
    store, there = spot.open(), spot.open()
    with elsewhere():
        old = await there.begin(PLAN)
    await there.commit(old, Outcome("main", "a", "ask", value=1), Batch(0, [["a"]]))
    there._writer.keep_alive(old, False)  # it sleeps
    new = await store.claim(old.run)
    assert new.session == 2
    there.note(old, Outcome("main", "a", "ask", value="of a zombie"), Text("t" * 64, "of a zombie"))
    with pytest.raises(ClaimLost, match=old.run):
        await there.commit(old, Outcome("main", "b", "ask", value="of a zombie"), Batch(1, [["b"]]))
    with pytest.raises(ClaimLost):
        await there.commit(old, Standing("answered", "of a zombie"))
    with pytest.raises(ClaimLost):
        await there.replan(old, Plan("run", "of a zombie"))
    await there.release(old)
    assert isinstance(old.error, ClaimLost)
    assert [each.value for each in await store.outcomes(old.run)] == [1]
    assert await store.events(old.run, 1) == [["a"]] and await store.texts(["t" * 64]) == {}
    info = await store.run(old.run)
    assert (info.status, info.plan, info.alive) == ("running", PLAN, True)
    await store.commit(new, Standing("answered"))


@in_loop
async def test_a_claim_that_is_lost_stops_nobody_who_writes_in_the_same_moment(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "TAKEOVER_SECONDS", 0.05)
    store, there = spot.open(), spot.open()
    with elsewhere():
        old, other = await there.begin(PLAN), await there.begin(PLAN)
    there._writer.keep_alive(old, False)
    await store.claim(old.run)
    works = [there.commit(claim, Outcome("main", str(n), "ask")) for n in range(10) for claim in (old, other)]
    found = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in found[::2]] == [ClaimLost] * 10 and found[1::2] == [None] * 10
    assert len(await store.outcomes(other.run)) == 10 and await store.outcomes(old.run) == []


# --- what steps came to ---


@in_loop
async def test_each_part_of_a_step_keeps_the_last_that_was_said_of_it(store: SqlStore) -> None:
    claim = await store.begin(PLAN)
    deep = "main/" + "/".join(f"dig/c{n}" for n in range(2000))
    places = [(f, n, k, p) for f in ("main", deep, deep + "x") for n in ("a", "b") for k in ("ask", "tool") for p in (0, 1)]  # fmt: skip
    for value in (None, {"is": ["\ud800\0", 1.5, {"$": "tuple", "of": []}]}):
        notes = [Outcome(*place, "key", [value, place[1]]) for place in places]
        await store.commit(claim, *notes)
    found = {(o.frame, o.node, o.kind, o.part): (o.key, o.value) for o in await store.outcomes(claim.run)}
    assert found == {place: ("key", [value, place[1]]) for place in places}
    assert await store.outcomes("another") == []


@in_loop
async def test_events_come_back_in_their_order_each_session_by_itself(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(PLAN)
    kept = [["kind", "main", "ä\ud800\0", n, {"x": n}] for n in range(700)]
    for start in range(0, 700, 70):
        store.note(claim, Batch(start, kept[start : start + 70]))
    await store.release(claim)
    second = await store.claim(claim.run)
    await store.commit(second, Batch(0, [["again"]]))
    await store.commit(second, Batch(0, [["what was written stays"]]))
    other = spot.open()
    assert await other.events(claim.run, 1) == kept and await other.events(claim.run, 2) == [["again"]]
    assert await other.events(claim.run, 3) == []


@in_loop
async def test_a_text_is_kept_once_whoever_keeps_it(store: SqlStore) -> None:
    first, second = await store.begin(PLAN), await store.begin(PLAN)
    for claim in (first, second, first):
        await store.commit(claim, *(Text(text_of(n), text) for n, text in enumerate(ODD)))
    found = await store.texts([text_of(n) for n in range(1000)])
    assert found == {text_of(n): text for n, text in enumerate(ODD)}


# --- durable, and in order ---


@in_loop
async def test_what_is_committed_is_there_for_others_with_all_that_was_noted_before(spot: Spot) -> None:
    store, other = spot.open(), spot.open()
    claim = await store.begin(PLAN)
    for number in range(30):
        store.note(claim, Outcome("main", f"n{number}", "python", value=number))
        if number % 2:
            await store.commit(claim, Batch(number, [[number]]))
        else:
            await store.keep(text_of(number), "", Reply("x"))
        assert len(await other.outcomes(claim.run)) == number + 1


@in_loop
async def test_what_was_written_later_is_never_there_without_what_was_written_before(spot: Spot) -> None:
    store, other = spot.open(), spot.open()
    claim = await store.begin(PLAN)
    seen: set[int] = set()
    for start in range(0, 3000, 100):
        for number in range(start, start + 100):
            store.note(claim, Outcome("main", str(number), "python"), Batch(number, [[number]]))
        there = sorted(int(outcome.node) for outcome in await other.outcomes(claim.run))
        seen.add(len(there))
        assert there == list(range(len(there)))
        await asyncio.sleep(0.001)
    await store.release(claim)
    assert len(await other.outcomes(claim.run)) == 3000 and len(seen) > 2


@in_loop
async def test_what_is_wrong_with_one_write_is_told_to_it_alone(store: SqlStore) -> None:
    good, bad = await store.begin(PLAN), await store.begin(PLAN)
    huge = Outcome("main", "a", "python", part=2**70)  # more than a column takes
    found = await asyncio.gather(
        store.commit(good, Outcome("main", "a", "python")), store.commit(bad, huge), store.keep("k", "", Reply("x")),
        store.commit(good, Outcome("main", "b", "python")), store.commit(bad, Standing("answered")), return_exceptions=True,
    )  # fmt: skip
    assert [type(each) for each in found if each is not None] == [StoreError, StoreError]
    assert found[1] is not None and bad.error is not None, "nothing that depends on it is kept either"
    assert len(await store.outcomes(good.run)) == 2 and (await store.run(bad.run)).standing.status == "running"
    assert await store.answer("k", [""]) is not None


@in_loop
async def test_whoever_is_cancelled_while_a_write_is_made_loses_nothing_of_it(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(PLAN)
    works = [asyncio.ensure_future(store.commit(claim, Outcome("main", str(n), "ask"))) for n in range(20)]
    await asyncio.sleep(0)
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
    await store.release(claim)
    assert len(await spot.open().outcomes(claim.run)) == 20


@in_loop
async def test_a_store_is_open_again_when_it_is_used_after_it_was_closed(spot: Spot) -> None:
    store = spot.open()
    claim = await store.begin(PLAN)
    for number in range(3):
        store.note(claim, Outcome("main", str(number), "ask"))
        await asyncio.gather(store.close(), store.close())
        assert len(await spot.open().outcomes(claim.run)) == number + 1
    await store.release(claim)


# --- many at once ---


@in_loop
async def test_eight_processes_that_write_at_once_lose_nothing_and_agree(spot: Spot) -> None:
    seen = in_processes(write_much, [(spot.url, n) for n in range(8)])
    assert len(seen[0]) == 25 and all(each == seen[0] for each in seen), "the first reply is everybody's"
    store = spot.open()
    infos = await store.runs()
    assert [info.status for info in infos] == ["answered"] * 8
    for info in infos:
        assert len(await store.outcomes(info.id)) == 25 and len(await store.events(info.id, 1)) == 25


def test_one_store_serves_several_event_loops_at_once(spot: Spot) -> None:
    import threading

    store, errors = spot.open(), []

    async def main(number: int) -> None:
        claim = await store.begin(PLAN)
        await asyncio.gather(*(store.commit(claim, Outcome("main", str(n), "ask")) for n in range(30)))
        await store.keep(f"{number}", "", Reply("x"))
        errors.append(len(await store.outcomes(claim.run)) - 30)

    threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == [0] * 4


# --- versions ---


def test_a_store_of_a_newer_version_is_refused_in_words_and_left_alone(spot: Spot) -> None:
    store = spot.open()
    with store._engines[1].begin() as connection:
        connection.execute(VERSIONS.insert().values(version=99))
    with pytest.raises(StoreError, match="newer flowreason") as caught:
        spot.open()
    assert str(caught.value).count("\n") <= 2 and "--store" in str(caught.value)


def test_a_store_is_made_once_when_many_open_it_at_once(spot: Spot) -> None:
    import threading

    found: list[Any] = []

    def work() -> None:
        try:
            found.append(spot.open())
        except Exception as error:  # noqa: BLE001 - shown below
            found.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [type(each) for each in found] == [SqlStore] * 6, found
    with found[0]._engines[1].begin() as connection:
        assert list(connection.execute(VERSIONS.select()).scalars()) == [VERSION]


def test_a_file_that_another_turns_to_its_journal_in_the_same_moment_is_waited_for() -> None:
    class Refused:
        """What SQLite says then, at once, whatever it was told to wait."""

        left = 2

        def execute(self, pragma: str) -> Any:
            self.left -= 1
            if self.left >= 0:
                raise sqlite3.OperationalError("database is locked" if "WAL" in pragma else "disk I/O error")
            return io.StringIO()

    met = Refused()
    choose._set(met, "journal_mode=WAL")  # type: ignore[arg-type]
    assert met.left == -1
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        choose._set(Refused(), "synchronous=FULL")  # type: ignore[arg-type]


@in_loop
async def test_a_run_that_is_taken_up_again_in_the_same_moment_is_not_forgotten(store: SqlStore) -> None:
    claim = await store.begin(Plan("solve", "about oats"))
    with pytest.raises(RunBusy, match="is at work"):
        await store.delete([claim.run])
    assert (await store.run(claim.run)).alive
    await store.release(claim)
    await store.delete([claim.run])
    assert await store.runs() == []
