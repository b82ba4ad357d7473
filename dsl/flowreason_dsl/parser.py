"""Text to syntax tree: the first stage. Faults are collected, harmless spellings mended.

Invariant: any text gives a flow or diagnostics; nothing else is raised, however the text is shaped.
"""

from __future__ import annotations

from dataclasses import replace

from flowreason_dsl import words
from flowreason_dsl.diagnostics import Diagnostic, FlowSyntaxError, errors
from flowreason_dsl.lexer import Lexed, tokenize
from flowreason_dsl.machine import Machine
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow

MOST_BYTES = 1_000_000
MOST_DEPTH = 100


def parse(text: str, name: str = "<flow>") -> Flow:
    """The flow that a text says; `FlowSyntaxError` with all that is wrong where it does not follow the grammar."""
    flow, diagnostics = parse_lenient(text, name)
    if flow is None or errors(diagnostics):
        raise FlowSyntaxError(diagnostics, Source(text, name))
    return flow


def parse_lenient(text: str, name: str = "<flow>") -> tuple[Flow | None, list[Diagnostic]]:
    """The flow, or None where there are errors; and all errors and hints, in the order of the text."""
    lexed = tokenize(text)
    machine = Machine()
    diags = lexed.diagnostics
    at = 0
    tokens = lexed.tokens
    while at < len(tokens):
        token = tokens[at]
        row = machine.row()
        fed, size = [token], 1
        if token.type in words.STRINGS:
            fed = [words.string(token, "TEMPLATE" if "TEMPLATE" in row else "TEXT", diags.append)]
        elif token.type == "NAME" and "NAME" not in row:
            if "SCALAR" in row:
                fed, size = words.type_words(tokens, at, diags.append)
            elif "USER" in row and token.value == "user":
                fed = [words._make("USER", token, "user")]
        for f in fed:
            if not machine.feed(f):
                diags.append(Diagnostic("syntax-unexpected", f"unexpected {f.value!r}; expected {sorted(machine.expected())}", f.span))
                return None, diags
        at += size
    flow = replace(machine.result, comments=tuple(lexed.comments), source=Source(text, name))
    return (None if errors(diags) else flow), diags


def decode(data: bytes, name: str = "<flow>") -> str:
    """The text of a file; `FlowSyntaxError` where it is not UTF-8. A byte order mark is dropped."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        source = Source(data.decode("utf-8-sig", errors="replace"), name)
        line = good.count("\n") + 1
        message = f"line {line} holds bytes that are not UTF-8"
        help_ = "save the file as UTF-8"
        found = Diagnostic("encoding-utf8", message, Span(len(good), len(good) + 1), help=help_)
        raise FlowSyntaxError([found], source) from error
