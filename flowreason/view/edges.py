"""The edges of a picture: data past bookkeeping, ways out of decisions, rounds of loops, and no more than says
something.

Invariant: no edge is drawn twice, and a control or order edge only where no other path says the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS
from flowreason.graph.model import EdgeKind, Node
from flowreason.view.contract import Contraction, Origin, way_kind
from flowreason.view.labels import way_text
from flowreason.view.reach import Reach

Edge: TypeAlias = tuple[str, str, EdgeKind, str]

_STRENGTH: dict[EdgeKind, int] = {"true": 0, "false": 0, "each": 1, "back": 1, "exit": 1, "data": 2, "order": 3}


def edges_of(seen: Contraction, hoisted: frozenset[str]) -> list[Edge]:
    """All edges of a picture, in the order of the text."""
    drawn = _Drawn()
    for node in seen.flow.nodes.values():
        for edge, weak in _edges_at(seen, node, hoisted):
            drawn.add(edge, weak)
    merged = drawn.merged()
    reach = Reach(seen.flow, seen.filled - hoisted, [edge for edge, _ in merged])
    return [edge for edge, weak in merged if not (weak and reach.has_other_path(edge[0], edge[1]))]


class _Drawn:
    """Edges by their two ends and what they are; the labels of equals come together."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, str], tuple[list[EdgeKind], dict[str, None], bool]] = {}

    def add(self, edge: Edge, weak: bool) -> None:
        start, end, kind, label = edge
        group = "control" if kind in ("true", "false") else kind if kind in ("back", "exit", "order") else "data"
        kinds, labels, all_weak = self.found.get((start, end, group), ([], {}, True))
        if label:
            labels[label] = None
        self.found[start, end, group] = ([*kinds, kind], labels, all_weak and weak)

    def merged(self) -> list[tuple[Edge, bool]]:
        """One edge for each group; a way out of a decision says more than the value that goes along with it."""
        out = []
        for (start, end, group), (kinds, labels, weak) in self.found.items():
            kind = min(kinds, key=_STRENGTH.__getitem__)
            stronger = ("control", "exit", "data") if kind == "order" else ("control",)
            if group in ("data", "order") and any((start, end, other) in self.found for other in stronger):
                continue
            out.append(((start, end, kind, ", ".join(labels)), weak))
        return out


def _edges_at(seen: Contraction, node: Node, hoisted: frozenset[str]) -> Iterator[tuple[Edge, bool]]:
    match node.op:
        case ops.Leave():
            yield from _leave(seen, node)
        case ops.Next():
            yield from _again(seen, node)
        case ops.Decide(kind="rescue"):
            yield from _ways(seen, node, hoisted)
        case _ if (element := seen.element(node.id)) is not None:
            yield from _into(seen, node, element)
            if isinstance(node.op, ops.Loop):
                yield from _carried(seen, node.op)
            if isinstance(node.op, ops.Decide):
                yield from _ways(seen, node, hoisted)


def _into(seen: Contraction, node: Node, element: str) -> Iterator[tuple[Edge, bool]]:
    """What a node reads, what it waits for, and under which way it runs."""
    for read in node.reads:
        for origin in seen.origins(read.source):
            kind: EdgeKind = "each" if read.role == "items" and origin.kind == "data" else origin.kind
            if origin.element != element:
                yield (origin.element, element, kind, origin.label), origin.weak
    for earlier in node.after:
        yield from _after(seen, earlier, element)
    if seen.element(node.id) == node.id or isinstance(node.op, ops.Loop):
        yield from _guarded(seen, node, element)


def _after(seen: Contraction, earlier: str, element: str) -> Iterator[tuple[Edge, bool]]:
    for origin in seen.origins(earlier):
        if origin.element != element and origin.kind != "each":
            yield (origin.element, element, "order", ""), True


def _guarded(seen: Contraction, node: Node, element: str) -> Iterator[tuple[Edge, bool]]:
    """The ways that lead to a node which stands outside of their arms, or in an arm that is not drawn."""
    for owner, label in guards(seen, node):
        decision = seen.flow.nodes[owner]
        if isinstance(decision.op, ops.Loop):
            yield (decision.op.body, element, "order", ""), True
        elif isinstance(decision.op, ops.Decide) and seen.arms.get((owner, label)) not in _around(seen, node.region):
            for start in _deciders(seen, decision):
                if start != element:
                    yield (start, element, way_kind(label), way_text(decision, label)), True


def guards(seen: Contraction, node: Node) -> tuple[tuple[str, str], ...]:
    """The decisions (or loops) and labels under which a node runs, past meetings."""
    if node.guard is None:
        return ()
    owner = seen.flow.nodes[node.guard[0]]
    return owner.op.guards if isinstance(owner.op, ops.Meet) else (node.guard,)


def _around(seen: Contraction, region: str | None) -> list[str]:
    found = []
    while region is not None:
        found.append(region)
        region = seen.flow.regions[region].parent
    return found


def _deciders(seen: Contraction, decision: Node) -> list[str]:
    """What is drawn for a decision: itself, or, for `else`, the node that may fail."""
    element = seen.element(decision.id)
    if element is not None:
        return [element]
    return [origin.element for read in decision.reads for origin in seen.origins(read.source)]


def _ways(seen: Contraction, decision: Node, hoisted: frozenset[str]) -> Iterator[tuple[Edge, bool]]:
    """From a decision into each of its arms."""
    for (owner, label), arm in seen.arms.items():
        if owner != decision.id or arm not in seen.filled:
            continue
        ends = _roots(seen, arm) if arm in hoisted else [arm]
        for start in _deciders(seen, decision):
            for end in ends:
                yield (start, end, way_kind(label), way_text(decision, label)), arm in hoisted and len(ends) > 1


def _roots(seen: Contraction, arm: str) -> list[str]:
    """What stands directly in an arm."""
    return [node.id for node in seen.flow.nodes.values() if node.region == arm and seen.is_seen(node.id)]


def _carried(seen: Contraction, loop: ops.Loop) -> Iterator[tuple[Edge, bool]]:
    """Names that go into the first round, and from the end of a round to the next."""
    for each in loop.carried:
        effects = each.name == EFFECTS
        if each.initial and (each.head or each.out):
            for origin in seen.origins(each.initial):
                if not (effects and origin.kind == "each"):
                    kind: EdgeKind = "order" if effects else origin.kind
                    yield (origin.element, loop.body, kind, "" if effects else origin.label), effects or origin.weak
        if each.next and each.head and not effects:
            for origin in seen.origins(each.next):
                label = each.name if origin.kind == "data" else origin.label
                if origin.element != loop.body:
                    yield (origin.element, loop.body, "back", label), False


def _again(seen: Contraction, node: Node) -> Iterator[tuple[Edge, bool]]:
    """`until` does not hold: back to the head."""
    body = seen.flow.body_of(node.region)
    for owner, label in guards(seen, node):
        decision = seen.flow.nodes[owner]
        if isinstance(decision.op, ops.Decide) and decision.op.kind == "until":
            yield (owner, body, "back", way_text(decision, label)), False


def _leave(seen: Contraction, node: Node) -> Iterator[tuple[Edge, bool]]:
    """Out of the loop in the middle of a round."""
    body = seen.flow.body_of(node.region)
    for owner, label in guards(seen, node):
        decision = seen.flow.nodes[owner]
        arm = seen.arms.get((owner, label))
        if arm is not None and arm in seen.filled:
            yield (arm, body, "exit", "break"), False
        elif isinstance(decision.op, ops.Decide):
            for start in _deciders(seen, decision):
                yield (start, body, "exit", way_text(decision, label)), False


__all__ = ["Edge", "Origin", "edges_of", "guards"]
