"""What is said about the thing under the pointer, as Markdown.

Invariant: everything that is said follows from the text and what the checker, the graph and the price know of it.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from flowreason.editor.analysis import Analysis
from flowreason.editor.names import Occurrence
from flowreason.editor.neighbours import Neighbours, told
from flowreason.editor.problems import explained
from flowreason.editor.signatures import parameter, signature
from flowreason.editor.words import AS, KEYWORDS, SETTINGS, TYPES
from flowreason_dsl import prelude
from flowreason_dsl.check.reach import parts
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.python_world import MODULES, PRELUDE
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Assign, FlowDef, ToolDef
from flowreason_dsl.tokens import Token

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Hover:
    """A text about a stretch of the file."""

    markdown: str
    span: Span


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """What is known of what stands at an offset."""
    about = _about(analysis, offset)
    reasons = explained(analysis, offset)
    if not reasons:
        return about
    if about is None:
        return Hover(reasons, Span(offset, offset))
    return Hover(_joined([about.markdown, "---", reasons]), about.span)


def _about(analysis: Analysis, offset: int) -> Hover | None:
    found = analysis.names.at(offset)
    if found is not None:
        text = _callable(analysis, found.name) if found.owner is None else _variable(analysis, found)
        return Hover(text, found.span) if text else None
    return _word(analysis, offset)


# --- flows and tools --------------------------------------------------------------------------------------


def _callable(analysis: Analysis, name: str) -> str:
    target = analysis.callable(name)
    if target is None:
        return _data(analysis, name)
    parts = [_fenced(signature(target)), target.doc or "", _origin_of(analysis, target)]
    if isinstance(target, FlowDef):
        parts.append(_price_of_flow(analysis, name))
    return _joined(parts)


def _data(analysis: Analysis, name: str) -> str:
    found = analysis.seen.data.get(name)
    if found is None:
        return ""
    size = f": {len(found.value):,} items" if isinstance(found.value, list) else ""
    return _joined([_fenced(f"{name}: {_shortened(str(found.type))}"), f"What `{found.path}` holds{size}. (1.8)"])


def _origin_of(analysis: Analysis, target: FlowDef | ToolDef) -> str:
    if isinstance(target, ToolDef):
        return "A tool without effects." if target.pure else "A tool: its calls keep their written order."
    source = analysis.seen.sources.get(target.name.text)
    here = analysis.readable.source if analysis.readable is not None else None
    return f"From `{source.name}`." if source is not None and source is not here else ""


def _price_of_flow(analysis: Analysis, name: str) -> str:
    from flowreason.editor.cost import of_flow

    found = of_flow(analysis, name)
    return f"A run takes {found}." if found else ""


# --- names ------------------------------------------------------------------------------------------------


def _variable(analysis: Analysis, found: Occurrence) -> str:
    type = analysis.type_of(found)
    head = _fenced(f"{found.name}: {type}" if type is not None else found.name)
    parts = [head]
    if found.role in ("parameter", "argument"):
        parts.append(_parameter(analysis, found))
    else:
        parts += [_set_where(analysis, found), *_steps(analysis, found)]
    return _joined(parts)


def _parameter(analysis: Analysis, found: Occurrence) -> str:
    target = analysis.callable(found.owner or "")
    for each in target.parameters if target is not None else ():
        if each.name.text == found.name:
            return f"A parameter of `{found.owner}`: `{parameter(each)}`"
    return ""


def _set_where(analysis: Analysis, found: Occurrence) -> str:
    rows = []
    for span in found.origins[:4]:
        line = analysis.source.position(span.start)[0]
        shown = " ".join(analysis.source.line(line).split())
        rows.append(f"Line {line}: {_inline(shown)}")
    if len(found.origins) > 4:
        rows.append(f"and in {len(found.origins) - 4} more places")
    return "  \n".join(rows)


def _steps(analysis: Analysis, found: Occurrence) -> list[str]:
    """What is known from the graph of the step that sets a name; where several do, nothing."""
    graph, flow = analysis.graph, found.owner or ""
    if graph is None or flow not in graph.flows or len(found.origins) != 1:
        return []
    statement = _statement(analysis, flow, found.origins[0])
    links = Neighbours(graph.flows[flow])
    node = links.step(found.name, statement) if statement is not None else None
    if node is None:
        return []
    before, after = told(links.waits_for(node), analysis.source), told(links.waited_for_by(node), analysis.source)
    from flowreason.editor.cost import of_step

    cost = of_step(analysis, flow, node.id)
    return [
        f"Waits for {before}." if before else "Waits for nothing.",
        f"Then: {after}." if after else "Nothing waits for it.",
        f"Takes {cost}." if cost else "",
    ]


def _statement(analysis: Analysis, flow: str, name: Span) -> Span | None:
    """The statement, or the parameter, that sets the name at a place."""
    definition = analysis.seen.flows[flow]
    for each in definition.parameters:
        if each.name.span == name:
            return each.span.cover(name)
    made = (each for each in parts(definition.body) if isinstance(each, Assign))
    return next((each.span for each in made if each.name.span == name), None)


# --- words ------------------------------------------------------------------------------------------------


def _word(analysis: Analysis, offset: int) -> Hover | None:
    tokens = tokenize(analysis.text).tokens
    for index, token in enumerate(tokens):
        if token.start <= offset < token.end:
            if token.type in ("CODE", "BLOCK"):
                return _python_word(analysis.text, token, offset)
            text = _meaning(tokens, index)
            return Hover(text, token.span) if text else None
    return None


def _meaning(tokens: list[Token], index: int) -> str:
    token = tokens[index]
    word = token.value if isinstance(token.value, str) else ""
    if token.type == "NAME":
        after = tokens[index + 1].type if index + 1 < len(tokens) else ""
        before = tokens[index - 1].type if index else ""
        if word in SETTINGS and after == "EQUAL" and before in ("WITH", "COMMA"):
            return f"`{word}={SETTINGS[word][0]}`\n\n{SETTINGS[word][1]}"
        if word == "user" and before == "ASK":
            return KEYWORDS["user"]
        if word in TYPES and before in ("COLON", "ARROW", "LSQB"):
            return TYPES[word]
        return ""
    if token.type == "AS":
        return AS
    return KEYWORDS.get(word, "") if before_is_no_dot(tokens, index) else ""


def before_is_no_dot(tokens: list[Token], index: int) -> bool:
    """Whether a word is no field: `letter.answer`."""
    return index == 0 or tokens[index - 1].type != "DOT"


def _python_word(text: str, token: Token, offset: int) -> Hover | None:
    for found in _WORD.finditer(text, token.start, token.end):
        if found.start() <= offset <= found.end():
            said = python_doc(found.group())
            return Hover(said, Span(*found.span())) if said else None
    return None


def python_doc(name: str) -> str:
    """What is said of a function of the prelude, or of a module."""
    if name in PRELUDE:
        function = getattr(prelude, name)
        doc = (inspect.getdoc(function) or "").split("\n>>>", maxsplit=1)[0].strip()
        given = ", ".join(inspect.signature(function).parameters)
        return f"```python\n{name}({given})\n```\n\n{doc}"
    return f"The module `{name}` of Python, there without an import. (6.4)" if name in MODULES else ""


# --- how it is written ------------------------------------------------------------------------------------


def _fenced(text: str) -> str:
    fence = "````" if "```" in text else "```"
    return f"{fence}flow\n{text}\n{fence}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _inline(text: str) -> str:
    shown = _shortened(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    mark = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{mark}{pad}{shown}{pad}{mark}"


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part)
