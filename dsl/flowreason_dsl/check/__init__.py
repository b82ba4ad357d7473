"""Flow → CheckedFlow: everything that is wrong with a flow is found here, all at once, before anything is paid for.

Invariant: a `CheckedFlow` is only made by `check`, so that whoever holds one knows that its flow can be run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.limits import too_much_python
from flowreason_dsl.check.program import Load, Program, gather
from flowreason_dsl.check.reach import Effects, asking_flows, calls_of, effectful_flows, endless, parts, reached
from flowreason_dsl.check.statements import Statements
from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, Label, errors
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Flow, FlowDef, Run, Solve, ToolDef
from flowreason_dsl.types import Type

__all__ = ["CheckedFlow", "Load", "check", "diagnose"]


@dataclass(frozen=True)
class CheckedFlow:
    """A flow that can be run, with all that it calls.

    `flows` are those of the file and of the files it uses, by name, the first being where a run starts. `tools` are
    declared in the text or given by the caller. `diagnostics` are warnings and hints. `types` says for every flow what
    its names hold, as far as it is known.
    """

    flow: Flow
    flows: Mapping[str, FlowDef]
    tools: Mapping[str, ToolDef]
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...] = ()
    types: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)


def check(flow: Flow, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None) -> CheckedFlow:
    """The flow as one that can be run. Raises FlowCheckError with all findings when one of them is an error."""
    found, program, types = _examine(flow, tools or {}, load)
    if errors(found):
        raise FlowCheckError(found, flow.source)
    return CheckedFlow(flow, program.flows, program.tools, program.sources, tuple(found), types)


def diagnose(flow: Flow, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None) -> list[Diagnostic]:
    """Everything that is found in a flow, in the order of its text. Never raises."""
    return _examine(flow, tools or {}, load)[0]


def _examine(
    flow: Flow, tools: Mapping[str, ToolDef], load: Load | None
) -> tuple[list[Diagnostic], Program, dict[str, dict[str, Type]]]:
    findings = Findings(flow.source)
    program = gather(flow, tools, load, findings)
    if too_much_python(program, findings):
        return findings.found, program, {}
    calls = calls_of(program.flows)
    program.asking = asking_flows(program.flows, program.tools, calls)
    program.effectful = effectful_flows(program.flows, program.tools, calls)
    program.effects = Effects(program.tools, program.effectful)
    types = {}
    for name, each in program.flows.items():
        findings.source = program.sources[name]
        types[name] = Statements(each, program, findings).run()
    _calls(flow, program, calls, findings)
    found = sorted(findings.found, key=lambda d: (d.source is not None, d.span.start, d.span.end, d.code))
    return found, program, types


def _calls(flow: Flow, program: Program, calls: Mapping[str, frozenset[str]], findings: Findings) -> None:
    """What can only be said of all flows together."""
    for name, call in endless(program.flows):
        findings.source = program.sources[name]
        label = Label(call.span, "this call comes before any way out")
        message = f"`{name}` calls itself on every path, and never comes to an end"
        hint = "answer the simplest case first: `if … { answer … }`"
        findings.add("recursion-unbounded", message, program.flows[name].name.span, labels=[label], help=hint)
    findings.source = flow.source
    if not flow.flows or any(isinstance(each, Run | Solve) for main in flow.flows for each in parts(main.body)):
        return
    known = reached(flow.main.name.text, calls) | findings.spared
    for name, each in program.flows.items():
        if name not in known and program.sources[name] is flow.source:
            findings.add("flow-unused", f"nothing calls the flow `{name}`", each.name.span)
