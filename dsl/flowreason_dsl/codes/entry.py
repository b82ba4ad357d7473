"""What is known of a code: one entry for everything that can be found in a flow.

Invariant: the example of an entry yields its code, and the fix says what to do about it in the example.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from flowreason_dsl.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """A code, how grave it is, why it is reported, a flow that has it, and what mends it."""

    code: str
    severity: Severity
    cause: str
    example: str
    fix: str


def error(code: str, cause: str, example: str, fix: str) -> Entry:
    """What keeps a flow from running."""
    return Entry(code, "error", cause, dedent(example).strip("\n"), fix)


def warning(code: str, cause: str, example: str, fix: str) -> Entry:
    """What is very likely not meant."""
    return Entry(code, "warning", cause, dedent(example).strip("\n"), fix)


def hint(code: str, cause: str, example: str, fix: str) -> Entry:
    """What could be written better, or was mended on the way."""
    return Entry(code, "hint", cause, dedent(example).strip("\n"), fix)
