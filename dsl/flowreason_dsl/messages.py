"""What to say about a token that cannot stand where it stands, in the words of the language.

Invariant: each function looks at one kind of mistake and answers None where it is another one; they are asked from
the most telling to the most general, and the last always answers. A fix is offered only where it is certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import habits
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.names import nearest
from flowreason_dsl.repair import closing_place
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.wording import CONSTANTS, STRINGS, SUFFIXES, VALUES, describe, shown

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

AT_THE_END = frozenset({"syntax-unclosed-brace", "syntax-unexpected-end"})
"""Codes that say that something is missing, not that something is wrong."""

_OPERATORS = frozenset(
    {"+", "-", "*", "/", "%", "**", "<", ">", "<=", ">=", "==", "!=", "===", "!==", "&&", "||", "?", "&"}
)
OPEN_ENDED = frozenset({"ASK", "SOLVE", "RUN", "GIVEN", "WITH", "ENSURE", "ELSE", "EQUAL", "AS"})
"""What must be followed by something."""

_BEGINNERS = frozenset({"ANSWER", "BREAK", "YIELD", "IF", "MATCH", "FOR", "WHILE", "REPEAT", "SAMPLE"})
_PYTHON = frozenset({"def", "from", "import", "class", "async"})
_SHOWN = 'a flow looks so: `flow name(place: text) -> text { a = ask "… {place} …"  answer ask "… {a} …" }`'
_DRAWINGS = frozenset({"graph", "flowchart", "digraph", "stateDiagram", "sequenceDiagram"})


def explain(at: Reading) -> Diagnostic:
    """The diagnostic for the token at hand."""
    expected = at.machine.expected()
    for look in _LOOKS:
        if found := look(at, expected):
            return found
    return _general(at, expected)


def begins_before(at: Reading) -> bool:
    """Whether the token at hand belongs to a statement that begins with the name before it."""
    return (
        at.kind(at.at) in ("EQUAL", "COLON", "ARROW")
        and at.kind(at.at - 1) == "NAME"
        and at.at - 1 > at.statement
        and at.begins_line(at.at - 1)
    )


def _here(at: Reading) -> Token:
    return at.tokens[at.at]


def _before(at: Reading) -> Token:
    return at.tokens[max(0, at.at - 1)]


def _general(at: Reading, expected: set[str]) -> Diagnostic:
    token = _here(at)
    if {"RPAR", "RSQB"} & expected and at.opens and at.opens[-1].token.type != "LBRACE" and at.begins_line(at.at):
        opener = at.opens[-1].token
        return Diagnostic("syntax-unclosed-bracket", f"this `{opener.value}` is never closed", opener.span)
    message = f"expected {describe(expected)}, found {shown(token)}"
    return Diagnostic("syntax-unexpected", message, token.span, fix=_one_mark(at, expected))


def _one_mark(at: Reading, expected: set[str]) -> Fix | None:
    """`=` for `:` and the other way round, or a mark that is all that is missing."""
    token, after = _here(at), Span(_before(at).end, _before(at).end)
    for wanted, other, mark in (("EQUAL", "COLON", "="), ("COLON", "EQUAL", ":")):
        if wanted in expected and other not in expected and token.type == other:
            return Fix(f"write `{mark}`", token.span, mark)
    if expected == {"EQUAL"} and token.type in VALUES:
        return Fix("write `=`", after, " =")
    return None


# --- what is missing -----------------------------------------------------------------------------------------


def _end(at: Reading, expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) != END:
        return None
    opener, last = at.unclosed(), _before(at) if at.at else _here(at)
    place = Span(last.end, last.end) if last.type != END else last.span
    if opener is None and "FLOW" in expected:
        return _no_flow("there is no flow here", Span(0, 0))
    labels = (opener,) if opener else ()
    if opener is None or "RBRACE" not in expected:
        message = f"the text ends in the middle; expected {describe(expected)}"
        return Diagnostic("syntax-unexpected-end", message, place, labels=labels)
    message = "a `}` is missing before the end of the file"
    where, brace = closing_place(at, opener, place.start)
    fix = Fix("close it here", Span(where, where), brace)
    return Diagnostic("syntax-unclosed-brace", message, place, labels=labels, fix=fix)


def _no_flow(message: str, span: Span) -> Diagnostic:
    return Diagnostic("syntax-no-flow", message, span, help="a file holds at least one `flow name(…) { … }`")


def _definition_inside(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type not in ("FLOW", "TOOL", "PURE", "USE") or not at.opens:
        return None
    if at.defines(at.at) and (opener := at.unclosed()):
        where, brace = closing_place(at, opener, _before(at).end)
        fix = Fix("close it here", Span(where, where), brace) if "RBRACE" in expected else None
        message = f"a `}}` is missing before this `{token.value}`"
        return Diagnostic("syntax-unclosed-brace", message, token.span, labels=(opener,), fix=fix)
    if token.type == "FLOW" and at.kind(at.at + 1) == "NAME" and at.kind(at.at + 2) == "LPAR":
        message = "a flow cannot stand inside a flow"
        return Diagnostic("syntax-nested-flow", message, token.span, help="put it after the flow that uses it")
    return None


def _cut_short(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`ask`, `given` or `with samples=` with nothing behind it, where a statement begins on the next line."""
    early = begins_before(at)
    wanting = at.tokens[max(0, at.at - 2)] if early else _before(at)
    begins = at.kind(at.at) in _BEGINNERS or at.kind(at.at + 1) in ("EQUAL", "COLON")
    if wanting.type not in OPEN_ENDED:
        return None
    if not early and (expected >= VALUES or not begins or not at.begins_line(at.at)):
        return None
    message = f"{shown(wanting)} is not followed by anything"
    wanted = "a text in quotes" if wanting.type in ("ASK", "SOLVE") else "a value"
    wanted = "a name" if wanting.type in ("GIVEN", "RUN", "AS") else wanted
    wanted = "a setting, as in `temperature=0.7`," if wanting.type == "WITH" else wanted
    return Diagnostic("syntax-missing-value", message, wanting.span, help=f"{wanted} stands behind it")


def _value_missing(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`x =` with nothing behind it on its line."""
    if begins_before(at):
        wanting = at.tokens[at.at - 2]
    elif (expected >= VALUES or expected == {"NAME"}) and (at.begins_line(at.at) or at.kind(at.at) == "RBRACE"):
        wanting = _before(at)
    else:
        return None
    if wanting.type in ("NAME", "RBRACE", "RPAR", "RSQB", "STRANGE"):
        return None
    wanted = "a name" if wanting.type in ("GIVEN", "RUN", "FOR", "ARROW", "COMMA", "AS") else "a value"
    message = f"{shown(wanting)} is not followed by anything"
    return Diagnostic("syntax-missing-value", message, wanting.span, help=f"{wanted} stands behind it")


def _header(at: Reading, expected: set[str]) -> Diagnostic | None:
    """Brackets or types that a flow's first line lacks."""
    token, before = _here(at), _before(at)
    after = Span(before.end, before.end)
    if expected == {"LPAR"} and at.kind(at.at - 2) in ("FLOW", "TOOL"):
        if token.value == "-" and at.kind(at.at + 1) == "NAME":
            span = at.span_between(at.at - 1, at.at + 1)
            whole = at.source.slice(span).replace("-", "_")
            message = "a name has letters, digits and `_`"
            return Diagnostic("syntax-parameters", message, span, fix=Fix(f"write `{whole}`", span, whole))
        fix = Fix("write `()`", after, "()") if token.type in ("LBRACE", "ARROW") else None
        message = f"`{before.value}` is followed by its parameters in brackets; `()` where it has none"
        return Diagnostic("syntax-parameters", message, before.span, fix=fix)
    if expected == {"COLON"} and before.type == "NAME" and token.type in ("COMMA", "RPAR", "EQUAL", "RBRACE"):
        fix = Fix("any type will do", after, ": any")
        message = f"`{before.value}` wants a type, as in `{before.value}: text`"
        return Diagnostic("syntax-parameter-type", message, before.span, fix=fix)
    return None


def _bound(at: Reading, _expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) not in ("UNTIL", "LBRACE") or _before(at).type != "REPEAT":
        return None
    message = "`repeat` says how often at most, as in `repeat 5 until …`"
    fix = Fix("allow ten rounds", Span(_before(at).end, _before(at).end), " 10")
    return Diagnostic("syntax-bound", message, _before(at).span, fix=fix)


# --- what stands in the wrong place --------------------------------------------------------------------------


def _reserved(at: Reading, expected: set[str]) -> Diagnostic | None:
    token, words = _here(at), set(grammar().keywords.values())
    if token.type == "EQUAL" and _before(at).type in words and at.begins_line(at.at - 1):
        token, expected = _before(at), {"NAME"}
    if "NAME" not in expected or token.type not in words:
        return None
    following = at.kind(at.at + 1)
    names = (
        token is not _here(at)
        or at.kind(at.at - 1) in ("FLOW", "TOOL", "FOR")
        or following in ("EQUAL", "COLON")
        or len(expected) <= 3
    )
    if not names or (token.type == "ELSE" and following != "EQUAL"):
        return None
    fix = Fix(f"call it `{token.value}_`", token.span, f"{token.value}_")
    whose = "Python" if token.type in grammar().python else "the language"
    message = f"`{token.value}` is a word of {whose} and cannot be a name"
    return Diagnostic("syntax-reserved-name", message, token.span, fix=fix)


def _else_alone(at: Reading, _expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) != "ELSE":
        return None
    message = "`else` follows the block of an `if`, the arms of a `match`, or an expression"
    return Diagnostic("syntax-else", message, _here(at).span)


def _suffix_alone(at: Reading, _expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type not in SUFFIXES:
        return None
    message = f"`{token.value}` follows an expression, and stands before its `else`"
    return Diagnostic("syntax-suffix", message, token.span)


def _extra_brace(at: Reading, expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) != "RBRACE" or at.opens or "FLOW" not in expected:
        return None
    fix = Fix("take it out", _here(at).span, "")
    return Diagnostic("syntax-extra-brace", "this `}` closes nothing", _here(at).span, fix=fix)


def _other_language(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """A text that holds no flow at all."""
    if at.has_flow or at.opens or at.kind(at.at) == END or habits.headless(at):
        return None
    first, second = at.tokens[0], at.kind(1)
    message = "this is no flow"
    if first.value in _DRAWINGS:
        message = "this is a drawing, not a flow"
    elif first.value in _PYTHON or (first.type == "NAME" and second == "EQUAL"):
        message = "this is Python, not a flow"
    elif second == "COLON":
        return Diagnostic("syntax-no-flow", "this is YAML, not a flow", first.span, help=_SHOWN)
    elif first.type in ("LBRACE", "LSQB"):
        return Diagnostic("syntax-no-flow", "this is JSON, not a flow", first.span, help=_SHOWN)
    return _no_flow(message, first.span)


def _outside(at: Reading, expected: set[str]) -> Diagnostic | None:
    if at.opens or not expected <= {"FLOW", "TOOL", "PURE", "USE", END} or at.kind(at.at) == END:
        return None
    token = _here(at)
    labels: tuple[Label, ...] = ()
    if habits.headless(at):
        begin = Fix("write `flow`", Span(token.start, token.start), "flow ")
        return Diagnostic("syntax-word", f"`flow` is missing before `{token.value}(`", token.span, fix=begin)
    if at.at and at.kind(at.at - 1) == "RBRACE" and _closes_early(at):
        brace = _before(at).span
        end = Fix("take it out", brace, "")
        message = "this `}` ends the flow, and what follows belongs to it"
        return Diagnostic("syntax-extra-brace", message, brace, fix=end)
    if at.at and at.kind(at.at - 1) == "RBRACE":
        labels = (Label(_before(at).span, "the flow ended here"),)
    near = nearest(str(token.value), ("flow", "tool", "use")) if token.type == "NAME" else None
    known = near is not None and at.kind(at.at + 1) == "NAME"
    fix = Fix(f"write `{near}`", token.span, near) if near is not None and known else None
    message = "statements stand inside a flow: `flow name(…) { … }`"
    return Diagnostic("syntax-outside-flow", message, token.span, labels=labels, fix=fix)


def _closes_early(at: Reading) -> bool:
    """Whether the brace before ended a flow though it stands deeper than the line on which that begins."""
    depth, first = 0, at.at - 1
    for first in range(at.at - 1, -1, -1):
        depth += (at.kind(first) == "RBRACE") - (at.kind(first) == "LBRACE")
        if depth == 0:
            break
    last = _before(at)
    deeper = at.begins_line(at.at - 1) and at.indent(last) > at.indent(at.tokens[first])
    return deeper and at.surplus > 0 and at.indent(_here(at)) >= at.indent(last)


def _inner_quotes(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`"What does "bank" mean?"`, where the quotes inside lack their backslashes."""
    first, last = at.at - 1, at.at
    if first < 0 or at.begins_line(at.at):
        return None
    most = min(at.at + 30, len(at.tokens) - 2)
    while last < most and not (last > first + 1 and _touches(at, last)) and not at.begins_line(last + 1):
        last += 1
    while at.at - first < 30 and not (_closes(at, first) and last > first + 1) and not at.begins_line(first):
        first -= 1
    inside = {at.kind(place) for place in range(first + 1, last)}
    if not (_closes(at, first) and _touches(at, last)) or not inside or inside & (STRINGS | {"EQUAL", "ASK", "VBAR"}):
        return None
    before, following = at.tokens[first], at.tokens[last]
    if "\n" in at.source.text[before.start : following.end]:
        return None
    span = Span(before.end - 1, following.start + 1)
    right = at.source.slice(span).replace('"', '\\"')
    fix = Fix("write the quotes inside the text with a backslash", span, right)
    help_ = 'a quote inside a text is written `\\"`'
    place = Span(span.start, before.end)
    return Diagnostic("syntax-bare-text", "the text ends at this quote", place, help=help_, fix=fix)


def _touches(at: Reading, place: int) -> bool:
    """Whether a text begins directly behind the token before it."""
    return at.kind(place) in STRINGS and at.tokens[place].start == at.tokens[place - 1].end


def _closes(at: Reading, place: int) -> bool:
    """Whether a text ends directly before the next token."""
    return at.kind(place) in STRINGS and at.tokens[place].end == at.tokens[place + 1].start


def _bare_text(at: Reading, expected: set[str]) -> Diagnostic | None:
    token, before = _here(at), _before(at)
    if token.type not in STRINGS or not {"ANSWER", "BREAK"} <= expected:
        return None
    if "COMMA" in expected and "ARROW" not in expected and not at.begins_line(at.at):
        fix = Fix("write `,`", Span(before.end, before.end), ",")
        return Diagnostic("syntax-unexpected", "expected `,` before the message", token.span, fix=fix)
    if not at.begins_line(at.at):
        help_ = 'a quote inside a text is written `\\"`'
        return Diagnostic("syntax-bare-text", "a text cannot stand here", token.span, help=help_)
    fix = Fix("ask it", Span(token.start, token.start), "ask ")
    message = 'a text alone does nothing; a question is written `ask "…"`'
    return Diagnostic("syntax-bare-text", message, token.span, fix=fix)


def _case(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if not expected >= CONSTANTS or "BREAK" in expected or "NAME" in expected or token.type == "RBRACE":
        return None
    message = 'an arm of a `match` begins with a value, as in `"yes" { … }`, or with `else`'
    other = str(token.value) in ("_", "default", "otherwise", "other") and at.kind(at.at + 1) == "LBRACE"
    fix = Fix("write `else`", token.span, "else") if other else None
    if token.value == "case" and at.kind(at.at + 1) in STRINGS:
        fix = Fix("leave out `case`", Span(token.start, at.tokens[at.at + 1].start), "")
    return Diagnostic("syntax-case", message, token.span, fix=fix)


def _strange(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type != "STRANGE":
        return None
    text = str(token.value)
    if text in _OPERATORS and "ANSWER" in expected and not at.begins_line(at.at):
        what, whole = f"`{text}` is Python, which stands between backticks", "the whole expression, as in x = `a + b`"
        return Diagnostic("syntax-python", what, token.span, help=whole)
    mark = f"`{text[:20]}`" if text.isprintable() else f"the character U+{ord(text[0]):04X}"
    message = f"{mark} cannot stand here; expected {describe(expected)}"
    letters = text[0].isalpha() and not text.isascii()
    help_ = "names are made of the letters a to z, digits and `_`" if letters else None
    return Diagnostic("syntax-unexpected", message, token.span, help=help_)


_LOOKS = (
    _end,
    _inner_quotes,
    _other_language,
    _definition_inside,
    _extra_brace,
    _cut_short,
    habits.comment,
    habits.returns,
    habits.default,
    habits.arrow,
    habits.walrus,
    habits.type_form,
    _header,
    habits.brackets,
    habits.question,
    habits.before_brace,
    _outside,
    _case,
    habits.augmented,
    habits.bare_python,
    habits.several_targets,
    habits.in_place,
    _bound,
    _value_missing,
    _reserved,
    habits.python_word,
    _else_alone,
    _suffix_alone,
    _bare_text,
    _strange,
)
