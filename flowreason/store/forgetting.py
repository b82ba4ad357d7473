"""Forgetting runs, and what only they made use of: their answers, and the texts that are kept once.

Invariant: what another run refers to stays. While anybody is at work, what is everybody's stays as well: they may just
have found it, and not have written that down yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, select

from flowreason.store import living
from flowreason.store.owner import state_of
from flowreason.store.tables import ANSWERS, EVENTS, OUTCOMES, RUNS, TEXTS

_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""What answers and texts are referred to by, wherever it stands."""
_MANY = 500


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Forget runs. In a transaction that the caller has begun."""
    ids = list(connection.execute(select(RUNS.c.id).where(RUNS.c.id.in_(ids))).scalars())
    ours = set(_names(connection, RUNS.c.id.in_(ids), EVENTS.c.run.in_(ids), OUTCOMES.c.run.in_(ids)))
    families = set(connection.execute(select(RUNS.c.family).where(RUNS.c.id.in_(ids))).scalars())
    for table, column in ((EVENTS, EVENTS.c.run), (OUTCOMES, OUTCOMES.c.run), (RUNS, RUNS.c.id)):
        connection.execute(delete(table).where(column.in_(ids)))
    left = set(connection.execute(select(RUNS.c.family).where(RUNS.c.family.in_(families))).scalars())
    connection.execute(delete(ANSWERS).where(ANSWERS.c.scope.in_(families - left)))
    if ours and not _anybody_at_work(connection):
        _sweep(connection, ours)


def works(run: str, owner: str) -> bool:
    """Whether somebody is at work at a run, as far as is known."""
    state = state_of(owner)
    return living.works_at(run) if state == "myself" else state != "gone"


def _anybody_at_work(connection: Connection) -> bool:
    rows = connection.execute(select(RUNS.c.id, RUNS.c.owner).where(RUNS.c.owner != ""))
    return any(works(row.id, row.owner) for row in rows)


def _sweep(connection: Connection, ours: set[str]) -> None:
    """Forget those answers of everybody and texts that no run refers to any more."""
    for name in _names(connection, RUNS.c.id != "", EVENTS.c.run != "", OUTCOMES.c.run != ""):
        ours.discard(name)
        if not ours:
            return
    for part in _parts(ours):
        connection.execute(delete(TEXTS).where(TEXTS.c.hash.in_(part)))
        connection.execute(delete(ANSWERS).where(ANSWERS.c.scope == "", ANSWERS.c.key.in_(part)))


def _names(connection: Connection, runs: Any, events: Any, outcomes: Any) -> Iterator[str]:
    """All that some runs refer to."""
    looks = (
        select(RUNS.c.flow, RUNS.c.inputs, RUNS.c.standing, RUNS.c.settings).where(runs),
        select(EVENTS.c.events).where(events),
        select(OUTCOMES.c.value).where(outcomes),
    )
    for look in looks:
        for row in connection.execute(look):
            for text in row:
                yield from _NAME.findall(text)


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    left = iter(sorted(names))
    while part := list(islice(left, _MANY)):
        yield part
