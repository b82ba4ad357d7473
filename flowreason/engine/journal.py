"""Where events are kept, in the order they happened, and handed to whoever listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowreason.engine.events import Event
from flowreason.engine.recorder import Recorder
from flowreason.engine.telling import Entry, Events

OnEvent = Callable[[Event], None]


class Journal:
    """The events of one run, from the compiler's first to the last. Append-only.

    `on_event` is told each, as it happens; `recorder` writes each down.
    """

    def __init__(self, on_event: OnEvent | None = None, recorder: Recorder | None = None) -> None:
        self.on_event = on_event
        self.recorder = recorder
        self.began = time.monotonic()
        self.events = Events(self.began)

    @property
    def live(self) -> bool:
        """Whether anybody wants to know at once."""
        return self.on_event is not None or self.recorder is not None

    def clock(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.began

    def say(self, kind: str, data: Mapping[str, Any], frame: str = "", node: str = "") -> None:
        """One event, now."""
        self.put(Event(len(self.events), self.clock(), kind, frame, node, data))

    def log(self, entries: Iterable[Entry]) -> None:
        """What the stepper logged: told at once to who listens, and otherwise when somebody looks."""
        self.events.later(entries)
        if self.live:
            for event in self.events.latest():
                self._hand_on(event)

    def put(self, event: Event) -> None:
        """Keep an event and hand it on."""
        self.events.append(event)
        self._hand_on(event)

    def _hand_on(self, event: Event) -> None:
        """What the listener raises is raised here, and it hears nothing more."""
        if self.recorder is not None:
            self.recorder.take(event)
        if self.on_event is not None:
            try:
                self.on_event(event)
            except BaseException:
                self.on_event = None
                raise
