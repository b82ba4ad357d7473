"""What the checker says of a file: its findings, and the type of every name at every place.

Invariant: the checker's own walk is listened to, and nothing is judged anew; what it does not come to (what never
runs) has no type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowreason_dsl.check import Load, survey
from flowreason_dsl.check.data import Data
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.program import Program
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.statements import Statements
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Assign, Block, Flow, FlowDef, Statement, ToolDef
from flowreason_dsl.types import Type


@dataclass(frozen=True)
class Seen:
    """The flows and tools that a file may call, where each flow came from, types by where a name begins, findings, and
    the data of files."""

    flows: Mapping[str, FlowDef] = field(default_factory=dict)
    tools: Mapping[str, ToolDef] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    types: Mapping[int, Type] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()
    data: Mapping[str, Data] = field(default_factory=dict)


def look(tree: Flow, tools: Mapping[str, ToolDef], load: Load | None) -> Seen:
    """What the checker knows of a file."""
    types: dict[int, Type] = {}

    def walk(flow: FlowDef, program: Program, findings: Findings) -> Statements:
        if findings.source is not tree.source:
            return Statements(flow, program, findings)
        return _Listening(flow, program, findings, types)

    found, program = survey(tree, walk, tools=tools, load=load)
    return Seen(program.flows, program.tools, program.sources, types, tuple(found), program.data)


class _Listening(Statements):
    """The checker's walk over one flow, which notes the types that it comes across."""

    def __init__(self, flow: FlowDef, program: Program, findings: Findings, seen: dict[int, Type]) -> None:
        super().__init__(flow, program, findings)
        self.seen = seen

    def block(self, block: Block, state: State) -> None:
        for variable in state.names.own.values():
            if variable is not None:
                self.seen.setdefault(variable.span.start, variable.type)
        super().block(block, state)

    def statement(self, statement: Statement, state: State) -> None:
        super().statement(statement, state)
        if isinstance(statement, Assign):
            found = state.names.get(statement.name.text)
            if found is not None:
                self.seen[statement.name.span.start] = found.type

    def read(self, name: str, span: Span, state: State) -> Variable | None:
        found = super().read(name, span, state)
        if found is not None:
            self.seen[span.start] = found.type
        return found
