"""The flow language: text to syntax tree, checks, and back to text. It knows lark and the standard library only.

The grammar is read with the first flow, not with the package. The checker is `flowreason_dsl.check.check`.
"""

from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, FlowError, FlowSyntaxError, render
from flowreason_dsl.parser import decode, parse, parse_lenient
from flowreason_dsl.printer import format_flow, format_text
from flowreason_dsl.source import Source, Span

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
    "parse",
    "parse_lenient",
    "render",
]
