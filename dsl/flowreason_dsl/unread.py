"""What could not be read: kept in a partial tree, so that nothing is complained about that may follow from it.

Invariant: a tree that holds any of this belongs to a text with errors, and is never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.tokens import Token

DoubtKind: TypeAlias = Literal[
    "line", "text", "gap", "header", "returns", "definition", "value", "name", "shape", "end"
]

_WORD = re.compile(r"[A-Za-z_]\w*")
_LEAVERS = frozenset({"answer", "return", "break", "continue", "yield"})
_MAKERS = frozenset({"as", "def", "class", "let", "var", "const", "function"})
_SETTERS = frozenset({"+=", "-=", "*=", "/=", "//=", "%=", "**=", "|=", "&=", ":=", "<-", "++", "--"})
_MOST_TARGETS = 20


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place that keeps something from being known.

    `line`: a line with an error; `text`: a text or Python whose end was not found; `gap`: words that were passed over;
    `header`: the parameters of a flow or tool; `returns`: what it gives; `definition`: one that is missing as a whole;
    `value`, `name`: something is missing that may have read, or set, any name; `shape`: a brace was put in or taken
    out, so that where blocks end is a guess; `end`: the text ends here, before it is complete.
    """

    kind: DoubtKind
    span: Span


@dataclass(frozen=True, slots=True)
class Unread:
    """A statement or value that could not be read.

    `parts` are the expressions and blocks in it that could be. It may set the names in `sets`, or any name where it is
    `nameless`, and end a flow, a loop or a round where `leaves` says so; one that `ends` is an answer for sure.
    """

    parts: tuple[object, ...] = ()
    sets: tuple[str, ...] = ()
    leaves: frozenset[str] = frozenset()
    nameless: bool = False
    ends: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


def words_of(text: str) -> set[str]:
    """Everything in a text that could be a name."""
    return set(_WORD.findall(text))


def unread(tokens: Sequence[Token], span: Span, parts: tuple[object, ...] = ()) -> Unread:
    """What was made of tokens that could not be read."""
    leaves = {str(token.value) for token in tokens if token.value in _LEAVERS}
    if "return" in leaves:
        leaves.add("answer")
    first = [token.type for token in tokens[:2]]
    nameless = first[:1] in (["EQUAL"], ["COLON"]) or first == ["INT", "EQUAL"]
    ends = bool(tokens) and tokens[0].value in ("answer", "return")
    return Unread(parts, tuple(dict.fromkeys(_set(tokens))), frozenset(leaves), nameless, ends, span)


def _set(tokens: Sequence[Token]) -> Iterator[str]:
    """The names that tokens seem to set: `x =`, `x: T`, `a, b =`, `x +=`, `for x in`, `as x`, `def x`."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        declared = token.type == "COLON" and at == 1
        compared = token.value == "==" and at == 1
        if token.type in ("EQUAL", "IN") or declared or compared or token.value in _SETTERS:
            yield from _targets(tokens, at - 1)
        elif token.type == "NAME" and before is not None and before.value in _MAKERS:
            yield str(token.value)


def _targets(tokens: Sequence[Token], at: int) -> Iterator[str]:
    """The names before a mark, with commas and brackets between them."""
    for back in range(at, max(-1, at - _MOST_TARGETS), -1):
        if tokens[back].type == "NAME":
            yield str(tokens[back].value)
        elif tokens[back].type not in ("COMMA", "LPAR", "RPAR", "LSQB", "RSQB", "COLON", "DOT", "INT", "SCALAR"):
            return
