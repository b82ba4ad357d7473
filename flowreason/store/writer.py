"""The one that writes: a thread that takes jobs in their order and makes many of them durable at once.

Invariant: jobs become durable in the order in which they were handed in, or not at all; whoever waits for one is told
only once it is. Nothing is written for a run that another owner has taken over.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from flowreason.errors import ClaimLost, FlowreasonError, StoreError
from flowreason.records import Claim
from flowreason.store import living

MOST_AT_ONCE = 512
"""Jobs that are made durable together."""
BEAT_SECONDS = 2.0
"""How often an owner that has nothing to write shows that it lives."""
PATIENCE = 20.0
"""The seconds for which writing is tried again where the database is busy, full or away."""
IMPATIENCE = 0.5
"""The same, where the write before was given up."""


class Row(NamedTuple):
    """A statement and what it is about: rows of one statement that follow one another are executed together."""

    statement: Any
    values: dict[str, Any]


@dataclass(slots=True)
class Job:
    """Rows that become durable together. `claim`: the right by which they are written; None: nobody's in particular."""

    rows: list[Row]
    claim: Claim | None = None
    work: Callable[[Connection], Any] | None = None
    done: Future[Any] | None = None
    last: bool = field(default=False)


Say = Callable[[Connection, Claim], bool]
"""Says whether a claim still holds."""


class Writer:
    """Writes with one connection. `beat` renews a claim, `holds` looks; while either goes on, nobody takes the run."""

    def __init__(
        self,
        engine: Engine,
        beat: Say,
        holds: Say,
        explain: Callable[[Exception], StoreError],
        present: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._present = present
        self._beat = beat
        self._holds = holds
        self._explain = explain
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._living: dict[int, Claim] = {}
        self._beaten = time.monotonic()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending: threading.Thread | None = None
        self._failing = False

    # --- from any thread ---

    def put(self, job: Job) -> None:
        """Hand in a job."""
        with self._lock:
            if self._thread is None:
                self._jobs = queue.SimpleQueue()
                inside = (self._jobs, self._ending)
                self._thread = threading.Thread(target=self._run, args=inside, name="flowreason-store", daemon=True)
                self._thread.start()
            self._jobs.put(job)

    async def settled(self, job: Job) -> Any:
        """Hand in a job and wait until it is durable; what its work gave. Raises what became of it."""
        job.done = Future()
        self.put(job)
        made = asyncio.wrap_future(job.done)
        made.add_done_callback(_looked_at)
        return await asyncio.shield(made)

    def keep_alive(self, claim: Claim, alive: bool) -> None:
        """Whether a claim is renewed while there is nothing to write."""
        with self._lock:
            if alive:
                self._living[id(claim)] = claim
            else:
                self._living.pop(id(claim), None)
                living.end(claim)

    def close(self) -> None:
        """Write what was handed in, and end."""
        with self._lock:
            if self._thread is not None:
                self._jobs.put(Job([], last=True))
                self._thread, self._ending = None, self._thread
            ending = self._ending
        if ending is not None:
            ending.join()

    # --- in the thread ---

    def _run(self, queued: queue.SimpleQueue[Job], before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # what was handed in to it comes first
        while True:
            jobs = self._next(queued)
            if jobs:
                self._write([job for job in jobs if not job.last])
            if any(job.last for job in jobs):
                return
            self._show_life()

    @staticmethod
    def _next(queued: queue.SimpleQueue[Job]) -> list[Job]:
        """What is there, at least one job, or none when it is time to show life."""
        jobs: list[Job] = []
        try:
            while len(jobs) < MOST_AT_ONCE and not (jobs and jobs[-1].last):
                jobs.append(queued.get(timeout=0 if jobs else BEAT_SECONDS))
        except queue.Empty:
            pass
        return jobs

    def _show_life(self) -> None:
        """Renew the claims, where that has not been done for a while."""
        with self._lock:
            living = list(self._living.values())
        if not living or time.monotonic() - self._beaten < BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        try:
            with self._engine.begin() as connection:
                for claim in living:
                    if claim.error is None and not self._beat(connection, claim):
                        claim.error = _lost(claim)
        except Exception:  # noqa: BLE001, S110 - whoever writes next meets the same, and is told; the thread must live
            pass

    def _write(self, jobs: list[Job]) -> None:
        """All jobs in one transaction; one by one where that fails for a reason of one of them."""
        deadline, pause = time.monotonic() + (IMPATIENCE if self._failing else PATIENCE), 0.01
        while True:
            try:
                results = self._transaction(jobs)
                self._present()
                _tell(jobs, results)
                self._failing = False
                return None
            except DBAPIError as error:
                if worth_another(error):
                    if time.monotonic() < deadline:
                        time.sleep(pause)
                        pause = min(1.0, pause * 2)
                        continue
                    self._failing = True
                    return _fail(jobs, self._explain(error))
                failed: Exception = self._explain(error)
            except FlowreasonError as error:
                failed = error
            except Exception as error:  # noqa: BLE001 - handed to whoever waits, and the thread goes on
                failed = self._explain(error)
            if len(jobs) == 1:
                return _fail(jobs, failed)
            for job in jobs:
                self._write([job])
            return None

    def _transaction(self, jobs: list[Job]) -> list[Any]:
        """What came of each job; a `ClaimLost` where its claim holds no more."""
        results: list[Any] = []
        with self._engine.begin() as connection:
            self._look(connection, jobs)
            rows: list[Row] = []
            for job in jobs:
                if job.claim is not None and job.claim.error is not None:
                    results.append(job.claim.error)
                    continue
                rows += job.rows
                if job.work is not None:
                    _execute(connection, rows)
                    rows = []
                results.append(job.work(connection) if job.work is not None else None)
            _execute(connection, rows)
        return results

    def _look(self, connection: Connection, jobs: Iterable[Job]) -> None:
        """Find out which of the claims by which is written hold no more."""
        claims = {id(job.claim): job.claim for job in jobs if job.claim is not None and job.claim.error is None}
        for claim in claims.values():
            if not self._holds(connection, claim):
                claim.error = _lost(claim)


def _execute(connection: Connection, rows: list[Row]) -> None:
    """Rows of one statement together, in an order that keeps what was written first in front for each statement."""
    groups: dict[int, tuple[Any, list[dict[str, Any]]]] = {}
    for row in rows:
        groups.setdefault(id(row.statement), (row.statement, []))[1].append(row.values)
    for statement, values in groups.values():
        connection.execute(statement, values)


def _looked_at(made: asyncio.Future[Any]) -> None:
    """Whoever waited may be cancelled: then it is told by the claim that it failed."""
    if not made.cancelled():
        made.exception()


def _lost(claim: Claim) -> ClaimLost:
    return ClaimLost(
        f"the run {claim.run} was taken over by another process; what this one still does is not kept\n"
        f"Look at it with: flowreason runs show {claim.run}"
    )


def _tell(jobs: list[Job], results: list[Any]) -> None:
    for job, result in zip(jobs, results, strict=True):
        if job.done is None or job.done.done():
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)


def _fail(jobs: list[Job], error: Exception) -> None:
    """What is written later by the same claim would be found without what it depends on: so nothing is."""
    for job in jobs:
        if job.claim is not None and job.claim.error is None:
            job.claim.error = error
        if job.done is not None and not job.done.done():
            job.done.set_exception(error)


_PASSING = (
    "database is locked", "database is busy", "database table is locked", "disk is full", "disk i/o error",
    "could not connect", "connection", "terminating", "deadlock", "serialize", "shutting down", "starting up",
)  # fmt: skip


def worth_another(error: DBAPIError) -> bool:
    """Whether the same may succeed a little later."""
    words = str(error.orig).lower()
    return error.connection_invalidated or any(each in words for each in _PASSING)
