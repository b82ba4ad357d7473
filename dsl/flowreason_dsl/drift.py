"""Statements as other languages write them: what was meant is put in place of what stands there, and reading goes on.

Invariant: tokens are only put in place of those at hand or of the statement that they belong to, and each such change
is told once, as an error; so what follows is read as if it had been written right. A rule answers None where something
else may be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from flowreason_dsl import literals
from flowreason_dsl.cut import levels, start_of
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.grammar import END
from flowreason_dsl.repair import surplus
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt, unread

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

STRINGS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
_CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_MOST_CHANGES = 2_000
_FARTHEST = 2_000


class Change(NamedTuple):
    """The tokens from `first` up to `last` are replaced by others."""

    first: int
    last: int
    tokens: Sequence[Token]
    found: Diagnostic | None
    unread: bool = False
    """Whether what stands there is left out of the tree as what could not be read."""


Rule: TypeAlias = "Callable[[Reading, set[str]], Change | None]"


def mended(at: Reading, rules: Sequence[Rule]) -> bool:
    """Makes the first change that applies to the token at hand, which cannot stand there."""
    if at.changes >= _MOST_CHANGES or at.kind(at.at) == END:
        return False
    expected = at.machine.expected()
    return any((change := rule(at, expected)) is not None and make(at, change) for rule in rules)


def make(at: Reading, change: Change) -> bool:
    """Makes a change; False where that would go back before the statement at hand."""
    written = at.tokens[change.first : change.last]
    if not _back(at, change.first):
        return False
    tokens = list(change.tokens)
    if change.unread:
        span = Span(written[0].start, written[-1].end)
        at.doubts.append(Doubt("gap", span))
        tokens = [Token("BREAK", span.start, span.end, unread(written, span))]
    at.changes += 1
    at.surplus += surplus(tokens) - surplus(written)
    at.replace(change.first, change.last, tokens)
    if change.found is not None:
        at.tell(change.found)
    return True


def _back(at: Reading, first: int) -> bool:
    """Takes the tokens from `first` on from the stack."""
    size = at.at - first
    if size <= 0:
        return size == 0
    machine = at.machine
    top = machine.values[len(machine.values) - size :] if len(machine.values) >= size else []
    if top and all(one is other for one, other in zip(top, at.tokens[first : at.at], strict=True)):
        height: int | None = len(machine.states) - size
    else:
        height = _height(at, first)
    if height is None:
        return False
    machine.cut(height)
    while at.opens and at.opens[-1].height > height:
        at.opens.pop()
    at.at = first
    return True


def _height(at: Reading, first: int) -> int | None:
    """How high the stack was before the statement that begins with a token."""
    machine, start = at.machine, at.tokens[first].start
    for height in range(len(machine.values), 0, -1):
        value = machine.values[height - 1]
        if machine.states[height - 1] in levels() and not isinstance(value, list) and start_of(value) == start:
            return height
    return None


# --- what rules look at --------------------------------------------------------------------------------------


def here(at: Reading) -> Token:
    return at.tokens[at.at]


def token(at: Reading, place: int) -> Token:
    """The token at an index, or the end."""
    return at.tokens[place] if 0 <= place < len(at.tokens) else at.tokens[-1]


def kinds(at: Reading, place: int, count: int) -> list[str]:
    return [at.kind(i) for i in range(place, place + count)]


def line_end(at: Reading, place: int, most: int = _FARTHEST) -> int:
    """The index behind the last token on the line of one, at most so far away."""
    end = place + 1
    while at.kind(end) != END and not at.begins_line(end) and end - place < most:
        end += 1
    return end


def closing(at: Reading, place: int) -> int | None:
    """The index of the token that closes the bracket or brace at an index."""
    opener, depth = at.kind(place), 0
    closer = _CLOSING.get(opener)
    tokens = at.tokens  # `at.kind` for each of them would be most of the time of a deep text
    for i in range(place, min(len(tokens), place + _FARTHEST)):
        kind = tokens[i].type
        if kind == opener:
            depth += 1
        elif kind == closer:
            depth -= 1
        if depth == 0:
            return i
    return None


def closing_before(at: Reading, place: int) -> int:
    """The index of the brace that the one at an index closes, or -1."""
    depth = 0
    for i in range(place, -1, -1):
        depth += (at.kind(i) == "RBRACE") - (at.kind(i) == "LBRACE")
        if depth == 0:
            return i
    return -1


def text_of(at: Reading, first: int, last: int) -> str:
    """The text from one token up to another."""
    return at.source.slice(at.span_between(first, last - 1)) if last > first else ""


def made(kind: str, like: Token, value: object) -> Token:
    """A token in the place of another."""
    return Token(kind, like.start, like.end, value)


def code_token(like: Token, text: str) -> Token:
    """A piece of Python in the place of another token."""
    return Token("CODE", like.start, like.end, literals.code(f"`{text}`", like.start))


def fixed(found: Diagnostic, message: str, span: Span, replacement: str) -> Diagnostic:
    return replace(found, fix=Fix(message, span, replacement))
