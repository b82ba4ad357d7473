"""The whole program: the flows of the file and of the files it uses, and the tools, by name.

Invariant: every name stands for one thing; a file that uses itself, however indirectly, is read once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import fits, listed, show
from flowreason_dsl.diagnostics import Diagnostic, FlowError, Label, errors
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow, FlowDef, Parameter, ToolDef, Use
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, Choice, DictOf, ListOf, Record, Type

Load = Callable[[str], Flow]
"""Reads the flow file of a `use`. Raises FlowError (it does not parse), OSError or ValueError (it cannot be had)."""


@dataclass
class Program:
    """Flows, tools and where each flow came from.

    `unsure` are those whose parameters could not be read, `unreturned` those of which it is not known what they give;
    `lacking`: a file that is used could not be read.
    """

    flows: dict[str, FlowDef] = field(default_factory=dict)
    tools: dict[str, ToolDef] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    asking: Mapping[str, Span] = field(default_factory=dict)
    effectful: frozenset[str] = frozenset()
    unsure: set[str] = field(default_factory=set)
    unreturned: set[str] = field(default_factory=set)
    lacking: bool = False
    effects: Callable[[object], bool] = bool

    def callable(self, name: str) -> FlowDef | ToolDef | None:
        """The flow or tool of this name."""
        return self.flows.get(name) or self.tools.get(name)


def gather(flow: Flow, tools: Mapping[str, ToolDef], load: Load | None, findings: Findings) -> Program:
    """Everything that the flow's text and its caller provide."""
    program = Program()
    _take(flow, program, findings)
    seen = {flow.source.name}
    for use in flow.uses:
        _use(use, program, load, seen, findings)
    findings.source = flow.source
    for name, tool in tools.items():
        _give(name, tool, program, findings)
    return program


def _take(flow: Flow, program: Program, findings: Findings) -> None:
    if flow.doubts and flow.source is findings.main:
        defined: tuple[FlowDef | ToolDef, ...] = (*flow.flows, *flow.tools)
        program.unsure |= {each.name.text for each in defined if findings.doubts.signature_unknown(each)}
        program.unreturned |= {each.name.text for each in defined if findings.doubts.returns_unknown(each)}
    for each in flow.flows:
        _take_flow(each, flow.source, program, findings)
    for tool in flow.tools:
        _take_tool(tool, program, findings)


def _take_flow(each: FlowDef, source: Source, program: Program, findings: Findings) -> None:
    name = each.name.text
    earlier = program.flows.get(name)
    if earlier is not None:
        same_file = program.sources[name] is source
        where = (Label(earlier.name.span, "the first is here"),) if same_file else ()
        other = "" if same_file else f", in {program.sources[name].name} too"
        findings.add("flow-twice", f"there are two flows called `{name}`{other}", each.name.span, labels=where)
        return
    program.flows[name] = each
    program.sources[name] = source
    signature(each.parameters, each.returns.type if each.returns else None, each, findings)


def _take_tool(tool: ToolDef, program: Program, findings: Findings) -> None:
    name = tool.name.text
    earlier = program.callable(name)
    if earlier is not None:
        kind = "flow" if isinstance(earlier, FlowDef) else "tool"
        findings.add("tool-twice", f"there is a {kind} called `{name}` already", tool.name.span)
        return
    program.tools[name] = tool
    signature(tool.parameters, tool.returns.type if tool.returns else None, tool, findings)


def _give(name: str, tool: ToolDef, program: Program, findings: Findings) -> None:
    """A tool of the caller; where the text declares it too, both must agree, and the caller's counts."""
    if name in program.flows:
        message = f"the flow `{name}` has the name of a tool that the caller gives"
        findings.add("tool-twice", message, program.flows[name].name.span)
        return
    written = program.tools.get(name)
    if written is not None:
        wanted = [p.name.text for p in written.parameters]
        real = [p.name.text for p in tool.parameters]
        if wanted != real:
            message = (
                f"the tool `{name}` takes {listed(tuple(real))}, and is declared here with {listed(tuple(wanted))}"
            )
            findings.add("tool-differs", message, written.name.span)
    program.tools[name] = tool


# --- files ------------------------------------------------------------------------------------------------


def _use(use: Use, program: Program, load: Load | None, seen: set[str], findings: Findings) -> None:
    todo: list[tuple[Use, Source]] = [(use, findings.source)]
    while todo:
        each, source = todo.pop()
        findings.source = source
        used = _read(each, load, findings)
        program.lacking |= used is None
        if used is None or used.source.name in seen:
            continue
        seen.add(used.source.name)
        findings.source = used.source
        _take(used, program, findings)
        todo += [(inner, used.source) for inner in used.uses]


def _read(use: Use, load: Load | None, findings: Findings) -> Flow | None:
    """The tree of a file that is used; None after a report that it cannot be had."""
    if load is None:
        hint = "put the sub-flows into this text, or load the flow from its file"
        findings.add("use-impossible", "a flow without a file of its own cannot use other files", use.span, help=hint)
        return None
    try:
        return load(use.path)
    except FlowError as error:
        findings.add("use-broken", f"the file `{use.path}` has mistakes of its own", use.span)
        for each in errors(error.diagnostics):
            findings.put(_of(each, error.source))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        findings.add("use-missing", f"the file `{use.path}` cannot be read: {reason}", use.span)
    return None


def _of(finding: Diagnostic, source: Source) -> Diagnostic:
    if finding.source is not None:
        return finding
    return Diagnostic(
        finding.code, finding.message, finding.span, finding.severity, finding.labels, finding.help, finding.fix, source
    )


# --- signatures -------------------------------------------------------------------------------------------


def signature(
    parameters: Iterable[Parameter], returns: Type | None, owner: FlowDef | ToolDef, findings: Findings
) -> None:
    """Names that stand twice, defaults that do not fit, types that say something twice."""
    seen: dict[str, Parameter] = {}
    for each in parameters:
        name = each.name.text
        if name in seen:
            label = Label(seen[name].name.span, "the first is here")
            message = f"`{owner.name}` has two parameters called `{name}`"
            findings.add("parameter-twice", message, each.name.span, labels=[label])
        seen[name] = each
        check_type(each.type.type, each.type.span, findings)
        _default(each, findings)
    if returns is not None and owner.returns is not None:
        check_type(returns, owner.returns.span, findings)


def _default(parameter: Parameter, findings: Findings) -> None:
    if parameter.default is None:
        return
    given = literal_type(parameter.default.value)
    if not fits(parameter.type.type, given):
        message = f"`{parameter.name}` takes {show(parameter.type.type)}, and its default is {show(given)}"
        findings.add("default-type", message, parameter.default.span)


def literal_type(value: object) -> Type:
    """The type of a value that stands in the text; of a text, the choice of just this text."""
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return NUMBER
        case str():
            return Choice((value,))
    return ANY


def check_type(type: Type, span: Span, findings: Findings) -> None:
    """A field or an option that stands twice in a type."""
    match type:
        case Record(fields=fields):
            for name in _twice(name for name, _ in fields):
                findings.add("field-twice", f"the field `{name}` stands twice in this record", span)
            for _, inner in fields:
                check_type(inner, span, findings)
        case Choice(options=options):
            for option in _twice(options):
                findings.add("option-twice", f'the choice "{option}" stands twice in this type', span)
        case ListOf(item=inner) | DictOf(value=inner):
            check_type(inner, span, findings)


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
