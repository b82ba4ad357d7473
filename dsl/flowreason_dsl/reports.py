"""Where findings are gathered while a text is read.

Invariant: the first findings are kept, and never more than a reader could use; whether there was an error is never
forgotten.
"""

from __future__ import annotations

from flowreason_dsl.diagnostics import Diagnostic

MOST_ERRORS = 100
MOST_HINTS = 200


class Reports:
    """A growing list of diagnostics that stops growing."""

    def __init__(self, found: list[Diagnostic] | None = None) -> None:
        self.found: list[Diagnostic] = list(found or [])
        self.errors = sum(d.severity == "error" for d in self.found)
        self.hints = len(self.found) - self.errors

    def add(self, diagnostic: Diagnostic) -> None:
        """Keeps a finding, unless there are too many of its kind."""
        if diagnostic.severity == "error":
            self.errors += 1
            keep = self.errors <= MOST_ERRORS
        else:
            self.hints += 1
            keep = self.hints <= MOST_HINTS
        if keep:
            self.found.append(diagnostic)

    @property
    def full(self) -> bool:
        """Whether further errors would be dropped."""
        return self.errors >= MOST_ERRORS
