"""Where the nodes and regions of one flow are collected while it is lowered.

Invariant: every id is unique, and depends on the text before it alone, so that it stays as long as the text does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flowreason.graph.env import Env
from flowreason.graph.model import Node, Read, Region
from flowreason.graph.ops import Check, Loop, Op
from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.types import ANY, Type

EFFECTS = "$effects"
"""The hidden variable that every side effect reads and writes: it keeps effects in written order."""

Guard = tuple[str, str] | None


@dataclass
class LoopScope:
    """A loop whose body is being lowered. `names` are those that it hands on, `leaves` the ways out in the middle of
    a round, each with what holds those names there."""

    id: str
    collects: bool
    names: tuple[str, ...] = ()
    leaves: list[tuple[Guard, dict[str, str]]] = field(default_factory=list)
    yields: dict[str, None] = field(default_factory=dict)
    answers: bool = False


@dataclass
class Way:
    """Where control stands while statements are lowered one after the other.

    `env` says which node holds each name here; `escaped` that something before may have ended the flow or the loop;
    `dead` that nothing can follow.
    """

    region: str
    guard: Guard
    env: Env
    loops: tuple[LoopScope, ...] = ()
    escaped: bool = False
    dead: bool = False

    def branch(self, region: str, guard: Guard) -> Way:
        return Way(region, guard, self.env.branch(), self.loops, False, False)

    def free(self) -> Way:
        """The same place without its guard, for joins: they are alive when one of their ways is."""
        return Way(self.region, None, self.env, self.loops)


class Builder:
    """Collects nodes and regions of one flow."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.nodes: dict[str, Node] = {}
        self.regions: dict[str, Region] = {}
        self.asking: dict[str, tuple[str, ...]] = {}
        self.used: set[str] = set()
        self._used: Counter[str] = Counter()

    def fresh(self, base: str) -> str:
        """A new id: the base itself for a name's first node, then `base#2`, …; words of the language get `#1` at
        once."""
        self._used[base] += 1
        count = self._used[base]
        return base if count == 1 and not base.endswith("#") else f"{base.rstrip('#')}#{count}"

    def region(self, id: str, **about: object) -> str:
        self.regions[id] = Region(id=id, **about)  # type: ignore[arg-type]
        return id

    def add(
        self,
        op: Op,
        way: Way,
        *,
        base: str,
        id: str | None = None,
        reads: Iterable[Read] = (),
        after: Iterable[str] = (),
        name: str | None = None,
        type: Type = ANY,
        checks: tuple[Check, ...] = (),
        span: Span = NOWHERE,
        label: str = "",
    ) -> str:
        """A node at the place where `way` stands; its id."""
        made = Node(
            id=id or self.fresh(base),
            op=op,
            region=way.region,
            reads=_unique(reads),
            after=tuple(dict.fromkeys(after)),
            guard=way.guard,
            name=name,
            type=type,
            checks=checks,
            span=span,
            label=label,
        )
        self.nodes[made.id] = made
        self.use(made)
        return made.id

    def change(self, id: str, **fields: object) -> None:
        self.nodes[id] = replace(self.nodes[id], **fields)  # type: ignore[arg-type]
        self.use(self.nodes[id])

    def use(self, node: Node) -> None:
        """Remember which nodes are used by one."""
        self.used.update(read.source for read in node.reads)
        self.used.update(node.after)
        if isinstance(node.op, Loop):
            for each in node.op.carried:
                self.used.update(source for source in (each.initial, each.next, each.leave) if source)

    def wait(self, id: str, earlier: str) -> None:
        """Draw an order edge."""
        if earlier != id and earlier not in self.nodes[id].after:
            self.change(id, after=(*self.nodes[id].after, earlier))

    def show(self, id: str, read: Read) -> None:
        """Show a value to a node as context."""
        self.change(id, reads=_unique((*self.nodes[id].reads, read)))


def _unique(reads: Iterable[Read]) -> tuple[Read, ...]:
    return tuple(dict.fromkeys(reads))
