"""From `grammar.lark` to what the parser runs on: a table of moves, the terminals and the reserved words.

Invariant: nothing about the shape of the language is said here; it all comes from the grammar file. The grammar
is read when the first flow is parsed, once per process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from threading import Lock
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

from flowreason_dsl.build import RULES

if TYPE_CHECKING:
    from lark import Lark

Maker: TypeAlias = Callable[[list[Any]], Any]
Reduce: TypeAlias = tuple[int, Maker, str]
Move: TypeAlias = "int | Reduce"

CONTEXTUAL = frozenset({"SCALAR", "LIST", "DICT", "USER"})
"""Terminals that read like a name and are told from it by where they stand."""

END = "$END"


@dataclass(frozen=True)
class Grammar:
    """The moves of the parser: a next state (shift), or how many values become one (reduce)."""

    table: dict[int, dict[str, Move]]
    start: int
    end: int
    patterns: dict[str, str]
    keywords: dict[str, str]
    marks: dict[str, str]
    python: frozenset[str]
    """Those of the keywords that are Python's."""


def grammar_text() -> str:
    """The grammar file, as it is."""
    return resources.files("flowreason_dsl").joinpath("grammar.lark").read_text(encoding="utf-8")


_the_grammar: list[Grammar] = []
_reading = Lock()


def grammar() -> Grammar:
    """The grammar, read and turned into moves. It is the same object in every thread: its states have numbers that
    others remember, and each reading numbers them anew."""
    if not _the_grammar:
        with _reading:
            if not _the_grammar:
                _the_grammar.append(_read())
    return _the_grammar[0]


def _read() -> Grammar:
    lark = _lark()
    state = lark.parse_interactive("").parser_state.parse_conf
    table = {place: dict(_moves(row, state.callbacks)) for place, row in state.states.items()}
    texts = {t.pattern.value: t.name for t in lark.terminals if t.pattern.type == "str" and t.name not in CONTEXTUAL}
    keywords = {text: name for text, name in texts.items() if text.isalpha()}
    marks = {text: name for text, name in texts.items() if not text.isalpha()}
    python = frozenset(rule.expansion[0].name for rule in lark.rules if rule.origin.name == "python_word")
    return Grammar(table, state.start_state, state.end_state, _patterns(lark), keywords, marks, python)


def _patterns(lark: Lark) -> dict[str, str]:
    return {
        terminal.name: terminal.pattern.to_regexp()
        for terminal in lark.terminals
        if terminal.pattern.type == "re" and terminal.name not in CONTEXTUAL
    }


def _lark() -> Lark:
    from lark import Lark
    from lark.lexer import Lexer

    class Outside(Lexer):
        """Tokens come from our own lexer, which points at faults and mends them."""

        def __init__(self, _conf: object) -> None: ...

        def lex(self, *_: object) -> Iterator[Any]:
            return iter(())

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer=Outside,
        strict=True,
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=SimpleNamespace(**RULES),
    )


def _moves(row: dict[str, tuple[Any, Any]], callbacks: dict[Any, Maker]) -> Iterator[tuple[str, Move]]:
    for symbol, (_action, target) in row.items():
        if isinstance(target, int):
            yield symbol, target
        else:
            yield symbol, (len(target.expansion), callbacks[target], target.origin.name)
