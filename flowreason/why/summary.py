"""What was found, in a few sentences: the answer's weak points first, then where the time and the money went.

Invariant: a sentence says nothing that does not stand in the tables; values are shortened, and say where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flowreason.values import show
from flowreason.view.progress import money_text, seconds_text
from flowreason.view.text import shorten
from flowreason.why.seen import Seen
from flowreason.why.told import Agreement, Failing, Path, Probe, Step, Why, Written

MOST_DECIDING = 3
SHOWN = 80


def summed_up(seen: Seen, found: Why) -> tuple[str, ...]:
    """The sentences, the most telling first."""
    sentences = [*_failing(found.failing), *_deciding(found), *_unsure(found), *_resting(seen, found)]
    sentences += [*_written(found.written), *_time(found.time), *_money(found.money), *_probed(found)]
    return tuple(each for each in sentences if each)


def _value(value: Any) -> str:
    shown = shorten(show(value), SHOWN)
    return f"“{shown}”" if isinstance(value, str) else shown


# --- failures ---


def _failing(told: Failing | None) -> Iterator[str]:
    if told is None:
        return
    first = told.error.partition("\n")[0].rstrip(".")
    if told.kind in ("waiting", "running", "cancelled", "interrupted", "limit"):
        yield f"There is no whole answer: {first}. To change that: {told.change}."
        return
    if told.origin is None:
        yield f"It failed: {first}."
        return
    yield f"It failed at {told.origin}: {first}."
    others = [str(step) for step in told.chain[1:]]
    if others:
        shown = " → ".join(others if len(others) <= 5 else [*others[:2], "…", *others[-2:]])
        yield f"What waits for it failed with it: {shown}."
    yield f"To change that, it needs {told.change}." if told.change else ""


# --- what decides ---


def _deciding(found: Why) -> Iterator[str]:
    """Which sub-answers the answer hangs on."""
    deciding = _one_each([probe for probe in found.probes if probe.decides and not probe.direct])
    for probe in deciding[:MOST_DECIDING]:
        yield _hangs_on(found, probe)
    if len(deciding) > MOST_DECIDING:
        rest = len(deciding) - MOST_DECIDING
        yield f"So does it on {rest} more step{'' if rest == 1 else 's'}; see below."
    for probe in _one_each([probe for probe in found.probes if probe.direct]):
        yield from _itself(found, probe)
    same = _one_each([probe for probe in found.probes if probe.outcome in ("same", "stable") and not probe.direct])
    same = [probe for probe in same if not any(_place(probe) == _place(each) for each in deciding)]
    if same and not deciding and found.failing is None:
        yield f"No sub-answer that was tried decides it alone: {_names(same)}."
    elif same and found.failing is None:
        yield f"It does not hang on {_names(same)}."


def _hangs_on(found: Why, probe: Probe) -> str:
    """`The answer hangs on born (line 4): had it been 1881, the answer would be …; 3 of 3 draws agree.`"""
    sure = _sure(found, probe.step)
    drawn = "drawn once more it is" if probe.how == "draw" else "had it been"
    if probe.outcome == "answers":
        return f"With {probe.step} = {_value(probe.tried)} the run has an answer: {_value(probe.answer)}{sure}."
    then = f"it would fail: {probe.error.partition(chr(10))[0]}" if probe.outcome == "fails" else ""
    then = then or f"the answer would be {_value(probe.answer)}"
    return f"The answer hangs on {probe.step}: {drawn} {_value(probe.tried)}, {_and(probe)}{then}{sure}."


def _and(probe: Probe) -> str:
    return "and " if probe.how == "draw" else ""


def _sure(found: Why, step: Step) -> str:
    """How sure a step is, as the end of a sentence."""
    draws = next((each for each in found.draws if _is(each.step, step)), None)
    if draws is not None:
        return f"; {draws.agree} of {draws.of} draws agree"
    known = next((each for each in found.agreement if _is(each.step, step) and each.how != "retries"), None)
    return f"; {known.agreed} of {known.of} agreed" if known is not None else ""


def _itself(found: Why, probe: Probe) -> Iterator[str]:
    """A step whose value is the answer."""
    sure = _sure(found, probe.step)
    if probe.outcome == "stable":
        yield f"{probe.step} gives the answer itself, and drawn once more it says the same."
    elif probe.outcome in ("changed", "answers"):
        yield f"{probe.step} gives the answer itself; drawn once more it says {_value(probe.tried)}{sure}."
    elif probe.outcome == "fails":
        yield f"{probe.step} gives the answer itself; drawn once more it fails: {probe.error.partition(chr(10))[0]}."


def _one_each(probes: Sequence[Probe]) -> list[Probe]:
    """The first probe of each step; one that was drawn tells more than one that was thought up."""
    found: dict[tuple[str, str], Probe] = {}
    for probe in sorted(probes, key=lambda probe: probe.how == "other"):
        found.setdefault(_place(probe), probe)
    order = list(dict.fromkeys(map(_place, probes)))
    return [found[place] for place in order]


def _place(probe: Probe) -> tuple[str, str]:
    return probe.step.frame, probe.step.node


def _is(first: Step, second: Step) -> bool:
    return (first.frame, first.node) == (second.frame, second.node)


def _names(probes: Sequence[Probe], most: int = 5) -> str:
    names = [str(probe.step) for probe in probes]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


# --- how sure, and what it rests on ---


def _unsure(found: Why) -> Iterator[str]:
    """Steps that were decided narrowly, or only after replies were sent back."""
    doubtful = [each for each in found.agreement if each.how != "retries" and each.share < 1]
    for each in sorted(doubtful, key=lambda each: each.share)[:MOST_DECIDING]:
        yield f"{each.step} was not unanimous: {_votes(each)}."
    back = [each for each in found.agreement if each.rejected]
    if back:
        first, more = back[0], len(back) - 1
        also = f" (so had {more} more step{'' if more == 1 else 's'})" if more else ""
        times = "a reply" if len(first.rejected) == 1 else f"{len(first.rejected)} replies"
        yield f"{first.step} had {times} sent back{also}: {shorten(first.rejected[-1], SHOWN)}."


def _votes(each: Agreement) -> str:
    groups = [f"{_value(group.value)} ×{group.count}" for group in each.groups[:3]]
    more = ", …" if len(each.groups) > 3 else ""
    return f"{each.agreed} of {each.of} agreed" + (f" ({', '.join(groups)}{more})" if groups else "")


def _resting(seen: Seen, found: Why) -> Iterator[str]:
    if found.without:
        names = list(dict.fromkeys(f"`{step.name or step.node}` (line {step.line})" for step in found.without))
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        have = "has" if len(names) == 1 else "have"
        yield f"{', '.join(names[:5])}{more} {have} no influence on the answer."
    if found.status == "answered" and seen.main is not None and not found.depends:
        yield "The answer depends on no question to a model or person: Python and the inputs alone gave it."


def _written(written: Sequence[Written]) -> Iterator[str]:
    for each in written:
        whose = "The flow" if each.step is None else f"The flow of {each.step}"
        if each.fallback:
            yield f"{whose} could not be written, and a plain one stands in: {shorten(each.fallback, SHOWN)}."
        elif each.drafts and not each.first_valid:
            faults = each.drafts[0].faults
            why = f": {shorten(faults[0], SHOWN)}" if faults else ""
            repairs = f"{each.repairs} repair{'' if each.repairs == 1 else 's'}"
            yield f"{whose} was valid after {repairs}; the first draft was not{why}."
        elif each.drafts and each.step is None:
            yield f"{whose} was valid at its first draft."


# --- time and money ---


def _time(path: Path | None) -> Iterator[str]:
    if path is None or not path.steps or path.total < 0.05:
        return
    most = max(path.steps, key=lambda each: each.seconds)
    limits = sum(each.limits for each in path.steps)
    waits = f", {seconds_text(limits)} of it waiting for limits of the server" if limits >= 0.05 else ""
    several = f", the longest of {len(path.steps)} steps one after the other" if len(path.steps) > 1 else ""
    went = f"{seconds_text(most.seconds)} went to {most.step}"
    yield f"Of {seconds_text(path.total)} in all, {went}{several}{waits}."


def _money(path: Path | None) -> Iterator[str]:
    if path is None or not path.steps:
        return
    most = max(path.steps, key=lambda each: each.share)
    whole = money_text(path.total) if path.unit == "money" else f"{path.total:,.0f} tokens"
    yield f"Of {whole} in all, {most.share:.0%} went to {most.step}."


def _probed(found: Why) -> Iterator[str]:
    if found.allowed and (found.probes or found.usage.calls):
        used = found.usage
        money = f", {money_text(used.money)}" if used.money else ""
        yield f"Finding that out took {used.calls} of {found.allowed} call{'' if found.allowed == 1 else 's'}{money}."
    left = sum(each.count for each in found.untried)
    if left:
        yield f"{left} step{' was' if left == 1 else 's were'} not tried; see below."
