"""Flows and results in a notebook: HTML that is safe to put into any page.

Invariant: every text is escaped; there is no script, no link and nothing that is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.draw import draw_svg
from flowreason.view.progress import cost_text, view
from flowreason.view.text import escape

_BOX = "overflow-x:auto;max-width:100%"
_PRE = "white-space:pre-wrap;overflow-wrap:anywhere"


def flow_html(graph: Graph, text: str = "") -> str:
    """A flow: its picture, and its text folded away."""
    return f'<div class="flowreason-flow">{_picture(draw_svg(graph))}{_source(text)}</div>'


def result_html(graph: Graph, events: Sequence[Event], answer: str, text: str = "") -> str:
    """A result: the answer, what it cost, the picture of the run, and the flow's text folded away."""
    seen = view(events)
    said = f'<p style="{_PRE}"><strong>{escape(answer)}</strong></p>' if answer else ""
    wrong = f'<p style="{_PRE}">✗ {escape(seen.error)}</p>' if seen.error else ""
    cost = f"<p><small>{escape(cost_text(seen.usage, seen.seconds, shared=seen.shared, kept=seen.kept))}</small></p>"
    picture = _picture(draw_svg(graph, state=seen.nodes))
    folded = f"<details><summary>How it was found</summary>{picture}{_source(text)}</details>"
    return f'<div class="flowreason-result">{said}{wrong}{cost}{folded}</div>'


def _picture(svg: str) -> str:
    return f'<div style="{_BOX}">{svg}</div>'


def _source(text: str) -> str:
    return f'<details><summary>Flow</summary><pre style="{_PRE}">{escape(text)}</pre></details>' if text else ""
