"""The values of this package as the protocol writes them.

Invariant: a span becomes a range of the text that it was found in, in the units that the editor counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp

from flowreason.editor.completion import Completion, Kind
from flowreason.editor.edits import Edit
from flowreason.editor.hover import Hover
from flowreason.editor.places import Symbol, SymbolKind, Target
from flowreason.editor.positions import Encoding, Place, Positions
from flowreason.editor.problems import Problem, Related, Severity
from flowreason_dsl.source import Span

_SEVERITIES: dict[Severity, lsp.DiagnosticSeverity] = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "information": lsp.DiagnosticSeverity.Information,
    "hint": lsp.DiagnosticSeverity.Hint,
}
_COMPLETIONS: dict[Kind, lsp.CompletionItemKind] = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "name": lsp.CompletionItemKind.Variable,
    "flow": lsp.CompletionItemKind.Function,
    "tool": lsp.CompletionItemKind.Interface,
    "type": lsp.CompletionItemKind.TypeParameter,
    "setting": lsp.CompletionItemKind.Property,
    "value": lsp.CompletionItemKind.Value,
    "field": lsp.CompletionItemKind.Field,
    "choice": lsp.CompletionItemKind.EnumMember,
    "function": lsp.CompletionItemKind.Function,
    "module": lsp.CompletionItemKind.Module,
    "file": lsp.CompletionItemKind.File,
}
_SYMBOLS: dict[SymbolKind, lsp.SymbolKind] = {
    "flow": lsp.SymbolKind.Function,
    "tool": lsp.SymbolKind.Interface,
    "file": lsp.SymbolKind.File,
    "parameter": lsp.SymbolKind.Variable,
    "name": lsp.SymbolKind.Variable,
}
_UNUSED = frozenset({"code-dead", "flow-unused", "parameter-unused", "value-unused"})


def position(place: Place) -> lsp.Position:
    return lsp.Position(place.line, place.column)


def range_of(positions: Positions, span: Span) -> lsp.Range:
    start, end = positions.range(span)
    return lsp.Range(position(start), position(end))


def span_of(positions: Positions, given: lsp.Range) -> Span:
    start, end = (positions.offset(Place(p.line, p.character)) for p in (given.start, given.end))
    return Span(min(start, end), max(start, end))


# --- findings ---------------------------------------------------------------------------------------------


def diagnostic(problem: Problem, positions: Positions, uri: str) -> lsp.Diagnostic:
    tags = [lsp.DiagnosticTag.Unnecessary] if problem.code in _UNUSED else None
    return lsp.Diagnostic(
        range=range_of(positions, problem.span),
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        source="flowreason",
        related_information=[_related(each, positions, uri) for each in problem.related] or None,
        tags=tags,
    )


def _related(related: Related, positions: Positions, uri: str) -> lsp.DiagnosticRelatedInformation:
    place = location(Target(related.file, related.source, related.span), positions, uri)
    return lsp.DiagnosticRelatedInformation(location=place, message=related.text)


def quick_fix(problem: Problem, positions: Positions, uri: str) -> lsp.CodeAction:
    assert problem.fix is not None
    changes = [Edit(span, text) for span, text in problem.fix.changes]
    return lsp.CodeAction(
        title=problem.fix.message[:1].upper() + problem.fix.message[1:],
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(problem, positions, uri)],
        edit=workspace_edit(changes, positions, uri),
        is_preferred=True,
    )


# --- places -----------------------------------------------------------------------------------------------


def location(target: Target, positions: Positions, uri: str) -> lsp.Location:
    if target.file is None:
        return lsp.Location(uri, range_of(positions, target.span))
    there = Positions(target.source.text, positions.encoding)
    return lsp.Location(file_uri(target.file), range_of(there, target.span))


def file_uri(path: Path) -> str:
    return path.as_uri()


def symbol(each: Symbol, positions: Positions) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=each.name or "…",
        kind=_SYMBOLS[each.kind],
        range=range_of(positions, each.span.cover(each.name_span)),
        selection_range=range_of(positions, each.name_span),
        detail=each.detail,
        children=[symbol(inner, positions) for inner in each.inside],
    )


# --- texts ------------------------------------------------------------------------------------------------


def hover(found: Hover, positions: Positions) -> lsp.Hover:
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.markdown)
    return lsp.Hover(content, range_of(positions, found.span))


def text_edits(edits: Iterable[Edit], positions: Positions) -> list[lsp.TextEdit]:
    return [lsp.TextEdit(range_of(positions, each.span), each.text) for each in edits]


def workspace_edit(edits: Iterable[Edit], positions: Positions, uri: str) -> lsp.WorkspaceEdit:
    return lsp.WorkspaceEdit(changes={uri: text_edits(edits, positions)})


def completions(found: Iterable[Completion], positions: Positions) -> lsp.CompletionList:
    items = [_item(each, index, positions) for index, each in enumerate(found)]
    return lsp.CompletionList(is_incomplete=False, items=items)


def _item(each: Completion, index: int, positions: Positions) -> lsp.CompletionItem:
    return lsp.CompletionItem(
        label=each.label,
        kind=_COMPLETIONS[each.kind],
        detail=each.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, each.doc) if each.doc else None,
        sort_text=f"{index:05}",
        text_edit=lsp.TextEdit(range_of(positions, each.span), each.insert or each.label),
    )


def encoding_of(kind: lsp.PositionEncodingKind | str | None) -> Encoding:
    """The units that were agreed upon."""
    match kind:
        case lsp.PositionEncodingKind.Utf8:
            return "utf-8"
        case lsp.PositionEncodingKind.Utf32:
            return "utf-32"
    return "utf-16"
