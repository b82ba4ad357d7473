"""`batch` and `batch_async`: many questions, answered several at once, as an iterator of rows.

Invariant: nothing is asked before the first row is; closing the iterator ends all that is under way, which can be gone
on with where it is kept.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import fields
from typing import Any, Final, Literal

from flowreason.batch.opening import Means, opened, over_all
from flowreason.batch.row import Row
from flowreason.batch.run import CONCURRENCY, Order
from flowreason.batch.shapes import shared_way
from flowreason.batch.source import Questions, Source, source_of
from flowreason.batch.threads import iterated
from flowreason.batch.ways import Columns, FlowGiven, Way, way_of
from flowreason.engine.events import Event
from flowreason.engine.limits import Limits
from flowreason.errors import UsageError
from flowreason.flow import Flow
from flowreason.methods import Method
from flowreason.options import GRANTED, KEPT
from flowreason.wanted import FLAG, NAMES, PATH, TEXT, Kind, check, checked, known, maybe, one_of, whole


def _is_flow(value: Any) -> bool:
    return isinstance(value, Flow) or PATH.fits(value)


_KINDS: Final[Mapping[str, Kind]] = {
    "flow": maybe(Kind("a flow, or the path of one", _is_flow)),
    "method": maybe(Kind("the name of a method, the path of a flow, or a flow", _is_flow)),
    "concurrency": whole(1),
    "total": maybe(Kind("limits: {'money': 5}", lambda value: isinstance(value, Limits | Mapping))),
    "in_order": FLAG,
    "name": TEXT,
    "retry_failed": FLAG,
    "compile": one_of("each", "once"),
    "shape": TEXT,
    "question": TEXT,
    "inputs": NAMES,
    "id": TEXT,
    "limits": GRANTED["limits"],
    "on_event": GRANTED["on_event"],
}
_NOT_OF_MANY = frozenset({"limits", "on_event", "on_run", "on_flow"})
_SHARED: Final[Mapping[str, Kind]] = {
    **{name: kind for name, kind in GRANTED.items() if name not in _NOT_OF_MANY},
    **KEPT,
    "rounds": whole(0),
    "early": FLAG,
}
"""The options of `solve_async` that all questions share."""


def batch(questions: Questions, **options: Any) -> Generator[Row, None, None]:
    """The rows of `batch_async`, one at a time. Options as there.

    Works inside a running event loop as well: the questions are answered in a thread, also while a row is looked at.
    Leaving the loop (`break`), or closing the iterator, stops them.
    """
    rows = batch_async(questions, **options)
    return iterated(lambda: rows)


@checked(**_KINDS)
def batch_async(
    questions: Questions,
    *,
    flow: FlowGiven | None = None,
    method: Method | None = None,
    compile: Literal["each", "once"] = "each",
    shape: str = "",
    concurrency: int = CONCURRENCY,
    limits: Limits | None = None,
    total: Limits | Mapping[str, float] | None = None,
    in_order: bool = False,
    name: str = "",
    retry_failed: bool = False,
    question: str = "question",
    inputs: Iterable[str] = (),
    id: str = "id",
    on_event: Callable[[int, Event], None] | None = None,
    **options: Any,
) -> AsyncGenerator[Row, None]:
    """Many questions, `concurrency` of them at once, as an iterator of rows: as they finish, or `in_order`.

    `questions` are texts or records, in a list, an iterator (also an asynchronous one), a data frame, or the path of a
    JSONL or CSV file. They are taken only as fast as they are answered, and rows that were given out are not kept: a
    hundred thousand take no more memory than a hundred. Each gives one `Row`; one that cannot be used, or that fails,
    is a row that says why. `question` is the column of the question, `inputs` the columns that are given with it (so
    is what stands in a record `inputs`), `id` that of its id; all others are only passed on, in `Row.given`.

    `method` answers each as in `solve_async` (default: a flow is written for each); `flow` runs one flow, whose
    parameters are columns of the same names. With `compile="once"`, questions of one shape share a flow that is written
    once and takes each as its parameter; one that it does not fit fails in it and has a flow of its own (`Row.way` says
    which). Shapes are found by the words of the questions, or named by the column `shape`.

    `limits` hold for each question, `total` for all together: `{"money": 5}`, or `Limits` (of which only what was named
    counts). What a call may cost at worst is reserved in both before it is sent. When `total` is reached, questions
    under way end with their best answer so far, and the rest become rows with the reason `limit`.

    `name`: the batch goes on where one of that name in the store was interrupted: what has an answer is given out again
    at no cost, what was under way goes on. `retry_failed`: failed rows are tried again. `on_event` is told the index of
    the row with each event. All other `options` are those of `solve_async`, shared by all questions.

    What no question could escape ends the batch, after all rows that were finished: a key that is refused, an account
    without credit, a server that fails again and again, a store that is full, an exception of your own iterator or
    functions. Closing the iterator cancels what is under way.
    """
    known("batch", options, [*_KINDS, *_SHARED])
    check("batch", options, _SHARED)
    if retry_failed and not name:
        raise UsageError("retry_failed needs the name of the batch that is gone on with: name=…")
    columns = Columns(question, tuple(inputs), id)
    tools, more = tuple(options.get("tools", ())), _of(options, "rounds", "early", "may_ask")
    way = (
        way_of(flow, method, tools, columns, **more)
        if compile == "each"
        else shared_way(flow, method, tools, columns, more, shape)
    )
    shared = _of(options, "ask_user", "confirm", "approve", "cache")
    order = Order(concurrency, in_order, limits, columns, name, retry_failed, on_event=on_event, options=shared)
    means = Means(**_of(options, *(each.name for each in fields(Means))))
    return _rows(source_of(questions, question), way, means, order, over_all(total))


def _of(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if name in options}


async def _rows(source: Source, way: Way, means: Means, order: Order, total: Limits) -> AsyncGenerator[Row, None]:
    async with opened(source, way, means, order, total) as batching, aclosing(batching.rows()) as rows:
        async for row in rows:
            yield row
