"""The layout of one region: its nodes, the regions in it as boxes, and the lines between them.

Invariant: everything is measured from the region's upper left corner, and what is inside keeps clear of its border.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from flowreason.view import sizes
from flowreason.view.hops import SIDE, Hop, Spot, Stretches
from flowreason.view.layers import Item, Layered, Link, Point, assign, order, split
from flowreason.view.picture import PictureNode, PictureRegion
from flowreason.view.place import Placed, place
from flowreason.view.route import BASE, Wire, gap_height, track_y, tracks
from flowreason.view.slots import MARGIN, SPACING, Form, Net, slots

PAD = 16.0
GAP = 26.0
LANE = 20.0
"""How far from what stands in a loop the line runs that leads back to its head."""

XY = tuple[float, float]


@dataclass
class Area:
    """A region that has been laid out. `boxes` are (x, y, width, height) by id, `paths` the points of every hop,
    `tops` and `feet` the x of ports on its borders by bundle, `labels` where the labels of bundles start."""

    width: float = 0.0
    height: float = 0.0
    head: float = 0.0
    boxes: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    paths: dict[Hop, list[XY]] = field(default_factory=dict)
    tops: dict[str, float] = field(default_factory=dict)
    feet: dict[str, float] = field(default_factory=dict)
    labels: dict[str, XY] = field(default_factory=dict)


def arrange(region: str, stretches: Stretches, areas: dict[str, Area], state: bool) -> Area:
    """Lay out a region, after those in it; all areas are put into `areas`."""
    things = stretches.picture.children[region]
    for thing in things:
        if isinstance(thing, PictureRegion):
            arrange(thing.id, stretches, areas, state)
    forms: dict[Item, Form] = {}
    for thing in things:
        forms[Spot("thing", thing.id)] = _form(thing, areas, stretches, state)
    about = stretches.picture.by_id[region]
    assert isinstance(about, PictureRegion)
    made = _Arrangement(about, stretches, forms, list(stretches.inside[region]), state).area()
    areas[region] = made
    return made


def _form(thing: PictureNode | PictureRegion, areas: Mapping[str, Area], stretches: Stretches, state: bool) -> Form:
    if isinstance(thing, PictureRegion):
        area = areas[thing.id]
        middle = area.width / 2
        own = f"{thing.id}|"  # what starts at the head does not come through the upper border
        enters = {bundle: x - middle for bundle, x in area.tops.items() if not bundle.startswith(own)}
        leaves = {bundle: x - middle for bundle, x in area.feet.items()}
        return Form(area.width, area.height, False, enters, leaves)
    size = sizes.measure(thing, state=state)
    if thing.shape != "diamond":
        return Form(size.width, size.height)
    return Form(max(size.width, _ways_width(stretches.ways.get(thing.id, ()))), size.height, True)


def _ways_width(labels: Sequence[str]) -> float:
    """How wide a decision is for the labels of its ways out to fit below it; the first and the last may leave by its
    corners."""
    if len(labels) <= 3:
        return 0.0
    return sum(sizes.label_width(each) + SPACING for each in labels[1:-1]) + 2 * MARGIN


class _Arrangement:
    """One region while it is laid out."""

    def __init__(
        self, about: PictureRegion, stretches: Stretches, forms: dict[Item, Form], hops: list[Hop], state: bool
    ) -> None:
        self.about = about
        self.stretches = stretches
        self.forms = forms
        self.state = state
        self.hops = [hop for hop in hops if hop.end != SIDE]
        self.back = [hop for hop in hops if hop.end == SIDE]
        self.layered = self._layers()
        for row in self.layered.rows:
            for item in row:
                self.forms.setdefault(item, Form())
        self.head = sizes.HEAD if about.kind == "loop" else 0.0
        self.pad = 0.0 if about.kind == "flow" else PAD

    # --- steps ---

    def area(self) -> Area:
        self.x = self._placed()
        backs = list(dict.fromkeys((hop.start, hop.bundle) for hop in self.back))
        self.slots = slots(self.layered, self.x, self.forms, backs, self._label_widths())
        content = max((x + self.forms[item].width / 2 for item, x in self.x.items()), default=0.0)
        content = max([content, *self.slots.out.values(), *(self._label_end(net) for net in self.slots.out)])
        self.lane = content + LANE
        self.wires = self._wires(backs)
        self.tracks = [tracks(wires) for wires in self.wires]
        self._heights()
        inner = self.lane + 4.0 if backs else content
        return self._measured(inner)

    def _layers(self) -> Layered:
        picture = self.stretches.picture
        things = list(self.forms)
        tops = list(dict.fromkeys(hop.start for hop in self.hops if hop.start.kind == "top"))
        feet = list(dict.fromkeys(hop.end for hop in self.hops if hop.end.kind == "foot"))
        stay = {
            Spot("thing", thing.id)
            for thing in picture.children[self.about.id]
            if isinstance(thing, PictureNode) and thing.kind == "input"
        }
        sizes_of = {item: (form.width, form.height) for item, form in self.forms.items()}
        layer = assign(things, [(hop.start, hop.end) for hop in self.hops], tops, feet, stay, sizes_of)
        layered = split(layer, [(hop.start, hop.end, hop.bundle) for hop in self.hops])
        regions = {thing.id for thing in picture.children[self.about.id] if isinstance(thing, PictureRegion)}
        order(layered, {Spot("thing", id) for id in regions})
        return layered

    def _placed(self) -> Placed:
        extents = {item: self._extent(item) for row in self.layered.rows for item in row}

        def ports(link: Link) -> tuple[float, float]:
            return self.forms[link.start].leaves.get(link.port, 0.0), self.forms[link.end].enters.get(link.port, 0.0)

        return place(self.layered, extents, ports, GAP)

    def _extent(self, item: Item) -> tuple[float, float]:
        if isinstance(item, Spot) and item.kind == "top":
            label = self._label(item.id) if item.id.rpartition("|")[0] == self.about.id else ""
            return 4.0, 4.0 + sizes.label_width(label)
        half = self.forms[item].width / 2
        if self.forms[item].pointed and isinstance(item, Spot):  # labels may stand beside its corners
            ways = self.stretches.ways.get(item.id, ())
            half += max([0.0, *(sizes.label_width(each) + 8.0 - GAP for each in (*ways[:1], *ways[-1:]))])
        return (half, half) if half else (0.0, 0.0)

    def _label(self, bundle: str) -> str:
        """The label of a bundle that starts here; further on it is not repeated."""
        return self.stretches.labels.get(bundle, "")

    def _starts_here(self, net: Net) -> bool:
        """Whether the net's bundle begins in this region, at this thing."""
        item, bundle = net
        if not isinstance(item, Spot):
            return False
        source = bundle.rpartition("|")[0]
        return item.id == source or (item.kind == "top" and source == self.about.id)

    def _label_widths(self) -> dict[str, float]:
        return {bundle: sizes.label_width(label) for bundle, label in self.stretches.labels.items() if label}

    def _label_end(self, net: Net) -> float:
        if not self._starts_here(net) or net in self.slots.sideways:
            return 0.0
        return self.slots.out[net] + sizes.label_width(self._label(net[1]))

    def _wires(self, backs: Sequence[Net]) -> list[list[Wire]]:
        """For the space below every row, the nets in it."""
        found = []
        for index, row in enumerate(self.layered.rows):
            nets: dict[Net, list[float]] = {}
            if index < len(self.layered.links):
                for link in self.layered.links[index]:
                    net = (link.start, link.port)
                    nets.setdefault(net, []).append(self.slots.into[net, link.end])
            wires = [Wire(net, self.slots.out[net], tuple(ends)) for net, ends in nets.items()]
            here = set(row)
            wires += [
                Wire(net, self.slots.out[net], (), self.lane)
                for net in backs
                if net[0] in here and not self._beside(net)
            ]
            found.append(wires)
        return found

    def _beside(self, net: Net) -> bool:
        """Whether a way back leaves a diamond by its right corner."""
        index = self._layer(net[0])
        return net in self.slots.sideways and self.layered.rows[index][-1] == net[0]

    def _heights(self) -> None:
        """The y of every row and of the space below it."""
        self.tops: list[float] = []
        self.bottoms: list[float] = []
        y = self.head
        last = len(self.layered.rows) - 1
        for index, row in enumerate(self.layered.rows):
            height = max((self.forms[item].height for item in row), default=0.0)
            if index == 1 and not self.wires[0]:
                y = self.head + self.pad
            self.tops.append(y)
            y += height
            self.bottoms.append(y)
            labelled = any(self._starts_here(wire.net) and self._label(wire.net[1]) for wire in self.wires[index])
            empty = not self.wires[index] and index in (0, last)
            y += gap_height(self.tracks[index], labelled=labelled, empty=empty)
        self.height = y if any(hop.end.kind == "foot" for hop in self.hops) else y + self.pad

    # --- the result ---

    def _measured(self, inner: float) -> Area:
        wide = max(inner + 2 * self.pad, sizes.head_width(self.about, state=self.state) if self.head else 0.0)
        self.dx = (wide - inner) / 2
        made = Area(width=wide, height=max(self.height, self.head + self.pad), head=self.head)
        for index, row in enumerate(self.layered.rows):
            for item in row:
                self._put(made, item, index)
        for hop in self.hops:
            made.paths[hop] = self._path(hop, made)
        for hop in self.back:
            made.paths[hop] = self._back_path(hop)
        for net in self.slots.out:
            if self._starts_here(net) and self._label(net[1]):
                made.labels[net[1]] = self._label_at(net)
        return made

    def _put(self, made: Area, item: Item, index: int) -> None:
        x = self.x[item] + self.dx
        if not isinstance(item, Spot):
            return
        if item.kind == "top":
            made.tops[item.id] = x
        elif item.kind == "foot":
            made.feet[item.id] = x
        else:
            form = self.forms[item]
            made.boxes[item.id] = (x - form.width / 2, self._top(item, index), form.width, form.height)

    def _top(self, item: Item, index: int) -> float:
        """Things of a row stand on one middle line, beside tall regions at the top."""
        room = self.bottoms[index] - self.tops[index] - self.forms[item].height
        return self.tops[index] + (room / 2 if self.bottoms[index] - self.tops[index] <= 150.0 else 0.0)

    @cached_property
    def _layers_of(self) -> dict[Item, int]:
        return {item: index for index, row in enumerate(self.layered.rows) for item in row}

    def _layer(self, item: Item) -> int:
        return self._layers_of[item]

    def _path(self, hop: Hop, made: Area) -> list[XY]:
        chain = self.layered.chains[hop.start, hop.end, hop.bundle]
        points: list[XY] = []
        for start, end in pairwise(chain):
            net = (start, hop.bundle)
            points += self._leave(net)
            points += self._cross(net, end)
        last = self._layer(hop.end)
        x = points[-1][0]
        points.append((x, made.height if hop.end.kind == "foot" else self._reach(hop.end, last, x - self.dx)))
        return points

    def _reach(self, item: Item, index: int, x: float) -> float:
        """The y at which a line coming down at x touches a thing."""
        form = self.forms[item]
        top = self._top(item, index)
        if not form.pointed:
            return top
        return top + min(1.0, abs(x - self.x[item]) / (form.width / 2)) * form.height / 2

    def _leave(self, net: Net) -> list[XY]:
        """From the lower border of a thing down to the end of its row."""
        item = net[0]
        index = self._layer(item)
        x = self.slots.out[net]
        if isinstance(item, Point):
            return [(x + self.dx, self.tops[index])]
        if isinstance(item, Spot) and item.kind == "top":
            return [(x + self.dx, self.head)]
        form = self.forms[item]
        top = self._top(item, index)
        if net in self.slots.sideways:
            corner = self.x[item] + (form.width / 2 if x > self.x[item] else -form.width / 2)
            return [(corner + self.dx, top + form.height / 2), (x + self.dx, top + form.height / 2)]
        bottom = top + form.height
        if form.pointed:
            bottom -= min(1.0, abs(x - self.x[item]) / (form.width / 2)) * form.height / 2
        return [(x + self.dx, bottom)]

    def _cross(self, net: Net, end: Item) -> list[XY]:
        """Through the space below a row, to the upper end of the next."""
        index = self._layer(net[0])
        start, stop = self.slots.out[net], self.slots.into[net, end]
        below = self.tops[index + 1] if index + 1 < len(self.tops) else self.height
        points = [(start + self.dx, self.bottoms[index])]
        if net in self.tracks[index]:
            y = self._track(index, net)
            points += [(start + self.dx, y), (stop + self.dx, y)]
        return [*points, (stop + self.dx, below)]

    def _track(self, index: int, net: Net) -> float:
        found = self.tracks[index]
        count = max(found.values()) + 1
        below = self.tops[index + 1] if index + 1 < len(self.tops) else self.height
        return track_y(self.bottoms[index], below - self.bottoms[index], found[net], count)

    def _back_path(self, hop: Hop) -> list[XY]:
        """Out to the right and up to the head."""
        net = (hop.start, hop.bundle)
        index = self._layer(hop.start)
        lane = self.lane + self.dx
        if self._beside(net):
            corner = self._leave(net)[0]
            return [corner, (lane, corner[1]), (lane, self.head)]
        points = [*self._leave(net), (self.slots.out[net] + self.dx, self._track(index, net))]
        return [*points, (lane, points[-1][1]), (lane, self.head)]

    def _label_at(self, net: Net) -> XY:
        """Beside the start of a line; above it where it leaves sideways."""
        first = self._leave(net)[0]
        if net in self.slots.sideways:
            right = self.slots.out[net] > self.x[net[0]]
            return (first[0] + 4.0, first[1] - 5.0) if right else (
                first[0] - sizes.label_width(self._label(net[1])), first[1] - 5.0
            )  # fmt: skip
        return first[0] + 5.0, (self._foot(net[0]) if self.forms[net[0]].pointed else first[1]) + 14.0

    def _foot(self, item: Item) -> float:
        """Where a thing ends: labels below a diamond stand in one row, and not on its slanting border."""
        return self._top(item, self._layer(item)) + self.forms[item].height


__all__ = ["BASE", "Area", "arrange"]
