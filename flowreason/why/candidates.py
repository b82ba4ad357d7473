"""Which steps the answer depends on, and in which order it is worth to try other values of them.

Invariant: a step is named as without influence only where no link leads from it to the answer. The order depends on the
run alone: the least sure first, then the nearest to the answer; of rounds of one step the first few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flowreason.engine.frames import FAILED, VALUE
from flowreason.errors import UsageError
from flowreason.graph import ops
from flowreason.graph.tokens import embeds
from flowreason.why.agreeing import asked_of
from flowreason.why.failing import ends, origin, waiting
from flowreason.why.seen import Place, Seen
from flowreason.why.slots import Slot
from flowreason.why.told import Agreement, Step, Untried

OF_A_KIND = 3
"""Rounds or calls of one step that are tried, where nobody names it."""
OF_A_NAMED_ONE = 12
MOST_NAMED = 20
_SENT_BACK = 0.3
"""How doubtful a step is of which a reply did not fit."""
_ASKED = (ops.Ask, ops.Emulate)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step whose value may be changed. `far` is how many others stand between it and the answer; `doubt` is from 0
    (sure, as far as is known) to 1; `direct`: its value is the answer. `calls` are those that what it affects has made.
    """

    slot: Slot
    step: Step
    far: int
    doubt: float
    direct: bool
    affected: frozenset[Slot]
    calls: int


class Influence:
    """What the answer of a run depends on."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.ends = ends(seen)
        self._asked = [slot for slot in seen.slots.every() if isinstance(slot.op, _ASKED) and _ran(seen, slot)]
        cone = seen.slots.cone(self.ends)
        asked = frozenset(self._asked)
        far = seen.slots.distances(self.ends, asked)
        self._far = {slot: far.get(slot, 0) for slot in self._asked if slot in cone}
        self._direct = frozenset(seen.slots.handed_on(self.ends))

    @property
    def depends(self) -> tuple[Step, ...]:
        """The steps on which the answer depends, the nearest first."""
        ordered = sorted(self._far, key=lambda slot: (self._far[slot], _late(slot)))
        return tuple(self.seen.step(slot) for slot in ordered)

    @property
    def without(self) -> tuple[Step, ...]:
        """The steps that ran and have no influence."""
        if not self.ends:
            return ()
        return tuple(self.seen.step(slot) for slot in self._asked if slot not in self._far)

    # --- what is worth a try ---

    def candidates(
        self, agreements: Iterable[Agreement], node: str | None = None
    ) -> tuple[list[Candidate], list[Untried]]:
        """The steps to try, the most promising first, and those of which there are too many.

        Raises `UsageError` where the one that is named is none of them.
        """
        sure = {(each.step.frame, each.step.node): each for each in agreements}
        slots = [slot for slot in [*self._far, *waiting(self.seen)] if self._may_differ(slot)]
        began = origin(self.seen) if self.seen.info.status == "failed" else None
        slots = [slot for slot in slots if slot.has_value or slot == began or slot in waiting(self.seen)]
        if node is not None:
            slots = self._named(slots, node)
        order = {slot: at for at, slot in enumerate(slots)}

        def promise(slot: Slot) -> tuple[float, int, int, int]:
            return -_doubt(slot, sure), self._far.get(slot, 0), _late(slot), order[slot]

        ranked = sorted(slots, key=promise)
        chosen, rest = _first_few(ranked, OF_A_KIND if node is None else OF_A_NAMED_ONE)
        return [self._candidate(slot, sure) for slot in chosen], list(self._too_many(rest, len(slots)))

    def _may_differ(self, slot: Slot) -> bool:
        """Whether another value may be given or drawn: where a text stands among meanings, no draw changes."""
        node = slot.frame.plan.nodes[slot.i]
        embedded = isinstance(node.op, ops.Ask) and embeds(node, node.op)
        return not embedded and not self.seen.slots.given(slot)

    def _candidate(self, slot: Slot, sure: Mapping[Place, Agreement]) -> Candidate:
        affected = frozenset(self.seen.slots.affected(slot))
        calls = sum(
            self.seen.heard[each.place].usage.calls or len(self.seen.heard[each.place].said)
            for each in affected
            if each != slot and not each.begin and each.place in self.seen.heard
        )
        return Candidate(
            slot,
            self.seen.step(slot),
            self._far.get(slot, 0),
            _doubt(slot, sure),
            slot in self._direct,
            affected,
            calls,
        )

    def _named(self, slots: Sequence[Slot], node: str) -> list[Slot]:
        found = [slot for slot in slots if _is_called(self.seen.step(slot), node)]
        if found:
            return found
        names = list(dict.fromkeys(step.name or step.node for step in map(self.seen.step, slots)))
        if any(_is_called(step, node) for step in self.without):
            raise UsageError(f"the step {node} has no influence on the answer; these have: {_listed(names)}")
        raise UsageError(f"there is no step {node!r} on which the answer depends; there are: {_listed(names)}")

    def _too_many(self, rest: Sequence[Slot], whole: int) -> Iterator[Untried]:
        counts: Counter[tuple[str, str]] = Counter()
        first: dict[tuple[str, str], Step] = {}
        for slot in rest:
            step = self.seen.step(slot)
            counts[step.flow, step.node] += 1
            first.setdefault((step.flow, step.node), step)
        for kind, count in counts.items():
            yield Untried(first[kind], "others of the same step were tried (--node tries more)", count)


def _ran(seen: Seen, slot: Slot) -> bool:
    """Whether a step came to something, or was at work."""
    return slot.frame.state[slot.i] == VALUE or (slot.place in seen.heard and slot.frame.state[slot.i] in (0, FAILED))


def _doubt(slot: Slot, sure: Mapping[Place, Agreement]) -> float:
    known = sure.get(slot.place)
    if known is None:
        return 0.0
    disagree = 1.0 - known.share if asked_of(slot) else 0.0
    return round(max(disagree, _SENT_BACK if known.rejected else 0.0), 6)


def _late(slot: Slot) -> int:
    """Of rounds one after the other the last is the nearest to the answer; others stand in their order."""
    run = slot.frame.loop
    return 0 if run is None else -slot.frame.index if run.in_order else slot.frame.index


def _first_few(ranked: Sequence[Slot], most: int) -> tuple[list[Slot], list[Slot]]:
    """The first few of every step of the text, and the rest."""
    counts: Counter[tuple[str, str]] = Counter()
    chosen: list[Slot] = []
    rest: list[Slot] = []
    for slot in ranked:
        kind = slot.frame.plan.flow.name, slot.place[1]
        counts[kind] += 1
        (chosen if counts[kind] <= most else rest).append(slot)
    return chosen, rest


def _is_called(step: Step, node: str) -> bool:
    """Whether a step is meant: by its name, its id, or either behind its frame."""
    own = {step.node, step.name} - {""}
    return node in own or node in {f"{step.frame}/{each}" for each in own} | {f"{step.inside}/{each}" for each in own}


def _listed(names: Sequence[str]) -> str:
    more = ", …" if len(names) > MOST_NAMED else ""
    return (", ".join(names[:MOST_NAMED]) or "none") + more
