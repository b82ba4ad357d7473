"""The one failure of this package: a value or a reply that does not fit what was asked for.

Invariant: `reason` is written to the one who answered, model or person, and says what was expected and what came.
"""

from __future__ import annotations

from typing import Any

from flowreason.errors import FlowreasonError
from flowreason.values import show

SHOWN = 60


class Misfit(FlowreasonError):
    """A reply or value that does not fit its type; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_KINDS: tuple[tuple[tuple[type[Any], ...], str], ...] = (
    ((list, tuple), "a list"),
    ((set, frozenset), "a set"),
    ((dict,), "a record"),
)


def named(value: Any) -> str:
    """A value in a few words: `text "soon"`, `a list of 3`, `12.5`."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, str):
        return f'text "{shorten(value)}"'
    for kind, word in _KINDS:
        if isinstance(value, kind):
            return f"{word} of {len(value)}"
    return shorten(show(value))


def shorten(text: str, limit: int = SHOWN) -> str:
    """One line of at most about `limit` characters; what is left out of the middle is `…`."""
    line = " ".join(text[: 4 * limit].split()) if len(text) > 4 * limit else " ".join(text.split())
    if len(line) <= limit and len(text) <= 4 * limit:
        return line
    return line[: limit - 1].rstrip() + "…"


def cut_middle(text: str, limit: int) -> str:
    """A text of at most about `limit` characters, with a note where its middle was left out."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[… {len(text) - head - tail:,} characters left out …]\n{text[-tail:]}"
