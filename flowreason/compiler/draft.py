"""A model's reply as a draft of a flow: read, mended where that is certain, and judged.

Invariant: `Draft.text` is the text that the diagnostics speak of; a draft with a `checked` flow can be run as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import without_thoughts
from flowreason.compiler.sound import unsound, walk
from flowreason_dsl.check import CheckedFlow, check, diagnose, read
from flowreason_dsl.check.doubts import Doubts
from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, errors
from flowreason_dsl.fixing import mended
from flowreason_dsl.printer import format_text
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Call, Flow, Name, Parameter, ToolDef
from flowreason_dsl.types import Type

NAME = "<draft>"
MOST_MENDINGS = 3
_OF_ALL = frozenset({"flow-by-heart", "flow-returns", "input-unknown", "question-unread"})
"""What is known only of a flow that could be read as a whole."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt: its text, what was found in it, and the checked flow where nothing stands in the way. `mended` are
    the errors that were mended without asking: of another text, with what was done about each."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    checked: CheckedFlow | None = None
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a flow must live with: the values it is given by name, the tools there are, and what it must give."""

    given: Mapping[str, Any]
    tools: Mapping[str, ToolDef]
    returns: Type | None = None
    person: bool = False
    many: bool = False
    """Whether it is for many questions, each of which it must read."""


def read_draft(reply: str, terms: Terms) -> Draft:
    """The draft in a reply, harmless spellings mended, and the fixes of its errors made where that mends all."""
    draft = _mended(judge(extract(reply), terms), "hint", terms)
    if draft.checked:
        return draft
    whole = _mended(draft, "error", terms)
    if not whole.checked:
        return draft
    told = (f"{d.message}: {d.fix.message}" for d in errors(draft.diagnostics) if d.fix)
    return replace(whole, mended=tuple(dict.fromkeys(told)))


def _mended(draft: Draft, severity: str, terms: Terms) -> Draft:
    """The draft with all fixes of a severity made, as long as that leaves no more errors than before."""
    return mended(draft, lambda text: judge(text, terms), lambda d: d.severity == severity, MOST_MENDINGS)


def judge(text: str, terms: Terms) -> Draft:
    """A text with all that the language, and the terms, find wrong with it."""
    if not text.strip():
        nothing = Diagnostic("flow-missing", "the reply holds no flow", Span(0, 0), help="begin with `flow name(`")
        return Draft(text, (nothing,))
    flow, found = read(text, tools=terms.tools, name=NAME)
    if flow is None:
        return Draft(text, tuple(found))
    checked, meant = _meaning(flow, terms) if not errors(found) else (None, diagnose(flow, tools=terms.tools))
    found = [*found, *meant]
    more = unsound(flow, terms.given, terms.tools, returns=terms.returns, person=terms.person, many=terms.many)
    doubts = Doubts(flow)
    found += [d for d in more if not (flow.doubts and d.code in _OF_ALL) and not doubts.silences(d.code, d.span)]
    return Draft(text, tuple(found), None if errors(found) else checked)


def _meaning(flow: Flow, terms: Terms) -> tuple[CheckedFlow | None, Sequence[Diagnostic]]:
    """A flow that was read whole, checked, and what was found."""
    try:
        checked = check(flow, tools=terms.tools)
    except FlowCheckError as error:
        return None, error.diagnostics
    return checked, checked.diagnostics


_START = re.compile(r"^[ \t]*(?:flow[ \t]+\w+[ \t]*\(|(?:pure[ \t]+)?tool[ \t]+\w+[ \t]*\(|use[ \t]+\")", re.MULTILINE)
_OPENED = re.compile(
    r"^[ \t]*(?:`{3,}|~{3,})[\w-]*[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*(?=[ \t]*(?:flow|pure|tool|use)\b)", re.MULTILINE
)


def extract(reply: str) -> str:
    """The part of a reply that is a flow: the last fenced one, else from the first definition on.

    What stands behind it stays: where a flow ends is the parser's to say.
    """
    try:
        said = without_thoughts(reply)
    except Misfit:
        return ""
    fenced = list(_OPENED.finditer(said))
    if fenced:
        return said[fenced[-1].start() :]
    first = _START.search(said)
    return said if first else ""


def finished(draft: Draft, terms: Terms) -> Draft:
    """A draft as it is kept: in the one style, with the tools that it calls declared, so that it stands by itself."""
    if draft.checked is None:
        return draft
    declared = {tool.name.text for tool in draft.checked.flow.tools}
    called = {node.name.text for node in walk(draft.checked.flow) if isinstance(node, Call)}
    missing = [tool for name, tool in terms.tools.items() if name in called and name not in declared]
    complete = judge("\n".join([*map(declaration, missing), draft.text]), terms) if missing else draft
    kept = complete if complete.checked else draft
    text = format_text(kept.text)
    styled = kept if text == kept.text else judge(text, terms)
    return replace(styled, mended=draft.mended) if styled.checked else draft


def declaration(tool: ToolDef) -> str:
    """A tool as the language declares it."""
    listed = ", ".join(_parameter(each) for each in tool.parameters)
    returns = f" -> {tool.returns.type}" if tool.returns else ""
    doc = f" {_quoted(tool.doc)}" if tool.doc else ""
    return f"{'pure ' if tool.pure else ''}tool {tool.name}({listed}){returns}{doc}"


def _parameter(parameter: Parameter) -> str:
    written = f"{parameter.name}: {parameter.type.type}"
    if parameter.default is None:
        return written
    if isinstance(parameter.default, Name):
        return f"{written} = {parameter.default}"
    value = parameter.default.value
    return f"{written} = {_quoted(value) if isinstance(value, str) else str(value).lower()}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
