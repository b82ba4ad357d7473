"""What is given up at a fault: the innermost statement, arm or definition around it, as `Unread` in the tree.

Invariant: what was finished stays; the finished parts of what is given up are kept in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from flowreason_dsl import syntax as s
from flowreason_dsl.grammar import grammar
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt, Unread, unread

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

Level: TypeAlias = Literal["file", "block", "cases"]

OPENERS = frozenset({"LBRACE", "LPAR", "LSQB"})
CLOSERS = frozenset({"RBRACE", "RPAR", "RSQB"})
_GOES_ON = frozenset({"STRANGE", "COMMA", "DOT", "RPAR", "RSQB", "LSQB", "LPAR", "VBAR"})


@cache
def levels() -> dict[int, Level]:
    """The states in which a definition, a statement or an arm of a `match` may begin."""
    rules: dict[str, Level] = {"do": "block", "flow": "file", "case": "cases"}
    out: dict[int, Level] = {}
    for state, row in grammar().table.items():
        for rule, level in rules.items():
            if rule in row:
                out[state] = level
    return out


@dataclass
class Cut:
    """What was given up: states and values above a place where something may begin, and the offset where it began."""

    level: Level
    states: list[int]
    values: list[Any]
    start: int
    used: bool = False


def cut(at: Reading) -> Cut:
    """Forgets the unfinished statement. One that is finished stays, unless the fault seems to belong to it."""
    machine = at.machine
    if not at.opens and getattr(machine.values[-1] if machine.values else None, "type", "") == "RBRACE":
        return Cut("file", [], [], at.tokens[at.at].start)  # the flow before it may have been closed too early
    if _apart(at):
        for kind in ("BREAK", "RBRACE", "FLOW"):
            if machine.admits(kind):
                machine.settle(kind)
                break
    top = max(i for i, state in enumerate(machine.states) if state in levels())
    states, values = machine.states[top + 1 :], machine.values[top:]
    machine.cut(top + 1)
    while at.opens and at.opens[-1].height > top + 1:
        at.opens.pop()
    start = min((start_of(value) for value in values), default=at.tokens[at.at].start)
    return Cut(levels()[machine.states[-1]], states, values, start)


def _apart(at: Reading) -> bool:
    """Whether the token at hand does not belong to the statement before it, where that could end."""
    if not at.opens or at.kind(at.at - 1) == "RBRACE":
        return True
    token = at.tokens[at.at]
    goes_on = token.type in _GOES_ON and not str(token.value).startswith(("//", "/*", "<!--"))
    return at.begins_line(at.at) and not goes_on


def start_of(value: Any) -> int:
    """The offset at which a value on the stack begins."""
    if type(value) is Token:
        return value.start
    children = getattr(value, "children", None)
    if children is not None or (type(value) is tuple and value):
        return start_of((children or value)[0])
    return int(value.span.start)


def _parts(values: list[Any]) -> Iterator[object]:
    """The expressions and blocks among what was given up."""
    for value in values:
        if hasattr(value, "children"):
            yield from _parts(value.children)
        elif isinstance(value, s.Argument):
            yield value.value
        elif isinstance(value, s.Case):
            yield value.body
        elif is_dataclass(value) and not isinstance(value, s.Name | s.TypeRef | s.Setting | s.Parameter):
            yield value


def unread_here(at: Reading, cut: Cut, parts: bool = True) -> Unread:
    """What was given up, as far as the token at hand."""
    first = bisect_left(at.tokens, cut.start, key=lambda token: token.start)
    tokens = at.tokens[first : at.at]
    span = Span(cut.start, max(cut.start, tokens[-1].end if tokens else 0))
    at.doubts.append(Doubt("gap", span))
    cut.used = True
    whole = tuple(part for part in _parts(cut.values) if start_of(part) <= span.end) if parts else ()
    return unread(tokens, span, whole)


def leave(at: Reading, cut: Cut) -> None:
    """Puts what was given up into the tree, unless a header has it already."""
    if cut.used or cut.start >= at.tokens[at.at].start:
        return
    if cut.level == "block" and (size := _head(cut)):
        take_back(at, cut, size)
        cut.start = start_of(cut.values[size]) if size < len(cut.values) else _end_of(cut.values[size - 1])
        cut.values = cut.values[size:]
        feed(at, "TRUE", cut.start, replace(unread_here(at, cut), nameless=False))
        return
    gap = unread_here(at, cut)
    if cut.level == "file":
        at.doubts.append(Doubt("definition", gap.span))
        return
    kinds = ("BREAK",) if cut.level == "block" else ("TRUE", "LBRACE", "BREAK", "RBRACE")
    if at.machine.admits(kinds[0]):
        for kind in kinds:
            feed(at, kind, cut.start, gap if kind in ("BREAK", "TRUE") else kind)


def _head(cut: Cut) -> int:
    """How much of `x: T =`, `answer` or `yield` there is, so that only the value is not known."""
    kinds = [value.type if type(value) is Token else type(value).__name__ for value in cut.values[:4]]
    if kinds[:1] == ["YIELD"]:
        return 1
    if kinds[:1] not in (["NAME"], ["ANSWER"]):
        return 0
    if "EQUAL" in kinds and kinds[1] in ("EQUAL", "COLON"):
        return kinds.index("EQUAL") + 1
    return 1 if kinds[0] == "ANSWER" and kinds[1:2] != ["COLON"] else 0


def _end_of(value: Any) -> int:
    return int(value.end if type(value) is Token else value.span.end)


def take_back(at: Reading, cut: Cut, size: int) -> None:
    """Puts the first of what was given up back on the stack."""
    at.machine.states += cut.states[:size]
    at.machine.values += cut.values[:size]


def feed(at: Reading, kind: str, place: int, value: object) -> None:
    """Takes a token that stands in place of what could not be read."""
    at.feed(Token(kind, place, place, value), stand_in=True)
    at.surplus -= {"LBRACE": 1, "RBRACE": -1}.get(kind, 0)
