"""Batches that are kept: rows are found again by the batch's name, and what was paid for is not paid for again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.records import BATCH
from flowreason.store import open_store
from tests.keeping import Counting

TWO = """\
flow two(question: text) -> text {
  a = ask "first {question}" with temperature=1
  b = ask "second {question} {a}" with temperature=1
  answer "{a} {b}"
}
"""
"""Nothing of it is shared with other runs."""
SURE = fr.loads('flow sure(question: text) -> text { answer ask "{question}" with temperature=0 }')


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def answer(place: str, provider: Any, questions: Any, **options: Any) -> list[fr.Row]:
    options = {"flow": fr.loads(TWO), "in_order": True, **options}
    return list(fr.batch(questions, provider=provider, store=place, **options))


def test_the_same_name_gives_the_same_rows_at_no_cost(place: str) -> None:
    provider, questions = Counting(), [f"q{n}" for n in range(12)]
    first = answer(place, provider, questions, name="tuesday")
    again = answer(place, provider, questions, name="tuesday")
    assert provider.count == 24
    assert [(r.answer, r.value, r.usage, r.run_id, r.status) for r in again] == [
        (r.answer, r.value, r.usage, r.run_id, r.status) for r in first
    ]
    assert len(answer(place, provider, questions, name="wednesday")) == 12 and provider.count == 48


def test_values_come_back_in_their_type(place: str) -> None:
    flow = fr.loads(
        "flow f(question: text) -> {n: int, words: list[text], long: text} "
        '{ t = ask "{question}"  answer `{"n": 3, "words": ["a", t[:2]], "long": t}` }'
    )
    provider = Counting(lambda text: "river " * 400)
    (first,) = answer(place, provider, ["q"], flow=flow, name="x")
    (again,) = answer(place, provider, ["q"], flow=flow, name="x")
    assert first.value == again.value and again.value["n"] == 3 and len(again.value["long"]) > 2000
    assert provider.count == 1


def test_a_row_or_a_flow_that_changed_is_answered_anew(place: str) -> None:
    provider = Counting()
    answer(place, provider, ["a", "b", "c"], name="x")
    answer(place, provider, ["a", "B", "c"], name="x")
    assert provider.count == 8
    changed = fr.loads(TWO.replace("second", "2nd"))
    answer(place, provider, ["a", "B", "c"], name="x", flow=changed)
    assert provider.count == 14


def test_what_was_cut_off_goes_on_and_what_was_done_is_given_again(place: str) -> None:
    provider = Counting()

    async def cut_off() -> None:
        count = 0
        rows = fr.batch_async(
            [f"q{n}" for n in range(30)], flow=fr.loads(TWO), provider=provider, store=place, name="x", concurrency=5
        )
        async with aclosing(rows):
            async for _ in rows:
                count += 1
                if count == 7:
                    break

    asyncio.run(cut_off())
    before = provider.count
    rows = answer(place, provider, [f"q{n}" for n in range(30)], name="x")
    assert all(row.ok for row in rows) and len(rows) == 30
    assert before < 60 and provider.count <= 60 + 5  # at most what was in flight is asked again
    assert sum(row.usage.calls for row in rows) >= 60


def failing(*bad: str) -> Counting:
    """Refuses what holds all of these."""
    return Counting(lambda text: "REFUSED" if all(each in text for each in bad) else "x")


def test_failed_rows_stay_until_they_are_retried(place: str) -> None:
    questions = [f"q{n}" for n in range(6)]
    rows = answer(place, failing("second", "q3"), questions, name="x")
    assert [row.ok for row in rows] == [True, True, True, False, True, True] and rows[3].usage.calls == 2
    again = answer(place, mended := Counting(), questions, name="x")
    assert mended.count == 0 and (again[3].status, again[3].reason, again[3].error) == (
        "failed",
        "model",
        rows[3].error,
    )
    retried = answer(place, mended, questions, name="x", retry_failed=True)
    assert all(row.ok for row in retried) and mended.count == 1  # its first step was done, and stays so
    assert retried[3].run_id == rows[3].run_id and retried[3].usage.calls == 3


def test_a_flow_that_failed_by_itself_is_retried_with_fresh_draws(place: str) -> None:
    flow = fr.loads('flow f(question: text) -> int { n: int = ask "{question}" with tries=1  answer n }')
    (bad,) = answer(place, Counting(lambda _: "no number"), ["q"], flow=flow, name="x")
    assert (bad.status, bad.reason) == ("failed", "flow")
    (good,) = answer(place, Counting(lambda _: "12"), ["q"], flow=flow, name="x", retry_failed=True)
    assert good.value == 12 and good.run_id != bad.run_id


def test_the_limit_over_all_counts_what_was_used_before(place: str) -> None:
    provider, questions = Counting(), [f"q{n}" for n in range(10)]
    first = answer(place, provider, questions, name="x", total={"calls": 9})
    assert provider.count == 9 and Counter(row.status for row in first)["limit"] >= 5
    answer(place, provider, questions, name="x", total={"calls": 9}, retry_failed=True)
    assert provider.count == 9
    done = answer(place, provider, questions, name="x", total={"calls": 20}, retry_failed=True)
    assert provider.count == 20 and all(row.ok for row in done)


def test_equal_requests_of_rows_are_one_in_flight_and_kept_afterwards(place: str) -> None:
    provider = Counting()
    provider.pause = 0.2
    rows = answer(place, provider, ["the Rhine"] * 40, flow=SURE, concurrency=8)
    assert provider.count == 1 and sum(row.usage.calls for row in rows) == 1
    answer(place, provider, ["the Rhine"] * 40, flow=SURE)
    assert provider.count == 1
    answer(place, provider, ["the Rhine"], flow=SURE, cache=False)
    assert provider.count == 2


def test_a_row_that_waits_for_a_person_is_kept_and_goes_on(place: str) -> None:
    flow = fr.loads('flow f(question: text) -> text { x = ask user "{question}"  answer x }')
    (row,) = answer(place, Counting(), ["How old?"], flow=flow)
    assert (row.status, row.reason) == ("waiting", "person") and row.run_id
    assert fr.resume(row.run_id, answers="36", store=place, provider=Counting()).value == "36"


def test_tools_are_given_to_runs_that_go_on(place: str) -> None:
    calls = []

    @fr.tool(repeatable=True)
    def measure(name: str) -> int:
        calls.append(name)
        return len(name)

    text = (
        "tool measure(name: text) -> int\n"
        'flow f(question: text) -> text { a = ask "{question}"  n = measure(a)  b = ask "then {n}"  answer b }'
    )
    flow = fr.loads(text, tools=[measure])
    bad = answer(place, failing("then"), ["q"], flow=flow, name="x")
    assert not bad[0].ok
    (row,) = answer(place, Counting(), ["q"], flow=flow, name="x", retry_failed=True)
    assert row.ok and calls == ["x"]


def test_runs_of_a_batch_say_which_row_they_are_about_and_take_little(place: str) -> None:
    answer(place, Counting(), [f"q{n}" for n in range(50)], name="x")
    with sqlite3.connect(place) as store:
        marks = [json.loads(text)[BATCH] for (text,) in store.execute("SELECT settings FROM runs")]
        flows = store.execute("SELECT count(*) FROM texts WHERE text LIKE 'flow two%'").fetchone()
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sorted(mark["row"] for mark in marks) == list(range(50)) and {mark["name"] for mark in marks} == {"x"}
    assert flows == (1,)
    asyncio.run(open_store(place).close())
    assert Path(place).stat().st_size < 50 * 8_000


def test_names_are_told_apart_to_the_letter(place: str) -> None:
    provider = Counting()
    answer(place, provider, ["a"], name="100%_x")
    answer(place, provider, ["a"], name="100%_X")
    answer(place, provider, ["a"], name="100")
    answer(place, provider, ["a"], name='quote " é')
    assert provider.count == 8
    for name in ("100%_x", "100%_X", "100", 'quote " é'):
        answer(place, provider, ["a"], name=name)
    assert provider.count == 8
