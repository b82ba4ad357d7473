"""Events → bars over time: what ran when, what ran together, what it waited for, and the chain that took longest.

Invariant: bars are those of steps that began, in the order in which they began; a bar that has no end is still open.
Lanes are as few as can be: two bars of one lane never overlap.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph
from flowreason.view import labels
from flowreason_ui.view.chart import key

Span: TypeAlias = tuple[float, float, Literal["limit", "person", "model"]]
Place: TypeAlias = tuple[str, str]

_ENDS = {"node.done": "done", "node.failed": "failed", "node.skipped": "skipped", "node.cancelled": "cancelled"}
_WAITS = {"node.wait": "seconds", "node.retry": "wait"}
_ANSWERS = frozenset({"node.request", "node.reply", "node.unanswered", "node.rejected", "node.fallback"})
MOST_BARS = 2000
"""Bars that are drawn; of a run with more, the first ones and how many there are."""


@dataclass
class Bar:
    """One step of one frame. Times are seconds since the run began; `ready` is when its frame was there, so that what
    lies between is waiting for data. `spans` are what it waited for: a limit of the server, a person."""

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
    critical: bool = False
    spans: list[Span] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": key(self.flow, self.node), "flow": self.flow, "node": self.node, "frame": self.frame,
            "kind": self.kind, "label": self.label, "ready": round(self.ready, 4), "start": round(self.start, 4),
            "end": None if self.end is None else round(self.end, 4), "status": self.status, "lane": self.lane,
            "calls": self.calls, "tokens": self.tokens, "free": self.free, "critical": self.critical,
            "spans": [[round(a, 4), round(b, 4), what] for a, b, what in self.spans],
        }  # fmt: skip


@dataclass(frozen=True)
class Timeline:
    """The bars of a run. `saved` are replies that cost nothing; `left_out` bars that are not shown."""

    bars: tuple[Bar, ...]
    lanes: int
    seconds: float
    calls: int
    tokens: int
    saved: int
    waited: float
    critical: float
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "bars": [bar.as_json() for bar in self.bars], "lanes": self.lanes, "seconds": round(self.seconds, 4),
            "calls": self.calls, "tokens": self.tokens, "saved": self.saved, "waited": round(self.waited, 4),
            "critical": round(self.critical, 4), "left_out": self.left_out,
        }  # fmt: skip


def timeline(graph: Graph | None, events: Iterable[Event]) -> Timeline:
    """The bars of a run, or of as much of it as the events tell."""
    told = _Told(graph)
    for event in events:
        told.take(event)
    bars = sorted(told.bars.values(), key=lambda bar: (bar.start, bar.frame, bar.node))
    shown = bars[:MOST_BARS]
    lanes = _lanes(shown, told.seconds)
    chain = _critical(shown, told)
    for bar in chain:
        bar.critical = True
    waited = sum(b - a for bar in bars for a, b, what in bar.spans if what == "limit")
    return Timeline(
        tuple(shown), lanes, told.seconds, sum(bar.calls for bar in bars), sum(bar.tokens for bar in bars),
        sum(bar.free for bar in bars), waited, sum(_length(bar, told.seconds) for bar in chain), len(bars) - len(shown),
    )  # fmt: skip


class _Told:
    """What the events say of each step."""

    def __init__(self, graph: Graph | None) -> None:
        self.graph = graph
        self.bars: dict[Place, Bar] = {}
        self.flows: dict[str, str] = {}
        self.seconds = 0.0
        self._opened: dict[str, float] = {}
        self._waiting: dict[tuple[Place, int], tuple[float, float]] = {}

    def take(self, event: Event) -> None:
        event = event._replace(frame=event.frame.removeprefix("early/"))
        self.seconds = max(self.seconds, event.time)
        place = event.frame, event.node
        if event.kind == "frame.opened":
            self.flows[event.frame] = str(event.data.get("flow", ""))
            self._opened.setdefault(event.frame, event.time)
        elif event.node and (event.kind == "node.started" or (event.frame == "compile" and place not in self.bars)):
            self._begin(event, place)
        elif event.node and place in self.bars:
            self._goes_on(self.bars[place], event, place)
        elif event.kind == "compile.done":
            self._over(("compile", "compile"), event.time, "done")

    def _begin(self, event: Event, place: Place) -> None:
        flow = self.flows.get(event.frame, str(event.data.get("flow") or event.frame))
        kind, label = _about(self.graph, flow, event.node)
        if place == ("compile", "compile"):
            kind, label = "compile", "writing the flow"
        inside = event.frame.partition("/")[2]
        label = f"{label} · {inside}" if inside and kind != "compile" else label
        ready = self._opened.get(event.frame, event.time)
        self.bars[place] = Bar(flow, event.node, event.frame, kind, label, ready, event.time)

    def _goes_on(self, bar: Bar, event: Event, place: Place) -> None:
        data = event.data
        if event.kind in _ENDS:
            self._over(place, event.time, _ENDS[event.kind])
        elif event.kind in _WAITS:
            self._end_wait(bar, place, event)
            self._waiting[place, int(data.get("sample") or 0)] = event.time, float(data.get(_WAITS[event.kind]) or 0)
        elif event.kind in _ANSWERS:
            self._end_wait(bar, place, event)
        elif event.kind == "person.asked":
            bar.spans.append((event.time, event.time, "person"))
        elif event.kind == "person.answered" and bar.spans and bar.spans[-1][2] == "person":
            bar.spans[-1] = bar.spans[-1][0], event.time, "person"
        if event.kind in ("node.reply", "node.unanswered"):
            if data.get("cached") or data.get("shared"):
                bar.free += 1
            else:
                bar.calls += int(data.get("calls") or 1)
                bar.tokens += int(data.get("prompt_tokens") or 0) + int(data.get("completion_tokens") or 0)
        elif event.kind == "node.recalled":
            bar.free += 1

    def _end_wait(self, bar: Bar, place: Place, event: Event) -> None:
        waiting = self._waiting.pop((place, int(event.data.get("sample") or 0)), None)
        if waiting is not None:
            began, seconds = waiting
            bar.spans.append((began, min(began + seconds, event.time), "limit"))

    def _over(self, place: Place, time: float, status: str) -> None:
        bar = self.bars.get(place)
        if bar is not None and bar.end is None:
            bar.end, bar.status = time, status


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


def _length(bar: Bar, now: float) -> float:
    return (now if bar.end is None else bar.end) - bar.start


def _lanes(bars: Sequence[Bar], now: float) -> int:
    """Put each bar into the first lane that is free; gives how many there are."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    count = 0
    for bar in bars:
        while busy and busy[0][0] <= bar.start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            bar.lane = heapq.heappop(free)
        else:
            bar.lane, count = count, count + 1
        heapq.heappush(busy, (now if bar.end is None else bar.end, bar.lane))
    return count


# --- the chain that took longest ---


def _critical(bars: Sequence[Bar], told: _Told) -> list[Bar]:
    """From the step that ended last back to the first: before each stands what it waited for longest.

    A loop and a flow that is called are told by what runs in them, and stand for themselves only where nothing does.
    """
    inner = [bar for bar in bars if not _holds_others(bar, told.bars)]
    ended = [bar for bar in inner if bar.end is not None and bar.status != "cancelled"]
    if not ended:
        return []
    needs = _Needs(told.graph)
    bar = max(ended, key=lambda each: (each.end or 0.0, each.start))
    chain, taken = [bar], {id(bar)}
    while True:
        before = [each for each in ended if (each.end or 0.0) <= bar.start + 1e-4 and id(each) not in taken]
        needed = [each for each in before if needs.leads(each, bar)]
        nearest = max(needed or before, key=lambda each: each.end or 0.0, default=None)
        if nearest is None:
            return list(reversed(chain))
        chain.append(nearest)
        taken.add(id(nearest))
        bar = nearest


def _holds_others(bar: Bar, bars: Mapping[Place, Bar]) -> bool:
    if bar.kind == "loop":
        return any(frame.startswith(f"{bar.frame}/{bar.node}[") for frame, _ in bars)
    return bar.kind in ("call", "solve", "run") and any(
        frame.startswith(f"{bar.frame}/{bar.node}/") for frame, _ in bars
    )


class _Needs:
    """Which steps of one flow come, by whatever way, before which."""

    def __init__(self, graph: Graph | None) -> None:
        self._graph = graph
        self._before: dict[tuple[str, str], frozenset[str]] = {}

    def leads(self, one: Bar, other: Bar) -> bool:
        """Whether a step of the same frame leads to another; of frames of others nothing is said against it."""
        if one.frame != other.frame or one.flow != other.flow or self._graph is None:
            return True
        flow = self._graph.flows.get(one.flow)
        return flow is None or one.node in self._of(flow, other.node)

    def _of(self, flow: FlowGraph, node: str) -> frozenset[str]:
        known = self._before.get((flow.name, node))
        if known is None:
            found: set[str] = set()
            waiting = [node]
            while waiting:
                each = flow.nodes.get(waiting.pop())
                if each is None:
                    continue
                sources = [read.source for read in each.reads] + list(each.after)
                sources += [each.guard[0]] if each.guard is not None else []
                waiting += [source for source in sources if source not in found]
                found.update(sources)
            known = self._before[flow.name, node] = frozenset(found)
        return known
