"""The most that a flow can cost, and the longest chain of calls in it.

Invariant: no run exceeds them: of arms that exclude one another the dearest counts, of loops every round, of asks
every try.
"""

from __future__ import annotations

from collections import defaultdict

from flowreason.graph import ops
from flowreason.graph.analysis import before
from flowreason.graph.arms import Arm, Arms
from flowreason.graph.bounds import ONE, ZERO, Bound
from flowreason.graph.cost import NOTHING, Cost, Steps, dearest, together, upper
from flowreason.graph.model import Node
from flowreason.graph.shape import Shape


def most(shape: Shape, steps: Steps) -> Cost:
    """The most that one activation of a flow costs."""
    return most_of_bodies(shape, steps)[shape.root]


def most_of_bodies(shape: Shape, steps: Steps) -> dict[str, Cost]:
    """The most that one activation of every body of a flow costs: of a loop's, one round."""
    found: dict[str, Cost] = {}
    for body in shape.bodies:
        found[body] = _Body(shape, steps, body, found).cost()
    return found


class _Body:
    """One body, reckoned from its last node to its first."""

    def __init__(self, shape: Shape, steps: Steps, body: str, inner: dict[str, Cost]) -> None:
        self.shape = shape
        self.steps = steps
        self.nodes = shape.nodes[body]
        self.arms: Arms = shape.arms[body]
        self.inner = inner
        self.sums: dict[Arm | None, list[Cost]] = defaultdict(list)

    def cost(self) -> Cost:
        for node in reversed(self.nodes):
            if isinstance(node.op, ops.Meet):
                self._meet(node)
            else:
                cost = self._with_arms(node)
                if cost != NOTHING:
                    self.sums[self.arms.of[node.id]].append(cost)
        return together(self.sums[None])

    def _with_arms(self, node: Node) -> Cost:
        """A node, and what runs on the ways out of it."""
        parts = [self.steps.most(node)]
        match node.op:
            case ops.Decide():
                parts.append(dearest(self._arm(node.id, label) for label in self.arms.labels(node.id)))
            case ops.Loop(body=body):
                parts.append(self.inner[body].times(self.steps.known.rounds(node.id).full.high))
                parts.append(self._arm(node.id, "done"))
        return together(part for part in parts if part != NOTHING)

    def _arm(self, owner: str, label: str) -> Cost:
        return together(self.sums.get((owner, label), ()))

    def _meet(self, node: Node) -> None:
        """What follows several ways runs after each of them."""
        cost = self._arm(node.id, "met")
        assert isinstance(node.op, ops.Meet)
        if cost != NOTHING:
            for guard in node.op.guards:
                self.sums[guard].append(cost)


def chain(shape: Shape, steps: Steps) -> Bound:
    """The most calls that one activation of a flow makes one after the other."""
    found: dict[str, Bound] = {}
    for body in shape.bodies:
        found[body] = _longest(shape, steps, body, found)
    return found[shape.root]


def _longest(shape: Shape, steps: Steps, body: str, inner: dict[str, Bound]) -> Bound:
    finished: dict[str, Bound] = {}
    for node in shape.nodes[body]:
        earlier = [*before(node), *shape.taken.get(node.id, ())]
        start = upper([finished[id] for id in dict.fromkeys(earlier) if id in finished]) if earlier else ZERO
        own = steps.chain(node)
        if isinstance(node.op, ops.Loop):
            own = own + _rounds_in_a_row(node, node.op, steps) * inner[node.op.body]
        finished[node.id] = start + own
    return upper(list(finished.values()))


def _rounds_in_a_row(node: Node, op: ops.Loop, steps: Steps) -> Bound:
    """How many rounds may have to wait for one another."""
    rounds = steps.known.rounds(node.id).full.high
    waits = op.in_order or any(each.head is not None and each.next is not None for each in op.carried)
    return rounds if waits or rounds.number == 0 else ONE
