"""An evaluation under way: every method on every question, judged as it comes.

Invariant: each question and method gives one row, also where it fails; a row that is there is not asked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from flowreason.batch.api import batch_async
from flowreason.batch.row import Row
from flowreason.engine.events import Event
from flowreason.engine.limits import NOTHING, Limits
from flowreason.errors import FlowreasonError
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.compare import judge
from flowreason.evaluate.entries import Entry, with_pool
from flowreason.evaluate.items import Item
from flowreason.ports import Usage
from flowreason.replaying import replay_async


@dataclass(slots=True)
class Drafts:
    """How a flow was written: the errors of its first draft, and whether a plain flow stands in at the end."""

    written: bool = False
    first_valid: bool = True
    fallback: bool = False
    _drafts: int = 0

    def hear(self, event: Event) -> None:
        if event.kind == "compile.draft":
            self._drafts += 1
            faults = [d for d in event.data.get("diagnostics", ()) if d.get("severity") == "error"]
            self.first_valid = self.first_valid and not (faults and self._drafts == 1)
        elif event.kind == "compile.done":
            self.written, self.fallback = True, bool(event.data.get("fallback"))


@dataclass(slots=True)
class Evaluating:
    """What is evaluated, with what has come of it. `options` are those of `batch_async` that all methods share."""

    items: Sequence[Item]
    entries: Sequence[Entry]
    name: str
    limits: Limits | None = None
    total: Limits | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    used: Usage = NOTHING
    unasked: int = 0
    """Questions that a method was not asked, or not to the end, because a limit over all was reached."""

    async def rows(self, done: Sequence[Answered]) -> AsyncIterator[Answered]:
        """The rows that are missing, as they come."""
        there = {(row.method, row.id) for row in done}
        self.used = sum((Usage(row.calls, 0, row.tokens, row.money) for row in done), self.used)
        words = vocabulary(self.items)
        for entry in self.entries:
            left = [item for item in self.items if (entry.name, item.id) not in there]
            async for row in self._of(entry, left, words):
                yield row

    async def _of(self, entry: Entry, items: Sequence[Item], words: Mapping[str, list[str]]) -> AsyncIterator[Answered]:
        if not items:
            return
        heard, known = dict[int, Drafts](), Counter[int]()
        once = {"compile": "once", "shape": "task"} if entry.once else {"method": entry.method}
        batch = batch_async(
            [self._given(entry, item) for item in items], **once, name=f"{self.name}/{entry.name}",
            limits=self.limits, total=self._left(), retry_failed=True, on_event=_listener(heard, known), **self.options,
        )  # fmt: skip
        async with aclosing(batch) as rows:
            async for row in rows:
                self.used = self.used + row.usage
                if row.over_all:  # what nobody was asked says nothing of a method
                    self.unasked += 1
                    continue
                drafts = heard.pop(row.index, None) or await self._drafts_of(row)
                part = spent(row, self.limits)
                yield judged(items[row.index], entry.name, row, drafts, words, part, known.pop(row.index, 0))

    def _given(self, entry: Entry, item: Item) -> dict[str, Any]:
        pool = [other.question for other in self.items if other.task == item.task]
        inputs = {**item.inputs, **with_pool(entry, pool).inputs}
        return {"id": item.id, "question": item.question, "task": item.task} | ({"inputs": inputs} if inputs else {})

    def _left(self) -> Limits | None:
        """What is left of the limits over all."""
        if self.total is None:
            return None
        t, used = self.total, self.used
        return Limits(
            None if t.calls is None else max(0, t.calls - used.calls),
            None if t.tokens is None else max(0, t.tokens - used.tokens),
            None if t.money is None else max(0.0, t.money - (used.money or 0.0)),
            t.seconds,
        )

    async def _drafts_of(self, row: Row) -> Drafts:
        """The same of a run that had ended before, from what was kept of it."""
        drafts = Drafts()
        if row.run_id:
            try:
                await replay_async(row.run_id, store=self.options["store"], on_event=drafts.hear)
            except FlowreasonError:
                return drafts  # it ended before its flow was there
        return drafts


def _known_before(event: Event) -> bool:
    """Whether an event is a reply that no model gave now: it was kept, or comes from an earlier session of the run."""
    return event.kind == "node.recalled" or (event.kind == "node.reply" and bool(event.data.get("cached")))


def _listener(heard: dict[int, Drafts], known: Counter[int]) -> Callable[[int, Event], None]:
    def hear(index: int, event: Event) -> None:
        if event.kind.startswith("compile."):
            heard.setdefault(index, Drafts()).hear(event)
        known[index] += _known_before(event)

    return hear


def spent(row: Row, budget: Limits | None) -> float | None:
    """The largest part of a limit that a question took; None where there is no budget."""
    if budget is None:
        return None
    used = ((row.usage.calls, budget.calls), (row.usage.tokens, budget.tokens), (row.usage.money, budget.money),
            (row.seconds, budget.seconds))  # fmt: skip
    parts = [amount / limit for amount, limit in used if limit and amount is not None]
    return round(max(parts), 4) if parts else None


def judged(
    item: Item,
    method: str,
    row: Row,
    drafts: Drafts,
    words: Mapping[str, list[str]],
    part: float | None = None,
    known: int = 0,
) -> Answered:
    """A row of the batch as a row of the evaluation."""
    found = judge(item, row.answer, row.value, vocabulary=words.get(item.task, ()))
    return Answered(
        item.id, item.task, method, row.answer, row.value, found.right, found.score, found.read, found.why, row.status,
        row.error, row.error_kind, row.run_id, row.usage.calls, row.usage.tokens, row.usage.money,
        round(row.seconds, 3), drafts.first_valid if drafts.written else None,
        not drafts.fallback if drafts.written else None, row.way or ("own" if drafts.written else ""), row.method, part,
        known,
    )  # fmt: skip


def vocabulary(items: Sequence[Item]) -> dict[str, list[str]]:
    """The words that the choices of a task are among, as far as its questions tell."""
    found: dict[str, set[str]] = {}
    for item in items:
        if item.answer_type == "choice":
            found.setdefault(item.task, set()).add(item.answer)
    return {task: sorted(words) for task, words in found.items()}
