"""The steps of a flow by number: assignments, conditions, loops, joins; what each needs, and which are used.

Invariant: a step needs everything that it waits for in the graph of the flow, perhaps more, never less. Numbers grow in
the order of the walk, so that a step needs only lower ones, until an edge is drawn backwards.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST_VISITS = 2_000_000
"""How many steps are looked at, all edges together, to find circles."""


class Steps:
    """`gate` is the condition or loop that decides whether what comes next runs; `loops` are those around it."""

    def __init__(self) -> None:
        self.needs: list[set[int]] = []
        self.joined: dict[int, set[int]] = {}
        self.gate: int | None = None
        self.loops: list[int] = []
        self.backward = False
        self.visits = 0
        self.met = 0
        """How many values are brought together behind branches, and carried around loops."""
        self._read: set[int] = set()

    def new(self) -> int:
        """A new step; it needs what decides whether it runs."""
        self.needs.append(set() if self.gate is None else {self.gate})
        return len(self.needs) - 1

    def join(self, steps: set[int]) -> int | None:
        """The step that holds a value which comes from one of several; used when it is, so are they."""
        if len(steps) < 2:
            return next(iter(steps), None)
        made = self.new()
        self.needs[made] |= steps
        self.joined[made] = set(steps)
        return made

    def head(self, before: int) -> int:
        """The step that holds a value at the start of a round: the one before the loop, or that of the round before."""
        made = self.new()
        self.met += 1
        self.needs[made].add(before)
        self.joined[made] = {before}
        return made

    def come_together(self, conditions: Iterable[int], gates: Iterable[int | None], outer: int | None) -> None:
        """After a branch: where a way may leave in the middle, what follows waits for what decided that."""
        deciding = {gate for gate in gates if gate is not None}
        if deciding <= {*conditions}:
            self.gate = outer
        else:
            self.gate = outer
            made = self.new()
            self.needs[made] |= deciding
            self.gate = made

    def read(self, step: int, by: int | None) -> None:
        """Note that a step reads what another set."""
        self._read.add(step)
        self.need(step, by)

    def need(self, step: int, by: int | None) -> None:
        """Note that a step, and the loops around it, wait for another."""
        if by is not None:
            self.needs[by].add(step)
        for loop in self.loops:
            if step < loop:
                self.needs[loop].add(step)

    @property
    def used(self) -> set[int]:
        """All steps whose value is read, directly or through joins."""
        seen, todo = set(self._read), list(self._read)
        while todo:
            fresh = self.joined.get(todo.pop(), set()) - seen
            seen |= fresh
            todo.extend(fresh)
        return seen

    def draw(self, earlier: int, later: int) -> bool:
        """Let `later` wait for `earlier`; False where `earlier` needs it already."""
        self._read.add(earlier)
        if (self.backward or earlier >= later) and self._needs(earlier, later):
            return False
        self.backward = self.backward or earlier > later
        self.needs[later].add(earlier)
        return True

    def _needs(self, start: int, wanted: int) -> bool:
        seen, todo = {start}, [start]
        while todo:
            each = todo.pop()
            if each == wanted:
                return True
            fresh = {step for step in self.needs[each] - seen if self.backward or step >= wanted}
            self.visits += 1 + len(fresh)
            seen |= fresh
            todo.extend(fresh)
        return False

    @property
    def exhausted(self) -> bool:
        """Whether more edges than can be looked at are drawn backwards."""
        return self.visits > MOST_VISITS
