"""How steps end and wait: a loop at its limit, a pause, a round that was not needed, a call made ahead."""

from __future__ import annotations

from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.progress import view
from flowreason_ui.view.bounds import at_their_bound
from flowreason_ui.view.chart import chart
from flowreason_ui.view.course import Course
from flowreason_ui.view.look import look
from flowreason_ui.view.phase import CONTINUED, PAUSED
from flowreason_ui.view.states import lit, states
from flowreason_ui.view.timeline import timeline
from flowreason_ui.view.told import Told

WHILE = "flow f(n: int) -> int {{\n  while `n < {most}` max 3 {{ n = `n + 1` }}\n  answer n\n}}"
BLOCK = "flow f(n: int) -> int {{\n  while `(lambda: n < {most})()` max 3 {{ n = `n + 1` }}\n  answer n\n}}"
REPEAT = "flow f(n: int) -> int {{\n  repeat 3 until `n >= {most}` {{ n = `n + 1` }}\n  answer n\n}}"
BREAK = "flow f(n: int) -> int {{\n  repeat 3 until `n > 99` {{\n    n = `n + 1`\n    if `n >= {most}` {{ break }}\n  }}\n  answer n\n}}"
PLAIN = "flow f(n: int) -> int {{\n  repeat 3 {{ n = `n + 1` }}\n  answer n\n}}"


def ran(text: str, **inputs: Any) -> tuple[Graph, list[Event]]:
    events: list[Event] = []
    flow = fr.loads(text)
    flow.run(inputs, provider=fr.ScriptedProvider(lambda _: "so"), on_event=events.append)
    return flow.graph, events


def shown(graph: Graph, events: list[Event]) -> dict[str, list[str]]:
    course = Course()
    seen = course.go(events, len(events))
    paused = course.moment.before if course.moment.phase == "paused" else None
    return states(chart(graph), seen, paused)


@pytest.mark.parametrize(("text", "most", "told"), [
    (WHILE, 9, "its condition still held"), (REPEAT, 9, "its condition did not hold yet"),
    (BLOCK, 9, "its condition was not looked at again"), (BREAK, 9, "its condition did not hold yet"),
    (WHILE, 2, ""), (WHILE, 3, ""), (REPEAT, 3, ""), (BREAK, 3, ""), (PLAIN, 9, ""),
])  # fmt: skip
def test_a_loop_that_its_limit_ended_says_so_and_no_other_does(text: str, most: int, told: str) -> None:
    graph, events = ran(text.format(most=most), n=0)
    loop = next(each for each in chart(graph).things if each.kind == "loop")
    state, words, _ = shown(graph, events)[loop.key]
    sentences = at_their_bound(events, graph)
    assert (state == "bound") == ("stopped at its limit of 3 rounds" in words) == bool(told)
    assert [told in each and "3 rounds" in each for each in sentences] == [True] * bool(told)
    (row,) = look(graph, Told(events), "f", (loop.id,))["frames"]
    assert (row["status"] == "bound") == bool(told)


@pytest.mark.parametrize(("most", "taken"), [(9, False), (2, True)])
def test_the_way_out_of_a_loop_lights_up_only_where_it_was_taken(most: int, taken: bool) -> None:
    graph, events = ran(WHILE.format(most=most), n=0)
    drawn, seen = chart(graph), view(events)
    assert drawn.exits
    assert bool(drawn.exits & set(lit(drawn, states(drawn, seen), seen))) == taken


def test_a_run_that_was_kept_before_tells_it_too() -> None:
    """It is no part of what is kept, but follows from the flow."""
    from flowreason.engine.shorthand import shorten

    _, events = ran(WHILE.format(most=9), n=0)
    (ended,) = [event for event in events if event.kind == "frame.closed" and event.data]
    assert (ended.frame, ended.data) == ("f/while#1[2]", {"bound": True, "holds": True})
    assert len(shorten(ended, str)) == 4


def test_a_loop_that_its_limit_ended_often_is_told_of_once() -> None:
    text = "flow f() -> int {\n  ns: list[int] = for i in `range(4)` {\n    n = 0\n    while `n < 9` max 2 { n = `n + 1` }\n    yield n\n  }\n  answer `sum(ns)`\n}"
    graph, events = ran(text)
    (told,) = at_their_bound(events, graph)
    assert "stopped 4 times at its limit of 2 rounds" in told
    loop = next(each for each in chart(graph).things if each.title.startswith("while"))
    assert shown(graph, events)[loop.key][1].startswith("! at its limit 4 of 4 times · 8 rounds")


# --- a pause ---

TWO = 'flow f() -> text {\n  a = ask "one?"\n  b = ask "two?"\n  c = `len(a)`\n  answer "{a} {b} {c}"\n}'


def paused(*after: tuple[Any, ...]) -> dict[str, list[str]]:
    begun = [
        ("run.started", "", "", {"entry": "f"}), ("frame.opened", "f", "", {"flow": "f", "region": "f"}),
        ("node.started", "f", "a", {}), ("node.request", "f", "a", {"messages": []}), (PAUSED, "", "", {}),
        ("node.started", "f", "b", {}), ("node.request", "f", "b", {"messages": []}),
    ]  # fmt: skip
    return shown(fr.loads(TWO).graph, [Event(n, float(n), *each) for n, each in enumerate([*begun, *after])])


def test_in_a_pause_what_was_sent_ends_and_nothing_else_says_that_it_runs() -> None:
    reply = ("node.reply", "f", "a", {"text": "1", "prompt_tokens": 1, "completion_tokens": 1})
    first = paused()
    assert [first[f"f:{id}"][:2] for id in "ab"] == [["running", "▶ finishing this step"], ["paused", "‖ paused"]]
    then = paused(reply, ("node.done", "f", "a", {"value": "1"}))
    assert [then[f"f:{id}"][0] for id in "ab"] == ["done", "paused"]
    assert paused((CONTINUED, "", "", {}))["f:b"][:2] == ["running", "▶ running"]
    done = ("node.done", "f", "b", {"value": "1"})
    assert paused(("frame.closed", "f", "", {}), (CONTINUED, "", "", {}), done)["f:b"][1] == "✓ done · 1.0 s"


# --- what was not needed, and what was made ahead ---


def test_a_round_that_was_begun_early_is_not_needed_and_one_of_a_run_that_was_stopped_is_stopped() -> None:
    told = [
        ("run.started", "", "", {"entry": "f"}), ("frame.opened", "f", "", {"flow": "f", "region": "f"}),
        ("node.started", "f", "a", {}), ("node.cancelled", "f", "a", {}),
    ]  # fmt: skip

    def ends(kind: str) -> tuple[str, str, str]:
        events = [Event(n, float(n), *each) for n, each in enumerate([*told, (kind, "", "", {})])]
        state, words, _ = shown(fr.loads(TWO).graph, events)["f:a"]
        (bar,) = timeline(None, events).bars
        return state, words, bar.status

    assert ends("run.finished") == ("spared", "○ not needed · 1.0 s", "spared")
    assert ends("run.cancelled") == ("cancelled", "■ stopped · 1.0 s", "cancelled")


def test_a_step_that_was_asked_while_the_flow_was_written_tells_the_time_and_tokens_of_that_call() -> None:
    paid = {"text": "1", "prompt_tokens": 30, "completion_tokens": 5, "calls": 1}
    told = [
        (0.0, "compile.started", "", "", {}), (1.0, "node.request", "early/f", "a", {"flow": "f", "messages": []}),
        (4.0, "node.reply", "early/f", "a", {"flow": "f", **paid}), (5.0, "compile.done", "", "", {}),
        (5.0, "run.started", "", "", {"entry": "f"}), (5.0, "frame.opened", "f", "", {"flow": "f", "region": "f"}),
        (5.0, "node.started", "f", "a", {}), (5.0, "node.request", "f", "a", {"messages": []}),
        (5.0, "node.reply", "f", "a", {"text": "1", "shared": True, "early": True}),
        (5.0, "node.done", "f", "a", {"value": "1"}),
    ]  # fmt: skip
    events = [Event(n, *each) for n, each in enumerate(told)]
    graph = fr.loads(TWO).graph
    assert shown(graph, events[:2])["f:a"][1] == "◦ asked early, no reply yet"
    assert shown(graph, events)["f:a"][:2] == ["done", "✓ done · 3.0 s · 35 tokens"]
    detail = look(graph, Told(events), "f", ("a",))["detail"]
    assert detail["numbers"] == "✓ done · 3.0 s · 35 tokens"
    (attempt,) = detail["attempts"]
    assert (attempt["early"], attempt["shared"], attempt["seconds"], attempt["prompt_tokens"]) == (True, False, 3.0, 30)
    assert timeline(graph, events).saved == 0
