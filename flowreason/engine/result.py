"""What a run gave, as functions of its events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from flowreason.engine.events import Event
from flowreason.engine.undone import Undone, undone_of
from flowreason.errors import FlowreasonError
from flowreason.ports import Usage

Status: TypeAlias = Literal["answered", "failed", "limit", "cancelled", "waiting"]


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One item of a loop that failed and is null in its list."""

    frame: str
    node: str
    index: int
    error: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: `value` where it answered, `error` where it did not, and everything that happened.

    `partial`: a limit was reached, and `value` is the best answer so far.
    """

    status: Status
    value: Any = None
    error: FlowreasonError | None = None
    events: Sequence[Event] = field(default=(), repr=False)
    partial: bool = False

    @property
    def usage(self) -> Usage:
        return usage_of(self.events)

    @property
    def seconds(self) -> float:
        return self.events[-1].time if self.events else 0.0

    @property
    def undone(self) -> tuple[Undone, ...]:
        """What the limit that ended the run left undone."""
        return undone_of(self.events) if self.status == "limit" else ()

    @property
    def failed_items(self) -> tuple[FailedItem, ...]:
        return tuple(
            FailedItem(e.frame, e.node, e.data["index"], e.data["error"])
            for e in self.events
            if e.kind == "item.failed"
        )


def usage_of(events: Iterable[Event]) -> Usage:
    """Calls, tokens and money of the requests among the events; what came from an equal call is free."""
    total = Usage()
    for event in events:
        if event.kind in ("node.reply", "node.unanswered") and not event.data.get("shared"):
            data = event.data
            total += Usage(data.get("calls", 1), data["prompt_tokens"], data["completion_tokens"], data["money"])
    return total
