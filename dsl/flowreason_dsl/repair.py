"""One missing mark: which would let reading go on where it stopped, as if it had been there?

Invariant: nothing is changed here; the answer is a mark after which the token at hand and a good number of those that
follow can stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.grammar import grammar
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.wording import shown
from flowreason_dsl.words import alternatives

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_CANDIDATES: tuple[tuple[str, ...], ...] = (
    *(
        (kind,)
        for kind in ("COMMA", "COLON", "LPAR", "RPAR", "LSQB", "RSQB", "EQUAL", "LBRACE", "RBRACE", "NAME", "SCALAR")
    ),
    ("COLON", "SCALAR"),
)
_STRAY = frozenset({"RPAR", "RSQB", "COMMA"})
SURPLUS = "-"
"""In place of the kind of a mark: the mark at hand is one too many."""
_FAR = 14
_FAR_ENOUGH = 5


def missing_mark(at: Reading) -> tuple[str, ...]:
    """The kinds of the marks whose absence best explains the fault, or that the one at hand is one too many."""
    best: tuple[str, ...] = ()
    farthest = 0
    for kinds in _CANDIDATES:
        if not _plausible(at, kinds[0]) or kinds[0] not in at.machine.row():
            continue
        reached = at.machine.reach([*((kind,) for kind in kinds), *_following(at)]) - len(kinds) + 1
        if reached > farthest:
            best, farthest = kinds, reached
    stray = at.kind(at.at) in _STRAY or (at.kind(at.at) == "LBRACE" == at.kind(at.at - 1) and at.surplus < 0)
    if stray and at.machine.reach(_following(at, 1)) + 1 >= max(farthest, _FAR_ENOUGH + 1):
        return (SURPLUS,)
    enough = min(_FAR_ENOUGH, len(at.tokens) - at.at) + 1
    return best if farthest >= enough else ()


def brace_before_else(at: Reading) -> bool:
    """Whether a `}` is missing before an `else` that begins a line and was taken for that of an expression."""
    if at.kind(at.at - 1) != "ELSE" or at.surplus >= 0 or not at.begins_line(at.at - 1):
        return False
    kinds = [("RBRACE",), ("ELSE",), *_following(at)]
    return at.machine.reach(kinds, below=1) >= min(_FAR_ENOUGH, len(at.tokens) - at.at) + 2


def _plausible(at: Reading, kind: str) -> bool:
    """Braces are put in only where the text has too few of them."""
    if kind in ("LBRACE", "RBRACE"):
        return at.surplus > 0 if kind == "LBRACE" else at.surplus < 0
    if kind == "NAME" and at.kind(at.at) == "EQUAL":
        return at.begins_line(at.at)
    return True


def _following(at: Reading, behind: int = 0) -> Iterator[tuple[str, ...]]:
    for token in at.tokens[at.at + behind : at.at + _FAR]:
        yield alternatives(token)


def with_mark(found: Diagnostic, at: Reading, kinds: tuple[str, ...]) -> Diagnostic:
    """The finding with the fix that puts the mark in, where it has none."""
    kind = kinds[0]
    place = at.tokens[at.at - 1].end if at.at else 0
    if kind == "RBRACE" and found.code != "syntax-unclosed-brace":
        return _missing_brace(found, at, place)
    if kind in ("RPAR", "RSQB") and found.code == "syntax-unexpected" and at.opens and at.begins_line(at.at):
        return _missing_bracket(at, place, mark_of(kind))
    if found.fix or found.code != "syntax-unexpected" or kind in ("NAME", "SCALAR") or len(kinds) > 1:
        return found
    if kind == SURPLUS:
        return replace(found, fix=Fix("take it out", found.span, ""))
    mark = mark_of(kind)
    fix = Fix(f"write `{mark}`", Span(place, place), f" {mark}" if kind in ("LBRACE", "EQUAL") else mark)
    return replace(found, fix=fix)


def _missing_bracket(at: Reading, place: int, mark: str) -> Diagnostic:
    """A bracket that is not closed on its line is told where it was opened."""
    opener = at.opens[-1].token
    fix = Fix(f"write `{mark}`", Span(place, place), mark)
    return Diagnostic("syntax-unclosed-bracket", f"this `{opener.value}` is never closed", opener.span, fix=fix)


def _missing_brace(found: Diagnostic, at: Reading, place: int) -> Diagnostic:
    opener = at.unclosed()
    labels = (opener,) if opener else ()
    message = f"a `}}` is missing before {shown(at.tokens[at.at])}"
    where, brace = closing_place(at, opener, place)
    fix = Fix("close it here", Span(where, where), brace)
    return Diagnostic("syntax-unclosed-brace", message, found.span, labels=labels, fix=fix)


def closing_place(at: Reading, opener: Label | None, place: int) -> tuple[int, str]:
    """Where the brace is missing that closes one, as far as the indentation tells, and what to write there.

    Before the first line that is not deeper than the line of the opener; `place` where there is no such line.
    """
    first = next((i for i in range(at.at) if opener is not None and at.tokens[i].start == opener.span.start), None)
    if first is None:
        return place, "\n}"
    depth, edge = 0, at.indent(at.tokens[first])
    for i in range(first, at.at):
        kind = at.kind(i)
        depth -= kind == "RBRACE"
        if i > first and at.begins_line(i) and depth <= 1 and at.indent(at.tokens[i]) <= edge - (kind == "RBRACE"):
            return at.tokens[i - 1].end, "\n" + " " * edge + "}"
        depth += kind == "LBRACE"
    return place, "\n" + " " * edge + "}"


def mark_of(kind: str) -> str:
    """How a mark is written."""
    return next(text for text, name in grammar().marks.items() if name == kind)


def surplus(tokens: list[Token]) -> int:
    """How many more braces are closed than opened."""
    return sum((token.type == "RBRACE") - (token.type == "LBRACE") for token in tokens)
