"""Outcomes that a later session found otherwise, kept beside the new ones: an earlier session is replayed as it was.

A step may come to something else when a run goes on: what it depends on failed for a limit before, and does not now.
Invariant: `of_session` gives, for each place, what stood there when that session ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowreason.records import Outcome

Place = tuple[str, str, str, int]
"""Frame, node, kind, part."""
MARK = "<"
"""`python<3` is what a piece of Python came to until session 3."""


def place_of(outcome: Outcome) -> Place:
    return outcome.frame, outcome.node, outcome.kind, outcome.part


def replaced(known: Outcome | None, by: Outcome, session: int) -> list[Outcome]:
    """What has to be kept as well when an outcome takes the place of one that is known from before the session."""
    if known is None or known.value is None or known.value == by.value:
        return []
    return [replace(known, kind=f"{known.kind}{MARK}{session}")]


def of_session(outcomes: Iterable[Outcome], session: int | None) -> dict[Place, Outcome]:
    """The outcomes as they were in a session, by place; None: as they are now."""
    found: dict[Place, Outcome] = {}
    until: dict[Place, int] = {}
    for outcome in outcomes:
        kind, _, end = outcome.kind.partition(MARK)
        place = outcome.frame, outcome.node, kind, outcome.part
        last = int(end) if end.isdecimal() else None
        if last is None:
            found.setdefault(place, outcome)
        elif session is not None and session < last <= until.get(place, last):
            found[place], until[place] = replace(outcome, kind=kind), last
    return found
