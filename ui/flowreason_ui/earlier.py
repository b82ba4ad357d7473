"""What happened in a kept run before it was resumed: the events of each time that it was at work, one after the other.

Invariant: what cannot be gone through any more is left out, and the rest is told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.errors import FlowreasonError
from flowreason.kept_events import long_events
from flowreason.records import RunInfo, Store
from flowreason.replaying import gone_through
from flowreason.resuming import kept_flow, the_store
from flowreason_ui.live import Live

UNWRITTEN = 'flow main() -> text {\n  answer ""\n}'
"""Stands for a flow that was not written yet, of which no step is told."""
LEAST = 1.0
"""Seconds between two sessions that are worth a word."""


async def tell_earlier(live: Live, run: str, store: str, *, last: bool) -> None:
    """Tell all sessions of a run but the last one that something happened in; `last`: that one is told by others.

    Without `last` a new session begins now, and all that are kept came before it.
    """
    try:
        kept = the_store(store)
        info = await kept.run(run)
        numbers = [number for number in range(1, info.session + 1) if await kept.events(run, number)]
    except FlowreasonError:
        return
    sessions = [await _events(kept, info, number) for number in (numbers[:-1] if last else numbers)]
    took = (await long_events(kept, info, numbers[-1]))[-1][3] if last and len(sessions) == 1 else 0.0
    for number, events in enumerate(sessions, 1):
        after = _paused(info, sessions, took if last else live.began) if number == len(sessions) else None
        live.goes_on(events, {"after": after})


async def _events(kept: Store, info: RunInfo, number: int) -> Sequence[Event]:
    """One session of a run, gone through again; also one that ended before there was a flow."""
    try:
        flow = kept_flow(info.plan) if info.plan.flow else fr.loads(UNWRITTEN)
        return (await gone_through(kept, info, flow, await long_events(kept, info, number))).events
    except FlowreasonError:
        return ()


def _paused(info: RunInfo, sessions: Sequence[Sequence[Event]], after: float) -> float | None:
    """Seconds in which nobody was at work before the last session; None where that is not known, or not worth a word.

    `after`: how long that took, or the moment at which it begins. The store knows when a run began, and when it was
    written to last; of one that was left more than once that tells only how long it stood still in all.
    """
    if after > info.updated:
        found = after - info.updated
    elif len(sessions) == 1 and sessions[0]:
        found = info.updated - info.created - sessions[0][-1].time - after
    else:
        return None
    return round(found, 3) if found >= LEAST else None
