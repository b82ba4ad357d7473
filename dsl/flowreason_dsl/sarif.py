"""Findings as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), which editors and code hosts read.

Invariant: one run holds all files; every code that occurs is a rule, with its cause and what mends it; columns count
characters (`unicodeCodePoints`), and a path is relative to `SRCROOT` unless it leads out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from flowreason_dsl.codes import CODES
from flowreason_dsl.diagnostics import Diagnostic, Fix, Severity
from flowreason_dsl.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "hint": "note"}

Found = tuple[Source, Sequence[Diagnostic]]


def sarif(files: Iterable[Found], version: str) -> dict[str, Any]:
    """A SARIF log with the findings of all files; `version` is that of the tool."""
    reports = list(files)
    codes = list(dict.fromkeys(d.code for _, found in reports for d in found))
    places = list(dict.fromkeys(source.name for source, _ in reports))
    driver = {"name": "flowreason", "semanticVersion": version, "rules": [_rule(code, reports) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that the check was started in."}}},
        "artifacts": [{"location": _artifact(name), "sourceLanguage": "flow"} for name in places],
        "results": [_result(d, source, codes.index(d.code)) for source, found in reports for d in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str, reports: Sequence[Found]) -> dict[str, Any]:
    entry = CODES.get(code)
    if entry is None:
        severity = next(d.severity for _, found in reports for d in found if d.code == code)
        return {"id": code, "defaultConfiguration": {"level": _LEVELS[severity]}}
    return {
        "id": code,
        "shortDescription": {"text": entry.cause},
        "help": {"text": f"{entry.fix}\n\nFor example, this flow has it:\n\n{entry.example}"},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
    }


def _result(d: Diagnostic, named: Source, rule: int) -> dict[str, Any]:
    source = d.source or named
    help_ = f"\nhelp: {d.help}" if d.help else ""
    made: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": rule,
        "level": _LEVELS[d.severity],
        "message": {"text": d.message + help_},
        "locations": [{"physicalLocation": _place(d.span, source)}],
    }
    if d.labels:
        made["relatedLocations"] = [
            {"id": number, "message": {"text": label.text}, "physicalLocation": _place(label.span, source)}
            for number, label in enumerate(d.labels, 1)
        ]
    if d.fix:
        made["fixes"] = [_fix(d.fix, source)]
    return made


def _fix(fix: Fix, source: Source) -> dict[str, Any]:
    replacements = [_replacement(span, text, source) for span, text in fix.changes]
    change = {"artifactLocation": _artifact(source.name), "replacements": replacements}
    return {"description": {"text": fix.message}, "artifactChanges": [change]}


def _replacement(span: Span, text: str, source: Source) -> dict[str, Any]:
    inserted = {"insertedContent": {"text": text}} if text else {}
    return {"deletedRegion": _region(span, source), **inserted}


def _place(span: Span, source: Source) -> dict[str, Any]:
    return {"artifactLocation": _artifact(source.name), "region": _region(span, source)}


def _region(span: Span, source: Source) -> dict[str, int]:
    line, column = source.position(span.start)
    end_line, end_column = source.position(max(span.start, span.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _artifact(name: str) -> dict[str, str]:
    path = PurePath(name)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix()), "uriBaseId": ROOT}
