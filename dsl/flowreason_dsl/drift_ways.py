"""Branches as other languages write them: as values, without braces, with bare names for cases.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.drift import (
    STRINGS,
    Change,
    Rule,
    closing,
    code_token,
    fixed,
    here,
    kinds,
    line_end,
    made,
    text_of,
    token,
)
from flowreason_dsl.drift_foreign import python_of
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.wording import CONSTANTS
from flowreason_dsl.words import SETTINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_LEAVERS = frozenset({"ANSWER", "RETURN", "BREAK", "CONTINUE", "YIELD"})
_MARKS = frozenset({"=>", "->", ":", "→"})
_REST = frozenset({"_", "default", "otherwise", "other", "else"})
_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
_LONGEST = 300


class _Way(NamedTuple):
    """What stands before the block, where its value begins and ends, and what changes around it."""

    head: list[Token]
    first: int
    last: int
    before: tuple[tuple[Span, str], ...] = ()
    opening: str = ""
    behind: tuple[tuple[Span, str], ...] = ()


# --- branches as values --------------------------------------------------------------------------------------


def branch_as_value(at: Reading, expected: set[str]) -> Change | None:
    """`r = if ok { "yes" } else { "no" }`, `answer match k { "a" => … }`."""
    word, before, start = here(at), token(at, at.at - 1), token(at, at.statement)
    if word.type not in ("IF", "MATCH", "WHILE", "REPEAT") or before.type not in ("EQUAL", "ANSWER"):
        return None
    if start.type not in ("NAME", "ANSWER") or "ASK" not in expected:
        return None  # behind `with seed=` no branch is meant: the value is missing
    end = _chain_end(at)
    if end is None:
        return None
    found = Diagnostic("syntax-missing-value", f"`{word.value}` is no value", word.span, help=_help(word, start))
    if right := _conditional(at, end):
        found = fixed(found, f"write {right}", at.span_between(at.at, end - 1), right)
    elif word.type in ("IF", "MATCH") and (ways := _ways(at, end)):
        return _with_steps(at, end, ways, found)
    return Change(at.statement, end, [], found, unread=True)


def _help(word: Token, start: Token) -> str:
    if word.type not in ("IF", "MATCH"):
        return "`for … { yield … }` and `sample … { yield … }` give a list; other loops set names"
    if start.type == "ANSWER":
        return f"answer in each branch: `{word.value} … {{ answer … }}`"
    return f"set `{start.value}` in each branch: `{word.value} … {{ {start.value} = … }}`"


def _with_steps(at: Reading, end: int, ways: list[_Way], found: Diagnostic) -> Change:
    """The branch with the step in each of its ways."""
    word, step = here(at), at.tokens[at.statement : at.at]
    written, new = text_of(at, at.statement, at.at), list[Token]()
    away, changes = Span(step[0].start, word.start), list[tuple[Span, str]]()
    for way in ways:
        like = token(at, way.first)
        new += [*way.head, made("LBRACE", like, "{"), *step, *at.tokens[way.first : way.last]]
        new.append(made("RBRACE", token(at, way.last - 1), "}"))
        changes += [*way.before, (Span(like.start, like.start), f"{way.opening}{written} "), *way.behind]
    if word.type == "MATCH":
        new = [*at.tokens[at.at : _brace(at, at.at) + 1], *new, token(at, end - 1)]
    fix = Fix("write it in each branch", away, "", tuple(changes))
    return Change(at.statement, end, new, Diagnostic(found.code, found.message, found.span, help=found.help, fix=fix))


def _brace(at: Reading, place: int) -> int:
    while at.kind(place) not in ("LBRACE", "$END"):
        place += 1
    return place


def _ways(at: Reading, end: int) -> list[_Way] | None:
    ways = _arms(at, _brace(at, at.at) + 1, end - 1) if here(at).type == "MATCH" else _chain(at, end)
    return ways if ways and all(_is_value(at, way) for way in ways) else None


def _chain(at: Reading, end: int) -> list[_Way] | None:
    """The blocks of `if … else if … else …`, of which the last has no condition."""
    out, place = list[_Way](), at.at
    while place < end:
        brace = _brace(at, place)
        last = closing(at, brace)
        if last is None:
            return None
        out.append(_Way(at.tokens[place:brace], brace + 1, last))
        place = last + 1
    return out if [each.type for each in out[-1].head] == ["ELSE"] else None


def _arms(at: Reading, place: int, end: int) -> list[_Way] | None:
    """`"a" => value,` and `"a" { value }`."""
    out: list[_Way] = []
    while place < end:
        mark = place
        while mark < end and token(at, mark).value not in _MARKS and at.kind(mark) != "LBRACE":
            mark += 1
        pattern = _pattern(at.tokens[place:mark])
        if pattern is None or mark >= end:
            return None
        first = mark if at.kind(mark) == "LBRACE" else mark + 1
        last = closing(at, first) if at.kind(first) == "LBRACE" else _value_end(at, first, end)
        if last is None:
            return None
        braced = at.kind(first) == "LBRACE"
        out.append(_arm(at, (place, mark), pattern, (first + braced, last), braced))
        place = last + braced
        place += at.kind(place) == "COMMA"
    return out


def _arm(at: Reading, head: tuple[int, int], pattern: list[Token], value: tuple[int, int], braced: bool) -> _Way:
    """An arm with what has to change for its block to be one."""
    place, mark = head
    written = ", ".join(at.source.slice(each.span) for each in pattern if each.type != "COMMA")
    written = "else" if pattern[0].type == "ELSE" else written
    patterned, opener = at.span_between(place, mark - 1), token(at, value[0] - braced)
    before = [(patterned, written)] if at.source.slice(patterned) != written else []
    if not braced or opener.start > token(at, mark).start:
        before.append((Span(patterned.end, opener.start), " "))
    last, comma = token(at, value[1] - 1).end, token(at, value[1] + braced)
    behind = [] if braced else [(Span(last, last), " }")]
    behind += [(comma.span, "")] if comma.type == "COMMA" else []
    return _Way(pattern, *value, tuple(before), "" if braced else "{ ", tuple(behind))


def _pattern(tokens: list[Token]) -> list[Token] | None:
    """The values of an arm with commas between them, or `else`."""
    tokens = tokens[1:] if len(tokens) > 1 and tokens[0].value == "case" else tokens
    if len(tokens) == 1 and str(tokens[0].value) in _REST:
        return [made("ELSE", tokens[0], "else")]
    values, between = tokens[::2], tokens[1::2]
    if not values or any(each.type not in (*CONSTANTS, *STRINGS) for each in values):
        return None
    if any(each.type not in ("COMMA", "VBAR") for each in between) or len(tokens) % 2 == 0:
        return None
    return [made("COMMA", each, ",") if each.type == "VBAR" else each for each in tokens]


def _value_end(at: Reading, first: int, end: int) -> int:
    depth = 0
    for place in range(first, end):
        if depth == 0 and place > first and (at.kind(place) == "COMMA" or at.begins_line(place)):
            return place
        depth += (at.kind(place) in _OPENERS) - (at.kind(place) in _CLOSERS)
    return end


def _is_value(at: Reading, way: _Way) -> bool:
    """Whether one value, and no statement, stands in a way."""
    if way.first >= way.last or at.kind(way.first) in _LEAVERS or at.kind(way.first) in ("IF", "MATCH"):
        return False
    inner = range(way.first, way.last)
    sets = any(at.kind(i) == "EQUAL" and token(at, i - 1).value not in SETTINGS for i in inner)
    return not sets and not any(at.kind(i) in _LEAVERS for i in inner)


def _chain_end(at: Reading) -> int | None:
    """The index behind the blocks of the `if` or loop at hand."""
    place = at.at
    while True:
        last = closing(at, _brace(at, place))
        if last is None:
            return None
        if at.kind(last + 1) != "ELSE":
            return last + 1
        place = last + 2


def _conditional(at: Reading, end: int) -> str | None:
    """An `if` of two plain values as Python says it."""
    if here(at).type != "IF" or at.kind(at.at + 1) not in ("NAME", "CODE"):
        return None
    if (
        kinds(at, at.at + 2, 1) != ["LBRACE"]
        or kinds(at, at.at + 4, 3) != ["RBRACE", "ELSE", "LBRACE"]
        or end != at.at + 9
    ):
        return None
    parts = [text_of(at, i, i + 1) for i in (at.at + 3, at.at + 1, at.at + 7)]
    plain = [t.type in (*STRINGS, "INT", "DECIMAL", "NAME") for t in (token(at, at.at + 3), token(at, at.at + 7))]
    if not all(plain) or any(mark in part for part in parts for mark in "{}\\\n"):
        return None
    yes, condition, no = (part.strip("`") for part in parts)
    return f"`{yes} if {condition} else {no}`"


# --- without braces ------------------------------------------------------------------------------------------


def braceless(at: Reading, _expected: set[str]) -> Change | None:
    """`if ok == "yes" return r`, `if (x > 3) answer x`."""
    first = at.statement
    if at.kind(first) != "IF" or not at.begins_line(first):
        return None
    end = line_end(at, first, _LONGEST)
    leaver = next((i for i in range(first + 1, end) if at.kind(i) in _LEAVERS), None)
    if leaver is None or leaver < at.at or any(at.kind(i) in ("LBRACE", "ELSE", "COLON") for i in range(first, end)):
        return None
    while at.kind(end - 1) == "RBRACE":
        end -= 1
    condition, like = python_of(at, first + 1, leaver), token(at, first + 1)
    plain = leaver == first + 2 and at.kind(first + 1) in ("NAME", "CODE")
    if condition is None or at.begins_line(leaver):
        return None
    new = [token(at, first), like if plain else code_token(like, condition)]
    new += [made("LBRACE", token(at, leaver), "{"), *at.tokens[leaver:end], made("RBRACE", token(at, end - 1), "}")]
    shown = text_of(at, first + 1, leaver) if plain else f"`{condition}`"
    span, last = Span(token(at, first + 1).start, token(at, leaver).start), token(at, end - 1).end
    fix = Fix(f"write `if {shown} {{ … }}`", span, f"{shown} {{ ", ((Span(last, last), " }"),))
    message = "what is done under a condition stands between `{` and `}`"
    return Change(first, end, new, Diagnostic("syntax-block", message, here(at).span, fix=fix))


def bare_case(at: Reading, expected: set[str]) -> Change | None:
    """`HAPPY => …`, `happy { … }` as an arm."""
    word, following = here(at), token(at, at.at + 1)
    if word.type != "NAME" or str(word.value) in _REST | {"case"}:
        return None
    if not expected >= CONSTANTS or expected & {"BREAK", "NAME", "CODE"}:
        return None
    if following.type not in ("LBRACE", "COMMA", "COLON", "ARROW") and following.value not in _MARKS:
        return None
    right = f'"{word.value}"'
    found = Diagnostic("syntax-case", "an arm of a `match` begins with a value; a text stands in quotes", word.span)
    return Change(at.at, at.at + 1, [made("TEXT", word, right)], fixed(found, f"write {right}", word.span, right))


AT_FAULT: tuple[Rule, ...] = (branch_as_value, braceless, bare_case)
