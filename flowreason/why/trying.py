"""Goes through the steps that the answer depends on, tries other values of each, and stops when the calls are used up.

Invariant: what is not tried is told with why; a step whose draw comes to the same value is stable, and is forked with
no value that nobody drew, unless that needs no call to find.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from flowreason.errors import LimitExceeded, UsageError
from flowreason.graph import ops
from flowreason.ports import Usage
from flowreason.values import show
from flowreason.view.text import shorten
from flowreason.why.agreeing import agree, asked_of, groups_of, question
from flowreason.why.candidates import Candidate
from flowreason.why.others import Holding, Other, others
from flowreason.why.probing import Drawn, Prober, Unreachable, is_written_inside
from flowreason.why.told import Draws, Outcome, Probe, Untried

MOST_THAT_COST = 2
"""Other values of one step that are tried where what follows needs calls."""
MORE_DRAWS = 2
"""Draws of a step that decides, to see whether the model says the same again."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Trying:
    """What was tried of one run, and what not."""

    prober: Prober
    holding: Holding
    tell: Tell
    probes: list[Probe] = field(default_factory=list)
    untried: list[Untried] = field(default_factory=list)
    draws: dict[tuple[str, str], Draws] = field(default_factory=dict)
    unreachable: str = ""

    async def all(self, candidates: Sequence[Candidate]) -> None:
        """Try every candidate in its turn, then draw those anew that decide."""
        for each in candidates:
            try:
                await self._one(each)
            except Unreachable as error:
                self.unreachable = self.unreachable or str(error)
                self._leave(each, "the model cannot be asked")
        for each in candidates:
            if not self.unreachable and self._decides(each):
                try:
                    await self._once_more(each)
                except Unreachable as error:
                    self.unreachable = str(error)

    def _leave(self, candidate: Candidate, because: str) -> None:
        self.untried.append(Untried(candidate.step, because))

    # --- one step ---

    async def _one(self, each: Candidate) -> None:
        if self.prober.elsewhere and is_written_inside(each.slot):
            self._leave(each, "it stands in a flow that another model would write anew")
            return
        at_hand = [] if each.direct else await self._at_hand(each)
        if not at_hand:
            await self._drawn(each)
            return
        if each.calls > self.prober.left:
            self._leave(each, _too_dear(each.calls, self.prober.left))
            return
        for other in at_hand if not each.calls else at_hand[:MOST_THAT_COST]:
            if each.calls > self.prober.left:
                break
            if await self._fork(each, other):
                break

    async def _at_hand(self, each: Candidate) -> list[Other]:
        """The other values that need no call and hold what is ensured."""
        found = others(self.prober.seen, each.slot)
        return [other for other in found if await self.holding.holds(each.slot, other.value)]

    async def _fork(self, each: Candidate, other: Other, spent: Usage | None = None) -> bool:
        """Whether the answer is another with another value."""
        self.tell(f"tries {each.step} = {shorten(show(other.value), 60)}")
        try:
            probe = await self.prober.fork(each.slot, each.affected, other.value, other.how, spent)
        except UsageError as error:
            self._leave(each, str(error))
            return True
        self.probes.append(replace(probe, direct=each.direct))
        return probe.decides

    # --- draws ---

    async def _drawn(self, each: Candidate) -> None:
        """Draw it anew; where it comes to another value, see what follows from that."""
        because = self._no_draw(each)
        if because:
            self._leave(each, because)
            return
        drawn = await self._draw(each, 0)
        if drawn is None:
            return
        had = each.slot.frame.values[each.slot.i] if each.slot.has_value else None
        if drawn.unfit or self._same(each, drawn):
            tried = None if drawn.unfit else had
            outcome: Outcome = "unfit" if drawn.unfit else "stable"
            self.probes.append(
                Probe(each.step, had, tried, "draw", outcome, None, drawn.unfit, drawn.usage, each.direct)
            )
        else:
            await self._fork(each, Other(self._with(each, drawn), "draw"), drawn.usage)

    def _no_draw(self, each: Candidate) -> str:
        """Why a step cannot be drawn anew; empty where it can."""
        op = each.slot.op
        if isinstance(op, ops.Emulate):
            at_hand = "its value is the answer itself" if each.direct else "no other value of it is at hand"
            return f"{at_hand}, and emulated code is not drawn anew"
        if isinstance(op, ops.Ask) and op.user:
            return "only the person could say something else"
        if question(each.slot) is None:
            return "what it asks is not known"
        if each.calls + 1 > self.prober.left:
            return _too_dear(each.calls + 1, self.prober.left)
        return ""

    async def _draw(self, each: Candidate, number: int) -> Drawn | None:
        """A draw that counts among those of its step; None where no call is left."""
        self.tell(f"draws {each.step} once more")
        try:
            drawn = await self.prober.draw(each.slot, number)
        except LimitExceeded:
            self._leave(each, "no call is left to draw it")
            return None
        if drawn.unfit or await self._holds(each, drawn):
            if not drawn.unfit:
                self._count(each, drawn)
            return drawn
        return Drawn(unfit="it does not hold what is ensured", usage=drawn.usage)

    async def _holds(self, each: Candidate, drawn: Drawn) -> bool:
        return await self.holding.holds(each.slot, drawn.value)

    def _count(self, each: Candidate, drawn: Drawn) -> None:
        if not each.slot.has_value or asked_of(each.slot):
            return  # of a vote or of samples it is told how they agree
        place = each.step.frame, each.step.node
        known = self.draws.get(place, Draws(each.step, 1, 1, 0))
        agree_ = known.agree + (1 if self._same(each, drawn) else 0)
        self.draws[place] = Draws(each.step, agree_, known.of + 1, known.fresh + 1)

    @staticmethod
    def _same(each: Candidate, drawn: Drawn) -> bool:
        """Whether a draw says what the step had said, or most of its samples."""
        if not each.slot.has_value:
            return False
        had = each.slot.frame.values[each.slot.i]
        if asked_of(each.slot) == "samples":
            groups = groups_of(item for item in had if item is not None)
            return bool(groups) and agree(drawn.value, groups[0].value)
        return agree(drawn.value, had)

    @staticmethod
    def _with(each: Candidate, drawn: Drawn) -> object:
        """The value of a step with a draw in it: of samples, one is another."""
        if asked_of(each.slot) != "samples" or not each.slot.has_value:
            return drawn.value
        return [drawn.value, *each.slot.frame.values[each.slot.i][1:]]

    # --- those that decide ---

    def _decides(self, each: Candidate) -> bool:
        """Whether a step was found to decide by a value that nobody drew, so that it is not known how sure it is."""
        place = each.step.frame, each.step.node
        found = [p for p in self.probes if (p.step.frame, p.step.node) == place and p.decides]
        drawable = isinstance(each.slot.op, ops.Ask) and not each.slot.op.user and not asked_of(each.slot)
        return bool(found) and drawable and place not in self.draws and question(each.slot) is not None

    async def _once_more(self, each: Candidate) -> None:
        for number in range(MORE_DRAWS):
            if not self.prober.left:
                return
            drawn = await self._draw(each, number)
            if drawn is None:
                return
            if drawn.unfit or self._same(each, drawn) or each.calls > self.prober.left:
                continue
            if not any(agree(drawn.value, known.tried) for known in self._of(each)):
                await self._fork(each, Other(drawn.value, "draw"), drawn.usage)

    def _of(self, each: Candidate) -> list[Probe]:
        return [p for p in self.probes if (p.step.frame, p.step.node) == (each.step.frame, each.step.node)]


def _too_dear(calls: int, left: int) -> str:
    needed = f"about {calls} calls" if calls != 1 else "a call"
    if not left:
        return f"it would take {needed}, and none is left"
    return f"it would take {needed}, and {left} {'is' if left == 1 else 'are'} left"
