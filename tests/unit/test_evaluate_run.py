"""An evaluation asks each question by each method once, goes on where it was stopped, and replays without a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.evaluate import Item
from flowreason.evaluate.entries import entries
from flowreason.evaluate.folder import Folder
from flowreason.evaluate.tables import cells
from tests.end_to_end.command import asked_of, flowreason
from tests.keeping import Counting
from tests.server import Server

GOOD = "flow f() -> number { answer `6 * 7` }"
ITEMS = [Item(f"own/sums/{n}", "sums", f"What is {n} and {n}?", 2 * n, "number") for n in range(1, 9)]
CHOICE = Item("own/pick/1", "pick", "Which floats? (A) a stone (B) a cork", "(B)", "choice")


def says(text: str) -> str:
    """A model that adds up numbers rightly below 6, and writes the same flow for every question."""
    if "Write a flow" in text:
        return GOOD
    if "floats" in text:
        return "(B)"
    return next((str(2 * n if n < 6 else 0) for n in range(1, 9) if f"What is {n} and {n}?" in text), "0")


def run(
    folder: Path, methods: Any = "direct,graph", provider: Any = None, **more: Any
) -> tuple[fr.Evaluation, Counting]:
    model = provider or Counting(says)
    return fr.evaluate([*ITEMS, CHOICE], methods, folder=folder, provider=model, **more), model


def test_every_question_is_asked_once_by_each_method_and_judged(tmp_path: Path) -> None:
    found, model = run(tmp_path / "e")
    assert model.count == 18
    direct, graph = found.table
    assert (direct.right.right, direct.right.count, direct.calls) == (6, 9, 1.0)
    assert graph.right.count == 9
    assert graph.first_draft is not None
    assert (graph.first_draft.right, graph.first_draft.count) == (9, 9)
    written = [json.loads(line) for line in (tmp_path / "e" / "answers.jsonl").read_text().splitlines()]
    assert {(row["method"], row["id"]) for row in written} == {
        (m, i.id) for m in ("direct", "graph") for i in [*ITEMS, CHOICE]
    }
    assert "| direct | 9 | 67 %" in (tmp_path / "e" / "report.md").read_text()
    for row in written:
        assert fr.run_info(row["run"], store=str(tmp_path / "e" / "runs.db")).status == "answered"


def test_it_goes_on_where_it_was_stopped_and_asks_nothing_twice(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stops(_row: Any, count: int, _every: int) -> None:
        if count == 5:
            raise Enough

    first = Counting(says)
    with pytest.raises(Enough):
        run(tmp_path / "e", provider=first, on_row=stops, concurrency=1)
    with (tmp_path / "e" / "answers.jsonl").open("a") as file:
        file.write('{"id": "own/sums/6", "task": "su')
    second = Counting(says)
    found, _ = run(tmp_path / "e", provider=second)
    assert 18 <= first.count + second.count <= 19  # the one that was under way when it was stopped
    assert [c.right.count for c in found.table] == [9, 9]
    third = Counting(says)
    again, _ = run(tmp_path / "e", provider=third)
    assert third.count == 0
    assert again.table == found.table


def test_an_answer_that_was_known_before_is_no_measurement_of_its_seconds(tmp_path: Path) -> None:
    twice = [replace(ITEMS[0], id=f"own/sums/{n}") for n in (1, 2)]
    found = fr.evaluate(twice, "direct", folder=tmp_path / "e", provider=Counting(says), concurrency=1)
    first, second = found.rows
    assert (first.known, second.known) == (0, 1) and second.calls == 0
    (cell,) = cells([replace(first, seconds=4.0), replace(second, seconds=0.0)], lambda row: row.task)
    assert (cell.seconds, cell.known) == (4.0, 1)
    report = found.markdown()
    assert "| known before |" in report and "| 1/2 |" in report and "known before, it cost nothing" in report
    assert Folder(tmp_path / "e").rows()[1].known == 1
    assert cells([second], lambda row: row.task)[0].seconds is None, "none was measured"


def test_a_method_may_be_added_and_other_questions_may_not(tmp_path: Path) -> None:
    run(tmp_path / "e", "direct")
    found, model = run(tmp_path / "e", "direct,zero_shot_cot")
    assert model.count == 18
    assert [c.method for c in found.table] == ["direct", "zero_shot_cot"]
    with pytest.raises(fr.UsageError, match="other questions"):
        fr.evaluate(ITEMS, "direct", folder=tmp_path / "e", provider=Counting(says))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("Dear")
    with pytest.raises(fr.UsageError, match="something else"):
        run(tmp_path / "full")


def test_it_replays_without_a_model_and_tells_what_is_otherwise(tmp_path: Path) -> None:
    found, _ = run(tmp_path / "e")
    again = fr.replay_evaluation(tmp_path / "e")
    assert (again.replayed, again.otherwise) == (18, [])
    assert again.evaluation.table == found.table
    place = tmp_path / "e" / "answers.jsonl"
    lines = [json.loads(line) for line in place.read_text().splitlines()]
    lines[0] |= {"answer": "forged", "right": not lines[0]["right"]}
    place.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(fr.replay_evaluation(tmp_path / "e").otherwise) == 1


def test_a_question_that_fails_is_a_row_that_says_why(tmp_path: Path) -> None:
    found, _ = run(
        tmp_path / "e", "direct", provider=Counting(lambda text: "REFUSED" if "5 and" in text else says(text))
    )
    (failed,) = [row for row in found.rows if row.failed]
    assert (failed.id, failed.right, failed.error_kind) == ("own/sums/5", False, "refused")
    assert "does not answer" in failed.error


def test_a_draft_that_is_mended_is_told_apart_from_one_that_could_be_run(tmp_path: Path) -> None:
    drafts: dict[str, int] = {}

    def writes(text: str) -> str:
        if "cannot be run" in text:
            return GOOD
        if "Write a flow" in text and "1 and 1" in text:
            drafts["first"] = drafts.get("first", 0) + 1
            return "flow f() -> number { answer unknown_step(3) }"
        return says(text)

    found, _ = run(tmp_path / "e", "graph", provider=Counting(writes))
    (cell,) = found.table
    assert cell.first_draft is not None
    assert cell.drafted is not None
    assert (cell.first_draft.right, cell.drafted.right, drafts["first"]) == (8, 9, 1)


def test_limits_over_everything_hold(tmp_path: Path) -> None:
    found, model = run(tmp_path / "e", total={"calls": 7}, concurrency=4)
    assert model.count == 7
    assert sum(row.calls for row in found.rows) == 7
    assert (len(found.rows), found.unasked) == (7, 11)
    assert "11, as a limit over all" in (tmp_path / "e" / "report.md").read_text()


def test_what_a_limit_over_everything_left_out_is_asked_when_it_goes_on_and_what_was_used_counts(
    tmp_path: Path,
) -> None:
    model = Counting(says)
    run(tmp_path / "e", provider=model, total={"calls": 12})
    assert model.count == 12
    found, _ = run(tmp_path / "e", provider=model, total=fr.Limits(calls=15))
    assert (model.count, found.unasked) == (15, 3)
    found, _ = run(tmp_path / "e", provider=model)
    assert (model.count, len(found.rows), found.unasked) == (18, 18, 0)
    assert not any(row.cut for row in found.rows)


# --- methods and budgets ---


BUDGETS = [{"calls": 5}, {"calls": 30}, {"tokens": 8_000}, {"tokens": 60_000}, {"money": 0.02}, {"money": 0.2}]
PRICES = (0.75, 4.5)


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
def test_a_method_has_the_most_effort_whose_estimate_stays_within_the_budget(budget: dict[str, Any]) -> None:
    limits = fr.Limits(**{"calls": None, **budget})
    methods = "direct,self_consistency,self_refine,tree_of_thoughts,diverse,graph_of_thoughts"
    for entry in entries(methods, limits, "Which river?", PRICES):
        assert entry.flow is not None
        assert (entry.name == "direct") == (not entry.inputs)

        def over(flow: fr.Flow, given: dict[str, Any]) -> str | None:
            return flow.price({"question": "Which river?", **given}, prices=PRICES, at_once=True).over(limits)

        given = dict(entry.inputs)
        assert over(entry.flow, given) is None or set(given.values()) == {1}
        assert all(over(entry.flow, given | {name: n + 1}) for name, n in given.items()) or len(given) > 1
        assert not given or over(entry.flow, {name: 3 * n + 3 for name, n in given.items()})


def test_a_parameter_that_is_no_effort_leaves_the_effort_to_the_budget() -> None:
    own, plain = entries("diverse(shown=1), diverse", fr.Limits(calls=30))
    assert own.inputs == {"shown": 1, **plain.inputs}
    assert own.name.startswith("diverse(shown=1, prompts=")
    (kept,) = entries("diverse(samples=2)", fr.Limits(calls=30))
    assert kept.inputs == {"samples": 2}


def test_effort_grows_in_the_proportion_of_its_parameters_and_stays_where_some_are_set() -> None:
    few, many = (entries("tree_of_thoughts", fr.Limits(calls=n))[0] for n in (4, 60))
    assert few.inputs["thoughts"] < many.inputs["thoughts"]
    assert few.inputs["depth"] < many.inputs["depth"]
    assert many.inputs["keep"] < many.inputs["depth"]
    assert few.name == f"tree_of_thoughts({', '.join(f'{k}={v}' for k, v in few.inputs.items())})"
    (own,) = entries("self_refine(rounds=2)", fr.Limits(calls=50))
    assert own.inputs == {"rounds": 2}


@pytest.mark.parametrize(
    ("methods", "told"),
    [
        ("", "at least one"),
        ("direct,direct", "named twice"),
        ("dirct", "direct"),
        ("self_refine(round=2)", "did you mean 'rounds'"),
        ("self_refine(rounds=many)", "rounds"),
        ("graph(n=2)", "no parameter"),
    ],
)
def test_a_method_that_cannot_be_meant_is_told_before_anything_is_asked(
    methods: str, told: str, tmp_path: Path
) -> None:
    model = Counting(says)
    with pytest.raises(fr.UsageError, match="(?s)" + told):
        run(tmp_path / "e", methods, provider=model)
    assert model.count == 0
    assert not (tmp_path / "e").exists()


def test_a_folder_that_is_no_evaluation_is_told(tmp_path: Path) -> None:
    with pytest.raises(fr.UsageError, match="holds no evaluation"):
        fr.replay_evaluation(tmp_path)
    (tmp_path / "evaluation.json").write_text('{"version": 99}')
    with pytest.raises(fr.UsageError, match="another version"):
        Folder(tmp_path).about()
    (tmp_path / "evaluation.json").write_text("{")
    with pytest.raises(fr.UsageError, match="cannot be read"):
        Folder(tmp_path).about()


# --- the command ---


def test_the_command_compares_goes_on_and_replays(tmp_path: Path) -> None:
    lines = [
        {"id": i.id, "task": i.task, "question": i.question, "answer": i.answer, "answer_type": i.answer_type}
        for i in ITEMS
    ]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Server(lambda body: says(body["messages"][-1]["content"])) as server:
        env = asked_of(server.url)
        args = ("evaluate", "sums.jsonl", "-M", "direct,graph", "-o", "out")
        ran = flowreason(*args, folder=tmp_path, **env)
        assert ran.code == 0, ran.err
        assert "62 % (31–86)" in ran.out
        sent = len(server.requests)
        assert sent == 16
        again = flowreason(*args, "--json", folder=tmp_path, **env)
        assert len(server.requests) == sent
        assert [cell["method"] for cell in again.data["methods"]] == ["direct", "graph"]
    replayed = flowreason("evaluate", "--replay", "out", folder=tmp_path)
    assert replayed.code == 0, replayed.err
    assert "16 runs replayed without a model: all as they were written down" in replayed.err
    none = flowreason("evaluate", folder=tmp_path)
    assert none.code == 2
    assert "name the questions" in none.err


def test_a_budget_in_money_needs_a_price(tmp_path: Path) -> None:
    model = fr.ScriptedProvider(default="4", prices=None)
    with pytest.raises(fr.UsageError, match="needs the price of the model"):
        run(tmp_path / "e", "direct", provider=model, budget={"money": 0.1})


def test_the_table_tells_what_was_used_of_the_budget_and_whom_it_cut(tmp_path: Path) -> None:
    flow = tmp_path / "long.flow"
    flow.write_text(
        'flow long(question: text) -> text { d = "0" for i in `range(9)` { d = ask "{question} {i} {d}" } answer d }',
        encoding="utf-8",
    )
    found, _ = run(tmp_path / "e", f"direct,{flow}", budget={"calls": 4})
    direct, long = found.table
    assert (direct.spent, direct.cut, long.spent, long.cut) == (0.25, 0, 1.0, 9)
    assert max(row.calls for row in found.rows) == 4
    assert "limits of each question: calls=4\n" in (tmp_path / "e" / "report.md").read_text()
    assert "| 25 % |" in found.markdown()
    assert "| 100 % | 9/9 |" in found.markdown()
