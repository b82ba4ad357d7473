"""Edges of a picture as stretches inside single regions, so that every region can be laid out by itself.

Invariant: the hops of an edge join at ports: an edge leaves a region by its port `foot` and enters it by its port
`top`, and all that comes from one source in one way (a *bundle*) shares them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from flowreason.view.picture import Picture, PictureEdge

ItemKind: TypeAlias = Literal["thing", "top", "foot", "side"]


class Spot(NamedTuple):
    """What takes part in the layout of one region: a node or region in it (`thing`), a port on its upper or lower
    border, or its side, along which edges lead back. `id` is the thing's, or the bundle's."""

    kind: ItemKind
    id: str


SIDE = Spot("side", "")


class Hop(NamedTuple):
    """One stretch of an edge, inside `region`."""

    region: str
    start: Spot
    end: Spot
    bundle: str


@dataclass
class Stretches:
    """The hops of every edge of a picture, and, by region, each hop once."""

    picture: Picture
    of_edge: list[tuple[tuple[Hop, ...], ...]] = field(default_factory=list)
    inside: dict[str, dict[Hop, None]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parents = {node.id: node.region for node in self.picture.nodes}
        self.parents |= {region.id: region.parent or "" for region in self.picture.regions}
        self.arms = {region.id for region in self.picture.regions if region.kind == "arm"}
        self.inside = {region.id: {} for region in self.picture.regions}
        roots = self._roots()
        for edge in self.picture.edges:
            ends = roots.get(edge.end, [edge.end]) if edge.kind in ("true", "false") else [edge.end]
            ways = tuple(tuple(self._hops(edge, end)) for end in ends)
            self.of_edge.append(ways)
            for hop in (hop for way in ways for hop in way):
                self.inside[hop.region][hop] = None
            self.labels[bundle(edge)] = edge.label

    @cached_property
    def ways(self) -> Mapping[str, Sequence[str]]:
        """The labels of the lines that leave each thing, in written order."""
        found: dict[str, list[str]] = {}
        for name, label in self.labels.items():
            if label:
                found.setdefault(name.rpartition("|")[0], []).append(label)
        return found

    def _roots(self) -> dict[str, list[str]]:
        """For every arm the things in it that nothing in it leads to: there the way into it ends."""
        led_to: set[str] = set()
        for edge in self.picture.edges:
            start, end = self._side_by_side(edge)
            if edge.kind != "back" and start != end:
                led_to.add(end)
        children = self.picture.children
        found = {arm: [each.id for each in children[arm] if each.id not in led_to] for arm in self.arms}
        return {arm: ids or [arm] for arm, ids in found.items()}

    def _side_by_side(self, edge: PictureEdge) -> tuple[str, str]:
        """The things that stand in one region and hold the ends of an edge; an end itself where the other is around
        it."""
        first, second = [edge.start, *self._around(edge.start)], [edge.end, *self._around(edge.end)]
        if edge.end in first or edge.start in second:
            return "", ""
        shared = set(first) & set(second)
        return next(
            (a, b)
            for a in first
            for b in second
            if a not in shared and b not in shared and self.parents[a] == self.parents[b]
        )

    def _around(self, id: str) -> list[str]:
        """The regions around a thing, from the inside out."""
        found = []
        place = self.parents[id]
        while place:
            found.append(place)
            place = self.parents[place]
        return found

    def _hops(self, edge: PictureEdge, end: str) -> Iterator[Hop]:
        name = bundle(edge)
        inner, outer = self._around(edge.start), self._around(end)
        top, foot = Spot("top", name), Spot("foot", name)
        if edge.start in outer:
            yield from self._down(edge.start, top, outer[: outer.index(edge.start)], end, name)
            return
        if end in inner:
            start = yield from self._up(Spot("thing", edge.start), inner[: inner.index(end)], foot, name)
            yield Hop(end, start, SIDE if edge.kind == "back" else foot, name)
            return
        shared = next(region for region in inner if region in set(outer))
        start = yield from self._up(Spot("thing", edge.start), inner[: inner.index(shared)], foot, name)
        yield from self._down(shared, start, outer[: outer.index(shared)], end, name)

    @staticmethod
    def _up(start: Spot, regions: list[str], foot: Spot, name: str) -> Generator[Hop, None, Spot]:
        """Out of regions, one after the other; the spot where the edge then stands."""
        for region in regions:
            yield Hop(region, start, foot, name)
            start = Spot("thing", region)
        return start

    @staticmethod
    def _down(region: str, start: Spot, inner: list[str], end: str, name: str) -> Iterator[Hop]:
        """From `start` in `region` into the regions inside it, to the end."""
        for each in reversed(inner):
            yield Hop(region, start, Spot("thing", each), name)
            region, start = each, Spot("top", name)
        yield Hop(region, start, Spot("thing", end), name)


def bundle(edge: PictureEdge) -> str:
    """What edges have in common that are drawn as one line which branches."""
    match edge.kind:
        case "data":
            return f"{edge.start}|data"
        case "each":
            return f"{edge.start}|each {edge.label}" if edge.label else f"{edge.start}|data"
        case _:
            return f"{edge.start}|{edge.kind} {edge.label}"
