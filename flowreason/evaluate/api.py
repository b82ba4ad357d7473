"""`evaluate`: methods compared on questions with known answers, in a folder that can be gone on with and replayed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Final

from flowreason.batch.opening import Means, over_all
from flowreason.engine.limits import Limits
from flowreason.errors import FlowreasonError, UsageError
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.compare import judge
from flowreason.evaluate.entries import entries
from flowreason.evaluate.folder import Folder, facts_of
from flowreason.evaluate.items import Item, chosen, read_items
from flowreason.evaluate.report import as_markdown
from flowreason.evaluate.run import Evaluating, vocabulary
from flowreason.evaluate.tables import Cell, Difference, cells, differences, overall
from flowreason.methods import Method
from flowreason.methods.costs import prices_of
from flowreason.replaying import replay_async
from flowreason.running import run_now
from flowreason.wanted import NAMES, PATH, Kind, checked, known, maybe, whole

Told = Callable[[Answered, int, int], None]
"""Is told each row, how many there are by then, and how many there will be."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of an evaluation: the `rows`, and the `folder` with everything else.

    `unasked`: how many rows are missing because a limit over everything was reached.
    """

    folder: Path
    rows: Sequence[Answered]
    unasked: int = 0

    @property
    def table(self) -> list[Cell]:
        """A line for every method, over all questions."""
        return overall(self.rows)

    @property
    def by_task(self) -> list[Cell]:
        return cells(self.rows)

    @property
    def differences(self) -> list[Difference]:
        return differences(self.rows)

    def markdown(self) -> str:
        """The report as Markdown."""
        return as_markdown("Evaluation", facts_of(Folder(self.folder).about()), self.rows)

    def __repr__(self) -> str:
        said = ", ".join(f"{c.method} {c.right.right}/{c.right.count}" for c in self.table)
        return f"<Evaluation {said}>"


_ROW = Kind("a function", callable)
_KINDS: Final[Mapping[str, Kind]] = {
    "data": Kind("the path of a JSONL file, or a list of fr.Item", lambda value: PATH.fits(value) or _items(value)),
    "methods": Kind("names of methods: 'direct,graph'", lambda value: isinstance(value, str | list | tuple)),
    "folder": PATH,
    "tasks": NAMES,
    "per_task": maybe(whole(1)),
    "budget": maybe(Kind("limits: {'calls': 10}", lambda value: isinstance(value, Limits | Mapping))),
    "total": maybe(Kind("limits: {'money': 5}", lambda value: isinstance(value, Limits | Mapping))),
    "on_row": maybe(_ROW),
}
_SHARED = frozenset({
    "model", "base_url", "api_key", "provider", "sandbox", "unsafe_python", "tools", "ask_user", "may_ask", "confirm",
    "approve", "cache", "rounds", "early", "concurrency",
})  # fmt: skip
"""The options of `batch` that are left to the caller."""


def _items(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, Item) for each in value)


@checked()
def evaluate(data: str | PathLike[str] | Sequence[Item], methods: Sequence[Method] | str, **options: Any) -> Evaluation:
    """Methods compared on questions. Options as in `evaluate_async`."""
    return run_now(lambda: evaluate_async(data, methods, **options))


@checked(**_KINDS)
async def evaluate_async(
    data: str | PathLike[str] | Sequence[Item],
    methods: Sequence[Method] | str,
    *,
    folder: str | PathLike[str],
    tasks: Sequence[str] = (),
    per_task: int | None = None,
    budget: Limits | Mapping[str, float] | None = None,
    total: Limits | Mapping[str, float] | None = None,
    on_row: Told | None = None,
    **options: Any,
) -> Evaluation:
    """Methods compared on questions with known answers, at an equal budget; resumed where `folder` holds some of it.

    `data` is a JSONL file (see `items`) or items; `tasks` and `per_task` choose among them. `methods` are names, paths
    or flows, or one text such as `direct, self_consistency(samples=9), graph`. `budget` is what each question may take
    by each method, as in `{"calls": 10}` (or tokens, money, seconds); parameters that say how much a method tries
    (samples, rounds) are set to what it allows, unless some are set already (see `entries`). `total`: limits over
    everything; what was not asked for them is left out, and asked where the same folder is gone on with. `folder` gets
    rows, runs, flows and report. `on_row` is told each row. `options` are those of `batch`: provider, model,
    concurrency, tools, …

    Raises `UsageError` for what cannot be evaluated, before anything is asked.
    """
    known("evaluate", options, [*_KINDS, *_SHARED])
    items = chosen(read_items(data) if isinstance(data, str | PathLike) else list(data), tasks=tasks, per_task=per_task)
    if not items:
        raise UsageError("there is no question to evaluate")
    allowed, place = None if budget is None else over_all(budget), Folder(folder)
    async with Means(**_means(options)).session() as session:
        model = session.provider.model_info(None).name
        wanted = entries(methods, allowed, typical(items), prices_of(session.provider))
        name = Path(data).name if isinstance(data, str | PathLike) else ""
        about = place.open(items, name, wanted, model, allowed)
        rows = place.rows()
        shared = {"confirm": within, **options, "provider": session.provider, "store": place.store}
        for taken in ("model", "base_url", "api_key"):
            shared.pop(taken, None)
        over = None if total is None else over_all(total)
        evaluating = Evaluating(items, wanted, about.questions[:16], allowed, over, shared)
        every = len(items) * len(wanted) + sum(row.method not in {e.name for e in wanted} for row in rows)
        async with aclosing(evaluating.rows(rows)) as coming:  # type: ignore[type-var]
            async for row in coming:
                place.add(row)
                rows.append(row)
                if on_row is not None:
                    on_row(row, len(rows), every)
    place.report(rows, evaluating.unasked)
    return Evaluation(place.path, rows, evaluating.unasked)


def typical(items: Sequence[Item]) -> str:
    """The question of middling length, for which the effort of methods is reckoned."""
    return sorted((item.question for item in items), key=len)[len(items) // 2]


def within(_price: Any, _limits: Limits) -> bool:
    """Agrees that a flow which may take more than its budget runs within it."""
    return True


def _means(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("model", "base_url", "api_key", "provider") if name in options}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of replaying an evaluation: its `rows` judged anew, and where that is `otherwise` than was written."""

    evaluation: Evaluation
    replayed: int
    otherwise: Sequence[str]


@checked(folder=PATH, on_row=maybe(_ROW))
async def replay_evaluation_async(folder: str | PathLike[str], *, on_row: Told | None = None) -> Replayed:
    """Every run of an evaluation gone through again from what was kept, its answer read and judged anew.

    No model is asked. Raises `UsageError` where the folder holds no evaluation.
    """
    place = Folder(folder)
    place.about()
    items = {item.id: item for item in place.items()}
    words, rows = vocabulary(list(items.values())), place.rows()
    found, otherwise, replayed = [], [], 0
    for number, row in enumerate(rows, 1):
        answer, value = row.answer, row.value
        if row.run:
            try:
                result = await replay_async(row.run, store=place.store)
                answer, value, replayed = result.answer, result.value, replayed + 1
            except FlowreasonError as error:
                if not row.failed:
                    otherwise.append(f"{row.id} by {row.method}: {error}")
        again = judge(items[row.id], answer, value, vocabulary=words.get(row.task, ()))
        if (answer, again.right) != (row.answer, row.right):
            otherwise.append(f"{row.id} by {row.method}: {answer[:60]!r}, and {row.answer[:60]!r} was written down")
        found.append(replace(row, answer=answer, right=again.right, score=again.score, read=again.read, why=again.why))
        if on_row is not None:
            on_row(found[-1], number, len(rows))
    return Replayed(Evaluation(place.path, found), replayed, otherwise)


@checked()
def replay_evaluation(folder: str | PathLike[str], *, on_row: Told | None = None) -> Replayed:
    """The same, waited for."""
    return run_now(lambda: replay_evaluation_async(folder, on_row=on_row))
