"""What one viewer of a run is sent, and what they ask for: the protocol of the run view in the browser.

The browser opens a WebSocket and is sent JSON messages, each with its `kind`. Offsets into texts are in characters.

- `chart`, when the flow is there or changed, or a region was opened or closed: the drawing (`view.chart`), `text` of
  the flow, `tokens` (its words by kind, as `[start, end, kind]`), `whole`: not still being written, `version`.
- `writing`, while the model writes the flow: `text`, `tokens`, `statements`, `done`, `drafts` (text, round and
  diagnostics of each), `fallback` (why a plain flow is used instead).
- `states`, when something happened, or the viewer went elsewhere in time: `things` (state, text and sign by key; `full`
  says whether they replace what was sent), `lit` (numbers of edges), `running` (keys); `at` and `of`: position and
  number of events; `live`: the viewer follows; `over`: the run has ended; `time`, `until`: seconds; `run`: as in
  `view.states.standing`; `status`: of the run as a whole.
- `timeline`, at most once a second while the run goes on: `view.timeline`, up to the position.
- `marks`, with the timeline: `times`, the places of the slider, each as `[number of events, seconds]`.
- `look`, when something was selected, or there is news of it: `key` (null: nothing), and `view.look`.
- `gone`, when the run is not there.

The browser may send `{"do": "seek", "at": n}` (after n events; -1: follow), `{"do": "select", "key": …, "frame": …}`
(null: nothing), `{"do": "close", "keys": […]}` (the regions that are closed).

Invariant: what is sent is a function of the run's events and of what the viewer asked for; nothing that a viewer sends
changes a run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.progress import RunView, fold
from flowreason_ui.live import Live
from flowreason_ui.view.chart import Chart, chart
from flowreason_ui.view.look import look
from flowreason_ui.view.states import lit, standing, states
from flowreason_ui.view.timeline import timeline
from flowreason_ui.view.words import words

FOLLOW = -1
PLACES = 400
"""Places of the time slider."""
APART = 1.0
"""Seconds between two timelines of a run that goes on."""

Message = dict[str, Any]


class Viewer:
    """One viewer of one run. `news` gives the messages that are due; `take` is told what the viewer asks for."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._at = FOLLOW
        self._closed: tuple[str, ...] = ()
        self._selected: tuple[str, str] | None = None
        self._chart: Chart | None = None
        self._graph: Graph | None = None
        self._drawn: tuple[Any, ...] = ()
        self._written: tuple[Any, ...] = ()
        self._view = RunView()
        self._folded = 0
        self._sent: Mapping[str, list[str]] = {}
        self._shown: tuple[Any, ...] | None = None
        self._timed: tuple[Any, ...] = ()
        self._timed_at = 0.0
        self._looked: tuple[Any, ...] = ()

    # --- what is asked for ---

    def take(self, message: Any) -> None:
        """Something that the browser sent; what makes no sense is passed over."""
        if not isinstance(message, dict):
            return
        match message.get("do"):
            case "seek" if isinstance(at := message.get("at"), int):
                self._at = FOLLOW if at < 0 else at
                self._timed, self._shown = (), None
            case "select":
                key, frame = message.get("key"), message.get("frame")
                self._selected = (key, str(frame or "")) if isinstance(key, str) and key else None
                self._looked = ()
            case "close" if isinstance(keys := message.get("keys"), list):
                self._closed = tuple(key for key in keys if isinstance(key, str))

    # --- what is due ---

    def news(self, now: float | None = None) -> list[Message]:
        """The messages that are due."""
        now = time.monotonic() if now is None else now
        events = self._events()
        return [
            *self._writing(),
            *self._drawing(),
            *self._states(events),
            *self._times(events, now),
            *self._look(events),
        ]

    @property
    def following(self) -> bool:
        return self._at == FOLLOW

    def _events(self) -> Sequence[Event]:
        """The events that the viewer is shown."""
        all_of_them = self._live.events
        return all_of_them[: len(all_of_them) if self.following else min(self._at, len(all_of_them))]

    def _writing(self) -> Iterator[Message]:
        writing = self._live.writing
        drafts = writing.drafts
        stamp = (len(writing.text), writing.statements, len(drafts), writing.done)
        if stamp != self._written and (writing.text or drafts):
            self._written = stamp
            yield {
                "kind": "writing", "text": writing.text, "statements": writing.statements, "done": writing.done,
                "fallback": writing.fallback, "tokens": words(writing.text),
                "drafts": [{"text": d.text, "round": d.round, "diagnostics": list(d.diagnostics)} for d in drafts],
            }  # fmt: skip

    def _drawing(self) -> Iterator[Message]:
        live = self._live
        graph = live.graph if live.graph is not None else live.writing.graph
        stamp = (id(graph), self._closed)
        if graph is None or stamp == self._drawn:
            return
        self._drawn, self._graph = stamp, graph
        self._chart = chart(graph, self._closed)
        self._shown, self._looked = None, ()
        text = graph.source.text
        whole = live.graph is not None
        yield {
            "kind": "chart", **self._chart.as_json(), "text": text, "tokens": words(text), "version": live.version,
            "whole": whole,
        }  # fmt: skip

    def _states(self, events: Sequence[Event]) -> Iterator[Message]:
        live = self._live
        stamp = (len(events), live.status, live.paused, self.following)
        if self._chart is None or stamp == self._shown:
            return
        full = self._shown is None
        self._shown = stamp
        if len(events) < self._folded:
            self._view, self._folded = RunView(), 0
        for event in events[self._folded :]:
            fold(self._view, event)
        self._folded = len(events)
        found = states(self._chart, self._view)
        before = {} if full else self._sent
        changed = {key: state for key, state in found.items() if before.get(key) != state}
        changed |= {key: ["waiting", "", ""] for key in before.keys() - found.keys()}
        self._sent = found
        last = live.events[-1].time if live.events else 0.0
        yield {
            "kind": "states", "full": full, "things": changed, "lit": lit(self._chart, found),
            "running": [key for key, state in found.items() if state[0] in ("running", "ready")],
            "at": len(events), "of": len(live.events), "live": self.following, "over": live.over,
            "time": round(events[-1].time if events else 0.0, 4), "until": round(last, 4),
            "run": standing(self._view), "status": live.status,
        }  # fmt: skip

    def _times(self, events: Sequence[Event], now: float) -> Iterator[Message]:
        stamp = (len(events), self._live.over)
        pressing = self._live.over or not self.following
        if stamp == self._timed or (not pressing and now - self._timed_at < APART):
            return
        self._timed, self._timed_at = stamp, now
        yield {"kind": "timeline", **timeline(self._graph, events).as_json()}
        yield {"kind": "marks", "times": _places(self._live.events)}

    def _look(self, events: Sequence[Event]) -> Iterator[Message]:
        if self._selected is None:
            if self._looked != ("nothing",):
                self._looked = ("nothing",)
                yield {"kind": "look", "key": None}
            return
        key, frame = self._selected
        flow, _, id = key.partition(":")
        members = self._members(key, id)
        stamp = (key, frame, len(events), _told_of(events, members))
        if self._looked and self._looked[:2] == stamp[:2] and self._looked[3] == stamp[3]:
            return
        self._looked = stamp
        yield {"kind": "look", "key": key, **look(self._graph, events, flow, members, frame)}

    def _members(self, key: str, id: str) -> tuple[str, ...]:
        found = next((thing for thing in self._chart.things if thing.key == key), None) if self._chart else None
        return found.members if found is not None else (id,)

    @property
    def wants_more(self) -> bool:
        """Whether something is due later though nothing happens meanwhile: a timeline that was put off."""
        return self._timed != (len(self._events()), self._live.over)


def _told_of(events: Sequence[Event], members: Sequence[str]) -> int:
    """How many events there are of some nodes: whether there is news of them."""
    wanted = set(members)
    return sum(event.node in wanted for event in events)


def _places(events: Sequence[Event]) -> list[list[float]]:
    """Where the slider can stop: after events that are seen, at most so many, and the first and last always."""
    seen = [n for n, event in enumerate(events, 1) if event.kind != "compile.text"]
    step = max(1, -(-len(seen) // PLACES))
    chosen = [*seen[::step], *([seen[-1]] if seen and (len(seen) - 1) % step else [])]
    return [[n, round(events[n - 1].time, 4)] for n in chosen]
