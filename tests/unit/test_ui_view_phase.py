"""What a run as a whole is doing, at every moment, in words; and what a resumed run tells over all its sessions."""

from __future__ import annotations

from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.events import Event
from flowreason_ui.live import Live
from flowreason_ui.stream import Viewer
from flowreason_ui.view.course import Course
from flowreason_ui.view.look import look
from flowreason_ui.view.phase import CONTINUED, PAUSED, RESUMED, Moment, words
from flowreason_ui.view.timeline import timeline
from flowreason_ui.view.told import Told

FAULTY = {"diagnostics": [{"severity": "error", "message": "no", "line": 1}]}
BEGUN: list[tuple[Any, ...]] = [("compile.started",), ("compile.done",), ("price",), ("run.started",)]
ASKED = ("node.request", "main", "a", {"sample": 0})


def events(*told: tuple[Any, ...]) -> list[Event]:
    return [Event(n, n * 1.0, *each) for n, each in enumerate(told)]


def doing(*told: tuple[Any, ...], under_way: int = 0) -> str:
    moment = Moment()
    for event in events(*told):
        moment.take(event)
    return words(moment, under_way)


@pytest.mark.parametrize(("told", "said"), [
    ([], "Starting"),
    ([("compile.started",)], "Writing the flow"),
    ([("compile.started",), ("node.request", "early/main", "a")], "Writing the flow, first steps already run"),
    ([("compile.started",), ("compile.draft", "", "", FAULTY)], "Mending the flow"),
    ([("compile.started",), ("compile.draft", "", "", FAULTY), ("compile.draft",)], "Checking the flow"),
    (BEGUN[:3], "Ready to run"),
    (BEGUN, "Running"),
    ([*BEGUN, ("person.asked", "main", "a", {"kind": "person"})], "Waiting for you"),
    ([*BEGUN, ASKED, ("person.asked", "main", "b", {})], "Waiting for you, other steps go on"),
    ([*BEGUN, ("person.asked", "main", "a", {"kind": "consent"})], "Waiting for your consent"),
    ([*BEGUN, ("person.asked", "main", "a", {}), ("person.answered", "main", "a", {})], "Running"),
    ([*BEGUN, ("node.wait", "main", "a", {"for": "rate"})], "Waiting for the model’s server"),
    ([*BEGUN, ("node.wait", "main", "a", {"for": "place"})], "Running"),
    ([*BEGUN, ("node.wait", "main", "a", {"for": "rate"}), ("node.request", "main", "b")], "Running"),
    ([*BEGUN, ("node.wait", "main", "a", {"for": "rate"}), ASKED], "Running"),
    ([*BEGUN, ASKED, ("node.retry", "main", "a", {"wait": 3})], "Waiting for the model’s server"),
    ([*BEGUN, ASKED, ("node.retry", "main", "a", {"wait": 3}), ("node.failed", "main", "a")], "Running"),
    ([*BEGUN, (PAUSED,)], "Paused"),
    ([*BEGUN, (PAUSED,), (CONTINUED,)], "Running"),
    ([*BEGUN, ("run.exhausted",)], "Ending: a limit is reached"),
    ([*BEGUN, ("run.failed", "", "", {"error_kind": "limit"})], "Stopped at a limit"),
    ([*BEGUN, ("run.failed", "", "", {"error_kind": "server"})], "Failed"),
    ([*BEGUN, (PAUSED,), ("run.cancelled",)], "Cancelled"),
    ([*BEGUN, ("run.waiting",)], "Left waiting for a person"),
    ([*BEGUN, ("run.finished",)], "Answered"),
])  # fmt: skip
def test_what_a_run_is_doing_is_told_from_its_events(told: list[tuple[Any, ...]], said: str) -> None:
    assert doing(*told) == said


def test_a_pause_says_what_it_lets_come_to_its_end() -> None:
    assert doing(*BEGUN, (PAUSED,), under_way=2) == "Pausing… 2 calls under way end first"
    assert doing(*BEGUN, (PAUSED,), under_way=1) == "Pausing… 1 call under way ends first"


# --- a moment that has passed ---

TEXT = 'flow main() -> text {\n  one = ask "first"\n  answer one\n}'


def written() -> Live:
    """A run whose flow was written in two pieces, and mended once."""
    live = Live("a run")
    first, second = TEXT[:41], TEXT[41:]
    reply = {"prompt_tokens": 4, "completion_tokens": 1}
    for event in events(
        ("compile.started",), ("compile.text", "", "", {"text": "flow x", "statements": 0}),
        ("compile.draft", "", "", {"text": "flow x", **FAULTY}),
        ("compile.text", "", "", {"text": first, "statements": 1}), ("compile.text", "", "", {"text": second, "statements": 2}),
        ("compile.draft", "", "", {"text": TEXT}), ("compile.done", "", "", {"text": TEXT}), ("run.started",),
        ("frame.opened", "main", "", {"flow": "main"}), ("node.started", "main", "one"), ("node.request", "main", "one"),
        ("node.reply", "main", "one", reply), ("node.done", "main", "one", {"value": "so"}), ("run.finished",),
    ):  # fmt: skip
        live.take(event)
    live.written(fr.loads(TEXT))
    live.end("answered")
    return live


class Watching:
    """A viewer, with what it was sent last of every kind."""

    def __init__(self, live: Live) -> None:
        self.viewer = Viewer(live)
        self.last: dict[str, Any] = {}

    def at(self, n: int) -> dict[str, Any]:
        self.viewer.take({"do": "seek", "at": n})
        self.last |= {each["kind"]: each for each in self.viewer.news()}
        return self.last


def test_one_who_goes_back_into_the_writing_sees_what_was_written_by_then() -> None:
    watching = Watching(written())
    end = watching.at(-1)
    assert (end["chart"]["whole"], end["states"]["words"]) == (True, "Answered")
    early = watching.at(4)
    assert (early["writing"]["text"], early["writing"]["whole"]) == (TEXT[:41], False)
    assert [each["diagnostics"] for each in early["writing"]["drafts"]] == [FAULTY["diagnostics"]]
    assert [each["title"] for each in early["chart"]["things"] if each["kind"] == "later"] == ["still being written"]
    assert early["states"]["words"] == "Mending the flow"
    first = watching.at(2)
    assert (first["writing"]["text"], first["writing"]["drafts"]) == ("flow x", [])
    assert (first["chart"]["things"], first["states"]["words"]) == ([], "Writing the flow")
    again = watching.at(-1)
    assert (again["chart"]["whole"], again["chart"]["things"]) == (True, end["chart"]["things"])
    assert again["writing"]["whole"]


def test_the_figures_are_those_of_the_moment() -> None:
    watching = Watching(written())
    assert watching.at(-1)["states"]["run"]["spent"] == "1 call · 5 tokens"
    before = watching.at(11)["states"]
    assert (before["run"]["spent"], before["words"], before["time"]) == ("", "Running", 10.0)


def test_the_clock_of_a_run_is_that_of_its_events() -> None:
    live = Live("a run")
    live.began -= 5.0  # it waited for its turn before it began
    live.take(Event(0, 0.5, "run.started"))
    assert live.seconds == pytest.approx(0.5, abs=0.2)
    live.hold(True)
    live.hold(True)
    assert [(event.seq, event.kind) for event in live.events] == [(0, "run.started"), (1, PAUSED)]
    assert live.events[-1].time == pytest.approx(0.5, abs=0.2)


# --- a run that was resumed ---

LOOPS = 'flow main(xs: list[text]) -> list[text] {\n  ys: list[text] = for x in xs yield ask "say {x}"\n  answer ys\n}'
GRAPH = fr.loads(LOOPS).graph
OPENED = [("frame.opened", "main", "", {"flow": "main"}), ("node.started", "main", "ys", {"rounds": 2})]
PAID = {"prompt_tokens": 2, "completion_tokens": 1, "text": "p"}


def opened(n: int) -> list[tuple[Any, ...]]:
    frame = f"main/ys[{n}]"
    about = {"flow": "main", "region": "ys.body", "owner": "ys", "index": n}
    return [("frame.opened", frame, "", about), ("node.started", frame, "ask#1")]


def answered(n: int) -> list[tuple[Any, ...]]:
    frame = f"main/ys[{n}]"
    return [
        ("node.request", frame, "ask#1", {"messages": [{"role": "user", "content": f"say {n}"}]}),
        ("node.reply", frame, "ask#1", PAID), ("node.done", frame, "ask#1", {"value": "p"}),
    ]  # fmt: skip


def recalled(n: int) -> list[tuple[Any, ...]]:
    frame = f"main/ys[{n}]"
    return [("node.recalled", frame, "ask#1", {"whose": "run"}), ("node.done", frame, "ask#1", {"value": "p"})]


RESUMED_RUN = events(
    ("run.started",), *OPENED, *opened(0), *answered(0), *opened(1), ("run.cancelled",),
    (RESUMED, "", "", {"after": 180.0}), ("run.started",), *OPENED, *opened(0), *recalled(0), *opened(1), *answered(1),
    ("node.done", "main", "ys", {"value": ["p", "p"]}), ("run.finished",),
)  # fmt: skip
BREAK = next(n for n, event in enumerate(RESUMED_RUN) if event.kind == RESUMED)


def test_the_timeline_tells_of_all_sessions_and_marks_the_time_between() -> None:
    found = timeline(GRAPH, RESUMED_RUN)
    assert found.breaks == ((float(BREAK), 180.0),)
    seen = [(bar.frame, bar.status, bar.end is not None and bar.end <= BREAK) for bar in found.bars if not bar.again]
    assert seen == [
        ("main", "cancelled", True), ("main/ys[0]", "done", True), ("main/ys[1]", "cancelled", True),
        ("main", "done", False), ("main/ys[1]", "done", False),
    ]  # fmt: skip
    assert [(found.bars[n].frame, found.bars[n].again) for n in found.chain] == [
        ("main/ys[0]", False),
        ("main/ys[1]", False),
    ]
    assert (found.calls, found.saved) == (2, 0)


def test_what_was_used_is_reckoned_over_all_sessions_and_states_are_those_of_the_last() -> None:
    course = Course()
    course.go(RESUMED_RUN, BREAK + 1)
    assert (course.view.usage.calls, course.view.nodes, course.moment.phase) == (1, {}, "starting")
    course.go(RESUMED_RUN, len(RESUMED_RUN))
    assert course.view.usage.calls == 2
    assert course.view.nodes["main", "ask#1"].done == 2
    course.go(RESUMED_RUN, BREAK)
    assert course.view.nodes["main", "ask#1"].done == 1
    assert course.moment.phase == "cancelled"


def test_a_step_tells_what_was_asked_before_the_run_was_resumed() -> None:
    found = look(GRAPH, Told(RESUMED_RUN), "main", ("ask#1",), "main/ys[0]")
    assert [(each["before"], each["reply"]) for each in found["detail"]["attempts"]] == [(True, "p")]
    assert found["detail"]["value"] == "p"


# --- frames ---

MANY = 'flow main(xs: list[int]) -> list[text] {\n  ys: list[text] = for x in xs yield ask "say {x}"\n  answer ys\n}'


def many(count: int) -> tuple[Any, Told]:
    flow, told = fr.loads(MANY), []
    provider = fr.ScriptedProvider(lambda _: "p")
    flow.run(xs=list(range(count)), provider=provider, on_event=told.append, limits=fr.Limits(calls=9 * count))
    return flow.graph, Told(told)


def test_rows_tell_what_differs_and_are_found_by_it() -> None:
    graph, told = many(1000)
    found = look(graph, told, "main", ("ask#1",), "main/ys[517]")
    rows = {row["frame"]: row for row in found["frames"]}
    assert (found["all"], found["found"], len(rows)) == (1000, 1000, 200)
    assert (rows["main/ys[517]"]["label"], rows["main/ys[517]"]["given"]) == ("ys 518", "x = 517")
    assert found["ends"] == ["main/ys[0]", "main/ys[999]"]
    hits = look(graph, told, "main", ("ask#1",), "main/ys[517]", "", "x = 998")
    assert [row["frame"] for row in hits["frames"]] == ["main/ys[998]"]
    assert hits["frame"] == "main/ys[517]"
    assert look(graph, told, "main", ("ask#1",), "", "", "nothing of that kind")["found"] == 0


def test_what_all_frames_were_given_alike_is_not_said_of_each() -> None:
    text = MANY.replace("(xs: list[int])", "(xs: list[int], who: text)").replace("say {x}", "say {x} to {who}")
    told: list[Event] = []
    flow = fr.loads(text)
    flow.run(xs=[1, 2], who="Ann", provider=fr.ScriptedProvider(lambda _: "p"), on_event=told.append)
    found = look(flow.graph, Told(told), "main", ("ask#1",))
    assert [row["given"] for row in found["frames"]] == ["x = 1", "x = 2"]
