"""Pictures → coordinates, with no binary: layers from top to bottom, every region laid out by itself and then placed as
one thing of the region around it; several flows as frames.

Invariants: the same pictures give the same coordinates; no two things of one region overlap, all stand inside it; every
line starts and ends on the border of what it joins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flowreason.view.hops import Stretches
from flowreason.view.picture import Picture, PictureEdge, PictureNode, PictureRegion
from flowreason.view.region import Area, arrange
from flowreason.view.text import width

XY: TypeAlias = tuple[float, float]

FRAME_PAD = 18.0
FRAME_HEAD = 38.0
FRAME_GAP = 28.0
MARGIN = 16.0
ROW_WIDTH = 1500.0


@dataclass(frozen=True, slots=True)
class Box:
    """Where a thing stands: its upper left corner and its size, in pixels of the drawing. `head`: the height of a
    title."""

    flow: str
    thing: PictureNode | PictureRegion
    x: float
    y: float
    width: float
    height: float
    head: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """How an edge runs. Several paths where it branches; each ends with an arrow. `label_at` is the start of its
    label."""

    flow: str
    edge: PictureEdge
    paths: tuple[tuple[XY, ...], ...]
    label_at: XY | None = None


@dataclass(frozen=True)
class Layout:
    """A drawing: frames (flows), regions from the outside in, nodes and lines."""

    width: float
    height: float
    frames: tuple[Box, ...]
    regions: tuple[Box, ...]
    nodes: tuple[Box, ...]
    lines: tuple[Line, ...]


def layout(pictures: Sequence[Picture], *, state: bool = False) -> Layout:
    """The coordinates of pictures, each in a frame of its own; `state` leaves room for what a run tells of a node."""
    parts = [_flow(picture, state) for picture in pictures]
    frames, regions, nodes, lines = [], [], [], []
    for part, (x, y) in zip(parts, _shelves(parts), strict=True):
        frames += [_moved(box, x, y) for box in part.frames]
        regions += [_moved(box, x, y) for box in part.regions]
        nodes += [_moved(box, x, y) for box in part.nodes]
        lines += [_moved_line(line, x, y) for line in part.lines]
    right = max((box.x + box.width for box in frames), default=0.0)
    bottom = max((box.y + box.height for box in frames), default=0.0)
    return Layout(right + MARGIN, bottom + MARGIN, tuple(frames), tuple(regions), tuple(nodes), tuple(lines))


def _shelves(parts: Sequence[Layout]) -> list[XY]:
    """Frames from left to right, and below each other where a row is full."""
    limit = max([ROW_WIDTH, *(part.width for part in parts)])
    x, y, high = MARGIN, MARGIN, 0.0
    found = []
    for part in parts:
        if x > MARGIN and x + part.width > limit:
            x, y, high = MARGIN, y + high + FRAME_GAP, 0.0
        found.append((x, y))
        x, high = x + part.width + FRAME_GAP, max(high, part.height)
    return found


def _flow(picture: Picture, state: bool) -> Layout:
    """One flow in its frame, whose upper left corner is at 0, 0."""
    stretches = Stretches(picture)
    areas: dict[str, Area] = {}
    root = arrange(picture.regions[0].id, stretches, areas, state)
    wide = max(root.width + 2 * FRAME_PAD, width(picture.title, 14.0, mono=True) + 2 * FRAME_PAD)
    high = root.height + FRAME_HEAD + FRAME_PAD
    origins = _origins(picture, areas, ((wide - root.width) / 2, FRAME_HEAD))
    frame = Box(picture.flow, picture.regions[0], 0.0, 0.0, wide, high, FRAME_HEAD)
    return Layout(
        wide,
        high,
        (frame,),
        tuple(_region_boxes(picture, areas, origins)),
        tuple(_node_boxes(picture, areas, origins)),
        tuple(_lines(stretches, areas, origins)),
    )


def _origins(picture: Picture, areas: Mapping[str, Area], root: XY) -> dict[str, XY]:
    """The upper left corner of every region."""
    found = {picture.regions[0].id: root}
    waiting = [picture.regions[0].id]
    while waiting:
        outer = waiting.pop()
        x, y = found[outer]
        for thing in picture.children[outer]:
            if isinstance(thing, PictureRegion):
                left, top, _, _ = areas[outer].boxes[thing.id]
                found[thing.id] = (x + left, y + top)
                waiting.append(thing.id)
    return found


def _region_boxes(picture: Picture, areas: Mapping[str, Area], origins: Mapping[str, XY]) -> list[Box]:
    depth: dict[str | None, int] = {None: -1}
    found = []
    for region in picture.regions[1:]:
        area, (x, y) = areas[region.id], origins[region.id]
        found.append(Box(picture.flow, region, x, y, area.width, area.height, area.head))
    parents = {region.id: region.parent for region in picture.regions}

    def level(id: str | None) -> int:
        if id not in depth:
            depth[id] = level(parents[id or ""]) + 1
        return depth[id]

    return sorted(found, key=lambda box: level(box.thing.id))


def _node_boxes(picture: Picture, areas: Mapping[str, Area], origins: Mapping[str, XY]) -> list[Box]:
    found = []
    for node in picture.nodes:
        (x, y), (left, top, wide, high) = origins[node.region], areas[node.region].boxes[node.id]
        found.append(Box(picture.flow, node, x + left, y + top, wide, high))
    return found


def _lines(stretches: Stretches, areas: Mapping[str, Area], origins: Mapping[str, XY]) -> list[Line]:
    found = []
    labelled: set[str] = set()
    for edge, ways in zip(stretches.picture.edges, stretches.of_edge, strict=True):
        paths = []
        for way in ways:
            points: list[XY] = []
            for hop in way:
                x, y = origins[hop.region]
                points += [(x + a, y + b) for a, b in areas[hop.region].paths[hop]]
            paths.append(simple(points))
        first = ways[0][0]
        at = areas[first.region].labels.get(first.bundle)
        if edge.label and at is not None and first.bundle not in labelled:
            labelled.add(first.bundle)
            x, y = origins[first.region]
            at = (x + at[0], y + at[1])
        else:
            at = None
        found.append(Line(stretches.picture.flow, edge, tuple(paths), at))
    return found


def simple(points: Sequence[XY]) -> tuple[XY, ...]:
    """A path without the points that add nothing."""
    found: list[XY] = []
    for point in points:
        if found and abs(found[-1][0] - point[0]) < 0.05 and abs(found[-1][1] - point[1]) < 0.05:
            continue
        while len(found) >= 2 and _in_line(found[-2], found[-1], point):
            found.pop()
        found.append(point)
    return tuple((round(x, 1), round(y, 1)) for x, y in found)


def _in_line(a: XY, b: XY, c: XY) -> bool:
    upright = abs(a[0] - b[0]) < 0.05 and abs(b[0] - c[0]) < 0.05
    level = abs(a[1] - b[1]) < 0.05 and abs(b[1] - c[1]) < 0.05
    return upright or level


def _moved(box: Box, x: float, y: float) -> Box:
    return Box(
        box.flow,
        box.thing,
        round(box.x + x, 1),
        round(box.y + y, 1),
        round(box.width, 1),
        round(box.height, 1),
        box.head,
    )


def _moved_line(line: Line, x: float, y: float) -> Line:
    paths = tuple(tuple((round(a + x, 1), round(b + y, 1)) for a, b in path) for path in line.paths)
    at = (round(line.label_at[0] + x, 1), round(line.label_at[1] + y, 1)) if line.label_at else None
    return Line(line.flow, line.edge, paths, at)
