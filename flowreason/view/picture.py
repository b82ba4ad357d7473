"""FlowGraph → Picture: what people see of a flow. Every drawing, of whatever format, starts from it.

Invariants: a picture depends on the graph alone; every node stands in one region, every region but the root in one
other; every edge joins two things that are seen. An edge's end may be a region: a loop is its region, and an edge
between a loop and something inside it starts or ends at the loop's head (`each`, `back`) or foot (`exit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from flowreason.graph import ops
from flowreason.graph.model import EdgeKind, FlowGraph, Graph
from flowreason.view import labels
from flowreason.view.contract import Contraction
from flowreason.view.edges import edges_of
from flowreason.view.labels import NodeKind
from flowreason.view.text import shorten, wrap, wrap_code
from flowreason_dsl.source import NOWHERE, Span

Shape: TypeAlias = Literal[
    "rounded", "box", "diamond", "stadium", "bars", "double", "slanted", "folded", "pill", "plain"
]

SHAPES: dict[NodeKind, Shape] = {
    "input": "stadium",
    "ask": "rounded",
    "person": "slanted",
    "python": "box",
    "emulate": "folded",
    "tool": "bars",
    "call": "double",
    "solve": "double",
    "run": "double",
    "decision": "diamond",
    "value": "plain",
    "answer": "stadium",
    "yield": "pill",
    "loop": "double",
}

COLUMNS = 30
ROWS = 3
_CODE = ("python", "emulate", "call", "tool", "run")


@dataclass(frozen=True, slots=True)
class PictureNode:
    """A node as it is seen. `lines` are shortened for drawing, `full` is the whole text; `members` are the ids of the
    graph's nodes it stands for (itself first); `code` tells that the lines are Python."""

    id: str
    kind: NodeKind
    shape: Shape
    name: str
    type: str
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    full: str
    region: str
    members: tuple[str, ...]
    code: bool = False
    span: Span = NOWHERE

    @property
    def title(self) -> str:
        """The name, or the kind's word where there is none."""
        return self.name or labels.WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """A region as it is seen: the flow itself, a loop with its head, an arm of a branch."""

    id: str
    kind: Literal["flow", "loop", "arm"]
    title: str
    parent: str | None
    owner: str | None = None
    name: str = ""
    full: str = ""
    members: tuple[str, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class PictureEdge:
    start: str
    end: str
    kind: EdgeKind
    label: str = ""


WHOLE = "()"
"""The id of the region that is the flow itself: its name may also be that of a value in it."""


@dataclass(frozen=True)
class Picture:
    """One flow as it is seen. `regions[0]` is the flow itself, whose title is the signature."""

    flow: str
    title: str
    doc: str
    nodes: tuple[PictureNode, ...]
    regions: tuple[PictureRegion, ...]
    edges: tuple[PictureEdge, ...]

    @cached_property
    def by_id(self) -> Mapping[str, PictureNode | PictureRegion]:
        nodes: dict[str, PictureNode | PictureRegion] = {node.id: node for node in self.nodes}
        return nodes | {region.id: region for region in self.regions}

    @cached_property
    def parents(self) -> Mapping[str, str | None]:
        """The region that each thing stands in directly; None for the flow itself."""
        found: dict[str, str | None] = {node.id: node.region for node in self.nodes}
        return found | {region.id: region.parent for region in self.regions}

    def is_inside(self, thing: str, region: str) -> bool:
        """Whether a thing stands in a region, at any depth."""
        place = self.parents[thing]
        while place is not None and place != region:
            place = self.parents[place]
        return place == region

    @cached_property
    def children(self) -> Mapping[str, tuple[PictureNode | PictureRegion, ...]]:
        """What stands directly in every region, in written order."""
        place = self._places
        found: dict[str, list[PictureNode | PictureRegion]] = {region.id: [] for region in self.regions}
        for node in self.nodes:
            found[node.region].append(node)
        for region in self.regions:
            if region.parent is not None:
                found[region.parent].append(region)
        return {id: tuple(sorted(things, key=lambda thing: place[thing.id])) for id, things in found.items()}

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where things stand in the text: a region where the first node in it stands."""
        places = {node.id: index for index, node in enumerate(self.nodes)}
        parents = {region.id: region.parent for region in self.regions}
        for index, node in enumerate(self.nodes):
            above: str | None = node.region
            while above is not None and above not in places:
                places[above] = index
                above = parents[above]
        return {region.id: len(self.nodes) for region in self.regions} | places


def picture(graph: Graph, flow: str | None = None) -> Picture:
    """The picture of one flow: the one that a run starts with, or the one named."""
    return picture_of(graph.flows[flow or graph.entry])


def pictures(graph: Graph) -> tuple[Picture, ...]:
    """The pictures of all flows, first the one that a run starts with."""
    names = [graph.entry, *(name for name in graph.flows if name != graph.entry)]
    return tuple(picture_of(graph.flows[name]) for name in names)


def picture_of(flow: FlowGraph) -> Picture:
    """The picture of one flow."""
    seen = Contraction(flow)
    hoisted = _hoisted(seen)
    edges = tuple(PictureEdge(*edge) for edge in edges_of(seen, hoisted))
    members = _members(seen)
    touched = {end for edge in edges for end in (edge.start, edge.end)}
    nodes = tuple(
        _node(seen, id, _home(seen, flow.nodes[id].region, hoisted), members.get(id, ()))
        for id in flow.nodes
        if seen.is_seen(id) and not _needless(flow, id, touched)
    )
    regions = tuple(_regions(seen, hoisted, members))
    return Picture(flow.name, labels.signature(flow), flow.doc, nodes, regions, edges)


def _needless(flow: FlowGraph, id: str, touched: set[str]) -> bool:
    """The end of a flow without an answer is shown only where something leads to it."""
    op = flow.nodes[id].op
    return isinstance(op, ops.Answer) and op.implicit and id not in touched


def _members(seen: Contraction) -> dict[str, tuple[str, ...]]:
    """For every node and loop: the nodes that stand in its text."""
    found: dict[str, tuple[str, ...]] = {}
    for id in seen.folded:
        host = id
        while host in seen.folded:
            host = seen.folded[host]
        found[host] = (*found.get(host, ()), id)
    return found


def _node(seen: Contraction, id: str, region: str, folded: tuple[str, ...]) -> PictureNode:
    node = seen.flow.nodes[id]
    kind = labels.node_kind(node.op)
    assert kind is not None
    full = labels.body_text(seen.flow, node)
    code = kind in _CODE or (kind in ("answer", "yield", "decision") and bool(folded))
    return PictureNode(
        id=id,
        kind=kind,
        shape=SHAPES[kind],
        name=_title(seen, id, kind),
        type=labels.type_text(node) if kind not in ("decision", "answer", "yield") else "",
        lines=_lines(kind, full, code),
        notes=tuple(shorten(note, COLUMNS + 10) for note in labels.notes(node)),
        full="\n".join([full, *labels.notes(node)]).strip(),
        region=region,
        members=(id, *folded),
        code=code,
        span=node.span,
    )


def _title(seen: Contraction, id: str, kind: NodeKind) -> str:
    op = seen.flow.nodes[id].op
    if isinstance(op, ops.Answer) and op.implicit:
        return "end"
    return "" if kind in ("answer", "yield", "decision") else seen.names.get(id, "")


def _lines(kind: NodeKind, full: str, code: bool) -> tuple[str, ...]:
    match kind:
        case "decision":
            return wrap(full, 22, 2) if full else ("yes?",)
        case "python" | "emulate":
            return wrap_code(full, COLUMNS + 4, ROWS + 1)
        case _:
            return wrap(full, COLUMNS, 2 if code else ROWS)


def _regions(seen: Contraction, hoisted: frozenset[str], members: dict[str, tuple[str, ...]]) -> list[PictureRegion]:
    flow = seen.flow
    found = [PictureRegion(WHOLE, "flow", labels.signature(flow), None, span=flow.root.span)]
    for region in flow.regions.values():
        if region.id not in seen.filled or region.id in hoisted or region.parent is None:
            continue
        parent = _home(seen, region.parent, hoisted)
        owner = flow.nodes[region.owner or ""]
        if isinstance(owner.op, ops.Loop):
            text = labels.loop_text(flow, owner, owner.op)
            folded = (owner.id, *members.get(owner.id, ()))
            name = owner.name or ""
            made = PictureRegion(
                region.id, "loop", shorten(text, 60), parent, owner.id, name, text, folded, region.span
            )
        else:
            text = labels.way_text(owner, region.label)
            made = PictureRegion(region.id, "arm", shorten(text, 40), parent, owner.id, "", text, (), region.span)
        found.append(made)
    return found


def _home(seen: Contraction, region: str, hoisted: frozenset[str]) -> str:
    """The region that is drawn around what stands in `region`."""
    while region in hoisted:
        region = seen.flow.regions[region].parent or ""
    return WHOLE if seen.flow.regions[region].parent is None else region


def _hoisted(seen: Contraction) -> frozenset[str]:
    """The arms that only go on deciding (`else if`): they are drawn in the region around them."""
    inside: dict[str, list[str]] = {}
    for node in seen.flow.nodes.values():
        if seen.is_seen(node.id) or isinstance(node.op, ops.Loop):
            inside.setdefault(node.region, []).append(node.id)
    return frozenset(
        region.id
        for region in seen.flow.regions.values()
        if region.kind == "arm" and region.label == "false" and _only_decides(seen, inside.get(region.id, []))
    )


def _only_decides(seen: Contraction, ids: list[str]) -> bool:
    """Whether there is one decision, and all else is what it looks at."""
    nodes = [seen.flow.nodes[id] for id in ids]
    decisions = [node for node in nodes if isinstance(node.op, ops.Decide)]
    if len(decisions) != 1 or any(isinstance(node.op, ops.Loop) for node in nodes):
        return False
    looked_at = {read.source for read in decisions[0].reads}
    return all(node.id in looked_at for node in nodes if node is not decisions[0])
