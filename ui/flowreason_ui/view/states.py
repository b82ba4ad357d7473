"""Events → how far each thing of a chart is, and along which edges values have flowed.

Invariant: a state is a function of the view (`flowreason.view.progress`), and so of the events alone: at the same place
in the events it is the same, in a run that goes on and in one that ended long ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from flowreason.view.node_state import BOUND
from flowreason.view.progress import MARKS, NodeState, RunView, known_state, money_text, seconds_text
from flowreason_ui.view.chart import Chart, Key, Thing, key

State: TypeAlias = Literal[
    "waiting", "ready", "running", "paused", "asking", "done", "cached", "retried", "bound", "limit", "failed",
    "skipped", "spared", "cancelled",
]  # fmt: skip

SIGNS: dict[State, str] = {
    "waiting": MARKS["waiting"],
    "ready": "◦",
    "running": MARKS["running"],
    "paused": "‖",
    "asking": "?",
    "done": MARKS["done"],
    "cached": "=",
    "retried": "↻",
    "bound": BOUND,
    "limit": MARKS["limit"],
    "failed": MARKS["failed"],
    "skipped": MARKS["skipped"],
    "spared": "○",
    "cancelled": MARKS["cancelled"],
}
"""A sign for every state, so that none is told by colour alone."""

WORDS: Mapping[State, str] = {
    "waiting": "not begun yet",
    "ready": "ready, waits for its turn",
    "running": "running",
    "paused": "held back while the run is paused",
    "asking": "waiting for you to answer",
    "done": "done",
    "cached": "reused from before, free",
    "retried": "done, at a further try",
    "bound": "a loop that stopped at its limit of rounds",
    "limit": "not done, a limit of the run was reached",
    "failed": "failed",
    "skipped": "skipped, not on the way taken",
    "spared": "begun early, not needed after all",
    "cancelled": "stopped with the run",
}
"""What each state means, for the legend and for those who do not see the chart."""

_THROUGH = frozenset({"done", "cached", "retried", "bound"})
_REACHED = _THROUGH | {"ready", "running", "paused", "asking", "limit", "failed", "spared", "cancelled"}
_STOPPED = frozenset({"failed", "cancelled"})
_RUNNING = f"{MARKS['running']} running"


def state_of(known: NodeState | None, *, stopped: bool = False) -> State:
    """The one word for a thing of the chart, over all frames it ran in. `stopped`: the run came to no answer."""
    if known is None:
        return "waiting"
    status = known.status
    if status == "waiting" and (known.calls or known.draws):
        return "ready"
    if known.asks:
        return "asking"
    if status == "running" and known.waits and len({frame for frame, _ in known.waits}) >= known.running:
        return "ready"
    if status == "done" and (known.retries or known.rejected):
        return "retried"
    if status == "done" and known.kept and not known.calls:
        return "cached"
    if known.at_bound:
        return "bound"
    return "spared" if status == "cancelled" and not stopped else status


def state_text(known: NodeState | None, state: State) -> str:
    """What stands in a thing: its sign and word, counters, time and tokens."""
    if known is None or state == "waiting":
        return ""
    text = known.text
    if state == "ready" and known.status == "waiting":
        told = f"answered early · {known.tokens:,} tokens" if known.calls else "asked early, no reply yet"
        return f"{SIGNS[state]} {told}"
    if state == "ready":
        return f"{SIGNS[state]} waits for its turn" + text.removeprefix(_RUNNING)
    if state == "asking":
        return f"{SIGNS[state]}{text.removeprefix(MARKS['running'])}"
    if state == "cached":
        return text.replace(f"{MARKS['done']} done", f"{SIGNS[state]} reused", 1).removesuffix(" · reused")
    if state == "retried":
        times = known.retries + known.rejected
        return text.replace(f"{MARKS['done']} done", f"{SIGNS[state]} done, {times + 1} tries", 1)
    if state in ("spared", "cancelled"):
        word = "stopped" if state == "cancelled" else "rest not needed" if known.rounds else "not needed"
        return text.replace(f"{MARKS['cancelled']} cancelled", f"{SIGNS[state]} {word}", 1)
    return text


def states(chart: Chart, view: RunView, paused: Paused | None = None) -> dict[Key, list[str]]:
    """By key: state, text, sign; things that nothing has happened to are left out."""
    found: dict[Key, list[str]] = {}
    stopped, ending = view.status in _STOPPED, frozenset() if paused is None else ending_in(view, paused)
    for thing in chart.things:
        known = _known(thing, view)
        state = state_of(known, stopped=stopped)
        if state == "waiting":
            continue
        text = state_text(known, state)
        if paused is not None and known is not None and state in ("running", "ready") and known.running:
            state, text = _held(known, any((thing.flow, id) in ending for id in thing.members))
        found[thing.key] = [state, text, SIGNS[state]]
    return found


# --- a pause ---

Paused: TypeAlias = Mapping[tuple[str, str], object]
"""The steps, by frame and node, of which a request was sent before the pause and has no reply."""


def ending_in(view: RunView, paused: Paused) -> frozenset[tuple[str, str]]:
    """The steps, by flow and node, that still come to their end in a pause, with the loops and calls around them."""
    places = [place for place in view.since if _ends_yet(view, place, paused)]
    around = {
        (frame, node)
        for frame, node in view.since
        if any(inner.startswith((f"{frame}/{node}[", f"{frame}/{node}/")) for inner, _ in places)
    }
    return frozenset((view.frames.get(frame, view.entry), node) for frame, node in {*places, *around})


def _ends_yet(view: RunView, place: tuple[str, str], paused: Paused) -> bool:
    """Whether a step is at work for itself, and no request of it waits for the end of the pause."""
    frame, node = place
    if any(other.startswith((f"{frame}/{node}[", f"{frame}/{node}/")) for other in view.frames):
        return False
    known = view.nodes.get((view.frames.get(frame, view.entry), node))
    asked = () if known is None else known.draws.get(frame, {}).values()
    return place in paused or all(asked)


def _held(known: NodeState, ends: bool) -> tuple[State, str]:
    """A step that was at work when the run was paused."""
    rest = known.text.removeprefix(_RUNNING)
    return ("running", f"{MARKS['running']} finishing this step{rest}") if ends else ("paused", f"‖ paused{rest}")


# --- edges ---


def _known(thing: Thing, view: RunView) -> NodeState | None:
    return known_state(view.nodes, thing.flow, thing.members)


def lit(chart: Chart, found: Mapping[Key, list[str]], view: RunView) -> list[int]:
    """The edges, by their number, along which a value has come to something that began. A way out of a loop was not
    taken where only its most rounds ever ended it."""

    def state(flow: str, id: str) -> str:
        known = found.get(key(flow, id))
        return "waiting" if known is None else known[0]

    def sent(flow: str, start: str) -> bool:
        known = view.nodes.get((flow, start))
        some = state(flow, start) == "limit" and known is not None and known.done > 0
        return (
            some or state(flow, start) in _THROUGH or (start in loops.get(flow, ()) and state(flow, start) in _REACHED)
        )

    def came(flow: str, end: str) -> bool:
        known = view.nodes.get((flow, end))
        return state(flow, end) in _REACHED and (state(flow, end) != "limit" or (known is not None and known.begun > 0))

    def left(number: int, flow: str, ends: tuple[str, ...]) -> bool:
        if number not in chart.exits:
            return True
        known = [view.nodes[flow, end] for end in ends if (flow, end) in view.nodes]
        return not known or any(each.done > each.bound for each in known)

    loops: dict[str, set[str]] = {}
    for thing in chart.things:
        if thing.kind == "loop":
            loops.setdefault(thing.flow, set()).add(thing.id)
    return [
        number
        for number, (flow, starts, ends) in enumerate(chart.edges)
        if any(sent(flow, start) for start in starts)
        and any(came(flow, end) for end in ends)
        and left(number, flow, ends)
    ]


def standing(view: RunView, seconds: float = 0.0, recalled: int = 0) -> dict[str, Any]:
    """How the run as a whole is: one word, and a line of numbers. `seconds`: what a clock says while it goes on;
    `recalled`: how much of what was known before is the run's own, from before it was resumed."""
    spent = _figures(view, recalled)
    seconds = max(seconds, view.seconds)
    return {
        "status": view.status,
        "error": view.error,
        "limit": view.limit,
        "numbers": " · ".join(part for part in (*spent, seconds_text(seconds)) if part),
        "spent": " · ".join(part for part in spent if part),
        "calls": view.usage.calls,
        "tokens": view.usage.tokens,
        "money": view.usage.money,
        "seconds": round(seconds, 3),
    }


def _figures(view: RunView, recalled: int) -> tuple[str, ...]:
    """What a run used, in parts; what was not paid for is told apart."""
    used, free = view.usage, view.kept - recalled + view.shared
    if not (used.calls or free):
        return ()
    return (
        f"{used.calls:,} call{'' if used.calls == 1 else 's'}",
        f"{free:,} call{'' if free == 1 else 's'} saved" if free else "",
        f"{used.tokens:,} tokens",
        money_text(used.money) if used.money else "",
    )
