"""What follows from the edges alone."""

from __future__ import annotations

from flowreason.graph.analysis import critical, levels, may_run_together, order
from flowreason.graph.lower import lower
from flowreason.graph.model import FlowGraph
from flowreason_dsl import parse
from flowreason_dsl.check import check
from tests.growth import within


def graph(body: str) -> FlowGraph:
    return lower(check(parse(f"flow main(town: text, rows: list[text]) {{\n{body}\n}}"))).main


LOOKUPS = 'a = ask "A {town}"\nb = ask "B {town}"\nc = ask "C {a}"\nanswer "{b} {c}"'


def test_a_node_is_as_urgent_as_the_longest_chain_of_calls_behind_it() -> None:
    urgency = critical(graph(LOOKUPS))
    assert (urgency["a"], urgency["b"], urgency["c"], urgency["town"]) == (2, 1, 1, 2)


def test_what_stands_in_a_loop_is_as_urgent_as_what_waits_for_the_loop() -> None:
    urgency = critical(graph('xs = for row in rows yield ask "A {row}"\nanswer ask "B {xs}"'))
    assert (urgency["xs"], urgency["ask#1"], urgency["rows"]) == (2, 2, 2)


def test_what_a_collecting_loop_does_not_wait_for_is_not_urgent() -> None:
    body = 'xs = for row in rows { note = ask "N {row}" yield ask "A {row}" }\nanswer ask "B {xs}"'
    urgency = critical(graph(body))
    assert (urgency["note"], urgency["ask#1"]) == (1, 2)


def test_carried_values_make_the_end_of_a_round_urgent() -> None:
    urgency = critical(graph('repeat 3 { town = ask "A {town}" }\nanswer ask "B {town}"'))
    assert urgency["town#2"] == 2


def test_every_node_stands_after_what_it_waits_for() -> None:
    flow = graph('repeat 3 { town = ask "A {town}" if `town` { break } }\nanswer for row in rows yield "{row} {town}"')
    found = order(flow)
    assert sorted(found) == sorted(flow.nodes)
    place = {id: number for number, id in enumerate(found)}
    assert all(place[read.source] < place[node.id] for node in flow.nodes.values() for read in node.reads)
    assert place["repeat#1"] > max(place[n.id] for n in flow.nodes.values() if n.region.startswith("repeat#1"))


def test_layers_hold_what_may_run_together() -> None:
    flow = graph(LOOKUPS)
    rows = levels(flow)
    assert {"a", "b"} <= set(next(row for row in rows if "a" in row))
    assert may_run_together(flow, "b", "c")
    assert not may_run_together(flow, "a", "c")
    assert not may_run_together(flow, "c", "a")


def test_what_stands_in_a_loop_comes_before_what_reads_the_loop() -> None:
    flow = graph('xs = for row in rows yield ask "A {row}"\nb = ask "B {town}"\nanswer "{xs} {b}"')
    assert not may_run_together(flow, "ask#1", "answer#1")
    assert may_run_together(flow, "ask#1", "b")


def test_a_chain_four_times_as_long_takes_about_four_times_as_long() -> None:
    def chain(count: int) -> FlowGraph:
        rows = ["a0 = `town`"] + [f"a{i} = `a{i - 1} + a{max(0, i - 7)}`" for i in range(1, count)]
        return graph("\n".join(rows) + f"\nanswer a{count - 1}")

    short, long = chain(2000), chain(8000)
    assert within(8, lambda: critical(short), lambda: critical(long))
