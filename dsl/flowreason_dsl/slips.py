"""Slips that can be read in one way only: brackets round what needs none, a comma too many, `:=`, `=>`, `case`.

Invariant: a slip is looked for only where a token cannot stand, and told from the kinds of the tokens around it alone,
so that a text that is still arriving is read as the whole text is. What comes of it is the flow without the slip, told
as a hint with the fix that makes it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS
from flowreason_dsl.wording import CONSTANTS

if TYPE_CHECKING:
    from flowreason_dsl.machine import Machine

ARROWS = frozenset({"-->", "=>", "==>", "--->", "→", "⟶", "⇒", "➔", "➜", "\u2013>", "\u2014>", "\u2212>"})
_STRINGS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
_CODE = frozenset({"CODE", "BLOCK"})
_CONDITIONS = frozenset({"IF", "WHILE", "UNTIL", "MATCH", "ENSURE"})
_COUNTS = frozenset({"REPEAT", "SAMPLE", "MAX"})
_VALUES = frozenset({"ANSWER", "YIELD"})
_CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB"}
_WORDY = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "GIVEN", "WITH", "YIELD", "IN"}) | _CONDITIONS | _COUNTS
_FILLERS = frozenset({"times", "then", "do"})
_REST = frozenset({"_", "default", "otherwise", "other"})
_GOES_ON = frozenset({"STRANGE", "DOT", "LSQB", "LPAR"})
TELLING = _REST | _FILLERS | {"case"}
_MOST_AHEAD = 60


class UndecidedError(Exception):
    """What has arrived so far does not tell."""


class Place(NamedTuple):
    """Where reading is: the tokens, of which `ready` have come, and whether something is open around it."""

    tokens: list[Token]
    at: int
    machine: Machine
    inside: bool
    text: str = ""
    ready: int = 1_000_000_000


class Slip(NamedTuple):
    """What to do: forget the mark before, take a token instead, pass over tokens now and later."""

    found: Diagnostic
    forget: bool = False
    take: Token | None = None
    step: int = 1
    later: int | None = None


def find(at: Place) -> Slip | None:
    """The slip that the token at hand is, where it cannot stand."""
    token = at.tokens[at.at]
    if not _refused(at, token):
        return None
    before = at.tokens[at.at - 1] if at.at else None
    for look in _LOOKS:
        if slip := look(at, token, before):
            return slip
    return None


def _refused(at: Place, token: Token) -> bool:
    """Whether a token cannot stand, or not as what it seems to be."""
    row = at.machine.row()
    if token.type == "NAME":
        if "NAME" not in row or token.value in TELLING:
            return not at.machine.admits("NAME")
        return False
    if token.type in _STRINGS:
        return "TEMPLATE" not in row and (at.at > 0 and at.tokens[at.at - 1].type in ("COLON", "COMMA"))
    return token.type not in row


def _ahead(at: Place, distance: int) -> Token:
    place = at.at + distance
    if place >= at.ready:
        raise UndecidedError
    return at.tokens[min(place, len(at.tokens) - 1)]


def _on_stack(at: Place, deep: int, back: int | None = None) -> bool:
    """Whether a token before the one at hand stands so deep on the stack, as it was written."""
    values = at.machine.values
    return len(values) >= deep and values[-deep] is at.tokens[at.at - (back or deep)]


def _kind(at: Place, distance: int) -> str:
    return _ahead(at, distance).type


def _hint(message: str, span: Span, replacement: str = "") -> Diagnostic:
    return mend.hint("mended-mark", message, span, replacement)


# --- marks that are too many ---------------------------------------------------------------------------------


def _answer(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`answer: value`, where no type with a `=` behind it follows the colon."""
    if before is None or before.type != "COLON" or at.at < 2 or at.tokens[at.at - 2].type != "ANSWER":
        return None
    if not _on_stack(at, 2):
        return None  # the field of a record
    slip = Slip(_hint("`answer` needs no `:`", before.span), forget=True, step=0)
    if token.type in ("ASK", "SOLVE", "EMULATE", "RUN", "CODE", "BLOCK", "INT", "DECIMAL", "TRUE", "FALSE"):
        return slip
    if token.type in _STRINGS:
        return slip if _kind(at, 1) not in ("EQUAL", "VBAR") else None
    if token.type != "NAME" or _kind(at, 1) == "EQUAL":
        return None
    word = mend.TYPES.get(token.value, token.value)
    return None if word in (*SCALARS, "list", "dict") and _kind(at, 1) in ("LSQB", "COLON") else slip


def _colon(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`ask: "…"`, `given: a`."""
    if token.type != "COLON" or before is None or not (before.type in _WORDY or _is_user(at)):
        return None
    return Slip(_hint(f"`{before.value}` needs no `:`", token.span))


def _is_user(at: Place) -> bool:
    return at.at > 1 and at.tokens[at.at - 1].value == "user" and at.tokens[at.at - 2].type == "ASK"


def _comma(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`given a, b,`; `with vote=5, ensure …`."""
    machine = at.machine
    if before is None or before.type != "COMMA" or token.type in ("NAME", "EQUAL") or not _on_stack(at, 1):
        return None
    states = machine.states[:-1]
    machine.states, whole = states, machine.states
    fits = any(machine.admits(kind) for kind in (("TEMPLATE", "TEXT") if token.type in _STRINGS else (token.type,)))
    machine.states = whole
    return Slip(_hint("nothing follows this comma", before.span), forget=True, step=0) if fits else None


def _brackets(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`ask("…")`, `given [a, b]`, ``if (`x > 3`) {``, `answer(r)`."""
    if before is not None and before.type == "COLON" and at.at > 1 and _on_stack(at, 1, 2):
        before = at.tokens[at.at - 2]  # the colon was passed over
    if before is None or token.type not in _CLOSING or (token.type == "LSQB" and before.type != "GIVEN"):
        return None
    size = _several(at) if before.type == "GIVEN" else _one(at, before)
    if size is None or _kind(at, size + 1) != _CLOSING[token.type]:
        return None
    following = _ahead(at, size + 2)
    if following.type in _GOES_ON or following.value in ("and", "or", "is", "not", "in"):
        return None
    inner = Span(token.end, at.tokens[at.at + size + 1].start)
    space = "" if token.start > before.end else " "
    span = Span(token.start, at.tokens[at.at + size + 1].end)
    found = _hint(f"`{before.value}` needs no brackets", span, space + at.text[inner.start : inner.end].strip())
    return Slip(found, later=at.at + size + 1)


def _one(at: Place, before: Token) -> int | None:
    """How many tokens the one value behind a bracket has, if it is one that may stand behind this word."""
    kind, word = _kind(at, 1), before.type
    if word in ("ASK", "SOLVE") or before.value == "user":
        return 1 if kind in _STRINGS else None
    if word == "EMULATE":
        return 1 if kind in _CODE else None
    if kind in _CODE and word in _CONDITIONS | _COUNTS | _VALUES:
        return 1
    if (kind == "INT" and word in _COUNTS) or (kind in _STRINGS and word in _VALUES):
        return 1
    return _path(at, 1) if kind == "NAME" and word in _CONDITIONS | _COUNTS | _VALUES | {"RUN"} else None


def _path(at: Place, first: int) -> int:
    """How many tokens a name with its fields and indices has."""
    size = 1
    while size < _MOST_AHEAD:
        if _kind(at, first + size) == "DOT":
            size += 2
        elif _kind(at, first + size) == "LSQB" and _kind(at, first + size + 2) == "RSQB":
            size += 3
        else:
            break
    return size


def _several(at: Place) -> int | None:
    """How many tokens a list of names has."""
    size = 0
    while size < _MOST_AHEAD and _kind(at, size + 1) == "NAME":
        size += _path(at, size + 1)
        if _kind(at, size + 1) != "COMMA":
            return size
        size += 1
    return None


def _before_block(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`if x: {`, `repeat 3 times {`, `"a" => {`."""
    marks = token.type in ("COLON", "ARROW") or token.value in ARROWS
    if before is None or not (marks or (token.type == "NAME" and token.value in _FILLERS)):
        return None
    if not at.inside or not at.machine.admits("LBRACE"):
        return None
    following = _kind(at, 1)
    bounded = token.value == "times" and following == "UNTIL" and at.machine.admits("UNTIL")
    if following != "LBRACE" and not bounded:
        return None
    away = Span(before.end, token.end) if at.text[token.end : token.end + 1].isspace() else token.span
    message = "`repeat` needs no `times`" if bounded else f"the block follows directly, without `{token.value}`"
    return Slip(_hint(message, away))


# --- marks for others ----------------------------------------------------------------------------------------


def _arrow(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`a => b`, `) → text {`."""
    if token.value not in ARROWS or before is None or not at.machine.admits("ARROW"):
        return None
    if at.inside and (_kind(at, 1) != "NAME" or _kind(at, 2) in ("LSQB", "LPAR", "LBRACE", "VBAR", "EQUAL")):
        return None
    arrow = Token("ARROW", token.start, token.end, "->")
    return Slip(_hint("an arrow is written `->`", token.span, "->"), take=arrow)


def _walrus(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`x := 3`, `x: int := 3`."""
    if token.type == "EQUAL" and before is not None and before.type == "COLON" and before.end == token.start:
        if not _on_stack(at, 1):
            return None
        found = _hint("a value is given with `=`", Span(before.start, token.end), "=")
        return Slip(found, forget=True, step=0)
    if token.type != "COLON" or not at.machine.admits("EQUAL"):
        return None
    equal = _ahead(at, 1)
    if equal.type != "EQUAL" or equal.start != token.end:
        return None
    return Slip(_hint("a value is given with `=`", Span(token.start, equal.end), "="))


def _arm(at: Place, token: Token, before: Token | None) -> Slip | None:
    """`case "a" {`, `default {`, `_ => {`, `"a" | "b" {`."""
    machine = at.machine
    if token.type == "VBAR" and machine.admits("COMMA") and _kind(at, 1) in CONSTANTS | _STRINGS:
        comma = Token("COMMA", token.start, token.end, ",")
        written = Span(at.tokens[at.at - 1].end, token.end)
        return Slip(_hint("between the values of an arm stands `,`", written, ","), take=comma)
    if token.type != "NAME" or not machine.admits("TEXT") or machine.admits("ANSWER") or not machine.admits("ELSE"):
        return None
    following = _ahead(at, 1)
    if token.value == "case" and (following.type in CONSTANTS | _STRINGS | {"ELSE"} or following.value in _REST):
        return Slip(_hint("an arm needs no `case`", Span(token.start, following.start)))
    mark = following.type in ("COLON", "ARROW") or following.value in ARROWS
    if token.value in _REST and (following.type == "LBRACE" or (mark and _kind(at, 2) == "LBRACE")):
        other = Token("ELSE", token.start, token.end, "else")
        return Slip(
            _hint(f"what fits no other arm is written `else`, not `{token.value}`", token.span, "else"), take=other
        )
    return None


_LOOKS = (_answer, _colon, _comma, _brackets, _before_block, _arrow, _walrus, _arm)
