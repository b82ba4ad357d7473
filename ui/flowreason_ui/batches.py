"""A batch of questions as the app follows it: in the thread of the runs, with a folder of its own.

    plan.json   what is asked, and how (no key)          questions.…   the file that was uploaded
    rows.jsonl  a row for each question, as they come    rows.jsonl.batch  what they were made of

Invariant: what it has answered is in its folder a whole row at a time, so that nothing is asked or paid for twice.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import flowreason as fr
from flowreason.batch.beside import Made
from flowreason.batch.columns import record_of, written_name
from flowreason.batch.opening import Means, opened, over_all
from flowreason.batch.output import Output
from flowreason.batch.row import Row
from flowreason.batch.run import Batching, Order
from flowreason.batch.shapes import shared_way
from flowreason.batch.source import source_of
from flowreason.batch.ways import Columns, Way, way_of
from flowreason.errors import UsageError
from flowreason.evaluate.compare import judge
from flowreason.evaluate.statistics import Share, share
from flowreason.keeping import store_at
from flowreason.ports import Provider, Usage
from flowreason.records import OfBatches
from flowreason.resuming import the_store
from flowreason.tool_files import tools_from
from flowreason_ui.connection import Connection
from flowreason_ui.lasting import Lasting, State, folder_of, new_id, remove
from flowreason_ui.questions import choices_of, item_of, nearly, rows_of
from flowreason_ui.telling import fault
from flowreason_ui.works import Works

PLAN, ROWS = "plan.json", "rows.jsonl"
BESIDE = f"{ROWS}.batch"
EVERY = 10_000
MOST_FAULTS = 200
LATEST = 50
SMALL = 500_000
"""Bytes of rows that are read in passing."""
WINDOW = 60.0
"""Seconds over which the rate is taken."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, and how. `flow` is a flow's text, which then answers instead of the method; `gold` the column of
    the known answers, compared as `kind`; limits by name, for each question and over all."""

    title: str
    file: str
    count: int
    question: str = "question"
    inputs: tuple[str, ...] = ()
    method: str = "graph"
    flow: str = ""
    once: bool = False
    concurrency: int = 16
    limits: Mapping[str, float | None] = field(default_factory=dict)
    total: Mapping[str, float] = field(default_factory=dict)
    gold: str = ""
    kind: str = "text"
    tools: str = ""
    created: float = 0.0

    def way(self) -> Way:
        """How each question is answered. Raises `UsageError` or a `FlowError`."""
        columns = Columns(self.question, self.inputs)
        tools = tools_from(Path(self.tools).expanduser() if self.tools else None)
        if self.flow:
            return way_of(fr.loads(self.flow, tools=tools), None, (), columns)
        if self.once:
            return shared_way(None, self.method, tools, columns, {})
        return way_of(None, self.method, tools, columns)

    @property
    def each(self) -> fr.Limits:
        return fr.Limits(**self.limits) if self.limits else fr.Limits()  # type: ignore[arg-type]


class Batch(Lasting):
    """One batch."""

    def __init__(self, id: str, folder: Path, plan: Plan) -> None:
        super().__init__(id, folder)
        self.plan = plan
        self.used = Usage()
        self.answered = 0
        self.judgements: dict[int, bool] = {}
        self.unread: set[int] = set()
        self.near: set[int] = set()
        """Rows whose wrong answer has the known one in it."""
        self.reasons: Counter[str] = Counter()
        self.latest: deque[dict[str, Any]] = deque(maxlen=LATEST)
        self.faults: dict[int, dict[str, Any]] = {}
        self.under_way = 0
        self._times: deque[tuple[float, int]] = deque(maxlen=240)
        self._batching: Batching | None = None
        self._among: tuple[str, list[str]] | None = None

    @property
    def rows(self) -> Path:
        return self.folder / ROWS

    @property
    def done(self) -> int:
        return self.answered + self.reasons.total()

    @property
    def accuracy(self) -> Share | None:
        """The share of right answers among those that can be judged, with its interval."""
        judged = list(self.judgements.values())
        return share(sum(judged), len(judged)) if judged else None

    @property
    def money(self) -> float | None:
        """What all of it will have cost, by what it has cost so far; None where that is not known."""
        return self.used.money / self.done * self.plan.count if self.used.money and self.done else None

    @property
    def rate(self) -> float:
        """Rows a second, of late."""
        if len(self._times) < 2:
            return 0.0
        (first, before), (last, now) = self._times[0], self._times[-1]
        return (now - before) / max(last - first, 1e-3)

    # --- in the thread of the runs ---

    async def carry_out(self, connection: Connection, store: str, *, retry: bool = False) -> None:
        """Answer what has no answer yet, to the end or until it is stopped."""
        try:
            await self.through(connection, lambda provider: self._answer(provider, store, retry))
        finally:
            self._batching, self.under_way = None, 0

    async def _answer(self, provider: Provider, store: str, retry: bool) -> tuple[State, str]:
        """Go through them all; gives how that ended."""
        way = self.plan.way()
        made = Made(way.name, way.identity, self.plan.question, self.plan.inputs)
        written = Output(self.rows, made, (), in_order=False, retry=retry)
        try:
            await asyncio.to_thread(self.look_back)
            self.used = written.used
            name = written.name if store_at(store, provider) is not None else ""
            columns = Columns(self.plan.question, self.plan.inputs)
            order = Order(
                self.plan.concurrency, False, self.plan.each, columns, name, retry,
                skip=written.skip, check=written.check, options={"confirm": _within, "approve": False},
            )  # fmt: skip
            means = Means(provider=provider, store=store, used=written.used)
            source = source_of(self.folder / self.plan.file, self.plan.question)
            async with opened(source, way, means, order, over_all(self.plan.total or None)) as batching:
                self._batching = batching
                await self._rows(batching, written)
                return self._ended(batching)
        finally:
            written.close()

    async def _rows(self, batching: Batching, written: Output) -> None:
        self._times.clear()
        self._times.append((time.monotonic(), self.done))
        async with aclosing(batching.rows()) as rows:
            async for row in rows:
                written.write(row)
                self._count(row)
                self.answered, self.reasons = written.answered, written.reasons()
                self.used, self.under_way = batching.whole.used, batching.under_way
                self._times.append((time.monotonic(), self.done))
                while self._times[-1][0] - self._times[0][0] > WINDOW:
                    self._times.popleft()

    def _ended(self, batching: Batching) -> tuple[State, str]:
        if batching.whole.over is not None:
            return "limit", str(batching.whole.over)
        return ("stopped" if self.state == "stopping" else "done"), ""

    def _count(self, row: Row) -> None:
        record = record_of(row)
        self.latest.append(
            {"row": row.index + 1, "question": row.question, "answer": row.answer, "why": self.why(row.error)}
        )
        self._take(record)

    def _take(self, record: Mapping[str, Any]) -> None:
        """A row, by its place: of two with the same place the later one counts."""
        place = int(record["row"])
        self.faults.pop(place, None)
        if record["status"] != "answered" and len(self.faults) < MOST_FAULTS:
            question = str(record.get(self.plan.question) or "")
            self.faults[place] = {"row": place, "question": question, "why": self.why(record.get("error"))}
        self._judge(place, record)

    def why(self, error: Any) -> str:
        """What is wrong with a row, with its file as the person knows it."""
        return fault(str(error or "").replace(str(self.folder / self.plan.file), self.plan.title))

    def _judge(self, place: int, record: Mapping[str, Any]) -> None:
        """Whether a row's answer is the known one, where there are both."""
        self.judgements.pop(place, None)
        self.unread.discard(place)
        self.near.discard(place)
        known = record.get(written_name(self.plan.gold)) if self.plan.gold else None
        if known in (None, "") or record["status"] != "answered":
            return
        question = str(record.get(self.plan.question) or "?")
        try:
            item = item_of("questions/1", question, {}, known, self.plan.kind)
        except UsageError:
            self.unread.add(place)
            return
        said = str(record.get("answer") or "")
        self.judgements[place] = right = judge(item, said, record.get("value"), vocabulary=self._choices()).right
        if not right and nearly(known, said):
            self.near.add(place)

    def _choices(self) -> list[str]:
        """The words that the known answers are among."""
        if self._among is None or self._among[0] != self.plan.kind:
            path, found = self.folder / self.plan.file, list[str]()
            with suppress(OSError, UsageError):
                found = choices_of(rows_of(path.name, path.read_bytes()), self.plan.gold, self.plan.kind)
            self._among = self.plan.kind, found
        return self._among[1]

    def judge_as(self, kind: str) -> None:
        """Hold the answers against the known ones in another way, from now on."""
        self.plan = replace(self.plan, kind=kind)
        with suppress(OSError):
            (self.folder / PLAN).write_text(json.dumps(asdict(self.plan)), encoding="utf-8")
        self.look_back()

    def look_back(self) -> None:
        """Take in what is in the folder already."""
        self.answered = 0
        self.judgements.clear()
        self.unread.clear()
        self.near.clear()
        self.reasons.clear()
        self.faults.clear()
        for record in read_rows(self.rows):
            if record["status"] == "answered":
                self.answered += 1
            else:
                self.reasons[str(record.get("reason") or "limit")] += 1
            self._take(record)

    def stop(self) -> None:
        """Begin nothing more; asked once more, stop what is under way."""
        if self.state == "stopping" or self._batching is None:
            self.cancel()
        else:
            self.state = "stopping"
            self._batching.stop()


def _within(_price: Any, _limits: fr.Limits) -> bool:
    """Agrees to run within the limits: so many questions are not asked about one by one."""
    return True


def read_rows(path: Path, most: int | None = None) -> list[dict[str, Any]]:
    """The rows that are there, by their place; of two with the same place the later one. `most`: not more of them."""
    found: dict[int, dict[str, Any]] = {}
    with suppress(FileNotFoundError), path.open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError, KeyError):  # one that was cut off
                record = json.loads(line)
                found[record["row"]] = record
            if most is not None and len(found) >= most:
                break
    return [found[place] for place in sorted(found)]


# --- where they are ---


def start(works: Works, plan: Plan, raw: bytes) -> Batch:
    """Begin a batch. Raises `UsageError` or a `FlowError` where it cannot be."""
    plan.way()
    works.connection.provider()
    id = new_id()
    folder = folder_of(works, "batches") / id
    try:
        folder.mkdir(parents=True, mode=0o700)
        (folder / plan.file).write_bytes(raw)
        (folder / PLAN).write_text(json.dumps(asdict(replace(plan, created=time.time()))), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}") from None
    batch = Batch(id, folder, plan)
    go_on(works, batch)
    return batch


def go_on(works: Works, batch: Batch, *, retry: bool = False) -> None:
    """Answer what has no answer yet; `retry`: what failed as well."""
    if batch.over:
        batch.state = "running"
        works.tasks[batch.id] = batch
        works.submit(batch.carry_out(works.connection, works.store, retry=retry))


def find(works: Works, id: str) -> Batch | None:
    """A batch by its id: at work, or from its folder; None where there is none."""
    known = works.tasks.get(id)
    if isinstance(known, Batch):
        return known
    folder = folder_of(works, "batches") / id
    if not id.replace("-", "").isalnum() or not (folder / PLAN).is_file():
        return None
    batch = Batch(id, folder, _plan(folder))
    batch.look_back()
    batch.used = _used(batch.rows)
    batch.state = "done" if batch.done >= batch.plan.count else "stopped"
    works.tasks[id] = batch
    return batch


def is_small(works: Works, id: str) -> bool:
    """Whether what a batch has answered is read in no time."""
    rows = folder_of(works, "batches") / id / ROWS
    return id in works.tasks or (rows.is_file() and rows.stat().st_size <= SMALL)


def _used(path: Path) -> Usage:
    used = Usage()
    for each in read_rows(path):
        used += Usage(each["calls"], 0, each["tokens"], each["money"])
    return used


def _plan(folder: Path) -> Plan:
    data = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    return Plan(**data | {"inputs": tuple(data["inputs"])})


def how_far(works: Works, id: str, plan: Plan) -> str:
    """How far a batch is, in words, without reading what it has answered."""
    known = works.tasks.get(id)
    if isinstance(known, Batch) and not known.over:
        return f"{known.done:,} of {plan.count:,} so far, and going on"
    rows = folder_of(works, "batches") / id / ROWS
    with suppress(OSError), rows.open("rb") as lines:
        done = known.done if isinstance(known, Batch) else sum(1 for _ in lines)
        return "all done" if done >= plan.count else f"{done:,} of {plan.count:,} done; it can be gone on with"
    return "not begun"


def named(works: Works) -> dict[str, tuple[str, Plan]]:
    """The batches that there are by the names that they have in the store: their ids, and what they are about."""
    found = {}
    for id, plan in earlier(works, EVERY):
        if name := _name_in_store(folder_of(works, "batches") / id):
            found[name] = id, plan
    return found


def _name_in_store(folder: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / BESIDE).read_text(encoding="utf-8"))["name"])
    return ""


def delete(works: Works, batch: Batch, *, runs: bool) -> int:
    """Forget a batch with its file and its answers, and its runs if that is wanted; gives how many runs went.

    Raises `UsageError` where one is at work.
    """
    if not batch.over:
        raise UsageError("this is still going on; stop it first")
    store, name = the_store(works.store), _name_in_store(batch.folder)
    its: list[str] = []
    if runs and name and isinstance(store, OfBatches):
        its = [id for id, _ in works.ask(store.of_batch(name, lambda _: True))]
        fr.delete_runs(its, store=works.store)
    remove(works, "batches", batch.id)
    return len(its)


def earlier(works: Works, most: int = 20) -> list[tuple[str, Plan]]:
    """The batches that there are, the latest first."""
    found = []
    for path in folder_of(works, "batches").glob(f"*/{PLAN}"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            found.append((path.parent.name, _plan(path.parent)))
    return sorted(found, key=lambda each: -each[1].created)[:most]
