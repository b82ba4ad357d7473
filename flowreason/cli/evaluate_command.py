"""`evaluate`: methods compared on questions with known answers; the result is a folder that can be replayed.

Invariant: what was answered is on disk before it is counted here; the same command goes on where it was stopped.
"""

from __future__ import annotations

import asyncio
import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowreason.cli import failures, options, output
from flowreason.errors import Cancelled, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowreason.engine.limits import Limits
    from flowreason.evaluate import Answered, Evaluation
    from flowreason.evaluate.api import Told

MOST_LINES = 60
"""Lines of a table that is shown here; longer ones stand in the report."""

Data = Annotated[
    Path | None,
    typer.Argument(metavar="DATA.jsonl", help="Questions with their answers, one a line.", show_default=False),
]
Methods = Annotated[
    str,
    typer.Option(
        "--method", "-M", metavar="A,B,C", help="The methods to compare; parameters as in self_consistency(samples=9)."
    ),
]
Out = Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Where the result is kept.")]
Budget = Annotated[
    list[str] | None,
    typer.Option(
        "--budget", "-b", metavar="NAME=NUMBER",
        help="What a question may take by each method: calls, tokens, money, seconds. Repeatable.",
    ),
]  # fmt: skip
Total = Annotated[
    list[str] | None,
    typer.Option("--total", metavar="NAME=NUMBER", help="The same over everything together. Repeatable."),
]
Tasks = Annotated[list[str] | None, typer.Option("--task", metavar="NAME", help="Only this task. Repeatable.")]
PerTask = Annotated[
    int | None, typer.Option("--per-task", metavar="NUMBER", help="At most so many of each task.", min=1)
]
Concurrency = Annotated[int, typer.Option("--concurrency", "-c", metavar="NUMBER", help="Questions at once.", min=1)]
Again = Annotated[
    Path | None,
    typer.Option("--replay", metavar="FOLDER", help="Replay such a folder instead, judging anew; no model is asked."),
]


@options.grouped
def evaluate(
    data: Data = None,
    methods: Methods = "direct,zero_shot_cot,graph",
    out: Out = None,
    budget: Budget = None,
    total: Total = None,
    tasks: Tasks = None,
    per_task: PerTask = None,
    concurrency: Concurrency = 16,
    replay: Again = None,
    *,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    """Compare methods on questions with known answers.

    Each line of DATA.jsonl has id, task, question, answer and answer_type (number, choice, bool, list, text, graph).
    The folder gets every answer and run, tables with intervals, and a page with pictures. The same command goes on
    where it was stopped.
    """
    if replay is not None:
        if data is not None:
            raise UsageError("--replay takes its questions from the folder; leave out DATA.jsonl")
        return _replayed(replay, shown)
    if data is None:
        raise UsageError("name the questions: flowreason evaluate DATA.jsonl (or a result: --replay FOLDER)")
    if terms.limit:
        raise UsageError("limits of each question are its budget here: --budget calls=10")
    if terms.store:
        raise UsageError("the runs are kept in the folder of the result; leave out --store")
    return _evaluated(data, methods, out or Path(f"{data.stem}-evaluation"), (budget, total), tasks, per_task,
                      concurrency, terms, shown)  # fmt: skip


def _evaluated(
    data: Path,
    methods: str,
    out: Path,
    bounds: tuple[list[str] | None, list[str] | None],
    tasks: list[str] | None,
    per_task: int | None,
    concurrency: int,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    from flowreason.cli.asking import provider_for
    from flowreason.cli.signals import Stopping
    from flowreason.evaluate.api import evaluate_async
    from flowreason.tool_files import tools_from

    provider, stopping = provider_for(terms, options.Recording()), Stopping(output.note)

    async def whole(tell: Told | None) -> Evaluation:
        with stopping.listening():
            return await evaluate_async(
                data, methods, folder=out, tasks=tasks or (), per_task=per_task, budget=_limits(bounds[0]),
                total=_limits(bounds[1]), concurrency=concurrency, provider=provider, tools=tools_from(terms.tools),
                unsafe_python=terms.unsafe_python, cache=not terms.no_cache, on_row=tell,
            )  # fmt: skip

    try:
        with _progress(shown) as tell:
            try:
                found = asyncio.run(whole(tell))
            finally:
                stopping.over()
    except (KeyboardInterrupt, asyncio.CancelledError, Cancelled):
        output.note(f"stopped; what was answered by then is in {out}, and the same command goes on")
        return stopping.code
    _show(found, shown)
    return failures.ANSWERED


def _limits(texts: list[str] | None) -> Limits | None:
    """Limits that were named, and no others."""
    from flowreason.engine.limits import Limits
    from flowreason.engine.whole import UNLIMITED

    return Limits.parse(texts, UNLIMITED) if texts else None


def _replayed(folder: Path, shown: options.Shown) -> int:
    from flowreason.evaluate import replay_evaluation

    with _progress(shown) as tell:
        found = replay_evaluation(folder, on_row=tell)
    _show(found.evaluation, shown)
    same = "all as they were written down" if not found.otherwise else f"{len(found.otherwise)} otherwise"
    output.note(f"{found.replayed} runs replayed without a model: {same}")
    for line in found.otherwise[:20]:
        output.complain(line, prefix="otherwise: ")
    return failures.FAILED if found.otherwise else failures.ANSWERED


def _show(found: Evaluation, shown: options.Shown) -> None:
    from flowreason.evaluate.report import plain, sections

    if shown.as_data:
        output.emit(json_.dumps(_as_json(found), ensure_ascii=False))
        return
    for name, said, table in sections(found.rows):
        if len(table) > MOST_LINES:
            output.note(f"{name}: {len(table) - 1} lines, in the report")
            continue
        output.emit(f"{name}\n{said}\n\n{plain(table)}\n" if said else f"{name}\n\n{plain(table)}\n")
    if found.unasked:
        told = f"{found.unasked} were not asked, as a limit over everything was reached; go on with a higher --total"
        output.complain(told, prefix="")
    if not shown.quiet:
        output.note(f"kept in {found.folder}; look at {found.folder / 'report.html'}, or replay it with:")
        output.note(f"flowreason evaluate --replay {found.folder}")


def _as_json(found: Evaluation) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "folder": str(found.folder),
        "unasked": found.unasked,
        "methods": [asdict(each) for each in found.table],
        "tasks": [asdict(each) for each in found.by_task],
        "differences": [asdict(each) for each in found.differences],
    }


class _progress:
    """A bar on stderr where a person looks; a line now and then where not."""

    def __init__(self, shown: options.Shown) -> None:
        self._shown = shown
        self._right = self._failed = 0

    def __enter__(self) -> Callable[[Answered, int, int], None] | None:
        self._bar = None
        if self._shown.quiet:
            return None
        console = output.console(no_color=self._shown.no_color)
        if console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, row: Answered, count: int, every: int) -> None:
        from flowreason.view.terminal import safe

        self._right += row.right
        self._failed += row.failed
        said = f"{safe(row.method)}: {self._right} right, {self._failed} failed"
        if self._bar is not None:
            self._bar.update(self._task, description=said, completed=count, total=every)
        elif count == every or count % max(1, every // 20) == 0:
            output.note(f"{count}/{every} {said}")
