"""The end of a flow: does every path answer, and was everything used that was made?

Invariant: a value is only called unused when no path from where it is made reads it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import show
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Ask,
    Assign,
    Call,
    Do,
    Expression,
    FlowDef,
    For,
    If,
    Match,
    Name,
    Repeat,
    Sample,
    Solve,
    While,
)


@dataclass(frozen=True, slots=True)
class Made:
    """An assignment and its step; `effects` when it does more than give a value."""

    assign: Assign
    step: int
    effects: bool


def no_answer(flow: FlowDef, findings: Findings) -> None:
    """A flow with a return type of which some path does not answer."""
    assert flow.returns is not None
    message = f"`{flow.name}` may end without an answer, and must give {show(flow.returns.type)}"
    labels = [Label(flow.returns.span, "so it is declared"), *_where(flow)]
    findings.add("answer-missing", message, flow.name.span, labels=labels, help="end every path with `answer …`")


def nothing_comes_of_it(flow: FlowDef, findings: Findings) -> None:
    message = f"`{flow.name}` never answers and changes nothing"
    findings.add("answer-none", message, flow.name.span, help="end it with `answer …`")


def _where(flow: FlowDef) -> list[Label]:
    """The last statement, when it is the one with a path that goes past."""
    if not flow.body.statements:
        return []
    last = flow.body.statements[-1]
    match last:
        case If(arms=arms, otherwise=None):
            return [Label(arms[-1].condition.span, "nothing is answered when this does not hold")]
        case Match(subject=subject, otherwise=None):
            return [Label(subject.span, "nothing is answered when no case fits")]
        case While() | Repeat() | Do(value=Expression(value=For())):
            return [Label(head(last.span), "nothing is answered when this loop ends")]
    return []


def head(span: Span, length: int = 3) -> Span:
    """The first characters of a span, so that a label does not underline a whole block."""
    return Span(span.start, min(span.end, span.start + length)) if span.end else span


def last_assigned(flow: FlowDef) -> set[str]:
    """The name that a flow sets last: where it does not answer, it was meant to answer with this."""
    last = flow.body.statements[-1] if flow.body.statements else None
    return {last.name.text} if isinstance(last, Assign) else set()


def unused_parameters(parameters: list[tuple[Name, int]], spared: set[str], used: set[int], findings: Findings) -> None:
    """Parameters that nothing reads. One that stands twice is reported for that."""
    times = Counter(name.text for name, _ in parameters)
    for name, step in parameters:
        if step in used or name.text in spared or times[name.text] > 1:
            continue
        if not name.text.startswith("_"):
            hint = f"put it where it belongs (`{{{name}}}` in a question), or leave it out"
            findings.add("parameter-unused", f"the parameter `{name}` is never used", name.span, help=hint)


def unused_values(made: list[Made], spared: set[str], used: set[int], findings: Findings) -> None:
    """Assignments that nothing reads.

    A name that is spared is left alone: another report says more. So is a value that costs nothing and is always
    replaced before it is read: it may well be there as a default.
    """
    names = {each.assign.name.text for each in made if each.step in used}
    for each in made:
        name = each.assign.name.text
        if each.step in used or each.effects or name.startswith("_") or name in spared:
            continue
        if each.assign.name.span in findings.told:
            continue
        if name not in names or isinstance(each.assign.value.value, Ask | Call | Solve):
            _unused(each.assign, findings)


def _unused(assign: Assign, findings: Findings) -> None:
    paid = isinstance(assign.value.value, Ask | Call | Solve | For | Sample)
    message = f"the value of `{assign.name}` is never used" + (", and is paid for" if paid else "")
    hint = f"use it, leave it out, or call it `_{assign.name}`"
    findings.add("value-unused", message, assign.name.span, help=hint)
