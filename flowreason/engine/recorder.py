"""Writes the events of a run down while they happen.

Invariant: events are handed to the store in their order, and before any answer or outcome that was kept after them: so
the events that are found after a crash are a beginning of those that happened.
"""

from __future__ import annotations

import asyncio
from typing import Any

from flowreason.engine import shorthand
from flowreason.engine.events import Event
from flowreason.records import Batch, Claim, Note, Outcome, Store, Text

SOON = 0.05
"""Seconds after which events are handed over where nothing else is written."""
MOST = 256
"""Events that are handed over together."""


class Recorder:
    """Takes the events of one session of a run."""

    def __init__(self, store: Store, claim: Claim) -> None:
        self._store = store
        self._claim = claim
        self._events: list[Any] = []
        self._outcomes: list[Outcome] = []
        self._texts: dict[str, str] = {}
        self._known: set[str] = set()
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def take(self, event: Event) -> None:
        """One more event."""
        self._events.append(shorthand.shorten(event, self._keep))
        self._soon()

    def add(self, outcome: Outcome) -> None:
        """The outcome of a step, which belongs between the events before and after it."""
        self._outcomes.append(outcome)
        self._soon()

    def _soon(self) -> None:
        if len(self._events) + len(self._outcomes) >= MOST:
            self.hand_over()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SOON, self.hand_over)

    def _keep(self, text: str) -> str:
        name = shorthand.hash_of(text)
        if name not in self._known:
            self._known.add(name)
            self._texts[name] = text
        return name

    def hand_over(self) -> None:
        """Hand what has been taken to the store."""
        notes = self.waiting()
        if notes:
            self._store.note(self._claim, *notes)

    def waiting(self) -> list[Note]:
        """What has been taken and not handed over, for whoever hands it over now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        notes: list[Note] = [Text(name, text) for name, text in self._texts.items()]
        if self._events:
            notes.append(Batch(self._next, self._events))
        notes += self._outcomes
        self._next += len(self._events)
        self._events, self._texts, self._outcomes = [], {}, []
        return notes
