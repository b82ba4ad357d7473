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
    for token in tokenize(text).tokens:
        found += _comments(text, at, token.start)
        at = max(at, token.end)
        kind = _kind(token.type, text[token.start : token.end], keywords)
        if kind is not None and token.end > token.start:
            found.append((token.start, token.end, kind))
    found += _comments(text, at, len(text))
    return tuple(found)


def _comments(text: str, start: int, end: int) -> list[tuple[int, int, Kind]]:
    return [(found.start(), found.end(), "comment") for found in _COMMENT.finditer(text, start, end)]


def _kind(type: str, word: str, keywords: Container[str]) -> Kind | None:
    if type in _KINDS:
        return _KINDS[type]
    if type == "NAME":
        return "type" if word in _TYPES else None
    return "keyword" if word.isalpha() and word in keywords else None
