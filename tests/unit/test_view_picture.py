"""What people see of a flow: everything they wrote, none of the bookkeeping, and edges that say where things come from."""

from __future__ import annotations

import pytest

from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.graph.ops import HIDDEN
from flowreason.view.picture import WHOLE, Picture, picture, pictures
from flowreason_dsl import parse
from flowreason_dsl.check import check

POLISH = """
flow polish(task: text) -> text {
  draft = ask "Write: {task}"
  repeat 4 until `score >= 9` {
    critique = ask "What is weakest in this text? {draft}"
    draft = ask "Mend this: {critique}" given draft, task
    score: int = ask "Score this text from 1 to 10." given draft
  }
  answer draft
}
"""

RIVERS = """
tool measure(river: text) -> number "How long a river is."
tool note(line: text) -> text "Write a line into the log."

flow rivers(names: list[text]) -> text {
  longest = 0.0
  for name in names {
    kind: "river" | "lake" = ask "Is {name} a river or a lake?"
    if `kind == "lake"` { break }
    length = measure(name)
    if `length > longest` { longest = length }
    note(name)
  }
  found = ask "Which river is {longest} km long?" else "none"
  answer found
}
"""

CHAIN = """
flow size(n: int) -> text {
  if `n < 10` { word = "small" } else if `n < 100` { word = "middling" } else { word = "large" }
  answer "It is {word}."
}
"""


def graph(text: str) -> Graph:
    return lower(check(parse(text)))


def edges(seen: Picture) -> set[tuple[str, str, str, str]]:
    return {(edge.start, edge.end, edge.kind, edge.label) for edge in seen.edges}


@pytest.mark.parametrize("text", [POLISH, RIVERS, CHAIN])
def test_bookkeeping_is_not_seen_and_all_that_was_written_is(text: str) -> None:
    flow = graph(text).main
    seen = picture(graph(text))
    shown = {member for thing in (*seen.nodes, *seen.regions) for member in thing.members}
    assert not any(isinstance(flow.nodes[id].op, HIDDEN) for id in shown)
    assert {node.id for node in flow.nodes.values() if node.name and not isinstance(node.op, HIDDEN)} <= shown


@pytest.mark.parametrize("text", [POLISH, RIVERS, CHAIN])
def test_every_edge_joins_two_things_that_are_seen_and_none_is_there_twice(text: str) -> None:
    seen = picture(graph(text))
    assert all(edge.start in seen.by_id and edge.end in seen.by_id for edge in seen.edges)
    assert len(edges(seen)) == len(seen.edges)


def test_a_small_condition_stands_in_its_diamond() -> None:
    seen = picture(graph(POLISH))
    until = next(node for node in seen.nodes if node.kind == "decision")
    assert until.lines == ("score >= 9",)
    assert len(until.members) == 2
    assert not [node for node in seen.nodes if node.kind == "python"]


def test_a_loop_is_a_region_with_a_head_a_way_back_and_a_way_out() -> None:
    seen = picture(graph(POLISH))
    loop = next(region for region in seen.regions if region.kind == "loop")
    assert loop.title == "repeat 4 until score >= 9"
    found = edges(seen)
    assert (loop.id, "critique", "each", "draft") in found
    assert ("draft#2", loop.id, "back", "draft") in found
    assert {kind for start, end, kind, label in found if start == "until#1" and end == loop.id} == {"back", "exit"}
    assert (loop.id, "answer#1", "exit", "draft") in found


def test_a_break_leads_to_the_foot_of_its_loop() -> None:
    seen = picture(graph(RIVERS))
    loop = next(region.id for region in seen.regions if region.kind == "loop")
    assert ("if#1", loop, "exit", "yes") in edges(seen)


def test_what_follows_a_way_that_broke_off_hangs_on_the_other_way() -> None:
    assert ("if#1", "length", "false", "no") in edges(picture(graph(RIVERS)))


def test_a_value_after_a_branch_comes_from_every_way() -> None:
    seen = picture(graph(CHAIN))
    end = next(node.id for node in seen.nodes if node.kind == "answer")
    sources = {seen.by_id[edge.start] for edge in seen.edges if edge.end == end}
    assert [thing.lines for thing in seen.nodes if thing in sources] == [('"small"',), ('"middling"',), ('"large"',)]


def test_a_name_that_stays_as_it_is_on_an_empty_way_is_led_on_by_the_decision() -> None:
    seen = picture(
        graph('flow f(a: text) -> text { if `len(a) > 9` { a = ask "Shorten {a}" } answer ask "Translate {a}" }')
    )
    last = next(node.id for node in seen.nodes if node.lines == ("Translate {a}",))
    into = {(start, kind, label) for start, end, kind, label in edges(seen) if end == last}
    assert ("if#1", "false", "no") in into
    assert not [each for each in into if each[0] == "a"], "the decision already says that a was read"


def test_else_if_stands_beside_its_decision_and_not_in_a_box_of_its_own() -> None:
    seen = picture(graph(CHAIN))
    decisions = [node for node in seen.nodes if node.kind == "decision"]
    assert [node.region for node in decisions] == [WHOLE, WHOLE]
    assert (decisions[0].id, decisions[1].id, "false", "no") in edges(seen)


def test_what_is_tried_when_a_node_fails_hangs_on_that_node() -> None:
    seen = picture(graph(RIVERS))
    arm = next(region for region in seen.regions if region.title == "if it fails")
    tried = next(node for node in seen.nodes if node.name == "found" and node.kind == "ask")
    assert (tried.id, arm.id, "true", "if it fails") in edges(seen)
    fallback = next(node for node in seen.nodes if node.region == arm.id)
    assert (fallback.name, fallback.lines) == ("found", ('"none"',))


def test_an_order_edge_is_drawn_only_where_no_other_path_says_the_same() -> None:
    text = """
tool note(line: text) -> text "Write a line."
flow f(a: text) -> text { x = note(a) y = note(x) z = note(a) answer z }
"""
    order = {(start, end) for start, end, kind, _ in edges(picture(graph(text))) if kind == "order"}
    assert order == {("y", "z")}


def test_every_flow_has_its_picture_and_the_first_is_where_a_run_starts() -> None:
    text = 'flow b(x: text) -> text { answer a(x) } flow a(x: text) -> text { answer ask "Why {x}?" }'
    assert [seen.title for seen in pictures(graph(text))] == ["b(x: text) -> text", "a(x: text) -> text"]


def test_things_stand_in_written_order_regions_where_they_begin() -> None:
    seen = picture(graph(POLISH))
    assert [thing.id for thing in seen.children[WHOLE]] == ["task", "draft", "repeat#1.body", "answer#1"]


@pytest.mark.parametrize("text", [POLISH, RIVERS, CHAIN])
def test_the_same_text_gives_the_same_picture(text: str) -> None:
    assert picture(graph(text)) == picture(graph(text))


def test_a_long_question_is_shortened_and_kept_whole_beside_it() -> None:
    question = "Which of the rivers of the north " * 40
    node = next(
        node for node in picture(graph(f'flow f() -> text {{ answer ask "{question}" }}')).nodes if node.kind == "ask"
    )
    assert len(node.lines) == 3
    assert node.lines[-1].endswith("…")
    assert node.full == question.strip()
