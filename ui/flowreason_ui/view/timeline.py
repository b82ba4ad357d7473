"""Events → bars over time: what ran when, what ran together, and what it waited for.

Invariant: bars are those of steps that began, in the order in which they began; a bar that has no end is still open.
Two bars of one lane never overlap, and a lane is opened only where all others are taken. Told event by event, the bars
are those that all events at once would give.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import Graph
from flowreason.view import labels
from flowreason.view.progress import LIMIT
from flowreason_ui.view.chart import key
from flowreason_ui.view.critical import critical, lasts
from flowreason_ui.view.frames import where
from flowreason_ui.view.phase import CONTINUED, PAUSED, RESUMED

Span: TypeAlias = tuple[float, float | None, Literal["limit", "turn", "person"]]
"""From when, until when (None: it still waits), and for what: a limit of the server, its turn among other calls, or a
person."""
Place: TypeAlias = tuple[str, str]

_ENDS = {"node.done": "done", "node.failed": "failed", "node.skipped": "skipped", "node.cancelled": "spared"}
_WAITS = {"node.wait": "seconds", "node.retry": "wait"}
_ANSWERS = frozenset({"node.request", "node.reply", "node.unanswered", "node.rejected", "node.fallback"})
_OVER = frozenset({"run.finished", "run.failed", "run.cancelled", "run.waiting"})
MOST_BARS = 2000
"""Bars that are drawn; of a run with more, the first ones and how many there are."""


@dataclass
class Bar:
    """One step of one frame. Times are seconds since the run began; `ready` is when its frame was there, so that what
    lies between is waiting for data. `spans` are what it waited for. `ahead`: asked
    while the flow was still being written. `again`: known from before the run was resumed, and not drawn once more."""

    number: int
    flow: str
    node: str
    frame: str
    kind: str
    label: str
    ready: float
    start: float
    end: float | None = None
    status: str = "running"
    lane: int = 0
    calls: int = 0
    tokens: int = 0
    free: int = 0
    tries: int = 0
    holds: bool = False
    ahead: bool = False
    again: bool = False
    spans: list[Span] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.number, "key": key(self.flow, self.node), "frame": self.frame,
            "kind": self.kind, "label": self.label, "ready": round(self.ready, 4), "start": round(self.start, 4),
            "end": None if self.end is None else round(self.end, 4), "status": self.status, "lane": self.lane,
            "calls": self.calls, "tokens": self.tokens, "free": self.free, "tries": self.tries, "ahead": self.ahead,
            "again": self.again,
            "spans": [[round(a, 4), None if b is None else round(b, 4), what] for a, b, what in self.spans],
        }  # fmt: skip


@dataclass(frozen=True)
class Timeline:
    """The bars of a run. `saved` are replies that cost nothing; `left_out` bars that are not shown; `chain` the
    numbers of those that took longest one after the other, `critical` how long they took. `breaks` are when the run
    was resumed, and after how many seconds, where that is known; `pauses` from when until when a person paused it."""

    bars: tuple[Bar, ...]
    chain: tuple[int, ...]
    lanes: int
    seconds: float
    calls: int
    tokens: int
    saved: int
    waited: float
    critical: float
    left_out: int = 0
    breaks: tuple[tuple[float, float | None], ...] = ()
    pauses: tuple[tuple[float, float | None], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"bars": [bar.as_json() for bar in self.bars], **self.totals()}

    def totals(self) -> dict[str, Any]:
        """All but the bars."""
        return {
            "chain": list(self.chain), "lanes": self.lanes, "seconds": round(self.seconds, 4), "calls": self.calls,
            "tokens": self.tokens, "saved": self.saved, "waited": round(self.waited, 4),
            "critical": round(self.critical, 4), "left_out": self.left_out,
            "breaks": [list(each) for each in self.breaks], "pauses": [list(each) for each in self.pauses],
        }  # fmt: skip


def timeline(graph: Graph | None, events: Iterable[Event]) -> Timeline:
    """The bars of a run, or of as much of it as the events tell."""
    times = Times(graph)
    for event in events:
        times.take(event)
    return times.timeline()


class Times:
    """Reads events one by one. `news` gives the bars that changed since it was asked last."""

    def __init__(self, graph: Graph | None) -> None:
        self.graph = graph
        self.bars: list[Bar] = []
        self.seconds = 0.0
        self.lanes = 0
        self.breaks: list[tuple[float, float | None]] = []
        self.pauses: list[tuple[float, float | None]] = []
        self._at: dict[Place, Bar] = {}
        self._flows: dict[str, str] = {}
        self._opened: dict[str, float] = {}
        self._free: list[int] = []
        self._waiting: dict[tuple[Place, int], tuple[int, float]] = {}
        self._news: dict[int, Bar] = {}
        self._open: dict[int, Bar] = {}
        self._ahead: dict[Place, set[tuple[int, int]]] = {}

    # --- what is told ---

    def take(self, event: Event) -> None:
        """One more event."""
        self.seconds = max(self.seconds, event.time)
        frame = event.frame.removeprefix("early/")
        place = frame, event.node
        if event.kind == "frame.opened":
            self._frame(frame, str(event.data.get("flow", "")))
        elif not event.node:
            self._whole(event)
        elif event.kind == "node.started" or (frame == "compile" and place not in self._at):
            self._begin(place, str(event.data.get("flow") or frame))
        elif event.frame != frame:
            self._goes_ahead(event, place)
        elif place in self._at:
            self._goes_on(self._at[place], event, place)

    def _whole(self, event: Event) -> None:
        """Something that is told of the run as a whole."""
        if event.kind == "compile.done":
            self._over(("compile", "compile"), "done")
        elif event.kind == PAUSED:
            self.pauses.append((self.seconds, None))
        elif event.kind == CONTINUED or event.kind in _OVER:
            self.pauses = [(began, self.seconds if ended is None else ended) for began, ended in self.pauses]
        if event.kind in _OVER or event.kind == RESUMED:
            self._left()
        if event.kind == "run.cancelled":
            self._stopped()
        if event.kind == RESUMED:
            self.breaks.append((self.seconds, event.data.get("after")))
            for known in (self._at, self._flows, self._opened, self._waiting, self._ahead):
                known.clear()

    def _goes_ahead(self, event: Event, place: Place) -> None:
        """A request that is made before its step begins has a bar of its own, until all its replies are there."""
        known = self._at.get(place)
        if event.kind == "node.request" and (known is None or known.end is not None):
            self._begin(place, str(event.data.get("flow") or place[0].partition("/")[0]))
            known = self._at[place]
            known.ahead = True
        if known is None:
            return
        if not known.ahead or known.end is not None:  # its step has begun, and the reply comes to it
            if event.kind in ("node.reply", "node.unanswered"):
                _paid(known, event)
                self._news[known.number] = known
            return
        draw = int(event.data.get("sample") or 0), int(event.data.get("attempt") or 1)
        if event.kind == "node.request":
            self._ahead.setdefault(place, set()).add(draw)
        self._goes_on(known, event, place)
        if event.kind in ("node.reply", "node.unanswered"):
            self._ahead.get(place, set()).discard(draw)
            if not self._ahead.get(place):
                self._over(place, "done")

    def _frame(self, frame: str, flow: str) -> None:
        self._flows[frame] = flow
        self._opened.setdefault(frame, self.seconds)
        outer, _, last = frame.rpartition("/")
        owner = (outer, last.partition("[")[0]) if "[" in last else _caller(outer)
        if owner in self._at:
            self._at[owner].holds = True

    def _begin(self, place: Place, flow: str) -> None:
        frame, node = place
        if place in self._at:
            self._over(place, "done" if self._at[place].ahead else "cancelled")
        flow = self._flows.get(frame, flow)
        kind, label = ("compile", "writing the flow") if frame == "compile" else _about(self.graph, flow, node)
        inside = where(frame)
        label = f"{label} · {inside}" if inside else label
        ready = self._opened.get(frame, self.seconds)
        bar = Bar(len(self.bars), flow, node, frame, kind, label, ready, self.seconds)
        if self._free:
            bar.lane = heapq.heappop(self._free)
        else:
            bar.lane, self.lanes = self.lanes, self.lanes + 1
        self.bars.append(bar)
        self._at[place] = self._news[bar.number] = self._open[bar.number] = bar

    def _goes_on(self, bar: Bar, event: Event, place: Place) -> None:
        data, kind = event.data, event.kind
        if kind in _ENDS:
            limited = data.get("error_kind") == LIMIT and kind in ("node.failed", "node.skipped")
            self._over(place, LIMIT if limited else _ENDS[kind])
            return
        if kind == "loop.cut" or (kind == "item.failed" and data.get("error_kind") == LIMIT):
            bar.status = LIMIT
        if kind in _WAITS:
            self._end_wait(bar, place, event)
            self._waiting[place, int(data.get("sample") or 0)] = len(bar.spans), float(data.get(_WAITS[kind]) or 0)
            bar.spans.append((self.seconds, None, "turn" if data.get("for") == "place" else "limit"))
        elif kind in _ANSWERS:
            self._end_wait(bar, place, event)
        elif kind == "person.asked":
            bar.spans.append((self.seconds, None, "person"))
        elif kind == "person.answered":
            self._answered(bar)
        if kind in ("node.reply", "node.unanswered"):
            _paid(bar, event)
        elif kind == "node.recalled":
            bar.free += 1
            bar.again = bool(self.breaks) and data.get("whose") == "run"
        elif kind in ("node.retry", "node.rejected"):
            bar.tries += 1
        self._news[bar.number] = bar

    def _answered(self, bar: Bar) -> None:
        for i, (began, ended, what) in enumerate(bar.spans):
            if what == "person" and ended is None:
                bar.spans[i] = began, self.seconds, what
                return

    def _end_wait(self, bar: Bar, place: Place, event: Event) -> None:
        waiting = self._waiting.pop((place, int(event.data.get("sample") or 0)), None)
        if waiting is not None:
            i, seconds = waiting
            began, _, what = bar.spans[i]
            bar.spans[i] = began, min(began + seconds, self.seconds), what

    def _over(self, place: Place, status: str) -> None:
        bar = self._at.get(place)
        if bar is None or bar.end is not None:
            return
        bar.end, bar.status = self.seconds, LIMIT if bar.status == LIMIT and status == "done" else status
        bar.spans = [(began, bar.end if ended is None else ended, what) for began, ended, what in bar.spans]
        self._waiting = (
            {at: wait for at, wait in self._waiting.items() if at[0] != place} if bar.spans else self._waiting
        )
        heapq.heappush(self._free, bar.lane)
        self._news[bar.number] = bar
        del self._open[bar.number]

    def _left(self) -> None:
        """The run is over, and so is whatever was under way."""
        for bar in list(self._open.values()):
            self._over((bar.frame, bar.node), "cancelled")

    def _stopped(self) -> None:
        """A person stopped the run, and with it what would not have been needed otherwise."""
        for bar in self.bars:
            if bar.status == "spared":
                bar.status = "cancelled"
                self._news[bar.number] = bar

    # --- what is asked ---

    def news(self) -> list[Bar]:
        """Bars that are drawn, and are new or changed since this was asked last."""
        found = [bar for number, bar in self._news.items() if number < MOST_BARS]
        self._news.clear()
        return found

    def timeline(self) -> Timeline:
        """All bars so far."""
        bars = self.bars
        chain = critical(self.graph, bars)
        waited = sum(
            (self.seconds if ended is None else ended) - began
            for bar in bars
            for began, ended, what in bar.spans
            if what == "limit"
        )
        return Timeline(
            tuple(bars[:MOST_BARS]), tuple(bar.number for bar in chain if bar.number < MOST_BARS),
            max((bar.lane + 1 for bar in bars[:MOST_BARS] if not bar.again), default=0), self.seconds,
            sum(bar.calls for bar in bars), sum(bar.tokens for bar in bars),
            sum(bar.free for bar in bars if not bar.again),
            waited, lasts(chain), max(0, len(bars) - MOST_BARS), tuple(self.breaks), tuple(self.pauses),
        )  # fmt: skip


def _caller(outer: str) -> Place:
    """The step that opened the frame of a flow: `main/check/older` was opened by `check` in `main`."""
    frame, _, node = outer.rpartition("/")
    return frame, node


def _paid(bar: Bar, event: Event) -> None:
    data = event.data
    if data.get("cached") or data.get("shared"):
        bar.free += not data.get("early")  # that call is this run's own, and told of where it was made
        return
    bar.calls += int(data.get("calls") or 1)
    bar.tokens += int(data.get("prompt_tokens") or 0) + int(data.get("completion_tokens") or 0)


def _about(graph: Graph | None, flow: str, node: str) -> tuple[str, str]:
    """What a step is, and what it is called."""
    found = graph.flows.get(flow) if graph is not None else None
    known = found.nodes.get(node) if found is not None else None
    if known is None:
        return "other", node
    if isinstance(known.op, ops.Loop):
        return "loop", known.name or "loop"
    kind = labels.node_kind(known.op) or "other"
    return kind, known.name or labels.WORDS.get(kind, node)
