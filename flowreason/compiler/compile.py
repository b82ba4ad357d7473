"""Question → flow: ask a model for a draft, check it, send back all that is wrong with it, a bounded number of times.

Invariant: what comes back is checked and fits the inputs; when no draft gets there, it is the plain flow of
`fallback`, and `Compiled.fallback` says why. At most `rounds + 1` requests are sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flowreason.compiler.draft import Draft, Terms, declaration, finished, judge, read_draft
from flowreason.compiler.fallback import fallback_flow
from flowreason.compiler.inputs import QUESTION, parameters
from flowreason.compiler.prompt import first_messages, repair_messages
from flowreason.errors import CompileError, UsageError
from flowreason.ports import Grammar, Message, Provider, Reply, Request, Usage
from flowreason_dsl.check import CheckedFlow
from flowreason_dsl.diagnostics import as_json, errors, render
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import ToolDef
from flowreason_dsl.types import Type

Complete: TypeAlias = Callable[[Request], Awaitable[Reply]]
OnEvent: TypeAlias = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A flow for a question. `rounds` are the requests it took; `fallback` is why a plain flow stands in, else None."""

    text: str
    checked: CheckedFlow
    rounds: int
    drafts: tuple[Draft, ...]
    usage: Usage
    fallback: str | None = None


@dataclass(slots=True)
class _Progress:
    messages: tuple[Message, ...]
    drafts: list[Draft] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


def _quiet(_kind: str, _data: Mapping[str, Any]) -> None:
    """The listener of those who want no events."""


async def compile_question(
    question: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    tools: Iterable[ToolDef] = (),
    provider: Provider,
    model: str | None = None,
    complete: Complete | None = None,
    rounds: int = 2,
    on_event: OnEvent = _quiet,
    returns: Type | None = None,
    grammar: Grammar | None = None,
    person: bool = False,
    alike: Sequence[str] = (),
) -> Compiled:
    """A checked flow for a question, whose parameters are among `question` and the names of `inputs`.

    `complete` sends a request (the caller's limits, cache and events); by default the provider does. `rounds` is how
    often a draft may be sent back. `person`: somebody is there for `ask user`. `alike`: further questions that the same
    flow must answer, so that it has to read its question. Events: `compile.started`,
    `compile.draft`, `compile.done`. Raises `UsageError` for an empty question, `InputError` for an input's name, and
    what `complete` raises.
    """
    if not question.strip():
        raise UsageError("the question is empty; say what you want to know")
    given = dict(inputs or {})
    allowed = parameters(given)
    by_name = {tool.name.text: tool for tool in tools}
    terms = Terms({QUESTION: question, **given}, by_name, returns, person, many=bool(alike))
    declared = [declaration(tool) for tool in terms.tools.values()]
    progress = _Progress(first_messages(question, given, declared, returns=returns, person=person, alike=alike))
    on_event("compile.started", {"question": question})
    send: Complete = complete or provider.complete
    forced = grammar if grammar and grammar.syntax == provider.model_info(model).grammar else None
    steady = None if provider.model_info(model).reasons else 0.0
    for _ in range(rounds + 1):
        reply = await send(Request(progress.messages, model=model, temperature=steady, grammar=forced))
        if _take(progress, reply, terms, on_event):
            break
    return _outcome(progress, terms, allowed, on_event)


def _take(progress: _Progress, reply: Reply, terms: Terms, on_event: OnEvent) -> bool:
    """Read one reply; whether it is a flow that can be run."""
    draft = finished(read_draft(reply.text, terms), terms)
    progress.usage += reply.usage
    progress.drafts.append(draft)
    source = Source(draft.text, "<draft>")
    found = [as_json(d, source) for d in draft.diagnostics]
    mended = {"mended": list(draft.mended)} if draft.mended else {}
    on_event("compile.draft", {"text": draft.text, "round": len(progress.drafts), "diagnostics": found, **mended})
    if draft.checked is None:
        report = render(errors(draft.diagnostics), source)
        progress.messages += repair_messages(draft.text, report, cut_off=reply.finish == "length")
    return draft.checked is not None


def _outcome(progress: _Progress, terms: Terms, allowed: Mapping[str, Type], on_event: OnEvent) -> Compiled:
    last = progress.drafts[-1]
    why = None if last.checked else _why(progress)
    final = last if last.checked else judge(fallback_flow(allowed, terms.returns), terms)
    if final.checked is None:
        raise CompileError("the plain flow that stands in cannot be run either", final.text, final.diagnostics)
    on_event("compile.done", {"text": final.text, "rounds": len(progress.drafts), "fallback": why})
    return Compiled(final.text, final.checked, len(progress.drafts), tuple(progress.drafts), progress.usage, why)


def _why(progress: _Progress) -> str:
    first = errors(progress.drafts[-1].diagnostics)[0]
    tried = len(progress.drafts)
    return f"no valid flow in {tried} draft{'' if tried == 1 else 's'}; the last one: {first.message}"
