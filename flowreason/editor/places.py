"""Where things are: definitions, references, and the outline of a file.

Invariant: every span lies in the file that is named with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from flowreason.editor.analysis import Analysis
from flowreason.editor.names import Occurrence
from flowreason.editor.signatures import signature
from flowreason_dsl.parser import parse
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow, FlowDef, Use

SymbolKind: TypeAlias = Literal["flow", "tool", "file", "parameter", "name"]


@dataclass(frozen=True, slots=True)
class Target:
    """A place in a file; `file` is None for the file that was asked about."""

    file: Path | None
    source: Source
    span: Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that is defined: its whole text (`span`) and its name (`name_span`)."""

    name: str
    kind: SymbolKind
    detail: str
    span: Span
    name_span: Span
    inside: tuple[Symbol, ...] = ()


# --- definitions ------------------------------------------------------------------------------------------


def definitions(analysis: Analysis, offset: int) -> list[Target]:
    """Where that is defined which stands at an offset."""
    used = _use_at(analysis.readable, offset)
    if used is not None:
        return _file(analysis, used)
    found = analysis.names.at(offset)
    if found is None:
        return []
    if found.role in ("call", "flow", "tool"):
        return _callable(analysis, found.name)
    if found.role == "argument":
        return _parameter(analysis, found)
    here = analysis.source
    if found.owner is None and not found.origins:
        return _data(analysis, found.name)
    return [Target(None, here, span) for span in found.origins] or _anywhere(analysis, found)


def _data(analysis: Analysis, name: str) -> list[Target]:
    """Where another file names data."""
    data, files = analysis.seen.data.get(name), analysis.surroundings.files
    place = files.place(data.source.name) if data is not None and files is not None else None
    return [Target(place, data.source, data.span)] if data is not None and place is not None else []


def _anywhere(analysis: Analysis, found: Occurrence) -> list[Target]:
    """A name that no assignment reaches: wherever the flow sets it."""
    same = [each for each in analysis.names.same(found) if each.role in ("set", "parameter")]
    return [Target(None, analysis.source, each.span) for each in same]


def _callable(analysis: Analysis, name: str) -> list[Target]:
    target = analysis.callable(name)
    if target is None:
        return []
    return _in_file(analysis, name, target.name.span)


def _parameter(analysis: Analysis, found: Occurrence) -> list[Target]:
    target = analysis.callable(found.owner or "")
    spans = [each.name.span for each in target.parameters if each.name.text == found.name] if target else []
    return [place for span in spans for place in _in_file(analysis, found.owner or "", span)]


def _in_file(analysis: Analysis, callable: str, span: Span) -> list[Target]:
    """A place in the text of a flow or tool; nothing for a tool that stands in no text."""
    source = analysis.seen.sources.get(callable)
    tree = analysis.readable
    if source is None:  # tools have no source of their own: they stand in this file, or in one that it uses
        files: list[tuple[Path | None, Flow]] = [(None, tree)] if tree else []
        files += _used(analysis)
        for file, each in files:
            if any(tool.name.text == callable and tool.name.span.end > 0 for tool in each.tools):
                return [Target(file, analysis.source if file is None else each.source, span)]
        return []
    if tree is not None and source is tree.source:
        return [Target(None, analysis.source, span)]
    files_ = analysis.surroundings.files
    place = files_.place(source.name) if files_ is not None else None
    return [Target(place, source, span)] if place is not None else []


def _used(analysis: Analysis) -> Iterator[tuple[Path, Flow]]:
    """The files that a file uses, directly or through others."""
    load, tree = analysis.surroundings.files, analysis.readable
    seen: set[Path] = set()
    todo = list(tree.uses) if tree is not None else []
    while load is not None and todo:
        use = todo.pop()
        place = load.place(use.path)
        if use.name is not None or place is None or place in seen:
            continue
        seen.add(place)
        try:
            used = parse(load(use.path), use.path)
        except Exception:  # noqa: BLE001, S112  the checker has told what is wrong with the file
            continue
        todo += used.uses
        yield place, used


def _use_at(tree: Flow | None, offset: int) -> Use | None:
    return next((use for use in tree.uses if use.span.start <= offset <= use.span.end), None) if tree else None


def _file(analysis: Analysis, use: Use) -> list[Target]:
    files = analysis.surroundings.files
    place = files.place(use.path) if files is not None else None
    return [Target(place, Source(""), Span(0, 0))] if place is not None and place.is_file() else []


# --- references -------------------------------------------------------------------------------------------


def references(analysis: Analysis, offset: int, with_definition: bool = True) -> list[Span]:
    """All places of the file that name what stands at an offset."""
    found = analysis.names.at(offset)
    if found is None:
        return []
    defining = ("set", "parameter", "flow", "tool", "data")
    return [each.span for each in analysis.names.same(found) if with_definition or each.role not in defining]


# --- outline ----------------------------------------------------------------------------------------------


def symbols(analysis: Analysis) -> list[Symbol]:
    """What the file defines: files that it uses, tools, flows with their parameters and names."""
    tree = analysis.readable
    if tree is None:
        return []
    found = [_use(use) for use in tree.uses]
    found += [Symbol(t.name.text, "tool", signature(t), t.span, t.name.span) for t in tree.tools]
    found += [_flow(analysis, flow) for flow in tree.flows]
    size = len(analysis.text)
    return sorted((each for each in found if each.span.end <= size), key=lambda each: each.span.start)


def _use(use: Use) -> Symbol:
    return Symbol(use.path, "file", f"use … as {use.name}" if use.name else "use", use.span, use.span)


def _flow(analysis: Analysis, flow: FlowDef) -> Symbol:
    inside: dict[str, Symbol] = {}
    for each in analysis.names.all:
        if (each.inside == flow.name.text and each.role == "set") or _is_parameter(each, flow):
            type = analysis.type_of(each)
            kind: SymbolKind = "parameter" if each.role == "parameter" else "name"
            shown = str(type) if type is not None else ""
            inside.setdefault(each.name, Symbol(each.name, kind, shown, each.span, each.span))
    span = Span(flow.span.start, min(flow.span.end, len(analysis.text)))
    return Symbol(flow.name.text, "flow", signature(flow), span, flow.name.span, tuple(inside.values()))


def _is_parameter(each: Occurrence, flow: FlowDef) -> bool:
    return each.role == "parameter" and each.owner == flow.name.text
