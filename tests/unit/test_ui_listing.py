"""The list of runs and the comparison of two: pure functions of what is kept and of events."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.ports import Usage
from flowreason.records import BATCH, Plan, RunInfo, Standing
from flowreason.resuming import the_store
from flowreason_ui.comparing import NOT_THERE, Compared, Side, compared, reworded
from flowreason_ui.folding import Many, figures_of, state_of
from flowreason_ui.listing import IMPORTED, Wanted, figures, given, marks, origin, preview
from flowreason_ui.orders import RunFlow
from flowreason_ui.saving import exported, exported_together, imported, taken_in
from flowreason_ui.telling import title_of
from flowreason_ui.works import Works
from tests.apps import MARKUP, alone, ended

NOON = 1_772_532_000.0
FLOW = "flow f(n: int) -> int {\n  m = `n * 2`\n  ws = for i in `[1, 2]` { yield `i * m` }\n  answer `sum(ws)`\n}\n"


def info(id: str = "1", *, parent: str = "", money: float | None = None, calls: int = 0, **settings: Any) -> RunInfo:
    standing = Standing("answered", usage=Usage(calls, 10 * calls, 0, money))
    plan = Plan("run", flow=FLOW, inputs={"n": 2}, settings=settings)
    return RunInfo(id, id, parent, plan, standing, 1, NOON - float(id), NOON, False)


def test_runs_are_narrowed_down_and_ordered() -> None:
    runs = [info("1", money=0.02, calls=1, model="Heron-2"), info("2", calls=9), info("90000", money=2.0, calls=3)]

    def found(**wanted: Any) -> list[str]:
        return [each.id for each in Wanted(**wanted).of(runs, NOON)]

    assert found() == ["1", "2", "90000"]
    assert found(order="oldest") == ["90000", "2", "1"]
    assert found(order="money") == ["90000", "1", "2"]
    assert found(order="calls") == ["2", "90000", "1"]
    assert found(cost=0.01) == ["1", "90000"]
    assert found(days=1) == ["1", "2"]
    assert found(model="heron") == ["1"]
    assert Wanted(search="x").plain and not Wanted(days=1).plain and not Wanted(order="money").plain


def of_batch(id: str, name: str, row: int, **more: Any) -> RunInfo:
    return info(id, **{BATCH: {"name": name, "row": row}}, **more)


def test_the_runs_of_a_batch_are_one_line_unless_they_are_looked_for() -> None:
    runs = [of_batch("1", "b", 1, calls=2, money=0.25), info("2")]
    runs += [of_batch("3", "b", 0, calls=5, money=0.25), of_batch("4", "c", 0)]
    found = Wanted().of(runs, NOON)
    assert [each.id for each in found] == ["b", "2", "c"]
    many = found[0]
    assert isinstance(many, Many) and [each.id for each in many.runs] == ["1", "3"]
    assert (many.usage.calls, many.usage.money) == (7, 0.5) and "7 calls" in figures_of(many, NOON)
    assert Wanted(order="calls").of(runs, NOON)[0].id == "b", "by what they took together"
    for apart in (Wanted(search="x"), Wanted(origin="batch"), Wanted(batch="b")):
        assert all(isinstance(each, RunInfo) for each in apart.of(runs, NOON))
    assert [each.id for each in Wanted(batch="b").of(runs, NOON)] == ["1", "3"]


def test_a_batch_is_told_by_the_state_that_most_needs_a_look() -> None:
    sound = of_batch("1", "b", 0)
    broken = replace(of_batch("2", "b", 1), standing=Standing("failed", error="no"))
    assert state_of(Many("b", (sound, sound))).words == "2 answered"
    told = state_of(Many("b", (sound, broken)))
    assert (told.words, told.color) == ("1 answered, 1 failed", "red")


def test_each_run_says_where_it_comes_from() -> None:
    came = info(imported={"file": "b.jsonl", "time": NOON})
    assert (origin(came), marks(came, now=NOON)) == ("imported", f"Imported {_clock()} from b.jsonl")
    assert origin(info(**{BATCH: {"name": "b", "row": 3}})) == "batch"
    assert marks(info(**{BATCH: {"name": "b", "row": 3}})) == "Row 4 of many questions"
    assert (origin(info()), marks(info())) == ("flow", "")
    assert origin(replace(info(), plan=Plan("solve", "Which river?"))) == "asked"
    assert marks(info(imported="nonsense"), None) == ""


def _clock() -> str:
    from flowreason_ui.telling import when

    return when(NOON, NOON)


def test_a_changed_run_says_which_step_was_changed_and_never_by_an_id() -> None:
    first = info("1")
    named = info("2", parent="1", given=[["f", "m", 9]])
    assert title_of(named) == "With another m: flow f(n: int) -> int"
    assert marks(named, first) == "Changed: m = 9"
    nameless = info("3", parent="2", given=[["f", "m", 9], ["f/ws[1]", "python#2", 7]])
    assert marks(nameless, named) == "Changed: “i * m” = 7"
    assert "#" not in title_of(nameless) and "i * m" in title_of(nameless)
    assert marks(nameless, None) == "Changed from another run: m, “i * m”"
    other = replace(first, id="4", parent="1", plan=replace(first.plan, inputs={"n": 5}, flow=FLOW + "# x"))
    assert marks(other, first) == "Changed: n = 5, another flow"
    assert marks(replace(first, parent="1"), first) == "Run again"


def test_figures_say_how_it_was_answered_and_what_it_took() -> None:
    told = figures(info(calls=2, money=0.5, method="chain_of_thought", model="heron"), NOON)
    assert told.split(" · ")[1:] == ["Chain of thought (CoT)", "heron", "2 calls", "20 tokens", "$0.5000"]


# --- two runs ---


def events(*told: tuple[str, str, Any], kind: str = "node.done") -> list[fr.Event]:
    opened = fr.Event(0, 0.0, "frame.opened", "f", "", {"flow": "f"})
    rounds = [
        fr.Event(0, 0.0, "frame.opened", f"f/ws[{n}]", "", {"flow": "f", "owner": "ws", "index": n, "kind": "for"})
        for n in (0, 1)
    ]
    return [opened, *rounds, *(fr.Event(0, 0.0, kind, frame, node, {"value": value}) for frame, node, value in told)]


def test_what_differs_comes_first_by_the_names_that_the_flow_has() -> None:
    graph = fr.loads(FLOW).graph
    left = events(("f", "n", 2), ("f", "m", 4), ("f/ws[0]", "yield#1", 4), ("f", "nobody-sees-it", 1))
    right = [*events(("f", "n", 2), ("f", "m", 9), ("f/ws[0]", "yield#1", 9)), fr.Event(0, 0, "node.given", "f", "m")]
    found = compared(Side(left, graph), Side(right, graph), made_from=True)
    assert found == [
        Compared("m", "", "4", "9", "set by you"),
        Compared("i * m", "ws, item 1", "4", "9", "follows from it"),
        Compared("n", "", "2", "2", ""),
    ]
    assert found[1].as_row()["Step"] == "i * m (ws, item 1)"


def test_steps_that_one_run_alone_has_or_that_ran_again_are_told() -> None:
    graph = fr.loads(FLOW).graph
    asked = fr.Event(0, 0.0, "node.request", "f", "m")
    again = compared(Side(events(("f", "m", 4)), graph), Side([*events(("f", "m", 4)), asked], graph), made_from=True)
    assert [each.how for each in again] == ["ran again"] and again[0].same
    assert compared(Side([], graph), Side(events(("f", "m", 1)), graph)) == [
        Compared("m", "", NOT_THERE, "1", "only in the second")
    ]
    assert compared(Side(events(("f", "m", 1)), None), Side([], None)) == []


def test_what_is_written_otherwise_is_told_old_and_new() -> None:
    left, right = fr.loads(FLOW).graph, fr.loads(FLOW.replace("n * 2", "n * 3")).graph
    assert reworded(left, right) == [Compared("m", "", "n * 2", "n * 3", "written by you")]
    assert reworded(left, left) == reworded(left, None) == []
    long = "x" * 200
    one, other = (fr.loads(f'flow f() -> text {{\n  a = ask "{long}{end}"\n  answer a\n}}').graph for end in ("1", "2"))
    (told,) = reworded(one, other)
    assert (told.left, told.right) == (f"…{'x' * 60}1", f"…{'x' * 60}2")


def test_what_came_to_nothing_in_both_runs_is_known_as_idle() -> None:
    graph = fr.loads(FLOW).graph
    skipped, done = events(("f", "m", None), kind="node.skipped"), events(("f", "m", 1))
    for left, right, idle in ((skipped, skipped, True), (skipped, [], True), (skipped, done, False), (done, [], False)):
        assert [each.idle for each in compared(Side(left, graph), Side(right, graph))] == [idle]


# --- handed on ---


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with alone(tmp_path, monkeypatch) as works:
        yield works, ended(works.start(RunFlow(FLOW, inputs={"n": 2}))).run


def kept(works: Works, id: str) -> RunInfo:
    return works.ask(works.kept(id))


def test_an_imported_run_is_known_as_one_with_the_file_it_came_from(run: tuple[Works, str]) -> None:
    works, id = run
    name = f"{MARKUP}/../x.jsonl"
    made = kept(works, imported(name, exported(id)))
    assert made.plan.settings[IMPORTED]["file"].endswith("x.jsonl")
    assert "/" not in made.plan.settings[IMPORTED]["file"]
    assert origin(kept(works, id)) == "flow" and origin(made) == "imported"
    assert IMPORTED.encode() not in exported(made.id), "where it was once imported is nobody else's"


def test_several_runs_go_into_one_file_and_come_back_once_each(run: tuple[Works, str]) -> None:
    works, id = run
    raw = exported_together([(id, "One?"), (id, "Two?")])
    assert zipfile.ZipFile(io.BytesIO(raw)).namelist() == ["001_one.run.jsonl", "002_two.run.jsonl"]
    assert taken_in("runs.zip", raw).ids == [], "it is here"
    cut = taken_in("cut.jsonl", exported(id)[:-20])
    assert not cut.here and "damaged" in cut.faults[0], "here or not, the file is damaged"
    assert len(works.ask(the_store(works.store).runs())) == 1
    fr.delete_runs([id], store=works.store)
    taken = taken_in("runs.zip", raw)
    assert (taken.ids, taken.here, taken.faults) == ([id], ["flow f(n: int) -> int"], [])
    assert kept(works, "last").plan.flow == FLOW


def test_what_is_sound_in_a_packed_file_is_taken_in_beside_what_is_not(run: tuple[Works, str]) -> None:
    works, id = run
    sound = exported(id)
    fr.delete_runs([id], store=works.store)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.jsonl", b"rubbish")
        file.writestr("b.jsonl", sound)
    taken = taken_in("runs.zip", packed.getvalue())
    assert taken.ids == [id] and len(taken.faults) == 1 and "a.jsonl" in taken.faults[0]


@pytest.mark.parametrize("raw", [b"PK\x03\x04rubbish", b"rubbish", b"", b'{"flowreason": "run", "version": 1}\n[]'])
def test_a_file_that_holds_no_run_is_told_in_words(run: tuple[Works, str], raw: bytes) -> None:
    (told,) = taken_in("some.zip", raw).faults
    assert "some.zip" in told


def test_two_runs_of_one_flow_are_told_apart_and_no_model_is_named_that_was_not_asked() -> None:
    one = info("1", model="Heron-2")
    assert given(one) == "n = 2" and "Heron" not in figures(one, NOON)
    assert "Heron-2" in figures(info("1", calls=1, model="Heron-2"), NOON)
    many = replace(one, plan=replace(one.plan, inputs=dict.fromkeys("abcd", "x" * 99)))
    assert given(many).endswith(" and 1 more") and len(given(many)) < 200
    assert given(replace(one, parent="9")) == "", "what it has otherwise is told"
    assert given(replace(one, plan=replace(one.plan, question="Why?"))) == "", "its question is its title"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("# A weekend in Lisbon", "A weekend in Lisbon"), ("- one\n- two", "one\n- two"), ("**Yes**, it is", "Yes, it is"),
     ("-5", "-5"), ("2 ** 3 ** 4", "2 ** 3 ** 4"), ("> ## so", "so"), ("#", "#")],
)  # fmt: skip
def test_the_signs_of_headings_and_items_do_not_stand_before_a_title(text: str, shown: str) -> None:
    assert preview(text) == shown


def test_a_packed_file_that_is_damaged_is_told_in_words() -> None:
    (fault,) = taken_in("runs.zip", b"PK rubbish").faults
    assert fault == "runs.zip is damaged: what is packed in it cannot be read"
