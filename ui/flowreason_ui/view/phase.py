"""Events → what a run as a whole is doing, in a word: from the writing of its flow to how it ended.

Invariant: it is a function of the events, so that it can be told of every moment. What stands in no event of the engine
is told by the app as one: that a person paused the run (`PAUSED`, `CONTINUED`), and that it was resumed (`RESUMED`,
with `after`: the seconds for which nobody was at work at it, or None).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from flowreason.engine.events import Event

PAUSED: Final = "run.paused"
CONTINUED: Final = "run.continued"
RESUMED: Final = "run.resumed"

Phase: TypeAlias = Literal[
    "starting", "writing", "mending", "checking", "priced", "running", "asking", "consent", "held", "finishing",
    "paused", "answered", "failed", "limit", "cancelled", "waiting",
]  # fmt: skip
"""`priced`: it may be asked whether it shall run; `asking` and `consent`: a person is asked; `held`: it waits for a
limit of the server; `finishing`: a limit of the run is reached; `waiting`: it was left waiting for a person."""

WORDS: Final[Mapping[Phase, str]] = {
    "starting": "Starting",
    "writing": "Writing the flow",
    "mending": "Mending the flow",
    "checking": "Checking the flow",
    "priced": "Ready to run",
    "running": "Running",
    "asking": "Waiting for you",
    "consent": "Waiting for your consent",
    "held": "Waiting for the model’s server",
    "finishing": "Ending: a limit is reached",
    "paused": "Paused",
    "answered": "Answered",
    "failed": "Failed",
    "limit": "Stopped at a limit",
    "cancelled": "Cancelled",
    "waiting": "Left waiting for a person",
}
SIGNS: Final[Mapping[Phase, str]] = {
    "paused": "❚❚", "answered": "✓", "failed": "✗", "limit": "■", "cancelled": "■", "asking": "?", "consent": "?",
    "priced": "?", "waiting": "?",
}  # fmt: skip
"""A sign, so that no state is told by colour alone; what goes on has a dot."""

_ENDS: Final[Mapping[str, Phase]] = {
    "run.finished": "answered", "run.failed": "failed", "run.cancelled": "cancelled", "run.waiting": "waiting",
}  # fmt: skip
_SERVER = frozenset({"rate", "retry-after", "breaker"})
"""What a request waits for that is the server's."""
_GIVEN_BACK = frozenset({"node.reply", "node.unanswered"})
_OVER = frozenset({"node.done", "node.failed", "node.skipped", "node.cancelled"})
Place: TypeAlias = tuple[str, str]


@dataclass
class Moment:
    """What the events up to a moment say of the run as a whole. `recalled` counts outcomes that were known from before
    it was resumed. `before` are the requests that were under way when it was paused, and are not answered yet."""

    at: Phase = "starting"
    ahead: bool = False
    drafts: int = 0
    recalled: int = 0
    paused: bool = False
    exhausted: bool = False
    asked: dict[Place, list[str]] = field(default_factory=dict)
    sent: dict[Place, set[int]] = field(default_factory=dict)
    held: dict[Place, set[int]] = field(default_factory=dict)
    before: dict[Place, set[int]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One more event."""
        kind = event.kind
        if event.node:
            self._step(event)
        elif kind in _ENDS:
            self._ends(event)
        elif kind in (PAUSED, CONTINUED):
            self.paused = kind == PAUSED
            waiting = {place: draws - self.held.get(place, set()) for place, draws in self.sent.items()}
            self.before = {place: draws for place, draws in waiting.items() if draws} if self.paused else {}
        elif kind == "run.exhausted":
            self.exhausted = True
        else:
            self._before(event)

    def _before(self, event: Event) -> None:
        """What happens before the first step, as a rule."""
        match event.kind:
            case "compile.started":
                self.at, self.drafts = "writing", 0
            case "compile.text" if self.at == "checking":
                self.at = "writing"
            case "compile.draft":
                self.drafts += 1
                faulty = any(each.get("severity") == "error" for each in event.data.get("diagnostics") or ())
                self.at = "mending" if faulty else "checking"
            case "compile.done":
                self.at, self.ahead = "checking", False
            case "price":
                self.at = "priced"
            case "run.started":
                self.at = "running"

    def _ends(self, event: Event) -> None:
        self.at = _ENDS[event.kind]
        if event.kind == "run.failed" and event.data.get("error_kind") == "limit":
            self.at = "limit"
        self.paused = self.exhausted = False
        self.sent, self.held, self.asked, self.before = {}, {}, {}, {}

    def _step(self, event: Event) -> None:
        frame, kind = event.frame.removeprefix("early/"), event.kind
        if frame != event.frame and self.at in ("writing", "mending"):
            self.ahead = True
        place, draw = (frame, event.node), int(event.data.get("sample") or 0)
        if kind == "node.request":
            self.sent.setdefault(place, set()).add(draw)
            self._goes_on(place, draw)
        elif kind == "node.retry" or (kind == "node.wait" and event.data.get("for") in _SERVER):
            self.held.setdefault(place, set()).add(draw)
        elif kind in _GIVEN_BACK:
            self.sent.get(place, set()).discard(draw)
            _drop(self.before, place, draw)
            self._goes_on(place, draw)
        elif kind == "node.recalled":
            self.recalled += event.data.get("whose") == "run"
        elif kind in _OVER:
            for waiting in (self.asked, self.sent, self.held, self.before):
                waiting.pop(place, None)
        elif kind == "person.asked":
            self.asked.setdefault(place, []).append(str(event.data.get("kind") or "person"))
        elif kind == "person.answered":
            del self.asked.get(place, [""])[:1]

    def _goes_on(self, place: Place, draw: int) -> None:
        """A request waits for the server no more."""
        _drop(self.held, place, draw)

    # --- what is told ---

    @property
    def phase(self) -> Phase:
        """The one word that says most."""
        if self.at in _ENDS.values() or self.at == "limit":
            return self.at
        if self.paused:
            return "paused"
        if self.at != "running":
            return self.at
        asked = [kind for kinds in self.asked.values() for kind in kinds]
        if asked:
            return "consent" if asked[0] == "consent" else "asking"
        if self.held and all(draws <= self.held.get(place, set()) for place, draws in self.sent.items()):
            return "held"
        return "finishing" if self.exhausted else "running"


def _drop(draws: dict[Place, set[int]], place: Place, draw: int) -> None:
    """One of a step's requests is not among these any more."""
    known = draws.get(place)
    if known is not None:
        known.discard(draw)
        if not known:
            del draws[place]


PAUSING: Final = "Pausing…"


def pausing(under_way: int) -> str:
    """How a pause is told: as one that begins, while calls come to their end, or as one that is there."""
    if not under_way:
        return WORDS["paused"]
    calls = "1 call under way ends" if under_way == 1 else f"{under_way:,} calls under way end"
    return f"{PAUSING} {calls} first"


def words(moment: Moment, under_way: int = 0) -> str:
    """What a run is doing, for the head of its view. `under_way`: calls that a pause lets come to their end."""
    phase = moment.phase
    if phase == "paused":
        return pausing(under_way)
    told = WORDS[phase]
    if phase in ("writing", "mending") and moment.ahead:
        return f"{told}, first steps already run"
    if phase == "asking" and any(moment.sent.values()):
        return f"{told}, other steps go on"
    return told
