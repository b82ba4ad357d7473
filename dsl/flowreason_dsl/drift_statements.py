"""Statements as other languages write them: lists with dashes, arrows, `n++`, branches as values.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import (
    STRINGS,
    Change,
    Rule,
    closing,
    closing_before,
    code_token,
    fixed,
    here,
    kinds,
    line_end,
    made,
    text_of,
    token,
)
from flowreason_dsl.misspelt import near_words
from flowreason_dsl.source import Span
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_ACTIONS = frozenset({"ASK", "SOLVE", "EMULATE", "RUN"})
_VALUES = _ACTIONS | {"FOR", "SAMPLE", "CODE", "BLOCK", "INT", "DECIMAL", "TRUE", "FALSE"}
_BULLETS = frozenset({"-", "*", "+", "•", "–", "·"})
_TYPES = frozenset({*SCALARS, *mend.TYPES, "list", "dict"})


def _statement(at: Reading, expected: set[str]) -> bool:
    """Whether a statement may begin with the token at hand."""
    return {"ANSWER", "BREAK"} <= expected


# --- lists of steps ------------------------------------------------------------------------------------------


def bullet(at: Reading, expected: set[str]) -> Change | None:
    """`- step1: …`, `1. step1 = …`."""
    mark = here(at)
    if not _statement(at, expected) or not at.begins_line(at.at) or at.begins_line(at.at + 1):
        return None
    numbered = mark.type == "INT" and at.kind(at.at + 1) in ("DOT", "RPAR") and not at.begins_line(at.at + 2)
    if not numbered and mark.value not in _BULLETS:
        return None
    last = at.at + 1 + numbered
    span = at.span_between(at.at, last - 1)
    message = f"a statement begins with its name or word, without `{at.source.slice(span)}`"
    away = Span(mark.start, token(at, last).start)
    found = fixed(Diagnostic("syntax-unexpected", message, span), "take it out", away, "")
    return Change(at.at, last, [], found)


def comment(at: Reading, expected: set[str]) -> Change | None:
    """`-- start`, `% start`."""
    mark = here(at)
    if not _statement(at, expected) or mark.value not in ("--", "---", "%", "%%") or at.kind(at.at + 1) != "NAME":
        return None
    if str(mark.value)[0] == "%" and not at.begins_line(at.at):
        return None  # Python's way to put values into a text
    if not (at.begins_line(at.at) or at.kind(at.at - 1) in ("LBRACE", "RBRACE", "CODE", *STRINGS)):
        return None
    found = fixed(Diagnostic("syntax-comment", "a comment begins with `#`", mark.span), "write `#`", mark.span, "#")
    return Change(at.at, line_end(at, at.at), [], found)


def colon_for_equal(at: Reading, _expected: set[str]) -> Change | None:
    """`step1: ask "…"`."""
    colon, name = token(at, at.at - 1), token(at, at.at - 2)
    if colon.type != "COLON" or name.type != "NAME" or at.at - 2 != at.statement:
        return None
    if here(at).type not in _VALUES or at.machine.values[-1:] != [colon]:
        return None
    found = Diagnostic("syntax-unexpected", f"a step is written `{name.value} = …`", colon.span)
    return Change(at.at - 1, at.at, [made("EQUAL", colon, "=")], fixed(found, "write `=`", colon.span, " ="))


# --- arrows --------------------------------------------------------------------------------------------------


def assigned_by_arrow(at: Reading, _expected: set[str]) -> Change | None:
    """`r <- ask "…"`."""
    arrow, name = here(at), token(at, at.at - 1)
    if arrow.value not in ("<-", "←", "<--") or name.type != "NAME" or at.at - 1 != at.statement:
        return None
    found = Diagnostic("syntax-arrow", f"a step is written `{name.value} = …`", arrow.span)
    if not (at.kind(at.at + 1) == "NAME" and at.begins_line(at.at + 2)):
        found = fixed(found, "write `=`", arrow.span, "=")
    return Change(at.at, at.at + 1, [made("EQUAL", arrow, "=")], found)


def edge_to_answer(at: Reading, _expected: set[str]) -> Change | None:
    """`a -> answer`."""
    word = here(at)
    if word.type != "ANSWER" or at.at - 2 != at.statement or kinds(at, at.at - 2, 2) != ["NAME", "ARROW"]:
        return None
    if not (at.begins_line(at.at + 1) or at.kind(at.at + 1) == "RBRACE"):
        return None
    name, span = token(at, at.at - 2), at.span_between(at.at - 2, at.at)
    message = f"an edge joins steps; a flow answers with `answer {name.value}`"
    found = fixed(
        Diagnostic("syntax-edge", message, span), f"write `answer {name.value}`", span, f"answer {name.value}"
    )
    return Change(at.at - 2, at.at + 1, [made("ANSWER", name, "answer"), made("NAME", word, name.value)], found)


def type_behind(at: Reading, expected: set[str]) -> Change | None:
    """`a = ask "…" -> int`, `a = ask "…" as int`, `answer ask "…" -> int`."""
    mark, first, last = here(at), at.statement, line_end(at, at.at)
    if mark.type not in ("ARROW", "AS") or not _statement(at, expected):
        return None
    begin = kinds(at, first, 2)
    named = begin[0] == "NAME" and begin[1] == "EQUAL"
    if not named and not (begin[0] == "ANSWER" and begin[1] in _VALUES):
        return None
    while at.kind(last - 1) == "RBRACE" and closing_before(at, last - 1) < at.at:
        last -= 1
    type_ = at.tokens[at.at + 1 : last]
    if not type_ or not (type_[0].value in _TYPES or type_[0].type in ("LBRACE", *STRINGS)):
        return None
    name, value = token(at, first), at.tokens[first + 1 + named : at.at]
    written, old = text_of(at, at.at + 1, last), text_of(at, first + 1 + named, at.at)
    right = f"{name.value}: {written} = {old}"
    span = at.span_between(first, last - 1)
    code = "syntax-python-word" if mark.type == "AS" else "type-form"
    found = Diagnostic(
        code, f"a type stands behind the name: `{name.value}: {written} = …`", at.span_between(at.at, last - 1)
    )
    new = [name, made("COLON", name, ":"), *type_, made("EQUAL", mark, "="), *value]
    return Change(first, last, new, fixed(found, f"write `{name.value}: {written} = …`", span, right))


def named_by_arrow(at: Reading, expected: set[str]) -> Change | None:
    """`ask "…" -> r`."""
    mark, name, first = here(at), token(at, at.at + 1), at.statement
    if mark.type not in ("ARROW", "AS") or not _statement(at, expected) or at.kind(first) not in _ACTIONS:
        return None
    ends = at.begins_line(at.at + 2) or at.kind(at.at + 2) in ("RBRACE", "$END")
    if name.type != "NAME" or not ends or name.value in _TYPES or name.value in at.bound:
        return None
    span, right = at.span_between(first, at.at + 1), f"{name.value} = {text_of(at, first, at.at)}"
    edge = mark.type == "ARROW"
    message = f"{'an edge joins names; ' if edge else ''}a step is written `{name.value} = …`"
    code = "syntax-edge" if edge else "syntax-python-word"
    found = Diagnostic(code, message, at.span_between(at.at, at.at + 1))
    start = token(at, first)
    new = [made("NAME", start, name.value), made("EQUAL", start, "="), *at.tokens[first : at.at]]
    return Change(first, at.at + 2, new, fixed(found, f"write `{name.value} = …`", span, right))


def drawing(at: Reading, _expected: set[str]) -> Change | None:
    """`A[Question] --> B{Cond}`, `B -->|yes| C[Escalate]`."""
    first = at.statement if at.line_of(token(at, at.statement).start) == at.line_of(here(at).start) else at.at
    last = line_end(at, at.at)
    line = at.tokens[first:last]
    arrows = [
        i for i, t in enumerate(line) if t.type == "ARROW" or str(t.value) in ("-->", "--->", "==>", "-.->", "---")
    ]
    if not arrows or line[0].type != "NAME" or any(t.type in ("EQUAL", "FLOW", "TOOL") for t in line):
        return None
    behind = [line[i + 1].type if i + 1 < len(line) else "" for i in arrows]
    boxes = [line[i + 2].type if i + 2 < len(line) else "" for i in arrows]
    opened = len(line) > 1 and line[1].type in ("LSQB", "LPAR", "LBRACE")
    if "VBAR" not in behind and not opened and not {"LSQB", "LPAR", "LBRACE"} & set(boxes):
        return None
    help_ = "steps are joined where one reads the value of another; an edge between names is written `a -> b`"
    found = Diagnostic(
        "syntax-edge", "this is a drawing, not a statement", at.span_between(first, last - 1), help=help_
    )
    return Change(first, last, [], found, unread=True)


# --- values --------------------------------------------------------------------------------------------------


def counted(at: Reading, _expected: set[str]) -> Change | None:
    """`n++`."""
    mark, name = here(at), token(at, at.at - 1)
    if mark.value not in ("++", "--") or name.type != "NAME" or at.at - 1 != at.statement or name.end != mark.start:
        return None
    code = f"{name.value} {str(mark.value)[0]} 1"
    right, span = f"{name.value} = `{code}`", at.span_between(at.at - 1, at.at)
    found = Diagnostic("syntax-python", f"a step is written `{name.value} = …`", span)
    new = [made("EQUAL", mark, "="), code_token(mark, code)]
    return Change(at.at, at.at + 1, new, fixed(found, f"write {right}", span, right))


def needless(at: Reading, _expected: set[str]) -> Change | None:
    """`await ask "…"`."""
    word = here(at)
    if word.type not in ("AWAIT", "ASYNC") or at.begins_line(at.at + 1):
        return None
    message = f"nothing needs `{word.value}`: what does not depend on one another runs at once"
    away = Span(word.start, token(at, at.at + 1).start)
    found = fixed(Diagnostic("syntax-python-word", message, word.span), "take it out", away, "")
    return Change(at.at, at.at + 1, [], found)


def several_targets(at: Reading, expected: set[str]) -> Change | None:
    """`[b, c] = …`, `(b, c) = …`."""
    end = closing(at, at.at) if here(at).type in ("LSQB", "LPAR") and at.begins_line(at.at) else None
    if end is None or not _statement(at, expected) or at.kind(end + 1) != "EQUAL":
        return None
    help_ = "give the whole a name, and take its parts in steps of their own"
    found = Diagnostic("syntax-targets", "a step has one name", at.span_between(at.at, end), help=help_)
    return Change(at.at, line_end(at, at.at), [], found, unread=True)


def two_answers(at: Reading, expected: set[str]) -> Change | None:
    """`answer "The name is", n`."""
    if here(at).type != "COMMA" or at.kind(at.statement) != "ANSWER" or not _statement(at, expected):
        return None
    last = line_end(at, at.at)
    while last > at.at + 1 and at.kind(last - 1) == "RBRACE":
        last -= 1
    help_ = "put the values into one text, or make a list of them in Python"
    found = Diagnostic("syntax-unexpected", "`answer` gives one value", at.span_between(at.at, last - 1), help=help_)
    return Change(at.at, last, [], found)


def equal_missing(at: Reading) -> Change | None:
    """`y ask "…"`."""
    name, word = here(at), token(at, at.at + 1)
    if name.type != "NAME" or word.type not in _ACTIONS or not at.begins_line(at.at) or at.begins_line(at.at + 1):
        return None
    if not at.machine.admits("ANSWER") or near_words(str(name.value)) or at.kind(at.at + 2) not in (*STRINGS, "CODE"):
        return None
    place = Span(name.end, name.end)
    found = Diagnostic("syntax-unexpected", f"`=` is missing behind `{name.value}`", name.span)
    return Change(at.at, at.at + 1, [name, made("EQUAL", name, "=")], fixed(found, "write `=`", place, " ="))


def compared_step(at: Reading, _expected: set[str]) -> Change | None:
    """`y == ask "…"`, `y is ask "…"`."""
    mark, name = here(at), token(at, at.at - 1)
    if (
        mark.value not in ("==", "is")
        or name.type != "NAME"
        or at.at - 1 != at.statement
        or not at.begins_line(at.at - 1)
    ):
        return None
    if at.kind(at.at + 1) not in (*_VALUES, *STRINGS):
        return None
    found = Diagnostic("syntax-python", f"a step is written `{name.value} = …`", mark.span)
    return Change(at.at, at.at + 1, [made("EQUAL", mark, "=")], fixed(found, "write `=`", mark.span, "="))


def type_first(at: Reading) -> Change | None:
    """`int n = …`, `list[text] xs = …`."""
    word = here(at)
    if word.value not in _TYPES or at.kind(at.at + 1) not in ("NAME", "LSQB") or not at.machine.admits("ANSWER"):
        return None
    end = closing(at, at.at + 1) if at.kind(at.at + 1) == "LSQB" else at.at
    if end is None or kinds(at, end + 1, 2) != ["NAME", "EQUAL"] or at.begins_line(end + 1):
        return None
    name, type_ = token(at, end + 1), at.tokens[at.at : end + 1]
    written = mend.TYPES.get(str(word.value), str(word.value)) + text_of(at, at.at + 1, end + 1)
    right, span = f"{name.value}: {written}", at.span_between(at.at, end + 1)
    found = Diagnostic("syntax-word", f"the type stands behind the name: `{right} = …`", span)
    new = [name, made("COLON", name, ":"), made("NAME", word, mend.TYPES.get(str(word.value), word.value)), *type_[1:]]
    return Change(at.at, end + 2, new, fixed(found, f"write `{right}`", span, right))


def colon_missing(at: Reading) -> Change | None:
    """`n int = …`, `xs list[text] = …`."""
    name, word = here(at), token(at, at.at + 1)
    if word.value not in _TYPES or name.value in _TYPES or not at.begins_line(at.at) or at.begins_line(at.at + 1):
        return None
    end = closing(at, at.at + 2) if at.kind(at.at + 2) == "LSQB" else at.at + 1
    if end is None or at.kind(end + 1) != "EQUAL" or not at.machine.admits("ANSWER"):
        return None
    right = f"{name.value}: {mend.TYPES.get(str(word.value), word.value)}{text_of(at, at.at + 2, end + 1)}"
    found = Diagnostic("syntax-unexpected", f"a type stands behind `:`, as in `{right} = …`", word.span)
    new = [name, made("COLON", word, ":"), made("NAME", word, mend.TYPES.get(str(word.value), word.value))]
    new += at.tokens[at.at + 2 : end + 1]
    return Change(at.at, end + 1, new, fixed(found, f"write `{right}`", at.span_between(at.at, end), right))


AT_FAULT: tuple[Rule, ...] = (
    bullet,
    comment,
    colon_for_equal,
    assigned_by_arrow,
    edge_to_answer,
    type_behind,
    named_by_arrow,
    counted,
    needless,
    several_targets,
    two_answers,
    drawing,
    compared_step,
)
BEFORE = (type_first, colon_missing, equal_missing)
