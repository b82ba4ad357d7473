"""A whole run that comes from elsewhere, as rows of a store.

Invariant: it comes in as a whole or not at all; nothing that is there is changed; its answers are those of its own
family, which no other run of the store belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from flowreason.records import Claim, WholeRun
from flowreason.store import rows
from flowreason.store.tables import ANSWERS, EVENTS, OUTCOMES, RUNS, TEXTS, USES
from flowreason.store.uses import uses


def take_in(connection: Connection, run: WholeRun, once: Mapping[Table, Any], new_id: Callable[[], str]) -> str:
    """Put a run in, under its id where nobody has that, else under a new one; gives the id."""
    id = run.info.id
    while _taken(connection, id):
        id = new_id()
    values = _run_values(run, id)
    connection.execute(once[RUNS], values)
    made = rows.of_plan(run.info.plan)
    _many(connection, once[TEXTS], [{"hash": each.hash, "text": each.text} for each in (*made.texts, *run.texts)])
    now = time.time()
    answers = [{"key": k, "scope": id, "reply": rows.reply_text(r), "created": now} for k, r in run.answers.items()]
    _many(connection, once[ANSWERS], answers)
    outcomes = [rows.of_outcome(Claim(id, id, 1), each) for each in run.outcomes]
    batches = [rows.of_batch(Claim(id, id, session), batch) for session, batch in run.batches]
    known: set[int] = set()
    written = [values, *outcomes, *batches]
    _many(connection, once[USES], [each for row in written for each in uses(id, row, known)])
    _many(connection, once[OUTCOMES], outcomes)
    _many(connection, once[EVENTS], batches)
    return id


def _taken(connection: Connection, id: str) -> bool:
    """Whether anything of this name is there: a run, a family, answers."""
    runs = select(func.count()).select_from(RUNS).where(or_(RUNS.c.id == id, RUNS.c.family == id))
    answers = select(func.count()).select_from(ANSWERS).where(ANSWERS.c.scope == id)
    return bool(connection.execute(runs).scalar() or connection.execute(answers).scalar())


def _run_values(run: WholeRun, id: str) -> dict[str, Any]:
    info = run.info
    return {
        "id": id, "family": id, "parent": "", "status": info.standing.status,
        "standing": rows.standing_text(info.standing), "session": info.session, "owner": "", "beat": 0,
        "created": info.created, "updated": info.updated, **rows.of_plan(info.plan).columns,
    }  # fmt: skip


def _many(connection: Connection, statement: Any, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(statement, values)
