"""What the top level of a piece of Python has bound at some place in it, on the way that led there.

Invariant: what is `definite` was bound on every way, what is `possible` on some.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class State:
    """What the top level has bound. `later` is bound only by an earlier round of a loop around this place."""

    definite: set[str] = field(default_factory=set)
    possible: set[str] = field(default_factory=set)
    later: frozenset[str] = frozenset()
    alive: bool = True

    def copy(self, possible: Iterable[str] = ()) -> State:
        """The same, to go another way with; perhaps with more that may be bound."""
        return State(set(self.definite), self.possible.union(possible), self.later, self.alive)


def merge(start: State, ends: list[State]) -> State:
    alive = [end for end in ends if end.alive]
    possible = start.possible.union(*(end.possible for end in ends))
    if len(alive) < len(ends):
        possible |= start.later
    if not alive:
        return State(set(start.definite), possible, start.later, alive=False)
    return State(set.intersection(*(end.definite for end in alive)), possible, start.later)
