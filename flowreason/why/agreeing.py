"""How sure the steps of a run were, where the run knows it already: votes, samples, rounds of `sample`, retries.

Invariant: values agree as they do in a vote (`vote_key`), and nothing counts that was not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_reply
from flowreason.asking.votes import vote_key
from flowreason.engine.frames import VALUE
from flowreason.engine.question import Prompts, Question, count
from flowreason.engine.reads import question_of
from flowreason.errors import FlowreasonError
from flowreason.graph import ops
from flowreason.ports import ModelInfo
from flowreason.why.seen import Heard, Seen
from flowreason.why.slots import Slot
from flowreason.why.told import Agreement, Group


def agreements(seen: Seen) -> Iterator[Agreement]:
    """What every step of the run is known to be sure of, in the order in which frames were opened."""
    for slot in seen.slots.every():
        match slot.op:
            case ops.Ask():
                yield from _of_ask(seen, slot)
            case ops.Loop(kind="sample", collects=True) if slot.has_value:
                yield from _of_rounds(seen, slot)
            case ops.Emulate():
                heard = seen.heard.get(slot.place)
                if heard is not None and heard.rejected:
                    yield Agreement(seen.step(slot), "retries", 1, 1, rejected=_whys(heard))


def _of_ask(seen: Seen, slot: Slot) -> Iterator[Agreement]:
    heard = seen.heard.get(slot.place)
    if heard is None or seen.slots.given(slot):
        return
    step, rejected = seen.step(slot), _whys(heard)
    values = accepted(slot, heard)
    if heard.vote is not None:
        yield _of_vote(slot, heard, values, Agreement(step, "vote", 0, 0, groups_of(values), 0, rejected))
    elif asked_of(slot) == "samples" and slot.has_value:
        drawn = list(slot.frame.values[slot.i])
        groups = groups_of(each for each in drawn if each is not None)
        agreed = groups[0].count if groups else 0
        yield Agreement(step, "samples", agreed, len(drawn), groups, 0, rejected)
    elif rejected:
        yield Agreement(step, "retries", 1 if slot.has_value else 0, 1, groups_of(values), 0, rejected)


def _of_vote(slot: Slot, heard: Heard, values: list[Any], told: Agreement) -> Agreement:
    """How a vote went; replies that came when it was decided already were said all the same."""
    vote = heard.vote or {}
    count_, of = int(vote["count"]), int(vote["of"])
    if len(values) >= of and slot.has_value:
        count_ = sum(agree(value, slot.frame.values[slot.i]) for value in values)
        return replace(told, agreed=count_, of=len(values), cancelled=max(0, of + int(vote["cancelled"]) - len(values)))
    return replace(told, agreed=count_, of=of, cancelled=int(vote["cancelled"]))


def _of_rounds(seen: Seen, slot: Slot) -> Iterator[Agreement]:
    drawn = slot.frame.values[slot.i]
    if isinstance(drawn, list) and len(drawn) > 1:
        groups = groups_of(each for each in drawn if each is not None)
        agreed = groups[0].count if groups else 0
        yield Agreement(seen.step(slot), "rounds", agreed, len(drawn), groups)


def _whys(heard: Heard) -> tuple[str, ...]:
    return tuple(why for _, _, why in heard.rejected)


def groups_of(values: Iterable[Any]) -> tuple[Group, ...]:
    """Equal values together, the most first, those of equal number in the order in which they came."""
    found: dict[Any, list[Any]] = {}
    for value in values:
        found.setdefault(vote_key(value), []).append(value)
    return tuple(Group(same[0], len(same)) for same in sorted(found.values(), key=len, reverse=True))


def agree(first: Any, second: Any) -> bool:
    """Whether two values say the same, as in a vote."""
    return bool(vote_key(first) == vote_key(second))


# --- what was drawn ---


def question(slot: Slot) -> Question | None:
    """What an ask asked; None where what it reads was not there."""
    op, frame = slot.op, slot.frame
    if not isinstance(op, ops.Ask) or any(frame.state[s] != VALUE for _, s in frame.plan.reads[slot.i]):
        return None
    try:
        return question_of(frame, slot.i, op)
    except FlowreasonError:
        return None


def asked_of(slot: Slot) -> str:
    """How an ask is drawn: `vote`, `samples`, or empty for once."""
    asked = question(slot)
    settings = {} if asked is None else asked.settings
    return next((name for name in ("vote", "samples") if count(settings, name)), "")


def accepted(slot: Slot, heard: Heard) -> list[Any]:
    """The values that were read from the replies to an ask, in the order of its draws; what was sent back is none."""
    asked = question(slot)
    if asked is None:
        return []
    prompts = Prompts(asked, ModelInfo("", reasons=heard.reasons))
    refused = {(sample, attempt) for sample, attempt, _ in heard.rejected}
    found: dict[int, Any] = {}
    for said in heard.said:
        if (said.sample, said.attempt) not in refused:
            try:
                found[said.sample] = parse_reply(
                    said.text, asked.type, think=prompts.thinks, structured=prompts.structured
                )
            except Misfit:
                continue
    return [found[sample] for sample in sorted(found)]
