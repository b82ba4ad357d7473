"""The fewest that a flow can cost in a run in which no step fails.

An answer ends a flow and cancels what is still under way, so only what an answer waits for is sure to be paid. A node
may be needed in one arm and not in another: a need is a pair (node, arm), and needs in all arms of a decision are a
need around it.

Invariant: what is reckoned here runs in every such run; where that cannot be shown, it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowreason.graph import ops
from flowreason.graph.arms import Arm, Arms, allowed_towards
from flowreason.graph.bounds import lowest
from flowreason.graph.cost import NOTHING, Cost, Steps, cheapest, together
from flowreason.graph.model import Node
from flowreason.graph.shape import Shape

Aspect: TypeAlias = "Literal['value', 'end'] | tuple[Literal['out'], str]"
"""What of a loop is needed: its list, that it ends, or a name after it."""

What: TypeAlias = "str | tuple[str, Aspect]"
"""A node, or an aspect of a loop."""

Goal: TypeAlias = "frozenset[Aspect] | Literal['answer']"


@dataclass
class Found:
    """What a body surely does: its cost, the outer nodes that it needs, and all that it needs within."""

    cost: Cost = NOTHING
    outer: frozenset[What] = frozenset()
    marked: frozenset[str] = frozenset()


def fewest(shape: Shape, steps: Steps) -> tuple[Cost, frozenset[str]]:
    """The fewest that one activation costs, and the parameters that it surely waits for."""
    found = Reckoner(shape, steps).answered(shape.root)
    inputs = {id for id in found.marked if isinstance(shape.flow.nodes[id].op, ops.Input)}
    return found.cost, frozenset(inputs)


class Reckoner:
    """Remembers what was found for each loop and goal."""

    def __init__(self, shape: Shape, steps: Steps) -> None:
        self.shape = shape
        self.steps = steps
        self._known: dict[tuple[str, Goal], Found] = {}
        self._again: dict[tuple[str, str], bool] = {}

    def answered(self, body: str) -> Found:
        """What a body surely does until the flow is answered in it."""
        return self._remembered(body, "answer")

    def finished(self, loop: Node, aspects: frozenset[Aspect]) -> Found:
        """What one round of a loop surely does for some aspects of the loop."""
        assert isinstance(loop.op, ops.Loop)
        return self._remembered(loop.op.body, aspects)

    def _remembered(self, body: str, goal: Goal) -> Found:
        key = (body, goal)
        if key not in self._known:
            needs = Needs(self, body)
            self._known[key] = needs.for_answer() if goal == "answer" else needs.for_round(goal)
        return self._known[key]

    def carries_on(self, loop: Node, name: str) -> bool:
        """Whether what a round makes of a carried name surely needs what the round before made of it."""
        key = (loop.id, name)
        if key not in self._again:
            assert isinstance(loop.op, ops.Loop)
            each = next(c for c in loop.op.carried if c.name == name)
            found = each.head is not None and each.next is not None
            self._again[key] = found and Needs(self, loop.op.body).leads_back(each)
        return self._again[key]


@dataclass
class Needs:
    """Finds what a body surely needs for a goal."""

    reckoner: Reckoner
    body: str
    marked: set[str] = field(default_factory=set)
    outer: set[What] = field(default_factory=set)
    aspects: dict[str, set[Aspect]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.shape = self.reckoner.shape
        self.nodes = self.shape.flow.nodes
        self.arms: Arms = self.shape.arms[self.body]
        self.allowed: dict[str, frozenset[str]] = {}
        self._asked: set[tuple[What, Arm | None]] = set()
        self._partly: dict[What, set[Arm]] = defaultdict(set)
        self._todo: list[tuple[What, Arm | None]] = []

    # --- goals ---

    def for_answer(self) -> Found:
        ends = self.shape.answers.get(self.body, [])
        places = [self.arms.of[id] for id in ends]
        self._allow(places, "answered")
        self._direct(places)
        for id in ends:
            self.need(id, self.arms.of[id])
        return self._found()

    def for_round(self, aspects: frozenset[Aspect]) -> Found:
        loop = self.nodes[self.shape.owner[self.body]]
        assert isinstance(loop.op, ops.Loop)
        ends = [n for n in self.shape.nodes[self.body] if isinstance(n.op, ops.Next | ops.Leave)]
        places = [self.arms.of[node.id] for node in ends]
        self._allow(places, "done")
        self._direct(places)
        if "value" in aspects:
            self._yields(loop.op)
        for aspect in aspects:
            if isinstance(aspect, tuple):
                self._carried(loop.op, aspect[1], ends)
        return self._found()

    def _allow(self, places: list[Arm | None], word: str) -> None:
        """Which ways lead to one of some places; a loop in which the flow may be answered also has the way `word`."""
        self.allowed = dict(allowed_towards(self.arms, places))
        for id in self.shape.answering & self.arms.of.keys():
            self.allowed[id] = self.allowed.get(id, frozenset()) | {word}

    def leads_back(self, each: ops.Carried) -> bool:
        """Whether what a round makes of a carried name needs the one at its start, however the round ends."""
        ends = [n for n in self.shape.nodes[self.body] if isinstance(n.op, ops.Next | ops.Leave)]
        self._allow([self.arms.of[node.id] for node in ends], "done")
        for holder, place in self._holders(each, ends):
            self.need(holder, place)
        self._work()
        return each.head in self.marked

    def _holders(self, each: ops.Carried, ends: list[Node]) -> Iterator[tuple[str, Arm | None]]:
        """The nodes that hold a carried name where a round ends, and where that is."""
        if not ends and each.next is not None:
            yield each.next, None
        for end in ends:
            holder = each.leave if isinstance(end.op, ops.Leave) else each.next
            if holder is not None:
                yield holder, self.arms.of[end.id]

    def _yields(self, op: ops.Loop) -> None:
        for id in op.yields:
            place = self.arms.of[id]
            self._direct([place])
            if isinstance(self.nodes[id].op, ops.Loop):
                self.need((id, "value"), place)
            else:
                self.need(id, place)

    def _carried(self, op: ops.Loop, name: str, ends: list[Node]) -> None:
        """What a name after the loop takes from its last round."""
        each = next(c for c in op.carried if c.name == name)
        for holder, place in self._holders(each, ends):
            self.need(holder, place)

    def _direct(self, places: Iterable[Arm | None]) -> None:
        """Who gets to a place must have decided all that leads there."""
        todo = [arm for arm in places if arm is not None]
        seen: set[Arm] = set()
        while todo:
            arm = todo.pop()
            if arm in seen:
                continue
            seen.add(arm)
            op = self.nodes[arm[0]].op
            if isinstance(op, ops.Meet):
                todo += op.guards
                continue
            outer = self.arms.around(arm)
            if isinstance(op, ops.Loop):
                self.need((arm[0], "end"), arm)
            else:
                self.need(arm[0], outer)
            todo += [outer] if outer is not None else []

    # --- needs ---

    def need(self, what: What, arm: Arm | None) -> None:
        """Something is needed whenever an arm is taken: a node, or (loop, aspect)."""
        if (what, arm) not in self._asked:
            self._asked.add((what, arm))
            self._todo.append((what, arm))

    def _work(self) -> None:
        while self._todo:
            what, arm = self._todo.pop()
            id = what if isinstance(what, str) else what[0]
            if isinstance(self.nodes[id].op, ops.Join) and id in self.arms.of:
                self._join(self.nodes[id], arm)
            elif self._home(what, id) == arm:
                self._mark(what, id)
            else:
                self._outwards(what, arm)

    def _home(self, what: What, id: str) -> Arm | None:
        """The arm in which something runs when it runs."""
        if not isinstance(what, str) and id in self.shape.answering and id in self.arms.of:
            return (id, "done")
        return self.arms.of.get(id)

    def _outwards(self, what: What, arm: Arm | None) -> None:
        """A need in an arm that is not the thing's own: with those in all other ways, it is a need around them."""
        if arm is None:
            return
        owner, _ = arm
        op = self.nodes[owner].op
        if isinstance(op, ops.Meet):
            for guard in op.guards:
                self.need(what, guard)
            return
        partly = self._partly[what]
        partly.add(arm)
        if all((owner, label) in partly for label in self.labels(owner)):
            self.need(what, self.arms.around(arm))

    def labels(self, owner: str) -> Collection[str]:
        """The ways out of a decision that lead to the goal, where no step fails."""
        node = self.nodes[owner]
        if isinstance(node.op, ops.Decide) and node.op.kind == "rescue":
            return ("fine",)
        labels = self.arms.labels(owner)
        allowed = self.allowed.get(owner)
        return labels if allowed is None else [label for label in labels if label in allowed]

    def _join(self, node: Node, arm: Arm | None) -> None:
        """A value of one of several ways: what decides between them is needed, and on each way what stands there."""
        fork = self.arms.forks.get(node.id)
        if fork is not None and fork.owner is not None:
            place = self.arms.of[fork.owner]
            self.need(fork.owner, place if self.arms.holds(arm, place) else arm)
        for read in node.reads:
            place = self.arms.of.get(read.source)
            if self.arms.holds(arm, place):
                self.need(read.source, place)
            elif self.arms.holds(place, arm):
                self.need(read.source, arm)

    def _mark(self, what: What, id: str) -> None:
        """It surely runs in its arm, and so does all that it waits for."""
        node = self.nodes[id]
        if id not in self.arms.of:
            self.outer.add(what)
            return
        home = self._home(what, id)
        if not isinstance(what, str):
            self._aspect(node, what[1], home)
            self.need(id, self.arms.of[id])
            return
        if id in self.marked:
            return
        self.marked.add(id)
        for earlier in self._waits(node):
            if isinstance(self.nodes[earlier].op, ops.Loop) and not isinstance(node.op, ops.Out):
                self.need((earlier, "value"), home)
            else:
                self.need(earlier, home)
        if isinstance(node.op, ops.Out):
            self.need((node.op.loop, ("out", node.op.name)), home)
        if id in self.shape.answering:
            self._answering(node)

    def _waits(self, node: Node) -> list[str]:
        """What a node waits for, but for what decides about it, which is needed where its arm is reached."""
        found = [read.source for read in node.reads] + list(node.after)
        if isinstance(node.op, ops.CallFlow):
            needs = self.reckoner.steps.callee(node.op.flow).needs
            found = [r.source for r in node.reads if r.role != "argument" or r.name in needs] + list(node.after)
        elif isinstance(node.op, ops.Out):
            found = [node.op.loop]
        elif isinstance(node.op, ops.Meet):
            found = []
        return list(dict.fromkeys(found))

    # --- loops ---

    def _aspect(self, loop: Node, aspect: Aspect, home: Arm | None) -> None:
        """One more thing that is needed of a loop, and what its rounds need for it from around the loop."""
        self.aspects[loop.id].add(aspect)
        assert isinstance(loop.op, ops.Loop)
        if isinstance(aspect, tuple) and self.reckoner.carries_on(loop, aspect[1]):
            each = next(c for c in loop.op.carried if c.name == aspect[1])
            if each.initial is not None:
                self.need(each.initial, home)
        if _surely_runs(self.reckoner.steps, loop):
            found = self.reckoner.finished(loop, frozenset(self.aspects[loop.id]))
            for each_outer in found.outer:
                self.need(each_outer, home)

    def _answering(self, loop: Node) -> None:
        """A loop in which the flow may be answered: what it needs from around it when it is."""
        assert isinstance(loop.op, ops.Loop)
        for what in self.reckoner.answered(loop.op.body).outer:
            self.need(what, (loop.id, "answered"))

    # --- the sum ---

    def _found(self) -> Found:
        self._work()
        return Found(self._cost(), frozenset(self.outer), frozenset(self.marked))

    def _cost(self) -> Cost:
        sums: dict[Arm | None, list[Cost]] = defaultdict(list)
        for node in reversed(self.shape.nodes[self.body]):
            if isinstance(node.op, ops.Meet):
                self._met(node, sums)
            elif node.id in self.marked:
                cost = self._of(node, sums)
                if cost != NOTHING:
                    sums[self.arms.of[node.id]].append(cost)
        return together(sums[None])

    def _met(self, node: Node, sums: dict[Arm | None, list[Cost]]) -> None:
        """What follows a meeting surely runs on those ways that lead straight to it."""
        cost = together(sums.get((node.id, "met"), ()))
        assert isinstance(node.op, ops.Meet)
        if cost != NOTHING:
            for guard in node.op.guards:
                sums[guard].append(cost)

    def _of(self, node: Node, sums: dict[Arm | None, list[Cost]]) -> Cost:
        steps = self.reckoner.steps
        parts = [steps.fewest(node)]
        match node.op:
            case ops.Decide():
                ways = [together(sums.get((node.id, label), ())) for label in self.labels(node.id)]
                parts.append(cheapest(ways) if ways else NOTHING)
            case ops.Loop() if node.id in self.shape.answering:
                parts.append(self._loop_or_answer(node, node.op, sums))
            case ops.Loop():
                parts.append(self._loop(node))
        return together(part for part in parts if part != NOTHING)

    def _loop_or_answer(self, node: Node, op: ops.Loop, sums: dict[Arm | None, list[Cost]]) -> Cost:
        after = together([self._loop(node), *sums.get((node.id, "done"), ())])
        rounds = self.reckoner.steps.known.rounds(node.id)
        inside = self.reckoner.answered(op.body).cost.times(lowest(1, rounds.full.low))
        ways = {"done": after, "answered": inside}
        return cheapest(ways[label] for label in self.labels(node.id)) if self.labels(node.id) else inside

    def _loop(self, node: Node) -> Cost:
        """All rounds of a loop, for what is needed of it."""
        aspects = frozenset(self.aspects[node.id])
        if not aspects:
            return NOTHING
        assert isinstance(node.op, ops.Loop)
        rounds = self.reckoner.steps.known.rounds(node.id)
        last = self.reckoner.finished(node, aspects).cost
        if rounds.low != rounds.full.low:
            return last.times(rounds.low)
        always = frozenset(a for a in aspects if not isinstance(a, tuple) or self.reckoner.carries_on(node, a[1]))
        every = self.reckoner.finished(node, always).cost if always or node.op.in_order else NOTHING
        return every.times(rounds.low) if every != NOTHING else last.times(lowest(1, rounds.low))


def _surely_runs(steps: Steps, loop: Node) -> bool:
    """Whether a loop has at least one round."""
    low = steps.known.rounds(loop.id).low.number
    return low is not None and low >= 1
