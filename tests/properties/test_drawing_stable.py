"""A statement that is added moves little: all others keep their order, and what is drawn before it stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.view.layout import Box, Layout, layout
from flowreason.view.picture import Picture, pictures
from flowreason_dsl import FlowError, format_text
from flowreason_dsl.plain import document_of, program_of

ROOT = Path(__file__).parents[2]


@cache  # when first needed, and not where tests are only collected
def drawable() -> list[str]:
    found = []
    for path in sorted([*(ROOT / "tests/corpus").rglob("*.flow"), *(ROOT / "examples").rglob("*.flow")]):
        try:
            text = format_text(path.read_text("utf-8"))
            fr.loads(text)
            found.append(text)
        except FlowError:
            pass
    return found


def test_enough_flows_are_tried() -> None:
    assert len(drawable()) > 100


def drawn(text: str) -> tuple[tuple[Picture, ...], Layout]:
    seen = pictures(fr.loads(text).graph)
    return seen, layout(seen)


def key(box: Box) -> tuple[str, str]:
    """A thing across two pictures: its flow, and what it says (numbers in ids count from the top and may move)."""
    return box.flow, box.thing.id


def text_of(box: Box) -> str:
    return getattr(box.thing, "full", "") or getattr(box.thing, "title", "")


def blocks(statements: list[Any]) -> Iterator[list[Any]]:
    """All lists of statements in a document, from the outside in."""
    yield statements
    for each in statements:
        for holder in (each, each.get("value"), *each.get("arms", ()), *each.get("cases", ())):
            if isinstance(holder, dict):
                inner = ["statements", *(["else"] if holder.get("kind") in ("if", "match") else [])]
                yield from (found for name in inner if name in holder for found in blocks(holder[name]))


@given(st.deferred(lambda: st.sampled_from(drawable())), st.data())
@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_statement_that_is_added_leaves_the_order_of_all_others(text: str, data: st.DataObject) -> None:
    document = document_of(text)
    flow = data.draw(st.sampled_from(document["flows"]))
    block = data.draw(st.sampled_from(list(blocks(flow["statements"]))))
    added = {"kind": "text", "name": "extra_step", "text": "a step of its own"}
    block.insert(data.draw(st.integers(0, len(block))), added)
    try:
        seen, after = drawn(program_of(document).text)
    except FlowError:
        return
    _same_order(drawn(text)[1], after)
    before = {key(box): box for box in drawn(text)[1].nodes}
    flows = [each.flow for each in seen]
    for box in after.nodes:
        if flows.index(box.flow) < flows.index(flow["name"]) and key(box) in before:
            assert (box.x, box.y) == (before[key(box)].x, before[key(box)].y)


def _same_order(before: Layout, after: Layout) -> None:
    """Of any two things side by side in one region, the same stands left, and the same above."""
    new = {key(box): box for box in after.nodes}
    known = [box for box in before.nodes if key(box) in new and text_of(new[key(box)]) == text_of(box)]
    for region in {(box.flow, box.thing.region) for box in known}:  # type: ignore[union-attr]
        boxes = [box for box in known if (box.flow, box.thing.region) == region]  # type: ignore[union-attr]
        for one in boxes:
            for two in boxes:
                a, b = new[key(one)], new[key(two)]
                if one.y + one.height <= two.y:
                    assert a.y + a.height <= b.y, (one.thing.id, two.thing.id)
                elif one.x + one.width <= two.x and abs(one.y - two.y) < 1:
                    assert a.x + a.width <= b.x, (one.thing.id, two.thing.id)
