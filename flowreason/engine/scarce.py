"""Where calls are limited: items of loops that were begun are finished before others begin.

An item is a round of a loop that collects, the outermost around an ask, where no round waits for another. It begins
with its first call, and so many calls are set aside for it as it certainly makes; another begins only where the limit
has room for what it needs beside them, those that need least first. Invariant: nobody waits here where the limit has
room for everything, nor where nothing else goes on; what is set aside is a preference, and the account alone decides
what is refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flowreason.engine.frames import Frame
from flowreason.engine.limits import Budget
from flowreason.engine.plan import LoopPlan, Plan, Program
from flowreason.graph import ops
from flowreason.graph.model import Node

if TYPE_CHECKING:
    from flowreason.engine.caller import Caller
    from flowreason.engine.step import Stepper


class Call(Protocol):
    """A request that wants to be sent, how many wait for its reply, and whether it rests in the line."""

    waiting: int
    resting: bool


@dataclass(eq=False, slots=True)
class Item:
    """A round, and how many calls it needs from its first on, as far as that is certain."""

    frame: Frame
    need: int
    spent: int = 0
    begun: bool = False

    @property
    def set_aside(self) -> int:
        return max(0, self.need - self.spent)

    @property
    def over(self) -> bool:
        return self.frame.scope.closed or not self.frame.left


@dataclass(eq=False, slots=True)
class _Waiting:
    item: Item
    call: Call
    place: asyncio.Future[None]


class Scarce:
    """The line of one run before its account, with `most` calls. `on_wait` is told when somebody has to wait."""

    def __init__(self, budget: Budget, most: int, on_wait: Callable[[], None]) -> None:
        self._budget = budget
        self._most = most
        self._on_wait = on_wait
        self._taken = 0
        self._set_aside = 0
        self._items: dict[Frame, Item] = {}
        self._begun: dict[Item, None] = {}
        self._new: dict[int, deque[_Waiting]] = {}
        self._further: dict[Item, list[_Waiting]] = {}
        self._certain: dict[int, int] = {}
        self._full = 256
        self._resting = 0

    # --- which item, and what it needs ---

    def item_of(self, frame: Frame) -> Item | None:
        """The item that a frame belongs to."""
        found, place = None, frame
        while place.parent is not None:
            if place.loop is not None and _independent(place.loop.plan):
                found = place
            place = place.parent
        if found is None:
            return None
        item = self._items.get(found)
        if item is None:
            if len(self._items) >= self._full:
                self._items = {each.frame: each for each in self._items.values() if not each.over}
                self._full = 2 * len(self._items) + 256
            item = self._items[found] = Item(found, max(1, self._needed(found.plan, found.program, found.state)))
        return item

    def rounds(self, frame: Frame, i: int, total: int) -> None:
        """A loop begins, of which one round was reckoned with where it surely came."""
        plan: LoopPlan = frame.plan.extra[i]
        item = self.item_of(frame) if _goes_through(plan) else None
        if item is not None:
            before = item.set_aside
            item.need += (total - _surely(frame.plan.nodes[i], frame.plan)) * self._calls_of(plan.body, frame.program)
            if item in self._begun:
                self._set_aside += item.set_aside - before

    def _calls_of(self, plan: Plan, program: Program) -> int:
        """The calls that a body certainly makes, once for each loop in it."""
        known = self._certain.get(id(plan))
        if known is None:
            self._certain[id(plan)] = 0  # a flow that calls itself has a way out
            known = self._certain[id(plan)] = self._needed(plan, program, ())
        return known

    def _needed(self, plan: Plan, program: Program, state: Iterable[int]) -> int:
        """The calls of the steps of a body that surely come, of those that have no outcome yet."""
        states = list(state) or [0] * len(plan.nodes)
        steps = [i for i, node in enumerate(plan.nodes) if not states[i] and _surely(node, plan)]
        return sum(self._calls_at(plan, i, program) for i in steps)

    def _calls_at(self, plan: Plan, i: int, program: Program) -> int:
        node = plan.nodes[i]
        checks = sum(self._calls_of(program.plan(each.flow), program) for each in node.checks if each.flow is not None)
        match node.op:
            case ops.Ask(user=False, settings=settings):
                return _draws(dict(settings)) * (1 + checks)
            case ops.CallFlow(flow=flow):
                return self._calls_of(program.plan(flow), program) + checks
            case ops.Loop():
                return self._calls_of(plan.extra[i].body, program)
            case ops.Solve():
                return 1 + checks
        return checks

    def known(self, frame: Frame, i: int) -> None:
        """What an ask comes to is known from before: its item was begun then."""
        item = self.item_of(frame)
        if item is not None:
            self._begin(item)
            before, item.spent = item.set_aside, item.spent + self._calls_at(frame.plan, i, frame.program)
            if item in self._begun:
                self._set_aside += item.set_aside - before

    # --- the line ---

    async def enter(self, item: Item | None, call: Call) -> None:
        """Wait for the turn of a call; `leave` when it is over."""
        if self._at_once(item):
            self._take(item)
            return
        assert item is not None
        waiting = _Waiting(item, call, asyncio.get_running_loop().create_future())
        if item.begun:
            self._further.setdefault(item, []).append(waiting)
        else:
            self._new.setdefault(item.need, deque()).append(waiting)
        call.resting = True
        self._resting += call.waiting
        self._on_wait()
        try:
            await waiting.place
        except asyncio.CancelledError:
            if waiting.place.done() and not waiting.place.cancelled():
                self.leave()
            raise
        finally:
            self._wakes(call)

    def joined(self, call: Call, more: int) -> None:
        """More or fewer wait for a call."""
        if call.resting:
            self._resting += more

    def _wakes(self, call: Call) -> None:
        if call.resting:
            call.resting = False
            self._resting -= call.waiting

    def leave(self) -> None:
        """A call is over: others may go."""
        self._taken -= 1
        if self._new or self._further:
            self._look()

    def resting(self) -> int:
        """How many wait for calls that wait here."""
        return self._resting

    def let_go(self, *, one: bool) -> bool:
        """Nothing else goes on: let all go who may, or else whoever is first, whatever was set aside. Whether any went.

        Not `one`: those for whom calls are set aside only wait for a person.
        """
        taken = self._taken
        if self._new or self._further:
            self._look()
        first = next(iter(self._all()), None) if one and self._taken == taken else None
        if first is not None:
            self._go(first)
        return self._taken > taken

    def open(self) -> None:
        """Nothing more is begun: all who wait go, and are told so."""
        for each in list(self._all()):
            self._go(each)

    def _all(self) -> Iterable[_Waiting]:
        yield from [each for waiting in self._further.values() for each in waiting if not each.place.done()]
        yield from [each for need in sorted(self._new) for each in self._new[need] if not each.place.done()]

    # --- who goes ---

    @property
    def _free(self) -> int:
        return self._most - self._budget.used.calls - self._taken

    def _at_once(self, item: Item | None) -> bool:
        if item is None or self._budget.over is not None or self._free - self._set_aside >= item.need:
            return True
        return self._fits(item) if item.begun else self._may_begin(item)

    def _fits(self, item: Item) -> bool:
        """Whether a call of an item leaves to those that began before it what is set aside for them."""
        earlier = 0
        for each in self._begun:
            if each is item:
                break
            earlier += 0 if each.over else each.set_aside
        return earlier == 0 or self._free - earlier >= 1

    def _may_begin(self, item: Item) -> bool:
        """Whether there is room for all of an item."""
        for each in [each for each in self._begun if each.over]:
            del self._begun[each]
            self._set_aside -= each.set_aside
        return self._free - self._set_aside >= item.need

    def _look(self) -> None:
        """Let all go who may."""
        for item in list(self._further):
            waiting = self._further[item]
            while waiting and (waiting[0].place.done() or self._fits(item)):
                self._go(waiting.pop(0))
            if not waiting:
                del self._further[item]
        for need in sorted(self._new):
            new = self._new[need]
            while new and (new[0].place.done() or self._may_begin(new[0].item)):
                self._go(new.popleft())
            if not new:
                del self._new[need]

    def _go(self, waiting: _Waiting) -> None:
        if not waiting.place.done():
            self._take(waiting.item)
            waiting.place.set_result(None)
            self._wakes(waiting.call)

    def _take(self, item: Item | None) -> None:
        self._taken += 1
        if item is None:
            return
        self._begin(item)
        if item in self._begun and item.spent < item.need:
            self._set_aside -= 1
        item.spent += 1

    def _begin(self, item: Item) -> None:
        if not item.begun:
            item.begun = True
            self._begun[item] = None
            self._set_aside += item.set_aside


def line_of(caller: Caller, stepper: Stepper, calls: int | None) -> Scarce | None:
    """The line of a run; None where its calls are not limited."""
    if calls is None:
        return None
    line = caller.scarce = Scarce(caller.budget, calls, caller.activity.changed)
    caller.activity.resting, stepper.on_rounds = line.resting, line.rounds
    return line


def _independent(plan: LoopPlan) -> bool:
    """Whether a loop collects, and no round of it waits for another, but for their effects."""
    return plan.op.collects and not plan.op.in_order and all(head == plan.forgiving[0] for _, head in plan.heads)


def _goes_through(plan: LoopPlan) -> bool:
    """Whether nothing ends a loop before its last round."""
    kind, ends = plan.op.kind, ops.Leave | ops.Answer
    return not plan.op.in_order or (kind == "repeat" and not any(isinstance(node.op, ends) for node in plan.body.nodes))


def _surely(node: Node, plan: Plan) -> bool:
    """Whether a step of a body comes whatever is decided in it."""
    return node.guard is None and node.region == plan.region


def _draws(settings: dict[str, object]) -> int:
    """The fewest draws of an ask."""
    samples, vote = settings.get("samples"), settings.get("vote")
    return vote // 2 + 1 if isinstance(vote, int) else samples if isinstance(samples, int) else 1
