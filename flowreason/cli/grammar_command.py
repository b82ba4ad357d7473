"""`grammar`: the grammar of flows, as what forces a model's output takes it.

Invariant: stdout holds the grammar and nothing else, so that it can be put into a file or a request as it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import typer

from flowreason.cli import failures, output


class Taker(StrEnum):
    """What takes a grammar."""

    openai = "openai"
    llguidance = "llguidance"
    gbnf = "gbnf"
    ebnf = "ebnf"


_NOTATIONS: dict[Taker, Literal["lark", "gbnf", "ebnf"]] = {
    Taker.openai: "lark",
    Taker.llguidance: "lark",
    Taker.gbnf: "gbnf",
    Taker.ebnf: "ebnf",
}


def print_grammar(
    taker: Annotated[
        Taker,
        typer.Option(
            "--for",
            help="openai: a custom tool's format; llguidance: vLLM with it; gbnf: llama.cpp; ebnf: SGLang, people.",
            show_default=False,
        ),
    ],
) -> int:
    """Print the grammar of flows, for servers that force what a model writes."""
    from flowreason_dsl import grammar_for

    output.emit(grammar_for(_NOTATIONS[taker]))
    return failures.ANSWERED
