"""Which node holds each name at one place of a flow that is being lowered.

Invariant: a way that branches off shares all names with where it started, which rests until the ways come together,
and keeps its own changes; so a branch costs what it changes, however many names there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count


class Env:
    """Names and the nodes that hold them; those of `outer` show through where this way has not changed them."""

    __slots__ = ("_births", "born", "outer", "own")

    def __init__(self, outer: Env | None = None) -> None:
        self.outer = outer
        self.own: dict[str, str] = {}
        self.born: dict[str, int] = {}
        """When each name came up that `outer` does not have: names are gone through in that order."""
        self._births: count[int] = count() if outer is None else outer._births

    def get(self, name: str) -> str | None:
        place: Env | None = self
        while place is not None:
            if name in place.own:
                return place.own[name]
            place = place.outer
        return None

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, holder: str) -> None:
        if name not in self.own and name not in self:
            self.born[name] = next(self._births)
        self.own[name] = holder

    def branch(self) -> Env:
        """The same names, for a way that starts here."""
        return Env(self)

    def picked(self, names: Iterable[str]) -> dict[str, str]:
        """Those of some names that are here, as they are now."""
        return {name: holder for name in names if (holder := self.get(name)) is not None}

    def take(self, other: Env) -> None:
        """Go on where the one way ends that started here."""
        for name, holder in other.own.items():
            self[name] = holder

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Names that are here, the oldest first."""
        return sorted(names, key=self._age)

    def _age(self, name: str) -> int:
        place: Env | None = self
        while place is not None:
            if name in place.born:
                return place.born[name]
            place = place.outer
        raise KeyError(name)
