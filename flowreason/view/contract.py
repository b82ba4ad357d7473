"""Which nodes of a run graph people see, and where the values of all others come from.

The run graph is exact about bookkeeping: passes, joins, heads, outs. A picture leaves those out and draws edges past
them. Invariant: `origins` ends at visible nodes, so that every way a value can take is an edge between things that
are seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS
from flowreason.graph.model import EdgeKind, FlowGraph, Node
from flowreason.view.labels import is_small, node_kind, way_text

_HOSTS = (ops.Decide, ops.Loop, ops.Answer, ops.YieldValue, ops.CallFlow, ops.CallTool, ops.RunText)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: a node or region that is seen. `weak`: past the empty way of a decision."""

    element: str
    kind: EdgeKind = "data"
    label: str = ""
    weak: bool = False


@dataclass
class Contraction:
    """The visible part of one flow."""

    flow: FlowGraph
    _origins: dict[str, tuple[Origin, ...]] = field(default_factory=dict)

    # --- what is seen ---

    @cached_property
    def readers(self) -> Counter[str]:
        """How many reads every node has."""
        found: Counter[str] = Counter()
        for node in self.flow.nodes.values():
            found.update(read.source for read in node.reads)
            if isinstance(node.op, ops.Loop):
                for each in node.op.carried:
                    found.update(source for source in (each.initial, each.next, each.leave) if source)
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """The names that nodes are shown with: their own, or that of the `a else b` they are part of."""
        found = {node.id: node.name for node in self.flow.nodes.values() if node.name}
        for join in reversed(list(self.flow.nodes.values())):
            name = found.get(join.id)
            if name and isinstance(join.op, ops.Join):
                for read in join.reads:
                    found.setdefault(self._behind(read.source), name)
        return found

    def _behind(self, id: str) -> str:
        """The node whose value a pass hands on."""
        node = self.flow.nodes[id]
        while isinstance(node.op, ops.Pass) and node.reads:
            node = self.flow.nodes[node.reads[0].source]
        return node.id

    @cached_property
    def fallbacks(self) -> frozenset[str]:
        """The nodes in arms of `else`: they are seen even where they are plain values."""
        found = set()
        for node in self.flow.nodes.values():
            owner = self.flow.regions[node.region].owner
            decision = self.flow.nodes.get(owner) if owner else None
            if decision is not None and isinstance(decision.op, ops.Decide) and decision.op.kind == "rescue":
                found.add(node.id)
        return frozenset(found)

    @cached_property
    def folded(self) -> dict[str, str]:
        """Conditions, items, counts and small operands → the node in whose text they stand."""
        found: dict[str, str] = {}
        for host in self.flow.nodes.values():
            for read in host.reads:
                source = self.flow.nodes[read.source]
                if self._folds(source, host, read.role == "setting"):
                    found[source.id] = host.id
        return found

    def _folds(self, source: Node, host: Node, setting: bool) -> bool:
        if source.name or source.checks or source.region != host.region or self.readers[source.id] != 1:
            return False
        if isinstance(host.op, ops.Decide) and host.op.kind == "rescue":
            return False
        small = isinstance(source.op, ops.Python) and is_small(source.op)
        return small and (setting or isinstance(host.op, _HOSTS))

    def is_seen(self, id: str) -> bool:
        """Whether a node is drawn as a node of its own (loops are drawn as regions)."""
        node = self.flow.nodes[id]
        if isinstance(node.op, (*ops.HIDDEN, ops.Loop)) or id in self.folded:
            return False
        if isinstance(node.op, ops.Decide):
            return node.op.kind != "rescue"
        if node_kind(node.op) == "value":
            return id in self.names or id in self.fallbacks
        return True

    def element(self, id: str) -> str | None:
        """The thing in the picture that stands for a node."""
        node = self.flow.nodes[id]
        if isinstance(node.op, ops.Loop):
            return node.op.body
        if id in self.folded:
            return self.element(self.folded[id])
        return id if self.is_seen(id) else None

    @cached_property
    def filled(self) -> frozenset[str]:
        """The regions in which something is seen, and all loops."""
        found: set[str] = {self.flow.root.id}
        for node in self.flow.nodes.values():
            if self.is_seen(node.id) or isinstance(node.op, ops.Loop):
                region: str | None = node.op.body if isinstance(node.op, ops.Loop) else node.region
                while region is not None and region not in found:
                    found.add(region)
                    region = self.flow.regions[region].parent
        return frozenset(found)

    @cached_property
    def arms(self) -> dict[tuple[str, str], str]:
        """(decision, label) → the region of that arm."""
        return {(r.owner, r.label): r.id for r in self.flow.regions.values() if r.kind == "arm" and r.owner}

    # --- where values come from ---

    def origins(self, id: str) -> tuple[Origin, ...]:
        """What is seen and gives a node's value; a node that is seen gives its own."""
        known = self._origins.get(id)
        if known is None:
            self._origins[id] = ()  # a circle adds nothing
            known = self._origins[id] = tuple(dict.fromkeys(self._found(self.flow.nodes[id])))
        return known

    def _found(self, node: Node) -> Iterator[Origin]:
        element = self.element(node.id)
        match node.op:
            case ops.Head(name=name):
                yield Origin(self.flow.body_of(node.region), "each", "" if name == EFFECTS else name)
            case ops.Item():
                yield Origin(self.flow.body_of(node.region), "each", node.name or "")
            case ops.Out(loop=loop, name=name):
                body = self.element(loop)
                assert body is not None
                yield Origin(body, "exit", "" if name == EFFECTS else name)
            case ops.Pass():
                yield from self._passed(node)
            case ops.Decide(kind="rescue"):
                yield from self._read(node)
            case _ if element == node.id or isinstance(node.op, ops.Loop):
                assert element is not None
                yield Origin(element)
            case _:
                yield from self._read(node)

    def _read(self, node: Node) -> Iterator[Origin]:
        for read in node.reads:
            yield from self.origins(read.source)

    def _passed(self, node: Node) -> Iterator[Origin]:
        """A value unchanged on one way. Where nothing is seen on that way, the decision itself leads on."""
        control = self._empty_way(node)
        for origin in self._read(node):
            yield Origin(origin.element, origin.kind, origin.label, True) if control else origin
        if control:
            yield control

    def _empty_way(self, node: Node) -> Origin | None:
        if node.guard is None or self.arms.get(node.guard) != node.region or node.region in self.filled:
            return None
        owner, label = node.guard
        decision = self.flow.nodes[owner]
        if isinstance(decision.op, ops.Decide) and decision.op.kind == "rescue":
            return None
        return Origin(owner, way_kind(label), way_text(decision, label))


def way_kind(label: str) -> EdgeKind:
    """The kind of edge that leads from a decision along a label."""
    return "false" if label in ("false", "else", "fine") else "true"
