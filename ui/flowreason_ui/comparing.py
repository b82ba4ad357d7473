"""Where two runs differ: pure functions of their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.values import plain, show

NOT_THERE = "—"
_ENDS = {"node.failed": "failed", "node.skipped": "skipped", "node.cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A step that came to something else in two runs, or is in one of them only. `frame` is empty for the first."""

    step: str
    frame: str
    left: str
    right: str

    def as_row(self) -> dict[str, str]:
        return {"step": self.step, "where": self.frame, "left": self.left, "right": self.right}


def outcomes(events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """What each step of each frame came to, as text."""
    found: dict[tuple[str, str], str] = {}
    for event in events:
        place = (event.frame, event.node)
        if not event.node:
            continue
        if event.kind == "node.done":
            found[place] = show(plain(event.data.get("value")))
        elif event.kind in _ENDS:
            found[place] = _ENDS[event.kind]
    return found


def differing(left: Iterable[Event], right: Iterable[Event], seen: dict[str, str] | None = None) -> list[Difference]:
    """The steps that differ, in the order of the first run. `seen`: the steps that people see, with their names."""
    one, other = outcomes(left), outcomes(right)
    found = []
    for place in [*one, *(place for place in other if place not in one)]:
        frame, node = place
        if one.get(place) != other.get(place) and (seen is None or node in seen):
            name = node if seen is None else seen[node]
            found.append(Difference(name, _within(frame), one.get(place, NOT_THERE), other.get(place, NOT_THERE)))
    return found


def _within(frame: str) -> str:
    """A frame without the flow in which all begins: empty for that itself."""
    return frame.partition("/")[2]


def steps_of(*graphs: Graph | None) -> dict[str, str]:
    """The steps that people see in some graphs, by the names that they have there."""
    from flowreason.graph import ops

    found: dict[str, str] = {}
    for graph in graphs:
        for flow in graph.flows.values() if graph is not None else ():
            found |= {n.id: n.name or n.id for n in flow.nodes.values() if not isinstance(n.op, ops.HIDDEN)}
    return found


def answers_differ(left: Any, right: Any) -> bool:
    """Whether two answers are not the same."""
    return show(plain(left)) != show(plain(right))
