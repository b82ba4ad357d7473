"""What comes of one question of many: a row.

Invariant: a row holds nothing of its run but what it says, so that rows given out take no memory here; one without an
answer says why, in a word (`reason`) and in a sentence (`error`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from flowreason.engine.limits import NOTHING, error_kind
from flowreason.errors import (
    Cancelled,
    ClaimLost,
    CompileError,
    FlowreasonError,
    LimitExceeded,
    ProviderError,
    RunBusy,
    SandboxError,
    StoreError,
    Suspended,
    UsageError,
)
from flowreason.ports import Usage
from flowreason.records import RunStatus
from flowreason.values import plain, show
from flowreason_dsl import FlowError

if TYPE_CHECKING:
    from flowreason.result import Result

Reason: TypeAlias = Literal[
    "", "input", "limit", "model", "flow", "person", "store", "sandbox", "busy", "stopped", "bug"
]
"""Why there is no whole answer. `input`: the row cannot be used; `limit`: a limit was reached; `model`: the model's
server refused or failed; `flow`: no flow was written for it, or a step failed; `person`: it waits for one; `store`,
`sandbox`: what it needs is broken; `busy`: another process is at it; `stopped`: it was cancelled; `bug`: our fault."""
REASONS: tuple[Reason, ...] = get_args(Reason)[1:]
WORDS: Mapping[str, str] = {
    "input": "could not be used as they are",
    "limit": "reached a limit",
    "model": "were refused or not answered by the model's server",
    "flow": "failed in their flow",
    "person": "wait for a person",
    "store": "could not be kept",
    "sandbox": "had no sandbox for their Python",
    "busy": "are at work in another process",
    "stopped": "were stopped",
    "bug": "met a bug of flowreason",
}
"""The reasons, as they are told of several rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One question and what came of it.

    `index` is its place, from 0; `id` the one that its row has (else its label in a frame, else its place, from 1);
    `given` the row as it came, `question` and `inputs` what was taken from it. `status`, `answer`, `value`,
    `partial`, `usage` and `seconds` are those of its run, `run_id` where it is kept, `method` how it was answered;
    `way` is `shared` where the flow was written for many questions, `own` where for this one. `over_all`: the limit
    that was reached is one over all.
    """

    index: int
    id: str
    question: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    status: RunStatus = "failed"
    answer: str = ""
    value: Any = None
    partial: bool = False
    error: str = ""
    error_kind: str = ""
    reason: Reason = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    run_id: str = ""
    method: str = ""
    way: str = ""
    over_all: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is a whole answer."""
        return self.status == "answered"

    def as_json(self) -> dict[str, Any]:
        """The row as plain data: what was given, and what came of it."""
        return {"index": self.index, "id": self.id, "given": plain(dict(self.given))} | outcome_of(self)

    def record(self) -> dict[str, Any]:
        """The row as one flat record, with values as they are: what was given, in its columns, and what came of it.

        `pandas.DataFrame(row.record() for row in batch(frame, …))` is the frame with its answers.
        """
        from flowreason.batch.columns import recorded

        return recorded(self)

    def __str__(self) -> str:
        return self.answer if self.ok else f"{self.reason or self.status}: {self.error}"


def outcome_of(row: Row) -> dict[str, Any]:
    """What came of a question, as plain data."""
    return {
        "answer": row.answer if row.ok or row.partial else None,
        "value": plain(row.value),
        "status": row.status,
        "partial": row.partial,
        "error": row.error or None,
        "reason": row.reason or None,
        "run": row.run_id or None,
        "method": row.method or None,
        "way": row.way or None,
        "calls": row.usage.calls,
        "tokens": row.usage.tokens,
        "money": row.usage.money,
        "seconds": round(row.seconds, 3),
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """A row whose question is known: what every row made of it begins with."""

    index: int
    id: str
    question: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    method: str = ""

    def came_to(self, result: Result, usage: Usage | None = None) -> Row:
        """The row of a run that has ended. `usage`: with what it used before it was interrupted."""
        error = result.error
        return Row(
            self.index, self.id, self.question, self.inputs, self.given, result.status, result.answer,
            result.value if result.ok or result.partial else None, result.partial,
            "" if error is None else told(error), "" if error is None else error_kind(error),
            "" if error is None else reason_of(error), usage or result.usage + result.earlier, result.seconds,
            result.run_id, result.method or self.method, result.way, _over_all(error),
        )  # fmt: skip

    def failed(self, error: BaseException, run_id: str = "", usage: Usage = NOTHING) -> Row:
        """The row of a question that could not be run to an end."""
        status: RunStatus = "limit" if isinstance(error, LimitExceeded) else "failed"
        return Row(
            self.index, self.id, self.question, self.inputs, self.given, status, error=told(error),
            error_kind=error_kind(error), reason=reason_of(error), usage=usage, run_id=run_id, method=self.method,
            over_all=_over_all(error),
        )  # fmt: skip

    def kept(
        self, status: RunStatus, value: Any, error: str, kind: str, usage: Usage, seconds: float, run_id: str
    ) -> Row:
        """The row of a run that had ended before, and was kept."""
        ended = status == "answered" or value is not None
        return Row(
            self.index, self.id, self.question, self.inputs, self.given, status, show(value) if ended else "", value,
            status == "limit" and value is not None, error, kind, "" if status == "answered" else _reason(status, kind),
            usage, seconds, run_id, self.method,
        )  # fmt: skip


def _over_all(error: BaseException | None) -> bool:
    return isinstance(error, LimitExceeded) and error.over_all


def told(error: BaseException) -> str:
    """An error in words; one that is none of ours with its kind before it."""
    if isinstance(error, FlowreasonError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def reason_of(error: BaseException) -> Reason:
    """Why there is no answer, in a word."""
    match error:
        case LimitExceeded():
            return "limit"
        case Suspended():
            return "person"
        case Cancelled():
            return "stopped"
        case ClaimLost() | RunBusy():
            return "busy"
        case StoreError():
            return "store"
        case SandboxError():
            return "sandbox"
        case CompileError() | FlowError():
            return "flow"
        case ProviderError():
            return "model"
        case UsageError():
            return "input"
        case FlowreasonError():
            return "flow"
    return "bug"


def _reason(status: RunStatus, kind: str) -> Reason:
    """The same for a run that was kept, from its status and the kind of its error."""
    if status in ("limit", "waiting", "cancelled"):
        return {"limit": "limit", "waiting": "person", "cancelled": "stopped"}[status]  # type: ignore[return-value]
    if kind in _KINDS_OF_MODEL:
        return "model"
    by_class: dict[str, Reason] = {"StoreError": "store", "SandboxError": "sandbox", "InputError": "input"}
    return by_class.get(kind, "flow")


_KINDS_OF_MODEL = ProviderError.HOPELESS | {"context", "refused", "rate", "server", "network", "timeout"}
"""Without `reply`, which is mostly said of a reply that the step could not use."""
