"""Events → how far each thing of a chart is, and along which edges values have flowed.

Invariant: a state is a function of the view (`flowreason.view.progress`), and so of the events alone: at the same place
in the events it is the same, in a run that goes on and in one that ended long ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from flowreason.view.progress import MARKS, NodeState, RunView, known_state, money_text, seconds_text
from flowreason_ui.view.chart import Chart, Key, Thing, key

State: TypeAlias = Literal[
    "waiting", "ready", "running", "asking", "done", "cached", "retried", "failed", "skipped", "cancelled"
]  # fmt: skip

SIGNS: dict[State, str] = {
    "waiting": MARKS["waiting"],
    "ready": "◦",
    "running": MARKS["running"],
    "asking": "?",
    "done": MARKS["done"],
    "cached": "=",
    "retried": "↻",
    "failed": MARKS["failed"],
    "skipped": MARKS["skipped"],
    "cancelled": MARKS["cancelled"],
}
"""A sign for every state, so that none is told by colour alone."""

WORDS: Mapping[State, str] = {
    "waiting": "not begun yet",
    "ready": "ready, waits for its turn",
    "running": "running",
    "asking": "waiting for you to answer",
    "done": "done",
    "cached": "known from before, free",
    "retried": "done, at a further try",
    "failed": "failed",
    "skipped": "skipped, not on the way taken",
    "cancelled": "stopped, not needed any more",
}
"""What each state means, for the legend and for those who do not see the chart."""

_REACHED = frozenset({"ready", "running", "asking", "done", "cached", "retried", "failed"})
_THROUGH = frozenset({"done", "cached", "retried"})


def state_of(known: NodeState | None) -> State:
    """The one word for a thing of the chart, over all frames it ran in."""
    if known is None:
        return "waiting"
    status = known.status
    if status == "waiting" and known.calls:
        return "ready"
    if known.asks:
        return "asking"
    if status == "running" and known.waits and len({frame for frame, _ in known.waits}) >= known.running:
        return "ready"
    if status == "done" and (known.retries or known.rejected):
        return "retried"
    if status == "done" and known.kept and not known.calls:
        return "cached"
    return status


def state_text(known: NodeState | None, state: State) -> str:
    """What stands in a thing: its sign and word, counters, time and tokens."""
    if known is None or state == "waiting":
        return ""
    text = known.text
    if state == "ready" and known.status == "waiting":
        return f"{SIGNS[state]} asked ahead · {known.tokens:,} tokens"
    if state == "ready":
        return f"{SIGNS[state]} waits its turn" + text.removeprefix(f"{MARKS['running']} running")
    if state == "asking":
        return f"{SIGNS[state]}{text.removeprefix(MARKS['running'])}"
    if state == "cached":
        return text.replace(f"{MARKS['done']} done", f"{SIGNS[state]} known before", 1).removesuffix(" · free")
    if state == "retried":
        times = known.retries + known.rejected
        return text.replace(f"{MARKS['done']} done", f"{SIGNS[state]} done, {times + 1} tries", 1)
    return text


def states(chart: Chart, view: RunView) -> dict[Key, list[str]]:
    """By key: state, text, sign; things that nothing has happened to are left out."""
    found: dict[Key, list[str]] = {}
    for thing in chart.things:
        known = _known(thing, view)
        state = state_of(known)
        if state != "waiting":
            found[thing.key] = [state, state_text(known, state), SIGNS[state]]
    return found


def _known(thing: Thing, view: RunView) -> NodeState | None:
    return known_state(view.nodes, thing.flow, thing.members)


def lit(chart: Chart, found: Mapping[Key, list[str]]) -> list[int]:
    """The edges, by their number, along which a value has come to something that began."""

    def state(flow: str, id: str) -> str:
        known = found.get(key(flow, id))
        return "waiting" if known is None else known[0]

    def sent(flow: str, start: str) -> bool:
        return state(flow, start) in _THROUGH or (start in loops.get(flow, ()) and state(flow, start) in _REACHED)

    loops: dict[str, set[str]] = {}
    for thing in chart.things:
        if thing.kind == "loop":
            loops.setdefault(thing.flow, set()).add(thing.id)
    return [
        number
        for number, (flow, starts, ends) in enumerate(chart.edges)
        if any(sent(flow, start) for start in starts) and any(state(flow, end) in _REACHED for end in ends)
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
