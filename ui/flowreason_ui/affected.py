"""What depends on a step of a kept run, and what that has cost: it runs again where the step is changed.

Invariant: it is counted by what happened in the run; where a changed value takes another way, it may be more or less.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowreason.engine.frames import SKIPPED
from flowreason.errors import FlowreasonError
from flowreason.ports import Usage
from flowreason.records import RunInfo, Store
from flowreason.view.progress import money_text
from flowreason.why.seen import look
from flowreason_ui.telling import count

_WORK = frozenset({"ask", "person", "python", "emulate", "tool", "solve", "run"})
"""The kinds of steps that people see as steps that do something."""
_ASKING = frozenset({"ask", "emulate", "solve", "run"})
"""Those that ask the model."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Steps that depend on one, how often they ran in all, how often they asked the model, and what that took."""

    steps: int
    times: int
    asked: int
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
    ran = (each for each in seen.slots.affected(slot) if each.frame.state[each.i] != SKIPPED)
    kinds = {each.place: seen.step(each).kind for each in ran}
    found = {place for place, kind in kinds.items() if kind in _WORK and place != (frame, node)}
    asked = sum(kinds[place] in _ASKING for place in found)
    usage = sum((seen.heard[place].usage for place in found if place in seen.heard), Usage())
    return Affected(len({id for _, id in found}), len(found), asked, usage)


def in_words(found: Affected) -> str:
    """What runs again, and what it cost last time."""
    if not found.times:
        return "No other step depends on it: nothing is asked again."
    often = "" if found.times == found.steps else f", {found.times:,} times in all"
    runs = "runs" if found.steps == 1 else "run"
    again = (
        f"{count(found.steps, 'step')} that {'depends' if found.steps == 1 else 'depend'} on it {runs} again{often}."
    )
    if not found.asked:
        return f"{again} None of them asks the model."
    if not found.usage.calls:
        return f"{again} The model is asked {times(found.asked)} or more, where its answer is not known from before."
    money = f", {money_text(found.usage.money)}" if found.usage.money else ""
    return f"{again} Last time that took {count(found.usage.calls, 'call')}, {found.usage.tokens:,} tokens{money}."


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number:,} times"
