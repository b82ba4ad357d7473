"""Where lines touch the things they join: a place on the lower border of one, on the upper border of the other.

Invariant: lines that touch one border keep a distance, and a line between two things that face each other is straight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from flowreason.view.layers import Item, Layered, Link, Point
from flowreason.view.place import Placed

Net: TypeAlias = tuple[Item, str]
"""All links that leave one thing by one port: one line that branches."""

SPACING = 16.0
MARGIN = 12.0


@dataclass(frozen=True)
class Form:
    """The outline of a thing, as far as lines need it. `enters` and `leaves` are fixed places by port, as distances
    from the centre; a `pointed` thing is a diamond."""

    width: float = 0.0
    height: float = 0.0
    pointed: bool = False
    enters: Mapping[str, float] = field(default_factory=dict)
    leaves: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Slots:
    """`out[net]` is the x where a net leaves its thing, `into[net, end]` where it reaches one. `sideways`: nets that
    leave a diamond by its left or right corner."""

    out: dict[Net, float] = field(default_factory=dict)
    into: dict[tuple[Net, Item], float] = field(default_factory=dict)
    sideways: set[Net] = field(default_factory=set)


def slots(
    layered: Layered, x: Placed, forms: Mapping[Item, Form], backs: Sequence[Net], labels: Mapping[str, float]
) -> Slots:
    """The places where all lines touch. `backs` are nets that lead to the side; `labels` the widths of ports'
    labels."""
    made = Slots()
    nets: dict[Net, list[Item]] = {}
    for links in layered.links:
        for link in links:
            nets.setdefault((link.start, link.port), []).append(link.end)
    for net in (*nets, *backs):
        made.out[net] = x[net[0]] + forms[net[0]].leaves.get(net[1], 0.0)
    _enter(made, layered, x, forms)
    _leave(made, layered, nets, backs, x, forms, labels)
    _enter(made, layered, x, forms)
    _straighten(made, nets, forms)
    return made


def _enter(made: Slots, layered: Layered, x: Placed, forms: Mapping[Item, Form]) -> None:
    """Places on upper borders, near where the lines come from."""
    arriving: dict[Item, list[Link]] = {}
    for links in layered.links:
        for link in links:
            arriving.setdefault(link.end, []).append(link)
    for end, links in arriving.items():
        form = forms[end]
        free = [link for link in links if link.port not in form.enters]
        for link in links:
            made.into[(link.start, link.port), end] = x[end] + form.enters.get(link.port, 0.0)
        if not isinstance(end, Point):
            free.sort(key=lambda link: made.out[link.start, link.port])
            wanted = [made.out[link.start, link.port] for link in free]
            taken = [x[end] + each for each in form.enters.values()]
            width = _top_width(form, len(free))
            for link, place in zip(free, spread(wanted, [SPACING] * len(free), x[end], width, taken), strict=True):
                made.into[(link.start, link.port), end] = place


def _top_width(form: Form, lines: int) -> float:
    """How much of the upper border lines may touch: of a diamond its tip, or as much around it as they need."""
    if not form.pointed:
        return form.width
    return 2 * MARGIN + min((lines - 1) * SPACING, form.width * 0.6)


def _leave(
    made: Slots,
    layered: Layered,
    nets: Mapping[Net, list[Item]],
    backs: Sequence[Net],
    x: Placed,
    forms: Mapping[Item, Form],
    labels: Mapping[str, float],
) -> None:
    """Places on lower borders, near where the lines lead."""
    leaving: dict[Item, list[tuple[float, Net]]] = {}
    for net, ends in nets.items():
        if net[1] not in forms[net[0]].leaves and not isinstance(net[0], Point):
            places = [made.into[net, end] for end in ends]
            leaving.setdefault(net[0], []).append((_aim(places, x[net[0]], forms[net[0]].width), net))
    for net in backs:
        if net[1] not in forms[net[0]].leaves:
            leaving.setdefault(net[0], []).append((float("inf"), net))
    room = _room(layered, x, forms)
    for item, found in leaving.items():
        found.sort(key=lambda each: (each[0], each[1][1]))
        left = found
        if forms[item].pointed and len(found) > 1:
            corners = [each for each, side in ((found[0], -1), (found[-1], 1)) if (each[0] - x[item]) * side > 0]
            turned = [each for each in corners if _sideways(made, each, nets, x[item], forms[item], room[item])]
            left = [each for each in found if each not in turned]
        _below(made, left, x[item], forms[item], labels)
        _past_labels(made, [net for _, net in found], left, x[item], room[item][1], labels)


def _below(
    made: Slots, found: Sequence[tuple[float, Net]], centre: float, form: Form, labels: Mapping[str, float]
) -> None:
    """Places on the lower border, so far apart that the label of each fits beside it."""
    wanted = [min(max(place, centre - 4000.0), centre + form.width) for place, _ in found]
    widths = [SPACING + labels.get(net[1], 0.0) for _, net in found]
    width = form.width
    if form.pointed and len(found) > 1:
        last = max(0.0, min(widths[-1] - SPACING, width - sum(widths[:-1]) - 2 * MARGIN))
        width = min(width, max(44.0 * len(found) - 20.0, sum(widths) + 2 * MARGIN)) - last
        centre -= last / 2
    elif form.pointed:
        width = min(width, 24.0)
    for (_, net), place in zip(found, spread(wanted, widths, centre, width), strict=True):
        made.out[net] = place


def _past_labels(
    made: Slots,
    nets: Sequence[Net],
    below: Sequence[tuple[float, Net]],
    centre: float,
    room: float,
    labels: Mapping[str, float],
) -> None:
    """What turns down beside a diamond does so behind the labels of the lines that leave below it."""
    end = max((made.out[net] + labels.get(net[1], 0.0) for _, net in below), default=centre) + SPACING / 2
    for net in nets:
        if net in made.sideways and centre < made.out[net] < end:
            made.out[net] = max(made.out[net], min(end, room))


def _aim(places: Sequence[float], centre: float, width: float) -> float:
    """Where a line that branches should start: straight above one of its ends, if one faces the thing."""
    facing = [place for place in places if abs(place - centre) <= width / 2 - MARGIN]
    return min(facing, key=lambda place: abs(place - centre), default=sum(places) / len(places))


def _sideways(
    made: Slots,
    found: tuple[float, Net],
    nets: Mapping[Net, list[Item]],
    centre: float,
    form: Form,
    room: tuple[float, float],
) -> bool:
    """Whether one of several ways out of a diamond leaves by a corner: straight to above where it leads if the row is
    empty so far, else down beside the diamond."""
    place, net = found
    if abs(place - centre) < form.width / 4:
        return False
    single = len(nets.get(net, (net,))) == 1
    corner = centre + (1.0 if place > centre else -1.0) * (form.width / 2 + 12.0)
    beyond = abs(place - centre) > form.width / 2 + 10.0
    clear = room[0] < place < room[1] and single and beyond
    made.out[net] = place if clear else corner
    made.sideways.add(net)
    return True


def _room(layered: Layered, x: Placed, forms: Mapping[Item, Form]) -> dict[Item, tuple[float, float]]:
    """How far to the left and right of a thing its row is empty."""
    found: dict[Item, tuple[float, float]] = {}
    for row in layered.rows:
        right = [x[item] + forms[item].width / 2 + 8.0 for item in row]
        left = [x[item] - forms[item].width / 2 - 8.0 for item in row]
        for index, item in enumerate(row):
            before = right[index - 1] if index else float("-inf")
            after = left[index + 1] if index + 1 < len(row) else float("inf")
            found[item] = (before, after)
    return found


def _straighten(made: Slots, nets: Mapping[Net, list[Item]], forms: Mapping[Item, Form]) -> None:
    """A line that is nearly straight becomes straight, where its end may move."""
    for net, ends in nets.items():
        if len(ends) == 1 and 0 < abs(made.into[net, ends[0]] - made.out[net]) < 9.0:
            if _is_free(forms[ends[0]], net[1], forms[ends[0]].enters) and not isinstance(ends[0], Point):
                made.into[net, ends[0]] = made.out[net]
            elif _is_free(forms[net[0]], net[1], forms[net[0]].leaves) and not isinstance(net[0], Point):
                made.out[net] = made.into[net, ends[0]]


def _is_free(form: Form, port: str, fixed: Mapping[str, float]) -> bool:
    return form.width > 0 and not form.pointed and port not in fixed


def spread(
    wanted: Sequence[float], widths: Sequence[float], centre: float, width: float, taken: Sequence[float] = ()
) -> list[float]:
    """Places near the wanted ones, in their order, at a distance, on a border of a width around a centre."""
    low, high = centre - width / 2 + MARGIN, centre + width / 2 - MARGIN
    if low > high:
        low = high = centre
    if not wanted:
        return []
    needed = sum(widths[:-1])
    scale = min(1.0, (high - low) / needed) if needed > 0 else 1.0
    gaps = [each * scale for each in widths[:-1]]
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    flat = _rising([min(max(place, low), high) - offset for place, offset in zip(wanted, offsets, strict=True)])
    places = [min(max(each, low), high - offsets[-1]) + offset for each, offset in zip(flat, offsets, strict=True)]
    return [_beside(place, taken, low, high) for place in places]


def _beside(place: float, taken: Sequence[float], low: float, high: float) -> float:
    """A place that is not one of the taken ones."""
    if all(abs(place - each) >= SPACING * 0.7 for each in taken):
        return place
    tries = [side for each in taken for side in (each - SPACING, each + SPACING) if low <= side <= high]
    free = [each for each in tries if all(abs(each - other) >= SPACING * 0.7 for other in taken)]
    return min(free, key=lambda each: abs(each - place), default=place)


def _rising(values: Sequence[float]) -> list[float]:
    """The nearest values that never fall (pooling adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, many = pools.pop()
            total, count = total + before, count + many
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]
