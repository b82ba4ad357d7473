"""Where two runs differ: pure functions of their events and graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.values import plain, show
from flowreason.view.labels import body_text
from flowreason.view.progress import LIMIT
from flowreason_ui.steps import Step, flows_of, parts, places, titles

NOT_THERE = "—"
_ENDS = {"node.failed": "failed", "node.skipped": "skipped", "node.cancelled": "not needed"}
_UNDONE = "not done: limit reached"
_NOTHING = frozenset({NOT_THERE, "skipped", "not needed"})
"""What a step that came to nothing has in place of an outcome."""
_WORK = frozenset({"node.request", "node.tool", "person.asked"})
"""What a step does that costs time, money or somebody's attention."""

Place: TypeAlias = tuple[str, str]
"""A frame, and a node in it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A step in two runs: what it came to in each, and how that is. `where` is empty for the flow itself."""

    step: str
    where: str
    left: str
    right: str
    how: str

    @property
    def same(self) -> bool:
        return self.left == self.right

    @property
    def idle(self) -> bool:
        """Whether it came to nothing in either run."""
        return self.left in _NOTHING and self.right in _NOTHING

    def as_row(self) -> dict[str, str]:
        return {
            "Step": f"{self.step} ({self.where})" if self.where else self.step,
            "First run": self.left,
            "Second run": self.right,
            "How": self.how,
        }


@dataclass(frozen=True)
class Side:
    """One of two runs."""

    events: Sequence[Event]
    graph: Graph | None

    def outcomes(self) -> dict[Place, str]:
        """What each step of each frame came to, as text."""
        found: dict[Place, str] = {}
        for event in self.events:
            if not event.node:
                continue
            if event.kind == "node.done":
                found[event.frame, event.node] = show(plain(event.data.get("value")))
            elif event.kind in _ENDS:
                limited = event.data.get("error_kind") == LIMIT and "about" in event.data
                found[event.frame, event.node] = _UNDONE if limited else _ENDS[event.kind]
        return found

    def of_kind(self, *kinds: str) -> set[Place]:
        return {(event.frame, event.node) for event in self.events if event.kind in kinds}

    def worked(self) -> set[Place]:
        """The steps that asked somebody or called a tool; those whose answer was there already did not."""
        known = {(e.frame, e.node) for e in self.events if e.kind == "node.reply" and e.data.get("cached")}
        return self.of_kind(*_WORK) - self.of_kind("node.recalled") - known


BEFORE = 60
"""Characters before the first that differs, where two long texts begin alike."""


def reworded(left: Graph | None, right: Graph | None) -> list[Compared]:
    """The steps that both flows have and write otherwise: a question, code, a value. What begins alike is cut."""
    if left is None or right is None:
        return []
    found = []
    for (flow, id), name in titles(left).items():
        one, other = left.flows.get(flow), right.flows.get(flow)
        if one is None or other is None or id not in one.nodes or id not in other.nodes:
            continue
        texts = body_text(one, one.nodes[id]), body_text(other, other.nodes[id])
        if texts[0] != texts[1]:
            found.append(Compared(name, "", *_from_the_difference(*texts), "written by you"))
    return found


def _from_the_difference(one: str, other: str) -> tuple[str, str]:
    shorter = min(len(one), len(other))
    alike = next((at for at in range(shorter) if one[at] != other[at]), shorter) - BEFORE
    return (one, other) if alike < BEFORE else (f"…{one[alike:]}", f"…{other[alike:]}")


def compared(left: Side, right: Side, *, made_from: bool = False) -> list[Compared]:
    """Every step that people see in either run, in the order of the first: what differs before what asked again, and
    that before what is the same. `made_from`: the second run was made from the first."""
    one, other = left.outcomes(), right.outcomes()
    names: dict[Step, str] = titles(right.graph) | titles(left.graph)
    flows = flows_of(right.events) | flows_of(left.events)
    where = places(right.events, names) | places(left.events, names)
    seen_as = parts(right.graph)

    def shown(places: set[Place]) -> set[Place]:
        return {(frame, seen_as.get((flows.get(frame, ""), node), ("", node))[1]) for frame, node in places}

    given, worked = shown(right.of_kind("node.given") - left.of_kind("node.given")), shown(right.worked())
    found = []
    for place in [*one, *(place for place in other if place not in one)]:
        frame, node = place
        name = names.get((flows.get(frame, ""), node))
        if name is None:
            continue
        pair = one.get(place, NOT_THERE), other.get(place, NOT_THERE)
        how = _how(*pair, given=place in given, worked=place in worked, made_from=made_from)
        found.append(Compared(name, where.get(frame, ""), *pair, how))
    found = list(dict.fromkeys(found))  # a step that hands on a value of the same name says nothing more
    return sorted(found, key=lambda each: (each.same, each.same and not each.how))


def _how(left: str, right: str, *, given: bool, worked: bool, made_from: bool) -> str:
    """What happened to a step between two runs, in words; empty where nothing did."""
    if left == NOT_THERE:
        return "only in the second"
    if right == NOT_THERE:
        return "only in the first"
    if given:
        return "set by you"
    if made_from and worked:
        return "ran again"
    if left == right:
        return ""
    return "follows from it" if made_from else "another value"
