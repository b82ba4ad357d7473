"""What a store knows of the rows of a batch, from before it was interrupted.

Invariant: a row's run is found by the batch's name and the row's place, and only counts where the row asks the same in
the same way; what such a run has paid for is not paid for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, cast

from flowreason.batch.ending import ENDING
from flowreason.batch.row import Asked, Row
from flowreason.engine.keepsake import restore
from flowreason.engine.ledger import digest
from flowreason.errors import RunBusy
from flowreason.flow import encoded
from flowreason.kept_events import used_in
from flowreason.ports import Usage
from flowreason.records import BATCH, Claim, OfBatches, Plan, RunInfo, RunStatus, Store
from flowreason_dsl.types import ANY

if TYPE_CHECKING:
    from flowreason.batch.ways import Way

_GOES_ON = frozenset({"interrupted", "cancelled"})
_TRIED_AGAIN = frozenset({"limit", "model", "store", "sandbox", "busy", "person", "stopped"})
"""Reasons after which the same run may succeed when it goes on; after others a new one is begun."""
_OF_ALL = ENDING | {"StoreError", "SandboxError"}
"""Kinds of errors that every question would have met: they say nothing of this one, so its run goes on."""


@dataclass(frozen=True, slots=True)
class Before:
    """A run of a row, from before: `ended` where nothing is left to do, or it `goes_on`, or all is asked anew."""

    run: str
    used: Usage
    ended: Row | None = None
    goes_on: bool = False


class Marked:
    """A store as the run of one row has it: what is begun there says which row it is about."""

    def __init__(self, store: Store, mark: Mapping[str, Any]) -> None:
        self._store = store
        self._mark = mark

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _with_mark(self, plan: Plan) -> Plan:
        return replace(plan, settings={**plan.settings, BATCH: dict(self._mark)})

    async def begin(self, plan: Plan, *, parent: str = "") -> Claim:
        return await self._store.begin(self._with_mark(plan), parent=parent)

    async def replan(self, claim: Claim, plan: Plan) -> None:
        await self._store.replan(claim, self._with_mark(plan))


class Kept:
    """The runs of one batch. `retry`: those that failed are tried again."""

    def __init__(self, store: Store, name: str, way: Way, retry: bool) -> None:
        self.store = store
        self._name = name
        self._way = way
        self._retry = retry
        self._runs: dict[int, tuple[str, str]] = {}

    async def look(self, wanted: Callable[[int], bool]) -> None:
        """Find the runs of those rows that are wanted; the latest of each counts."""
        if isinstance(self.store, OfBatches):
            found = await self.store.of_batch(self._name, lambda row: isinstance(row, int) and wanted(row))
            self._runs = {mark["row"]: (run, str(mark.get("is"))) for run, mark in found}

    def at(self, asked: Asked) -> Store:
        """Where the run of a row is kept."""
        return cast(Store, Marked(self.store, {"name": self._name, "row": asked.index, "is": self._sign(asked)}))

    def _sign(self, asked: Asked) -> str:
        """What a row asks, and how it is answered."""
        return digest(self._way.identity, asked.question, encoded(asked.inputs))[:16]

    async def before(self, asked: Asked) -> Before | None:
        """What became of a row before; None where nothing did. Raises `RunBusy` where somebody else is at it."""
        run, sign = self._runs.pop(asked.index, ("", ""))
        if not run or sign != self._sign(asked):
            return None
        info = await self.store.run(run)
        if info.alive:
            raise RunBusy(f"the run {run} of this row is at work in another process; wait for it, or stop it first")
        if info.status in _GOES_ON:
            used = [await used_in(self.store, info, session) for session in range(1, info.session + 1)]
            return Before(run, reduce(add, used, Usage()), goes_on=True)
        ended = await self._ended(asked, info)
        if not ended.ok and (self._retry or ended.error_kind in _OF_ALL):
            return Before(run, ended.usage, goes_on=ended.reason in _TRIED_AGAIN)
        return Before(run, ended.usage, ended)

    async def _ended(self, asked: Asked, info: RunInfo) -> Row:
        """The row of a run that has ended."""
        standing = info.standing
        value = None if standing.answer is None else await restore(standing.answer, self._reply_of(info), ANY)
        method = str(info.plan.settings.get("method", ""))
        asked = replace(asked, method=method or asked.method)
        status = cast(RunStatus, info.status)
        return asked.kept(
            status, value, standing.error, standing.error_kind, standing.usage, info.updated - info.created, info.id
        )

    def _reply_of(self, info: RunInfo) -> Callable[[str], Any]:
        async def reply(key: str) -> str:
            found = await self.store.answers([key], (info.family, ""))
            return found[key].text

        return reply

    async def used(self, run: str) -> Usage:
        """What a run has used in all."""
        return (await self.store.run(run)).standing.usage
