"""What is wrong with a flow, as values: the same for terminal, app, JSON and the model's repair prompt.

Invariant: a diagnostic points into the text it speaks about, and its fix, applied, mends what it reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from flowreason_dsl.rendering import Paint, plainly, render_one
from flowreason_dsl.source import Source, Span

Severity: TypeAlias = Literal["error", "warning", "hint"]


@dataclass(frozen=True, slots=True)
class Label:
    """A word about a related place."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends the fault: `replacement` in place of `span`, and the same for all of `also`.

    The places stand in the order of the text and do not overlap; they are changed together or not at all.
    """

    message: str
    span: Span
    replacement: str
    also: tuple[tuple[Span, str], ...] = ()

    @property
    def changes(self) -> tuple[tuple[Span, str], ...]:
        """All that is changed, in the order of the text."""
        return ((self.span, self.replacement), *self.also)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a code such as `name-unknown`, where, and what to do."""

    code: str
    message: str
    span: Span
    severity: Severity = "error"
    labels: tuple[Label, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    source: Source | None = None


class FlowreasonError(Exception):
    """The root of every error that flowreason raises on purpose; `flowreason.errors` has the others."""


class FlowError(FlowreasonError):
    """A flow that cannot be used, with everything that was found wrong with it."""

    def __init__(self, diagnostics: Sequence[Diagnostic], source: Source) -> None:
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__(render(self.diagnostics, source))


class FlowSyntaxError(FlowError):
    """The text does not follow the grammar."""


class FlowCheckError(FlowError):
    """The text follows the grammar but cannot be run."""


def errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Only those that keep a flow from running."""
    return [d for d in diagnostics if d.severity == "error"]


def render(diagnostics: Iterable[Diagnostic], source: Source, paint: Paint = plainly) -> str:
    """All findings as text, in the order of the source, each with its line and a caret; in colour with `paint`."""
    ordered = sorted(diagnostics, key=lambda d: (d.span.start, d.span.end, d.code))
    return "\n\n".join(render_one(d, d.source or source, paint) for d in ordered)


def as_json(d: Diagnostic, source: Source) -> dict[str, Any]:
    """A finding as plain data: lines and columns counted from 1."""
    place = d.source or source

    def where(span: Span) -> dict[str, int]:
        line, column = place.position(span.start)
        end_line, end_column = place.position(span.end)
        return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}

    out: dict[str, Any] = {"code": d.code, "severity": d.severity, "message": d.message, "file": place.name}
    out |= where(d.span)
    if d.labels:
        out["labels"] = [{"text": label.text, **where(label.span)} for label in d.labels]
    if d.help:
        out["help"] = d.help
    if d.fix:
        out["fix"] = {"message": d.fix.message, "replacement": d.fix.replacement, **where(d.fix.span)}
        if d.fix.also:
            out["fix"]["also"] = [{"replacement": text, **where(span)} for span, text in d.fix.also]
    return out
