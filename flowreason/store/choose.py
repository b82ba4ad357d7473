"""From a place (a file, a URL, or nothing) to a store.

Invariant: a file of answers can be read by its owner alone; a place that cannot be used is told with the way out,
before anything is paid for.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from flowreason.errors import ConfigError, FlowreasonError, StoreError
from flowreason.store.sql import SqlStore
from flowreason.store.tables import MADE_BY_ANOTHER, bring_up

BUSY_MILLISECONDS = 30_000
PAGE = 1024
"""Bytes of a page of a new file: small, because what is kept of a step is small, and its last page is half empty."""

WAL_PAGES = 8_000
"""Pages of what was written last before they are carried over into the file, which waits for the disk twice more."""

_open: dict[tuple[int, str], SqlStore] = {}
_lock = threading.Lock()


def open_store(place: str) -> SqlStore:
    """The store at a place: a path, `sqlite:///path` or `postgresql://user@host/name`. One object a place and process.

    Raises `ConfigError` for what is no place, and `StoreError` where it cannot be used.
    """
    url = url_of(place)
    with _lock:
        known = _open.get((os.getpid(), url))
        if known is None or not _is_present(known):
            known = _open[os.getpid(), url] = make_store(url)
        return known


def _is_present(store: SqlStore) -> bool:
    """Whether a store is still where it was opened; one that was removed is left to those who use it."""
    try:
        store.present()
    except StoreError:
        return False
    return True


def make_store(url: str) -> SqlStore:
    """A store of its own at a URL, as another process would have it; whoever makes one closes it."""
    return _sqlite(url) if url.startswith("sqlite") else _postgresql(url)


def close_stores() -> None:
    """Close what this process has open; what was written is durable then."""
    with _lock:
        mine = [key for key in _open if key[0] == os.getpid()]
        stores = [_open.pop(key) for key in mine]
    for store in stores:
        store.close_now()


atexit.register(close_stores)


def url_of(place: str) -> str:
    """The URL of a place. A path is that of an SQLite file."""
    place = place.strip()
    if not place:
        raise ConfigError("the store has no name: give a path, or a URL such as postgresql://localhost/flowreason")
    if re.match(r"postgres(ql)?(\+\w+)?://", place):
        return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", place)
    if place.startswith("sqlite:"):
        return place
    if "://" in place:
        kind = place.partition("://")[0]
        raise ConfigError(f"there is no store of the kind {kind}://; give a path, sqlite:///… or postgresql://…")
    return f"sqlite:///{Path(place).expanduser().absolute()}"


# --- SQLite ---


def _sqlite(url: str) -> SqlStore:
    path = Path(make_url(url).database or "")
    if not path.name or str(path) == ":memory:":
        raise ConfigError("a store in memory would keep nothing; give the path of a file")
    explain = _explainer(str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"the store {path} cannot be made: {error.strerror}\n{_WAY_OUT}") from error
    reader, writer = _sqlite_engine(url), _sqlite_engine(url)
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    store = SqlStore(reader, writer, str(path), explain, near=True, present=_presence(path))
    _bring_up(writer, str(path), explain)
    return store


def _presence(path: Path) -> Callable[[], None]:
    """Raises `StoreError` once another file, or none, is at the place of this one."""

    def file() -> tuple[int, int] | None:
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    mine = file()

    def present() -> None:
        if file() != mine:
            raise StoreError(
                f"the store {path} was removed, or replaced, while it was in use: nothing of this is kept\n"
                f"Put the file back before you go on. {_WAY_OUT}"
            )

    return present


def _sqlite_engine(url: str) -> Engine:
    """Connections that begin nothing by themselves: whoever reads takes one look, with one statement."""
    engine = create_engine(
        url, poolclass=QueuePool, connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000}
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"page_size={PAGE}",
            "journal_mode=WAL",
            "synchronous=FULL",
            f"wal_autocheckpoint={WAL_PAGES}",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            _set(connection, pragma)

    return engine


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Where two turn a new file to `journal_mode=WAL` at once, SQLite refuses one of them without waiting."""
    until = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}").close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


# --- PostgreSQL ---


def _postgresql(url: str) -> SqlStore:
    try:
        place = make_url(url).set(query={}).render_as_string(hide_password=True)  # a query may hold one as well
        engine = create_engine(url, pool_pre_ping=True)
    except ImportError:
        raise ConfigError("PostgreSQL needs a driver: pip install 'flowreason[postgres]'") from None
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError(f"this is no URL of a database: {error}") from None
    place = place.replace("+psycopg", "")
    explain = _explainer(place)
    reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    store = SqlStore(reader, engine, place, explain, near=False)
    _bring_up(engine, place, explain)
    return store


# --- both ---


def _bring_up(engine: Engine, place: str, explain: Callable[[Exception], StoreError]) -> None:
    """Make the tables. Where another process makes them in the same moment, they are there the second time."""
    try:
        with contextlib.suppress(*MADE_BY_ANOTHER), engine.begin() as connection:
            bring_up(connection, place)
            return
        with engine.begin() as connection:
            bring_up(connection, place)
    except FlowreasonError:
        raise
    except Exception as error:  # what a damaged file gives may be anything
        raise explain(error) from error


_WAY_OUT = "Name another place with --store PATH (FLOWREASON_STORE), or keep nothing: --store none"


def _explainer(place: str) -> Callable[[Exception], StoreError]:
    def explain(error: Exception) -> StoreError:
        told = str(getattr(error, "orig", error)).strip().splitlines()
        words = re.sub(r"://[^@/\s]+@", "://…@", told[0] if told else type(error).__name__)
        return StoreError(f"the store {place} {_meaning(words.lower())} ({words})\n{_WAY_OUT}")

    return explain


def _meaning(words: str) -> str:
    for sign, meaning in (
        ("disk is full", "cannot be written: the disk is full"),
        ("readonly", "cannot be written: it may only be read"),
        ("locked", "is held by another program for too long"),
        ("unable to open", "cannot be opened"),
        ("malformed", "is damaged: move it away, or restore it from a backup"),
        ("not a database", "is no store: the file holds something else"),
        ("connect", "cannot be reached"),
        ("authentication", "does not let you in"),
    ):
        if sign in words:
            return meaning
    return "cannot be used"
