"""Who is told what happens in a run: the caller, the log, and OpenTelemetry where the user asks for it.

Invariant: who logs and who traces hears all that the caller hears, and before the caller, whose exception ends the run.
Where nobody listens there is no listener, and a run need not tell things at once.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TypeAlias

from flowreason.engine.events import Event
from flowreason.errors import ConfigError

OnEvent: TypeAlias = Callable[[Event], None]

UNLOGGED: ContextVar[bool] = ContextVar("unlogged", default=False)
"""Whether runs are no runs of the user's, but probes: a log would tell of failures that nobody had."""
TRACE = "FLOWREASON_TRACE"
"""The variable by which a user has every run traced: `otel`."""


@asynccontextmanager
async def listening(on_event: OnEvent | None) -> AsyncIterator[OnEvent | None]:
    """All who listen to one run, as one; None where nobody does."""
    from flowreason.logs import Logs, anybody_listens

    listeners: list[OnEvent] = [Logs()] if anybody_listens() and not UNLOGGED.get() else []
    own = [] if on_event is None else [on_event]
    if not _traced():
        yield _together([*listeners, *own])
        return
    from flowreason.tracing import Tracing

    with Tracing() as tracing:
        yield _together([*listeners, tracing, *own])


def _traced() -> bool:
    asked = os.environ.get(TRACE, "").strip().lower()
    if asked not in ("", "none", "otel"):
        raise ConfigError(f"{TRACE} must be otel, or unset")
    return asked == "otel"


def _together(listeners: list[OnEvent]) -> OnEvent | None:
    if len(listeners) < 2:
        return listeners[0] if listeners else None

    def on_event(event: Event) -> None:
        for each in listeners:
            each(event)

    return on_event
