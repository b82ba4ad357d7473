"""Events → which loops their most rounds ended, in a sentence each: their conditions did not.

Invariant: what is said was looked at. A `repeat … until` looks at its condition after its last round, a `while` only
where that is plain Python.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import Graph
from flowreason.view import labels
from flowreason.view.text import shorten

LONG = 60
"""Characters of a loop's first line by which it is known again."""


def at_their_bound(events: Iterable[Event], graph: Graph | None) -> list[str]:
    """A sentence for each loop of the flow that had its most rounds, in the order in which they did."""
    opened: dict[str, Event] = {}
    found: dict[tuple[str, str], list[tuple[int, bool]]] = {}
    for event in events:
        if event.kind == "frame.opened" and event.data.get("kind") in ("while", "repeat"):
            opened[event.frame] = event
        elif event.kind == "frame.closed" and event.data.get("bound") and event.frame in opened:
            data = opened[event.frame].data
            place = str(data.get("flow", "")), str(data.get("owner", ""))
            found.setdefault(place, []).append((int(data["index"]) + 1, bool(event.data.get("holds"))))
    return [_sentence(graph, *place, ends) for place, ends in found.items()]


def _sentence(graph: Graph | None, flow: str, id: str, ends: list[tuple[int, bool]]) -> str:
    known = graph.flows.get(flow) if graph is not None else None
    node = known.nodes.get(id) if known is not None else None
    name, then = "A loop", ""
    if known is not None and node is not None and isinstance(node.op, ops.Loop):
        name = f"The loop “{shorten(labels.loop_text(known, node, node.op), LONG)}”"
        still = "still held" if all(holds for _, holds in ends) else "was not looked at again"
        then = f"; its condition {still if node.op.kind == 'while' else 'did not hold yet'}"
    most = max(rounds for rounds, _ in ends)
    limit = f"its limit of {most:,} round{'' if most == 1 else 's'}"
    often = f" {len(ends):,} times" if len(ends) > 1 else ""
    return f"{name} stopped{often} at {limit}{then}."
