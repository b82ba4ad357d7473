"""The whole program: the flows of the file and of the files it uses, the tools, and the data, by name.

Invariant: every name stands for one thing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flowreason_dsl.check.data import Data
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import fits, listed, show
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow, FlowDef, Name, Parameter, ToolDef
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, Choice, DictOf, ListOf, Record, Type

LIBRARY = "library:"
"""Before the path of a file that belongs to the library of methods, and not to the folder of the flow."""


def of_library(source: Source) -> bool:
    """Whether a file is the library's, whose names stay as they are."""
    return source.name.startswith(LIBRARY)


@dataclass
class Program:
    """Flows, tools and where each flow came from; and the data of files, by name.

    `unsure` are those whose parameters could not be read, `unreturned` those of which it is not known what they give;
    `lacking`: a file of flows could not be read; `unread`: data whose file could not. `named` are parameters with the
    name of data as their default, and where they stand.
    """

    flows: dict[str, FlowDef] = field(default_factory=dict)
    tools: dict[str, ToolDef] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    data: dict[str, Data] = field(default_factory=dict)
    asking: Mapping[str, Span] = field(default_factory=dict)
    effectful: frozenset[str] = frozenset()
    unsure: set[str] = field(default_factory=set)
    unreturned: set[str] = field(default_factory=set)
    lacking: bool = False
    unread: set[str] = field(default_factory=set)
    named: list[tuple[Parameter, Source]] = field(default_factory=list)
    effects: Callable[[object], bool] = bool

    def callable(self, name: str) -> FlowDef | ToolDef | None:
        """The flow or tool of this name."""
        return self.flows.get(name) or self.tools.get(name)


def take(flow: Flow, program: Program, findings: Findings) -> None:
    """Take the flows and tools of a file; a name that is there already is reported."""
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
        theirs, span = program.sources[name], each.name.span
        if of_library(source) and not of_library(theirs):  # told where it can be changed
            findings.source, theirs, span = theirs, source, earlier.name.span
        other = "" if same_file else f", in {theirs.name} too"
        findings.add("flow-twice", f"there are two flows called `{name}`{other}", span, labels=where)
        findings.source = source
        return
    program.flows[name] = each
    program.sources[name] = source
    signature(each, program, findings)


def _take_tool(tool: ToolDef, program: Program, findings: Findings) -> None:
    name = tool.name.text
    earlier = program.callable(name)
    if earlier is not None:
        kind = "flow" if isinstance(earlier, FlowDef) else "tool"
        findings.add("tool-twice", f"there is a {kind} called `{name}` already", tool.name.span)
        return
    program.tools[name] = tool
    signature(tool, program, findings)


def give(name: str, tool: ToolDef, program: Program, findings: Findings) -> None:
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


# --- signatures -------------------------------------------------------------------------------------------


def signature(owner: FlowDef | ToolDef, program: Program, findings: Findings) -> None:
    """Names that stand twice, defaults that do not fit, types that say something twice."""
    seen: dict[str, Parameter] = {}
    for each in owner.parameters:
        name = each.name.text
        if name in seen:
            label = Label(seen[name].name.span, "the first is here")
            message = f"`{owner.name}` has two parameters called `{name}`"
            findings.add("parameter-twice", message, each.name.span, labels=[label])
        seen[name] = each
        check_type(each.type.type, each.type.span, findings)
        _default(each, program, findings)
    if owner.returns is not None:
        check_type(owner.returns.type, owner.returns.span, findings)


def _default(parameter: Parameter, program: Program, findings: Findings) -> None:
    if parameter.default is None:
        return
    if isinstance(parameter.default, Name):  # which is looked at when all files are read
        program.named.append((parameter, findings.source))
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
