"""The type of every name at every place of a file, as the checker sees it.

Invariant: the checker's own walk is listened to, and nothing is judged anew; what it does not come to (what never
runs) has no type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowreason_dsl.check import Load
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.limits import too_much_python
from flowreason_dsl.check.program import Program, gather
from flowreason_dsl.check.reach import Effects, asking_flows, calls_of, effectful_flows
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.statements import Statements
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Assign, Block, Flow, FlowDef, Statement, ToolDef
from flowreason_dsl.types import Type


@dataclass(frozen=True)
class Seen:
    """The flows and tools that a file may call, where each flow came from, and types by where a name begins."""

    flows: Mapping[str, FlowDef] = field(default_factory=dict)
    tools: Mapping[str, ToolDef] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    types: Mapping[int, Type] = field(default_factory=dict)


def look(tree: Flow, tools: Mapping[str, ToolDef], load: Load | None) -> Seen:
    """What the checker knows of a file. Its findings are not kept."""
    findings = Findings(tree.source)
    program = gather(tree, tools, load, findings)
    types: dict[int, Type] = {}
    if not too_much_python(program, findings):
        _listen(tree, program, findings, types)
    return Seen(program.flows, program.tools, program.sources, types)


def _listen(tree: Flow, program: Program, findings: Findings, types: dict[int, Type]) -> None:
    calls = calls_of(program.flows)
    program.asking = asking_flows(program.flows, program.tools, calls)
    program.effectful = effectful_flows(program.flows, program.tools, calls)
    program.effects = Effects(program.tools, program.effectful)
    findings.source = tree.source
    for flow in program.flows.values():
        if program.sources[flow.name.text] is tree.source:
            _Listening(flow, program, findings, types).run()


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
