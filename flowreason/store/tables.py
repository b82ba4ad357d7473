"""The tables, and how a database of an older version becomes one of this version.

Invariant: a step in `_STEPS` never changes once it was released; a new version is a new step.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, Float, Index, Integer, MetaData, String, Table, insert, select
from sqlalchemy.exc import IntegrityError, ProgrammingError

from flowreason.errors import StoreError
from flowreason.store.any_text import AnyText

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
    Index("runs_by_time", "created"),
    Index("runs_by_family", "family"),
)
"""`flow` and `inputs` are hashes of texts; `owner` is empty where nobody works at a run."""

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


def _first(connection: Connection) -> None:
    META.create_all(connection)


_STEPS: tuple[Callable[[Connection], None], ...] = (_first,)
VERSION = len(_STEPS)


def bring_up(connection: Connection, where: str) -> None:
    """Make the tables, or bring them to this version. Runs in one transaction, which the caller has begun."""
    have = version_of(connection)
    if have > VERSION:
        raise StoreError(
            f"the store {where} was written by a newer flowreason (its version is {have}, this one reads {VERSION})\n"
            "Bring flowreason up to date, or name another store: --store PATH (FLOWREASON_STORE)"
        )
    for number in range(have, VERSION):
        _STEPS[number](connection)
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
