"""The graph: typed nodes, the regions they stand in, and the edges between them.

Invariants: a node is read only by nodes of its own region or of regions inside it, but for what a loop hands out
through its `Out` nodes; without back edges no region holds a circle; node ids are unique within a flow and stay
the same as long as the text of the flow does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from flowreason.graph.ops import Check, Decide, Item, Loop, Meet, Op, Out
from flowreason_dsl.source import NOWHERE, Source, Span
from flowreason_dsl.syntax import ToolDef
from flowreason_dsl.types import ANY, Type

if TYPE_CHECKING:
    import networkx as nx

Role: TypeAlias = Literal["value", "context", "argument", "setting", "items", "count"]
EdgeKind: TypeAlias = Literal["data", "order", "true", "false", "each", "back", "exit"]


@dataclass(frozen=True, slots=True)
class Read:
    """A value that a node uses: the node `source`, known as `name` in the text.

    Roles: `value` (a name in a template, in code or an operand), `context` (`given` and edges drawn by hand),
    `argument` (`name` is the parameter), `setting` (`name` is the option), `items` and `count` of loops.
    """

    name: str
    source: str
    role: Role = "value"
    steps: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One step. `guard` is the decision (or meeting) and label under which it runs; None: whenever its region does.

    `after` are nodes it waits for without reading them. `checks` are its `ensure`s.
    """

    id: str
    op: Op
    region: str
    reads: tuple[Read, ...] = ()
    after: tuple[str, ...] = ()
    guard: tuple[str, str] | None = None
    name: str | None = None
    type: Type = ANY
    checks: tuple[Check, ...] = ()
    span: Span = NOWHERE
    label: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a flow that runs or does not, as a whole: the flow's body, a loop's body, an arm of a branch.

    `owner` is the loop or decision node; `label` the arm's label. The frames of the engine are activations of the body
    regions (`flow`, `loop`); an arm runs within the frame of the body that it stands in.
    """

    id: str
    kind: Literal["flow", "loop", "arm"]
    parent: str | None = None
    owner: str | None = None
    label: str = ""
    span: Span = NOWHERE


@dataclass(frozen=True)
class FlowGraph:
    """The graph of one flow."""

    name: str
    nodes: Mapping[str, Node]
    regions: Mapping[str, Region]
    parameters: tuple[str, ...] = ()
    returns: Type = ANY
    doc: str = ""
    source: Source = field(default=Source(""), compare=False, repr=False)
    effects: bool = False

    @property
    def root(self) -> Region:
        return next(iter(self.regions.values()))

    def body_of(self, region: str) -> str:
        """The body region (flow or loop) that a region belongs to: itself, unless it is an arm."""
        place = self.regions[region]
        while place.kind == "arm":
            assert place.parent is not None
            place = self.regions[place.parent]
        return place.id

    def edges(self) -> Iterator[tuple[str, str, EdgeKind, str]]:
        """All edges: from, to, kind, label."""
        for node in self.nodes.values():
            for read in node.reads:
                kind: EdgeKind = "each" if read.role == "items" else "data"
                yield read.source, node.id, kind, read.name
            for earlier in node.after:
                yield earlier, node.id, "order", ""
            yield from self._control_edges(node)

    def _control_edges(self, node: Node) -> Iterator[tuple[str, str, EdgeKind, str]]:
        guards = node.op.guards if isinstance(node.op, Meet) else (node.guard,) if node.guard else ()
        for owner, label in guards:
            kind: EdgeKind = "false" if label in ("false", "else", "fine") else "true"
            yield owner, node.id, kind, label
        match node.op:
            case Loop(carried=carried, body=body):
                for each in carried:
                    if each.initial and each.head:
                        yield each.initial, each.head, "data", each.name
                    if each.next and each.head:
                        yield each.next, each.head, "back", each.name
                    for last in (each.next, each.leave):
                        if last and each.out:
                            yield last, each.out, "exit", each.name
                for inner in self.nodes.values():
                    if inner.region == body and isinstance(inner.op, Item):
                        yield node.id, inner.id, "each", inner.name or ""
            case Out(loop=loop):
                yield loop, node.id, "exit", ""
            case Decide():
                pass

    @cached_property
    def digraph(self) -> nx.MultiDiGraph:
        """The flow as a networkx directed graph. Nodes carry `node` (a `Node`) and `region`; an edge's key is its
        kind and label, with the attributes `kind` and `label`. `digraph.graph["regions"]` holds the regions."""
        import networkx as nx

        made = nx.MultiDiGraph(name=self.name, regions=dict(self.regions))
        for node in self.nodes.values():
            made.add_node(node.id, node=node, region=node.region)
        for start, end, kind, label in self.edges():
            made.add_edge(start, end, key=(kind, label), kind=kind, label=label)
        return made


@dataclass(frozen=True)
class Graph:
    """A whole program: the graph of every flow, of which `entry` is where a run starts, and the tools it names."""

    entry: str
    flows: Mapping[str, FlowGraph]
    tools: Mapping[str, ToolDef] = field(default_factory=dict)
    source: Source = field(default=Source(""), compare=False, repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the files hold that a `use` gives a name, by that name."""

    @property
    def main(self) -> FlowGraph:
        return self.flows[self.entry]

    @cached_property
    def plans(self) -> dict[Any, Any]:
        """What the engine made of this graph for running it, kept for the next run."""
        return {}
