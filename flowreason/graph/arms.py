"""Which nodes run only if a decision falls one way: the tree of arms of one body.

An arm is a pair (owner, label): what runs when that decision takes that way, or when that meeting is alive. Arms nest.
Invariant: a node runs in a frame only if its arm, and every arm around it, is taken in that frame.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Node
from flowreason_dsl.types import BOOL, Choice

Arm: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True, slots=True)
class Fork:
    """Where several arms part: the decision, the label on the way to each, and the arm around it."""

    owner: str | None
    labels: frozenset[str]
    around: Arm | None


class Arms:
    """The arms of one body. `of` says in which one a node stands (None: it runs whenever the body does)."""

    def __init__(self, flow: FlowGraph, nodes: Collection[Node], answering: Collection[str]) -> None:
        self.flow = flow
        self.of: dict[str, Arm | None] = {}
        self.forks: dict[str, Fork] = {}
        self._depth: dict[Arm, int] = {}
        self._answering = answering
        for node in nodes:
            self.of[node.id] = self._place(node)

    def _place(self, node: Node) -> Arm | None:
        match node.op:
            case ops.Meet(guards=guards):
                return self._forked(node.id, list(guards))
            case ops.Join():
                around = self._forked(node.id, [self.of[read.source] for read in node.reads if read.source in self.of])
                return node.guard or around
            case ops.Out(loop=loop):
                return (loop, "done") if loop in self._answering else self.of.get(loop)
        return node.guard

    def _forked(self, id: str, arms: list[Arm | None]) -> Arm | None:
        fork = self.forks[id] = self.fork(arms)
        return fork.around

    # --- the tree ---

    def around(self, arm: Arm) -> Arm | None:
        """The arm that an arm stands in."""
        return self.of.get(arm[0])

    def depth(self, arm: Arm | None) -> int:
        """How many arms there are from an arm outwards, itself included."""
        path: list[Arm] = []
        while arm is not None and arm not in self._depth:
            path.append(arm)
            arm = self.around(arm)
        depth = self._depth[arm] if arm is not None else 0
        for each in reversed(path):
            depth += 1
            self._depth[each] = depth
        return depth

    def outwards(self, arm: Arm | None) -> Iterator[Arm]:
        """An arm and all around it, from the inside."""
        while arm is not None:
            yield arm
            arm = self.around(arm)

    def holds(self, outer: Arm | None, inner: Arm | None) -> bool:
        """Whether the inner arm is the outer one or stands in it."""
        depth = self.depth(outer)
        while inner is not None and self.depth(inner) > depth:
            inner = self.around(inner)
        return inner == outer

    def fork(self, arms: Collection[Arm | None]) -> Fork:
        """Where some arms part, seen from the inside out."""
        now = set(arms)
        while len({arm and arm[0] for arm in now}) > 1:
            deepest = max(self.depth(arm) for arm in now)
            now = {self.around(arm) if arm and self.depth(arm) == deepest else arm for arm in now}
        if len(now) <= 1:
            return Fork(None, frozenset(), next(iter(now), None))
        found = [arm for arm in now if arm is not None]
        return Fork(found[0][0], frozenset(label for _, label in found), self.around(found[0]))

    # --- labels ---

    def labels(self, id: str) -> tuple[str, ...]:
        """The ways that a decision may take."""
        node = self.flow.nodes[id]
        match node.op:
            case ops.Decide(kind="rescue"):
                return ("fine", "failed")
            case ops.Decide(kind="match", cases=cases):
                numbered = tuple(str(number) for number in range(len(cases)))
                return numbered if self._covered(node, cases) else (*numbered, "else")
            case ops.Loop():
                return ("done", "answered")
        return ("true", "false")

    def _covered(self, node: Node, cases: tuple[tuple[object, ...], ...]) -> bool:
        """Whether the cases of a `match` stand for everything that its subject can be."""
        subject = self.flow.nodes[node.reads[0].source].type
        named = {str(value).strip().casefold() for case in cases for value in case}
        if subject == BOOL:
            return {"true", "false"} <= named
        return isinstance(subject, Choice) and all(option.strip().casefold() in named for option in subject.options)


def allowed_towards(arms: Arms, targets: Collection[Arm | None]) -> Mapping[str, frozenset[str]]:
    """For every decision on the way to one of the targets, the labels that lead to one."""
    found: dict[str, set[str]] = {}
    todo = [arm for arm in targets if arm is not None]
    seen: set[Arm] = set()
    while todo:
        arm = todo.pop()
        if arm in seen:
            continue
        seen.add(arm)
        owner, label = arm
        op = arms.flow.nodes[owner].op
        if isinstance(op, ops.Meet):
            todo += op.guards
            continue
        found.setdefault(owner, set()).add(label)
        if (outer := arms.around(arm)) is not None:
            todo.append(outer)
    return {owner: frozenset(labels) for owner, labels in found.items()}
