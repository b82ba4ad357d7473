"""What the top level of a piece of Python has bound at some place in it, on the way that led there.

Invariant: what is `definite` was bound on every way, what is `possible` on some. A way that branches off shares all
names with where it started, which rests until the ways come together, and keeps its own changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Rounds = tuple[frozenset[str], ...]
"""For each loop around a place, the outermost first, what its rounds bind."""


class Names:
    """Names that are bound; those of `outer` show through where this way has not changed them."""

    __slots__ = ("also", "outer", "own")

    def __init__(self, own: Iterable[str] = (), outer: Names | None = None) -> None:
        self.own = dict.fromkeys(own, True)
        self.outer = outer
        self.also: Rounds = ()

    def __contains__(self, name: str) -> bool:
        place: Names | None = self
        while place is not None:
            if name in place.own:
                return place.own[name]
            if place.also and any(name in names for names in place.also):
                return True
            place = place.outer
        return False

    def add(self, *names: str) -> None:
        for name in names:
            self.own[name] = True

    def discard(self, name: str) -> None:
        self.own[name] = False

    def share(self, rounds: Rounds) -> None:
        """Add what rounds bind, without looking at each name."""
        self.also += tuple([each for each in rounds if not any(each is known for known in self.also)])

    def take(self, other: Names, rounds: Rounds | None = None) -> None:
        """Add what a way that started here has bound; of what is shared with rounds, that of `rounds` alone."""
        self.own.update((name, True) for name, there in other.own.items() if there)
        shared = other.also
        if rounds is not None:
            shared = tuple([each for each in shared if any(each is known for known in rounds)])
        self.share(shared)


@dataclass(slots=True)
class State:
    """What the top level has bound. `later` is bound only by an earlier round of a loop around this place."""

    definite: Names = field(default_factory=Names)
    possible: Names = field(default_factory=Names)
    later: Rounds = ()
    alive: bool = True

    def copy(self, possible: Rounds = ()) -> State:
        """The same, to go another way with; perhaps with more that may be bound."""
        made = State(Names(outer=self.definite), Names(outer=self.possible), self.later, self.alive)
        made.possible.share(possible)
        return made


@dataclass(slots=True)
class Met:
    """What becomes of a place where several ways that started there come together."""

    definite: dict[str, bool]
    possible: Names
    alive: bool

    def into(self, start: State) -> None:
        """Make it so, at the place where the ways started."""
        start.definite.own.update(self.definite)
        start.possible.take(self.possible)
        start.alive = self.alive


def meet(start: State, ends: list[State]) -> Met:
    """What the ways that end well have in common. A way that is `start` itself changed nothing."""
    alive = [end for end in ends if end.alive]
    possible = Names()
    for end in ends:
        if end is not start:
            possible.take(end.possible)
    if len(alive) < len(ends):
        possible.share(start.later)
    definite: dict[str, bool] = {}
    for name in {name for end in alive if end is not start for name in end.definite.own}:
        definite[name] = all(name in end.definite for end in alive)
    return Met(definite, possible, bool(alive))
