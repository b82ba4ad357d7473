"""What one viewer of a run is sent, and what they ask for: the protocol of the run view in the browser.

The browser opens a WebSocket and is sent JSON messages, each with its `kind`. Offsets into texts are in characters.

- `hello`, first: `light` and `dark` (style sheets of the chart), and for the legend `states` (sign, words and path of
  each) and `kinds` (words, size and drawing of each).
- `chart`, when the flow is there or changed, or a region was opened or closed: the drawing (`view.chart`), `text` of
  the flow, `tokens` (its words by kind, as `[start, end, kind]`), `whole`: not still being written, `version`. One who
  goes back to when the flow was being written is sent what there was of it then, or a drawing of nothing.
- `writing`, while the model writes the flow, and of the moment that is looked at: `text`, `tokens`, `statements`,
  `done`, `whole`, `drafts` (text, round and diagnostics of each, and what was mended in it), `fallback` (why a plain
  flow is used instead).
- `states`, when something happened, or the viewer went elsewhere in time: `things` (state, text and sign by key; `full`
  says whether they replace what was sent), `lit` (numbers of edges), `running` (keys); `at` and `of`: position and
  number of events; `live`: the viewer follows; `over`: the run has ended; `time`, `until`: seconds; `run`: as in
  `view.states.standing`; `status`, `words`, `sign`: what the run as a whole was doing then (`view.phase`); `told`: what
  the last event was, in a few words.
- `timeline`, at most once a second while the run goes on: `view.timeline` of the whole run so far, of which `bars` are
  those that are new or changed; `full`: they replace what was sent.
- `marks`, with the timeline: `times`, the places of the slider, each as `[number of events, seconds]`.
- `look`, when something was selected, or there is news of it: `key` (null: nothing), and `view.look`; `kept`: the run
  is kept, and another can be made from it.
- `gone`, when the run is not there.

The browser may send `{"do": "seek", "at": n}` (after n events; -1: follow), `{"do": "step", "by": n}` (so many events
on, or back), `{"do": "select", "key": …, "frame": …, "inner": …, "find": …}` (a key that is null: nothing; `find`: what
the frames are searched for), `{"do": "close", "keys": […]}` (the regions that are closed).

Invariant: what is sent is a function of the run's events and of what the viewer asked for; nothing that a viewer sends
changes a run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason_ui.live import Live
from flowreason_ui.view import legend
from flowreason_ui.view.chart import Chart, chart
from flowreason_ui.view.colours import colours
from flowreason_ui.view.course import Course
from flowreason_ui.view.look import look
from flowreason_ui.view.phase import SIGNS as PHASE_SIGNS
from flowreason_ui.view.phase import Phase
from flowreason_ui.view.phase import words as phase_words
from flowreason_ui.view.saying import in_words
from flowreason_ui.view.states import Paused, lit, standing, states
from flowreason_ui.view.timeline import Times
from flowreason_ui.view.told import Told
from flowreason_ui.view.words import words
from flowreason_ui.writing import LATER

FOLLOW = -1
PLACES = 400
"""Places of the time slider."""
TICK = 0.5
"""Seconds between two looks at the clock while a run goes on and says nothing."""
APART = 1.0
"""Seconds between two timelines of a run that goes on."""
LOOKS_APART = 0.3
"""Seconds between two looks at the same thing, while it goes on."""
CHARTS_APART = 0.25
"""Seconds between two charts of a flow that is being written."""
MOST_WAITING = 64
"""Messages of the browser that wait to be heeded; the oldest are dropped."""
MOST_CLOSED = 2000
MOST_CHARTS = 6
"""Charts that a viewer's connection keeps."""

_NOTHING: Message = {
    "width": 1, "height": 1, "elements": [], "things": [], "edges": [], "foldable": [], "closed": [],
}  # fmt: skip
_SILENT = frozenset({"compile.text"})
Message = dict[str, Any]


class Viewer:
    """One viewer of one run. `news` gives the messages that are due; `take` is told what the viewer asks for.

    `take` and `news` may be called in different threads, `news` in one at a time.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._asked: deque[Any] = deque(maxlen=MOST_WAITING)
        self._greeted = False
        self._at = FOLLOW
        self._closed: tuple[str, ...] = ()
        self._selected: tuple[str, ...] | None = None
        self._chart: Chart | None = None
        self._graph: Graph | None = None
        self._drawn: tuple[Any, ...] = ()
        self._drawn_at = float("-inf")
        self._elements: Any = None
        self._charts: dict[tuple[Any, ...], tuple[Graph, Chart]] = {}
        self._written: tuple[Any, ...] = ()
        self._course = Course()
        self._sent: Mapping[str, list[str]] = {}
        self._lit: list[int] = []
        self._shown: tuple[Any, ...] | None = None
        self._times = Times(None)
        self._timed: tuple[Any, ...] = ()
        self._timed_at = float("-inf")
        self._timed_events = 0
        self._told = Told()
        self._told_events = 0
        self._looked: tuple[Any, ...] = ()
        self._looked_at = float("-inf")
        self._due: float | None = None

    # --- what is asked for ---

    def take(self, message: Any) -> None:
        """Something that the browser sent; it is heeded when the next news is asked for."""
        self._asked.append(message)

    def _heed(self, message: Any) -> None:
        """What makes no sense is passed over."""
        if not isinstance(message, dict):
            return
        match message.get("do"):
            case "seek" if (at := _whole(message.get("at"))) is not None:
                self._at, self._shown = (FOLLOW if at < 0 else at), None
            case "step" if (by := _whole(message.get("by"))) is not None:
                self._at, self._shown = self._stepped(by), None
            case "select":
                key = message.get("key")
                more = [str(message.get(name) or "") for name in ("frame", "inner", "find")]
                self._selected = (key, *more) if isinstance(key, str) and key else None
                self._looked = ()
            case "close" if isinstance(keys := message.get("keys"), list):
                self._closed = tuple(key for key in keys[:MOST_CLOSED] if isinstance(key, str))

    def _stepped(self, by: int) -> int:
        """The position so many events on; pieces of a text that is being written are gone over."""
        events, at = self._live.events, self._number()
        step = 1 if by > 0 else -1
        for _ in range(min(abs(by), len(events))):
            at += step
            while 0 < at < len(events) and events[at - 1].kind in _SILENT:
                at += step
        return max(0, min(at, len(events)))

    # --- what is due ---

    def news(self, now: float | None = None) -> list[Message]:
        """The messages that are due."""
        now = time.monotonic() if now is None else now
        self._due = None
        while self._asked:
            self._heed(self._asked.popleft())
        n = self._number()
        return [
            *self._greeting(),
            *self._writing(n),
            *self._drawing(n, now),
            *self._states(n),
            *self._timing(now),
            *self._look(n, now),
        ]

    @property
    def following(self) -> bool:
        return self._at == FOLLOW

    @property
    def patience(self) -> float | None:
        """Seconds until something is due though nothing happens meanwhile; None where nothing is."""
        return self._due

    def _number(self) -> int:
        """How many events the viewer is shown."""
        known = len(self._live.events)
        return known if self.following else min(self._at, known)

    def _clock(self) -> float:
        """Seconds since a run began that goes on and is followed, also while nothing is heard of it; else 0."""
        live = self._live
        if live.over or not self.following or not live.events or live.paused or live.asked:
            return 0.0
        self._later(TICK)
        return live.seconds

    def _later(self, seconds: float) -> None:
        """Something was put off."""
        self._due = seconds if self._due is None else min(self._due, seconds)

    def _greeting(self) -> Iterator[Message]:
        if not self._greeted:
            self._greeted = True
            yield {"kind": "hello", **colours(), "states": legend.states(), "kinds": legend.kinds()}

    def _writing(self, n: int) -> Iterator[Message]:
        live = self._live
        known, whole = live.written_after(n), live.is_whole(n)
        stamp = (len(known.text), known.statements, len(known.drafts), known.done, whole)
        if stamp == self._written or not (known.text or known.drafts or self._written):
            return
        self._written = stamp
        yield {
            "kind": "writing", "text": known.text, "statements": known.statements, "done": known.done, "whole": whole,
            "fallback": known.fallback, "tokens": words(known.text),
            "drafts": [
                {"text": d.text, "round": d.round, "diagnostics": list(d.diagnostics), "mended": list(d.mended)}
                for d in known.drafts
            ],
        }  # fmt: skip

    def _drawing(self, n: int, now: float) -> Iterator[Message]:
        live = self._live
        whole = live.is_whole(n)
        graph = live.graph if whole else live.written_after(n).graph
        if graph is self._graph and self._drawn == (self._closed, whole):
            return
        if self.following and not whole and graph is not self._graph and now - self._drawn_at < CHARTS_APART:
            self._later(CHARTS_APART - (now - self._drawn_at))
            return
        nothing_yet = graph is None and self._graph is None
        self._drawn, self._graph, self._drawn_at = (self._closed, whole), graph, now
        if nothing_yet:
            return
        self._chart = None if graph is None else self._laid_out(graph, whole)
        made, text = (_NOTHING, "") if self._chart is None else (self._chart.as_json(), self._chart_text())
        if (made, whole) == self._elements:
            return  # more text, and the same picture
        self._elements = made, whole
        self._shown, self._looked = None, ()
        yield {
            "kind": "chart", **made, "text": text, "tokens": words(text), "version": live.version, "whole": whole,
        }  # fmt: skip

    def _chart_text(self) -> str:
        return "" if self._graph is None else self._graph.source.text

    def _laid_out(self, graph: Graph, whole: bool) -> Chart:
        """The chart of a graph; the latest are kept, for one who goes back and forth."""
        place = id(graph), self._closed, whole
        known = self._charts.pop(place, None) or (graph, chart(graph, self._closed, "" if whole else _LATER_TEXT))
        self._charts[place] = known
        while len(self._charts) > MOST_CHARTS:
            del self._charts[next(iter(self._charts))]
        return known[1]

    def _states(self, n: int) -> Iterator[Message]:
        live, events, clock = self._live, self._live.events, self._clock()
        stamp = (n, len(events), live.status, live.paused and live.under_way, self.following, int(clock))
        if stamp == self._shown:
            return
        full = self._shown is None
        self._shown = stamp
        view = self._course.go(events, n)
        paused = self._paused(n)
        found = states(self._chart, view, paused) if self._chart is not None else {}
        before = {} if full else self._sent
        changed = {key: state for key, state in found.items() if before.get(key) != state}
        changed |= {key: ["waiting", "", ""] for key in before.keys() - found.keys()}
        self._sent = found
        last = events[-1].time if events else 0.0
        yield {
            "kind": "states", "full": full, "things": changed,
            "lit": lit(self._chart, found, view) if self._chart is not None else [],
            "running": [key for key, state in found.items() if state[0] in ("running", "ready", "asking")],
            "at": n, "of": len(events), "live": self.following, "over": live.over,
            "time": round(events[n - 1].time if n else 0.0, 4), "until": round(last, 4),
            "run": standing(view, clock, self._course.moment.recalled),
            "told": in_words(events[n - 1]) if n else "", **self._phase(n),
        }  # fmt: skip

    def _paused(self, n: int) -> Paused | None:
        """The requests that come to their end in a pause; None where it is none. Of now the app knows how many."""
        moment, now = self._course.moment, n >= len(self._live.events)
        if moment.phase != "paused":
            return None
        return {} if now and not self._live.under_way else moment.before

    def _phase(self, n: int) -> Message:
        """What the run was doing after n events; at their end, what the app knows of it beside."""
        live, moment = self._live, self._course.moment
        phase: Phase = moment.phase
        now = n >= len(live.events)
        told = phase_words(moment, live.under_way if now else sum(map(len, moment.before.values())))
        if now:
            if live.ended is not None:
                phase, told = live.ended_as
            elif live.asked and live.asked[0].kind == "price":
                phase, told = "priced", "Waiting for your word: may it run?"
        return {"status": phase, "words": told, "sign": PHASE_SIGNS.get(phase, "")}

    def _timing(self, now: float) -> Iterator[Message]:
        live, events = self._live, self._live.events
        n, clock = len(events), self._clock()
        graph = live.graph if live.graph is not None else live.writing.graph
        stamp = (n, live.over, id(graph), int(clock))
        if stamp == self._timed:
            return
        if not live.over and now - self._timed_at < APART:
            self._later(APART - (now - self._timed_at))
            return
        self._timed, self._timed_at = stamp, now
        full = self._timed_events == 0 or self._times.graph is not graph
        if self._times.graph is not graph:
            self._times, self._timed_events = Times(graph), 0
        for number in range(self._timed_events, n):
            self._times.take(events[number])
        self._timed_events = n
        changed = self._times.news()
        whole = self._times.timeline()
        totals = whole.totals()
        totals["seconds"] = max(totals["seconds"], round(clock, 4))
        yield {"kind": "timeline", "full": full, **totals, "bars": [bar.as_json() for bar in changed]}
        yield {"kind": "marks", "times": _places(events[:n])}

    def _look(self, n: int, now: float) -> Iterator[Message]:
        if self._selected is None:
            if self._looked != ("nothing",):
                self._looked = ("nothing",)
                yield {"kind": "look", "key": None}
            return
        key, frame, inner, find = self._selected
        flow, _, id = key.partition(":")
        members = self._members(key, id)
        told = self._told_at(n)
        kept = bool(self._live.run)
        stamp = (self._selected, told.count(flow, members), told.times, len(told.closed) if inner else 0, kept)
        if stamp == self._looked:
            return
        if self._looked and self._looked[0] == stamp[0] and self.following and now - self._looked_at < LOOKS_APART:
            self._later(LOOKS_APART - (now - self._looked_at))
            return
        self._looked, self._looked_at = stamp, now
        found = look(self._graph, told, flow, members, frame, inner, find)
        yield {"kind": "look", "key": key, "kept": kept, **found}

    def _told_at(self, n: int) -> Told:
        """What the first n events say."""
        if n < self._told_events:
            self._told, self._told_events = Told(), 0
        events = self._live.events
        for number in range(self._told_events, n):
            self._told.take(events[number])
        self._told_events = n
        return self._told

    def _members(self, key: str, id: str) -> tuple[str, ...]:
        found = next((thing for thing in self._chart.things if thing.key == key), None) if self._chart else None
        return found.members if found is not None else (id,)


_LATER_TEXT = LATER.partition('"')[2].rstrip('"')


def _whole(value: Any) -> int | None:
    """A whole number that can be one of events."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


def _places(events: Sequence[Event]) -> list[list[float]]:
    """Where the slider can stop: after events that are seen, at most so many, and the first and last always."""
    seen = [n for n, event in enumerate(events, 1) if event.kind not in _SILENT]
    step = max(1, -(-len(seen) // PLACES))
    chosen = [*seen[::step], *([seen[-1]] if seen and (len(seen) - 1) % step else [])]
    return [[n, round(events[n - 1].time, 4)] for n in chosen]
