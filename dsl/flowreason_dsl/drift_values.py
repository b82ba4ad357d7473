"""Values as other languages write them: lists of asks, texts joined with `+`, loops without `yield`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic
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
from flowreason_dsl.grammar import END
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_ACTIONS = frozenset({"ASK", "SOLVE", "EMULATE", "RUN"})
_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_BEHIND = frozenset({"GIVEN", "WITH", "ENSURE", "ELSE", "RBRACE", END})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})


def _outermost(at: Reading, first: int, last: int, kind: str) -> list[int]:
    """Where tokens of a kind stand in a stretch, outside of the brackets in it."""
    depth, found = 0, []
    for i in range(first, last):
        depth += (at.kind(i) in _OPENERS) - (at.kind(i) in _CLOSERS)
        if depth == 0 and at.kind(i) == kind:
            found.append(i)
    return found


def asks_in_list(at: Reading, expected: set[str]) -> Change | None:
    """`[ask "…{x}…" for x in xs]`, `[ask "…", ask "…"]`."""
    end = closing(at, at.at) if here(at).type == "LSQB" and expected >= {"FOR", "ASK"} else None
    if end is None or at.kind(at.at + 1) not in _ACTIONS:
        return None
    span, loops = at.span_between(at.at, end), _outermost(at, at.at + 1, end, "FOR")
    if filtered := _filtered(at, loops, end):
        return filtered
    if len(loops) != 1 or at.kind(loops[0] - 1) == "COMMA" or _outermost(at, loops[0], end, "IF"):
        if stepped := _as_steps(at, end) if not loops else None:
            return stepped
        if at.kind(at.statement) not in ("NAME", "ANSWER") or at.statement == at.at:
            return None
        listed = (
            "filter the list in Python before" if loops else "make each a step of its own, and a list of them in Python"
        )
        found = Diagnostic("syntax-python", "a list is made in Python, which cannot ask", span, help=listed)
        return Change(at.statement, end + 1, [], found, unread=True)
    head, item = text_of(at, loops[0], end), text_of(at, at.at + 1, loops[0])
    message = "a list of replies is written `for … in … yield …`"
    right = f"{head} yield {item}"
    found = fixed(Diagnostic("syntax-python", message, span), f"write `{head} yield …`", span, right)
    asked = [*at.tokens[loops[0] : end], made("YIELD", here(at), "yield"), *at.tokens[at.at + 1 : loops[0]]]
    return Change(at.at, end + 1, asked, found)


def _as_steps(at: Reading, end: int) -> Change | None:
    """`x = [ask "…", ask "…"]` as a step for each question, and a list of them."""
    commas = _outermost(at, at.at + 1, end, "COMMA")
    cuts = [at.at, *commas, end]
    items = [(first + 1, last) for first, last in pairwise(cuts) if last > first + 1]
    first = token(at, at.statement)
    if any(at.kind(item[0]) not in _ACTIONS for item in items) or not at.begins_line(at.statement):
        return None
    if at.kind(at.at - 1) not in ("EQUAL", "ANSWER") or first.type not in ("NAME", "ANSWER"):
        return None
    base = first.value if first.type == "NAME" else "part"
    names = [f"{base}_{number}" for number in range(1, len(items) + 1)]
    if not at.bound.isdisjoint(names):
        return None
    new, lines = [], ""
    for name, item in zip(names, items, strict=True):
        new += [made("NAME", first, name), made("EQUAL", first, "="), *at.tokens[slice(*item)]]
        lines += f"{name} = {text_of(at, *item).strip()}\n{' ' * at.indent(first)}"
    code = f"[{', '.join(names)}]"
    new += [*at.tokens[at.statement : at.at], code_token(here(at), code)]
    span, head = at.span_between(at.statement, end), text_of(at, at.statement, at.at)
    found = Diagnostic("syntax-python", "a list is made in Python, which cannot ask", at.span_between(at.at, end))
    found = fixed(found, "make each a step of its own", span, f"{lines}{head.rstrip()} `{code}`")
    return Change(at.statement, end + 1, new, found)


def _filtered(at: Reading, loops: list[int], end: int) -> Change | None:
    """`[ask "…{x}…" for x in xs if len(x) > 3]`."""
    ifs = _outermost(at, loops[0], end, "IF") if len(loops) == 1 else []
    if len(ifs) != 1 or kinds(at, loops[0] + 1, 2) != ["NAME", "IN"]:
        return None
    name, items = token(at, loops[0] + 1).value, text_of(at, loops[0] + 3, ifs[0]).strip("`")
    code = f"[{name} for {name} in {items} if {text_of(at, ifs[0] + 1, end)}]"
    if naked_python.parsed(code) is None:
        return None
    item, span = text_of(at, at.at + 1, loops[0]), at.span_between(at.at, end)
    message = "a list of replies is written `for … in … yield …`"
    right = f"for {name} in `{code}` yield {item}"
    found = fixed(Diagnostic("syntax-python", message, span), f"write `for {name} in … yield …`", span, right)
    head = [*at.tokens[loops[0] : loops[0] + 3], code_token(here(at), code)]
    return Change(at.at, end + 1, [*head, made("YIELD", here(at), "yield"), *at.tokens[at.at + 1 : loops[0]]], found)


def yield_missing(at: Reading, expected: set[str]) -> Change | None:
    """`for x in xs ask "…"`, `for x in xs: ask "…"`."""
    first = at.at + (here(at).type == "COLON")
    if "YIELD" not in expected or at.kind(first) not in _ACTIONS or at.begins_line(first):
        return None
    action = token(at, first)
    found = Diagnostic("syntax-unexpected", f"`yield` is missing before `{action.value}`", action.span)
    before = token(at, at.at - 1)
    place = Span(before.end, action.start)
    found = fixed(found, "write `yield`", place, " yield ")
    return Change(at.at, first, [Token("YIELD", action.start, action.start, "yield")], found)


def joined_texts(at: Reading, _expected: set[str]) -> Change | None:
    """`ask "What is " + x + "?"`."""
    if here(at).value != "+" or kinds(at, at.at - 2, 1)[0] not in _ACTIONS or at.kind(at.at - 1) not in STRINGS:
        return None
    pieces, place = [_inside(at, at.at - 1)], at.at
    while token(at, place).value == "+":
        piece, place = piece_of_text(at, place + 1)
        pieces.append(piece)
        if piece is None:
            break
    span, word = at.span_between(at.at - 1, max(place - 1, at.at)), token(at, at.at - 2).value
    message = f'values are put into the text, as in `{word} "… {{name}} …"`; `+` is Python'
    found = Diagnostic("syntax-python", message, at.span_between(at.at, at.at))
    if None in pieces:
        last = next((i for i in range(place, line_end(at, at.at)) if at.kind(i) in _BEHIND), line_end(at, at.at))
    else:
        right = '"' + "".join(str(piece) for piece in pieces) + '"'
        last, found = place, fixed(found, "write it as one text", span, right)
    at.doubts.append(Doubt("value", at.span_between(at.at, max(at.at, last - 1))))
    return Change(at.at, last, [], found)


def or_else(at: Reading, expected: set[str]) -> Change | None:
    """`ask "…" or "nobody"`, `ask "…" ?? 0`, `ask "…" || 0`."""
    word, doubled = here(at), kinds(at, at.at, 2) == ["VBAR", "VBAR"]
    if word.type != "OR" and word.value not in ("??", "||", "?:") and not doubled:
        return None
    last = at.at + 1 + doubled
    if "ELSE" not in expected or at.kind(at.at - 1) not in STRINGS or at.kind(at.at - 2) not in _ACTIONS | {"NAME"}:
        return None
    if at.kind(last) not in STRINGS | _ACTIONS | {"INT", "DECIMAL", "TRUE", "FALSE", "NAME", "CODE", "NONE"}:
        return None
    span = at.span_between(at.at, last - 1)
    found = Diagnostic("syntax-python", "what is taken when a step fails stands behind `else`", span)
    return Change(at.at, last, [made("ELSE", word, "else")], fixed(found, "write `else`", span, "else"))


def last_comma(at: Reading, expected: set[str]) -> Change | None:
    """`x = ask "…",` at the end of a line."""
    comma = here(at)
    if comma.type != "COMMA" or not {"ANSWER", "BREAK"} <= expected or not at.begins_line(at.at + 1):
        return None
    found = fixed(
        Diagnostic("syntax-unexpected", "nothing follows this comma", comma.span), "take it out", comma.span, ""
    )
    return Change(at.at, at.at + 1, [], found)


def sampled(at: Reading, expected: set[str]) -> Change | None:
    """`sample 5 ask "…"`, `sample 5 yield ask "…"`."""
    action = here(at)
    if action.type not in _ACTIONS | {"YIELD"} or expected & {"ASK", "YIELD"} or at.kind(at.at - 2) != "SAMPLE":
        return None
    last = line_end(at, at.at)
    if any(at.kind(i) in ("LBRACE", "RBRACE") for i in range(at.at, last)):
        return None
    word = [] if action.type == "YIELD" else [made("YIELD", action, "yield")]
    inner, span = text_of(at, at.at, last), at.span_between(at.at, last - 1)
    right = f"{{ {'yield ' if word else ''}{inner} }}"
    message = "the rounds of a `sample` stand in a block, and each yields a value"
    new = [made("LBRACE", action, "{"), *word, *at.tokens[at.at : last], made("RBRACE", token(at, last - 1), "}")]
    found = fixed(Diagnostic("syntax-block", message, action.span), "write the block", span, right)
    return Change(at.at, last, new, found)


def _inside(at: Reading, place: int) -> str | None:
    """What stands between the quotes of a plain text."""
    text = at.source.slice(token(at, place).span)
    return text[1:-1] if text[:1] == '"' != text[1:2] and text[:3] != '"""' and "\n" not in text else None


def piece_of_text(at: Reading, place: int) -> tuple[str | None, int]:
    """A piece of a text that is joined, as it stands in a text, and the index behind it."""
    if at.kind(place) in STRINGS:
        return _inside(at, place) if at.source.slice(token(at, place).span) != '""' else "", place + 1
    if token(at, place).value == "str" and kinds(at, place + 1, 3) == ["LPAR", "NAME", "RPAR"]:
        return f"{{{token(at, place + 2).value}}}", place + 4
    if at.kind(place) != "NAME":
        return None, place
    end = place + 1
    while at.kind(end) == "DOT" and at.kind(end + 1) == "NAME":
        end += 2
    ends = token(at, end).value == "+" or at.begins_line(end) or at.kind(end) in _BEHIND
    return (f"{{{text_of(at, place, end)}}}" if ends else None), end


AT_FAULT: tuple[Rule, ...] = (asks_in_list, yield_missing, joined_texts, or_else, last_comma, sampled)
