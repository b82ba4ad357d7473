"""Values as Python and JavaScript write them: `c ? a : b`, `xs.map(x => …)`, `ask "…" == "yes"`, `1..3`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

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
from flowreason_dsl.javascript import in_python
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

ACTIONS = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "FOR", "SAMPLE"})
"""What Python cannot do."""

_BEFORE_VALUE = frozenset({"EQUAL", "ANSWER", "YIELD"})
_BEHIND_VALUE = frozenset({"GIVEN", "WITH", "ENSURE"})
_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
_LONGEST_VALUE = 200
_LISTED = frozenset({"map", "filter", "some", "every", "find"})
_HOLE = re.compile(r"\{\s*[A-Za-z_][\w.]*(?:\[[^\]{}]*\])*\s*\}")


# --- values --------------------------------------------------------------------------------------------------


def chosen(at: Reading, _expected: set[str]) -> Change | None:
    """`c ? a : b`."""
    begin = _begin(at)
    end = _end(at, begin) if begin is not None else 0
    parts = _question_mark(at, begin, end) if begin is not None else None
    return _chosen(at, begin, end, parts) if begin is not None and parts is not None else None


def chosen_by_if(at: Reading) -> Change | None:
    """`a if c else ask "…"`."""
    if here(at).type != "IF" or at.begins_line(at.at) or not _has_else(at):
        return None
    begin = _begin(at)
    end = _end(at, begin) if begin is not None else 0
    parts = _one_line_if(at, begin, end) if begin is not None else None
    return _chosen(at, begin, end, parts) if begin is not None and parts is not None else None


def _has_else(at: Reading) -> bool:
    """Whether an `else` stands behind an `if` on its line, and no block before it."""
    for place in range(at.at + 1, at.at + 60):
        if at.begins_line(place) or at.kind(place) == "LBRACE":
            return False
        if at.kind(place) == "ELSE":
            return True
    return False


def _chosen(at: Reading, begin: int, end: int, parts: tuple[tuple[int, int], ...]) -> Change | None:
    (first, last), yes, no = parts
    condition = python_of(at, first, last)
    written = [python_of(at, *yes), python_of(at, *no)]
    span = at.span_between(begin, end - 1)
    if condition is not None and None not in written:
        code = f"{written[0]} if {condition} else {written[1]}"
        message = "one of two values is chosen in Python: `a if condition else b`"
        return Change(begin, end, [code_token(token(at, begin), code)], _told(message, span, f"`{code}`"))
    return _two_ways(at, begin, end, condition, (yes, no))


def _told(message: str, span: Span, right: str) -> Diagnostic:
    return fixed(Diagnostic("syntax-python", message, span), f"write {right}", span, right)


def _two_ways(
    at: Reading, begin: int, end: int, condition: str | None, ways: tuple[tuple[int, int], tuple[int, int]]
) -> Change | None:
    """`if c { x = … } else { x = … }` for a choice between values that Python cannot compute."""
    first = at.statement
    if condition is None or first >= begin or at.kind(first) not in ("NAME", "ANSWER", "YIELD"):
        return None
    head = at.tokens[first:begin]
    written, like = text_of(at, first, begin).strip(), token(at, first)
    new = [made("IF", like, "if"), code_token(like, condition)]
    texts = []
    for number, way in enumerate(ways):
        new += [made("ELSE", like, "else")] if number else []
        new += [made("LBRACE", like, "{"), *head, *at.tokens[slice(*way)], made("RBRACE", like, "}")]
        texts.append(f"{{ {written} {text_of(at, *way).strip()} }}")
    right, span = f"if `{condition}` {texts[0]} else {texts[1]}", at.span_between(first, end - 1)
    message = "a choice between steps is an `if` with a block for each"
    return Change(first, end, new, fixed(Diagnostic("syntax-python", message, span), "write the `if`", span, right))


def _question_mark(at: Reading, begin: int, end: int) -> tuple[tuple[int, int], ...] | None:
    """What stands before `?`, between it and `:`, and behind that."""
    marks = [i for i in _flat(at, begin, end) if token(at, i).value == "?" or at.kind(i) == "COLON"]
    if len(marks) != 2 or at.kind(marks[1]) != "COLON" or token(at, marks[0]).value != "?":
        return None
    return (begin, marks[0]), (marks[0] + 1, marks[1]), (marks[1] + 1, end)


def _one_line_if(at: Reading, begin: int, end: int) -> tuple[tuple[int, int], ...] | None:
    """What stands behind `if`, before it, and behind `else`, where one of the two is asked."""
    marks = [i for i in _flat(at, begin, end) if at.kind(i) in ("IF", "ELSE")]
    if [at.kind(i) for i in marks] != ["IF", "ELSE"] or marks[0] == begin:
        return None
    if any(at.kind(i) in ("LBRACE", "RBRACE") for i in range(begin, end)):
        return None
    return (marks[0] + 1, marks[1]), (begin, marks[0]), (marks[1] + 1, end)


def _flat(at: Reading, begin: int, end: int) -> list[int]:
    """The places outside of brackets."""
    depth, out = 0, []
    for i in range(begin, end):
        depth += (at.kind(i) in _OPENERS) - (at.kind(i) in _CLOSERS)
        if depth == 0:
            out.append(i)
    return out


def _begin(at: Reading) -> int | None:
    """Where the value begins that the token at hand stands in, on its line."""
    place = at.at
    while not at.begins_line(place) and at.at - place < 60:
        if at.kind(place - 1) in _BEFORE_VALUE:
            return place if place > at.statement else None
        place -= 1
    return None


def _end(at: Reading, begin: int) -> int:
    """The index behind the value, on its line."""
    last, depth = line_end(at, begin, _LONGEST_VALUE), 0
    for i in range(begin, last):
        depth += (at.kind(i) in _OPENERS) - (at.kind(i) in _CLOSERS)
        if depth < 0 or (depth == 0 and at.kind(i) in _BEHIND_VALUE):
            return i
    return last


def arrow_function(at: Reading, _expected: set[str]) -> Change | None:
    """`xs.map(x => …)`, `xs.filter(x => …).map(…)`."""
    method = str(token(at, at.at - 1).value)
    if here(at).type != "LPAR" or at.kind(at.at - 2) != "DOT" or method not in _LISTED:
        return None
    begin = _begin(at)
    if begin is None or begin >= at.at - 2:
        return None
    items, place, end = text_of(at, begin, at.at - 2), at.at - 2, _end(at, begin)
    while place < end:
        call = _call(at, place)
        if call is None:
            return None
        method, name, body, last = call
        if method == "map" and last + 1 == end and at.kind(body[0]) in ACTIONS:
            return _each_asked(at, begin, end, (name, items), body)
        inner = python_of(at, *body)
        if inner is None:
            return None
        items, place = _in_list(method, name, inner, items), last + 1
    message = "a list is made from another in Python: `[… for x in xs if …]`"
    found = _told(message, at.span_between(begin, end - 1), f"`{items}`")
    return Change(begin, end, [code_token(token(at, begin), items)], found)


def _in_list(method: str, name: str, inner: str, items: str) -> str:
    if method == "map":
        return f"[{inner} for {name} in {items}]"
    if method == "filter":
        return f"[{name} for {name} in {items} if {inner}]"
    if method == "find":
        return f"next(({name} for {name} in {items} if {inner}), None)"
    return f"{'any' if method == 'some' else 'all'}({inner} for {name} in {items})"


def _call(at: Reading, dot: int) -> tuple[str, str, tuple[int, int], int] | None:
    """The method, the name, the tokens of the body and the last bracket of `.map(x => …)`."""
    method, end = str(token(at, dot + 1).value), closing(at, dot + 2)
    if at.kind(dot) != "DOT" or method not in _LISTED or at.kind(dot + 2) != "LPAR" or end is None:
        return None
    bracketed = at.kind(dot + 3) == "LPAR"
    name, arrow = token(at, dot + 3 + bracketed), dot + 4 + 2 * bracketed
    if name.type != "NAME" or token(at, arrow).value != "=>" or arrow + 1 >= end or at.kind(arrow + 1) == "LBRACE":
        return None
    return method, str(name.value), (arrow + 1, end), end


def _each_asked(at: Reading, begin: int, end: int, each: tuple[str, str], body: tuple[int, int]) -> Change | None:
    """`for x in xs yield ask "…"`."""
    name, items = each
    like, plain = token(at, begin), re.fullmatch(r"[A-Za-z_][\w.]*", each[1])
    listed: list[Token] = at.tokens[begin : at.at - 2] if plain else [code_token(like, items)]
    shown = items if plain else f"`{items}`"
    right = f"for {name} in {shown} yield {text_of(at, *body).strip()}"
    new = [made("FOR", like, "for"), made("NAME", like, name), made("IN", like, "in"), *listed]
    new += [made("YIELD", like, "yield"), *at.tokens[slice(*body)]]
    span = at.span_between(begin, end - 1)
    found = Diagnostic("syntax-python", "a list of replies is written `for … in … yield …`", span)
    return Change(begin, end, new, fixed(found, f"write `for {name} in {shown} yield …`", span, right))


def compared(at: Reading, expected: set[str]) -> Change | None:
    """`if ask "…" == "yes" {`."""
    mark, value = here(at), token(at, at.at + 1)
    if mark.value not in ("==", "===", "!=", "is") or at.kind(at.at - 1) not in STRINGS or "LBRACE" not in expected:
        return None
    if at.kind(at.at - 2) != "ASK" or at.kind(at.at + 2) not in ("LBRACE", "MAX"):
        return None
    span, said = at.span_between(at.at, at.at + 1), str(value.value).strip("\"'").lower()
    message = "what is asked in a condition gives yes or no, and is not compared"
    help_ = "to compare a reply, ask in a step before and put the comparison between backticks"
    found = Diagnostic("syntax-python", message, span, help=help_)
    if mark.value != "!=" and said in ("yes", "true"):
        before = token(at, at.at - 1).end
        found = fixed(Diagnostic("syntax-python", message, span), "take it out", Span(before, span.end), "")
    return Change(at.at, at.at + 2, [], found)


def run_called(at: Reading, _expected: set[str]) -> Change | None:
    """`run helper("a")`."""
    if here(at).type != "LPAR" or kinds(at, at.at - 2, 2) != ["RUN", "NAME"] or closing(at, at.at) is None:
        return None
    run, name = token(at, at.at - 2), token(at, at.at - 1)
    message = "`run` runs the text of a flow that a step gave; a flow of this file is called by its name"
    found = Diagnostic("syntax-word", message, run.span)
    return Change(at.at - 2, at.at, [name], fixed(found, "take it out", Span(run.start, name.start), ""))


def negated(at: Reading, expected: set[str]) -> Change | None:
    """`while not ask "…"`."""
    word = here(at)
    if word.type != "NOT" or at.kind(at.at + 1) != "ASK" or "ASK" not in expected:
        return None
    help_ = "ask in a step before, as in `fine: bool = ask …`, and write `not fine`; or turn the question round"
    message = "`not` is Python, which cannot ask"
    brace = at.at + 3
    end = closing(at, brace) if at.kind(brace) == "LBRACE" and at.kind(at.at - 1) == "IF" else None
    if end is None or at.kind(end + 1) == "ELSE" or at.kind(at.at - 2) == "ELSE":
        return Change(at.at, at.at + 1, [], Diagnostic("syntax-python", message, word.span, help=help_))
    asked, opened = at.tokens[at.at + 1 : brace], token(at, brace)
    new = [*asked, opened, made("RBRACE", opened, "}"), made("ELSE", opened, "else"), opened]
    also = ((opened.span, "{ } else {"),)
    fix = Fix("turn the branches round", Span(word.start, asked[0].start), "", also)
    return Change(at.at, brace + 1, new, Diagnostic("syntax-python", message, word.span, fix=fix))


def counted_to(at: Reading, _expected: set[str]) -> Change | None:
    """`for i in 1..3 {`, `for i in 1..n {`."""
    first, last = token(at, at.at - 1), token(at, at.at + 2)
    if kinds(at, at.at - 2, 4) != ["IN", "INT", "DOT", "DOT"] or last.type not in ("INT", "NAME"):
        return None
    if first.end != here(at).start:
        return None
    end = int(str(last.value)) + 1 if last.type == "INT" else f"{last.value} + 1"
    code = f"range({first.value}, {end})"
    span = at.span_between(at.at - 1, at.at + 2)
    return Change(
        at.at - 1,
        at.at + 3,
        [code_token(first, code)],
        _told("numbers in a row are `range(…)` in Python", span, f"`{code}`"),
    )


# --- Python --------------------------------------------------------------------------------------------------


def python_of(at: Reading, first: int, last: int) -> str | None:
    """Tokens as one Python expression; None where they are none."""
    if first >= last or any(at.kind(i) in ACTIONS for i in range(first, last)):
        return None
    out, place = "", token(at, first).start
    for each in at.tokens[first:last]:
        out += at.source.text[place : each.start] + _said(at, each)
        place = each.end
    out = in_python(out)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(out, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return out if "\n" not in out else None


def _said(at: Reading, each: Token) -> str:
    """A token as Python writes it: a text with values in it is one with an `f` before it."""
    written = at.source.slice(each.span)
    if each.type == "CODE":
        return written.strip("`")
    if each.type in STRINGS and "{" in written:
        return f"f{written}" if not re.search(r"[{}]", _HOLE.sub("", written)) else written
    return {"TRUE": "True", "FALSE": "False"}.get(each.type, written)


AT_FAULT: tuple[Rule, ...] = (arrow_function, compared, run_called, negated, counted_to, chosen)
BEFORE = (chosen_by_if,)
