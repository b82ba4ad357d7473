"""A flow's text → its words by kind, for colours: in the source beside a chart, and in the editor.

Offsets are in characters. Invariant: any text whatever gives words, that stand in order and do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import Literal, TypeAlias

from flowreason_dsl.grammar import grammar
from flowreason_dsl.lexer import tokenize

Kind: TypeAlias = Literal["keyword", "type", "name", "text", "code", "number", "comment", "mark"]

_COMMENT = re.compile(r"#[^\n]*")
_TYPES = frozenset({"text", "int", "number", "bool", "any", "graph", "list", "dict", "table", "choice"})
_KINDS: dict[str, Kind] = {
    "TEXT": "text", "TEMPLATE": "text", "CODE": "code", "BLOCK": "code", "INT": "number", "DECIMAL": "number",
}  # fmt: skip
MOST = 200_000
"""Characters of a text whose words are told apart."""


@lru_cache(maxsize=32)
def words(text: str) -> tuple[tuple[int, int, Kind], ...]:
    """The words of a flow: where each begins and ends, and its kind; names and marks are left out."""
    if len(text) > MOST:
        return ()
    found: list[tuple[int, int, Kind]] = []
    at = 0
    keywords = grammar().keywords
    place = _Place()
    for token in tokenize(text).tokens:
        found += _comments(text, at, token.start)
        at = max(at, token.end)
        word = text[token.start : token.end]
        kind = _kind(token.type, word, keywords)
        if place.holds_type(token.type, word):
            kind = "type"
        if kind is not None and token.end > token.start:
            found.append((token.start, token.end, kind))
    found += _comments(text, at, len(text))
    return tuple(found)


def _comments(text: str, start: int, end: int) -> list[tuple[int, int, Kind]]:
    return [(found.start(), found.end(), "comment") for found in _COMMENT.finditer(text, start, end)]


class _Place:
    """Where a word stands: `table` is a type behind `:`, `->`, `|` and `list[`, and may be a name anywhere else."""

    def __init__(self) -> None:
        self._before = ""
        self._open: list[str] = []

    def holds_type(self, token: str, word: str) -> bool:
        """Whether the next word is a type."""
        inside = self._open[-1] if self._open else ""
        before, self._before = self._before, token
        if token in _OPENING:
            self._open.append(self._opened(token, before, inside))
        elif token in _CLOSING and self._open:
            self._open.pop()
        is_type = token == "NAME" and word in _TYPES and self._is_type(before, inside)
        if is_type:
            self._before = "type"
        return is_type

    @staticmethod
    def _is_type(before: str, inside: str) -> bool:
        typed = before in ("ARROW", "VBAR") or (before == "COLON" and inside != "record")
        return typed or (inside == "types" and before in ("LSQB", "COMMA"))

    def _opened(self, token: str, before: str, inside: str) -> str:
        """What a bracket opens: types, fields with their types, a record of values, or anything else."""
        if token == "LSQB":
            return "types" if before == "type" else ""
        if self._is_type(before, inside):
            return "fields"
        return "record" if before in ("EQUAL", "ANSWER", "YIELD", "COLON") else ""


_OPENING, _CLOSING = frozenset({"LSQB", "LBRACE", "LPAR"}), frozenset({"RSQB", "RBRACE", "RPAR"})


def _kind(type: str, word: str, keywords: Container[str]) -> Kind | None:
    if type in _KINDS:
        return _KINDS[type]
    return "keyword" if type != "NAME" and word.isalpha() and word in keywords else None
