"""Statements as Python writes them: `return`, `pass`, `import`, `xs.append(x)`, and `null`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import (
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
from flowreason_dsl.drift_foreign import ACTIONS, python_of
from flowreason_dsl.grammar import END
from flowreason_dsl.python_world import IMPORTABLE

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_ADDERS = frozenset({"append", "push", "add"})


def returned(at: Reading, expected: set[str]) -> Change | None:
    """`return x`, `return ask "…"`."""
    word = here(at)
    if word.type != "RETURN" or "ANSWER" not in expected or at.begins_line(at.at + 1):
        return None
    last = line_end(at, at.at)
    ends = "RBRACE" in (at.kind(last), at.kind(last - 1)) or at.kind(last) == END
    if at.kind(at.at + 1) in ("RBRACE", "COLON", "STRANGE") or not ends:
        return None
    if _in_listed_round(at):
        found = Diagnostic("syntax-python-word", "what a round gives to the list stands behind `yield`", word.span)
        found = fixed(found, "write `yield`", word.span, "yield")
        return Change(at.at, at.at + 1, [made("YIELD", word, "yield")], found)
    found = Diagnostic("syntax-python-word", "a flow ends with `answer`", word.span)
    return Change(
        at.at, at.at + 1, [made("ANSWER", word, "answer")], fixed(found, "write `answer`", word.span, "answer")
    )


def _in_listed_round(at: Reading) -> bool:
    """Whether the innermost block is that of `x = for … {`."""
    place = at.opens[-1].at if at.opens and not at.opens[-1].stand_in else 0
    for i in range(place, max(0, place - 40), -1):
        if at.kind(i) in ("FOR", "SAMPLE"):
            return at.kind(i - 1) == "EQUAL"
        if at.begins_line(i):
            return False
    return False


def nothing_done(at: Reading, expected: set[str]) -> Change | None:
    """`pass`."""
    word = here(at)
    if word.type != "PASS" or "ANSWER" not in expected or not at.begins_line(at.at + 1):
        return None
    found = Diagnostic("syntax-python-word", "an empty block is written `{ }`", word.span)
    return Change(at.at, at.at + 1, [], fixed(found, "take it out", word.span, ""))


def function_inside(at: Reading, expected: set[str]) -> Change | None:
    """`def shout(s):` inside of a flow."""
    word, last = here(at), line_end(at, at.at)
    if word.type not in ("DEF", "CLASS") or "ANSWER" not in expected or not at.begins_line(at.at):
        return None
    if at.kind(last - 1) != "COLON" or at.kind(at.at + 1) != "NAME":
        return None
    message = f"a {'function' if word.type == 'DEF' else 'class'} stands inside of the Python that uses it"
    found = Diagnostic("syntax-python-word", message, at.span_between(at.at, last - 1))
    edge = at.indent(word)
    while at.kind(last) != END and not (at.begins_line(last) and at.indent(token(at, last)) <= edge):
        last += 1
    return Change(at.at, last, [], found, unread=True)


def asserted(at: Reading, expected: set[str]) -> Change | None:
    """`assert n > 0, "positive"` behind the step that it checks."""
    word, name = here(at), token(at, at.statement)
    if word.type != "ASSERT" or "ENSURE" not in expected or not at.begins_line(at.at) or name.type != "NAME":
        return None
    if all(each.value != name.value for each in at.tokens[at.at : line_end(at, at.at)]):
        return None
    found = Diagnostic("syntax-python-word", "a check is written `ensure` after the expression", word.span)
    return Change(
        at.at, at.at + 1, [made("ENSURE", word, "ensure")], fixed(found, "write `ensure`", word.span, "ensure")
    )


def null(at: Reading) -> Change | None:
    """`else null`, `x = undefined`."""
    word = here(at)
    if word.value not in ("null", "undefined", "nil") or word.value in at.bound or "CODE" not in at.machine.row():
        return None
    found = Diagnostic("syntax-python-word", f"there is no `{word.value}` outside Python", word.span)
    found = fixed(found, "write `None`", word.span, "`None`")
    return Change(at.at, at.at + 1, [code_token(word, "None")], found)


def imported(at: Reading, expected: set[str]) -> Change | None:
    """`import math`, `from math import sqrt`."""
    word, last = here(at), line_end(at, at.at)
    outside = "FLOW" in expected and not at.opens and at.has_flow
    if word.type not in ("IMPORT", "FROM") or not at.begins_line(at.at) or not ("ANSWER" in expected or outside):
        return None
    if last < at.at + 2 or at.kind(at.at + 1) != "NAME":
        return None
    message = "modules are imported inside a block of Python; the usual ones need no import"
    found = Diagnostic("syntax-python-word", message, at.span_between(at.at, last - 1))
    module = str(token(at, at.at + 1).value)
    if module in IMPORTABLE:
        found = fixed(found, "take it out", found.span, "")
    return Change(at.at, last, [], found)


# --- lists that grow -----------------------------------------------------------------------------------------


def appended(at: Reading, _expected: set[str]) -> Change | None:
    """`xs.append(x)`, `xs.push(ask "…")`."""
    name, first = token(at, at.statement), at.statement
    if here(at).type != "LPAR" or at.at != first + 3 or kinds(at, first, 2) != ["NAME", "DOT"]:
        return None
    end = closing(at, at.at)
    if str(token(at, at.at - 1).value) not in _ADDERS or end is None or end == at.at + 1:
        return None
    span, message = at.span_between(first, end), "a value cannot be changed in place; a longer list is a new one"
    asks = at.kind(at.at + 1) in ACTIONS
    item = _item_name(at) if asks else python_of(at, at.at + 1, end)
    if item is None:
        return None
    code = f"{name.value} + [{item}]"
    right, new = f"{name.value} = `{code}`", [name, made("EQUAL", name, "="), code_token(here(at), code)]
    if asks:
        right = f"{item} = {text_of(at, at.at + 1, end)}\n{' ' * at.indent(name)}{right}"
        new = [made("NAME", name, item), made("EQUAL", name, "="), *at.tokens[at.at + 1 : end], *new]
    found = fixed(Diagnostic("syntax-python", message, span), f"write {name.value} = `{code}`", span, right)
    return Change(first, end + 1, new, found)


def _item_name(at: Reading) -> str | None:
    """A name that is free."""
    name = f"{token(at, at.statement).value}_item"
    return name if name not in at.bound else None


AT_FAULT: tuple[Rule, ...] = (returned, nothing_done, imported, function_inside, asserted, appended)
BEFORE = (null,)
