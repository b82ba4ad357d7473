"""Forms of the grammar that model servers can force, so that what a model writes is a flow.

`grammar.lark` → parts (`reading`) → what a model should write (`canonical`) → blanks where they belong (`spacing`) →
text (`to_lark`, `to_bnf`). Invariant: everything that an exported grammar takes, the parser takes; nothing about the
shape of the language is said here, it all comes from the grammar file.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from flowreason_dsl.export.canonical import canonical, gap
from flowreason_dsl.export.parts import Grammar
from flowreason_dsl.export.reading import read_grammar
from flowreason_dsl.export.spacing import spaced
from flowreason_dsl.export.to_bnf import to_ebnf, to_gbnf
from flowreason_dsl.export.to_lark import to_lark
from flowreason_dsl.grammar import grammar, grammar_text

Syntax: TypeAlias = Literal["lark", "gbnf", "ebnf"]
SYNTAXES: tuple[Syntax, ...] = ("lark", "gbnf", "ebnf")
_WRITERS = {"lark": to_lark, "gbnf": to_gbnf, "ebnf": to_ebnf}


@cache
def grammar_for(syntax: Syntax) -> str:
    """The grammar of flows as a model should write them, in a notation that servers can force.

    `lark`: OpenAI's grammar tools, llguidance and vLLM with it. `gbnf`: llama.cpp, and what reads its notation. `ebnf`:
    SGLang, and people. The model is to write the flow alone, without a fence. Raises `ValueError` for another name.
    """
    if syntax not in _WRITERS:
        raise ValueError(f"there is no grammar notation {syntax!r}; there are: {', '.join(SYNTAXES)}")
    return _WRITERS[syntax](_grammar(), reserved_words())


def reserved_words() -> frozenset[str]:
    """The words that are never names."""
    return frozenset(grammar().keywords)


@cache
def _grammar() -> Grammar:
    read = read_grammar(grammar_text())
    return spaced(canonical(read, reserved_words()), gap(read))
