"""The lines between two layers: each runs down, along a track, and down again; tracks are shared where lines do not
meet.

Invariant: a line crosses things nowhere, because it runs sideways only between layers. Lines of different nets run
along the same stretch only where two of them change places, straight above each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowreason.view.slots import Net

TRACK = 10.0
STRAIGHT = 0.05
"""How far aside a line may end and still be drawn without a bend: less than can be seen once places are rounded."""
BASE = 30.0
"""The height of the space between two layers whose lines all run straight."""

_MANY = 400
_OVERLAP = 50


@dataclass(frozen=True)
class Wire:
    """A net between two layers: where it comes from above and where it leads to below (`side`: to the right border)."""

    net: Net
    start: float
    ends: tuple[float, ...]
    side: float | None = None

    @property
    def low(self) -> float:
        return min(self.start, *self.ends) if self.ends else self.start

    @property
    def high(self) -> float:
        return self.side if self.side is not None else max(self.start, *self.ends)

    @property
    def straight(self) -> bool:
        return self.side is None and self.high - self.low < STRAIGHT


def tracks(wires: Sequence[Wire]) -> dict[Net, int]:
    """The track of every wire that runs sideways, counted from above."""
    bent = sorted((wire for wire in wires if not wire.straight), key=lambda wire: (wire.low, wire.high))
    above: dict[int, set[int]] = {index: set() for index in range(len(bent))}
    if len(bent) <= _MANY:
        for i, first in enumerate(bent):
            for j in range(i + 1, len(bent)):
                if bent[j].low > first.high + 4.0:
                    break
                upper, lower = (i, j) if _cost(first, bent[j]) <= _cost(bent[j], first) else (j, i)
                above[lower].add(upper)
    return {bent[index].net: track for index, track in _levels(bent, above).items()}


def _cost(upper: Wire, lower: Wire) -> int:
    """How badly it looks if `upper` runs above `lower`: crossings, and, far worse, lines on top of each other."""
    crossed = sum(1 for end in upper.ends if lower.low < end < lower.high) + (upper.low < lower.start < upper.high)
    return crossed + _OVERLAP * sum(1 for end in upper.ends if abs(end - lower.start) < 3.0)


def _levels(bent: Sequence[Wire], above: Mapping[int, set[int]]) -> dict[int, int]:
    """Tracks, so that what must run above does, and wires that overlap have tracks of their own."""
    level: dict[int, int] = {}
    open_: dict[int, set[int]] = {index: set(uppers) for index, uppers in above.items()}
    used: list[list[Wire]] = []
    while open_:
        index = min(open_, key=lambda each: (len(open_[each]), each))
        del open_[index]
        lowest = max((level[upper] + 1 for upper in above[index] if upper in level), default=0)
        level[index] = _free_track(used, bent[index], lowest)
        for uppers in open_.values():
            uppers.discard(index)
    return level


def _free_track(used: list[list[Wire]], wire: Wire, lowest: int) -> int:
    track = lowest
    while track < len(used) and any(w.low < wire.high + 4.0 and wire.low < w.high + 4.0 for w in used[track]):
        track += 1
    while len(used) <= track:
        used.append([])
    used[track].append(wire)
    return track


def gap_height(found: Mapping[Net, int], *, labelled: bool, empty: bool) -> float:
    """The space between two layers."""
    if empty:
        return 0.0
    count = max(found.values(), default=-1) + 1
    base = BASE + (8.0 if labelled else 0.0)
    return base if count <= 1 else base + (count - 1) * TRACK


def track_y(top: float, height: float, track: int, count: int) -> float:
    """The y of a track: tracks stand in the middle of the space between two layers, a bit lower to leave room for
    labels."""
    middle = top + height * 0.5
    return middle + (track - (count - 1) / 2) * TRACK
