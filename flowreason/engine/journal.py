"""Where events are kept, in the order they happened, and handed to whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flowreason.engine.events import Event

OnEvent = Callable[[Event], None]


class Journal:
    """The events of one run, from the compiler's first to the last. Append-only."""

    def __init__(self, on_event: OnEvent | None = None) -> None:
        self.events: list[Event] = []
        self.on_event = on_event
        self.began = time.monotonic()

    def clock(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.began

    def say(self, kind: str, data: Mapping[str, Any], frame: str = "", node: str = "") -> None:
        """One event, now."""
        self.put(Event(len(self.events), self.clock(), kind, frame, node, data))

    def put(self, event: Event) -> None:
        """Keep an event and hand it on. What the listener raises is raised here, and it hears nothing more."""
        self.events.append(event)
        if self.on_event is not None:
            try:
                self.on_event(event)
            except BaseException:
                self.on_event = None
                raise
