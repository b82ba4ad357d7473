"""Headers and definitions that are at fault: what is put in for them, so that what stands inside is read as it is.

Invariant: as much of a header as is sound is kept; a name that it seems to set is set by what is put in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from flowreason_dsl.cut import CLOSERS, OPENERS, Cut, feed, leave, levels, start_of, take_back, unread_here
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt
from flowreason_dsl.words import STRINGS, alternatives

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

CONSTANTS = frozenset({"TEXT", "TEMPLATE", "QUOTED", "INT", "DECIMAL", "TRUE", "FALSE"})
_MOST_IN_HEADER = 400
_BEFORE_VALUE = frozenset({"EQUAL", "LPAR", "COMMA", "ANSWER", "YIELD", "IN", "STRANGE"})
_BODY, _ARMS = ("CODE",), ("INT",)


@cache
def _subjects() -> frozenset[int]:
    """The states in which the condition, list or number of a header may begin."""
    return frozenset(state for state, row in grammar().table.items() if "subject" in row)


def enter(at: Reading, cut: Cut) -> bool:
    """Goes into a block whose header is at fault; passes over braces that hold a type or a value."""
    before, inside = at.kind(at.at - 1), [token.type for token in at.tokens[at.at + 1 : at.at + 3]]
    a_field = inside[1:] == ["COLON"] and inside[0] in ("NAME", "INT", *STRINGS)
    if (before in ("COLON", "ARROW", "LSQB") and a_field) or (
        before in _BEFORE_VALUE and (a_field or "RBRACE" in inside[:1])
    ):
        _pass_braces(at)
        return False
    arms = len(inside) == 2 and inside[0] in CONSTANTS and inside[1] in ("COMMA", "LBRACE")
    if not (_true_header(at, cut, arms) or _stand_in_header(at, cut, arms)):
        return False
    at.feed(at.tokens[at.at])
    at.at += 1
    return True


def _pass_braces(at: Reading) -> None:
    """Moves to the brace that closes the one at hand; the caller steps over it."""
    depth = 0
    while at.kind(at.at) != END:
        depth += {"LBRACE": 1, "RBRACE": -1}.get(at.kind(at.at), 0)
        if depth == 0:
            return
        at.at += 1
    at.at -= 1


def _true_header(at: Reading, cut: Cut, arms: bool) -> bool:
    """Takes back as much of the header as is sound, with a value in place of a faulty condition."""
    inner = [("LBRACE",), _ARMS if arms else _BODY]
    subjects = [i + 1 for i, state in enumerate(cut.states) if state in _subjects()]
    for size, extra in [(size, [("TRUE",)]) for size in reversed(subjects)] + [(len(cut.values), [])]:
        if not size:
            continue
        take_back(at, cut, size)
        if at.machine.reach([*extra, *inner]) == len(extra) + 2:
            cut.start = start_of(cut.values[size]) if size < len(cut.values) else at.tokens[at.at - 1].start
            gap = unread_here(at, cut, parts=False)
            if extra:
                feed(at, "TRUE", gap.span.start, gap)
            elif cut.level == "file":
                cut.used = True
            return True
        at.machine.cut(len(at.machine.states) - size)
    return False


def _stand_in_header(at: Reading, cut: Cut, arms: bool) -> bool:
    """Puts in a header in place of one that is at fault."""
    if cut.level == "file":
        return stand_in_flow(at, cut) and (not arms or _match(at, cut))
    if not at.machine.admits("TRUE" if cut.level == "cases" else "IF"):
        return False
    if cut.level == "cases":
        feed(at, "TRUE", cut.start, unread_here(at, cut))
        if arms:
            feed(at, "LBRACE", cut.start, "{")
    if arms:
        return _match(at, cut)
    if cut.level == "block" and not _for(at, cut):
        gap = unread_here(at, cut)
        feed(at, "IF", cut.start, gap)
        feed(at, "TRUE", cut.start, gap)
    return True


def _match(at: Reading, cut: Cut) -> bool:
    gap = unread_here(at, cut)
    feed(at, "MATCH", gap.span.start, "match")
    feed(at, "TRUE", gap.span.start, gap)
    return True


def _for(at: Reading, cut: Cut) -> bool:
    """The header of a `for` with the names that it seems to set."""
    place = next((i for i, value in enumerate(cut.values) if type(value) is Token and value.type == "FOR"), None)
    if place is None:
        return False
    first = bisect_left(at.tokens, cut.values[place].start, key=lambda token: token.start) + 1
    names = []
    while at.kind(first) in ("NAME", "COMMA", "LPAR"):
        names += [at.tokens[first].value] if at.kind(first) == "NAME" else []
        first += 1
    take_back(at, cut, place + 1)
    gap = unread_here(at, cut, parts=False)
    for i, name in enumerate(names or ["_"]):
        if i:
            feed(at, "COMMA", gap.span.start, ",")
        feed(at, "NAME", gap.span.start, name)
    feed(at, "IN", gap.span.start, "in")
    feed(at, "TRUE", gap.span.start, gap)
    return True


# --- definitions ---------------------------------------------------------------------------------------------


def stand_in_flow(at: Reading, cut: Cut) -> bool:
    """The first line of a flow that lacks one, or whose own cannot be read; its brace may be there or not."""
    if not at.machine.admits("FLOW"):
        return False
    first = bisect_left(at.tokens, cut.start, key=lambda token: token.start)
    header = at.tokens[first : at.at]
    named = len(header) > 1 and header[0].type == "FLOW" and header[1].type == "NAME"
    gap = unread_here(at, cut, parts=False)
    at.doubts.append(Doubt("header", Span(cut.start, max(gap.span.end, cut.start))))
    feed(at, "FLOW", cut.start, "flow")
    feed(at, "NAME", cut.start, header[1].value if named else f"<{cut.start}>")
    if named:
        at.machine.values[-1] = header[1]
    _feed_parameters(at, [token.value for token in header[2:] if token.type == "NAME"] if named else [])
    if at.kind(at.at) != "LBRACE":
        feed(at, "LBRACE", cut.start, "{")
    return True


def _feed_parameters(at: Reading, names: list[str]) -> None:
    place = at.tokens[at.at].start
    feed(at, "LPAR", place, "(")
    for i, name in enumerate(dict.fromkeys(names[:_MOST_IN_HEADER])):
        if i:
            feed(at, "COMMA", place, ",")
        for kind, value in (("NAME", name), ("COLON", ":"), ("SCALAR", "any")):
            feed(at, kind, place, value)
    feed(at, "RPAR", place, ")")


def reopen(at: Reading, cut: Cut) -> bool:
    """Takes the last brace back where a statement follows it: it was one too many, or stands too early."""
    machine = at.machine
    if at.opens or not machine.values or getattr(machine.values[-1], "type", "") != "RBRACE":
        return False
    height = len(machine.states) - 1
    if levels().get(machine.states[height - 1]) != "block":
        return False
    opener = max(i for i, value in enumerate(machine.values) if getattr(value, "type", "") == "LBRACE")
    place = at.tokens[at.at].start
    machine.cut(height)
    at.reopen(opener + 2)
    at.doubts.append(Doubt("shape", Span(place, place)))
    cut.level = "block"
    leave(at, cut)
    return True


def read_parameters(at: Reading, cut: Cut) -> bool:
    """Reads the parameters of a flow or tool one by one, and puts `any` in for those that are at fault."""
    kinds = [value.type for value in cut.values[:4] if type(value) is Token]
    size = 3 if kinds[:1] == ["PURE"] else 2
    if kinds[size - 2 : size + 1] not in (["FLOW", "NAME", "LPAR"], ["TOOL", "NAME", "LPAR"]):
        return False
    first = bisect_left(at.tokens, cut.values[size].start, key=lambda token: token.start)
    last = _closing(at, first)
    if last is None or last < at.at:
        return False
    take_back(at, cut, size)
    at.feed(at.tokens[first])
    for number, (begin, end) in enumerate(_segments(at, first + 1, last)):
        if number:
            feed(at, "COMMA", at.tokens[begin].start, ",")
        _parameter(at, begin, end)
    at.doubts.append(Doubt("header", Span(cut.start, at.tokens[last].end)))
    at.feed(at.tokens[last])
    at.at = last + 1
    return True


def _closing(at: Reading, first: int) -> int | None:
    """The bracket that closes one, in the same definition."""
    depth = 0
    for place in range(first, min(len(at.tokens), first + _MOST_IN_HEADER)):
        depth += (at.kind(place) in OPENERS) - (at.kind(place) in CLOSERS)
        if depth == 0:
            return place
        if place > first and at.defines(place):
            return None
    return None


def _segments(at: Reading, first: int, last: int) -> Iterator[tuple[int, int]]:
    """What stands between commas, from one token up to another, as long as there is something."""
    depth, begin = 0, first
    for place in range(first, last + 1):
        depth += (at.kind(place) in OPENERS) - (at.kind(place) in CLOSERS)
        if place == last or (depth == 0 and at.kind(place) == "COMMA"):
            if place > begin:
                yield begin, place
            begin = place + 1


def _parameter(at: Reading, begin: int, end: int) -> None:
    """One parameter, as it is where it can be read."""
    kinds = [alternatives(token) for token in at.tokens[begin:end]]
    if at.machine.reach([*kinds, ("RPAR",)]) == len(kinds) + 1:
        at.at = begin
        while at.at < end and at.advance():
            pass
        return
    names = [token for token in at.tokens[begin:end] if token.type == "NAME"]
    name = names[0] if names else at.tokens[begin]
    for kind, value in (("NAME", str(name.value)), ("COLON", ":"), ("SCALAR", "any")):
        feed(at, kind, name.start, value)
