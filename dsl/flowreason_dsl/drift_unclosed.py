"""Brackets of values that are never closed: told at the bracket, and the next statement is read as ever.

Invariant: as in `drift`. A bracket is taken for unclosed only where a statement surely begins, or its block ends,
before it is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, code_token, fixed, here, line_end, text_of, token
from flowreason_dsl.grammar import END
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_CLOSING = {"LPAR": ")", "LSQB": "]", "LBRACE": "}"}
_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
_BEFORE = frozenset({"EQUAL", "ANSWER", "YIELD", "IN", "IF", "WHILE", "UNTIL", "MATCH", "REPEAT", "ENSURE"})
_ASKED = frozenset({"ASK", "SOLVE"})
_STARTERS = frozenset({"ANSWER", "BREAK", "WHILE", "REPEAT", "MATCH", "YIELD", "FLOW"})
_FARTHEST = 400


def unclosed(at: Reading, _expected: set[str]) -> Change | None:
    """`xs = [1, 2`, `d = {"a": 1`, `ask("What is it?"`."""
    opener, before = here(at), at.kind(at.at - 1)
    if opener.type not in _CLOSING or before not in _BEFORE | _ASKED or (opener.type == "LBRACE" and before != "EQUAL"):
        return None
    end = _end(at)
    if end is None or end <= at.at + 1:
        return None
    if before in _ASKED:
        return _question(at, end)
    right = text_of(at, at.at, end) + _CLOSING[opener.type]
    if naked_python.parsed(right) is None:
        return None
    last = token(at, end - 1)
    found = _told(at, opener, f"`{right}`" if "\n" not in right else f"```\n{right}\n```", Span(opener.start, last.end))
    return Change(at.at, end, [code_token(opener, right)], found)


def _question(at: Reading, end: int) -> Change | None:
    """`ask("…"`, with nothing that closes the bracket."""
    opener, text = here(at), token(at, at.at + 1)
    if text.type not in STRINGS or end != at.at + 2:
        return None
    space = "" if opener.start > token(at, at.at - 1).end else " "
    found = Diagnostic("syntax-unclosed-bracket", f"this `{opener.value}` is never closed", opener.span)
    return Change(at.at, end, [text], fixed(found, "take it out", Span(opener.start, text.start), space))


def _told(at: Reading, opener: Token, right: str, span: Span) -> Diagnostic:
    found = Diagnostic("syntax-unclosed-bracket", f"this `{opener.value}` is never closed", opener.span)
    return fixed(found, f"close it: {right}" if "\n" not in right else "close it", span, right)


def _end(at: Reading) -> int | None:
    """The index behind the last token that may stand in a bracket; None where it is closed."""
    depth, is_brace = 0, here(at).type == "LBRACE"
    for place in range(at.at, min(len(at.tokens), at.at + _FARTHEST)):
        kind = at.kind(place)
        if place > at.at and at.begins_line(place) and _begins_statement(at, place, depth):
            return place
        if kind == END or (kind == "RBRACE" and depth == 1 and not is_brace):
            return place
        if kind == "LBRACE" and depth == 1 and not is_brace and at.begins_line(place + 1):
            return place
        depth += (kind in _OPENERS) - (kind in _CLOSERS)
        if depth == 0:
            return None
    return None


def _begins_statement(at: Reading, place: int, depth: int) -> bool:
    """Whether a line in a bracket is no part of what the bracket holds."""
    kind = at.kind(place)
    if kind in _STARTERS or (kind in ("FOR", "IF") and at.kind(line_end(at, place) - 1) == "LBRACE"):
        return True
    if at.kind(place - 1) in ("COMMA", "LPAR", "LSQB", "LBRACE", "COLON") or depth > 1:
        return False
    return kind == "NAME" and at.kind(place + 1) in ("EQUAL", "COLON")


AT_FAULT: tuple[Rule, ...] = (unclosed,)
