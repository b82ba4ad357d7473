"""One run as the app follows it: what it has told so far, and what it waits for a person to say.

Invariant: only the thread of the runs changes a `Live`; pages and streams read it, from any thread, and what they read
at one moment belongs together because lists only grow and the rest is replaced whole.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.ports import Usage
from flowreason_ui.view.phase import CONTINUED, PAUSED, RESUMED, WORDS, Phase
from flowreason_ui.writing import Writing, Written

Status: TypeAlias = Literal[
    "writing", "pricing", "running", "asking", "paused", "answered", "failed", "limit", "cancelled", "waiting"
]
"""`pricing`: whether it may run is asked; `asking`: a person is; `waiting`: it was left waiting for a person."""

_ENDS: Final[Mapping[Status, Phase]] = {
    "answered": "answered", "failed": "failed", "limit": "limit", "cancelled": "cancelled", "waiting": "waiting",
}  # fmt: skip
ENDED = frozenset(_ENDS)


@dataclass(eq=False)
class Asked:
    """A question to the person. `kind`: `price` (may it run?), `person` (the flow asks, or wants consent)."""

    kind: Literal["price", "person"]
    text: str
    type: str
    number: int
    said: asyncio.Future[str] = field(repr=False)


class Live:
    """A run. `origin` is what it was started from, `title` how people know it.

    `events` are those of all times that it was started or resumed, one after the other: `before` is how long it had run
    by then. `under_way` counts the calls to the model that are not answered yet. `_late`: how long
    after it was made its first event came, which its clock leaves out.
    """

    def __init__(self, title: str, origin: Any = None) -> None:
        self.id = secrets.token_hex(12)  # no `__`: a key of Streamlit's components has none
        self.title = title
        self.origin = origin
        self.began = time.time()
        self.before = 0.0
        self.events: list[Event] = []
        self.run = ""
        self.graph: Graph | None = None
        self.text = ""
        self.version = 0
        self.writing = Writing(())
        self.price = ""
        self.asked: tuple[Asked, ...] = ()
        self.paused = False
        self.under_way = 0
        self.kept_only = False
        self.result: fr.Result | None = None
        self.error = ""
        self.error_kind = ""
        self.ended: Status | None = None
        self.used: Usage | None = None
        self.ended_at = 0.0
        self.task: asyncio.Task[Any] | None = None
        self._listeners: set[Callable[[], None]] = set()
        self._lock = threading.Lock()
        self._numbers = 0
        self._late: float | None = None

    @property
    def status(self) -> Status:
        if self.ended is not None:
            return self.ended
        if self.asked:
            return "pricing" if self.asked[0].kind == "price" else "asking"
        if self.paused:
            return "paused"
        return "running" if self.graph is not None else "writing"

    def is_whole(self, events: int) -> bool:
        """Whether the flow had been written after so many events."""
        if self.graph is None:
            return False
        return events >= len(self.events) or not self.writing.begun or self.writing.after(events).done

    def written_after(self, events: int) -> Written:
        """How far the writing was after so many events."""
        return self.writing.after(events)

    @property
    def latest(self) -> Sequence[Event]:
        """The events since it was started or resumed last."""
        events = self.events[:]
        begun = next((n for n in range(len(events) - 1, -1, -1) if events[n].kind == RESUMED), -1)
        return events[begun + 1 :]

    @property
    def ended_as(self) -> tuple[Phase, str]:
        """How it ended, and in words; of one that was only looked at, that somebody else may be at work at it."""
        if getattr(self.origin, "alive", False):
            return "running", "Another program is at work at it"
        phase: Phase = "cancelled" if self.ended is None else _ENDS[self.ended]
        return phase, WORDS[phase]

    @property
    def over(self) -> bool:
        return self.ended is not None

    @property
    def seconds(self) -> float:
        """How long ago it began, in the time of its events."""
        known = self.events[-1].time if self.events else 0.0
        return known if self.over else max(known, self.before + time.time() - self.began - (self._late or 0.0))

    # --- who follows it ---

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change, in the thread of the runs; gives what ends that."""
        with self._lock:
            self._listeners.add(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return stop

    @property
    def followed(self) -> bool:
        return bool(self._listeners)

    def changed(self) -> None:
        """Tell all who listen."""
        with self._lock:
            listeners: Sequence[Callable[[], None]] = list(self._listeners)
        for listener in listeners:
            listener()

    # --- what the run tells (in the thread of the runs) ---

    def take(self, event: Event) -> None:
        """An event of the run."""
        number = len(self.events)
        if self.before or event.seq != number:
            event = event._replace(seq=number, time=event.time + self.before)
        late = max(0.0, self.before + time.time() - self.began - event.time)
        self._late = late if self._late is None else min(self._late, late)
        if event.kind.startswith("compile.") and not event.node:
            self.writing.take(event, number + 1)
            if self.graph is None:
                self.version = self.version + 1
        elif event.kind == "price":
            self.price = str(event.data.get("summary", ""))
        self.events.append(event)
        self.changed()

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Something that the app knows of the run, and the run does not (see `view.phase`)."""
        self.events.append(Event(len(self.events), self.seconds, kind, data=data))
        self.changed()

    def goes_on(self, earlier: Iterable[Event], data: Mapping[str, Any]) -> None:
        """What happened before the run was resumed; what comes from now on comes after it."""
        for event in earlier:
            self.take(event)
        self.before = self.events[-1].time if self.events else 0.0
        self.events.append(Event(len(self.events), self.before, RESUMED, data=data))
        self.began, self._late = time.time(), None

    def hold(self, paused: bool) -> None:
        """Nothing more is sent, or it goes on."""
        if paused != self.paused:
            self.paused = paused
            self.tell(PAUSED if paused else CONTINUED, {})

    def written(self, flow: fr.Flow) -> None:
        """The flow is there, and has not run."""
        self.graph, self.text = flow.graph, flow.text
        self.version += 1
        self.changed()

    async def ask(self, kind: Literal["price", "person"], text: str, type: str) -> str:
        """What the person says, whenever they do."""
        self._numbers += 1
        asked = Asked(kind, text, type, self._numbers, asyncio.get_running_loop().create_future())
        self.asked = (*self.asked, asked)
        self.changed()
        try:
            return await asked.said
        finally:
            self.asked = tuple(each for each in self.asked if each is not asked)
            self.changed()

    def end(self, status: Status, *, result: fr.Result | None = None, error: str = "", kind: str = "") -> None:
        """The run is over."""
        self.result, self.error, self.error_kind = result, error, kind
        if result is not None and self.graph is None:
            self.graph, self.text = result.graph, result.flow
            self.version += 1
        self.ended_at = time.time()
        self.ended = status
        self.changed()
