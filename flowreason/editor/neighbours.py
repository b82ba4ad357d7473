"""What a step waits for and who waits for it, from the lowered graph, past the bookkeeping between them.

Invariant: what is told of a step names steps that a person finds in the text, each once, in written order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from flowreason.graph.model import FlowGraph, Node
from flowreason.graph.ops import HIDDEN, Answer, Constant, Decide, Fill, Loop, Pick, Python
from flowreason.view.labels import WORDS, node_kind
from flowreason_dsl.source import Source, Span

Links = dict[str, list[str]]
_PASSED = (Constant, Fill, Pick, Python)
"""What is only a part of a step, where it has no name: told is the step that it is a part of."""


class Neighbours:
    """The edges of one flow."""

    def __init__(self, flow: FlowGraph) -> None:
        self.flow = flow
        self.before: Links = defaultdict(list)
        self.after: Links = defaultdict(list)
        self.bodies = {node.op.body: node.id for node in flow.nodes.values() if isinstance(node.op, Loop)}
        for start, end, kind, _ in flow.edges():
            loop = isinstance(flow.nodes[start].op, Loop) and kind in ("each", "exit")
            if not loop:
                self.before[end].append(start)
                self.after[start].append(end)

    def step(self, name: str, statement: Span) -> Node | None:
        """The node of the step that a statement makes and names."""
        for node in self.flow.nodes.values():
            inside = statement.start <= node.span.start and node.span.end <= statement.end
            if node.name == name and inside and not isinstance(node.op, HIDDEN):
                return node
        return None

    def waits_for(self, node: Node) -> list[Node]:
        own = self._inside(node)
        return [each for each in self._reach(own, self.before) if each.id not in own]

    def waited_for_by(self, node: Node) -> list[Node]:
        own = self._inside(node)
        return [each for each in self._reach([node.id], self.after) if each.id not in own]

    def _inside(self, node: Node) -> set[str]:
        """A node; of a loop, all nodes of its body too."""
        own = {node.id}
        if isinstance(node.op, Loop):
            for each in self.flow.nodes.values():
                if self._loops_around(each) & {node.id}:
                    own.add(each.id)
        return own

    def _loops_around(self, node: Node) -> set[str]:
        found: set[str] = set()
        region: str | None = node.region
        while region is not None:
            if region in self.bodies:
                found.add(self.bodies[region])
            region = self.flow.regions[region].parent
        return found

    def _reach(self, start: Iterable[str], links: Links) -> list[Node]:
        """The nearest nodes that a person sees."""
        found: dict[str, Node] = {}
        seen = set(start)
        todo = list(seen)
        while todo:
            for id in links.get(todo.pop(), ()):
                if id in seen:
                    continue
                seen.add(id)
                node = self.flow.nodes[id]
                if isinstance(node.op, HIDDEN) or (node.name is None and isinstance(node.op, _PASSED)):
                    todo.append(id)
                else:
                    found[id] = node
        return sorted(found.values(), key=lambda node: (node.span.start, node.span.end))


def told(nodes: Iterable[Node], source: Source) -> str:
    """Steps as people name them: `gap` (line 6), the answer (line 8)."""
    return ", ".join(dict.fromkeys(_told(node, source) for node in nodes))


def _told(node: Node, source: Source) -> str:
    line = source.position(node.span.start)[0]
    if node.name is not None:
        return f"`{node.name}` (line {line})"
    match node.op:
        case Answer():
            return f"the answer (line {line})"
        case Decide(kind="rescue"):
            return f"`else` (line {line})"
        case Decide(kind=kind):
            return f"`{kind}` (line {line})"
        case Loop(kind=kind):
            return f"`{kind}` (line {line})"
    found = node_kind(node.op)
    return f"{WORDS[found] if found else 'a step'} (line {line})"
