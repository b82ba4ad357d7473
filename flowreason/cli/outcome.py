"""How a run ended: the answer first and alone on stdout, then on stderr what it cost and what went wrong.

Invariant: everything shown is a function of the result or of the events.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowreason.cli import failures, output
from flowreason.cli.kept import Kept
from flowreason.engine.result import usage_of
from flowreason.view.progress import cost_text, kept_count

if TYPE_CHECKING:
    from flowreason.engine.events import Event
    from flowreason.result import Result

_CODES = {
    "answered": failures.ANSWERED,
    "limit": failures.LIMITED,
    "waiting": failures.WAITING,
    "cancelled": failures.CANCELLED,
}

MOST_TOLD = 5
"""Steps that were left undone, which are named."""


def report(result: Result, kept: Kept | None, *, as_data: bool, quiet: bool, live: bool = False) -> int:
    """Tell how a run ended, and where it is kept; gives the exit code. `live`: its totals stand on the screen."""
    code = code_of(result)
    if as_data:
        output.emit(json.dumps(data_of(result), ensure_ascii=False))
        return code
    if result.ok or result.partial:
        output.emit(result.answer)
    if not quiet:
        _tell_failed_items(result)
        if not live:
            output.note(cost_text(result.usage, result.seconds, kept=kept_count(result.events)))
    if result.status == "waiting" and kept is not None:
        for line in kept.question_lines([each.as_json() for each in result.pending]):
            output.note(line)
        return code
    if result.error is not None:
        output.complain(failures.short(failures.told(result.error)))
    if result.partial:
        output.complain("this is the best answer so far, not the whole one", prefix="warning: ")
    _tell_undone(result)
    if kept is not None and not quiet:
        output.note(kept.told() if result.ok else kept.unfinished())
    elif kept is None and getattr(result.error, "kind", "") == "user":
        output.note("with --store PLACE the run would be kept, and wait for your answer")
    return code


def code_of(result: Result) -> int:
    """The exit code that a result stands for."""
    if result.status == "failed" and result.error is not None:
        return failures.exit_code(result.error)
    return _CODES.get(result.status, failures.FAILED)


def data_of(result: Result) -> dict[str, Any]:
    """A result as one object for programs."""
    data = result.as_json() | {"run": result.run_id or None, "pending": [each.as_json() for each in result.pending]}
    if result.error is not None:
        data["error"] = failures.error_json(result.error)
    return data


def _tell_undone(result: Result) -> None:
    undone = result.undone
    for each in undone[:MOST_TOLD]:
        output.complain(str(each), prefix="left undone: ")
    if len(undone) > MOST_TOLD:
        output.complain(f"{len(undone) - MOST_TOLD} more steps", prefix="left undone: ")


def _tell_failed_items(result: Result) -> None:
    items = () if result.partial else result.failed_items
    for item in items[:3]:
        output.complain(f"item {item.index} of {item.node} failed: {item.error.splitlines()[0]}", prefix="warning: ")
    if len(items) > 3:
        output.complain(f"{len(items) - 3} more items failed", prefix="warning: ")


def report_stopped(events: Sequence[Event], run: Kept | None, kept: Sequence[str], *, as_data: bool) -> None:
    """Tell what a run that was stopped by Ctrl-C had done, and what is kept of it."""
    used = usage_of(events)
    seconds = events[-1].time if events else 0.0
    if as_data:
        data = {"status": "cancelled", "answer": None, "calls": used.calls, "seconds": round(seconds, 3)}
        data["run"] = None if run is None else run.run
        output.emit(json.dumps(data | {"kept": list(kept)}, ensure_ascii=False))
        return
    output.note(f"stopped: {cost_text(used, seconds)}")
    if run is not None:
        output.note(run.unfinished())
    for each in kept or ([] if run else ["nothing; with --store PLACE the run is kept next time"]):
        output.note(f"kept: {each}")


def report_broken(error: BaseException, run: Kept, *, as_data: bool) -> int:
    """Tell why a kept run ended without a result; gives the exit code."""
    failures.print_error(error, as_data=as_data, run=run.run)
    if not as_data:
        output.note(run.unfinished())
    return failures.exit_code(error)
