"""How a run ended: the answer first and alone on stdout, then on stderr what it cost and what went wrong.

Invariant: everything shown is a function of the result or of the events.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowreason.cli import failures, output
from flowreason.engine.result import usage_of

if TYPE_CHECKING:
    from flowreason.engine.events import Event
    from flowreason.ports import Usage
    from flowreason.result import Result

_CODES = {"answered": failures.ANSWERED, "limit": failures.LIMITED, "cancelled": failures.CANCELLED}


def report(result: Result, *, as_data: bool, quiet: bool) -> int:
    """Tell how a run ended; gives the exit code."""
    code = _CODES.get(result.status) if result.error is None or result.status != "failed" else None
    if code is None:
        code = failures.exit_code(result.error) if result.error else failures.FAILED
    if as_data:
        output.emit(json.dumps(_data(result), ensure_ascii=False))
        return code
    if result.ok:
        output.emit(result.answer)
    if not quiet:
        _tell_failed_items(result)
        output.note(cost(result.usage, result.seconds))
    if result.error is not None:
        output.complain(failures.short(failures.told(result.error)))
    return code


def _data(result: Result) -> dict[str, Any]:
    data = result.as_json()
    if result.error is not None:
        data["error"] = failures.error_json(result.error)
    return data


def _tell_failed_items(result: Result) -> None:
    items = result.failed_items
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
    output.note(f"stopped: {cost(used, seconds)}")
    for each in kept or ["nothing; with --record FILE the replies are kept next time"]:
        output.note(f"kept: {each}")


def cost(usage: Usage, seconds: float) -> str:
    """What was used, in one line."""
    calls = "1 call" if usage.calls == 1 else f"{usage.calls:,} calls"
    parts = [calls, f"{usage.tokens:,} tokens"] if usage.calls else ["no calls"]
    if usage.calls:
        parts.append("price unknown" if usage.money is None else dollars(usage.money))
    return ", ".join([*parts, f"{seconds:.1f} s"])


def dollars(money: float) -> str:
    """Money as people read it: `$0.12`, and small sums with enough digits to be seen."""
    return f"${money:.2f}" if money >= 0.1 or money == 0 else f"${money:.2g}" if money >= 1e-4 else "less than $0.0001"
