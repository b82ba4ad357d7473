"""A body region as numbers: what the stepper walks instead of names.

Every node of a body (a flow's or a loop's, with the arms in it) has an index. `need[i]` counts the inputs that node i
waits for, `targets[i]` who is waiting for it; `named[i]` are the names or arguments that it uses, and `exact[i]` is the
class of values that are of its type as they are. Invariant: a plan is made once for a graph and never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

from flowreason.engine.environment import BoundTool
from flowreason.engine.exact import class_of
from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS
from flowreason.graph.model import FlowGraph, Graph, Node, Read
from flowreason.values import dumps


class Kind(IntEnum):
    """How the stepper treats a node."""

    INPUT = 0
    CONSTANT = 1
    COPY = 2
    FILL = 3
    PICK = 4
    DECIDE = 5
    JOIN = 6
    MEET = 7
    LOOP = 8
    OUT = 9
    NEXT = 10
    LEAVE = 11
    ANSWER = 12
    YIELD = 13
    CALL = 14
    PURE_TOOL = 15
    PYTHON = 16
    WORK = 17
    GIVEN = 18
    RESCUE = 19
    PASS = 20


@dataclass(slots=True)
class LoopPlan:
    """What a loop node needs: its body's plan, and which index holds what on either side."""

    op: ops.Loop
    body: Plan
    heads: tuple[tuple[int | None, int], ...]
    rounds: tuple[tuple[int | None, int], ...]
    outs_next: tuple[tuple[int | None, int | None, int], ...]
    outs_leave: tuple[tuple[int | None, int | None, int], ...]
    yields: tuple[tuple[int, bool], ...]
    items: tuple[tuple[int, int | None], ...]
    source: int
    forgiving: tuple[int | None, int | None] = (None, None)
    """Where the items of a loop are collected, an effect that fails is that item's failure alone: those after it go on.
    The indexes of the nodes that hold the effects: at the head of a round, and after the loop."""
    kept: tuple[int, ...] | None = None
    """The nodes by which a round hands on every name that is there after the loop; None where none goes on so far."""


@dataclass(slots=True)
class Plan:
    """The plan of one body. `imports` are (index in the plan around, index here)."""

    region: str
    flow: FlowGraph
    nodes: list[Node] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    need: list[int] = field(default_factory=list)
    targets: list[tuple[int, ...]] = field(default_factory=list)
    arms: list[dict[str, tuple[int, ...]] | None] = field(default_factory=list)
    reads: list[tuple[tuple[Read, int], ...]] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    named: list[tuple[tuple[str, int], ...]] = field(default_factory=list)
    exact: list[type | None] = field(default_factory=list)
    extra: list[Any] = field(default_factory=list)
    told: list[bool] = field(default_factory=list)
    watched: list[bool] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    imports: list[tuple[int, int]] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)
    priority: list[float] = field(default_factory=list)
    size: int = 0


_SIMPLE: dict[type, Kind] = {
    ops.Input: Kind.INPUT,
    ops.Constant: Kind.CONSTANT,
    ops.Fill: Kind.FILL,
    ops.Join: Kind.JOIN,
    ops.Pass: Kind.PASS,
    ops.Meet: Kind.MEET,
    ops.Loop: Kind.LOOP,
    ops.Head: Kind.GIVEN,
    ops.Item: Kind.GIVEN,
    ops.Out: Kind.OUT,
    ops.Next: Kind.NEXT,
    ops.Leave: Kind.LEAVE,
    ops.Answer: Kind.ANSWER,
    ops.YieldValue: Kind.YIELD,
    ops.CallFlow: Kind.CALL,
    ops.Python: Kind.PYTHON,
}


def kind_of(node: Node, inline_tools: frozenset[str]) -> Kind:
    """How a node is treated. What has checks on it waits, since checks may."""
    op = node.op
    if node.checks:
        return Kind.WORK
    match op:
        case ops.Pick(steps=steps):
            return Kind.PICK if steps else Kind.COPY
        case ops.Decide(kind="rescue"):
            return Kind.RESCUE
        case ops.Decide():
            return Kind.DECIDE
        case ops.CallTool(tool=tool) if tool in inline_tools:
            return Kind.PURE_TOOL
    return _SIMPLE.get(type(op), Kind.WORK)


Trivial = Callable[[str], Callable[[Mapping[str, Any]], Any] | None]


class Program:
    """The plans of all flows of a graph, made when first used and kept with the graph for its further runs."""

    def __init__(
        self,
        graph: Graph,
        inline_tools: Mapping[str, BoundTool],
        trivial: Trivial,
    ) -> None:
        self.graph = graph
        self.inline_tools = dict(inline_tools)
        self.trivial = trivial
        self._plans: dict[str, Plan] = graph.plans.setdefault((frozenset(inline_tools), trivial), {})

    @cached_property
    def used_texts(self) -> list[str]:
        """The texts of the files that the flow uses, and the data of others."""
        flows = sorted({flow.source.text for flow in self.graph.flows.values()} - {self.graph.source.text})
        return [*flows, dumps(self.graph.data)] if self.graph.data else flows

    def plan(self, flow: str) -> Plan:
        made = self._plans.get(flow)
        if made is None:
            made = self._plans[flow] = Planner(self, self.graph.flows[flow]).body(self.graph.flows[flow].root.id, None)
        return made


class Planner:
    """Makes the plans of one flow: of its body, and of the loop bodies in it."""

    def __init__(self, program: Program, flow: FlowGraph) -> None:
        from flowreason.graph.analysis import critical

        self.program = program
        self.flow = flow
        self.bodies: dict[str, list[Node]] = {}
        body_of = {region: flow.body_of(region) for region in flow.regions}
        for node in flow.nodes.values():
            self.bodies.setdefault(body_of[node.region], []).append(node)
        self.inline_tools = frozenset(program.inline_tools)
        self.priorities = critical(flow)

    def body(self, region: str, around: Plan | None) -> Plan:
        """The plan of a body; names from outside become imports, in the plans around as well."""
        plan = Plan(region, self.flow)
        for node in self.bodies.get(region, []):
            self._slot(plan, node)
        waiting: list[dict[int, None]] = [{} for _ in plan.nodes]
        guards: list[dict[str, list[int]]] = [{} for _ in plan.nodes]
        loops = []
        for i in range(len(plan.nodes)):
            self._wire(plan, i, waiting, guards, around)
            if plan.kinds[i] == Kind.LOOP:
                loops.append(i)
        for i in loops:
            self._loop(plan, i, waiting, guards, around)
        for i, node in enumerate(plan.nodes):
            plan.extra[i] = plan.extra[i] if plan.extra[i] is not None else self._extra(node)
        plan.targets = [tuple(w) for w in waiting]
        plan.arms = [{label: tuple(ts) for label, ts in g.items()} if g else None for g in guards]
        plan.roots = [i for i, n in enumerate(plan.need) if n == 0 and plan.kinds[i] not in _FED]
        plan.size = len(plan.nodes)
        return plan

    def _slot(self, plan: Plan, node: Node) -> int:
        """A place for a node in a plan."""
        index = len(plan.nodes)
        kind = kind_of(node, self.inline_tools)
        plan.index[node.id] = index
        plan.nodes.append(node)
        plan.kinds.append(kind)
        plan.need.append(0)
        plan.reads.append(())
        plan.first.append(-1)
        plan.named.append(())
        plan.exact.append(class_of(node.type))
        plan.extra.append(None)
        plan.told.append(not isinstance(node.op, ops.HIDDEN))
        plan.watched.append(False)
        plan.priority.append(self.priorities.get(node.id, 0.0))
        if kind == Kind.INPUT:
            assert isinstance(node.op, ops.Input)
            plan.inputs[node.op.name] = index
        return index

    def _local(
        self, plan: Plan, id: str, waiting: list[dict[int, None]], guards: list[Any], around: Plan | None
    ) -> int:
        """The index of a node in a plan; a node of a body around is imported."""
        found = plan.index.get(id)
        if found is not None:
            return found
        assert around is not None, f"{id} is not visible in {plan.region}"
        node = Node(id=id, op=ops.Pass(), region=plan.region)
        index = self._slot(plan, node)
        plan.kinds[index] = Kind.GIVEN
        waiting.append({})
        guards.append({})
        plan.imports.append((-1, index))
        plan.extra[index] = id
        return index

    def _wire(
        self,
        plan: Plan,
        i: int,
        waiting: list[dict[int, None]],
        guards: list[dict[str, list[int]]],
        around: Plan | None,
    ) -> None:
        node = plan.nodes[i]
        kind = plan.kinds[i]
        if kind in _FED:
            return
        linked = kind == Kind.CALL
        found = []
        for read in node.reads:
            source = self._local(plan, read.source, waiting, guards, around)
            found.append((read, source))
            if not (linked and read.role == "argument"):
                waiting[source][i] = None
        for earlier in node.after:
            waiting[self._local(plan, earlier, waiting, guards, around)][i] = None
        plan.reads[i] = tuple(found)
        plan.first[i] = found[0][1] if found else -1
        role = "argument" if isinstance(node.op, ops.CallTool | ops.CallFlow) else "value"
        plan.named[i] = tuple((read.name, source) for read, source in found if read.role == role)
        sources = {s for r, s in found if not (linked and r.role == "argument")}
        sources |= {plan.index[earlier] for earlier in node.after}
        plan.need[i] = len(sources)
        for owner, label in node.op.guards if isinstance(node.op, ops.Meet) else (node.guard,) if node.guard else ():
            guards[plan.index[owner]].setdefault(label, []).append(i)
            plan.need[i] += 1
        if kind in (Kind.JOIN, Kind.MEET):
            plan.extra[i], plan.need[i] = (
                plan.need[i],
                1,
            )  # one way is enough to go on; all must be closed to be skipped

    def _loop(
        self,
        plan: Plan,
        i: int,
        waiting: list[dict[int, None]],
        guards: list[dict[str, list[int]]],
        around: Plan | None,
    ) -> None:
        """The plan of a loop's body, and what goes in and out."""
        node = plan.nodes[i]
        assert isinstance(node.op, ops.Loop)
        body = self.body(node.op.body, plan)

        def here(id: str | None) -> int | None:
            return None if id is None else self._local(plan, id, waiting, guards, around)

        body.imports = [(self._need(here(body.extra[j])), j) for _, j in body.imports]
        inside = body.index
        heads, rounds, by_next, by_leave = [], [], [], []
        kept: list[int | None] = []
        forgiving: tuple[int | None, int | None] = (None, None)
        for each in node.op.carried:
            if each.head is not None:
                heads.append((here(each.initial), inside[each.head]))
                rounds.append((self._inside(body, each.next), inside[each.head]))
            if each.out is not None:
                out, initial = plan.index[each.out], here(each.initial)
                by_next.append((initial, self._inside(body, each.next), out))
                by_leave.append((initial, self._inside(body, each.leave), out))
                if each.name != EFFECTS:
                    kept.append(by_next[-1][1])
            if each.name == EFFECTS and node.op.yields:
                forgiving = (inside[each.head] if each.head else None, plan.index[each.out] if each.out else None)
        yields = []
        for id in node.op.yields:
            yields.append((inside[id], isinstance(body.nodes[inside[id]].op, ops.Loop)))
            body.watched[inside[id]] = True
        items = [
            (j, n.op.part)
            for j, n in enumerate(body.nodes)
            if isinstance(n.op, ops.Item) and body.kinds[j] == Kind.GIVEN
        ]
        plan.extra[i] = LoopPlan(
            node.op, body, tuple(heads), tuple(rounds), tuple(by_next), tuple(by_leave), tuple(yields), tuple(items),
            plan.first[i], forgiving, None if None in kept else tuple(j for j in kept if j is not None),
        )  # fmt: skip

    @staticmethod
    def _need(index: int | None) -> int:
        assert index is not None
        return index

    def _inside(self, body: Plan, id: str | None) -> int | None:
        """A node that a round hands on; one from outside the loop is known by its import."""
        return None if id is None else body.index[id]

    def _extra(self, node: Node) -> Any:
        """What the stepper needs at hand to run a node."""
        match node.op:
            case ops.Python(code=code, functions=()):
                return self.program.trivial(code.text) if not code.block else None
        return None


_FED = frozenset({Kind.INPUT, Kind.GIVEN, Kind.OUT})
"""Nodes that are handed their value from outside their frame."""
