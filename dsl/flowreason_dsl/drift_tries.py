"""`try` and what handles its failure, as Python and JavaScript write them: `else` behind the value.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import Change, Rule, closing, fixed, here, made, text_of, token
from flowreason_dsl.drift_blocks import deeper
from flowreason_dsl.recovery import starts
from flowreason_dsl.words import SETTINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_HANDLERS = frozenset({"except", "catch", "finally", "rescue"})


class _Part(NamedTuple):
    """`try` or what handles it: its word, and where what stands in its block begins and ends, and the whole does."""

    word: int
    first: int
    last: int
    end: int


def tried(at: Reading, _expected: set[str]) -> Change | None:
    """`try { … } except { … }`, `try:` … `except:` …"""
    word = here(at)
    if word.type != "TRY" or at.kind(at.at + 1) not in ("LBRACE", "COLON"):
        return None
    part = _part(at, at.at)
    parts = [part] if part else []
    while part is not None and (token(at, part.end).value in _HANDLERS or at.kind(part.end) == "ELSE"):
        part = _part(at, part.end)
        parts += [part] if part else []
    if part is None:
        return None
    if len(parts) == 2 and (change := _with_else(at, *parts)):
        return change
    help_ = "what is taken when a step fails stands behind its value: `name = ask … else other`"
    found = Diagnostic("syntax-python-word", "there is no `try`", word.span, help=help_)
    return Change(at.at, part.end, [], found, unread=True)


def _part(at: Reading, word: int) -> _Part | None:
    """The block of `try` or `except`, in braces or by its indentation."""
    place = word + 1
    while at.kind(place) not in ("LBRACE", "COLON", "$END") and not at.begins_line(place):
        place += 1
    if at.kind(place) == "LBRACE":
        end = closing(at, place)
        return None if end is None else _Part(word, place + 1, end, end + 1)
    if at.kind(place) != "COLON":
        return None
    end = deeper(at, word, place + 1)
    return _Part(word, place + 1, end, end)


def _with_else(at: Reading, first: _Part, second: _Part) -> Change | None:
    """`x = ask "…" else other`, where each block does no more than set the same name, or answer."""
    size, other = _head(at, first), _head(at, second)
    if not size or not other or token(at, second.word).value == "finally" or _named(at, second):
        return None
    name, again = token(at, first.first), token(at, second.first)
    if (name.type, name.value) != (again.type, again.value):
        return None
    value, fallback = (first.first + size, first.last), (second.first + other, second.last)
    new = [*at.tokens[first.first : first.last], made("ELSE", again, "else"), *at.tokens[slice(*fallback)]]
    span = at.span_between(first.word, second.end - 1)
    head, written = text_of(at, first.first, first.first + size), text_of(at, *value)
    right = f"{head} {written} else {text_of(at, *fallback)}"
    message = "what is taken when a step fails stands behind `else`; there is no `try`"
    found = Diagnostic("syntax-python-word", message, here(at).span)
    return Change(first.word, second.end, new, fixed(found, "write `… else …`", span, right))


def _head(at: Reading, part: _Part) -> int:
    """How many tokens `x =`, `x: T =` or `answer` has, where one such statement is all that a block holds; else 0."""
    first, last = part.first, part.last
    equals = [i for i in range(first, last) if at.kind(i) == "EQUAL" and token(at, i - 1).value not in SETTINGS]
    if at.kind(first) == "ANSWER" and at.kind(first + 1) not in ("COLON", "EQUAL") and not equals:
        size = 1
    elif at.kind(first) == "NAME" and len(equals) == 1 and at.kind(first + 1) in ("EQUAL", "COLON"):
        size = equals[0] + 1 - first
    else:
        return 0
    several = any(at.begins_line(i) and starts(at, i) for i in range(first + 1, last))
    return 0 if several or first + size >= last else size


def _named(at: Reading, part: _Part) -> bool:
    """Whether what is taken instead reads the error."""
    head, block = text_of(at, part.word + 1, part.first), text_of(at, part.first, part.last)
    return any(re.search(rf"\b{name}\b", block) for name in re.findall(r"\w+", head))


AT_FAULT: tuple[Rule, ...] = (tried,)
