"""Questions of one shape share a flow that is written once; those that it does not fit have their own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.batch.shapes import alike, skeleton
from tests.end_to_end.command import asked_of, flowreason
from tests.keeping import Counting
from tests.server import Server

SHARED = """flow product(question: text) -> int {
  found = `re.findall(r"What is (\\d+) times (\\d+)", question)` ensure `len(found) == 1`, "one product"
  answer `int(found[0][0]) * int(found[0][1])`
}"""
OWN = 'flow own(question: text) -> text { answer ask "Answer {question}" }'
SUMS = [f"What is {n} times {n + 1}?" for n in range(2, 12)]


class Writer(Counting):
    """Writes a shared flow where it is asked for one, else one that asks; answers 7."""

    def __init__(self, shared: str = SHARED) -> None:
        super().__init__(self._says)
        self.shared, self.flows, self.alike = shared, 0, []

    def _says(self, text: str) -> str:
        if "Write a flow" in text or "cannot be run" in text:
            self.flows += 1
            if "many questions of the same shape" in text:
                self.alike.append(re.findall(r"<question_\d+>(.*?)</question_\d+>", text, re.DOTALL))
                return self.shared
            return OWN
        return "7"


def rows(questions: Any, model: Writer, **options: Any) -> list[fr.Row]:
    options = {"compile": "once", "store": None, "in_order": True, **options}
    return list(fr.batch(questions, provider=model, **options))


def test_one_flow_answers_all_of_one_shape_and_python_alone_costs_no_call() -> None:
    model = Writer()
    found = rows(SUMS, model, concurrency=4)
    assert [row.value for row in found] == [n * (n + 1) for n in range(2, 12)]
    assert (model.flows, model.count) == (1, 1)
    assert {row.way for row in found} == {"shared"}
    assert [row.usage.calls for row in found].count(0) == 9
    (shown,) = model.alike
    assert 1 <= len(shown) <= 4
    assert all(each.strip() in SUMS for each in shown)


def test_a_question_that_the_flow_does_not_fit_fails_in_it_and_has_its_own() -> None:
    odd = "What is 3 times the weight of 4?"
    model = Writer()
    found = {row.question: row for row in rows([*SUMS[:4], odd, *SUMS[4:]], model, concurrency=2)}
    assert (found[odd].value, found[odd].way) == ("7", "own")
    assert sum(row.way == "shared" for row in found.values()) == 10
    assert all(row.ok for row in found.values())


def test_questions_of_no_common_shape_have_their_own_flows() -> None:
    model = Writer()
    found = rows(["Who wrote Faust?", "How deep is Lake Constance?", "Name a river in Peru."], model)
    assert [row.way for row in found] == ["own"] * 3
    assert model.flows == 3


def test_shapes_are_kept_apart_by_the_column_that_names_them() -> None:
    model = Writer()
    questions = [{"question": each, "kind": str(n % 2)} for n, each in enumerate(SUMS)]
    rows(questions, model, shape="kind", concurrency=1)
    assert model.flows == 4  # of each kind the first alone, then one with the second


def test_a_flow_that_does_not_read_its_question_goes_back() -> None:
    class Careless(Writer):
        def _says(self, text: str) -> str:
            if "does not read the one that it is given" in text:
                return SHARED
            return super()._says(text)

    model = Careless("flow product() -> int { answer `6 * 7` }")
    found = rows(SUMS, model)
    assert [row.value for row in found] == [n * (n + 1) for n in range(2, 12)]


def test_a_flow_that_fits_nothing_is_given_up_and_every_question_is_answered() -> None:
    model = Writer("flow product(question: text) -> int { answer `int(question)` }")
    found = rows(SUMS, model, concurrency=3)
    assert all(row.ok and row.value == "7" for row in found)
    assert sum(row.usage.calls for row in found) == model.count
    assert model.flows < 10 + 5


def test_what_shared_flows_used_counts_and_limits_over_all_hold() -> None:
    model = Writer('flow product(question: text) -> int { x: int = ask "Read {question}" answer `[x][1]` }')
    found = rows(SUMS, model, total={"calls": 12}, concurrency=4)
    assert model.count <= 12
    assert sum(row.usage.calls for row in found) == model.count
    assert any(row.reason == "limit" for row in found)


def test_a_server_that_refuses_is_no_fault_of_the_flow() -> None:
    class Refusing(Writer):
        def _says(self, text: str) -> str:
            return "REFUSED" if "Read" in text else super()._says(text)

    model = Refusing('flow product(question: text) -> text { answer ask "Read {question}" }')
    found = rows(SUMS, model, concurrency=2)
    assert any(row.way == "shared" and not row.ok for row in found) or all(row.ok for row in found)
    assert len(found) == 10


def test_a_batch_that_is_gone_on_with_pays_for_no_row_twice(tmp_path: Path) -> None:
    store, model = str(tmp_path / "runs.db"), Writer()
    first = fr.batch(SUMS, provider=model, compile="once", store=store, name="products", concurrency=2)
    seen = [next(first) for _ in range(4)]
    first.close()
    again = Writer()
    found = {row.question: row for row in fr.batch(SUMS, provider=again, compile="once", store=store, name="products")}
    assert [found[each].value for each in SUMS] == [n * (n + 1) for n in range(2, 12)]
    assert all(found[row.question].run_id == row.run_id for row in seen)
    assert again.count <= 1


@pytest.mark.parametrize("options", [{"method": "direct"}, {"flow": OWN}, {"compile": "twice"}])
def test_options_that_exclude_each_other_are_told(options: dict[str, Any], tmp_path: Path) -> None:
    if "flow" in options:
        options = {"flow": fr.loads(OWN)}
    with pytest.raises(fr.UsageError):
        rows(SUMS, Writer(), **options)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (SUMS[0], SUMS[5], True),
        ('Sort the words alphabetically: "fig pear"', 'Sort the words alphabetically: "ash elm oak"', True),
        ("A train leaves Bonn at 7:10. When is it in Ulm?", "Who wrote Faust?", False),
        ("Is it true that water boils at 90 degrees on a high mountain?", "Is a stone heavier than water?", False),
        ("Add up these numbers: 1, 2, 3, 4, 5", "Find the largest of these: 9, 8, 7, 6, 5, 4", False),
        ("", "", False),
    ],
)
def test_questions_are_of_one_shape_by_the_words_at_both_ends(one: str, other: str, same: bool) -> None:
    assert alike(skeleton(one), skeleton(other)) is same
    assert alike(skeleton(other), skeleton(one)) is same


def test_the_command_writes_a_flow_once_and_says_what_it_spared(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"question": each}) + "\n" for each in SUMS))
    model = Writer()
    with Server(lambda body: model._says(body["messages"][-1]["content"])) as server:
        ran = flowreason(
            "batch", "in.jsonl", "-o", "out.jsonl", "--compile", "once", folder=tmp_path, **asked_of(server.url)
        )
        assert ran.code == 0, ran.err
        assert len(server.requests) == 1
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sorted(row["value"] for row in written) == [n * (n + 1) for n in range(2, 12)]
    assert {row["way"] for row in written} == {"shared"}
    assert "10 of 10 had a flow that was written for many" in ran.err
    assert "9 of 10 took no call" in ran.err
