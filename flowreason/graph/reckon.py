"""Reckons all flows of a graph, callees first, and unrolls recursion as deep as the limit of depth lets it go.

Invariant: a flow that calls itself has, for every depth that is left, the cost of an activation that may go that deep.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from flowreason.graph import ops
from flowreason.graph.bounds import UNBOUNDED
from flowreason.graph.cost import LONGEST, NOTHING, Callee, Cost, Lookup, Parameter, Steps, together
from flowreason.graph.fewest import fewest
from flowreason.graph.known import Characters, KnownValues, of_type
from flowreason.graph.model import FlowGraph, Graph, Node
from flowreason.graph.most import chain, most, most_of_bodies
from flowreason.graph.peek import NOTHING as UNKNOWN
from flowreason.graph.peek import of_value
from flowreason.graph.shape import Shape
from flowreason_dsl.python import facts

UNROLLED = 40
"""A recursion that may go deeper than this, and still grows, is taken to be endless."""

LARGEST = 10**9
"""A recursion that may make more calls than this is taken to be endless."""

NEVER = Cost(UNBOUNDED, UNBOUNDED, UNBOUNDED)
TOO_DEEP = Callee(fewest=NEVER)
"""A call that is too deep fails at once: it costs nothing, and no run in which no step fails makes it."""


class Reckoning:
    """The cost of every flow of a graph. `levels`: how deep calls may go; `at_once`: no reply goes back."""

    def __init__(self, graph: Graph, inputs: Mapping[str, Any], levels: int, at_once: bool = False) -> None:
        self.graph = graph
        self.inputs = inputs
        self.levels = levels
        self.at_once = at_once
        self._shapes: dict[str, Shape] = {}
        self._known: dict[str, KnownValues] = {}
        self._tables: dict[str, list[Callee]] = {}
        self._given: dict[str, dict[str, Characters]] = defaultdict(dict)
        self.calls = {name: sorted(_called(flow)) for name, flow in graph.flows.items()}
        self.asking = _asking(graph, self.calls)

    # --- what others ask ---

    def entry(self) -> Callee:
        """What a run costs."""
        name = self.graph.entry
        called = any(name in callees for callees in self.calls.values())
        known = self._known[""] = KnownValues(self.graph.flows[name], self._shape(name).order, self.inputs)
        self._give(known)
        for each in (each for group in reversed(self._groups) for each in group):
            if each in self._distance and (called or each != name):
                self._give(self._generic(each))
        for group in self._groups:
            if called or name not in group:
                self._reckon_group(group)
        return self._reckon(name, known, self._seen_from(name))

    def _give(self, known: KnownValues) -> None:
        """How long the values are, as texts, that a flow gives to those that it calls."""
        for node in known.flow.nodes.values():
            if isinstance(node.op, ops.CallFlow):
                given = self._given[node.op.flow]
                for read in node.reads:
                    if read.role == "argument":
                        low, high = known.characters(read.source)
                        least, most_ = given.get(read.name, (low, high))
                        given[read.name] = min(low, least), max(high, most_)

    @property
    def explained(self) -> dict[str, str]:
        """What every symbol stands for."""
        found: dict[str, str] = {}
        for known in self._known.values():
            found |= known.explained
        return found

    @cached_property
    def recursive(self) -> bool:
        """Whether a flow that a run may reach calls itself."""
        return any(self._recursive(group) for group in self._groups if group & self._distance.keys())

    @property
    def depth(self) -> int:
        """How deep flows call one another, recursion aside."""
        longest: dict[str, int] = {}
        for group in self._groups:
            below = [longest.get(callee, 0) for name in group for callee in self.calls[name] if callee not in group]
            for name in group:
                longest[name] = 1 + max(below, default=-1)
        return longest.get(self.graph.entry, 0)

    def most_rounds(self) -> float:
        """The most rounds of one loop, among those that are known."""
        found = [0.0]
        for key, known in self._known.items():
            name = key or self.graph.entry
            loops = [node.id for node in self.graph.flows[name].nodes.values() if isinstance(node.op, ops.Loop)]
            numbers = [known.rounds(id).full.high.number for id in loops]
            found += [float(min(number, LARGEST)) for number in numbers if number is not None]
        return max(found)

    def of_flow(self, name: str) -> Callee:
        """What one run of a flow costs, whoever calls it. To be asked after `entry`."""
        return self.entry() if name == self.graph.entry else self._seen_from(self.graph.entry)(name)

    def of_step(self, flow: str, id: str) -> tuple[Cost, Cost]:
        """The fewest and the most that one run of a step costs, whoever calls its flow; of a loop, all its rounds, of
        which the fewest are not reckoned. To be asked after `entry`."""
        known = self._known[""] if flow == self.graph.entry else self._generic(flow)
        shape, steps = self._shape(flow), Steps(self.graph, known, self._seen_from(flow), self.asking, self.at_once)
        node = self.graph.flows[flow].nodes[id]
        most_ = steps.most(node)
        if not isinstance(node.op, ops.Loop):
            return steps.fewest(node), most_
        round_ = most_of_bodies(shape, steps)[node.op.body]
        return NOTHING, together([most_, round_.times(known.rounds(id).full.high)])

    # --- groups of flows that call one another ---

    @cached_property
    def _groups(self) -> list[set[str]]:
        """Flows that call one another, callees before callers."""
        import networkx as nx

        made = nx.DiGraph()
        made.add_nodes_from(self.graph.flows)
        made.add_edges_from((name, callee) for name, callees in self.calls.items() for callee in callees)
        return [set(group) for group in nx.strongly_connected_components(made)]

    def _recursive(self, group: Collection[str]) -> bool:
        return len(group) > 1 or any(name in self.calls[name] for name in group)

    @cached_property
    def _distance(self) -> dict[str, int]:
        """How many calls lie between the entry and each flow, at least."""
        found = {self.graph.entry: 0}
        todo = [self.graph.entry]
        for name in todo:
            for callee in self.calls[name]:
                if callee not in found:
                    found[callee] = found[name] + 1
                    todo.append(callee)
        return found

    def _reckon_group(self, group: set[str]) -> None:
        deepest = min(self.levels, UNROLLED) if self._recursive(group) else 1
        for name in group:
            self._tables[name] = [TOO_DEEP]
        for level in range(1, deepest + 1):
            for name in sorted(group):
                self._tables[name].append(self._reckon(name, self._generic(name), self._level(name, group, level - 1)))
            if all(_same(self._tables[name][level], self._tables[name][level - 1]) for name in group):
                return
            if any(_too_large(self._tables[name][level]) for name in group):
                break
        if self._recursive(group) and len(self._tables[min(group)]) <= self.levels:
            for name in group:
                self._tables[name].append(_endless(self._tables[name][-1], self._tables[name][-2]))

    def _level(self, caller: str, group: set[str], level: int) -> Lookup:
        """Sub-flows as seen from a flow of a group that may call `level` more deep."""
        outside = self._seen_from(caller)

        def look(name: str) -> Callee:
            return self._tables[name][level] if name in group else outside(name)

        return look

    def _seen_from(self, caller: str) -> Lookup:
        left = max(0, self.levels - self._distance.get(caller, 0))

        def look(name: str) -> Callee:
            table = self._tables[name]
            if name not in self._calling_themselves:
                return table[-1]
            return table[min(left, len(table) - 1)]

        return look

    @cached_property
    def _calling_themselves(self) -> frozenset[str]:
        return frozenset(name for group in self._groups if self._recursive(group) for name in group)

    # --- one flow ---

    def _shape(self, name: str) -> Shape:
        if name not in self._shapes:
            self._shapes[name] = Shape(self.graph.flows[name])
        return self._shapes[name]

    def _generic(self, name: str) -> KnownValues:
        """What is known of a sub-flow's values, whoever calls it."""
        if name not in self._known:
            flow, given = self.graph.flows[name], self._given[name]
            if name in self._calling_themselves:  # it may give itself less, or another thing of the type
                given = {each: (1, max(high, of_type(flow.nodes[each].type)[1])) for each, (_, high) in given.items()}
            self._known[name] = KnownValues(flow, self._shape(name).order, None, f" in {name}", given)
        return self._known[name]

    def _reckon(self, name: str, known: KnownValues, callee: Lookup) -> Callee:
        shape = self._shape(name)
        steps = Steps(self.graph, known, callee, self.asking, self.at_once)
        least, needs = fewest(shape, steps)
        parameters = _parameters(shape.flow, known)
        if name not in self.asking:
            return Callee(needs=needs, parameters=parameters)
        return Callee(most(shape, steps), least, needs, chain(shape, steps), parameters)


def _parameters(flow: FlowGraph, known: KnownValues) -> dict[str, Parameter]:
    found = {}
    for name in flow.parameters:
        op = flow.nodes[name].op
        default = of_value(op.default) if isinstance(op, ops.Input) and not op.required else UNKNOWN
        found[known.length_symbol(name)] = Parameter(name, True, default.length)
        found[known.count_symbol(name)] = Parameter(name, False, default.number)
    return found


def _called(flow: FlowGraph) -> set[str]:
    """The flows that a flow's nodes call, their `ensure`s included; calls from Python aside."""
    found = {node.op.flow for node in flow.nodes.values() if isinstance(node.op, ops.CallFlow)}
    return found | {check.flow for node in flow.nodes.values() for check in node.checks if check.flow is not None}


def _asking(graph: Graph, calls: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The flows that may call the model, by themselves or through others."""
    callers: dict[str, list[str]] = {name: [] for name in graph.flows}
    for name, flow in graph.flows.items():
        for callee in set(calls[name]) | _from_python(flow, graph.flows):
            callers[callee].append(name)
    todo = [name for name, flow in graph.flows.items() if any(_asks(node) for node in flow.nodes.values())]
    found = set(todo)
    while todo:
        fresh = [name for name in callers[todo.pop()] if name not in found]
        found.update(fresh)
        todo += fresh
    return frozenset(found)


def _asks(node: Node) -> bool:
    return isinstance(node.op, ops.Emulate | ops.Solve | ops.RunText) or (
        isinstance(node.op, ops.Ask) and not node.op.user
    )


def _from_python(flow: FlowGraph, flows: Collection[str]) -> set[str]:
    """The flows that a flow's Python names."""
    found: set[str] = set()
    for node in flow.nodes.values():
        if isinstance(node.op, ops.Python | ops.Emulate):
            found.update(node.op.functions)
        for check in node.checks:
            if check.code is not None:
                found.update(facts(check.code).all_names)
    return {name for name in found if name in flows}


def _same(new: Callee, old: Callee) -> bool:
    return new.most == old.most and new.fewest == old.fewest and new.chain == old.chain


def _too_large(found: Callee) -> bool:
    calls = found.most.calls
    return calls.size > LONGEST or (calls.number is not None and calls.number > LARGEST)


def _endless(last: Callee, before: Callee) -> Callee:
    """A recursion that was not unrolled to its end: what still grew has no bound."""
    grown = [UNBOUNDED if new != old else new for new, old in zip(last.most, before.most, strict=True)]
    chained = UNBOUNDED if last.chain != before.chain else last.chain
    return last._replace(most=Cost(*grown), chain=chained)
