"""Many questions, one after the other and several at once: taken from a source, answered, given out as rows.

Invariant: every item taken gives one row, and whatever is wrong with it is said there; only what no row could escape (a
key that is refused, a store that is full, an exception of the caller's own functions) ends the batch, and then what
was under way can be gone on with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flowreason.batch.ending import MANY, Judge
from flowreason.batch.item import Item
from flowreason.batch.kept import Before, Kept
from flowreason.batch.row import Asked, Row
from flowreason.batch.source import Source
from flowreason.batch.warm import Sessions
from flowreason.batch.ways import Columns, Wanted, Way
from flowreason.batch.window import Window
from flowreason.engine.limits import Limits
from flowreason.engine.whole import Lent, Whole
from flowreason.errors import FlowreasonError, InputError
from flowreason.ports import Provider
from flowreason.records import Store
from flowreason.resuming import resume_async

CONCURRENCY = 16
"""Questions at once, where nothing else is said."""
REQUESTS = 64
"""Requests at once, unless there are more questions at once."""
ROOM, ROOM_IN_ORDER = 2, 4
"""How many times as many rows are taken and not given out; in order more, because the oldest may be slow."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a batch is gone through. `name`: under which it is found again in the store; `retry`: failed runs in it
    are tried again; `skip` says of a row that it is done already; `check` looks at each row, and may end the batch."""

    concurrency: int = CONCURRENCY
    in_order: bool = False
    limits: Limits | None = None
    columns: Columns = Columns()
    name: str = ""
    retry: bool = False
    skip: Callable[[int], bool] = lambda _: False
    check: Callable[[int, Item], None] = lambda _, __: None
    on_event: Callable[[int, Any], None] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How far a batch is. `recalled` rows were answered before, `free` ones took no call, `shared` ones had a flow that
    was written for many; `began` is when, on the monotonic clock."""

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    recalled: int = 0
    shared: int = 0
    free: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        return self.statuses.total()

    @property
    def answered(self) -> int:
        return self.statuses["answered"]

    @property
    def failed(self) -> int:
        return self.done - self.answered

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def count(self, row: Row) -> None:
        self.statuses[row.status] += 1
        self.shared += row.way == "shared"
        self.free += row.ok and not row.usage.calls
        if row.reason:
            self.reasons[row.reason] += 1


class Batching:
    """One batch under way. `whole` is what its runs share, `tally` how far it is; all belong to one event loop."""

    def __init__(
        self,
        source: Source,
        way: Way,
        provider: Provider,
        sandbox: Sessions,
        store: Store | None,
        whole: Whole,
        order: Order,
    ) -> None:
        self.source = source
        self.way = way
        self.whole = whole
        self.tally = Tally()
        self._order = order
        self._provider = provider
        self._sandbox = sandbox
        self._kept = None if store is None else Kept(store, order.name, way, order.retry)
        self._judge = Judge(max(MANY, 2 * order.concurrency))
        self._shared = {name: self._judge.guarded(each) for name, each in order.options.items()}
        self._hears = None if order.on_event is None else self._judge.guarded(order.on_event)
        self._taken = -1
        most = order.concurrency * (ROOM_IN_ORDER if order.in_order else ROOM)
        self._window: Window[tuple[int, Item], Row] = Window(
            self._take, self._row, width=order.concurrency, most=most, in_order=order.in_order
        )

    @property
    def under_way(self) -> int:
        """Questions that are being answered."""
        return self._window.under_way

    def stop(self) -> None:
        """Begin no further question; those under way are finished."""
        self._window.stop()

    async def rows(self) -> AsyncGenerator[Row, None]:
        """The rows. Raises what ends the batch, after all rows that were finished by then."""
        if self.source.columns is not None:
            self.way.fits(self.source.columns)
        if self._kept is not None and self._order.name:
            await self._kept.look(lambda row: not self._order.skip(row))
        try:
            async with aclosing(self._window.rows()) as rows:
                async for row in rows:
                    yield row
        finally:
            await self.source.close()

    # --- taking ---

    def _take(self) -> Any:
        """The next item with its number, at once or awaited; rows that are done are passed over."""
        while True:
            item = self.source.next()
            if not isinstance(item, Item | None):
                return self._awaited(item)
            if item is None or self._is_open(item):
                return None if item is None else (self._taken, item)

    async def _awaited(self, coming: Any) -> tuple[int, Item] | None:
        while True:
            item = await coming
            if item is None or self._is_open(item):
                return None if item is None else (self._taken, item)
            coming = self.source.next()

    def _is_open(self, item: Item) -> bool:
        self._taken += 1
        self._order.check(self._taken, item)
        return not self._order.skip(self._taken)

    # --- one row ---

    async def _row(self, _number: int, taken: tuple[int, Item]) -> Row:
        """A row, whatever happens. Raises what ends the batch."""
        index, item = taken
        row = await self._answered(index, item)
        self.tally.count(row)
        return row

    async def _answered(self, index: int, item: Item) -> Row:
        asked = Asked(index, self._id_of(index, item), given=item.given, method=self.way.name)
        if item.fault:
            return asked.failed(InputError(item.fault))
        try:
            wanted = self.way.wanted(item)
        except InputError as error:
            return asked.failed(InputError(f"{item.place}: {error}"))
        asked = replace(asked, question=wanted.question, inputs=wanted.inputs)
        try:
            before = None if self._kept is None else await self._kept.before(asked)
        except FlowreasonError as error:
            self._judge.look(error)
            return asked.failed(error)
        if before is not None:
            self.whole.add(before.used)
            if before.ended is not None:
                self.tally.recalled += 1
                return before.ended
        if self.whole.over is not None:
            return asked.failed(self.whole.refusal(), "" if before is None else before.run)
        return await self._run(asked, wanted, before)

    def _id_of(self, index: int, item: Item) -> str:
        found = item.given.get(self._order.columns.id)
        named = isinstance(found, str | int) and not isinstance(found, bool)
        return str(found) if named else item.label or str(index + 1)

    async def _run(self, asked: Asked, wanted: Wanted, before: Before | None) -> Row:
        """Run a question, or go on with its run."""
        lent, runs = Lent(self._provider, self.whole, asked.index), list[str]()
        try:
            if before is not None and before.goes_on and self._kept is not None:
                result = await resume_async(before.run, **self._options(asked, lent, runs), **self.way.grants)
                usage = await self._kept.used(before.run)
            else:
                options = self._options(asked, lent, runs)
                if before is not None:  # it failed by what the model said, which must not be taken for granted again
                    options["cache"] = False
                result, usage = await self.way.solve(wanted, options), None
            error: BaseException | None = result.error
            row = asked.came_to(result, usage)
        except FlowreasonError as raised:
            error = raised
            row = asked.failed(raised, runs[0] if runs else "", lent.used)
        except Exception as raised:
            if self._judge.is_own(raised):
                raise
            error = raised  # a bug of ours spoils one row, and is told there
            row = asked.failed(raised, runs[0] if runs else "", lent.used)
        self._judge.look(error)
        return row

    def _options(self, asked: Asked, lent: Lent, runs: list[str]) -> dict[str, Any]:
        """What a run is given; `runs` is told the id under which it is kept."""
        return {
            **self._shared,
            "provider": lent,
            "limits": self._order.limits,
            "sandbox": self._sandbox,
            "store": None if self._kept is None else self._kept.at(asked),
            "on_run": runs.append,
            "on_event": None if self._hears is None else partial(self._hears, asked.index),
        }
