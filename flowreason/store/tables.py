"""The tables, and how a database of an older version becomes one of this version.

Invariant: a step in `_STEPS` never changes once it was released; a new version is a new step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError

from flowreason.errors import StoreError
from flowreason.store.any_text import AnyText
from flowreason.store.uses import names_in

META = MetaData()

_KEY = String(64)
_NAME = String(40)

VERSIONS = Table("flowreason", META, Column("version", Integer, primary_key=True, autoincrement=False))

RUNS = Table(
    "runs",
    META,
    Column("id", AnyText, primary_key=True),
    Column("family", _NAME, nullable=False),
    Column("parent", _NAME, nullable=False),
    Column("kind", _NAME, nullable=False),
    Column("question", AnyText, nullable=False),
    Column("flow", _KEY, nullable=False),
    Column("inputs", _KEY, nullable=False),
    Column("settings", AnyText, nullable=False),
    Column("status", _NAME, nullable=False),
    Column("standing", AnyText, nullable=False),
    Column("session", Integer, nullable=False),
    Column("owner", AnyText, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("number", BigInteger, nullable=False, server_default="0"),
    Index("runs_by_number", "number"),
    Index("runs_by_family", "family"),
    Index("runs_at_work", "owner", sqlite_where=text("owner != ''"), postgresql_where=text("owner != ''")),
)
"""`flow` and `inputs` are hashes of texts; `owner` is empty where nobody works at a run. `number` says in which order
runs came into the store, whatever the clock said; of equal ones it does not matter."""
NEXT_NUMBER = select(func.coalesce(func.max(RUNS.c.number), 0) + 1).scalar_subquery()
AT_WORK = text("owner != ''")

TEXTS = Table(
    "texts",
    META,
    Column("hash", _KEY, primary_key=True),
    Column("text", AnyText, nullable=False),
)

ANSWERS = Table(
    "answers",
    META,
    Column("key", _KEY, primary_key=True),
    Column("scope", _NAME, primary_key=True),
    Column("reply", AnyText, nullable=False),
    Column("created", Float, nullable=False),
    Index("answers_by_scope", "scope"),
)
"""`scope` is empty for replies that are everybody's, else the family of runs that drew it."""

OUTCOMES = Table(
    "outcomes",
    META,
    Column("run", _NAME, primary_key=True),
    Column("place", String(32), primary_key=True),
    Column("kind", _NAME, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("frame", AnyText, nullable=False),
    Column("node", AnyText, nullable=False),
    Column("key", _KEY, nullable=False),
    Column("value", AnyText, nullable=False),
)
"""`place` is a hash of frame and node, because the name of a deep frame is longer than what an index takes."""

EVENTS = Table(
    "events",
    META,
    Column("run", _NAME, primary_key=True),
    Column("session", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("events", AnyText, nullable=False),
)

USES = Table(
    "uses",
    META,
    Column("name", BigInteger, primary_key=True, autoincrement=False),
    Column("run", _NAME, primary_key=True),
    Index("uses_by_run", "run"),
    sqlite_with_rowid=False,
)
"""Which runs refer to an answer or text (see `uses`)."""

FORGOTTEN = Table("forgotten", META, Column("name", BigInteger, primary_key=True, autoincrement=False))
"""What deleted runs referred to, and could not be looked at then, because somebody was at work."""


def _order_and_uses(connection: Connection) -> None:
    """From 1 to 2: the order of runs, and what they refer to."""
    connection.execute(text("ALTER TABLE runs ADD COLUMN number BIGINT DEFAULT 0 NOT NULL"))
    connection.execute(text("DROP INDEX runs_by_time"))
    META.create_all(connection, [USES, FORGOTTEN])
    for index in RUNS.indexes:
        index.create(connection, checkfirst=True)
    runs = list(connection.execute(select(RUNS.c.id).order_by(RUNS.c.created, RUNS.c.id)).scalars())
    numbered = update(RUNS).where(RUNS.c.id == bindparam("the_run")).values(number=bindparam("place"))
    _all(connection, numbered, [{"the_run": run, "place": n} for n, run in enumerate(runs, 1)])
    found: dict[str, set[int]] = {run: set() for run in runs}
    looks = (
        select(RUNS.c.id, RUNS.c.flow, RUNS.c.inputs, RUNS.c.standing, RUNS.c.settings),
        select(EVENTS.c.run, EVENTS.c.events),
        select(OUTCOMES.c.run, OUTCOMES.c.value),
    )
    for look in looks:
        for run, *values in connection.execute(look):
            found.setdefault(run, set()).update(names_in(values))
    rows = [{"name": name, "run": run} for run, names in found.items() for name in names]
    _all(connection, insert(USES), rows)


def _all(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    for part in (rows[n : n + _TOGETHER] for n in range(0, len(rows), _TOGETHER)):
        connection.execute(statement, part)


_TOGETHER = 10_000
_STEPS: tuple[Callable[[Connection], None], ...] = (_order_and_uses,)
"""How a database of version 1 becomes one of 2, and so on."""
VERSION = 1 + len(_STEPS)


def bring_up(connection: Connection, where: str) -> None:
    """Make the tables, or bring them to this version. Runs in one transaction, which the caller has begun."""
    have = version_of(connection)
    if have > VERSION:
        raise StoreError(
            f"the store {where} was written by a newer flowreason (its version is {have}, this one reads {VERSION})\n"
            "Bring flowreason up to date, or name another store: --store PATH (FLOWREASON_STORE)"
        )
    if have == 0:
        META.create_all(connection)
    else:
        for step in _STEPS[have - 1 :]:
            step(connection)
    if have < VERSION:
        _say(connection, VERSION)


def version_of(connection: Connection) -> int:
    """The version of the tables that are there; 0 where there are none."""
    if not connection.dialect.has_table(connection, VERSIONS.name):
        return 0
    return max(connection.execute(select(VERSIONS.c.version)).scalars(), default=0)


def _say(connection: Connection, version: int) -> None:
    connection.execute(insert(VERSIONS).values(version=version))


MADE_BY_ANOTHER = (IntegrityError, ProgrammingError)
"""What is raised where two processes make the tables in the same moment; the second finds them there."""
