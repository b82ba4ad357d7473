"""Events → how far a run is: counts, times, tokens and money, for every node and in all.

Invariant: a view is a function of the events alone; folding the same events gives the same view, live or years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flowreason.engine.events import Event
from flowreason.ports import Usage
from flowreason.values import show
from flowreason.view.node_state import MARKS, Key, NodeState, Status, money_text, seconds_text
from flowreason.view.text import shorten

__all__ = [
    "LIMIT", "MARKS", "Key", "NodeState", "Row", "RunView", "Status", "cost_text", "fold", "is_last_look", "kept_count",
    "known_state", "limit_text", "money_text", "most_telling", "seconds_text", "summary", "view", "wait_text",
]  # fmt: skip


@dataclass
class RunView:
    """A run as its events tell it; `suspended` while it waits for a person. `limit` is one that was reached. `frames`
    says which flow a frame belongs to; `since` when what runs now began, by frame and node; `owners` to which loop an
    open round belongs; `broken` are open rounds that the limit did not let come to their end; `counted` the loops that
    said how many rounds there will be at most; `ahead` when the requests of a step were sent, by its frame and itself,
    that are made while the flow is written; `paused` since when a person holds the run back, which is no time of its
    steps."""

    nodes: dict[Key, NodeState] = field(default_factory=dict)
    frames: dict[str, str] = field(default_factory=dict)
    usage: Usage = Usage()
    seconds: float = 0.0
    shared: int = 0
    kept: int = 0
    status: Literal["waiting", "running", "done", "failed", "cancelled", "suspended"] = "waiting"
    entry: str = ""
    error: str = ""
    limit: str = ""
    question: str = ""
    since: dict[tuple[str, str], float] = field(default_factory=dict)
    owners: dict[str, Key] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    counted: set[tuple[str, str]] = field(default_factory=set)
    ahead: dict[tuple[str, str], float] = field(default_factory=dict)
    paused: float | None = None

    def state(self, flow: str, node: str) -> NodeState:
        """What is known of a node; a new, waiting one where nothing is."""
        found = self.nodes.get((flow, node))
        if found is None:
            found = self.nodes[flow, node] = NodeState(flow, node)
        return found


LIMIT = "limit"
"""The `error_kind` of what was left undone for a limit of the run."""
CLOSING = "while.holds"
"""How the steps are called that look whether a `while` goes on; no name in a flow has a dot."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a summary table."""

    flow: str
    node: str
    status: Status
    runs: int
    failed: int
    calls: int
    tokens: int
    money: float | None
    seconds: float
    latest: str


def view(events: Iterable[Event]) -> RunView:
    """The view after all of some events."""
    made = RunView()
    for event in events:
        fold(made, event)
    return made


def fold(view: RunView, event: Event) -> RunView:
    """The view after one more event. The view given is changed and returned."""
    view.seconds = max(view.seconds, event.time)
    kind, data = event.kind, event.data
    if kind in ("run.paused", "run.continued"):
        _pause(view, event)
    elif kind.startswith("run."):
        _run(view, kind, data)
    elif kind == "compile.started":
        view.question = str(data.get("question", ""))
    elif kind == "frame.opened":
        _opened(view, event)
    elif kind == "frame.closed":
        _closed(view, event)
    elif event.node:
        _node(view, event)
    return view


def known_state(states: Mapping[Key, NodeState], flow: str, members: Iterable[str]) -> NodeState | None:
    """The state of a thing in a picture that stands for several nodes: of one that failed or was not allowed, else
    of the first known."""
    return most_telling([states[flow, member] for member in members if (flow, member) in states])


def most_telling(found: Sequence[NodeState]) -> NodeState | None:
    """One that failed, else one that a limit did not allow, else the first."""
    troubled = [each for status in ("failed", "limit") for each in found if each.status == status]
    return next(iter([*troubled, *found]), None)


def summary(events: Iterable[Event]) -> list[Row]:
    """One row for every node that did something, in the order in which they began."""
    return [
        Row(
            s.flow,
            s.node,
            s.status,
            s.done + s.failed + s.running,
            s.failed,
            s.calls,
            s.tokens,
            s.money,
            s.seconds,
            s.latest,
        )
        for s in view(events).nodes.values()
        if s.status not in ("waiting", "skipped")
    ]


def _run(view: RunView, kind: str, data: Mapping[str, Any]) -> None:
    match kind:
        case "run.started":
            view.status = "running"
            view.entry = str(data.get("entry", ""))
            view.frames.setdefault("main", view.entry)
        case "run.finished":
            view.status = "done"
        case "run.waiting":
            view.status = "suspended"
        case "run.exhausted":
            view.limit = f"{data.get('limit')}={data.get('allowed'):g}"
        case "run.failed":
            view.status, view.error = "failed", str(data.get("error", ""))
        case "run.cancelled":
            view.status, view.error = "cancelled", str(data.get("reason", ""))


def _pause(view: RunView, event: Event) -> None:
    """A person holds the run back, or lets it go on: what stood still meanwhile took no time."""
    if event.kind == "run.paused":
        view.paused = event.time
    elif view.paused is not None:
        view.since = {place: since + event.time - max(view.paused, since) for place, since in view.since.items()}
        view.paused = None


def _opened(view: RunView, event: Event) -> None:
    """A round of a loop, or a sub-flow, begins: its owner runs."""
    outer = event.frame.rpartition("/")[0]
    if event.data.get("owner") and event.data.get("index") is None:
        outer = outer.rpartition("/")[0]  # a flow that a step calls: its frame stands inside that of the call
    view.frames[event.frame] = str(event.data.get("flow") or view.frames.get(outer, view.entry))
    owner = str(event.data.get("owner") or "")
    if not owner:
        return
    key = (view.frames.get(outer, view.entry), owner)
    state = view.state(*key)
    if (outer, owner) not in view.since:
        view.since[outer, owner] = event.time
        state.running += 1
    if event.data.get("index") is not None:
        view.owners[event.frame] = key
        state.up_to = event.data.get("kind") in ("while", "repeat")
        state.times = max(state.times, 1)
        if (outer, owner) not in view.counted:
            state.of = (state.of or 0) + 1


def _closed(view: RunView, event: Event) -> None:
    key = view.owners.pop(event.frame, None)
    broken = event.frame in view.broken
    view.broken.discard(event.frame)
    if key is not None and not broken:
        state = view.state(*key)
        state.rounds += 1
        state.bound += bool(event.data.get("bound"))


def _node(view: RunView, event: Event) -> None:
    data = event.data
    flow = view.frames.get(event.frame) or str(data.get("flow") or view.entry)
    state = view.state(flow, event.node)
    if data.get("error_kind") == LIMIT and _limited(view, state, event):
        return
    match event.kind:
        case "node.started":
            _started(view, state, event)
        case "item.failed":
            state.lost += 1
        case "person.asked":
            state.asked.add(event.frame)
        case "person.answered":
            state.asked.discard(event.frame)
        case "node.done":
            state.done += 1
            if is_last_look(event):
                view.owners.pop(event.frame, None)  # the condition was looked at, and no round came of it
            state.latest = shorten(show(data.get("value")), 200)
            _ended(view, state, event)
        case "node.failed":
            state.failed += 1
            state.error = state.latest = shorten(str(data.get("error", "")), 200)
            _ended(view, state, event)
        case "node.skipped":
            state.skipped += 1
            _ended(view, state, event)
        case "node.cancelled":
            state.cancelled += 1
            _ended(view, state, event)
        case _:
            _drawn(view, state, event)


def is_last_look(event: Event) -> bool:
    """Whether the condition of a `while` came out false: no round follows."""
    return event.kind == "node.done" and event.node.startswith(CLOSING) and event.data.get("value") == "false"


def _limited(view: RunView, state: NodeState, event: Event) -> bool:
    """What a limit of the run did not allow is no failure. Whether that is all there is to be said of it; what would
    have stood in a round that nobody knows the need of is skipped like anything else."""
    kind, data = event.kind, event.data
    if event.frame in view.owners and kind in ("node.failed", "node.skipped"):
        view.broken.add(event.frame)
    ahead = event.frame in view.owners and view.state(*view.owners[event.frame]).up_to
    if kind == "loop.cut":
        state.cut, state.rounds = True, int(data.get("rounds") or 0) if state.times <= 1 else state.rounds
    elif kind == "node.failed" or (kind == "node.skipped" and data.get("about") and not ahead):
        sent = bool(state.draws.get(event.frame))
        state.limited += 1
        state.unasked = state.unasked and not sent and str(data.get("about", "")).startswith("ask")
        state.latest = "limit reached"
        _ended(view, state, event)
    elif kind == "item.failed":
        state.cut = True
    else:
        return False
    return True


def _drawn(view: RunView, state: NodeState, event: Event) -> None:
    """What is told of requests to a model, and of their replies."""
    data, (frame, sample) = event.data, _draw(event)
    match event.kind:
        case "node.request":
            state.draws.setdefault(frame, {})[sample] = False
            if frame != event.frame:
                view.ahead.setdefault((frame, event.node), event.time)
        case "node.reply" | "node.unanswered":
            state.waits.pop((frame, sample), None)
            if frame in state.draws:
                state.draws[frame][sample] = True
            if frame != event.frame and all(state.draws.get(frame, {}).values()):
                _took_ahead(view, state, event)
            _reply(view, state, data)
        case "node.rejected":
            state.rejected += 1
        case "node.recalled":
            state.kept += 1
            view.kept += 1
        case "node.retry":
            state.retries += 1
            state.waits[frame, sample] = wait_text(event), event.time + float(data.get("wait") or 0)
        case "node.wait":
            state.waits[frame, sample] = wait_text(event), event.time + float(data.get("seconds") or 0)
        case "node.fallback":
            state.stand_in = str(data.get("to", ""))
        case "node.vote":
            state.vote = int(data.get("count") or 0), int(data.get("of") or 0)


def _started(view: RunView, state: NodeState, event: Event) -> None:
    state.running += 1
    state.begun += 1
    view.since[event.frame, event.node] = event.time
    _took_ahead(view, state, event)
    if event.data.get("rounds") is not None:
        state.of, state.times = int(event.data["rounds"]), state.times + 1
        view.counted.add((event.frame, event.node))


def _took_ahead(view: RunView, state: NodeState, event: Event) -> None:
    """What a step asked while the flow was written is answered, or its own time begins: the time so far is its own."""
    since = view.ahead.pop((event.frame.removeprefix("early/"), event.node), None)
    if since is not None:
        state.seconds += event.time - since


def _draw(event: Event) -> tuple[str, int]:
    """Which request of a node is meant."""
    return event.frame.removeprefix("early/"), int(event.data.get("sample") or 0)


def _ended(view: RunView, state: NodeState, event: Event) -> None:
    state.waits = {draw: why for draw, why in state.waits.items() if draw[0] != event.frame}
    state.draws.pop(event.frame, None)
    state.asked.discard(event.frame)
    since = view.since.pop((event.frame, event.node), None)
    if since is not None:
        state.running -= 1
        state.seconds += event.time - since


def _reply(view: RunView, state: NodeState, data: Mapping[str, Any]) -> None:
    """A reply that an equal call already paid for costs nothing."""
    if data.get("cached"):
        state.kept += 1
        view.kept += 1
        return
    if data.get("shared"):
        if not data.get("early"):
            state.shared += 1
            view.shared += 1
        return
    used = Usage(
        int(data.get("calls") or 1),
        int(data.get("prompt_tokens") or 0),
        int(data.get("completion_tokens") or 0),
        data.get("money"),
    )
    state.calls += used.calls
    state.tokens += used.tokens
    state.money = None if state.money is None or used.money is None else state.money + used.money
    view.usage = view.usage + used


# --- numbers as people write them --------------------------------------------------------------------------

_WAITS = {
    "rate": "waits for the rate limit",
    "retry-after": "waits as the server asks",
    "breaker": "waits for the server to recover",
    "place": "waits for its turn",
}


def wait_text(event: Event) -> str:
    """Why a request is not sent yet: `waits for the rate limit, about 3.0 s`."""
    data = event.data
    if event.kind == "node.retry":
        return f"tries again after {data.get('kind', 'a fault')}, in {float(data.get('wait') or 0):.1f} s"
    why, seconds = str(data.get("for", "")), float(data.get("seconds") or 0)
    told = _WAITS.get(why, f"waits for {why}")
    return f"{told}, about {seconds_text(seconds)}" if 0.1 <= seconds < float("inf") else told


def limit_text(data: Mapping[str, Any]) -> str:
    """Which limit of the run was reached, without how it is raised."""
    return str(data.get("error", "")).partition(";")[0]


def kept_count(events: Iterable[Event]) -> int:
    """How much was known before: answers of earlier runs, outcomes from before the run was interrupted."""
    return sum(e.kind == "node.recalled" or (e.kind == "node.reply" and bool(e.data.get("cached"))) for e in events)


def cost_text(usage: Usage, seconds: float, *, shared: int = 0, kept: int = 0) -> str:
    """What it cost: `3 calls · 2 free · 1,204 tokens · $0.0021 · 4.2 s`; `kept`: what was known before."""
    parts = [f"{usage.calls:,} call{'' if usage.calls == 1 else 's'}"]
    if kept:
        parts.append(f"{kept:,} free")
    if shared:
        parts.append(f"{shared:,} shared")
    parts += [f"{usage.tokens:,} tokens", money_text(usage.money) if usage.money else "", seconds_text(seconds)]
    return " · ".join(part for part in parts if part)
