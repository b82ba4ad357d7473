"""Checks beyond the language: whether a flow is one for this question, with these inputs.

Invariant: what is reported here keeps the flow from running or makes it pointless; matters of taste are not.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from flowreason.asking.convert import convert
from flowreason.asking.kinds import type_of
from flowreason.asking.misfit import Misfit
from flowreason.compiler.inputs import QUESTION
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.names import did_you_mean
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Ask, Code, Flow, FlowDef, Literal, Parameter, Path, Solve, Template
from flowreason_dsl.types import Type, accepts


def unsound(
    flow: Flow,
    given: Mapping[str, Any],
    tools: Collection[str] = (),
    *,
    returns: Type | None = None,
    person: bool = False,
    many: bool = False,
) -> list[Diagnostic]:
    """What keeps a flow from being run with `given` (the question and the inputs, by name), or makes it pointless.

    `many`: it is for many questions, each of which stands in its parameter `question`.
    """
    found = [*_parameters(flow.main, given), *_returned(flow.main, returns)]
    if many and all(parameter.name.text != QUESTION for parameter in flow.main.parameters):
        message = "the flow is for many questions, and does not read the one that it is given"
        help = "add the parameter `question: text`, and take from it what differs from question to question"
        found.append(Diagnostic("question-unread", message, flow.main.name.span, help=help))
    for tool in flow.tools:
        if tool.name.text not in tools:
            message = f"nobody gives the tool `{tool.name}`"
            found.append(Diagnostic("tool-nobody", message, tool.name.span, help="do it in Python, or ask"))
    if _answers_by_heart(flow):
        message = "the flow says its answer without working it out"
        found.append(Diagnostic("flow-by-heart", message, flow.main.name.span, help="compute it in Python, or ask"))
    for node in walk(flow):
        if isinstance(node, Ask) and node.user and not person:
            message = "there is no person to ask"
            found.append(Diagnostic("ask-user-nobody", message, node.span, help="ask the model, or compute it"))
        if isinstance(node, Solve) and _is_whole_question(node.question):
            message = "`solve` is for a part of the question, and this is all of it"
            found.append(Diagnostic("solve-everything", message, node.span, help="ask it, or take it apart"))
    return found


def _parameters(entry: FlowDef, given: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for parameter in entry.parameters:
        name = parameter.name.text
        if name in given:
            yield from _fitting(parameter, given[name])
        elif parameter.default is None:
            listed = ", ".join(f"`{each}`" for each in given)
            help = did_you_mean(name, given) or "write what the question says into the flow, or take it from `question`"
            message = f"the first flow has the parameter `{name}`, which nobody gives; there are {listed}"
            yield Diagnostic("input-unknown", message, parameter.name.span, help=help)


def _fitting(parameter: Parameter, value: Any) -> Iterator[Diagnostic]:
    try:
        convert(value, parameter.type.type)
    except Misfit:
        kind, wanted = type_of(value), parameter.type.type
        message = f"`{parameter.name}` is given as {kind}, which does not fit {wanted}"
        yield Diagnostic("input-type", message, parameter.type.span, help=f"write `{parameter.name}: {kind}`")


def _returned(entry: FlowDef, wanted: Type | None) -> Iterator[Diagnostic]:
    if wanted is None:
        return
    if entry.returns is None or not accepts(wanted, entry.returns.type):
        where: Span = entry.returns.span if entry.returns else entry.name.span
        message = f"the first flow must give {wanted}"
        yield Diagnostic("flow-returns", message, where, help=f"write `-> {wanted}` after the parameters")


def _is_whole_question(question: Template) -> bool:
    words = "".join(part for part in question.parts if isinstance(part, str)).strip()
    return [path.name.text for path in question.paths] == [QUESTION] and len(words.split()) <= 5


def _answers_by_heart(flow: Flow) -> bool:
    """Whether nothing in a flow computes, asks or reads: all of it is texts and numbers as they stand."""
    return not any(_works(node) for node in walk(flow.flows))


def _works(node: Any) -> bool:
    if isinstance(node, Code):
        return not _is_literal(node.text)
    if isinstance(node, Path | Literal | Template) or not is_dataclass(node):
        return False
    return type(node).__name__ in ("Ask", "Call", "Solve", "Run", "Emulate")


def _is_literal(code: str) -> bool:
    try:
        ast.literal_eval(code.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def walk(node: Any) -> Iterator[Any]:
    """Every part of a syntax tree, the whole first."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting.extend(each)
        elif is_dataclass(each) and not isinstance(each, type):
            yield each
            waiting.extend(getattr(each, field.name) for field in fields(each) if field.name != "source")
