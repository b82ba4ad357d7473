"""A flow taken apart into its bodies, for reckoning: which nodes each has, in which arms, and what a loop takes from
around it.

Invariant: every list of nodes is in an order in which each stands after those that it waits for.
"""

from __future__ import annotations

from collections import defaultdict

from flowreason.graph import ops
from flowreason.graph.analysis import before, order
from flowreason.graph.arms import Arms
from flowreason.graph.model import FlowGraph, Node


class Shape:
    """The bodies of one flow: the flow's own and those of its loops, the innermost first."""

    def __init__(self, flow: FlowGraph) -> None:
        self.flow = flow
        self.order = order(flow)
        self.owner = {node.op.body: node.id for node in flow.nodes.values() if isinstance(node.op, ops.Loop)}
        places = {region: flow.body_of(region) for region in flow.regions}
        self.body_of = {node.id: places[node.region] for node in flow.nodes.values()}
        self.nodes: dict[str, list[Node]] = {body: [] for body in dict.fromkeys(places.values())}
        for id in self.order:
            self.nodes[self.body_of[id]].append(flow.nodes[id])
        self.bodies = sorted(self.nodes, key=self._depth, reverse=True)
        self.answers = self._answers()
        self.arms = {body: Arms(flow, nodes, self.answering) for body, nodes in self.nodes.items()}
        self.taken = self._taken()

    @property
    def root(self) -> str:
        return self.flow.root.id

    def _depth(self, body: str) -> int:
        depth = 0
        while body in self.owner:
            body = self.body_of[self.owner[body]]
            depth += 1
        return depth

    def loop_of(self, body: str) -> str | None:
        """The loop that a body belongs to."""
        return self.owner.get(body)

    def _answers(self) -> dict[str, list[str]]:
        """The `answer` nodes of each body, and, beside them, the loops in which the flow may be answered."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        self.answering: set[str] = set()
        for node in self.flow.nodes.values():
            if not isinstance(node.op, ops.Answer):
                continue
            id, body = node.id, self.body_of[node.id]
            while id not in found[body]:
                found[body][id] = None
                if body not in self.owner:
                    break
                id = self.owner[body]
                self.answering.add(id)
                body = self.body_of[id]
        return {body: list(ids) for body, ids in found.items()}

    def _taken(self) -> dict[str, list[str]]:
        """For each loop, the nodes of the body around it that something in it reads."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for node in self.flow.nodes.values():
            sources = before(node)
            if isinstance(node.op, ops.Loop):
                sources += [id for each in node.op.carried for id in (each.next, each.leave) if id is not None]
            for source in sources:
                self._lead_in(source, self.body_of[node.id], found)
        for node in self.flow.nodes.values():
            if isinstance(node.op, ops.Loop):
                found[node.id].update((each.initial, None) for each in node.op.carried if each.initial)
        return {loop: list(sources) for loop, sources in found.items()}

    def _lead_in(self, source: str, body: str, found: dict[str, dict[str, None]]) -> None:
        """Note a read of an outer node with the loop that stands beside it."""
        home = self.body_of[source]
        while body != home and body in self.owner:
            loop = self.owner[body]
            body = self.body_of[loop]
            if body == home:
                found[loop][source] = None
