"""How messages name what was found and what was expected.

Invariant: no name of the grammar's own making is ever shown, only words and marks that stand in flows.
"""

from __future__ import annotations

from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.tokens import Token

STRINGS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
PYTHON = frozenset({"CODE", "BLOCK"})
ACTIONS = frozenset({"NAME", "ASK", "EMULATE", "SOLVE", "RUN"}) | PYTHON
VALUES = ACTIONS | {"TEMPLATE", "INT", "DECIMAL", "TRUE", "FALSE"}
STATEMENTS = ACTIONS | {"ANSWER", "YIELD", "BREAK", "IF", "MATCH", "WHILE", "REPEAT", "FOR", "SAMPLE"}
TYPES = frozenset({"SCALAR", "LIST", "DICT", "LBRACE", "TEXT"})
CONSTANTS = frozenset({"TEXT", "INT", "DECIMAL", "TRUE", "FALSE"})
SUFFIXES = frozenset({"GIVEN", "WITH", "ENSURE"})

_GROUPS = ((STATEMENTS, "a statement"), (VALUES, "a value"), (TYPES, "a type"), (CONSTANTS, "a value"))
_ALONE = {
    "NAME": "a name",
    "TEMPLATE": "a text in quotes",
    "TEXT": "a text in quotes",
    "INT": "a whole number",
    "DECIMAL": "a number",
    "CODE": "Python between backticks",
    "BLOCK": "Python between backticks",
    END: "the end of the file",
}
_MINOR = SUFFIXES | {"DOT", "LSQB", "LPAR", "PURE", "USER"}


def shown(token: Token) -> str:
    """A token as a message names it."""
    if token.type == END:
        return "the end of the file"
    if token.type in STRINGS:
        return "a text in quotes"
    return "Python" if token.type in PYTHON else f"`{str(token.value)[:40]}`"


def describe(expected: set[str]) -> str:
    """What may come next, as a person would say it."""
    words = _words(expected)
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _words(expected: set[str]) -> list[str]:
    if {"NAME", "FLOW", "IN"} <= expected:
        return ["a name"]
    left, out = set(expected), []
    for kinds, word in _GROUPS:
        if kinds <= left:
            out.append(word)
            left -= kinds | {"FOR", "SAMPLE"}
    left = left - _MINOR or (left if not out else set())
    texts = {name: text for text, name in (grammar().marks | grammar().keywords).items()}
    return out + sorted({_ALONE.get(kind) or f"`{texts.get(kind, kind.lower())}`" for kind in left})
