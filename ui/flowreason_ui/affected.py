"""What depends on a step of a kept run, and what that has cost: it runs again where the step is changed.

Invariant: it is counted by what happened in the run; where a changed value takes another way, it may be more or less.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowreason.errors import FlowreasonError
from flowreason.ports import Usage
from flowreason.records import RunInfo, Store
from flowreason.view.progress import money_text
from flowreason.why.seen import look
from flowreason_ui.telling import count

_WORK = frozenset({"ask", "person", "python", "emulate", "tool", "solve", "run"})
"""The kinds of steps that people see as steps that do something."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Steps that depend on one, how often they ran in all, and what they have used."""

    steps: int
    times: int
    usage: Usage


async def affected(store: Store, info: RunInfo, frame: str, node: str) -> Affected | None:
    """What depends on a step in a frame; None where that cannot be told."""
    try:
        seen = await look(store, info)
    except FlowreasonError:
        return None
    slot = seen.slot(frame, node)
    if slot is None:
        return None
    found = {each.place for each in seen.slots.affected(slot) - {slot} if seen.step(each).kind in _WORK}
    found.discard((frame, node))
    usage = sum((seen.heard[place].usage for place in found if place in seen.heard), Usage())
    return Affected(len({id for _, id in found}), len(found), usage)


def in_words(found: Affected) -> str:
    """What runs again, and what it cost last time."""
    if not found.times:
        return "No other step depends on it: nothing is asked again."
    often = "" if found.times == found.steps else f", {found.times:,} times in all"
    runs = "runs" if found.steps == 1 else "run"
    again = (
        f"{count(found.steps, 'step')} that {'depends' if found.steps == 1 else 'depend'} on it {runs} again{often}."
    )
    if not found.usage.calls:
        return f"{again} They asked the model nothing last time."
    money = f", {money_text(found.usage.money)}" if found.usage.money else ""
    return f"{again} Last time that took {count(found.usage.calls, 'call')}, {found.usage.tokens:,} tokens{money}."
