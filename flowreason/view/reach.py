"""What follows what in a picture: which edges say nothing that another path does not say.

Invariant: going into a region leads to all in it, and everything in a region leads out of it; back edges do not count.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason.graph.model import EdgeKind, FlowGraph

Vertex = tuple[str, str]


class Reach:
    """Reachability between the nodes and regions of one flow, as bit sets."""

    def __init__(
        self, flow: FlowGraph, regions: frozenset[str], edges: Iterable[tuple[str, str, EdgeKind, str]]
    ) -> None:
        self.flow = flow
        self.regions = regions
        self.following: dict[Vertex, dict[Vertex, None]] = {}
        self._contain()
        for start, end, kind, _ in edges:
            if kind != "back":
                first, second = self._ends(start, end)
                self.following.setdefault(first, {})[second] = None
        self._sets()

    def has_other_path(self, start: str, end: str) -> bool:
        """Whether something leads from `start` to `end` but the edge between them."""
        first, second = self._ends(start, end)
        bit = 1 << self.number[second] if second in self.number else 0
        return any(self.reached[each] & bit for each in self.following.get(first, ()) if each != second)

    def _contain(self) -> None:
        """Regions lead to what is in them."""
        for node in self.flow.nodes.values():
            self._inside((node.id, ""), (node.id, ""), self._home(node.region))
        for id in self.regions:
            parent = self.flow.regions[id].parent
            self.following.setdefault((id, "in"), {})[id, "out"] = None
            if parent is not None:
                self._inside((id, "in"), (id, "out"), self._home(parent))

    def _inside(self, first: Vertex, last: Vertex, region: str) -> None:
        self.following.setdefault((region, "in"), {})[first] = None
        self.following.setdefault(last, {})[region, "out"] = None

    def _home(self, region: str) -> str:
        while region not in self.regions:
            parent = self.flow.regions[region].parent
            if parent is None:
                return region
            region = parent
        return region

    def _ends(self, start: str, end: str) -> tuple[Vertex, Vertex]:
        first = (start, "in" if self._holds(start, end) else "out") if start in self.regions else (start, "")
        second = (end, "out" if self._holds(end, start) else "in") if end in self.regions else (end, "")
        return first, second

    def _holds(self, region: str, thing: str) -> bool:
        """Whether a region is around a node or another region."""
        place = self.flow.regions[thing].parent if thing in self.regions else self.flow.nodes[thing].region
        while place is not None:
            if place == region:
                return True
            place = self.flow.regions[place].parent
        return False

    def _sets(self) -> None:
        """For every vertex the set of those that follow it, itself included."""
        self.number: dict[Vertex, int] = {}
        self.reached: dict[Vertex, int] = {}
        for vertex in self._last_first():
            self.number[vertex] = len(self.number)
            found = 1 << self.number[vertex]
            for each in self.following.get(vertex, ()):
                found |= self.reached.get(each, 0)
            self.reached[vertex] = found

    def _last_first(self) -> list[Vertex]:
        """All vertices, each after those that follow it."""
        order: list[Vertex] = []
        done: set[Vertex] = set()
        for root in list(self.following):
            stack = [(root, False)]
            while stack:
                vertex, ready = stack.pop()
                if ready:
                    order.append(vertex)
                elif vertex not in done:
                    done.add(vertex)
                    stack.append((vertex, True))
                    stack += [(each, False) for each in self.following.get(vertex, ()) if each not in done]
        return order
