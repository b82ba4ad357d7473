"""Where things in layers stand from left to right: the third step of a layered drawing.

After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): four alignments, each as narrow as it
gets, and the mean of the two in the middle. Ports away from a thing's centre shift it within its block. Invariants:
things of one layer keep their order and their distance; the points of a long edge stand on one vertical line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from flowreason.view.layers import Item, Layered, Link, Point

Extent: TypeAlias = tuple[float, float]
"""How far a thing reaches to the left and to the right of its centre."""

Ports: TypeAlias = Callable[[Link], tuple[float, float]]
"""Where a link leaves its start and reaches its end, as distances from their centres."""

Placed: TypeAlias = dict[Item, float]


def place(layered: Layered, extents: Mapping[Item, Extent], ports: Ports, gap: float) -> Placed:
    """The x of every item's centre; the leftmost edge of all is at 0."""
    conflicts = _conflicts(layered)
    found = [
        _one(layered, extents, ports, gap, conflicts, downward, leftward)
        for downward in (True, False)
        for leftward in (True, False)
    ]
    middle = _middle(found, extents)
    least = min((x - extents[item][0] for item, x in middle.items()), default=0.0)
    return {item: x - least for item, x in middle.items()}


def _middle(found: Sequence[Placed], extents: Mapping[Item, Extent]) -> Placed:
    """The mean of the two middle values of four placements, aligned with the narrowest."""
    spans = [_span(each, extents) for each in found]
    narrow = min(range(len(found)), key=lambda i: spans[i][1] - spans[i][0])
    shifts = [
        spans[narrow][0] - span[0] if index % 2 == 0 else spans[narrow][1] - span[1] for index, span in enumerate(spans)
    ]
    out = {}
    for item in found[0]:
        values = sorted(each[item] + shift for each, shift in zip(found, shifts, strict=True))
        out[item] = (values[1] + values[2]) / 2
    return out


def _span(placed: Placed, extents: Mapping[Item, Extent]) -> tuple[float, float]:
    left = min((x - extents[item][0] for item, x in placed.items()), default=0.0)
    return left, max((x + extents[item][1] for item, x in placed.items()), default=0.0)


def _conflicts(layered: Layered) -> set[tuple[Item, Item]]:
    """Links that cross a stretch of a long edge: the long edge stays straight, they give way."""
    marked: set[tuple[Item, Item]] = set()
    for upper, lower, links in zip(layered.rows, layered.rows[1:], layered.links, strict=False):
        above = {item: index for index, item in enumerate(upper)}
        below = {item: index for index, item in enumerate(lower)}
        inner = [(above[link.start], below[link.end]) for link in links if _is_inner(link)]
        for link in links if inner else ():
            if not _is_inner(link):
                a, b = above[link.start], below[link.end]
                if any((a - c) * (b - d) < 0 for c, d in inner):
                    marked.add((link.start, link.end))
    return marked


def _is_inner(link: Link) -> bool:
    return isinstance(link.start, Point) and isinstance(link.end, Point)


def _one(
    layered: Layered,
    extents: Mapping[Item, Extent],
    ports: Ports,
    gap: float,
    conflicts: set[tuple[Item, Item]],
    downward: bool,
    leftward: bool,
) -> Placed:
    """One of the four placements; seen in a mirror where it runs upward or from the right."""
    rows = [row if leftward else row[::-1] for row in (layered.rows if downward else layered.rows[::-1])]
    sign = 1.0 if leftward else -1.0
    near = _near(layered, ports, downward, sign)
    blocks = _align(rows, near, conflicts)
    reach = extents if leftward else {item: (right, left) for item, (left, right) in extents.items()}
    placed = _compact(rows, blocks, reach, gap)
    return {item: sign * x for item, x in placed.items()}


def _near(layered: Layered, ports: Ports, downward: bool, sign: float) -> dict[Item, list[tuple[Item, float]]]:
    """For every item those it may be aligned with in the row before, and how far it then stands from their centre."""
    near: dict[Item, list[tuple[Item, float]]] = {}
    for links in layered.links:
        for link in links:
            leaves, enters = ports(link)
            if downward:
                near.setdefault(link.end, []).append((link.start, sign * (leaves - enters)))
            else:
                near.setdefault(link.start, []).append((link.end, sign * (enters - leaves)))
    return near


class _Blocks:
    """Things on one vertical line: `root` of each, and its distance from the root's centre."""

    def __init__(self, rows: Sequence[Sequence[Item]]) -> None:
        self.root: dict[Item, Item] = {item: item for row in rows for item in row}
        self.shift: dict[Item, float] = dict.fromkeys(self.root, 0.0)
        self.taken: set[Item] = set()


def _align(
    rows: Sequence[Sequence[Item]],
    near: Mapping[Item, list[tuple[Item, float]]],
    conflicts: set[tuple[Item, Item]],
) -> _Blocks:
    blocks = _Blocks(rows)
    for upper, lower in pairwise(rows):
        at = {item: index for index, item in enumerate(upper)}
        last = -1
        for item in lower:
            choices = sorted(near.get(item, ()), key=lambda each: at[each[0]])
            for other, distance in _medians(choices):
                free = other not in blocks.taken and at[other] > last
                if free and (other, item) not in conflicts and (item, other) not in conflicts:
                    blocks.root[item] = blocks.root[other]
                    blocks.shift[item] = blocks.shift[other] + distance
                    blocks.taken.add(other)
                    last = at[other]
                    break
    return blocks


def _medians(choices: list[tuple[Item, float]]) -> list[tuple[Item, float]]:
    if not choices:
        return []
    half = (len(choices) - 1) // 2
    return choices[half : len(choices) // 2 + 1]


def _compact(rows: Sequence[Sequence[Item]], blocks: _Blocks, reach: Mapping[Item, Extent], gap: float) -> Placed:
    """Blocks as far to the left as their neighbours let them, then back to the right where there is room."""
    before: dict[Item, dict[Item, float]] = {root: {} for root in blocks.root.values()}
    after: dict[Item, dict[Item, float]] = {root: {} for root in before}
    for row in rows:
        for left, right in pairwise(row):
            a, b = blocks.root[left], blocks.root[right]
            room = blocks.shift[left] + reach[left][1] + gap + reach[right][0] - blocks.shift[right]
            before[b][a] = after[a][b] = max(room, before[b].get(a, room))
    ordered = _sorted_blocks(before, after)
    x: Placed = {}
    for root in ordered:
        x[root] = max((x[other] + room for other, room in before[root].items()), default=0.0)
    for root in reversed(ordered):
        if after[root]:
            x[root] = max(x[root], min(x[other] - room for other, room in after[root].items()))
    return {item: x[root] + blocks.shift[item] for item, root in blocks.root.items()}


def _sorted_blocks(
    before: Mapping[Item, Mapping[Item, float]], after: Mapping[Item, Mapping[Item, float]]
) -> list[Item]:
    """Blocks from left to right."""
    missing = {root: len(others) for root, others in before.items()}
    ready = [root for root, count in missing.items() if count == 0]
    found = []
    while ready:
        root = ready.pop()
        found.append(root)
        for other in after[root]:
            missing[other] -= 1
            if missing[other] == 0:
                ready.append(other)
    return found
