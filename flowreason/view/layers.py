"""Which layer things stand in, and in which order: the first two steps of a layered drawing.

Invariants: an edge leads from a smaller to a larger layer; the order depends on the input alone, and ties keep the
written order, so that a node that is added moves as little as can be.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple, TypeAlias

Item: TypeAlias = Hashable
WIDEST = 1900.0
"""How wide a row may become before the next is begun, in pixels."""

TALL = 150.0
"""From this height on a thing stands beside others as tall, if its edges let it."""


class Point(NamedTuple):
    """Where a long edge passes through a layer."""

    start: Item
    port: str
    layer: int


class Link(NamedTuple):
    """A stretch of an edge from one layer to the next. `port` tells apart the edges that leave one thing."""

    start: Item
    end: Item
    port: str


@dataclass
class Layered:
    """Things in layers. `rows[i]` is layer i from left to right, `links[i]` leads from layer i to i + 1; `chains`
    holds what every edge (start, end, port) passes through."""

    rows: list[list[Item]]
    links: list[list[Link]]
    chains: dict[tuple[Item, Item, str], list[Item]] = field(default_factory=dict)


def assign(
    items: Sequence[Item],
    edges: Iterable[tuple[Item, Item]],
    tops: Sequence[Item] = (),
    bottoms: Sequence[Item] = (),
    stay: Container[Item] = (),
    sizes: Mapping[Item, tuple[float, float]] | None = None,
) -> dict[Item, int]:
    """A layer for every item: `tops` in layer 0, `bottoms` in the last, all else between, below what leads to it.

    What nothing leads to stands just above the first that needs it, but for those that `stay` on top. `sizes` (width
    and height) keep rows from growing too wide, and put tall things side by side.
    """
    before: dict[Item, list[Item]] = {item: [] for item in (*tops, *items, *bottoms)}
    after: dict[Item, list[Item]] = {item: [] for item in before}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    layer: dict[Item, int] = dict.fromkeys(tops, 0)
    sizes = sizes or {}
    held: dict[int, float] = {}
    for item in _topological(items, before, after):
        place = max((layer.get(each, 0) for each in before[item]), default=0) + 1
        width = sizes.get(item, (0.0, 0.0))[0]
        while held.get(place, 0.0) > 0.0 and held[place] + width > WIDEST:
            place += 1
        held[place] = held.get(place, 0.0) + width
        layer[item] = place
    _settle(items, after, layer, {item: size[1] for item, size in sizes.items()})
    _pull_down([item for item in items if item not in stay], before, after, layer)
    last = max(layer.values(), default=0) + 1
    return {item: layer[item] for item in (*tops, *items)} | dict.fromkeys(bottoms, last)


def _topological(
    items: Sequence[Item], before: Mapping[Item, list[Item]], after: Mapping[Item, list[Item]]
) -> list[Item]:
    """Items after those that lead to them; among those that are ready, in written order."""
    number = {item: index for index, item in enumerate(items)}
    missing = {item: sum(1 for each in before[item] if each in number) for item in items}
    ready = [number[item] for item in items if missing[item] == 0]
    found: list[Item] = []
    while ready:
        item = items[ready.pop(0)]
        found.append(item)
        for each in after[item]:
            if each in number:
                missing[each] -= 1
                if missing[each] == 0:
                    insort(ready, number[each])
    done = set(found)
    return found + [item for item in items if item not in done]


def _settle(
    items: Sequence[Item], after: Mapping[Item, list[Item]], layer: dict[Item, int], heights: Mapping[Item, float]
) -> None:
    """A tall thing goes down to a row that is as tall anyway, where nothing that follows it is in the way."""
    last = max(layer.values(), default=0)
    tall = [item for item in items if heights.get(item, 0.0) >= TALL]
    for item in tall:
        lowest = min((layer.get(each, last + 1) for each in after[item]), default=last + 1) - 1
        better = [
            layer[other]
            for other in tall
            if layer[item] < layer[other] <= lowest and heights[other] >= heights[item] and other is not item
        ]
        if better:
            layer[item] = min(better)


def _pull_down(
    items: Sequence[Item], before: Mapping[Item, list[Item]], after: Mapping[Item, list[Item]], layer: dict[Item, int]
) -> None:
    """Things that nothing leads to stand just above the first that needs them, whether or not they lead out as well."""
    for item in items:
        if not before[item] and after[item]:
            nearest = min((layer[each] for each in after[item] if each in layer), default=layer[item] + 1) - 1
            layer[item] = max(layer[item], nearest)


def split(layer: Mapping[Item, int], edges: Iterable[tuple[Item, Item, str]]) -> Layered:
    """Rows in written order, and long edges as chains of points, one in every layer between.

    An edge is (start, end, port); those that leave one thing by one port share their points, so that they are drawn
    as one line that branches.
    """
    depth = max(layer.values(), default=-1) + 1
    made = Layered([[] for _ in range(depth)], [[] for _ in range(max(0, depth - 1))])
    for item, place in layer.items():
        made.rows[place].append(item)
    known: dict[Item, None] = {}
    for start, end, port in edges:
        chain: list[Item] = [start, *(Point(start, port, place) for place in range(layer[start] + 1, layer[end])), end]
        made.chains[start, end, port] = chain
        for place, link in enumerate(pairwise(chain), layer[start]):
            if isinstance(link[1], Point) and link[1] not in known:
                known[link[1]] = None
                made.rows[place + 1].append(link[1])
            if (link, port) not in known:
                known[link, port] = None
                made.links[place].append(Link(*link, port))
    return made


def order(layered: Layered, led: Container[Item] = ()) -> None:
    """Put every layer into an order that follows the layer above it.

    A thing stands below the middle one of those that lead to it, one that is `led` below the first; ties keep the
    written order. What comes later never moves what led to it, so what is added moves nothing that it does not lead to.
    """
    up, down = _neighbours(layered)
    rows = _begin(layered.rows[:2], down)
    for written in layered.rows[len(rows) :]:
        at = {item: index for index, item in enumerate(rows[-1])}
        places = {item: _below([at[each] for each in up[item]], item in led) for item in written if item in up}
        rows.append(_with_loose(sorted(places, key=places.__getitem__), written))
    layered.rows = rows


def _neighbours(layered: Layered) -> tuple[dict[Item, list[Item]], dict[Item, list[Item]]]:
    up: dict[Item, list[Item]] = {}
    down: dict[Item, list[Item]] = {}
    for links in layered.links:
        for start, end, _ in links:
            up.setdefault(end, []).append(start)
            down.setdefault(start, []).append(end)
    return up, down


def _begin(rows: list[list[Item]], down: Mapping[Item, list[Item]]) -> list[list[Item]]:
    """The first layers: things as they are written, and what leads to them, which nobody looks for by its place, above.

    A line that goes on stands behind the first thing that it also leads to.
    """
    if len(rows) < 2 or not rows[0]:
        return rows[:1]
    number = {item: float(index) for index, item in enumerate(rows[1]) if not isinstance(item, Point)}
    for top in rows[0]:
        things = [number[end] for end in down.get(top, ()) if not isinstance(end, Point)]
        behind = things[0] + 0.5 if things else float(len(rows[1]))
        number.update((end, behind) for end in down.get(top, ()) if isinstance(end, Point))
    below = sorted(rows[1], key=number.__getitem__)
    at = {item: index for index, item in enumerate(below)}
    means = {top: fmean(at[end] for end in down[top]) if top in down else 0.0 for top in rows[0]}
    return [sorted(rows[0], key=means.__getitem__), below]


def _below(places: list[int], led: bool) -> tuple[int, int]:
    """Between which places above a thing stands: a mean would shift with what comes to stand between them."""
    if led:
        return places[0], places[0]
    ordered = sorted(set(places))
    return ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]


def _with_loose(row: list[Item], written: list[Item]) -> list[Item]:
    """A row, with what nothing leads to behind the one that stood before it in written order."""
    linked = set(row)
    made = list(row)
    for before, item in zip([None, *written], written, strict=False):
        if item not in linked:
            made.insert(made.index(before) + 1 if before is not None else 0, item)
    return made
