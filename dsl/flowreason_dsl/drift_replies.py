"""What other languages do to a text or reply at once: methods, formats, joining; and steps written as sentences.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, code_token, fixed, here, kinds, made, text_of, token
from flowreason_dsl.drift_values import piece_of_text
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_SETTERS = frozenset({"set", "let", "assign", "define", "store", "put", "make"})
_TO = frozenset({"to", "be", "as", "is"})
_VALUES = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "FOR", "SAMPLE", "CODE", "BLOCK", "INT", "DECIMAL"}) | STRINGS
_VALUES |= {"TRUE", "FALSE"}
_PLACE = re.compile(r"\{(\d*|[A-Za-z_]\w*)\}")
_SIGN = re.compile(r"%[sdi]")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CONVERTERS = {"int": "int", "float": "number", "bool": "bool", "str": "text", "list": "list[text]"}
_FARTHEST = 200


# --- sentences -----------------------------------------------------------------------------------------------


def set_to(at: Reading) -> Change | None:
    """`set x to ask "…"`, `let x be 3`."""
    verb, name, to = here(at), token(at, at.at + 1), token(at, at.at + 2)
    if verb.value not in _SETTERS or name.type != "NAME" or to.value not in _TO or not at.begins_line(at.at):
        return None
    if at.kind(at.at + 3) not in _VALUES | {"NAME", "MAX", "LPAR", "LSQB"} or at.begins_line(at.at + 3):
        return None
    span, right = at.span_between(at.at, at.at + 2), f"{name.value} ="
    found = fixed(Diagnostic("syntax-word", f"a step is written `{right} …`", span), f"write `{right}`", span, right)
    return Change(at.at, at.at + 3, [name, made("EQUAL", to, "=")], found)


# --- methods -------------------------------------------------------------------------------------------------


def method_of_reply(at: Reading, _expected: set[str]) -> Change | None:
    """`x = ask "…".strip()`, `x = (ask "…").strip()`."""
    bracketed = here(at).type == "LPAR"
    first = at.at + 1 if bracketed else at.at - 2
    dot = (closing(at, at.at) or at.at) + 1 if bracketed else at.at
    begin = first - bracketed
    if at.kind(first) not in ("ASK", "SOLVE") or at.kind(dot) != "DOT" or at.kind(begin - 1) not in ("EQUAL", "ANSWER"):
        return None
    start, end, inner = token(at, at.statement), _chain(at, dot), dot - bracketed
    if start.type not in ("NAME", "ANSWER") or end is None or (not bracketed and at.kind(first + 1) not in STRINGS):
        return None
    name = _name(at, start, at.kind(at.statement + 1) == "EQUAL")
    code = f"{name}{text_of(at, dot, end)}"
    if name is None or naked_python.parsed(code) is None or "\n" in code:
        return None
    head, asked = at.tokens[at.statement : begin], at.tokens[first:inner]
    new = [made("NAME", start, name), made("EQUAL", start, "="), *asked, *head, code_token(token(at, dot), code)]
    span, written = at.span_between(at.statement, end - 1), text_of(at, at.statement, begin)
    right = f"{name} = {text_of(at, first, inner)}\n{' ' * at.indent(start)}{written} `{code}`"
    message = "what is made of a reply is Python, in a step behind the question"
    found = fixed(Diagnostic("syntax-python", message, at.span_between(dot, end - 1)), "make it two steps", span, right)
    return Change(at.statement, end, new, found)


def _chain(at: Reading, dot: int) -> int | None:
    """The index behind `.strip().lower()`, if that ends the line or the block."""
    place = dot
    while kinds(at, place, 2) == ["DOT", "NAME"] and place - dot < _FARTHEST:
        place += 2
        while at.kind(place) in ("LPAR", "LSQB"):
            end = closing(at, place)
            if end is None:
                return None
            place = end + 1
    return place if at.begins_line(place) or at.kind(place) in ("RBRACE", "$END") else None


def _name(at: Reading, start: Token, plain: bool) -> str | None:
    """What a reply is called before something is made of it."""
    if start.type == "NAME" and plain:
        return str(start.value)
    name = f"{start.value}_reply" if start.type == "NAME" else "reply"
    return name if name not in at.bound else None


def converted(at: Reading) -> Change | None:
    """`n = int(ask "…")`, `ns = for x in xs yield int(ask "…")`: the type stands behind the name."""
    word, end = here(at), closing(at, at.at + 1)
    type_, first = _CONVERTERS.get(str(word.value)), at.statement
    if type_ is None or kinds(at, at.at + 1, 2) != ["LPAR", "ASK"] or end is None:
        return None
    listed = kinds(at, first, 3) == ["NAME", "EQUAL", "FOR"] and at.kind(at.at - 1) == "YIELD"
    if not listed and (at.kind(first) != "NAME" or at.at != first + 2):
        return None
    if not (at.begins_line(end + 1) or at.kind(end + 1) == "RBRACE") or at.kind(first + 1) != "EQUAL":
        return None
    name, asked, type_ = token(at, first), at.tokens[at.at + 2 : end], f"list[{type_}]" if listed else type_
    typed = [Token(each.type, name.start, name.end, each.value) for each in tokenize(type_).tokens[:-1]]
    new = [name, made("COLON", name, ":"), *typed, *at.tokens[first + 1 : at.at], *asked]
    message = f"a reply becomes what the type of its step says: `{name.value}: {type_} = …`"
    found = Diagnostic("syntax-python", message, word.span)
    span = at.span_between(first, end)
    right = f"{name.value}: {type_} {text_of(at, first + 1, at.at)} {text_of(at, at.at + 2, end)}"
    return Change(first, end + 1, new, fixed(found, f"write `{name.value}: {type_} = …`", span, right))


# --- joined texts --------------------------------------------------------------------------------------------


def joined_with_reply(at: Reading, _expected: set[str]) -> Change | None:
    """`x = "It is: " + ask "…"`."""
    start, place, pieces = token(at, at.statement), at.at - 1, list[str]()
    while place > at.statement and at.kind(place - 1) not in ("EQUAL", "ANSWER"):
        place -= 1
    begin = place
    if here(at).value != "+" or start.type not in ("NAME", "ANSWER") or begin <= at.statement:
        return None
    while at.kind(place) not in ("ASK", "SOLVE"):
        piece, place = piece_of_text(at, place)
        if piece is None or token(at, place).value != "+":
            return None
        pieces, place = [*pieces, piece], place + 1
    end, name = place + 2, _name(at, start, plain=False)
    if at.kind(place + 1) not in STRINGS or name is None or not (at.begins_line(end) or at.kind(end) == "RBRACE"):
        return None
    whole, head = f'"{"".join(pieces)}{{{name}}}"', at.tokens[at.statement : begin]
    asked, like = at.tokens[place:end], token(at, begin)
    new = [made("NAME", start, name), made("EQUAL", start, "="), *asked, *head, made("TEXT", like, whole)]
    written = f"{text_of(at, at.statement, begin)} {whole}"
    right = f"{name} = {text_of(at, place, end)}\n{' ' * at.indent(start)}{written}"
    message = 'a reply is put into a text under the name of its step, as in `"… {name} …"`; `+` is Python'
    found = Diagnostic("syntax-python", message, here(at).span)
    found = fixed(found, "ask in a step before", at.span_between(at.statement, end - 1), right)
    return Change(at.statement, end, new, found)


# --- formats -------------------------------------------------------------------------------------------------


def formatted(at: Reading) -> Change | None:
    """`"It is {}".format(x)`, `"It is %s" % x`."""
    text = here(at)
    raw = at.source.slice(text.span)
    if raw[:1] != '"' or raw.startswith('"""') or at.kind(at.at - 1) == "COLON":
        return None
    by_sign = token(at, at.at + 1).value == "%"
    last = _signed(at) if by_sign else closing(at, at.at + 3)
    if last is None or (not by_sign and kinds(at, at.at + 1, 3) != ["DOT", "NAME", "LPAR"]):
        return None
    values = _values(at, at.at + 2 if by_sign else at.at + 4, last + by_sign)
    whole = _filled(raw, values, by_sign) if values else None
    if whole is None or not (at.begins_line(last + 1) or at.kind(last + 1) in ("RBRACE", "RPAR", "COMMA", "$END")):
        return None
    span = at.span_between(at.at, last)
    found = Diagnostic("syntax-python", 'values are put into the text itself, as in `"… {name} …"`', span)
    return Change(at.at, last + 1, [made("TEXT", text, whole)], fixed(found, f"write {whole}", span, whole))


def _signed(at: Reading) -> int | None:
    """The last token behind `%`."""
    if at.kind(at.at + 2) == "LPAR":
        return closing(at, at.at + 2)
    last = at.at + 2
    while kinds(at, last + 1, 2) == ["DOT", "NAME"]:
        last += 2
    return last if at.kind(at.at + 2) == "NAME" else None


def _values(at: Reading, first: int, last: int) -> dict[str, str] | None:
    """The names that are put in, by their number or key; None where anything else is."""
    out: dict[str, str] = {}
    for number, each in enumerate(text_of(at, first, last).strip("()").split(",")):
        key, _, value = each.rpartition("=")
        if not _PATH.fullmatch(value.strip()):
            return None
        out[key.strip() or str(number)] = value.strip()
    return out


def _filled(raw: str, values: dict[str, str], by_sign: bool) -> str | None:
    """The text with its values put in, if there is one for each place."""
    count, wrong = 0, False

    def value(place: re.Match[str]) -> str:
        nonlocal count, wrong
        key = "" if by_sign else place[1]
        found = values.get(key or str(count))
        count, wrong = count + (not key), wrong or found is None
        return f"{{{found}}}"

    whole = (_SIGN if by_sign else _PLACE).sub(value, raw)
    rest = _PLACE.sub("", re.sub(rf"\{{{_PATH.pattern}\}}", "", whole))
    return None if wrong or whole == raw or re.search(r"[{}]|%[sdif.]", rest) else whole


AT_FAULT: tuple[Rule, ...] = (method_of_reply, joined_with_reply)
BEFORE = (set_to, formatted, converted)
