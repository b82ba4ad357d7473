"""Every error that flowreason raises on purpose, under one root, each carrying what it knows as data.

Invariant: the text of an error is at most three lines, says what to do, and never holds a key.
The root, `FlowSyntaxError` and `FlowCheckError` belong to the language and live in `flowreason_dsl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowreason_dsl.diagnostics import FlowreasonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowreason.engine.pending import Pending
    from flowreason_dsl.diagnostics import Diagnostic

__all__ = [
    "Cancelled",
    "ClaimLost",
    "CompileError",
    "ConfigError",
    "FlowreasonError",
    "GraphFormatError",
    "InputError",
    "JournalMismatch",
    "LimitExceeded",
    "NodeError",
    "ProviderError",
    "PythonError",
    "RecordingError",
    "RunBusy",
    "SandboxError",
    "StoreError",
    "Suspended",
    "UsageError",
    "is_fatal",
]


class UsageError(FlowreasonError):
    """Something the caller gave cannot be used: a missing input, a wrong type, a file that is not there."""


class InputError(UsageError):
    """An input of a flow is missing, unknown or of the wrong type."""


class GraphFormatError(UsageError):
    """A JSON graph that is no program. `faults` are all that is wrong: JSON pointers, with what to say of each."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{pointer or '/'}: {message}" for pointer, message in faults))


class ConfigError(UsageError):
    """A setting is missing or wrong: no key, a config file that others can read."""


class CompileError(FlowreasonError):
    """No valid flow was written for the question."""

    def __init__(self, message: str, draft: str = "", diagnostics: Sequence[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.draft = draft
        self.diagnostics = tuple(diagnostics)


class NodeError(FlowreasonError):
    """A step failed. `node` is its name in the graph, `frame` the activation it ran in."""

    def __init__(self, message: str, *, node: str = "", frame: str = "", kind: str = "node", line: int = 0) -> None:
        super().__init__(message)
        self.node = node
        self.frame = frame
        self.kind = kind
        self.line = line


class LimitExceeded(FlowreasonError):
    """A limit was reached. `limit` is its name (`calls`, `tokens`, `money`, `seconds`, `depth`, `rounds`).

    `over_all`: it is a limit over all questions of a batch.
    """

    def __init__(self, limit: str, allowed: float, message: str = "", *, over_all: bool = False) -> None:
        super().__init__(message or f"the limit of {allowed:g} {limit} was reached")
        self.limit = limit
        self.allowed = allowed
        self.over_all = over_all


class Cancelled(FlowreasonError):
    """The run was stopped by its owner; `reason` says why."""

    def __init__(self, reason: str = "cancelled") -> None:
        super().__init__(reason)
        self.reason = reason


class Suspended(FlowreasonError):
    """A run waits for a person, and goes on when they have answered. `pending` says what they are asked."""

    def __init__(self, message: str, pending: Sequence[Pending] = ()) -> None:
        super().__init__(message)
        self.pending = tuple(pending)


class ProviderError(FlowreasonError):
    """A model server did not give a usable answer.

    `kind` is one of `key`, `model`, `quota`, `context`, `refused`, `url`, `request` (hopeless: the next call fails
    as well) or `rate`, `server`, `network`, `timeout`, `reply` (worth another try). `status` is the HTTP status.
    """

    HOPELESS = frozenset({"key", "model", "quota", "url", "request"})

    def __init__(self, message: str, *, kind: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after

    @property
    def hopeless(self) -> bool:
        """Whether every further call would fail in the same way, so that the run should stop."""
        return self.kind in self.HOPELESS


class RecordingError(ProviderError):
    """A recording cannot be read, or does not hold a request."""

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message, kind="request", **data)


class SandboxError(FlowreasonError):
    """No sandbox can be had, or it broke."""


class PythonError(FlowreasonError):
    """Python in a flow failed.

    `kind` is the exception's name (`ZeroDivisionError`), or a limit: `timeout`, `memory`, `output`, `size`; `NotPlain`
    for a value that cannot be handed on; `crash`, `protocol` or `stopped` where its process ended; `unsupported` for
    what this sandbox cannot do. `line` is the line in the code (from 1), 0 where unknown.
    """

    def __init__(self, message: str, *, kind: str, line: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line


class StoreError(FlowreasonError):
    """Answers cannot be kept or read: the disk is full, the file is damaged, the database cannot be reached."""


class ClaimLost(StoreError):
    """Another process has taken the run over; what this one still does is not kept."""


class JournalMismatch(FlowreasonError):
    """What was kept of a run does not fit its flow: it was kept by another version, or changed since."""


class RunBusy(UsageError):
    """A run is at work elsewhere, so it cannot be taken over."""


def is_fatal(error: BaseException) -> bool:
    """Whether an error ends the whole run, because every further step would meet it as well."""
    match error:
        case LimitExceeded(limit=limit):
            return limit in ("calls", "tokens", "money", "seconds")
        case ProviderError():
            return error.hopeless
        case SandboxError() | StoreError() | Cancelled() | ConfigError():
            return True
    return False
