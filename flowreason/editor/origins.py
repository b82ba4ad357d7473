"""Where the value of a name may come from: the assignments that reach a place.

Invariant: what an origin leads to is the same whether it is asked for before or after a loop around it is closed, but
for what the end of the loop's body adds.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason_dsl.source import Span


class Origin:
    """One assignment (`span` is that of the name it sets), or, with `sources`, one of several origins."""

    __slots__ = ("sources", "span")

    def __init__(self, span: Span | None = None, sources: Iterable[Origin] = ()) -> None:
        self.span = span
        self.sources = list(sources)

    def spans(self) -> tuple[Span, ...]:
        """All assignments that it may be, in the order of the text."""
        found: set[Span] = set()
        seen: set[int] = set()
        todo = [self]
        while todo:
            each = todo.pop()
            if id(each) not in seen:
                seen.add(id(each))
                todo += each.sources
                if each.span is not None:
                    found.add(each.span)
        return tuple(sorted(found))


Env = dict[str, Origin]
"""Which origin each name has at a place."""


def merge(env: Env, ends: Iterable[Env]) -> None:
    """Put into `env` what the names are where several ways come together."""
    ways = list(ends)
    if not ways:
        return
    names = dict.fromkeys(name for way in ways for name in way)
    merged: Env = {}
    for name in names:
        found = list(dict.fromkeys(way[name] for way in ways if name in way))
        merged[name] = found[0] if len(found) == 1 else Origin(sources=found)
    env.clear()
    env.update(merged)
