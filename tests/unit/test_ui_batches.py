"""Many questions in the app: answered, stopped, gone on with, held against known answers; methods compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason_ui import batches, measuring
from flowreason_ui.batch_panel import as_csv, figures, percent
from flowreason_ui.batches import Batch, Plan, read_rows
from flowreason_ui.connection import Connection
from flowreason_ui.pages.batch import price_before
from flowreason_ui.questions import items_of, rows_of
from flowreason_ui.works import Works
from tests.apps import alone, until
from tests.server import Server, error, ok

SUMS = b"id,question,answer\n" + b"".join(b"%d,How much is %d plus 1?,%d\n" % (n, n, n + 1) for n in range(1, 13))


def added(body: dict[str, Any]) -> str:
    """The sum that is asked for; seven is beyond it."""
    number = int(re.findall(r"(\d+) plus 1", str(body.get("messages") or body["input"]))[-1])
    return "13" if number == 7 else str(number + 1)


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    with alone(tmp_path, monkeypatch) as made, Server(added) as server:
        made.connection = Connection("heron", server.url, "key-for-tests")
        made.server = server  # type: ignore[attr-defined]
        yield made


def plan(**more: Any) -> Plan:
    asked = {"title": "sums.csv", "file": "questions.csv", "count": 12, "method": "direct", "gold": "answer"}
    return Plan(**asked | {"kind": "number", "concurrency": 2} | more)


def over(batch: Batch) -> Batch:
    until(lambda: batch.over)
    return batch


def test_a_batch_answers_every_question_and_counts_what_is_right(works: Works) -> None:
    batch = over(batches.start(works, plan(), SUMS))
    assert (batch.state, batch.answered, batch.error) == ("done", 12, "")
    assert batch.accuracy is not None and (batch.accuracy.right, batch.accuracy.count) == (11, 12)
    assert percent(batch.accuracy).startswith("11 of 12 right: 92%")
    assert figures(batch).startswith("12 answered · 12 calls")
    assert [row["answer"] for row in read_rows(batch.rows)][:3] == ["2", "3", "4"]
    assert as_csv(batch).startswith(b"row,id,question,given_answer,answer")


def test_a_batch_that_was_stopped_goes_on_in_another_app_and_pays_for_nothing_twice(works: Works) -> None:
    server: Server = works.server  # type: ignore[attr-defined]
    server.always(ok(pause=0.02))
    batch = batches.start(works, plan(), SUMS)
    until(lambda: batch.answered >= 3)
    works.soon(batch.stop)
    over(batch)
    assert batch.state == "stopped" and 3 <= batch.answered < 12
    other = Works(works.store)
    other.connection = works.connection
    try:
        found = batches.find(other, batch.id)
        assert found is not None and (found.state, found.answered, len(found.judgements)) == (
            "stopped",
            batch.answered,
            len(batch.judgements),
        )
        assert found.used.calls == batch.used.calls
        batches.go_on(other, found)
        over(found)
        assert (found.state, found.answered, found.used.calls) == ("done", 12, 12)
        assert len(server.requests) == 12
        assert [id for id, _ in batches.earlier(other)] == [batch.id]
    finally:
        other.close()


def test_what_failed_is_told_with_its_reason_and_tried_again(works: Works) -> None:
    server: Server = works.server  # type: ignore[attr-defined]
    server.then(error(400, "not this one", code="invalid_prompt"))
    batch = over(batches.start(works, plan(concurrency=1), SUMS))
    assert (batch.answered, batch.reasons.total()) == (11, 1)
    (fault,) = batch.faults.values()
    assert fault["row"] == 1 and fault["why"]
    batches.go_on(works, batch, retry=True)
    over(batch)
    assert (batch.answered, batch.reasons.total(), len(batch.judgements)) == (12, 0, 12)
    assert not batch.faults


def test_a_limit_over_all_stops_the_batch_in_words(works: Works) -> None:
    batch = over(batches.start(works, plan(total={"calls": 4}, concurrency=1), SUMS))
    assert batch.state == "limit" and batch.answered == 4
    assert "4 calls over all questions" in batch.error


def test_a_key_that_is_refused_breaks_it_off_in_words(works: Works) -> None:
    works.server.always(error(401, "wrong key", code="invalid_api_key"))  # type: ignore[attr-defined]
    batch = over(batches.start(works, plan(), SUMS))
    assert batch.state == "failed" and batch.error
    assert "key-for-tests" not in batch.error


def test_a_flow_answers_with_the_columns_that_are_its_parameters(works: Works) -> None:
    flow = "flow f(question: text) -> int { answer `len(question)` }"
    batch = over(batches.start(works, plan(flow=flow, gold=""), SUMS))
    assert (batch.state, batch.used.calls) == ("done", 0), batch.error
    assert batch.accuracy is None


def test_a_folder_that_is_none_is_no_batch(works: Works) -> None:
    assert batches.find(works, "261129-abcdef00") is None
    assert batches.find(works, "../../etc") is None
    assert measuring.find(works, "..") is None


def test_the_price_is_told_before_anything_is_asked(works: Works) -> None:
    assert price_before(plan()).startswith("For each of 12 questions: 1 to 3 calls")
    assert "once for each shape" in price_before(plan(method="graph", once=True))
    assert "write its flow" in price_before(plan(method="graph"))
    assert not works.server.requests  # type: ignore[attr-defined]


def test_no_key_is_in_the_folder_of_a_batch(works: Works) -> None:
    batch = over(batches.start(works, plan(), SUMS))
    for path in batch.folder.iterdir():
        assert b"key-for-tests" not in path.read_bytes(), path.name


def test_the_end_of_the_app_puts_a_batch_down(works: Works) -> None:
    works.server.always(ok(pause=0.05))  # type: ignore[attr-defined]
    batch = batches.start(works, plan(), SUMS)
    until(lambda: batch.answered >= 1)
    works.close()
    assert batch.state == "stopped"


# --- methods compared ---


def test_methods_are_compared_and_the_folder_can_be_opened_again(works: Works) -> None:
    items = items_of(rows_of("sums.csv", SUMS), "question", (), "answer", "number")[:4]
    made = measuring.start(works, items, ["direct", "scratchpad"], fr.Limits(calls=4), 4)
    until(lambda: made.over)
    assert (made.state, len(made.rows), made.every) == ("done", 8, 8), made.error
    found = measuring.opened("", made.folder)
    assert (found.state, len(found.rows)) == ("done", 8)
    assert {path.name for path in measuring.files_of(made.folder)} >= {"report.html", "answers.jsonl"}
    assert [id for id, _ in measuring.earlier(works)] == [made.id]


def test_an_evaluation_that_was_stopped_goes_on(works: Works) -> None:
    works.server.always(ok(pause=0.03))  # type: ignore[attr-defined]
    items = items_of(rows_of("sums.csv", SUMS), "question", (), "answer", "number")
    made = measuring.start(works, items, ["direct"], fr.Limits(calls=4), 1)
    until(lambda: len(made.rows) >= 2)
    works.soon(made.stop)
    until(lambda: made.over)
    assert made.state == "stopped"
    measuring.go_on(works, made)
    until(lambda: made.over)
    assert (made.state, len(made.rows)) == ("done", 12), made.error
