"""Tokens: the words of a flow, with their place.

Invariant: `start` and `end` are offsets into the text as it was given; mending changes a token's type and value, never
its place.
"""

from __future__ import annotations

from typing import Any

from flowreason_dsl.source import Span


class Token:
    """A word or mark. `value` is its text, and for strings and code, once read, what they hold."""

    __slots__ = ("end", "start", "type", "value")

    def __init__(self, type: str, start: int, end: int, value: Any) -> None:
        self.type = type
        self.start = start
        self.end = end
        self.value = value

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def __repr__(self) -> str:
        return f"Token({self.type}, {self.start}, {self.end}, {self.value!r})"
