"""The flow language: text to syntax tree, checks, and back to text. It knows lark and the standard library only.

The grammar is read with the first flow, not with the package. The checker is `flowreason_dsl.check.check`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, FlowError, FlowSyntaxError, render
from flowreason_dsl.parser import decode, parse, parse_lenient
from flowreason_dsl.printer import format_flow, format_text
from flowreason_dsl.source import Source, Span

if TYPE_CHECKING:
    from flowreason_dsl.export import Syntax

__all__ = [
    "Diagnostic",
    "FlowCheckError",
    "FlowError",
    "FlowSyntaxError",
    "Source",
    "Span",
    "decode",
    "format_flow",
    "format_text",
    "grammar_for",
    "parse",
    "parse_lenient",
    "render",
]


def grammar_for(syntax: Syntax) -> str:
    """The grammar as model servers take it, to force what a model writes: `lark`, `gbnf` or `ebnf`. See `export`."""
    from flowreason_dsl import export

    return export.grammar_for(syntax)
