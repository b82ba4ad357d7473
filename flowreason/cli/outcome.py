"""How a run ended: the answer first and alone on stdout, then on stderr what it cost and what went wrong.

Invariant: everything shown is a function of the result or of the events.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowreason.cli import failures, output
from flowreason.engine.result import usage_of
from flowreason.view.progress import cost_text

if TYPE_CHECKING:
    from flowreason.engine.events import Event
    from flowreason.result import Result

_CODES = {"answered": failures.ANSWERED, "limit": failures.LIMITED, "cancelled": failures.CANCELLED}


MOST_TOLD = 5
"""Steps that were left undone, which are named."""


def report(result: Result, *, as_data: bool, quiet: bool) -> int:
    """Tell how a run ended; gives the exit code."""
    code = _code(result)
    if as_data:
        output.emit(json.dumps(_data(result), ensure_ascii=False))
        return code
    if result.ok or result.partial:
        output.emit(result.answer)
    if not quiet:
        _tell_failed_items(result)
        output.note(cost_text(result.usage, result.seconds))
    if result.error is not None:
        output.complain(failures.short(failures.told(result.error)))
    if result.partial:
        output.complain("this is the best answer so far, not the whole one", prefix="warning: ")
    _tell_undone(result)
    return code


def _code(result: Result) -> int:
    if result.status == "failed" and result.error is not None:
        return failures.exit_code(result.error)
    return _CODES.get(result.status, failures.FAILED)


def _data(result: Result) -> dict[str, Any]:
    data = result.as_json()
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


def report_stopped(events: Sequence[Event], kept: Sequence[str], *, as_data: bool) -> None:
    """Tell what a run that was stopped by Ctrl-C had done, and what is kept of it."""
    used = usage_of(events)
    seconds = events[-1].time if events else 0.0
    if as_data:
        data = {"status": "cancelled", "answer": None, "calls": used.calls, "seconds": round(seconds, 3)}
        output.emit(json.dumps(data | {"kept": list(kept)}, ensure_ascii=False))
        return
    output.note(f"stopped: {cost_text(used, seconds)}")
    for each in kept or ["nothing; with --record FILE the replies are kept next time"]:
        output.note(f"kept: {each}")
