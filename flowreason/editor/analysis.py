"""One text of flows, looked at once: its tree, findings, names, types, graph and price, each made when it is asked for.

Invariant: nothing here raises, whatever the text; what cannot be had is None or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from flowreason.editor.files import Files
from flowreason.editor.names import Names, Occurrence, names_of
from flowreason.editor.types import Seen, look
from flowreason_dsl.check import check, read
from flowreason_dsl.check.kinds import join
from flowreason_dsl.diagnostics import Diagnostic, FlowError, errors
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Flow, FlowDef, ToolDef
from flowreason_dsl.types import Type

if TYPE_CHECKING:
    from flowreason.graph.model import Graph
    from flowreason.graph.reckon import Reckoning

MOST_PRICED = 20_000
"""Characters of a text whose graph and price are still made while a person waits."""


@dataclass(frozen=True)
class Surroundings:
    """What a text is looked at with: the tools that its caller will give, and the folder of its file.

    `tools` is None where nobody said which there are. `prices` are US dollars for a million tokens in and out.
    """

    tools: Mapping[str, ToolDef] | None = None
    files: Files | None = None
    prices: tuple[float, float] | None = None


@dataclass
class Analysis:
    """A text and what is known of it."""

    text: str
    name: str = "<flow>"
    surroundings: Surroundings = field(default_factory=Surroundings)

    @cached_property
    def source(self) -> Source:
        return Source(self.text, self.name)

    @cached_property
    def _parsed(self) -> tuple[Flow | None, list[Diagnostic]]:
        return read(self.text, tools=self.surroundings.tools, load=self.surroundings.files, name=self.name)

    @property
    def readable(self) -> Flow | None:
        """The syntax tree, of a text with faults that of what could be read; None where nothing is a flow."""
        return self._parsed[0]

    @property
    def tree(self) -> Flow | None:
        """The syntax tree; None where the text does not follow the grammar."""
        tree, found = self._parsed
        return None if tree is None or tree.doubts or errors(found) else tree

    @cached_property
    def findings(self) -> list[Diagnostic]:
        """All errors, warnings and hints."""
        found = [*self._parsed[1], *self.seen.findings]
        return sorted(found, key=lambda d: (d.source is not None, d.span.start, d.span.end, d.code))

    @cached_property
    def seen(self) -> Seen:
        """The flows and tools that there are, and the types of names."""
        if self.readable is None:
            return Seen(tools=self.surroundings.tools or {})
        return look(self.readable, self.surroundings.tools or {}, self.surroundings.files)

    @cached_property
    def names(self) -> Names:
        """Every name of the text."""
        if self.readable is None:
            return Names()
        return names_of(self.readable, self.seen.flows.keys() | self.seen.tools.keys(), self.seen.data)

    def type_of(self, occurrence: Occurrence) -> Type | None:
        """What a name holds at a place, as far as it is known."""
        known = self.seen.types
        if occurrence.owner is None and occurrence.name in self.seen.data:
            return self.seen.data[occurrence.name].type
        if occurrence.span.start in known:
            return known[occurrence.span.start]
        found = [known[span.start] for span in occurrence.origins if span.start in known]
        if not found:
            return self._declared(occurrence)
        first, *rest = found
        for other in rest:
            first = join(first, other)
        return first

    def _declared(self, occurrence: Occurrence) -> Type | None:
        target = self.callable(occurrence.owner or "")
        for each in target.parameters if target is not None else ():
            if each.name.text == occurrence.name and occurrence.role in ("parameter", "argument"):
                return each.type.type
        return None

    def callable(self, name: str) -> FlowDef | ToolDef | None:
        """The flow or tool of a name."""
        return self.seen.flows.get(name) or self.seen.tools.get(name)

    @cached_property
    def graph(self) -> Graph | None:
        """The lowered graph; None where there are errors."""
        if self.tree is None or len(self.text) > MOST_PRICED or errors(self.findings):
            return None
        from flowreason.graph.lower import lower

        try:
            tools, load = self.surroundings.tools or {}, self.surroundings.files
            return lower(check(self.tree, tools=tools, load=load))
        except FlowError:  # a used file changed meanwhile
            return None

    @cached_property
    def reckoning(self) -> Reckoning | None:
        """The costs of all flows of the graph."""
        if self.graph is None:
            return None
        from flowreason.graph.price import DEPTH
        from flowreason.graph.reckon import Reckoning

        made = Reckoning(self.graph, {}, DEPTH)
        made.entry()
        return made
