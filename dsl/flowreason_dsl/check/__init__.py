"""Flow → CheckedFlow: everything that is wrong with a flow is found here, all at once, before anything is paid for.

Invariant: a `CheckedFlow` is only made by `check`, so that whoever holds one knows that its flow can be run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from flowreason_dsl.check.astray import records_for_dicts, settings_without_with
from flowreason_dsl.check.data import Data
from flowreason_dsl.check.doubts import Doubts
from flowreason_dsl.check.files import Load, Nowhere, gather, unused_data
from flowreason_dsl.check.findings import Enough, Findings
from flowreason_dsl.check.limits import too_much
from flowreason_dsl.check.program import Program
from flowreason_dsl.check.reach import Effects, asking_flows, calls_of, effectful_flows, endless, parts, reached
from flowreason_dsl.check.statements import Statements
from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, FlowSyntaxError, Label, errors
from flowreason_dsl.parser import parse_partial, parse_plain
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Flow, FlowDef, Run, Solve, ToolDef
from flowreason_dsl.types import Type

__all__ = ["CheckedFlow", "Load", "Nowhere", "Walk", "check", "check_text", "diagnose", "find_all", "read", "survey"]

Walk = Callable[[FlowDef, Program, Findings], Statements]
"""Makes the walk over one flow."""


@dataclass(frozen=True)
class CheckedFlow:
    """A flow that can be run, with all that it calls.

    `flows` are those of the file and of the files it uses, by name, the first being where a run starts. `tools` are
    declared in the text or given by the caller. `diagnostics` are warnings and hints. `types` says for every flow what
    its names hold, as far as it is known. `data` is what files hold that a `use` gives a name.
    """

    flow: Flow
    flows: Mapping[str, FlowDef]
    tools: Mapping[str, ToolDef]
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...] = ()
    types: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    data: Mapping[str, Data] = field(default_factory=dict)


def check(flow: Flow, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None) -> CheckedFlow:
    """The flow as one that can be run. Raises FlowCheckError with all findings when one of them is an error."""
    if flow.doubts:
        raise ValueError("a text with errors has no flow that could be run")
    found, program, types = _examine(flow, tools or {}, load)
    if errors(found):
        raise FlowCheckError(found, flow.source)
    return _made(flow, program, found, types)


def diagnose(flow: Flow, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None) -> list[Diagnostic]:
    """Everything that is found in a flow, in the order of its text. Never raises."""
    return _examine(flow, tools or {}, load)[0]


def read(
    text: str, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None, name: str = "<flow>"
) -> tuple[Flow | None, list[Diagnostic]]:
    """What could be read of a text, and what was found while reading (see `parse_partial`).

    A text that follows the grammar and has no mistakes of meaning is taken as it is, whatever else it may look like.
    """
    flow, found = parse_partial(text, name)
    if errors(found):
        plain, hints = parse_plain(text, name)
        if plain is not None and not errors(diagnose(plain, tools=tools, load=load)):
            return plain, hints
    return flow, found


def find_all(
    text: str, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None, name: str = "<flow>"
) -> list[Diagnostic]:
    """Everything that is wrong with a text, mistakes of writing and of meaning together, in its order. Never raises.

    What may only follow from a mistake of writing is not told, nor is a second mistake on its line.
    """
    flow, found = read(text, tools=tools, load=load, name=name)
    return found if flow is None else _in_order([*found, *diagnose(flow, tools=tools, load=load)])


def check_text(
    text: str, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None, name: str = "<flow>"
) -> CheckedFlow:
    """A text as a flow that can be run, with all that was mended in it among its hints.

    Raises FlowSyntaxError where the text does not follow the grammar, else FlowCheckError; either with all findings.
    """
    flow, found = read(text, tools=tools, load=load, name=name)
    if flow is None or errors(found):
        whole = found if flow is None else _in_order([*found, *diagnose(flow, tools=tools, load=load)])
        raise FlowSyntaxError(whole, Source(text.encode("utf-8", "replace").decode("utf-8"), name))
    meant, program, types = _examine(flow, tools or {}, load)
    whole = _in_order([*found, *meant])
    if errors(whole):
        raise FlowCheckError(whole, flow.source)
    return _made(flow, program, whole, types)


def _made(
    flow: Flow, program: Program, found: list[Diagnostic], types: Mapping[str, Mapping[str, Type]]
) -> CheckedFlow:
    return CheckedFlow(flow, program.flows, program.tools, program.sources, tuple(found), types, program.data)


def _in_order(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(found, key=lambda d: (d.source is not None, d.span.start, d.span.end, d.code))


def survey(
    flow: Flow, walk: Walk, *, tools: Mapping[str, ToolDef] | None = None, load: Load | None = None
) -> tuple[list[Diagnostic], Program]:
    """Everything that is found in a flow, and all that it may call; each flow is checked by what `walk` makes."""
    found, program, _ = _examine(flow, tools or {}, load, walk)
    return found, program


def _examine(
    flow: Flow, tools: Mapping[str, ToolDef], load: Load | None, walk: Walk = Statements
) -> tuple[list[Diagnostic], Program, dict[str, dict[str, Type]]]:
    findings = Findings(flow.source, Doubts(flow))
    program, types = Program(), {}
    with suppress(Enough):
        program = gather(flow, tools, load, findings)
        if not too_much(program, findings):
            types = _walk(flow, program, findings, walk)
    return _in_order(findings.found), program, types


def _walk(flow: Flow, program: Program, findings: Findings, walk: Walk) -> dict[str, dict[str, Type]]:
    """Check every flow; the types of their names."""
    calls = calls_of(program.flows)
    program.asking = asking_flows(program.flows, program.tools, calls)
    program.effectful = effectful_flows(program.flows, program.tools, calls)
    program.effects = Effects(program.tools, program.effectful)
    types = {}
    for name, each in program.flows.items():
        findings.source = program.sources[name]
        settings_without_with(each, findings)
        records_for_dicts(each, findings)
        types[name] = walk(each, program, findings).run()
    _calls(flow, program, calls, findings)
    return types


def _calls(flow: Flow, program: Program, calls: Mapping[str, frozenset[str]], findings: Findings) -> None:
    """What can only be said of all flows together."""
    doubts = findings.doubts
    for name, call in endless({name: each for name, each in program.flows.items() if not doubts.doubtful(each)}):
        findings.source = program.sources[name]
        label = Label(call.span, "this call comes before any way out")
        message = f"`{name}` calls itself on every path, and never comes to an end"
        hint = "answer the simplest case first: `if … { answer … }`"
        findings.add("recursion-unbounded", message, program.flows[name].name.span, labels=[label], help=hint)
    findings.source = flow.source
    unused_data(program, flow.source, findings)
    if not flow.flows or any(isinstance(each, Run | Solve) for main in flow.flows for each in parts(main.body)):
        return
    main = next((each for each in flow.flows if not doubts.nameless(each)), flow.main)
    known = reached(main.name.text, calls) | findings.spared | (doubts.words if doubts.there else set())
    for name, each in program.flows.items():
        if name not in known and program.sources[name] is flow.source:
            findings.add("flow-unused", f"nothing calls the flow `{name}`", each.name.span)
