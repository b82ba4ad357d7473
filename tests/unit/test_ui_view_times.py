"""The timeline of the app: what steps waited for, what was done ahead, and the chain that took longest."""

from __future__ import annotations

import time
from typing import Any

import flowreason as fr
from flowreason.engine.events import Event
from flowreason_ui.view.timeline import MOST_BARS, timeline

FLOW = """flow main(a: text) -> text {
  one = ask "first {a}"
  two = ask "second {a}"
  three = ask "third {one}"
  answer "{two} {three}"
}"""
GRAPH = fr.loads(FLOW).graph


def events(*told: tuple[float, str, str, str, dict[str, Any]]) -> list[Event]:
    return [Event(n, *each) for n, each in enumerate(told)]


OPENED = (1.0, "frame.opened", "main", "", {"flow": "main"})


def step(node: str, start: float, end: float, frame: str = "main") -> list[tuple[float, str, str, str, dict[str, Any]]]:
    return [(start, "node.started", frame, node, {}), (end, "node.done", frame, node, {"value": "x"})]


def test_what_ran_together_stands_in_lanes_and_the_longest_chain_is_marked() -> None:
    told = sorted(
        [OPENED, *step("one", 1.0, 2.0), *step("two", 1.0, 4.0), *step("three", 2.0, 6.0)], key=lambda e: e[0]
    )
    found = timeline(GRAPH, events(*told))
    assert [(bar.node, bar.lane, bar.ready) for bar in found.bars] == [
        ("one", 0, 1.0),
        ("two", 1, 1.0),
        ("three", 0, 1.0),
    ]
    assert [found.bars[n].node for n in found.chain] == ["one", "three"]
    assert (found.critical, found.seconds, found.lanes) == (5.0, 6.0, 2)


def test_waiting_for_a_limit_is_told_apart_from_waiting_for_a_person() -> None:
    found = timeline(GRAPH, events(
        OPENED, (1.0, "node.started", "main", "one", {}), (1.5, "node.wait", "main", "one", {"for": "rate", "seconds": 9}),
        (2.5, "node.request", "main", "one", {}), (3.0, "node.retry", "main", "one", {"wait": 0.5}),
        (5.0, "node.reply", "main", "one", {"prompt_tokens": 3}), (5.0, "person.asked", "main", "two", {}),
        (5.0, "node.started", "main", "two", {}), (5.0, "person.asked", "main", "two", {}),
        (7.0, "person.answered", "main", "two", {}), (7.5, "person.asked", "main", "two", {}),
    ))  # fmt: skip
    one, two = found.bars
    assert one.spans == [(1.5, 2.5, "limit"), (3.0, 3.5, "limit")]
    assert two.spans == [(5.0, 7.0, "person"), (7.5, None, "person")]
    assert (found.waited, one.calls, one.tokens, one.tries) == (1.5, 1, 3, 1)


def test_a_request_made_while_the_flow_was_written_has_a_bar_of_its_own() -> None:
    found = timeline(GRAPH, events(
        (0.2, "node.request", "early/main", "one", {"flow": "main", "sample": 0}),
        (0.2, "node.request", "early/main", "one", {"flow": "main", "sample": 1}),
        (0.5, "node.reply", "early/main", "one", {"sample": 1, "early": True}),
        (0.9, "node.reply", "early/main", "one", {"sample": 0, "early": True}),
        OPENED, *step("one", 1.0, 1.1),
    ))  # fmt: skip
    assert [(bar.ahead, bar.start, bar.end, bar.calls, bar.flow) for bar in found.bars] == [
        (True, 0.2, 0.9, 2, "main"), (False, 1.0, 1.1, 0, "main"),
    ]  # fmt: skip
    assert found.calls == 2
    assert [found.bars[n].ahead for n in found.chain] == [True, False]


def test_a_reply_to_what_was_asked_ahead_counts_where_its_step_has_begun() -> None:
    found = timeline(GRAPH, events(
        (0.0, "node.request", "compile", "compile", {}), (0.2, "node.request", "early/main", "one", {"flow": "main"}),
        (0.5, "node.reply", "compile", "compile", {"prompt_tokens": 9}), (0.5, "compile.done", "", "", {}),
        OPENED, (1.0, "node.started", "main", "one", {}),
        (2.0, "node.reply", "early/main", "one", {"early": True, "prompt_tokens": 4}),
        (2.0, "node.reply", "main", "one", {"shared": True, "early": True, "prompt_tokens": 4}),
        (2.0, "node.done", "main", "one", {"value": "x"}),
    ))  # fmt: skip
    assert [(bar.node, bar.calls, bar.tokens, bar.free) for bar in found.bars] == [
        ("compile", 1, 9, 0), ("one", 0, 0, 0), ("one", 1, 4, 0),
    ]  # fmt: skip
    assert [found.bars[n].kind for n in found.chain] == ["compile", "ask", "ask"]
    assert found.critical == 2.0


def test_what_is_under_way_when_a_run_ends_ends_with_it() -> None:
    found = timeline(GRAPH, events(
        OPENED, (1.0, "node.started", "main", "one", {}), (2.0, "person.asked", "main", "one", {}),
        (4.0, "run.cancelled", "", "", {"reason": "stopped"}), (9.0, "run.started", "", "", {}),
        (9.0, "node.started", "main", "one", {}),
    ))  # fmt: skip
    assert [(bar.status, bar.end) for bar in found.bars] == [("cancelled", 4.0), ("running", None)]
    assert found.bars[0].spans == [(2.0, 4.0, "person")]


def test_a_loop_and_a_flow_that_is_called_are_told_by_what_runs_in_them() -> None:
    found = timeline(None, events(
        OPENED, (1.0, "node.started", "main", "loop#1", {}), (1.0, "node.started", "main", "call#1", {}),
        (1.0, "frame.opened", "main/loop#1[0]", "", {"flow": "main", "owner": "loop#1", "index": 0}),
        (1.0, "frame.opened", "main/call#1/other", "", {"flow": "other", "owner": "call#1"}),
        *step("inner", 1.0, 3.0, "main/loop#1[0]"), *step("deep", 3.0, 4.0, "main/call#1/other"),
        (5.0, "node.done", "main", "loop#1", {}), (5.0, "node.done", "main", "call#1", {}),
    ))  # fmt: skip
    assert [found.bars[n].node for n in found.chain] == ["inner", "deep"]


def test_a_run_of_many_steps_is_told_in_time_and_shows_the_first_ones() -> None:
    many = [each for n in range(20_000) for each in step("one", n * 1.0, n + 1.0, f"main/loop[{n}]")]
    began = time.process_time()
    found = timeline(GRAPH, events(*many))
    assert time.process_time() - began < 3
    assert (len(found.bars), found.left_out, found.lanes) == (MOST_BARS, 20_000 - MOST_BARS, 1)
    assert found.critical == 20_000
