"""Forgetting runs, and what only they made use of: their answers, and the texts that are kept once.

Invariant: what another run refers to stays. While anybody is at work, what is everybody's stays as well: they may just
have found it, and not have written that down yet. It is looked at again when the next runs are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from flowreason.errors import RunBusy
from flowreason.store import living
from flowreason.store.owner import state_of
from flowreason.store.tables import ANSWERS, AT_WORK, EVENTS, FORGOTTEN, OUTCOMES, RUNS, TEXTS, USES
from flowreason.store.uses import bounds

T = TypeVar("T")

_MANY = 500
_KNOWN = select(RUNS.c.id, RUNS.c.family, RUNS.c.owner)
_FROM: BindParameter[str] = bindparam("from_name")
_UNTIL: BindParameter[str] = bindparam("until_name")
_SWEEPS = (
    delete(TEXTS).where(TEXTS.c.hash >= _FROM, TEXTS.c.hash <= _UNTIL),
    delete(ANSWERS).where(ANSWERS.c.key >= _FROM, ANSWERS.c.key <= _UNTIL, ANSWERS.c.scope + "" == ""),
)
"""What is everybody's and begins with a name. Its scope does not help to find it: all that is everybody's has it."""


def forget(connection: Connection, ids: Sequence[str], once: Mapping[Any, Any]) -> None:
    """Forget runs, not too many at once. In a transaction that the caller has begun."""
    found = connection.execute(_KNOWN.where(RUNS.c.id.in_(ids))).all()
    for row in found:
        if works(row.id, row.owner):
            raise RunBusy(f"the run {row.id} is at work; wait for it, or stop it first")
    known = {row.id: row.family for row in found}
    ids, families = list(known), set(known.values())
    used = set(connection.execute(select(USES.c.name).where(USES.c.run.in_(ids))).scalars())
    for column in (EVENTS.c.run, OUTCOMES.c.run, USES.c.run, RUNS.c.id):
        connection.execute(delete(column.table).where(column.in_(ids)))
    families -= set(connection.execute(select(RUNS.c.family).where(RUNS.c.family.in_(families))).scalars())
    connection.execute(delete(ANSWERS).where(ANSWERS.c.scope.in_(families)))
    if _anybody_at_work(connection):
        for part in _parts(used):
            connection.execute(once[FORGOTTEN], [{"name": name} for name in part])
        return
    used.update(connection.execute(select(FORGOTTEN.c.name)).scalars())
    for part in _parts(used):
        _sweep(connection, part)
    connection.execute(delete(FORGOTTEN))


def works(run: str, owner: str) -> bool:
    """Whether somebody is at work at a run, as far as is known."""
    state = state_of(owner)
    return living.works_at(run) if state == "myself" else state != "gone"


def _anybody_at_work(connection: Connection) -> bool:
    rows = connection.execute(select(RUNS.c.id, RUNS.c.owner).where(AT_WORK))
    return any(works(row.id, row.owner) for row in rows)


def _sweep(connection: Connection, names: Sequence[int]) -> None:
    """Forget those texts and answers of everybody that no run refers to any more."""
    still = set(connection.execute(select(USES.c.name).where(USES.c.name.in_(names)).distinct()).scalars())
    left = sorted(bounds(name) for name in names if name not in still)
    if left:
        for sweep in _SWEEPS:
            connection.execute(sweep, [{"from_name": first, "until_name": last} for first, last in left])


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, _MANY)):
        yield part
