"""Braces in a text that hold no name: letters that were meant as such, or something that a text cannot compute.

Invariant: braces are offered to be doubled only where what they hold is surely no code: a piece of JSON, the fields of
a record, a set of numbers or texts, a lone brace that touches no name. Anything else would be shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.source import Span

_FILLED = re.compile(r"\{[^{}]*\}")
_MARKS = re.compile(r"[{}]")
_BLANKS = re.compile(r"[ \t]*")
_STRING = re.compile(r'\\"[^"\\]*\\"|"[^"\\]*"|\'[^\'\\]*\'')
_KEY = re.compile(rf"[ \t]*(?:(?:{_STRING.pattern})[ \t]*:|[A-Za-z_][\w -]*:[ \t])")
_TYPES = r"text|string|str|int|integer|number|float|bool|boolean|list|array|object|dict|any|date|year|URL|url"
_ATOM = re.compile(
    rf"(?:{_STRING.pattern}|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])|(?:true|false|null|True|False|None)\b"
    rf"|(?:{_TYPES})\b(?:\[\w*\])?|<[^<>{{}}]*>|\.\.\.|…)"
)
_VALUE = re.compile(r"-?\d+(?:\.\d+)?(?![\w.])|" + _STRING.pattern)
_CODE = re.compile(
    r"[`()+*/%<>=!|\[\]]|\b(?:if|else|for|in|and|or|not|lambda)\b|^(?:ask|emulate|solve|run)\b|\w[.!:]\w|:[.,<>^]|\w-"
)
_NAMING = re.compile(r"[ \t]*[A-Za-z_]")
_NAMED = re.compile(r"\w[ \t]*\Z")
_MOST_NESTED = 20
_FARTHEST = 2000
"""How long data in a text may be to be looked at as such."""


def brace(piece: str, offset: int, at: int, hole: re.Pattern[str], quoted: bool) -> tuple[int, Diagnostic]:
    """Where the brace, or what it encloses, ends; and what is wrong with it.

    `hole` is what may stand between braces; `quoted`: quotes in this text need a backslash.
    """
    whole = _whole(piece, at)
    if whole and _is_data(piece, at, whole, hole):
        return whole, _data(piece, offset, at, whole, hole, quoted)
    filled = _FILLED.match(piece, at)
    if filled is None:
        return at + 1, _lone(piece, offset, at, quoted)
    end, inside = filled.end(), filled[0][1:-1].strip()
    span = Span(offset + at, offset + end)
    if not inside:
        help_ = "a name stands there, as in `{name}`; braces themselves are written `{{` and `}}`"
        return end, Diagnostic("template-brace", "nothing stands between these braces", span, help=help_)
    if _CODE.search(inside):
        help_ = "compute the value in a step of its own and put its name here"
    else:
        help_ = "put the name of a value here, or write `{{` and `}}` for braces"
    return end, Diagnostic("template-brace", _message(inside), span, help=help_)


def _message(inside: str) -> str:
    return f"between braces stands a name, a field or an index, not `{inside[:60]}`"


def _whole(piece: str, at: int) -> int | None:
    """Where the brace that closes this one ends."""
    depth = 0
    for mark in _MARKS.finditer(piece, at, at + _FARTHEST):
        depth += 1 if mark[0] == "{" else -1
        if depth <= 0:
            return mark.end() if mark.start() > at else None
    return None


def _lone(piece: str, offset: int, at: int, quoted: bool) -> Diagnostic:
    mark, span = piece[at], Span(offset + at, offset + at + 1)
    message = f"a single `{mark}` in a text; `{mark * 2}` stands for a brace"
    if quoted and not piece[at + 1 :].strip(" \t"):
        help_ = f'`{mark * 2}` stands for a brace, and a quote inside a text is written `\\"`'
        return Diagnostic("template-brace", message, span, help=help_)
    touches = _NAMING.match(piece, at + 1) if mark == "{" else _NAMED.search(piece[max(0, at - 20) : at])
    if touches:
        other = "}" if mark == "{" else "{"
        help_ = f"a value is put in with `{{name}}`: is the `{other}` missing?"
        return Diagnostic("template-brace", message, span, help=help_)
    return Diagnostic("template-brace", message, span, fix=Fix(f"write `{mark * 2}` for a brace", span, mark * 2))


# --- data ----------------------------------------------------------------------------------------------------


def _data(piece: str, offset: int, at: int, end: int, hole: re.Pattern[str], quoted: bool) -> Diagnostic:
    """The finding for a piece of JSON or a set, whose braces are letters."""
    span, shown = Span(offset + at, offset + end), piece[at + 1 : end - 1].strip()
    double = _doubled(piece, at, end, hole, quoted)
    fix = Fix(f"write `{double[:60]}` for braces", span, double)
    return Diagnostic("template-brace", _message(shown), span, help="`{{` and `}}` stand for braces", fix=fix)


def _doubled(piece: str, at: int, end: int, hole: re.Pattern[str], quoted: bool) -> str:
    out: list[str] = []
    while at < end:
        found, letter = hole.match(piece, at, end), piece[at]
        size = 1
        if found:
            out.append(found[0])
            size = len(found[0])
        elif letter == "\\":
            size = 2
            out.append(piece[at : at + 2])
        elif letter in "{}":
            out.append(letter * 2)
        else:
            out.append('\\"' if letter == '"' and quoted else letter)
        at += size
    return "".join(out)


def _is_data(piece: str, at: int, end: int, hole: re.Pattern[str]) -> bool:
    """Whether braces hold fields with values, or a set of numbers or texts."""
    return _object(piece, at, hole, 0) == end or _set(piece, at) == end


def _value(piece: str, at: int, hole: re.Pattern[str], depth: int) -> int | None:
    at = _skip(piece, at)
    found = hole.match(piece, at) or _ATOM.match(piece, at)
    if found:
        return found.end()
    if depth > _MOST_NESTED:
        return None
    if piece[at : at + 1] == "[":
        return _several(piece, at, "]", lambda here: _value(piece, here, hole, depth + 1))
    return _object(piece, at, hole, depth + 1) if piece[at : at + 1] == "{" else None


def _object(piece: str, at: int, hole: re.Pattern[str], depth: int) -> int | None:
    def pair(here: int) -> int | None:
        key = _KEY.match(piece, here)
        return _value(piece, key.end(), hole, depth) if key else None

    return _several(piece, at, "}", pair)


def _set(piece: str, at: int) -> int | None:
    def item(here: int) -> int | None:
        found = _VALUE.match(piece, _skip(piece, here))
        return found.end() if found else None

    end = _several(piece, at, "}", item)
    return end if end and "," in piece[at:end] else None


def _several(piece: str, at: int, closing: str, one: Callable[[int], int | None]) -> int | None:
    """Where a list of things with commas between them ends, its bracket included."""
    if not piece[at : at + 1]:
        return None
    place: int | None = at + 1
    while place is not None:
        place = one(place)
        if place is None:
            return None
        place = _skip(piece, place)
        if piece[place : place + 1] != ",":
            return place + 1 if piece[place : place + 1] == closing else None
        place += 1
    return None


def _skip(piece: str, at: int) -> int:
    found = _BLANKS.match(piece, at)
    return found.end() if found else at
