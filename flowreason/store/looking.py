"""What is found in a store: runs, what came of their steps, their events, answers and texts.

Invariant: each is a function of one connection, and gives checked records; none needs an event loop, so that what takes
long is done beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, or_, select

from flowreason.ports import Reply
from flowreason.records import BATCH, Outcome, RunInfo
from flowreason.store import rows
from flowreason.store.forgetting import works
from flowreason.store.tables import ANSWERS, EVENTS, OUTCOMES, RUNS, TEXTS

_MANY = 500
"""Keys that are asked for at once."""

MOST_WORDS = 40
"""Words that are searched for at once; of a longer text, those that come first."""

_ANSWER = select(ANSWERS.c.key, ANSWERS.c.scope, ANSWERS.c.reply).where(
    ANSWERS.c.key.in_(bindparam("keys", expanding=True)), ANSWERS.c.scope.in_(bindparam("scopes", expanding=True))
)
_ONE_ANSWER = select(ANSWERS.c.scope, ANSWERS.c.reply).where(
    ANSWERS.c.key == bindparam("the_key"), ANSWERS.c.scope.in_((bindparam("first"), bindparam("last")))
)
"""The same for one key and at most two scopes, which is asked all the time."""
_NEWEST = select(RUNS).order_by(RUNS.c.number.desc(), RUNS.c.created.desc())


# --- answers and texts ---


def answer(connection: Connection, key: str, scopes: Sequence[str]) -> Reply | None:
    """The reply to a request, of the first scope that has one."""
    first, last = scopes[0], scopes[-1]
    wanted = {"the_key": key, "first": first, "last": last}
    found = {row.scope: row.reply for row in connection.execute(_ONE_ANSWER, wanted)}
    reply = found.get(first, found.get(last))
    return None if reply is None else rows.reply_from(reply)


def answers(connection: Connection, keys: Iterable[str], scopes: Sequence[str]) -> dict[str, Reply]:
    """The replies to many requests, by key."""
    found: dict[str, tuple[int, str]] = {}
    for part in _parts(keys):
        for key, scope, reply in connection.execute(_ANSWER, {"keys": part, "scopes": list(scopes)}):
            rank = scopes.index(scope)
            if key not in found or rank < found[key][0]:
                found[key] = (rank, reply)
    return {key: rows.reply_from(reply) for key, (_, reply) in found.items()}


def texts(connection: Connection, hashes: Iterable[str]) -> dict[str, str]:
    """Texts by their hashes."""
    found: dict[str, str] = {}
    for part in _parts(each for each in hashes if each):
        pairs = connection.execute(select(TEXTS.c.hash, TEXTS.c.text).where(TEXTS.c.hash.in_(part)))
        found |= {row.hash: row.text for row in pairs}
    return found


def _parts(items: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(dict.fromkeys(items))
    return (wanted[n : n + _MANY] for n in range(0, len(wanted), _MANY))


# --- runs ---


def matching(connection: Connection, wanted: str) -> list[RunInfo]:
    """The runs that are meant by a name: the last, the one of this id, or all whose ids begin so."""
    if wanted == "last":
        return _infos(connection, _NEWEST.limit(1))
    exact = _infos(connection, select(RUNS).where(RUNS.c.id == wanted))
    if exact or not wanted:
        return exact
    begun = _infos(connection, select(RUNS).where(RUNS.c.id.startswith(wanted, autoescape=True)).limit(20))
    return [info for info in begun if info.id.startswith(wanted)]


def latest(connection: Connection, search: str, status: str, most: int) -> list[RunInfo]:
    """The latest runs, newest first. `search`: words that all are in the question or the flow, in any order."""
    query = _NEWEST
    if words := list(dict.fromkeys(search.split()))[:MOST_WORDS]:
        query = query.outerjoin(TEXTS, TEXTS.c.hash == RUNS.c.flow).where(*map(_has, words))
    if status:
        query = query.where(RUNS.c.status == ("running" if status == "interrupted" else status))
    found: list[RunInfo] = []
    for at in count(0, most):
        part = _infos(connection, query.limit(most).offset(at))
        found += [info for info in part if status in ("", info.status)]
        if len(part) < most or len(found) >= most:
            break  # which of those that were begun still run is not known to the database
    return found[:most]


def _has(word: str) -> ColumnElement[bool]:
    """Whether a word is in a question or a flow, or an id begins so. SQLite knows capitals of ASCII letters alone."""
    forms = dict.fromkeys([word, *([] if word.isascii() else [word.lower(), word.upper(), word.capitalize()])])
    places = [column.icontains(form, autoescape=True) for column in (RUNS.c.question, TEXTS.c.text) for form in forms]
    return or_(RUNS.c.id.startswith(word, autoescape=True), *places)


def _infos(connection: Connection, query: Select[Any]) -> list[RunInfo]:
    found = list(connection.execute(query).mappings())
    named = texts(connection, (name for row in found for name in rows.named_by(dict(row))))
    return [rows.run_from(dict(row), named, alive=works(row["id"], row["owner"])) for row in found]


def of_batch(connection: Connection, name: str, wanted: Callable[[Any], bool]) -> list[tuple[str, Mapping[str, Any]]]:
    """The runs of a batch of questions, oldest first."""
    begins = rows.text_of({BATCH: {"name": name}})[1:-2]
    query = select(RUNS.c.id, RUNS.c.settings).where(RUNS.c.settings.contains(begins, autoescape=True))
    found = []
    for run, settings in connection.execute(query.order_by(RUNS.c.number, RUNS.c.created)):
        mark = rows.data_of(settings, f"the run {run}").get(BATCH)
        if isinstance(mark, Mapping) and mark.get("name") == name and wanted(mark.get("row")):
            found.append((run, mark))
    return found


def outcomes(connection: Connection, run: str) -> list[Outcome]:
    """What came of the steps of a run."""
    found = connection.execute(select(OUTCOMES).where(OUTCOMES.c.run == run)).mappings()
    return [rows.outcome_from(dict(row)) for row in found]


def events(connection: Connection, run: str, session: int) -> list[Any]:
    """The events of one session of a run, in their short form."""
    query = select(EVENTS.c.events).where(EVENTS.c.run == run, EVENTS.c.session == session).order_by(EVENTS.c.seq)
    return [event for batch in connection.execute(query).scalars() for event in rows.batch_of(batch, run)]
