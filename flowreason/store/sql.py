"""The store in a database, by SQLAlchemy: SQLite and PostgreSQL alike.

Invariant: every statement that writes may be repeated without changing anything, because nobody knows whether a
commit whose connection broke was made.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from flowreason.errors import FlowreasonError, RunBusy, StoreError, UsageError
from flowreason.ports import Reply
from flowreason.records import Batch, Claim, Note, Outcome, Plan, RunInfo, Standing, Text, WholeRun
from flowreason.store import living, looking, rows
from flowreason.store.forgetting import forget
from flowreason.store.owner import myself, state_of
from flowreason.store.tables import ANSWERS, EVENTS, FORGOTTEN, NEXT_NUMBER, OUTCOMES, RUNS, TEXTS, USES
from flowreason.store.taking_in import take_in
from flowreason.store.uses import uses
from flowreason.store.writer import Job, Row, Writer, worth_another

T = TypeVar("T")

TAKEOVER_SECONDS = 15.0
"""How long the owner of a run on another machine may show no life before it counts as gone."""
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_AT_ONCE = 500
"""Runs that are deleted together; others may write in between."""
_PAUSES = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between looking once more where a connection broke."""


class SqlStore:
    """A store in a database. One object serves many runs, from any thread and event loop.

    `place` is how people are told of it. `explain` turns what the driver raises into words. `present` raises
    `StoreError` where what is written is lost, because the file is not at its place any more.
    """

    def __init__(
        self,
        reader: Engine,
        writer: Engine,
        place: str,
        explain: Callable[[Exception], StoreError],
        *,
        near: bool,
        present: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = place
        self.present = present
        self._reader = reader
        self._near = near
        self._explain = explain
        self._engines = (reader, writer)
        dialect = sqlite if near else postgresql
        tables = (ANSWERS, TEXTS, EVENTS, USES, FORGOTTEN)
        self._once: dict[Table, Any] = {table: dialect.insert(table).on_conflict_do_nothing() for table in tables}
        self._once[RUNS] = dialect.insert(RUNS).values(number=NEXT_NUMBER).on_conflict_do_nothing()
        newest = dialect.insert(OUTCOMES)
        taken = {name: newest.excluded[name] for name in ("key", "value")}
        self._once[OUTCOMES] = newest.on_conflict_do_update(index_elements=list(OUTCOMES.primary_key), set_=taken)
        self._writer = Writer(writer, _beat, _holds, explain, present)

    def __repr__(self) -> str:
        return f"<store {self.place}>"

    # --- answers ---

    async def answer(self, key: str, scopes: Sequence[str]) -> Reply | None:
        return await self._read(partial(looking.answer, key=key, scopes=scopes), brief=True)

    async def answers(self, keys: Iterable[str], scopes: Sequence[str]) -> dict[str, Reply]:
        return await self._read(partial(looking.answers, keys=list(keys), scopes=scopes))

    async def keep(self, key: str, scope: str, reply: Reply, run: str = "") -> None:
        values = {"key": key, "scope": scope, "reply": rows.reply_text(reply), "created": time.time()}
        await self._writer.settled(Job([Row(self._once[ANSWERS], values)]))

    # --- runs ---

    async def begin(self, plan: Plan, *, parent: str = "") -> Claim:
        family = (await self.run(parent)).family if parent else ""
        run = new_id()
        claim = Claim(run, family or run, 1)
        now = time.time()
        made = rows.of_plan(plan)
        values = {
            "id": run, "family": claim.family, "parent": parent, "status": "running",
            "standing": rows.standing_text(Standing("running")), "session": 1, "owner": myself(), "beat": 0,
            "created": now, "updated": now, **made.columns,
        }  # fmt: skip
        texts = [self._text(text) for text in made.texts]
        used = self._uses(claim, made.columns)
        async with self._at_work(claim):
            await self._writer.settled(Job([*texts, *used, Row(self._once[RUNS], values)]))
        return claim

    @asynccontextmanager
    async def _at_work(self, claim: Claim) -> AsyncIterator[None]:
        """By this claim, which others must not take for that of somebody who is gone; unless it comes to nothing."""
        living.begin(claim)
        try:
            yield
        except BaseException:
            living.end(claim)
            raise
        self._writer.keep_alive(claim, True)

    async def replan(self, claim: Claim, plan: Plan) -> None:
        made = rows.of_plan(plan)
        texts = [self._text(text) for text in made.texts]
        change = Row(_REPLAN, {**made.columns, "the_run": claim.run})
        await self._writer.settled(Job([*texts, *self._uses(claim, made.columns), change], claim))

    async def claim(self, run: str) -> Claim:
        id = (await self.run(run)).id
        claim = Claim(id, "", 0)
        async with self._at_work(claim):
            seen = await self._writer.settled(Job([], work=partial(_take, claim=claim, seen=None)))
            if seen is not None:
                await asyncio.sleep(TAKEOVER_SECONDS)
                if await self._writer.settled(Job([], work=partial(_take, claim=claim, seen=seen))) is not None:
                    raise _busy(id)
        return claim

    def note(self, claim: Claim, *notes: Note) -> None:
        self._writer.put(Job(self._rows(claim, notes), claim))

    async def commit(self, claim: Claim, *notes: Note) -> None:
        await self._writer.settled(Job(self._rows(claim, notes), claim))

    async def release(self, claim: Claim) -> None:
        self._writer.keep_alive(claim, False)
        await self._writer.settled(Job([Row(_RELEASE, {"the_run": claim.run, "mine": claim.session})]))

    # --- looking ---

    async def run(self, id: str) -> RunInfo:
        wanted = id.strip()
        found = await self._read(partial(looking.matching, wanted=wanted))
        if not found:
            hint = "there is no run yet" if wanted == "last" else f"there is no run {wanted!r}"
            raise UsageError(f"{hint} in the store {self.place}; `flowreason runs` lists what is there")
        if len(found) > 1:
            raise UsageError(f"{wanted!r} begins the names of several runs; write more of it")
        return found[0]

    async def runs(self, *, search: str = "", status: str = "", most: int = 100) -> list[RunInfo]:
        return await self._read(partial(looking.latest, search=search, status=status, most=most))

    async def of_batch(self, name: str, wanted: Callable[[Any], bool]) -> list[tuple[str, Mapping[str, Any]]]:
        return await self._read(partial(looking.of_batch, name=name, wanted=wanted))

    async def outcomes(self, run: str) -> list[Outcome]:
        return await self._read(partial(looking.outcomes, run=run))

    async def events(self, run: str, session: int) -> list[Any]:
        return await self._read(partial(looking.events, run=run, session=session))

    async def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        return await self._read(partial(looking.texts, hashes=list(hashes)))

    # --- the end ---

    async def put(self, run: WholeRun) -> str:
        work = partial(take_in, run=run, once=self._once, new_id=new_id)
        return str(await self._writer.settled(Job([], work=work)))

    async def delete(self, runs: Iterable[str]) -> None:
        ids = list(dict.fromkeys(runs))
        for part in (ids[n : n + _AT_ONCE] for n in range(0, len(ids), _AT_ONCE)):
            await self._writer.settled(Job([], work=partial(forget, ids=part, once=self._once)))

    async def close(self) -> None:
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """`close`, for those without an event loop."""
        self._writer.close()
        for engine in self._engines:
            engine.dispose()

    # --- inside ---

    async def _read(self, find: Callable[[Connection], T], *, brief: bool = False) -> T:
        """What is found. Beside the event loop, unless it is brief and near: a thread would take longer than that."""
        return self._find(find) if brief and self._near else await asyncio.to_thread(self._find, find)

    def _find(self, find: Callable[[Connection], T]) -> T:
        """What is found; looked for again where a connection broke, unless that would hold up the event loop."""
        for pause in () if self._near else _PAUSES:
            try:
                return self._find_once(find)
            except StoreError as error:
                if not (isinstance(error.__cause__, DBAPIError) and worth_another(error.__cause__)):
                    raise
                time.sleep(pause)
        return self._find_once(find)

    def _find_once(self, find: Callable[[Connection], T]) -> T:
        try:
            with self._reader.connect() as connection:
                return find(connection)
        except FlowreasonError:
            raise
        except Exception as error:  # what a damaged file gives may be anything
            raise self._explain(error) from error

    def _rows(self, claim: Claim, notes: Sequence[Note]) -> list[Row]:
        made = []
        for note in notes:
            match note:
                case Outcome():
                    made.append(Row(self._once[OUTCOMES], rows.of_outcome(claim, note)))
                case Batch():
                    made.append(Row(self._once[EVENTS], rows.of_batch(claim, note)))
                case Text():
                    made.append(self._text(note))
                case Standing():
                    made.append(Row(_STANDING, rows.of_standing(claim, note)))
        return [*(each for row in made for each in self._uses(claim, row.values)), *made]

    def _uses(self, claim: Claim, values: Mapping[str, Any]) -> list[Row]:
        """The rows that say what other rows of a run refer to."""
        return [Row(self._once[USES], each) for each in uses(claim.run, values, claim.used)]

    def _text(self, text: Text) -> Row:
        return Row(self._once[TEXTS], {"hash": text.hash, "text": text.text})


_MINE = (RUNS.c.id == bindparam("the_run"), RUNS.c.session == bindparam("mine"))
_HOLDS = select(RUNS.c.session).where(*_MINE).with_for_update(read=True)
_BEAT = update(RUNS).where(*_MINE).values(beat=RUNS.c.beat + 1)
_RELEASE = update(RUNS).where(*_MINE).values(owner="")
_STANDING = (
    update(RUNS)
    .where(*_MINE)
    .values(status=bindparam("new_status"), standing=bindparam("new_standing"), updated=bindparam("now"))
)
_REPLAN = (
    update(RUNS)
    .where(RUNS.c.id == bindparam("the_run"))
    .values({name: bindparam(name) for name in ("kind", "question", "flow", "inputs", "settings")})
)


def _take(connection: Connection, claim: Claim, seen: int | None) -> int | None:
    """Make the claim that of the run, where its owner is gone: certainly, or because its beat is still the one `seen`.

    Where nothing is known of the owner: its beat. Raises `RunBusy` where the owner is at work.
    """
    row = connection.execute(select(RUNS).where(RUNS.c.id == claim.run).with_for_update()).mappings().first()
    if row is None:
        raise UsageError(f"the run {claim.run} is no longer there")
    match state_of(row["owner"]):
        case "myself" if living.works_at(claim.run, besides=claim):
            raise _busy(claim.run)
        case "alive":
            raise _busy(claim.run)
        case "unknown" if row["beat"] != seen:
            return int(row["beat"])
    claim.family, claim.session = str(row["family"]), int(row["session"]) + 1
    change = {"session": claim.session, "owner": myself(), "beat": row["beat"] + 1}
    connection.execute(update(RUNS).where(RUNS.c.id == claim.run).values(change))
    return None


def _beat(connection: Connection, claim: Claim) -> bool:
    """Show that the owner lives; false where the run has another."""
    return connection.execute(_BEAT, {"the_run": claim.run, "mine": claim.session}).rowcount == 1


def _holds(connection: Connection, claim: Claim) -> bool:
    """Whether the run has no other owner; nobody becomes that before the transaction is over."""
    return connection.execute(_HOLDS, {"the_run": claim.run, "mine": claim.session}).first() is not None


def _busy(run: str) -> RunBusy:
    return RunBusy(f"the run {run} is at work in another process; wait for it, or stop that process first")


def new_id() -> str:
    """A name for a run: its day, and letters that tell it apart."""
    letters = (_LETTERS[byte % len(_LETTERS)] for byte in secrets.token_bytes(8))  # 32 of them: each as likely
    return time.strftime("%y%m%d-", time.gmtime()) + "".join(letters)
