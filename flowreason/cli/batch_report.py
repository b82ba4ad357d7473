"""How a batch ended: what was answered, what was not and why, what it cost, and how one goes on.

Invariant: everything told counts the whole file, earlier times included; costs are those of all times together.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowreason.cli import failures, output
from flowreason.cli.batch_screen import used_parts
from flowreason.cli.options import Shown
from flowreason.view.progress import seconds_text

if TYPE_CHECKING:
    from flowreason.batch.output import Output
    from flowreason.batch.run import Tally
    from flowreason.errors import LimitExceeded
    from flowreason.ports import Usage


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `over` a limit over all, by an `error`, `stopped` by a signal, or with the last question."""

    tally: Tally
    used: Usage
    over: LimitExceeded | None = None
    error: BaseException | None = None
    stopped: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How the rows stand."""

    answered: int
    unbegun: int
    reasons: Counter[str]
    total: int | None

    @property
    def failed(self) -> int:
        return self.reasons.total()

    @property
    def left(self) -> int:
        """Rows that are not there yet, as far as is known."""
        return 0 if self.total is None else max(0, self.total - self.answered - self.failed)


def report(ended: Ended, written: Output | None, total: int | None, shown: Shown) -> int:
    """Tell how it ended; gives the exit code."""
    counts = _counts(ended, written, total)
    code = _code(ended, counts)
    if shown.as_data:
        output.emit(json.dumps(_data(ended, counts, written, code), ensure_ascii=False))
    elif not shown.quiet:
        _tell(ended, counts, written)
    if ended.error is not None and not shown.as_data:
        output.complain(failures.short(failures.told(ended.error)))
        output.note("nothing is lost: the same command goes on" if written is not None else "the rows so far are above")
    return code


def _counts(ended: Ended, written: Output | None, total: int | None) -> Counts:
    if written is not None:
        return Counts(written.answered, written.unbegun, written.reasons(), total)
    return Counts(ended.tally.answered, 0, Counter(ended.tally.reasons), total)


def _code(ended: Ended, counts: Counts) -> int:
    if ended.error is not None:
        return failures.exit_code(ended.error)
    if ended.over is not None:
        return failures.LIMITED
    if ended.stopped and (counts.left or counts.total is None):
        return 128 + ended.stopped
    return failures.FAILED if counts.failed or counts.unbegun else failures.ANSWERED


def _data(ended: Ended, counts: Counts, written: Output | None, code: int) -> dict[str, Any]:
    """The summary as plain data."""
    status = "cancelled" if code > 128 else {0: "answered", 3: "limit"}.get(code, "failed")
    return {
        "status": status if ended.error is None else "failed",
        "rows": counts.answered + counts.failed + counts.unbegun,
        "answered": counts.answered,
        "failed": counts.failed,
        "reasons": dict(counts.reasons),
        "left": counts.left,
        "without_calls": ended.tally.free,
        "calls": ended.used.calls,
        "tokens": ended.used.tokens,
        "money": ended.used.money,
        "seconds": round(ended.tally.seconds, 3),
        "output": None if written is None else str(written.path),
        "error": None if ended.error is None else failures.error_json(ended.error),
    }


def _tell(ended: Ended, counts: Counts, written: Output | None) -> None:
    parts = [f"{counts.answered:,} answered"]
    if counts.failed:
        parts.append(f"{counts.failed:,} not")
    if counts.left:
        parts.append(f"{counts.left:,} left")
    output.note(" · ".join([*parts, *used_parts(ended.used), seconds_text(ended.tally.seconds)]))
    if ended.tally.free and ended.used.calls:
        output.note(f"{ended.tally.free:,} of {ended.tally.done:,} took no call to the model")
    if ended.tally.shared:
        output.note(f"{ended.tally.shared:,} of {ended.tally.done:,} had a flow that was written for many")
    from flowreason.batch.row import WORDS

    for reason, count in counts.reasons.most_common():
        output.note(f"  {count:,} {WORDS.get(reason, reason)} ({reason})")
    if ended.over is not None and ended.error is None:
        output.complain(failures.short(str(ended.over)))
    if written is None:
        return
    output.note(f"the rows are in {written.path}")
    if ended.error is None and (ended.stopped or ended.over is not None) and counts.left:
        output.note("the same command goes on" + (" within a higher limit" if ended.over is not None else ""))
    if counts.failed and ended.error is None:
        output.note("the same command with --retry-failed tries those again that failed")
