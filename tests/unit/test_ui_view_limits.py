"""A limit of the run is told as a limit, not as a failure, and rounds are counted as people count them."""

from __future__ import annotations

from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.draw import draw
from flowreason.view.progress import view
from flowreason.view.run_tree import run_tree
from flowreason.view.terminal import plain_line
from flowreason_ui.comparing import Side, compared
from flowreason_ui.plain import rows
from flowreason_ui.view.chart import chart
from flowreason_ui.view.look import look
from flowreason_ui.view.states import lit, states
from flowreason_ui.view.timeline import timeline
from flowreason_ui.view.told import Told

ITEMS = """flow f() -> list[text] {
  xs: list[text] = for i in `[1, 2, 3]` { yield ask "how {i}" }
  last = ask "sum {xs}"
  answer `xs + [last]`
}"""
FIRST = """flow f() -> text {
  n = ask "names"
  xs: list[text] = for i in `[1, 2, 3]` { yield ask "how {i} {n}" }
  answer `str(xs)`
}"""
WHILE = """flow f(n: int) -> int {
  while `n < 2` max 4 {
    n: int = ask "more {n}"
  }
  answer n
}"""


def ran(text: str, calls: int, **inputs: Any) -> tuple[Graph, list[Event]]:
    events: list[Event] = []
    flow = fr.loads(text)
    provider = fr.ScriptedProvider(lambda request: str(len(request.messages[-1].content) % 2))
    flow.run(inputs, provider=provider, limits=fr.Limits(calls=calls), on_event=events.append, confirm=lambda *_: True)
    return flow.graph, events


@pytest.mark.parametrize(("text", "calls", "loop", "step"), [
    (ITEMS, 2, "2 of 3 done", "2 of 3 done"), (FIRST, 1, "0 of 3 done", "0 of 3 done"), (FIRST, 3, "2 of 3 done", "2 of 3"),
])  # fmt: skip
def test_a_loop_that_a_limit_ended_says_how_many_are_done_and_nothing_has_failed(
    text: str, calls: int, loop: str, step: str
) -> None:
    graph, events = ran(text, calls)
    drawn, seen = chart(graph), view(events)
    found = {key.partition(":")[2]: state for key, state in states(drawn, seen).items()}
    assert found["xs"][1].startswith(f"⊘ stopped at the limit · {loop}")
    asked = next(state for key, state in found.items() if key.startswith("ask"))
    assert (asked[0], asked[2]) == ("limit", "⊘") and asked[1].startswith(f"⊘ not asked: limit reached · {step}")
    assert not any("failed" in " ".join(state) for state in found.values())
    panel = look(graph, Told(events), "f", ["xs"])["detail"]
    assert panel["numbers"].startswith(f"⊘ stopped at the limit · {loop}") and not panel["error"]
    assert [each["status"] for each in panel["rounds"]].count("limit") == 3 - int(loop[0])
    bars = timeline(graph, events).bars
    assert {bar.status for bar in bars if bar.kind == "loop"} == {"limit"} and all(
        bar.status != "failed" for bar in bars
    )
    lines = [line for event in events if (line := plain_line(event)) and "failed" in line]
    assert len(lines) == 1 and lines[0].startswith("failed: the limit")  # how the run ended
    tree = run_tree(graph, events)
    assert not any("failed" in f"{each.text} {each.told}" for each in tree)
    assert any(f"{loop[0]}/3 rounds" in each.told for each in tree)
    assert not any("failed" in row["state"] for row in rows(drawn, seen))
    assert "s-limit" in str(draw(graph, "svg", state=seen.nodes)) and "✗" not in str(
        draw(graph, "svg", state=seen.nodes)
    )
    assert all(each.left != "failed" for each in compared(Side(events, graph), Side(events, graph)))


def test_an_ask_alone_that_was_not_allowed_says_so_with_the_limit_and_hands_on_nothing() -> None:
    graph, events = ran('flow f() -> text {\n  a = ask "one"\n  b = ask "two {a}"\n  answer ask "three {b}"\n}', 1)
    drawn, seen = chart(graph), view(events)
    assert states(drawn, seen)["f:b"] == ["limit", "⊘ not asked: limit reached", "⊘"]
    found = look(graph, Told(events), "f", ["b"])
    assert found["detail"]["notes"] == ["Left undone: the limit of 1 call is reached."]
    assert (found["limited"], found["detail"]["error"]) == (1, "")
    into = [drawn.edges[number][1] for number in lit(drawn, states(drawn, seen), seen)]
    assert ("a",) in into and ("b",) not in into


def test_what_failed_for_itself_before_a_limit_stays_a_failure() -> None:
    told = [("node.started", {}), ("node.failed", {"error": "no"}), ("node.started", {}),
            ("node.failed", {"error": "the limit", "error_kind": "limit", "about": "ask"})]  # fmt: skip
    seen = view([Event(0, 0.0, "run.started", data={"entry": "f"}),
                 *(Event(n, 0.1, kind, f"f/x[{n // 3}]", "a", data) for n, (kind, data) in enumerate(told, 1))])  # fmt: skip
    assert seen.nodes["f", "a"].text == "✗ failed · 2 times · 1 failed"


def test_a_last_look_at_a_condition_is_no_round_in_chart_and_panel_alike() -> None:
    events: list[Event] = []
    flow = fr.loads(WHILE)
    flow.run({"n": 1}, provider=fr.ScriptedProvider(lambda _: "5"), on_event=events.append)
    graph = flow.graph
    loop = next(each for each in chart(graph).things if each.kind == "loop")
    shown = states(chart(graph), view(events))[loop.key][1]
    panel = look(graph, Told(events), "f", [loop.id], inner=f"f/{loop.id}[1]")["detail"]
    assert shown.startswith("✓ done · 1 of at most 4 rounds") and panel["numbers"].startswith(
        "✓ done · 1 of at most 4 rounds"
    )
    assert [(each["label"], each["looked"]) for each in panel["rounds"]] == [
        ("round 1", False), ("condition no longer held", True)
    ]  # fmt: skip
    assert [(each["label"], each["value"]) for each in panel["round"]["steps"]][:1] == [
        ("condition", "no longer holds")
    ]
    assert panel["inputs"] == [{"name": "most rounds", "value": "4"}]
    assert any("1/4 rounds" in each.told for each in run_tree(graph, events))


def test_times_of_several_that_ran_are_added_up_and_say_so() -> None:
    told = [Event(0, 0.0, "run.started", data={"entry": "f"})]
    for n in range(3):
        told += [
            Event(n, 0.0, "node.started", f"f/x[{n}]", "a"),
            Event(n, 2.0, "node.done", f"f/x[{n}]", "a", {"value": 1}),
        ]
    assert view(told).nodes["f", "a"].text == "✓ done · 3 times · 6.0 s in all"
    assert view(told[:3]).nodes["f", "a"].text == "✓ done · 2.0 s"
