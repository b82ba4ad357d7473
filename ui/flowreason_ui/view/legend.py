"""What the shapes and signs of a chart mean: each kind of step as it is drawn, and its words.

Invariant: every kind that a picture can hold is told, and no two look alike.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flowreason.view.drawn import element
from flowreason.view.labels import NodeKind
from flowreason.view.layout import Box
from flowreason.view.picture import SHAPES, PictureNode
from flowreason.view.shapes import SIGNS as PATHS
from flowreason.view.shapes import icon, n, outline
from flowreason.view.sizes import has_icon
from flowreason_ui.view.states import SIGNS, WORDS

KINDS: dict[NodeKind, str] = {
    "input": "what the flow is given",
    "ask": "asks the model",
    "person": "asks you",
    "python": "runs Python",
    "emulate": "code that the model works through",
    "tool": "calls a tool",
    "call": "another flow",
    "solve": "has a flow written and run",
    "run": "runs a flow from a text",
    "decision": "decides where it goes on",
    "loop": "a loop, with its rounds",
    "value": "a value",
    "yield": "what a round gives",
    "answer": "the answer",
}
"""The kinds in the order of a legend, in a few words."""

INSIDE: dict[NodeKind, str] = {
    "input": "name", "decision": "if", "value": "name", "yield": "yield", "answer": "answer",
}  # fmt: skip
"""What stands in those that have no sign."""

WIDTH, HEIGHT = 56.0, 30.0


@cache
def kinds() -> list[list[Any]]:
    """For every kind: its name, its words, the width and height of its drawing, and that."""
    return [[kind, words, WIDTH, HEIGHT, _drawn(kind)] for kind, words in KINDS.items()]


def states() -> list[list[str]]:
    """For every state: its name, its sign, its words, and its sign as a path."""
    return [[state, SIGNS[state], WORDS[state], PATHS.get(state, "")] for state in SIGNS]


def _drawn(kind: NodeKind) -> list[Any]:
    node = PictureNode(kind, kind, SHAPES[kind], "", "", (), (), "", "", (kind,))
    parts = list(outline(Box("", node, 0.0, 0.0, WIDTH, HEIGHT)))
    if kind in INSIDE:
        place = {"x": n(WIDTH / 2), "y": n(HEIGHT / 2 + 4), "font_size": "11", "text_anchor": "middle"}
        parts.append(element("text", [INSIDE[kind]], class_="title", **place))
    if has_icon(node):
        parts += icon(kind, (WIDTH - 13.0) / 2, (HEIGHT - 13.0) / 2)
    return element("g", parts, class_=f"node {kind}").as_json()
