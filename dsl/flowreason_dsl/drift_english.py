"""Words of plain English where the language has a mark or another word: `for i from 1 to n`, `ask the user`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, code_token, fixed, here, made, text_of, token
from flowreason_dsl.source import Span
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_TYPES = frozenset({*SCALARS, *mend.TYPES, "list", "dict"})
_LISTS = frozenset({"list", *(word for word, plain in mend.TYPES.items() if plain == "list")})
_PERSONS = frozenset({"user", "person", "human"})
_MODELS = frozenset({"model", "llm", "ai", "assistant"})
_COUNTED = {"vote": "vote", "votes": "vote", "samples": "samples", "tries": "tries", "retries": "tries"}
_ENDS = frozenset({"INT", "NAME"})
_ROUNDS = "10"


# --- questions -----------------------------------------------------------------------------------------------


def asked_of(at: Reading, expected: set[str]) -> Change | None:
    """`ask the user "…"`, `ask human "…"`, `ask the model "…"`."""
    first = at.at
    last = first + (here(at).value == "the")
    word = token(at, last)
    if at.kind(first - 1) != "ASK" or "TEMPLATE" not in expected or at.kind(last + 1) not in STRINGS:
        return None
    if word.value not in _PERSONS | _MODELS:
        return None
    span, away = at.span_between(first, last), Span(token(at, first).start, token(at, last + 1).start)
    if word.value in _PERSONS:
        found = fixed(
            Diagnostic("syntax-question", "a person is asked with `ask user`", span), "write it so", span, "user"
        )
        return Change(first, last + 1, [made("USER", word, "user")], found)
    found = Diagnostic("syntax-question", "`ask` alone asks the model", span)
    return Change(first, last + 1, [], fixed(found, "take it out", away, ""))


def joined(at: Reading, _expected: set[str]) -> Change | None:
    """`given a & b`, `given a and b`."""
    word, place = here(at), at.at - 1
    if (word.type != "AND" and word.value not in ("&", "+")) or at.kind(at.at + 1) != "NAME":
        return None
    while at.kind(place) in ("NAME", "DOT", "COMMA") and place > at.statement:
        place -= 1
    if at.kind(place) != "GIVEN":
        return None
    before = Span(token(at, at.at - 1).end, word.end)
    found = Diagnostic("syntax-unexpected", "between names stands `,`", word.span)
    return Change(at.at, at.at + 1, [made("COMMA", word, ",")], fixed(found, "write `,`", before, ","))


def given_value(at: Reading, expected: set[str]) -> Change | None:
    """``given "the notes"``, ``given `x.upper()` ``."""
    value = here(at)
    if expected != {"NAME"} or at.kind(at.at - 1) != "GIVEN" or value.type not in STRINGS | {"CODE", "BLOCK"}:
        return None
    if at.kind(at.at + 1) == "COMMA":
        return None
    what = "a text" if value.type in STRINGS else "Python"
    help_ = "give it a name in a step before" + (", or put it into the question" if value.type in STRINGS else "")
    found = Diagnostic("syntax-unexpected", f"`given` takes names, and this is {what}", value.span, help=help_)
    return Change(at.at - 1, at.at + 1, [], found)


def counted_setting(at: Reading, expected: set[str]) -> Change | None:
    """`with 5 votes`."""
    count, word = here(at), token(at, at.at + 1)
    name = _COUNTED.get(str(word.value))
    if count.type != "INT" or name is None or expected != {"NAME"} or at.kind(at.at - 1) not in ("WITH", "COMMA"):
        return None
    right, span = f"{name}={at.source.slice(count.span)}", at.span_between(at.at, at.at + 1)
    found = fixed(
        Diagnostic("syntax-unexpected", f"a setting is written `{right}`", span), f"write `{right}`", span, right
    )
    return Change(at.at, at.at + 2, [made("NAME", word, name), made("EQUAL", word, "="), count], found)


# --- loops ---------------------------------------------------------------------------------------------------


def loop_of(at: Reading, expected: set[str]) -> Change | None:
    """`for x of xs`."""
    word = here(at)
    if word.value != "of" or "IN" not in expected or at.kind(at.at - 2) != "FOR":
        return None
    found = Diagnostic("syntax-unexpected", "a loop goes through a list: `for x in xs`", word.span)
    return Change(at.at, at.at + 1, [made("IN", word, "in")], fixed(found, "write `in`", word.span, "in"))


def loop_from_to(at: Reading, expected: set[str]) -> Change | None:
    """`for i from 1 to n`, `for i = 1 to n`."""
    first, last = token(at, at.at + 1), token(at, at.at + 3)
    if here(at).value not in ("from", "=") or "IN" not in expected or at.kind(at.at - 2) != "FOR":
        return None
    if token(at, at.at + 2).value not in ("to", "through") or first.type not in _ENDS or last.type not in _ENDS:
        return None
    end = str(int(str(last.value)) + 1) if last.type == "INT" else f"{last.value} + 1"
    code, span = f"range({first.value}, {end})", at.span_between(at.at, at.at + 3)
    found = Diagnostic("syntax-python", "numbers in a row are `range(…)` in Python", span)
    new = [made("IN", here(at), "in"), code_token(first, code)]
    return Change(at.at, at.at + 4, new, fixed(found, f"write in `{code}`", span, f"in `{code}`"))


def endless(at: Reading) -> Change | None:
    """`loop { … }`."""
    word = here(at)
    if word.value not in ("loop", "forever") or at.kind(at.at + 1) != "LBRACE" or not at.begins_line(at.at):
        return None
    if not at.machine.admits("REPEAT"):
        return None
    found = Diagnostic("syntax-bound", "a loop says how often at most, as in `repeat 10`", word.span)
    new = [made("REPEAT", word, "repeat"), made("INT", word, int(_ROUNDS))]
    return Change(at.at, at.at + 1, new, fixed(found, "allow ten rounds", word.span, f"repeat {_ROUNDS}"))


def else_if(at: Reading) -> Change | None:
    """`} elseif c {`."""
    word = here(at)
    if str(word.value).lower() not in ("elseif", "elsif") or at.kind(at.at - 1) != "RBRACE":
        return None
    if not at.machine.admits("ELSE"):
        return None
    found = Diagnostic("syntax-word", f"`{word.value}` is written `else if`", word.span)
    new = [made("ELSE", word, "else"), made("IF", word, "if")]
    return Change(at.at, at.at + 1, new, fixed(found, "write `else if`", word.span, "else if"))


# --- types ---------------------------------------------------------------------------------------------------


def choice_by_slash(at: Reading, _expected: set[str]) -> Change | None:
    """`kind: "yes"/"no" = …`."""
    mark = here(at)
    if mark.value != "/" or at.kind(at.at - 1) not in STRINGS or at.kind(at.at + 1) not in STRINGS:
        return None
    if at.kind(at.at - 2) not in ("COLON", "ARROW", "VBAR"):
        return None
    found = Diagnostic("type-form", "between choices stands `|`", mark.span)
    return Change(at.at, at.at + 1, [made("VBAR", mark, "|")], fixed(found, "write `|`", mark.span, " | "))


def list_of(at: Reading) -> Change | None:
    """`list of text`, `list(text)`."""
    row, word = at.machine.row(), here(at)
    if "SCALAR" not in row or "NAME" in row or word.value not in _LISTS:
        return None
    first = at.at + 2
    if token(at, at.at + 1).value == "of":
        end = closing(at, first + 1) if at.kind(first + 1) == "LSQB" else first
        last = end
    else:
        last = closing(at, at.at + 1) if at.kind(at.at + 1) == "LPAR" else None
        end = None if last is None else last - 1
    if end is None or last is None or end < first:
        return None
    held = token(at, first).value
    plain = held if held in _TYPES or at.kind(first) == "LBRACE" else str(held).removesuffix("s")
    if plain not in _TYPES and at.kind(first) not in STRINGS | {"LBRACE"}:
        return None
    inner = text_of(at, first, end + 1) if plain == held else plain
    span, right = at.span_between(at.at, last), f"list[{mend.TYPES.get(str(inner), inner)}]"
    found = fixed(Diagnostic("type-form", f"a list is written `{right}`", span), f"write `{right}`", span, right)
    type_ = (
        [made("NAME", token(at, first), mend.TYPES.get(str(plain), plain))]
        if end == first
        else at.tokens[first : end + 1]
    )
    new = [made("NAME", word, "list"), made("LSQB", word, "["), *type_, made("RSQB", token(at, last), "]")]
    return Change(at.at, last + 1, new, found)


def arrow_missing(at: Reading, expected: set[str]) -> Change | None:
    """`flow f(a: text) text {`."""
    word = here(at)
    if at.opens or word.value not in _TYPES or at.kind(at.at - 1) != "RPAR" or "ARROW" not in expected:
        return None
    found = Diagnostic("syntax-arrow", "what a flow gives stands behind `->`", word.span)
    place = Span(word.start, word.start)
    return Change(at.at, at.at, [made("ARROW", word, "->")], fixed(found, "write `->`", place, "-> "))


def imported(at: Reading, _expected: set[str]) -> Change | None:
    """`import "other.flow"`."""
    word = here(at)
    if word.value not in ("import", "include") or at.opens or not at.machine.admits("USE"):
        return None
    if at.kind(at.at + 1) not in STRINGS:
        return None
    found = Diagnostic("syntax-word", f"another file is taken in with `use`, not with `{word.value}`", word.span)
    return Change(at.at, at.at + 1, [made("USE", word, "use")], fixed(found, "write `use`", word.span, "use"))


AT_FAULT: tuple[Rule, ...] = (
    asked_of,
    joined,
    given_value,
    counted_setting,
    loop_of,
    loop_from_to,
    choice_by_slash,
    arrow_missing,
    imported,
)
BEFORE = (list_of, endless, else_if)
