"""What follows from the edges alone: an order, layers, what may run together, and what is urgent.

A loop counts twice, as the point where it opens (`Open(id)`) and as the point where its value is there (its id), and
all of its body stands between the two. Invariant: without back edges the points form no circle, every function here
takes time in proportion to nodes and edges, and equal graphs give equal results.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Node

CALLS: dict[type, float] = {ops.Ask: 1.0, ops.Emulate: 1.0, ops.CallFlow: 1.0, ops.RunText: 1.0, ops.Solve: 2.0}
"""Model calls that a node is taken to make when only its urgency matters."""


class Open(NamedTuple):
    """The point where a loop opens its first round."""

    loop: str


Point: TypeAlias = "str | Open"


@dataclass
class Points:
    """The points of a flow and what comes after each. `weak` leads to the end of a loop that does not wait for it."""

    after: dict[Point, list[Point]] = field(default_factory=lambda: defaultdict(list))
    weak: dict[Point, list[Point]] = field(default_factory=lambda: defaultdict(list))
    all: list[Point] = field(default_factory=list)

    def in_order(self) -> list[Point]:
        """Every point after all that lead to it; of several that could stand next, the one written first."""
        missing: dict[Point, int] = dict.fromkeys(self.all, 0)
        for targets in (*self.after.values(), *self.weak.values()):
            for target in targets:
                missing[target] += 1
        ready = deque(point for point in self.all if missing[point] == 0)
        found = []
        while ready:
            point = ready.popleft()
            found.append(point)
            for target in (*self.after.get(point, ()), *self.weak.get(point, ())):
                missing[target] -= 1
                if missing[target] == 0:
                    ready.append(target)
        return found


def points(flow: FlowGraph) -> Points:
    """The points of a flow, with the edges between them but for back edges."""
    made = Points()
    bodies: dict[str, str] = {}
    for node in flow.nodes.values():
        if isinstance(node.op, ops.Loop):
            made.all.append(Open(node.id))
            bodies[node.op.body] = node.id
        made.all.append(node.id)
    for node in flow.nodes.values():
        start: Point = Open(node.id) if isinstance(node.op, ops.Loop) else node.id
        for earlier in before(node):
            made.after[earlier].append(start)
        owner = bodies.get(flow.body_of(node.region))
        if owner is not None:
            made.after[Open(owner)].append(start)
    for node in flow.nodes.values():
        if isinstance(node.op, ops.Loop):
            _around(made, node, node.op)
    _close(made, flow, bodies)
    return made


def before(node: Node) -> list[str]:
    """The nodes that a node waits for, within its own round."""
    found = [read.source for read in node.reads]
    found += node.after
    guards = node.op.guards if isinstance(node.op, ops.Meet) else (node.guard,) if node.guard else ()
    found += [owner for owner, _ in guards]
    if isinstance(node.op, ops.Out):
        found.append(node.op.loop)
    return list(dict.fromkeys(found))


def _around(made: Points, loop: Node, op: ops.Loop) -> None:
    """What a loop takes in and hands out."""
    for each in op.carried:
        if each.initial and each.head:
            made.after[each.initial].append(each.head)
        if each.out:
            for last in dict.fromkeys((each.next, each.leave, each.initial)):
                if last:
                    made.after[last].append(each.out)
    for each_yield in op.yields:
        made.after[each_yield].append(loop.id)


def _close(made: Points, flow: FlowGraph, bodies: dict[str, str]) -> None:
    """Every point of a body leads to the loop's end, firmly where the loop waits for it."""
    for owner in bodies.values():
        made.weak[Open(owner)].append(owner)
    for node in flow.nodes.values():
        around = bodies.get(flow.body_of(node.region))
        if around is None:
            continue
        op = flow.nodes[around].op
        assert isinstance(op, ops.Loop)
        firm = isinstance(node.op, ops.Next | ops.Leave) or not op.yields
        (made.after if firm else made.weak)[node.id].append(around)


def order(flow: FlowGraph) -> list[str]:
    """All nodes, each after those it waits for; a loop stands after everything in its body."""
    return [point for point in points(flow).in_order() if isinstance(point, str)]


def levels(flow: FlowGraph) -> list[list[str]]:
    """The nodes in layers: each stands in the first layer in which everything that it waits for is behind it.

    Nodes of one layer have no path between them, so they may run together. A loop opens in an earlier layer
    than it ends.
    """
    made = points(flow)
    depth: dict[Point, int] = {}
    rows: dict[int, list[str]] = defaultdict(list)
    for point in made.in_order():
        level = depth.setdefault(point, 0)
        if isinstance(point, str):
            rows[level].append(point)
        for target in (*made.after.get(point, ()), *made.weak.get(point, ())):
            depth[target] = max(depth.get(target, 0), level + 1)
    return [rows[level] for level in sorted(rows)]


def may_run_together(flow: FlowGraph, first: str, second: str) -> bool:
    """Whether no path leads from one node to the other, so that neither waits for the other."""
    made = points(flow)
    return first != second and not _leads(made, first, second) and not _leads(made, second, first)


def _leads(made: Points, start: str, end: str) -> bool:
    todo: list[Point] = [start]
    seen: set[Point] = {start}
    while todo:
        point = todo.pop()
        if point == end:
            return True
        fresh = [t for t in (*made.after.get(point, ()), *made.weak.get(point, ())) if t not in seen]
        seen.update(fresh)
        todo += fresh
    return False


def critical(flow: FlowGraph) -> dict[str, float]:
    """For every node the most model calls on a path from it, itself included, to the end of the flow.

    A loop counts one round and a sub-flow one call: it is a measure of urgency, not a bound (see `price`).
    """
    made = points(flow)
    tail: dict[Point, float] = {}
    for point in reversed(made.in_order()):
        own = CALLS.get(type(flow.nodes[point].op), 0.0) if isinstance(point, str) else 0.0
        tail[point] = own + max((tail[target] for target in made.after.get(point, ())), default=0.0)
    return {id: tail.get(Open(id) if isinstance(node.op, ops.Loop) else id, 0.0) for id, node in flow.nodes.items()}
