"""What steps are called: pure functions of a graph, for lists and tables beside the flowchart.

Invariant: a step is called as the flowchart calls it, by its name or by what its flow writes there, and never by the id
that it has in the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from flowreason.engine.events import Event
from flowreason.errors import FlowreasonError
from flowreason.graph.model import Graph
from flowreason.records import Plan
from flowreason.resuming import kept_flow
from flowreason.values import decode
from flowreason.view.picture import pictures
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui.escape import one_line

Step: TypeAlias = tuple[str, str]
"""A flow, and a node of it."""
LONG = 60
_INSIDE = (".join", ".out", ".head")
"""What the ids of a name end with: after a branch, after a loop, at the start of a round."""


def titles(graph: Graph | None) -> dict[Step, str]:
    """The steps that people see in a graph, with what they are called there."""
    found: dict[Step, str] = {}
    for picture in pictures(graph) if graph is not None else ():
        for region in picture.regions:
            if region.kind == "loop" and region.owner:
                found[picture.flow, region.owner] = region.name or one_line(region.title, LONG)
        for node in picture.nodes:
            said = node.name or (node.full if node.kind not in ("answer", "input") else "")
            found[picture.flow, node.members[0]] = one_line(said or node.title, LONG)
    return found


def parts(graph: Graph | None) -> dict[Step, Step]:
    """The step as which each node of a graph is seen: several may be one."""
    return {
        (picture.flow, member): (picture.flow, node.members[0])
        for picture in (pictures(graph) if graph is not None else ())
        for node in picture.nodes
        for member in node.members
    }


def flows_of(events: Iterable[Event]) -> dict[str, str]:
    """The flow that each frame belongs to."""
    return {e.frame: str(e.data.get("flow", "")) for e in events if e.kind == "frame.opened"}


def places(events: Iterable[Event], names: Mapping[Step, str]) -> dict[str, str]:
    """Each frame in words: `ws, item 2`; empty for the flow in which all begins."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind != "frame.opened":
            continue
        outer, data = event.frame.rpartition("/")[0], event.data
        before = found.get(outer, "")
        if not outer:
            found[event.frame] = ""
        elif data.get("index") is None:
            flow = str(data.get("flow", ""))
            found[event.frame] = " › ".join(filter(None, (before, f"in {flow}")))
        else:
            owner = names.get((str(data.get("flow", "")), str(data.get("owner", ""))), "the loop")
            kind = "item" if data.get("kind") == "for" else "round"
            found[event.frame] = " › ".join(filter(None, (before, f"{owner}, {kind} {int(data['index']) + 1}")))
    return found


# --- of a kept run ---


def given_to(plan: Plan) -> dict[tuple[str, str], Any]:
    """The values that steps of a run were given instead of working them out, by frame and node."""
    try:
        return {(str(frame), str(node)): value for frame, node, value in decode(plan.settings.get("given", []))}
    except (TypeError, ValueError):
        return {}


def step_name(plan: Plan, node: str) -> str:
    """What a step of a kept run is called, by its id in the graph."""
    bare = node
    for ending in _INSIDE:
        bare = bare.removesuffix(ending)
    if "#" not in bare:
        return bare
    return _numbered(plan.flow, tuple(sorted(plan.settings.get("files", {}).items()))).get(node, "a step")


@lru_cache(maxsize=64)
def _numbered(text: str, files: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The names of steps by their ids; of those with the same id the one of the flow in which all begins."""
    try:
        graph = kept_flow(Plan("run", flow=text, settings={"files": dict(files)})).graph
    except (FlowreasonError, FlowError):
        return {}
    found: dict[str, str] = {}
    names = titles(graph)
    whole = {part: names[step] for part, step in parts(graph).items() if step in names} | names
    for (_, node), name in whole.items():
        found.setdefault(node, f"“{name}”")
    return found
