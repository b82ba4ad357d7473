"""What is known at one place of a flow: which names are set, of which type, by which assignments.

Invariant: a name that is `definite` is set on every path that leads here; one that is not says in `gaps` on which
path it may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flowreason_dsl.check.kinds import join
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.source import Span
from flowreason_dsl.types import Type

NOBODY: frozenset[int] = frozenset()
Region = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One name at one place.

    `steps` are the assignments that may have set it (see `Steps`), `later` those of earlier rounds of a loop, by `id`.
    `raw` is the span of the name in an assignment of an ask without a type: the place to write one. `kept` is where a
    `sample` assigned the same name to itself. `region` is the block that the value belongs to. `given`: it comes from
    outside, as a parameter or an item.
    """

    name: str
    type: Type
    span: Span
    region: Region = ()
    definite: bool = True
    gaps: tuple[Label, ...] = ()
    steps: frozenset[int] = NOBODY
    later: frozenset[int] = NOBODY
    raw: Span | None = None
    kept: Span | None = None
    given: bool = False
    declared: Type | None = None


@dataclass(slots=True)
class State:
    """The names at one place; `changed` are those assigned since the way parted.

    Not `alive`: nothing gets here, and nothing is made of what stands here. `spent`: nothing gets here either, because
    every round of the loop before ends the flow, but the graph goes on, so that what stands here must hold together.
    """

    names: dict[str, Variable] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    region: Region = ()
    effect: frozenset[int] = NOBODY
    alive: bool = True
    spent: bool = False

    def branch(self, region: Region) -> State:
        """A way that starts here, into a block of its own."""
        return State(dict(self.names), set(), region, self.effect, self.alive, self.spent)

    def set(self, variable: Variable) -> None:
        self.names[variable.name] = variable
        self.changed.add(variable.name)


def merge(start: State, ends: Sequence[tuple[State, Label]]) -> None:
    """Put into `start` what is known where several ways come together. A label says what each way is."""
    live = [(end, label) for end, label in ends if end.alive]
    changed = set().union(*(end.changed for end, _ in ends))
    if not live:
        start.alive = False
        return
    start.spent = all(end.spent for end, _ in live)
    start.effect = frozenset().union(*(end.effect for end, _ in live))
    for name in changed:
        here = _merged(name, live, start.region)
        if here is None:
            start.names.pop(name, None)
        else:
            start.names[name] = here
    start.changed |= changed


def _merged(name: str, live: list[tuple[State, Label]], region: Region) -> Variable | None:
    found = [(end.names.get(name), label) for end, label in live]
    held = [variable for variable, _ in found if variable is not None]
    if not held:
        return None
    first, *rest = held
    if not rest and len(live) == 1:
        return replace(first, region=region)
    type = first.type
    for other in rest:
        type = join(type, other.type)
    return Variable(
        name,
        type,
        held[-1].span,
        region,
        all(variable is not None and variable.definite for variable, _ in found),
        _gaps(found),
        frozenset().union(*(v.steps for v in held)),
        frozenset().union(*(v.later for v in held)),
        next((v.raw for v in held if v.raw), None) if all(v.raw for v in held) else None,
        next((v.kept for v in held if v.kept), None),
        all(v.given for v in held),
        first.declared if all(v.declared == first.declared for v in rest) else None,
    )


def _gaps(found: list[tuple[Variable | None, Label]]) -> tuple[Label, ...]:
    gaps: list[Label] = []
    for variable, label in found:
        if variable is None:
            gaps.append(label)
        elif not variable.definite:
            gaps += variable.gaps or (label,)
    return tuple(dict.fromkeys(gaps))


class Steps:
    """Every assignment, condition and loop of a flow by number, what it needs, and which were ever read.

    The numbers grow in the order of the walk. `around` are the conditions and loops that decide whether what comes next
    runs, `loops` the loops among them; what stands in a loop needs all that the loop reads from before it.
    """

    def __init__(self) -> None:
        self.needs: list[set[int]] = []
        self.used: set[int] = set()
        self.used_later: set[int] = set()
        self.around: list[int] = []
        self.loops: list[int] = []

    def new(self) -> int:
        """A new step; it needs what decides whether it runs."""
        self.needs.append(set(self.around))
        return len(self.needs) - 1

    def read(self, variable: Variable, by: int | None) -> None:
        """Note that a step reads a name."""
        self.used |= variable.steps
        self.used_later |= variable.later
        self.need(variable.steps, by)

    def need(self, steps: frozenset[int], by: int | None) -> None:
        """Note that a step, and the loops around it, wait for others."""
        if by is not None:
            self.needs[by] |= steps
        for outer in self.loops:
            self.needs[outer].update(step for step in steps if step < outer)

    def leads_to(self, start: frozenset[int], end: frozenset[int]) -> bool:
        """Whether one of `end` needs one of `start`, however indirectly."""
        seen, todo = set(end), list(end)
        while todo:
            each = todo.pop()
            if each in start:
                return True
            fresh = self.needs[each] - seen
            seen |= fresh
            todo.extend(fresh)
        return False
