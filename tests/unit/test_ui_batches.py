"""Many questions in the app: answered, stopped, gone on with, held against known answers; methods compared."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.evaluate.compare import judge
from flowreason.evaluate.items import ANSWER_TYPES
from flowreason.ports import Usage
from flowreason.resuming import the_store
from flowreason.spreadsheets import as_text
from flowreason_ui import batches, measuring
from flowreason_ui.batch_panel import figures, percent
from flowreason_ui.batch_tables import address, as_csv, as_jsonl, column_names, shown, stem, to_take_away
from flowreason_ui.batches import Batch, Plan, read_rows
from flowreason_ui.connection import Connection
from flowreason_ui.lasting import remove
from flowreason_ui.pages.batch import price_before, price_of_comparing
from flowreason_ui.questions import (
    EACH,
    IN_ANY_ORDER,
    JUDGED,
    item_of,
    items_of,
    judged_as,
    likely_kind,
    nearly,
    rows_of,
    surveyed,
)
from flowreason_ui.works import Works
from tests.apps import MARKUP, alone, until
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
    assert percent(batch.accuracy).startswith("11 of 12 right: 92 %")
    assert figures(batch).startswith("12 answered · 12 calls")
    assert [row["answer"] for row in read_rows(batch.rows)][:3] == ["2", "3", "4"]
    assert as_csv(read_rows(batch.rows), "answer").startswith(b"row,id,question,known_answer,answer")


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
    assert "In all: 12 to 36 calls, about 1,900 to 30,000 tokens." in price_before(plan())
    assert "In all" not in price_before(replace(plan(), count=1))
    assert "once for questions that are alike" in price_before(plan(method="graph", once=True))
    assert "write its flow" in price_before(plan(method="graph"))
    told = price_of_comparing(["direct", "graph"], ["How much is 1 plus 1?"] * 6, fr.Limits(calls=9))
    assert (
        told.startswith("12 answers in all") and "6 to 18 calls" in told and "A flow written for the question" in told
    )
    assert "Together: " in price_of_comparing(["direct", "pal"], ["How much is 1 plus 1?"], fr.Limits(calls=9))
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


def test_a_batch_that_fails_before_its_first_row_closes_who_answers(works: Works) -> None:
    closed = []

    class Closing(Connection):
        def provider(self) -> Any:
            made = super().provider()

            async def close() -> None:
                closed.append(True)

            made.close = close  # type: ignore[method-assign]
            return made

    batch = batches.start(works, plan(), SUMS)
    over(batch)
    for content in ("rubbish\n", ""):
        closed.clear()
        batch.rows.write_text(content, encoding="utf-8")
        (batch.folder / batch.plan.file).unlink(missing_ok=True)
        works.ask(batch.carry_out(Closing("heron", works.server.url, "k"), works.store))  # type: ignore[attr-defined]
        assert (batch.state, closed) == ("failed", [True]), batch.error


def test_a_batch_that_is_stopped_before_it_has_begun_stops(works: Works) -> None:
    works.server.always(ok(pause=0.2))  # type: ignore[attr-defined]
    batch = batches.start(works, plan(), SUMS)
    until(lambda: batch._task)
    works.soon(batch.stop)
    works.soon(batch.stop)
    assert over(batch).state == "stopped" and batch.answered < 12


def test_how_far_an_earlier_batch_is_and_what_it_will_cost_are_told(works: Works) -> None:
    batch = over(batches.start(works, plan(total={"calls": 4}, concurrency=1), SUMS))
    assert batches.how_far(works, batch.id, batch.plan) == f"{batch.done} of 12 done; it can be gone on with"
    batch.used = Usage(4, 0, 0, 0.2)
    assert batch.money == pytest.approx(0.2 / batch.done * 12)
    batch.plan = plan(count=batch.done)
    assert batches.how_far(works, batch.id, batch.plan) == "all done"
    assert batches.how_far(works, "261129-abcdef00", batch.plan) == "not begun"


def test_rows_that_cannot_be_used_or_judged_are_told_and_not_counted_as_wrong(works: Works) -> None:
    raw = b"question,answer\nHow much is 1 plus 1?,2\n,3\nHow much is 3 plus 1?,four\nx,1,2\n"
    batch = over(batches.start(works, plan(title="my.csv", count=4), raw))
    assert (batch.answered, batch.judgements, batch.unread) == (2, {1: True}, {3})
    told = [each["why"] for _, each in sorted(batch.faults.items())]
    assert len(told) == 2 and all(each.startswith("my.csv, line ") for each in told)
    assert "flowreason solve" not in "".join(told) and str(batch.folder) not in "".join(told)


# --- tables ---


def test_columns_of_the_file_are_called_as_there_and_known_answers_so() -> None:
    named = column_names(["row", "given_answer", "id", "given_run", "answer", "known answer"], "answer")
    assert named == {
        "row": "row", "given_answer": "known answer", "id": "id", "given_run": "run (from the file)",
        "answer": "answer", "known answer": "known answer (from the file)",
    }  # fmt: skip
    assert column_names(["given_answer", "answer"], "") == {
        "given_answer": "answer (from the file)",
        "answer": "answer",
    }


def test_rows_that_are_taken_away_say_what_is_right_and_nothing_twice() -> None:
    rows = [{"row": n, "question": "q", "given_answer": "2", "answer": "2", "value": 2, "run": None} for n in (1, 2)]
    away = to_take_away(rows, {1: True, 2: False})
    head, *lines = csv.reader(io.StringIO(as_csv(away, "answer").decode()))
    assert head == ["row", "question", "known_answer", "answer", "right", "run"]
    assert [line[4] for line in lines] == ["yes", "no"]
    told = [json.loads(line) for line in as_jsonl(away, "answer").splitlines()]
    assert told[0]["right"] == "yes" and "value" not in told[0]
    kept = to_take_away([*rows, rows[0] | {"row": 3, "answer": "two", "value": {"n": 2}}])
    assert all("value" in row for row in kept), "here a value says more than its answer"
    clash = to_take_away([rows[0] | {"right": "of way"}], {1: True})
    assert {"right": "of way", "right_by_judge": "yes"}.items() <= json.loads(as_jsonl(clash)).items()


def test_rows_lead_to_their_runs_and_say_whether_they_are_right() -> None:
    row = {"row": 1, "question": MARKUP, "target": "2", "answer": "2", "run": "261129-a/b&c", "calls": 1, "value": 2}
    (told,) = shown([row | {"note": "n"}], "question", "target", lambda _: True)
    assert told["question"] == MARKUP and told["known answer"] == "2" and told["right"] == "yes"
    assert told["run"] == "run?run=261129-a%2Fb%26c" and address(None) is None
    assert "value" not in told and told["calls"] == 1
    assert list(told)[:5] == ["row", "question", "answer", "known answer", "right"]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-", "=", "+1,2;3"])
def test_no_cell_of_a_csv_is_a_formula(cell: str) -> None:
    assert as_text(cell) == f"'{cell}"
    raw = as_csv([{"row": 1, cell: cell, "answer": cell}]).decode()
    head, line = list(csv.reader(io.StringIO(raw)))
    assert all(not each.startswith(("=", "+", "-", "@", "\t")) for each in [*head, *line])
    assert cell in as_jsonl([{"answer": cell}]).decode().replace("\\t", "\t")


@pytest.mark.parametrize("cell", ["-5", "+3.5", "-1,200", "-.5", "-2e-3", "text", "", "5 - 3", "-50%"])
def test_numbers_and_words_in_a_csv_stay_as_they_are(cell: str) -> None:
    assert as_text(cell) == cell


def test_a_download_has_a_name_that_is_no_path_and_no_markup() -> None:
    assert stem(f"../{MARKUP}.csv").count("/") == 0 and "<" not in stem(f"../{MARKUP}.csv")
    assert (stem("my sums.v2.csv"), stem(".csv"), stem("")) == ("my sums.v2", "csv", "questions")


def test_every_kind_of_judging_is_told_and_lists_may_have_any_order() -> None:
    assert set(JUDGED) - {IN_ANY_ORDER, EACH} == set(ANSWER_TYPES)
    assert "in any order" in judged_as(IN_ANY_ORDER)
    ordered, loose = (item_of("q/1", "?", {}, ["a", "b"], kind) for kind in ("list", IN_ANY_ORDER))
    assert not judge(ordered, "", ["b", "a"]).right and judge(loose, "", ["b", "a"]).right


@pytest.mark.parametrize(
    ("known", "said", "right"),
    [
        ("4", "4.0", True), ("4", "The answer is 4", True), ("4", "5", False), ("1,200", "1200", True),
        ("Paris", "paris.", True), ("Paris", "**Paris**", True), ("Paris", "Lyon", False), ("yes", "Yes.", True),
        ("(B)", "B", True), ('["a", "b"]', "a, b", True), ("Paris", "Paris and Lyon", False),
    ],
)  # fmt: skip
def test_each_known_answer_is_compared_by_what_it_is(known: str, said: str, right: bool) -> None:
    assert judge(item_of("q/1", "Which? (A) x (B) y", {}, known, EACH), said).right is right


def test_how_answers_are_judged_is_chosen_by_the_known_ones() -> None:
    assert likely_kind(["4", 5, "6.5"]) == "number" and likely_kind(["yes", "no"]) == "bool"
    assert likely_kind(["4", "Paris"]) == EACH and likely_kind(["Paris"]) == EACH
    many = b"question,answer\n" + b"?,1\n" * 8 + b"?,Rome\n"
    assert likely_kind([row["answer"] for row in surveyed("q.csv", many).sample]) == EACH, "not by the first rows alone"


def test_an_answer_that_has_the_known_one_among_other_words_is_nearly_right() -> None:
    assert nearly("Paris", "It is Paris, I think") and nearly(4, "4 or 5")
    assert not nearly("Paris", "Parisian") and not nearly("4", "14") and not nearly("", "x")


def test_an_answer_in_a_sentence_is_right_where_it_names_the_known_one_alone(works: Works) -> None:
    said = {"France": "The answer is Paris.", "Spain": "Paris or Madrid", "Peru": "I do not know", "How": "It is 5"}
    works.server._answer = lambda body: next(a for q, a in said.items() if q in str(body))  # type: ignore[attr-defined]
    raw = b"question,answer\nFrance?,Paris\nSpain?,Madrid\nPeru?,Lima\nHow much?,5\n"
    batch = over(batches.start(works, plan(count=4, kind=EACH), raw))
    assert batch.judgements == {1: True, 2: False, 3: False, 4: True} and batch.near == {2}


def test_answers_are_judged_anew_without_being_asked_again(works: Works) -> None:
    server: Server = works.server  # type: ignore[attr-defined]
    server._answer = lambda _: "It is 2, or 3"
    batch = over(batches.start(works, plan(kind="text"), SUMS))
    assert not any(batch.judgements.values()) and batch.near == {1, 2}
    server._answer = lambda _: "2."
    other = over(batches.start(works, plan(kind="text", question="question", inputs=("id",)), SUMS))
    asked = len(server.requests)
    other.judge_as(EACH)
    assert other.judgements[1] and not other.judgements[2] and len(server.requests) == asked
    again = batches.find(Works(works.store), other.id)
    assert again is not None and again.plan.kind == EACH


@pytest.mark.parametrize("runs", [True, False])
def test_a_batch_is_deleted_with_its_runs_or_without(works: Works, runs: bool) -> None:
    batch = over(batches.start(works, plan(count=12), SUMS))
    ((id, _),) = batches.named(works).values()
    assert id == batch.id
    assert batches.delete(works, batch, runs=runs) == (12 if runs else 0)
    assert not batch.folder.exists() and batches.find(works, batch.id) is None and not batches.earlier(works)
    assert len(works.ask(the_store(works.store).runs())) == (0 if runs else 12)


def test_what_goes_on_is_not_deleted_and_no_other_folder_is(works: Works, tmp_path: Path) -> None:
    works.server.always(ok(pause=0.1))  # type: ignore[attr-defined]
    batch = batches.start(works, plan(), SUMS)
    with pytest.raises(fr.UsageError, match="stop it first"):
        batches.delete(works, batch, runs=True)
    works.soon(batch.stop)
    works.soon(batch.stop)
    over(batch)
    (tmp_path / "other").mkdir()
    for each in ("../other", "..", ""):
        with pytest.raises(fr.UsageError, match="no folder of the app"):
            remove(works, "batches", each)
    assert (tmp_path / "other").is_dir() and batch.folder.is_dir()


# --- methods compared ---


def test_methods_are_compared_and_the_folder_can_be_opened_again(works: Works) -> None:
    items = items_of(rows_of("sums.csv", SUMS), "question", (), "answer", "number")[:4]
    made = measuring.start(works, items, ["direct", "scratchpad"], fr.Limits(calls=4), 4)
    until(lambda: made.over)
    assert (made.state, len(made.rows), made.every) == ("done", 8, 8), made.error
    found = measuring.opened("", made.folder)
    assert (found.state, len(found.rows)) == ("done", 8)
    assert {"report.html", "answers.jsonl"} <= {name for name, _ in measuring.files_of(made)}
    page = dict(measuring.files_of(made))["report.html"]()
    assert b"Every answer" in page and b"runs.db" not in page, "it speaks of no file that does not come along"
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
