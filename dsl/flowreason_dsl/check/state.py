"""What is known at one place of a flow: which names are set, of which type, by which step.

Invariant: a name that is `definite` is set on every path that leads here; one that is not says in `gaps` on which
path it may be missing. A way that branches off shares all names with where it started, and keeps its own changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from flowreason_dsl.check.kinds import join
from flowreason_dsl.check.steps import Steps
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.source import Span
from flowreason_dsl.types import Type

Region = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One name at one place.

    `step` is what set it (see `Steps`). `raw` is the span of the name in an assignment of an ask without a type: the
    place to write one. `kept` is where a `sample` assigned the same name to itself. `region` is the block that the
    value belongs to. `given`: it comes from outside, as a parameter or an item. `first` is what it surely is in the
    first round of a loop, in the block that is the loop's body.
    """

    name: str
    type: Type
    span: Span
    step: int
    region: Region = ()
    definite: bool = True
    gaps: tuple[Label, ...] = ()
    raw: Span | None = None
    kept: Span | None = None
    given: bool = False
    declared: Type | None = None
    first: tuple[Region, Type] | None = None


class Names:
    """Names and their variables; those of `outer` show through where this way has not changed them."""

    __slots__ = ("outer", "own")

    def __init__(self, outer: Names | None = None, own: dict[str, Variable | None] | None = None) -> None:
        self.outer = outer
        self.own: dict[str, Variable | None] = own or {}

    def get(self, name: str) -> Variable | None:
        place: Names | None = self
        while place is not None:
            if name in place.own:
                return place.own[name]
            place = place.outer
        return None

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __getitem__(self, name: str) -> Variable:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, variable: Variable) -> None:
        self.own[name] = variable

    def drop(self, name: str) -> None:
        self.own[name] = None

    def __iter__(self) -> Iterator[str]:
        """All names that are there, the outermost first."""
        seen: dict[str, bool] = {}
        chain: list[Names] = []
        place: Names | None = self
        while place is not None:
            chain.append(place)
            place = place.outer
        for each in reversed(chain):
            for name, variable in each.own.items():
                seen[name] = variable is not None
        return iter([name for name, there in seen.items() if there])

    def since(self, outer: Names | None) -> dict[str, Variable | None]:
        """What was changed since a way left `outer`."""
        found: dict[str, Variable | None] = {}
        place: Names | None = self
        while place is not None and place is not outer:
            found = {**place.own, **found}
            place = place.outer
        return found


@dataclass(slots=True)
class State:
    """The names at one place, and the last step with effects.

    Not `alive`: nothing gets here, and nothing is made of what stands here. `spent`: nothing gets here either, because
    every round of the loop before ends the flow, but the graph goes on, so that what stands here must hold together.
    """

    names: Names = field(default_factory=Names)
    region: Region = ()
    effect: int | None = None
    alive: bool = True
    spent: bool = False

    def branch(self, region: Region | None = None) -> State:
        """A way that starts here, perhaps into a block of its own. This place rests until the ways come together."""
        here = self.region if region is None else region
        return State(Names(self.names), here, self.effect, self.alive, self.spent)

    def snapshot(self, outer: Names) -> State:
        """This place as it is now, seen as a way from `outer`."""
        return State(Names(outer, self.names.since(outer)), self.region, self.effect, self.alive, self.spent)

    def set(self, variable: Variable) -> None:
        self.names[variable.name] = variable


Way = tuple[State, Label]
MOST_GAPS = 8


def merge(start: State, ends: Sequence[Way], steps: Steps) -> None:
    """Put into `start` what is known where several ways from it come together. A label says what each way is."""
    live = [(end, label) for end, label in ends if end.alive]
    if not live:
        start.alive = False
        return
    changing: dict[str, list[Way]] = {}
    for way in live:
        for name in way[0].names.own:
            changing.setdefault(name, []).append(way)
    merged = {name: _merged(name, start, ways, live, steps) for name, ways in changing.items()}
    start.names.own.update(merged)
    start.spent = all(end.spent for end, _ in live)
    start.effect = steps.join({end.effect for end, _ in live if end.effect is not None})


def _merged(name: str, start: State, ways: list[Way], live: list[Way], steps: Steps) -> Variable | None:
    """One name after several ways, of which only some changed it."""
    before = start.names.get(name) if len(ways) < len(live) else None
    found = [way[0].names.own[name] for way in ways]
    held = [variable for variable in (before, *found) if variable is not None]
    if not held:
        return None
    first, *rest = held
    everywhere = None not in found and (before is not None or len(ways) == len(live))
    if everywhere and all(other is first for other in rest):
        return replace(first, region=start.region[: len(first.region)])
    steps.met += len(live)
    step = steps.join({variable.step for variable in held})
    assert step is not None
    return Variable(
        name,
        reduce(join, [variable.type for variable in held]),
        held[-1].span,
        step,
        start.region,
        definite=everywhere and all(variable.definite for variable in held),
        gaps=_gaps(name, before, ways, live),
        raw=held[-1].raw if all(variable.raw for variable in held) else None,
        kept=next((variable.kept for variable in held if variable.kept), None),
        given=all(variable.given for variable in held),
        declared=first.declared if all(variable.declared == first.declared for variable in rest) else None,
    )


def _gaps(name: str, before: Variable | None, ways: list[Way], live: list[Way]) -> tuple[Label, ...]:
    """The ways on which a name may be missing; the first few."""
    gaps: list[Label] = []
    for end, label in live if before is None or not before.definite else ways:
        variable = end.names.own.get(name, before)
        if variable is None:
            gaps.append(label)
        elif not variable.definite:
            gaps += variable.gaps or (label,)
        if len(gaps) >= MOST_GAPS:
            break
    return tuple(dict.fromkeys(gaps))
