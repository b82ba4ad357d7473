"""Runs of the app: examples go on by their recording, many share a process, what is opened is what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import flowreason as fr
from flowreason.examples_catalog import catalog, find
from flowreason_ui.changing import terms_of, value_of
from flowreason_ui.comparing import Side, compared
from flowreason_ui.connection import Connection
from flowreason_ui.live import Live
from flowreason_ui.orders import Fork, Replay, Rerun, Resume, RunFlow, Solve, Terms, example, example_of, terms_for
from flowreason_ui.view.phase import PAUSED, RESUMED
from flowreason_ui.works import MOST_KEPT, Works
from tests.apps import alone, ended, until
from tests.server import Server, slow

FREE = "flow f(n: int = 2) -> int { answer `n * 21` }"
ASKS = 'flow f() -> text { a = ask "What is it?" answer a }'


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    with alone(tmp_path, monkeypatch) as made:
        yield made


def played(works: Works, name: str, pace: float = 0.0) -> Live:
    """An example; `pace` 1 takes some seconds, 0 none."""
    return works.start(example(find(name), pace=pace and pace * find(name).pace))


def kept(works: Works, live: Live) -> fr.RunInfo:
    return works.ask(works.kept(live.run))


# --- examples ---


def test_every_example_is_known_again_by_its_run(works: Works) -> None:
    for each in catalog():
        live = ended(played(works, each.name))
        assert live.ended == "answered", live.error
        found = example_of(kept(works, live).plan)
        assert found is not None and found.name == each.name


def test_an_example_that_was_cancelled_goes_on_by_its_recording_in_another_app(works: Works) -> None:
    live = played(works, "reviews", pace=0.6)
    until(lambda: any(event.kind == "node.reply" for event in live.events))
    works.cancel(live)
    assert ended(live).ended == "cancelled"
    other = Works(works.store)
    try:
        terms = replace(terms_for(kept(works, live).plan, Connection()), pace=0.0)
        again = ended(other.start(Resume(live.run, live.title, terms)))
        assert (again.ended, again.run) == ("answered", live.run)
        assert again.result is not None and again.result.answer == fr_answer("reviews")
        _holds_both(live, again)
        read = ended(other.start(Replay(live.run, live.title)))
        assert [event.kind for event in read.events] == [event.kind for event in again.events]
    finally:
        other.close()


def _holds_both(before: Live, after: Live) -> None:
    """A run that was resumed tells of all times that it was at work, one after the other."""
    kinds = [event.kind for event in after.events]
    assert kinds[: len(before.events) + 1] == [*(event.kind for event in before.events), RESUMED]
    assert kinds[-1] == "run.finished"
    assert [event.seq for event in after.events] == list(range(len(kinds)))
    times = [event.time for event in after.events]
    assert times[-1] >= times[len(before.events)] == pytest.approx(before.events[-1].time, abs=1e-4)


def fr_answer(name: str) -> str:
    chosen = find(name)
    return fr.solve(chosen.question, inputs=chosen.inputs, provider=fr.Recorded(chosen.replies), store=None).answer


def test_another_value_of_a_step_is_answered_by_the_recording_where_nothing_new_is_asked(works: Works) -> None:
    live = ended(played(works, "universities"))
    frame = next(
        e.frame for e in live.events if e.node == "ask#1" and e.kind == "node.done" and e.data["value"] == 1088
    )
    made = ended(works.start(Fork(live.run, "changed", "ask#1", frame, 1000, terms_of(live, kept(works, live).plan))))
    assert made.ended == "answered" and made.result is not None and made.result.value == 386
    found = compared(Side(live.events, live.graph), Side(made.events, made.graph), made_from=True)
    changed = next(each for each in found if each.how == "set by you")
    assert (changed.left, changed.right) == ("1088", "1000")
    assert "#" not in changed.step and "item" in changed.where
    assert {each.left for each in found if not each.same} >= {"298", "1088"}
    assert [each.same for each in found] == sorted(each.same for each in found)


def test_what_is_not_in_the_recording_is_told(works: Works) -> None:
    live = ended(played(works, "reviews"))
    inputs = {"comments": "The soup is nice and nobody wrote that."}
    terms = terms_of(live, kept(works, live).plan)
    made = ended(works.start(Rerun(live.run, "changed", None, inputs, terms)))
    assert made.ended == "failed"
    assert "is not in the recording" in made.error


def test_a_run_that_a_server_answered_is_no_example(works: Works) -> None:
    with Server() as server:
        connection = Connection("heron", server.url, "key-for-tests")
        question = find("universities").question
        live = ended(works.start(Solve(question, Terms(connection), method="direct")))
        assert live.ended == "answered", live.error
        plan = kept(works, live).plan
        assert example_of(plan) is None
        assert terms_for(plan, connection).replies is None


# --- no model ---


def test_a_flow_that_asks_nothing_needs_no_model(works: Works) -> None:
    live = ended(works.start(RunFlow(FREE, inputs={"n": 2})))
    assert live.result is not None and live.result.value == 42
    again = ended(works.start(Rerun(live.run, "again", None, {"n": 3}, terms_of(live, kept(works, live).plan))))
    assert again.result is not None and again.result.value == 63


def test_a_flow_that_asks_says_that_no_model_is_connected(works: Works) -> None:
    live = ended(works.start(RunFlow(ASKS)))
    assert (live.ended, live.error_kind) == ("failed", "unconnected")
    assert "no model is configured" in live.error


def test_a_question_without_a_model_is_refused_before_anything_begins(works: Works) -> None:
    with pytest.raises(fr.ConfigError):
        works.start(Solve("Which river?"))
    assert not works.runs


def test_a_flow_that_cannot_be_read_fails_in_words(works: Works) -> None:
    live = ended(works.start(RunFlow("flow f() -> text { answer nothing_of_that_name }")))
    assert live.ended == "failed"
    assert "nothing_of_that_name" in live.error and "fault of flowreason" not in live.error


# --- opening ---


def test_a_run_at_work_is_opened_as_it_is_and_one_that_ended_as_it_was(works: Works) -> None:
    live = played(works, "universities", pace=0.2)
    until(lambda: live.run)
    assert works.find(live.id) is works.find(live.run) is live
    works.cancel(live)
    assert works.find(ended(live).run) is live


def test_of_a_run_that_was_resumed_the_latest_is_opened(works: Works) -> None:
    live = played(works, "universities", pace=0.2)
    until(lambda: live.run)
    works.cancel(live)
    terms = replace(terms_of(ended(live), kept(works, live).plan), pace=0.0)
    again = ended(works.start(Resume(live.run, live.title, terms)))
    assert works.find(live.run) is again


def test_a_run_that_went_on_elsewhere_is_read_anew(works: Works) -> None:
    live = played(works, "universities", pace=0.2)
    until(lambda: live.run)
    works.cancel(live)
    run = ended(live).run
    del works.runs[live.id]
    before = ended(works.find(run))  # type: ignore[arg-type]
    assert isinstance(before.origin, Replay)
    assert works.find(run) is before
    fr.resume(run, provider=fr.Recorded(find("universities").replies), store=works.store)
    after = ended(works.find(run))  # type: ignore[arg-type]
    assert after is not before and after.ended == "answered"


def test_a_run_that_another_program_works_at_is_shown_as_far_as_it_is(works: Works) -> None:
    from flowreason_ui.changing import can_resume, elsewhere

    other = Works(works.store)
    try:
        live = played(other, "reviews", pace=0.1)
        until(lambda: live.writing.text)
        other.pause(live, True)
        until(lambda: live.graph is not None)
        seen = ended(works.find(live.run))  # type: ignore[arg-type]
        assert elsewhere(seen) and not can_resume(seen)
    finally:
        other.close()


def test_a_run_that_is_not_there_is_told(works: Works) -> None:
    with pytest.raises(fr.UsageError):
        works.find("261129-nothere0")
    assert works.find("") is None


def test_the_value_of_a_step_is_found_by_its_frame(works: Works) -> None:
    from flowreason.forking import find_place
    from flowreason.resuming import the_store

    live = ended(played(works, "universities"))
    frames = [e.frame for e in live.events if e.node == "ask#1" and e.kind == "node.done"]
    values = []
    for frame in sorted(frames):
        place = works.ask(find_place(the_store(works.store), kept(works, live), "ask#1", frame))
        values.append(value_of(live, place))
    assert values == [1088, 1218, 1290, 1386]


# --- many ---


def test_what_has_ended_is_let_go_and_stays_in_the_store(works: Works) -> None:
    lives = [ended(works.start(RunFlow(FREE))) for _ in range(50)]
    assert len(works.runs) <= MOST_KEPT + 1
    first = lives[0].run
    assert ended(works.find(first)).result.value == 42  # type: ignore[arg-type, union-attr]


def test_runs_of_several_people_go_on_beside_each_other(works: Works) -> None:
    lives = [played(works, name, pace=0.05) for name in ("universities", "reviews", "letter", "coins")]
    assert [ended(live).ended for live in lives] == ["answered"] * 4
    assert len({live.run for live in lives}) == 4


def test_when_the_app_ends_runs_are_put_down_so_that_they_go_on(works: Works) -> None:
    live = played(works, "reviews", pace=0.3)
    until(lambda: bool(live.run and live.writing.text))
    works.close()
    assert live.ended == "cancelled"
    info = asyncio.run(Works(works.store).kept(live.run))
    assert (info.status, info.alive) == ("cancelled", False)


def test_a_paused_run_asks_nothing_until_it_goes_on(works: Works) -> None:
    live = played(works, "reviews", pace=0.1)
    until(lambda: live.run)
    works.pause(live, True)
    until(lambda: live.status == "paused" and not live.under_way)
    works.settle()
    assert PAUSED in [event.kind for event in live.events]
    waited = len(live.events)
    works.pause(live, False)
    assert ended(live).ended == "answered"
    assert len(live.events) > waited


def test_a_pause_counts_what_is_under_way_and_lets_nothing_more_out(works: Works) -> None:
    with Server() as server:
        server.always(slow(0.3))
        connection = Connection("heron", server.url, "key-for-tests")
        two = 'flow f() -> text { a = ask "One?" b = ask "Two?" c = ask "Three? {a} {b}" answer c }'
        live = works.start(RunFlow(two, Terms(connection)))
        until(lambda: live.under_way == 2)
        works.pause(live, True)
        until(lambda: not live.under_way)
        works.settle()
        assert len(server.requests) == 2 and not live.over
        works.pause(live, False)
        assert ended(live).ended == "answered" and live.under_way == 0


def test_a_run_that_is_cancelled_says_so_until_it_has_ended(works: Works) -> None:
    live = played(works, "reviews", pace=0.3)
    until(lambda: live.run)
    assert not works.is_stopping(live)

    async def cancelled() -> bool:
        assert live.task is not None
        live.task.cancel()
        return works.is_stopping(live)

    assert works.ask(cancelled())
    assert ended(live).ended == "cancelled" and not works.is_stopping(live)


def test_what_depends_on_a_step_is_counted_before_it_is_changed(works: Works) -> None:
    from flowreason.resuming import the_store
    from flowreason_ui.affected import affected, in_words

    live = ended(played(works, "universities"))

    def told(node: str, frame: str = "") -> str:
        at = frame or next(e.frame for e in live.events if e.node == node and e.kind == "node.done")
        found = works.ask(affected(the_store(works.store), kept(works, live), at, node))
        assert found is not None
        return in_words(found)

    assert told("ask#1").startswith("1 step that depends on it runs again") and "None of them asks" in told("ask#1")
    assert told("answer#1") == "No other step depends on it: nothing is asked again."


def test_what_was_skipped_does_not_run_again(works: Works) -> None:
    from flowreason.resuming import the_store
    from flowreason_ui.affected import affected

    text = (
        "flow f(n: int) -> int {\n  m = `n + 1`\n  if `m > 5` { k = `m * 2` } else { k = `m * 3` }\n  answer `k + 1`\n}"
    )
    live = ended(works.start(RunFlow(text, inputs={"n": 1})))
    found = works.ask(affected(the_store(works.store), kept(works, live), "f", "m"))
    assert live.ended == "answered" and found is not None
    assert (found.steps, found.times) == (3, 3)  # the condition, the `k` that ran, and the answer


def test_one_order_is_started_once_however_often_its_button_is_pressed(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flowreason_ui import starting

    now = [0.0]
    monkeypatch.setattr(starting.st, "session_state", {})
    monkeypatch.setattr(starting, "monotonic", lambda: now[0])
    order, other = RunFlow(FREE, inputs={"n": 2}), RunFlow(FREE, inputs={"n": 3})
    first = starting.begun(order)
    now[0] = 1.0
    assert starting.begun(RunFlow(FREE, inputs={"n": 2})) is first
    assert starting.begun(other) is not first
    now[0] = 9.0
    assert starting.begun(other).title == other.title and len(works.runs) == 3


def test_the_name_of_a_live_run_may_be_part_of_a_key_of_streamlit() -> None:
    """A key of a component with two underscores in a row is refused."""
    assert not [name for name in (Live("a run").id for _ in range(2_000)) if "_" in name]
