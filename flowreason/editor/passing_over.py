"""A text with lines that cannot be read, made readable by leaving them out.

Invariant: what is left stands where it stood: every character of the outcome is that of the text at the same place, or
stands in for one that was left out.
"""

from __future__ import annotations

import re

from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.messages import AT_THE_END
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Flow

TRIES = 4
MOST = 200_000
"""Characters of a text that is still read several times."""

_IN_MARKS = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|#[^\n]*')
_HEADER = "if true {"


def readable(text: str, name: str, found: list[Diagnostic]) -> Flow | None:
    """The tree of what can be read; `found` is what is wrong with the text. None where too much is."""
    if len(text) > MOST:
        return None
    for _ in range(TRIES):
        faults = errors(found)
        if not faults:
            return None
        before, text = text, _without(text, faults)
        if text == before:
            text = before + _closing(before)
        if text == before:
            return None
        tree, found = parse_lenient(text, name)
        if tree is not None:
            return tree
    tree, _ = parse_lenient(text + _closing(text), name)
    return tree


def _without(text: str, faults: list[Diagnostic]) -> str:
    """The text without the lines of its faults, but with the braces that they open and close."""
    source = Source(text)
    rows = text.split("\n")
    for fault in faults:
        if fault.span.start < len(text) and fault.code not in AT_THE_END:
            row = source.position(fault.span.start)[0] - 1
            rows[row] = stand_in(rows[row])
    return "\n".join(rows)


def stand_in(row: str) -> str:
    """What stands for a line that is left out: its braces, and blanks."""
    end = "\r" if row.endswith("\r") else ""
    opened, closed = _braces(row)
    kept = "}" * max(0, closed - opened)
    if opened > closed:
        kept = _HEADER + " " + _HEADER * (opened - closed - 1)
    if len(kept) + len(end) > len(row) or kept.strip() == row.strip():
        kept = ""
    return kept.ljust(len(row) - len(end)) + end


def _braces(row: str) -> tuple[int, int]:
    plain = _IN_MARKS.sub("", row)
    return plain.count("{"), plain.count("}")


def _closing(text: str) -> str:
    """The braces that are missing at the end."""
    opened, closed = _braces(text)
    return "\n" + "}" * (opened - closed) if 0 < opened - closed <= 60 else ""
