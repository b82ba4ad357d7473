"""How `batch` goes through its questions: read, answered, written, watched, stopped.

Invariant: a row is written when it is there and before the next is asked for; whatever ends the batch, its rows stay
and are told of, and the same command goes on.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason import reading
from flowreason.batch.beside import Made
from flowreason.batch.columns import Lines
from flowreason.batch.files import json_lines, rows_of
from flowreason.batch.opening import TOTALS, Means, opened, over_all
from flowreason.batch.output import Output
from flowreason.batch.run import Batching, Order
from flowreason.batch.shapes import shared_way
from flowreason.batch.source import Source, source_of, threaded
from flowreason.batch.ways import ByFlow, Columns, Way, way_of
from flowreason.cli import flow_files, signals
from flowreason.cli.asking import provider_for
from flowreason.cli.batch_report import Ended, report
from flowreason.cli.batch_screen import BatchScreen
from flowreason.cli.options import Recording, Shown, Terms
from flowreason.engine.limits import Limits
from flowreason.engine.whole import UNLIMITED
from flowreason.errors import UsageError
from flowreason.graph.bounds import ZERO
from flowreason.tool_files import tools_from

if TYPE_CHECKING:
    from flowreason.batch.row import Row

STDIO = "-"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be answered, how, and where to."""

    questions: Path
    out: Path | None = None
    flow: Path | None = None
    method: str | None = None
    question: str = "question"
    inputs: tuple[str, ...] = ()
    id: str = "id"
    concurrency: int = 16
    total: tuple[str, ...] = ()
    in_order: bool = False
    retry_failed: bool = False
    yes: bool = False
    early: bool = True
    compile: str = "each"
    shape: str = ""

    @property
    def columns(self) -> Columns:
        return Columns(self.question, self.inputs, self.id)

    @property
    def to_file(self) -> Path | None:
        """The file that rows go to; None for stdout."""
        return None if self.out is None or str(self.out) == STDIO else self.out


def answer_all(wish: Wish, terms: Terms, recording: Recording, shown: Shown) -> int:
    """Answer all questions; gives the exit code."""
    limits, total = terms.limits(), _total(wish.total)
    if shown.as_data and wish.to_file is None:
        raise UsageError("--json prints a summary on stdout, where the rows would go; name a file for them with -o")
    way = _way(wish, terms)
    survey = _surveyed(wish, way)
    provider = provider_for(terms, recording, needed=_asks(way))
    written = _output(wish, way, survey.columns)
    try:
        if written is not None and survey.count is not None:
            _compare(wish, written, survey.count)
        source = _source(wish, survey)
        options = {"cache": not terms.no_cache and recording.record is None, "approve": terms.approve}
        order = Order(
            wish.concurrency, wish.in_order, limits, wish.columns,
            options=options | ({"confirm": _agreed} if wish.yes else {}),
        )  # fmt: skip
        means = Means(provider=provider, unsafe_python=terms.unsafe_python, store=terms.place)
        if written is not None:
            order = replace(order, retry=wish.retry_failed, skip=written.skip, check=written.check)
            means = replace(means, used=written.used)
        going = Going(wish, written, means, order, total, BatchScreen(shown, survey.count, written))
        ended = asyncio.run(going.through(source, way))
    finally:
        if written is not None:
            written.close()
    return report(ended, written, survey.count, shown)


def _agreed(_price: Any, _limits: Limits) -> bool:
    """`--yes`: a flow that may go over the limits runs within them."""
    return True


def _total(texts: Sequence[str]) -> Limits:
    for text in texts:
        if (name := text.partition("=")[0].strip()) not in TOTALS:
            raise UsageError(f"--total-limit {name}: over all questions there are the limits {', '.join(TOTALS)}")
    return over_all(Limits.parse(texts, UNLIMITED))


# --- what is asked ---


def _way(wish: Wish, terms: Terms) -> Way:
    if wish.compile not in ("each", "once"):
        raise UsageError(f"--compile {wish.compile} is not possible; write each or once")
    if wish.compile == "once":
        more = {"early": wish.early}
        return shared_way(wish.flow, wish.method, tools_from(terms.tools), wish.columns, more, wish.shape)
    if wish.flow is None:
        return way_of(None, wish.method, tools_from(terms.tools), wish.columns, early=wish.early)
    if str(wish.flow) == STDIO:
        raise UsageError("--flow - is not possible here; name the file of the flow")
    return way_of(flow_files.load(wish.flow, terms.tools), wish.method, (), wish.columns)


def _asks(way: Way) -> bool:
    """Whether a model is needed."""
    return not isinstance(way, ByFlow) or way.flow.price().most != ZERO


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the questions beforehand: how many there are, and the columns that any of them has."""

    count: int | None = None
    columns: tuple[str, ...] = ()


def _surveyed(wish: Wish, way: Way) -> Survey:
    """Look through a file of questions; nothing is known of a pipe."""
    if str(wish.questions) == STDIO:
        return Survey()
    rows = rows_of(wish.questions, wish.question)
    if rows.columns is not None:
        way.fits(rows.columns)
    if not wish.questions.is_file():
        return Survey(None, rows.columns or ())
    count, columns = 0, dict.fromkeys(rows.columns or ())
    for item in rows.items:
        count += 1
        columns |= dict.fromkeys(item.given)
    if not count:
        raise UsageError(f"there are no questions in {wish.questions}")
    return Survey(count, tuple(columns))


def _source(wish: Wish, survey: Survey) -> Source:
    if str(wish.questions) == STDIO:
        return threaded(json_lines(sys.stdin.buffer, "stdin", wish.question))
    source = source_of(wish.questions, wish.question)
    source.total = survey.count
    return source


# --- what is written ---


def _output(wish: Wish, way: Way, columns: tuple[str, ...]) -> Output | None:
    path = wish.to_file
    if path is None:
        if wish.retry_failed:
            raise UsageError("--retry-failed replaces rows of a file; name it with -o")
        return None
    if path.suffix.lower() not in (".jsonl", ".ndjson", ".csv", ".tsv"):
        raise UsageError(f"-o {path}: the ending says the format; use .jsonl, .csv or .tsv")
    reading.writable(path, "-o")
    if path.exists() and not path.is_file():
        raise UsageError(f"-o {path} is no file; without -o the rows go to stdout, and from there anywhere")
    if path.exists() and wish.questions.exists() and path.samefile(wish.questions):
        raise UsageError(f"-o {path} is the file of the questions; name another one")
    named = str(wish.flow) if wish.flow is not None else way.name
    made = Made(named, way.identity, wish.question, wish.inputs)
    return Output(path, made, columns or (wish.question,), in_order=wish.in_order, retry=wish.retry_failed)


def _compare(wish: Wish, written: Output, count: int) -> None:
    """Raises `UsageError` where the rows that are there answer other questions."""
    if not written.places:
        return
    for index, item in enumerate(rows_of(wish.questions, wish.question).items):
        written.check(index, item)
    written.check_end(count)


# --- going through ---


class Going:
    """One batch, from its first question to its last or to the moment in which it is stopped."""

    def __init__(
        self, wish: Wish, written: Output | None, means: Means, order: Order, total: Limits, screen: BatchScreen
    ) -> None:
        self._wish = wish
        self._written = written
        self._means = means
        self._order = order
        self._total = total
        self._screen = screen
        self._plain = Lines()
        self._signal = 0

    async def through(self, source: Source, way: Way) -> Ended:
        """Answer them all; how it ended."""
        error: BaseException | None = None
        task = asyncio.current_task()
        assert task is not None
        try:
            async with opened(source, way, self._means, self._named(), self._total) as batching:
                try:
                    with self._interruptible(batching, task), self._screen.showing(batching):
                        await self._rows(batching)
                except asyncio.CancelledError:
                    task.uncancel()
                    self._signal = self._signal or signal.SIGINT
                except BrokenPipeError:  # nobody reads the rows any more
                    raise
                except (fr.FlowreasonError, OSError) as raised:
                    error = raised
                return Ended(batching.tally, batching.whole.used, batching.whole.over, error, self._signal)
        finally:
            if self._means.provider is not None:
                await self._means.provider.close()

    def _named(self) -> Order:
        """With the name by which its runs are found again, where the rows go to a file and there is a store."""
        from flowreason.keeping import store_at

        kept = store_at(self._means.store, self._means.provider)
        return self._order if self._written is None or kept is None else replace(self._order, name=self._written.name)

    async def _rows(self, batching: Batching) -> None:
        async with aclosing(batching.rows()) as rows:
            async for row in rows:
                self._write(row)
                self._screen.row(row)

    def _write(self, row: Row) -> None:
        if self._written is not None:
            self._written.write(row)
            return
        sys.stdout.buffer.write(self._plain.line(row))
        sys.stdout.buffer.flush()

    # --- stopping ---

    @contextmanager
    def _interruptible(self, batching: Batching, task: asyncio.Task[Any]) -> Iterator[None]:
        """The first Ctrl-C begins nothing more. The second, or another signal, stops what is under way; the next ends
        at once."""
        loop, ours = asyncio.get_running_loop(), list[signal.Signals]()

        def told(number: signal.Signals) -> None:
            graceful = number == signal.SIGINT and not self._signal
            self._signal = number
            if graceful:
                batching.stop()
                self._screen.stopping(batching.under_way)
                return
            for each in ours:
                loop.remove_signal_handler(each)
                signal.signal(each, signals.leave)
            ours.clear()
            self._screen.cancelling()
            task.cancel()

        for each in signals.SIGNALS:
            if signal.getsignal(each) is not signal.SIG_IGN:
                with suppress(NotImplementedError, ValueError, RuntimeError):  # a loop of Windows, another thread
                    loop.add_signal_handler(each, told, each)
                    ours.append(each)
        try:
            yield
        finally:
            for each in ours:
                loop.remove_signal_handler(each)
