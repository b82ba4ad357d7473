"""The graph that a flow's text becomes: every assignment a node, joins after branches, and effects in a chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import flowreason as fr
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph

TOOLS = 'tool act(x: any) -> text "changes the world"\npure tool see(x: any) -> text "looks"\n'


def graph(body: str, more: str = "", head: str = "flow f(a: int, xs: list[int])") -> FlowGraph:
    return fr.loads(f"{TOOLS}{head} {{\n{body}\n}}\n{more}").graph.main


def edges(flow: FlowGraph, kind: str) -> set[tuple[str, str]]:
    return {(start, end) for start, end, each, _ in flow.edges() if each == kind}


def reach(flow: FlowGraph, start: str, end: str) -> bool:
    return bool(nx.has_path(flow.digraph, start, end))


def test_every_assignment_is_a_node_of_its_own() -> None:
    flow = graph("b = `a + 1`\n b = `b + 1`\n answer b")
    assert {"a", "b", "b#2", "answer#1"} <= set(flow.nodes)
    assert edges(flow, "data") >= {("a", "b"), ("b", "b#2"), ("b#2", "answer#1")}


def test_statements_without_a_name_in_common_have_no_path_between_them() -> None:
    flow = graph('b = ask "one {a}"\n c = ask "two {a}"\n answer "{b}{c}"')
    assert not reach(flow, "b", "c")
    assert not reach(flow, "c", "b")


def test_a_name_that_arms_change_is_joined_and_others_are_not() -> None:
    flow = graph("b = 1\n c = 2\n if `a > 0` { b = `a * 2` }\n answer `b + c`")
    assert isinstance(flow.nodes["b.join"].op, ops.Join)
    assert "c.join" not in flow.nodes
    [answer] = [n for n in flow.nodes.values() if isinstance(n.op, ops.Answer)]
    assert reach(flow, "b.join", answer.id)


def test_arms_stand_in_regions_of_the_decision() -> None:
    flow = graph('if `a > 0` { b = ask "yes {a}" } else { b = ask "no {a}" }\n answer b')
    arms = {r.label: r for r in flow.regions.values() if r.kind == "arm"}
    assert set(arms) == {"true", "false"}
    assert flow.nodes["b"].region == arms["true"].id
    assert flow.nodes["b"].guard == (arms["true"].owner, "true")


def test_a_loop_carries_what_its_body_assigns_and_reads_the_rest_directly() -> None:
    flow = graph("b = 0\n for x in xs { b = `b + x + a` }\n answer b")
    [loop] = [n.op for n in flow.nodes.values() if isinstance(n.op, ops.Loop)]
    assert [each.name for each in loop.carried] == ["b"]
    [each] = loop.carried
    assert (each.head, each.out) != (None, None)
    assert (each.next, each.head) in edges(flow, "back")
    assert (each.next, each.out) in edges(flow, "exit")
    assert any(end == each.next for start, end in edges(flow, "data") if start == "a")


@pytest.mark.parametrize(
    ("body", "in_order"), [("b = x", False), ("if `x > 1` { break }", True), ("if `x > 1` { answer x }", True)]
)
def test_only_break_and_answer_make_rounds_follow_one_another(body: str, in_order: bool) -> None:
    flow = graph(f"for x in xs {{ {body} }}\n answer 1")
    [loop] = [n.op for n in flow.nodes.values() if isinstance(n.op, ops.Loop)]
    assert loop.in_order is in_order


def test_without_back_edges_no_region_holds_a_circle() -> None:
    flow = graph(
        'b = 0\n repeat 3 until `b > 9` { b = ask "more {b}"\n if `a > 1` { b = 2 } }\n'
        " ys = for x in xs { for y in xs { if `y > x` { yield y } } }\n act(ys)\n answer b"
    )
    forward = nx.DiGraph((s, e) for s, e, kind, _ in flow.edges() if kind != "back")
    assert nx.is_directed_acyclic_graph(forward)


def test_effects_are_chained_and_pure_tools_are_not() -> None:
    flow = graph("act(1)\n b = see(1)\n act(2)\n answer b")
    assert ("act#1", "act#2") in edges(flow, "order")
    assert not reach(flow, "act#1", "b")
    assert not reach(flow, "b", "act#2")


@pytest.mark.parametrize(
    "between",
    [
        "if `a > 1` { act(2) }",
        "for x in xs { act(x) }",
        "inner()",
        "b = `a // 0` else act(2)",
        "c = sample 2 { yield act(2) }",
    ],
)
def test_the_chain_of_effects_goes_through_whatever_holds_them(between: str) -> None:
    flow = graph(f"act(1)\n {between}\n act(3)\n answer 1", "flow inner() { act(2)\n answer 1 }")
    acts = [id for id, n in flow.nodes.items() if isinstance(n.op, ops.CallTool)]
    assert reach(flow, acts[0], acts[-1])
    middle = [
        i
        for i, n in flow.nodes.items()
        if isinstance(n.op, ops.CallFlow | ops.CallTool) and i not in (acts[0], acts[-1])
    ]
    for each in middle:
        assert reach(flow, acts[0], each)
        assert reach(flow, each, acts[-1])


def test_the_answer_waits_for_the_effects_before_it() -> None:
    flow = graph("act(1)\n answer a")
    assert ("act#1", "answer#1") in edges(flow, "order")


def test_a_hand_drawn_edge_shows_a_value_to_an_ask_and_orders_the_rest() -> None:
    flow = graph('b = see(1)\n c = ask "c?"\n d = see(2)\n b -> c, d\n answer "{c}{d}"')
    assert ("b", "c") in edges(flow, "data")
    assert [r.role for r in flow.nodes["c"].reads if r.source == "b"] == ["context"]
    assert ("b", "d") in edges(flow, "order")


def test_an_ensure_that_is_more_than_python_becomes_a_hidden_flow() -> None:
    program = fr.loads('flow f() { b = ask "b?" ensure ask "Is {b} right?", "right"\n answer b }').graph
    [hidden] = [name for name in program.flows if name != "f"]
    assert program.flows[hidden].parameters == ("b",)
    assert program.main.nodes["b"].checks[0].flow == hidden


def test_else_parts_the_way_and_joins_it() -> None:
    flow = graph('b = `1 // a` else ask "b?"\n answer b')
    [decision] = [n for n in flow.nodes.values() if isinstance(n.op, ops.Decide)]
    assert decision.op.kind == "rescue"
    assert isinstance(flow.nodes["b"].op, ops.Join)


def test_yields_belong_to_the_innermost_collecting_loop() -> None:
    flow = graph("ys = for x in xs { yield x\n for y in xs { if `y > 1` { yield y } } }\n answer ys")
    loops = {n.id: n.op for n in flow.nodes.values() if isinstance(n.op, ops.Loop)}
    [outer] = [op for op in loops.values() if op.collects]
    [inner] = [id for id, op in loops.items() if not op.collects]
    assert (len(outer.yields), outer.yields[1], len(loops[inner].yields)) == (2, inner, 1)


def test_ids_stay_when_the_text_after_them_changes() -> None:
    before = graph('b = ask "b?"\n b = `b + "x"`\n answer b')
    after = graph('b = ask "b?"\n b = `b + "x"`\n c = ask "c?"\n answer "{b}{c}"')
    assert [id for id in before.nodes if id in after.nodes][:5] == list(before.nodes)[:5]


@pytest.mark.parametrize("path", sorted(Path("tests/corpus/valid").glob("*.flow")), ids=lambda path: path.stem)
def test_every_flow_of_the_corpus_is_a_sound_graph(path: Path) -> None:
    try:
        program = fr.load(path).graph
    except fr.FlowError:
        pytest.skip("needs tools that only its own test gives")
    for flow in program.flows.values():
        sound(flow)


def sound(flow: FlowGraph) -> None:
    """Every edge joins known nodes, every node stands in a known region, and it reads only what is visible to it."""
    for start, end, _, _ in flow.edges():
        assert start in flow.nodes
        assert end in flow.nodes
    for node in flow.nodes.values():
        bodies = ancestors(flow, node.region)
        for read in node.reads:
            assert flow.body_of(flow.nodes[read.source].region) in bodies, (node.id, read)
    forward: Any = nx.DiGraph((s, e) for s, e, kind, _ in flow.edges() if kind != "back")
    assert nx.is_directed_acyclic_graph(forward)


def ancestors(flow: FlowGraph, region: str) -> set[str]:
    found, place = set(), flow.body_of(region)
    while True:
        found.add(place)
        parent = flow.regions[place].parent
        if parent is None:
            return found
        place = flow.body_of(parent)


def test_a_name_keeps_its_value_after_a_loop_whose_body_always_answers() -> None:
    flow = fr.loads("flow first(xs: list[int]) -> int { x = `0` for p in xs { x = p answer x } answer x }")
    assert flow.run(xs=[], provider=fr.ScriptedProvider()).value == 0
    assert flow.run(xs=[7, 8], provider=fr.ScriptedProvider()).value == 7
