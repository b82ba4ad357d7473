"""Every name in a file of flows: where it stands, what it is, and which assignments reach it.

Invariant: the span of an occurrence holds the name and nothing else; occurrences do not overlap, and stand in the order
of the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowreason.editor.origins import Origin
from flowreason.editor.python_words import Words
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code, Flow, FlowDef, Name, ToolDef

Role: TypeAlias = Literal["flow", "tool", "data", "call", "parameter", "set", "read", "argument"]
"""`flow`, `tool`, `data`: where one is defined; `call`: where one is named; `argument`: the key of an argument."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at one place. `owner` is the flow or tool that a variable or parameter belongs to; None for flows, tools
    and data themselves, which belong to all. `inside` is the flow in which it stands."""

    name: str
    span: Span
    role: Role
    owner: str | None
    inside: str | None
    origin: Origin | None = field(default=None, compare=False, repr=False)
    code: Code | None = field(default=None, compare=False, repr=False)

    @property
    def origins(self) -> tuple[Span, ...]:
        """The assignments, targets or parameters that it may hold the value of."""
        return self.origin.spans() if self.origin is not None else ()


@dataclass
class Names:
    """All occurrences of a file, and what stands in each piece of Python of each flow."""

    all: list[Occurrence] = field(default_factory=list)
    pieces: dict[str, list[Words]] = field(default_factory=lambda: defaultdict(list))
    _starts: list[int] = field(default_factory=list)

    def at(self, offset: int) -> Occurrence | None:
        """The name that an offset stands in or directly behind."""
        index = bisect_right(self._starts, offset) - 1
        for each in self.all[max(0, index - 1) : index + 1][::-1]:
            if each.span.start <= offset <= each.span.end:
                return each
        return None

    def same(self, wanted: Occurrence) -> list[Occurrence]:
        """All occurrences of what one of them names."""
        return [each for each in self.all if each.name == wanted.name and each.owner == wanted.owner]

    def finish(self) -> Names:
        """Bring the occurrences in order; of several at one place the first counts."""
        found: dict[int, Occurrence] = {}
        for each in self.all:
            found.setdefault(each.span.start, each)
        self.all = [found[start] for start in sorted(found)]
        self._starts = [each.span.start for each in self.all]
        return self


def names_of(tree: Flow, callables: Container[str], data: Collection[str] = ()) -> Names:
    """The names of a file. `callables` are all flows and tools that it may call, and `data` what its files hold, both
    with those of other files."""
    from flowreason.editor.walk import Walk

    names = Names()
    definitions: tuple[FlowDef | ToolDef, ...] = (*tree.flows, *tree.tools)
    origins = {each: Origin() for each in data}
    for use in tree.uses:
        if use.name is not None:
            origin = origins[use.name.text] = Origin(use.name.span)
            names.all.append(Occurrence(use.name.text, use.name.span, "data", None, None, origin))
    for definition in definitions:
        _define(definition, names)
        _defaults(definition, origins, names)
    for flow in tree.flows:
        Walk(flow, tree.source, callables, names, origins).run()
    return names.finish()


def _define(definition: FlowDef | ToolDef, names: Names) -> None:
    role: Role = "flow" if isinstance(definition, FlowDef) else "tool"
    names.all.append(Occurrence(definition.name.text, definition.name.span, role, None, None))
    if isinstance(definition, ToolDef):
        owner = definition.name.text
        for each in definition.parameters:
            origin = Origin(each.name.span)
            names.all.append(Occurrence(each.name.text, each.name.span, "parameter", owner, None, origin))


def _defaults(definition: FlowDef | ToolDef, data: Mapping[str, Origin], names: Names) -> None:
    """Data that parameters have as their default: whatever the names of the parameters are."""
    for each in definition.parameters:
        if isinstance(each.default, Name) and each.default.text in data:
            name = each.default
            names.all.append(Occurrence(name.text, name.span, "read", None, None, data[name.text]))
