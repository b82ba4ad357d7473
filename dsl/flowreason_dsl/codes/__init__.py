"""Every code that can be reported about a flow, with its severity, cause, example and fix.

Invariant: what the checker and the parser report stands here, and `dsl/DIAGNOSTICS.md` is made from it
(`python -m flowreason_dsl.codes`).
"""

from __future__ import annotations

from flowreason_dsl.codes import asking, calls, control, names, python, text, types
from flowreason_dsl.codes.entry import Entry
from flowreason_dsl.diagnostics import Severity

__all__ = ["CODES", "GROUPS", "Entry", "severity_of"]

GROUPS: dict[str, tuple[Entry, ...]] = {
    "Names": names.ENTRIES,
    "Types": types.ENTRIES,
    "Branches, loops, edges and answers": control.ENTRIES,
    "Questions and their settings": asking.ENTRIES,
    "Calls and files": calls.ENTRIES,
    "Python": python.ENTRIES,
    "The text itself": text.ENTRIES,
}

CODES: dict[str, Entry] = {entry.code: entry for entries in GROUPS.values() for entry in entries}


def severity_of(code: str) -> Severity:
    """How grave a finding of this code is."""
    return CODES[code].severity
