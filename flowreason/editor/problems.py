"""The findings of a file as an editor shows them, and the fixes that it offers.

Invariant: every problem stands in the file that was asked about; what is wrong in a file that it uses is told at the
`use` that brings it in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from flowreason.editor.analysis import Analysis, Surroundings
from flowreason_dsl.codes import CODES
from flowreason_dsl.diagnostics import Diagnostic, Fix, errors
from flowreason_dsl.fixing import fix_all
from flowreason_dsl.source import Source, Span

Severity: TypeAlias = Literal["error", "warning", "information", "hint"]

MOST_RELATED = 20
MOST_FIXED = 20_000
"""Characters of a text whose fixes are still all tried while a person waits."""


@dataclass(frozen=True, slots=True)
class Related:
    """A place that has to do with a problem; `file` is None for the file itself."""

    file: Path | None
    source: Source
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding at its place."""

    span: Span
    severity: Severity
    code: str
    message: str
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


def problems(analysis: Analysis) -> list[Problem]:
    """Everything that was found in a file."""
    here = [_problem(each, analysis) for each in analysis.findings if each.source is None]
    elsewhere = [each for each in errors(analysis.findings) if each.source is not None]
    return _with_used(here, elsewhere, analysis) if elsewhere else here


def _problem(found: Diagnostic, analysis: Analysis) -> Problem:
    message = found.message if found.help is None else f"{found.message}\n{found.help}"
    severity: Severity = found.severity
    if found.code == "call-unknown" and found.fix is None and analysis.surroundings.tools is None:
        severity = "information"
        message += (
            "\nIf it is a tool that the caller gives, name the file of the tools in the setting flowreason.tools."
        )
    labels = tuple(Related(None, analysis.source, label.span, label.text) for label in found.labels)
    return Problem(found.span, severity, found.code, message, labels, found.fix)


def _with_used(here: list[Problem], elsewhere: list[Diagnostic], analysis: Analysis) -> list[Problem]:
    """The problems of a file, with the errors of the files that it uses at their `use`s."""
    uses = analysis.readable.uses if analysis.readable is not None else ()
    for use in uses:
        inside = [each for each in elsewhere if each.source is not None and each.source.name == use.path]
        if inside:
            elsewhere = [each for each in elsewhere if each not in inside]
            here = _at_use(here, use.span, f"the file `{use.path}` has mistakes of its own", _related(inside, analysis))
    if elsewhere and uses:
        here = _at_use(here, uses[0].span, "a used file has mistakes of its own", _related(elsewhere, analysis))
    return here


def _at_use(here: list[Problem], span: Span, message: str, related: tuple[Related, ...]) -> list[Problem]:
    """Add places to the problem at a `use`, or make one."""
    if any(each.code == "use-broken" and each.span == span for each in here):
        return [
            replace(each, related=each.related + related) if each.code == "use-broken" and each.span == span else each
            for each in here
        ]
    return [*here, Problem(span, "error", "use-broken", message, related)]


def _related(found: Iterable[Diagnostic], analysis: Analysis) -> tuple[Related, ...]:
    files = analysis.surroundings.files
    out = []
    for each in list(found)[:MOST_RELATED]:
        place = files.place(each.source.name) if files is not None and each.source is not None else None
        if place is not None and each.source is not None:
            out.append(Related(place, each.source, each.span, each.message))
    return tuple(out)


def explained(analysis: Analysis, offset: int) -> str:
    """What there is to say about the codes of the findings at an offset, as Markdown."""
    codes = {d.code: None for d in analysis.findings if d.source is None and d.span.start <= offset <= d.span.end}
    entries = [CODES[code] for code in codes if code in CODES]
    return "\n\n".join(f"**{entry.code}**: {entry.cause}\n\nFix: {entry.fix}" for entry in entries[:3])


# --- fixes ------------------------------------------------------------------------------------------------


def fixes_at(analysis: Analysis, span: Span) -> list[Problem]:
    """The problems with a fix that touch a stretch of the text."""
    return [
        each
        for each in problems(analysis)
        if each.fix is not None and each.span.start <= span.end and span.start <= each.span.end
    ]


def fixable(analysis: Analysis) -> int:
    """How many findings can be mended without a person's judgement."""
    return sum(d.fix is not None and d.source is None and d.severity != "warning" for d in analysis.findings)


def all_fixed(analysis: Analysis) -> str | None:
    """The text with all fixes of errors and hints made; None where that changes nothing."""
    if not fixable(analysis) or len(analysis.text) > MOST_FIXED:
        return None
    surroundings: Surroundings = analysis.surroundings
    fixed = fix_all(analysis.text, lambda text: Analysis(text, analysis.name, surroundings).findings)
    return fixed.text if fixed.text != analysis.text else None
