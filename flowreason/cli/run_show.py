"""`runs show`: one run, as a tree of what happened, as events, as data, or as a picture.

Invariant: nothing is asked and nothing is paid for; what is shown was kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason import reading
from flowreason.cli import failures, output
from flowreason.cli.kept import Kept
from flowreason.cli.outcome import data_of
from flowreason.cli.run_list import as_json, when, with_usage
from flowreason.errors import UsageError
from flowreason.keeping import DEFAULT
from flowreason.view.progress import cost_text, seconds_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from flowreason.ports import Usage
    from flowreason.records import RunInfo
    from flowreason.view.run_tree import TreeLine


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown of a run."""

    events: bool = False
    flow: bool = False
    as_data: bool = False
    draw: Path | None = None
    session: int | None = None
    whole: bool = False
    no_color: bool = False


def show(run: str, store: str | None, wanted: Wanted) -> int:
    """Show a run; gives the exit code."""
    info = with_usage(fr.run_info(run, store=store or DEFAULT), store or DEFAULT)
    if wanted.flow:
        return _flow(info)
    if wanted.draw is not None:
        return _drawn(info, store, wanted)
    if wanted.events:
        return _events(info, store, wanted)
    if wanted.as_data:
        return _data(info, store, wanted)
    return _tree(info, store, wanted)


def _replayed(info: RunInfo, store: str | None, wanted: Wanted) -> fr.Result:
    return fr.replay(info.id, session=wanted.session, store=store or DEFAULT)


def _flow(info: RunInfo) -> int:
    if not info.plan.flow:
        raise UsageError(f"the flow of the run {info.id} was not written yet when it stopped")
    output.emit(info.plan.flow)
    return failures.ANSWERED


def _drawn(info: RunInfo, store: str | None, wanted: Wanted) -> int:
    from flowreason.view import FORMATS, write

    assert wanted.draw is not None
    reading.writable(wanted.draw, "--draw")
    format_ = wanted.draw.suffix.lstrip(".").lower()
    if format_ not in FORMATS:
        raise UsageError(f"{wanted.draw} has no ending that says its format; there are: {', '.join(FORMATS)}")
    write(_replayed(info, store, wanted).draw(format_), wanted.draw)
    output.note(f"Drawn: {wanted.draw}")
    return failures.ANSWERED


def _events(info: RunInfo, store: str | None, wanted: Wanted) -> int:
    for event in _replayed(info, store, wanted).events:
        output.emit(json.dumps(event.as_json(), ensure_ascii=False))
    return failures.ANSWERED


def _data(info: RunInfo, store: str | None, wanted: Wanted) -> int:
    from flowreason.view.run_tree import as_rows, run_tree

    told: dict[str, Any] = as_json(info)
    if info.plan.flow:
        result = _replayed(info, store, wanted)
        steps = list(as_rows(run_tree(result.graph, result.events, whole=True)))
        told = data_of(result) | told | {"steps": steps, "error": data_of(result)["error"]}
    output.emit(json.dumps(told, ensure_ascii=False))
    return failures.ANSWERED


# --- for people ---


def _tree(info: RunInfo, store: str | None, wanted: Wanted) -> int:
    from flowreason.view.run_tree import run_tree

    page, kept = output.page(no_color=wanted.no_color), _kept(info, store)
    _header(page, info)
    if not info.plan.flow:
        page.print("its flow was not written yet when it stopped", markup=False)
        if not info.alive:
            output.note(kept.unfinished())
        return failures.ANSWERED
    result = _replayed(info, store, wanted)
    _lines(page, run_tree(result.graph, result.events, whole=wanted.whole))
    _ending(page, info, result, kept)
    return failures.ANSWERED


def _kept(info: RunInfo, store: str | None) -> Kept:
    return Kept(info.id, store or "", "FILE.py" if info.plan.settings.get("tools") else "")


_COLOURS = {
    "answered": "green", "failed": "bold red", "limit": "yellow", "waiting": "bold yellow", "interrupted": "yellow",
    "running": "cyan", "cancelled": "yellow",
}  # fmt: skip


def _sum(used: Usage) -> str:
    """What all sessions took; the time between them is nobody's."""
    return f"{cost_text(used, 0.0).rpartition(' · ')[0]} in all"


def _header(page: Console, info: RunInfo) -> None:
    from rich.text import Text

    from flowreason.methods import chosen_before
    from flowreason.view.terminal import method_text, safe
    from flowreason.view.text import shorten

    page.print(
        Text.assemble((info.id, "bold"), "  ", (info.status, _COLOURS.get(info.status, "")), f"  {when(info.created)}")
    )
    if info.plan.question:
        page.print(Text(shorten(safe(info.plan.question), 2 * page.width)))
    chosen = chosen_before(info.plan)
    if chosen is not None and (told := method_text(chosen.event)):
        page.print(Text(safe(told)))
    used, model = info.standing.usage, info.plan.settings.get("model")
    parts = [cost_text(used, max(0.0, info.updated - info.created)) if info.session == 1 else _sum(used)]
    parts += [f"model {model}"] if model else []
    parts += [f"made from {info.parent}"] if info.parent else []
    parts += [f"session {info.session}"] if info.session > 1 else []
    if parts:
        page.print(Text(safe(" · ".join(parts)), style="dim"))
    page.print()


def _lines(page: Console, lines: Sequence[TreeLine]) -> None:
    """The tree, what is told of each step at the right, as far as there is room."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from flowreason.view.terminal import safe

    told = max((min(48, cell_len(line.told)) for line in lines), default=0)
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(24, page.width - told - 2))
    table.add_column(no_wrap=True, overflow="ellipsis")
    for line in lines:
        table.add_row(_left(line), Text(safe(line.told), style="dim"))
    with page.capture() as drawn:
        page.print(table)
    output.emit("\n".join(line.rstrip() for line in drawn.get().splitlines()), coloured=True)


def _left(line: TreeLine) -> Text:
    from rich.text import Text

    from flowreason.view.terminal import COLOURS, safe

    made = Text("  " * line.depth)
    if line.mark:
        made.append(f"{line.mark} ", style=COLOURS[line.state.status] if line.state is not None else "red")
    made.append(safe(line.name), style="bold" if line.state is not None else "cyan")
    made.append(f"  {safe(line.text)}" if line.text else "")
    return made


def _ending(page: Console, info: RunInfo, result: fr.Result, kept: Kept) -> None:
    """The answer or what became of it, and what can be done next."""
    from rich.text import Text

    from flowreason.view.text import clean

    page.print()
    if result.ok or result.partial:
        page.print(Text("the best answer so far:" if result.partial else "answer:", style="bold"))
        page.print(Text(clean(result.answer)))
    for each in result.undone:
        page.print(Text(f"left undone: {clean(str(each))}"))
    if info.status == "running":
        output.note(f"it is at work; so far it had come {seconds_text(max(0.0, result.seconds))} after it began")
    elif result.status == "waiting":
        for line in kept.question_lines([each.as_json() for each in result.pending]):
            output.note(clean(line))
    elif not result.ok:
        if result.error is not None and info.status not in ("interrupted", "cancelled"):
            output.complain(failures.short(clean(failures.told(result.error))))
        output.note(f"go on with: {kept.command('resume')}")
