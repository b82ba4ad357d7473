"""Graph → the flowchart that a browser builds once, and patches while the run goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flowreason.graph.model import Graph
from flowreason.view.folding import folded
from flowreason.view.hops import bundle
from flowreason.view.layout import Box, Layout, layout
from flowreason.view.picture import Picture, PictureNode, pictures
from flowreason.view.svg import elements
from flowreason_dsl.source import NOWHERE

Key: TypeAlias = str
"""`flow:id`: how the browser names a thing of the chart."""


Bundle: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Lines that start as one: the flow, the things that they start from, and those that they lead to. An arm of a
decision is told by all that is in it."""


def key(flow: str, id: str) -> Key:
    return f"{flow}:{id}"


@dataclass(frozen=True, slots=True)
class Thing:
    """What can be selected in a chart: a node, or a loop. `members` are the nodes of the graph that it stands for,
    `region` is where it stands, or of a loop its own, by which it is closed."""

    flow: str
    id: str
    kind: str
    title: str
    members: tuple[str, ...]
    box: tuple[float, float, float, float]
    span: tuple[int, int] | None
    region: str = ""

    @property
    def key(self) -> Key:
        return key(self.flow, self.id)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key, "flow": self.flow, "id": self.id, "kind": self.kind, "title": self.title,
            "box": list(self.box), "span": None if self.span is None else list(self.span),
            "region": self.region,
        }  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A flowchart. `edges` are in the order in which they are drawn.

    `exits` are the numbers of those that lead out of a loop from the middle of a round. `foldable` are the regions that
    can be closed, as keys, with those that are closed now in `closed`.
    """

    laid: Layout
    things: tuple[Thing, ...]
    edges: tuple[Bundle, ...]
    foldable: tuple[Key, ...] = ()
    closed: frozenset[Key] = frozenset()
    exits: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The chart as the browser is sent it; elements are `[tag, {attribute: value}, child, …]`."""
        return {
            "width": self.laid.width,
            "height": self.laid.height,
            "elements": [each.as_json() for each in elements(self.laid, state={}, live=True)],
            "things": [each.as_json() for each in self.things],
            "edges": [
                [[key(flow, start) for start in starts], [key(flow, end) for end in ends]]
                for flow, starts, ends in self.edges
            ],
            "foldable": list(self.foldable),
            "closed": sorted(self.closed),
        }


LATER = "still being written"


def chart(graph: Graph, closed: Iterable[Key] = (), later: str = "") -> Chart:
    """The flowchart of a graph, in which the regions of `closed` are shown by their heads alone.

    `later`: the question that stands for what is not there yet in a flow that is being written.
    """
    seen = pictures(graph)
    if later:
        seen = tuple(replace(each, nodes=tuple(_later(node, later) for node in each.nodes)) for each in seen)
    shut = frozenset(closed)
    foldable = tuple(key(each.flow, region.id) for each in seen for region in each.regions if region.kind == "loop")
    shut &= frozenset(foldable)
    shown = [folded(each, frozenset(id for id in _ids(each) if key(each.flow, id) in shut)) for each in seen]
    laid = layout(shown, state=True)
    bundles, exits = _bundles(shown, laid)
    return Chart(laid, tuple(_things(laid)), bundles, foldable, shut, exits)


def _later(node: PictureNode, later: str) -> PictureNode:
    """The node that stands for what is not there yet says so."""
    if node.kind != "person" or node.full.strip().strip('"') != later:
        return node
    return replace(node, kind="value", name=LATER, type="", shape="rounded", lines=(), notes=(), full="", code=False)


def _ids(picture: Picture) -> list[str]:
    return [region.id for region in picture.regions]


def _things(laid: Layout) -> Iterator[Thing]:
    for box in [*laid.regions, *laid.nodes]:
        thing = box.thing
        if isinstance(thing, PictureNode):
            id = thing.members[0]
            kind = "later" if thing.title == LATER and thing.kind == "value" else thing.kind
            region = thing.id if thing.kind == "loop" else thing.region
            yield Thing(box.flow, id, kind, thing.title, thing.members, _box(box), _span(box), region)
        elif thing.kind == "loop":
            id = thing.owner or thing.id
            title = thing.name or thing.title
            yield Thing(box.flow, id, "loop", title, thing.members, _box(box), _span(box), thing.id)


def _box(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def _span(box: Box) -> tuple[int, int] | None:
    span = box.thing.span
    return None if span == NOWHERE else (span.start, span.end)


def _bundles(seen: Sequence[Picture], laid: Layout) -> tuple[tuple[Bundle, ...], frozenset[int]]:
    """The lines as they are drawn: those that start as one are one. With the numbers of those that leave a loop."""
    stands = {(picture.flow, id): found for picture in seen for id, found in _inside(picture).items()}
    found: dict[tuple[str, str], tuple[tuple[str, ...], dict[str, None]]] = {}
    for line in laid.lines:
        starts = stands.get((line.flow, line.edge.start), (line.edge.start,))
        ends = found.setdefault((line.flow, bundle(line.edge)), (starts, {}))[1]
        ends |= dict.fromkeys(stands.get((line.flow, line.edge.end), (line.edge.end,)))
    loops = {(picture.flow, region.id) for picture in seen for region in picture.regions if region.kind == "loop"}
    leaves = {
        (line.flow, bundle(line.edge))
        for line in laid.lines
        if line.edge.kind == "exit" and (line.flow, line.edge.end) in loops
    }
    exits = frozenset(number for number, name in enumerate(found) if name in leaves)
    return tuple((flow, starts, tuple(ends)) for (flow, _), (starts, ends) in found.items()), exits


def _inside(picture: Picture) -> dict[str, tuple[str, ...]]:
    """What stands for each thing at the end of a line: a node or loop for itself, an arm for all that is in it."""
    regions = {region.id: region for region in picture.regions}
    found: dict[str, list[str]] = {id: [] for id in regions}
    alone = {region.id: region.owner or region.id for region in regions.values() if region.kind == "loop"}
    alone |= {node.id: node.members[0] for node in picture.nodes}
    for id in picture.parents:
        shown, place = alone.get(id), picture.parents[id]
        while shown is not None and place is not None:
            found[place].append(shown)
            place = picture.parents.get(place)
    return {id: tuple(inside) for id, inside in found.items()} | {id: (one,) for id, one in alone.items()}
