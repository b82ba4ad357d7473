"""Mistakes that come from other languages: Python, JavaScript, Mermaid, function calls where none are needed.

Invariant: as for all that explains a fault, each function answers None where the fault is another one, and offers a
fix only where it is certain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.grammar import grammar
from flowreason_dsl.javascript import loop_head
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.wording import PYTHON, STRINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

ARROWS = frozenset({"-->", "=>", "==>", "--->", "--", "~>", "|>", ">>", "<-", "→", "⟶", "⇒", "➔", "➜"})
_AUGMENTED = frozenset({"+=", "-=", "*=", "/=", "%=", "//=", "**=", "|=", "&="})
_UNBRACKETED = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "GIVEN", "WITH", "ENSURE", "IF", "FOR", "WHILE", "REPEAT"})
_UNBRACKETED |= {"SAMPLE", "MATCH", "UNTIL", "MAX", "YIELD", "ANSWER", "IN"}
_OF_ONE = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "ANSWER", "YIELD"})
_NAME_IN_BRACES = re.compile(r"\{\s*(\w+)\s*\}")
_PYTHON_WORDS = {"true": "True", "false": "False", "null": "None"}
_PYTHON_WORD = re.compile(r"""("[^"\n]*"|'[^'\n]*')|\b(?:true|false|null)\b""")
_OPERANDS = frozenset({"NAME", "INT", "DECIMAL", "RPAR", "RSQB"})
_FARTHEST = 300
_TRIED = re.compile(r'(`[^`\n]+`)\s+or\s+(-?\d+(?:\.\d+)?|"[^"\n{}]*"|`[^`\n]+`|true|false)')
_CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_INSTEAD: dict[str, tuple[str, str | None]] = {
    "return": ("a flow ends with `answer`", "answer"),
    "None": ("there is no `None` outside Python", "`None`"),
    "def": ("a function is a `flow` of its own, or stands inside a block of Python", None),
    "class": ("a class stands inside a block of Python", None),
    "import": ("modules are imported inside a block of Python; the usual ones need no import", None),
    "from": ("modules are imported inside a block of Python; the usual ones need no import", None),
    "try": ("what is tried when an expression fails is written `expression else other`", None),
    "except": ("what is tried when an expression fails is written `expression else other`", None),
    "finally": ("what is tried when an expression fails is written `expression else other`", None),
    "raise": ("a check is written `ensure` after the expression", None),
    "assert": ("a check is written `ensure` after the expression", None),
    "continue": ("there is no `continue`; put the rest of the round into an `if`", None),
    "pass": ("an empty block is written `{ }`", None),
    "elif": ("`elif` is written `else if`, after the block of an `if`", None),
    "as": ("a type stands behind the name: `name: type = …`", None),
    "await": ("nothing needs `await`: what does not depend on one another runs at once", ""),
    "async": ("nothing needs `async`: what does not depend on one another runs at once", ""),
}


def _here(at: Reading) -> Token:
    return at.tokens[at.at]


def _before(at: Reading) -> Token:
    return at.tokens[max(0, at.at - 1)]


# --- marks ---------------------------------------------------------------------------------------------------


def comment(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`// …`, `/* … */`, `<!-- … -->`."""
    token = _here(at)
    if token.type != "STRANGE" or not str(token.value).startswith(("//", "/*", "<!--")):
        return None
    divides = str(token.value).startswith("//") and _before(at).type in _OPERANDS and not at.begins_line(at.at)
    if divides and (found := bare_python(at, _expected) or _divides(at)):
        return found
    span = Span(token.start, token.start + (4 if token.value == "<!--" else 2))
    return Diagnostic("syntax-comment", "a comment begins with `#`", span, fix=Fix("write `#`", span, "#"))


def _divides(at: Reading) -> Diagnostic | None:
    """`a // b` after a value, where it may also be a comment."""
    if at.kind(at.at + 1) == "NAME" and at.kind(at.at + 2) in ("NAME", "FOR", "IN", "IF", "ASK", "ANSWER"):
        return None
    help_ = "between backticks `//` divides; a comment begins with `#`"
    return Diagnostic("syntax-comment", "`//` is Python, or a comment", _here(at).span, help=help_)


def arrow(at: Reading, expected: set[str]) -> Diagnostic | None:
    """Arrows of other kinds, and edges from a question instead of a name."""
    token = _here(at)
    if token.type == "ARROW" and {"ANSWER", "BREAK"} <= expected:
        help_ = "write `name = …` first, and draw the edge from the name"
        return Diagnostic("syntax-edge", "an edge joins names", token.span, help=help_)
    if token.type != "STRANGE" or token.value not in ARROWS or "ARROW" not in expected:
        return None
    if token.value == "<-" and at.kind(at.at + 1) != "NAME":
        fix = Fix("write `=`", token.span, "=")
        return Diagnostic("syntax-arrow", "a step is written `name = …`", token.span, fix=fix)
    fix = Fix("write `->`", token.span, "->")
    return Diagnostic("syntax-arrow", "an edge is drawn with `->`", token.span, fix=fix)


def walrus(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`x := 3`."""
    token, before = _here(at), _before(at)
    if token.type != "EQUAL" or before.type != "COLON" or before.end != token.start:
        return None
    span = Span(before.start, token.end)
    return Diagnostic("syntax-unexpected", "a step is written `name = …`", span, fix=Fix("write `=`", span, "="))


def returns(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`): text {`, `) => text {`, `) -> None {`."""
    token, following = _here(at), at.kind(at.at + 1)
    if at.opens:
        return None
    if "ARROW" in expected and following != "LBRACE" and (token.type == "COLON" or token.value in ARROWS):
        fix = Fix("write `->`", token.span, "->" if token.start > _before(at).end else " ->")
        return Diagnostic("syntax-arrow", "what a flow gives stands behind `->`", token.span, fix=fix)
    if _before(at).type == "ARROW" and token.value in ("None", "null", "void"):
        span = at.span_between(at.at - 1, at.at)
        message = "a flow that gives nothing has no `->`"
        away = Fix("take it out", Span(at.tokens[at.at - 2].end, span.end), "")
        return Diagnostic("syntax-arrow", message, span, fix=away)
    return None


def default(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`flow f(a: text = None)`, `(xs: list[text] = [])`."""
    if _before(at).type != "EQUAL" or not at.opens or at.opens[-1].token.type != "LPAR":
        return None
    if len(at.opens) > 1:
        return None
    help_ = "without a default the parameter must be given"
    message = "a default is a text, a number, `true`, `false` or the name of data"
    return Diagnostic("syntax-unexpected", message, _here(at).span, help=help_)


def in_place(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`seen[0] = …`, `letter.title = …`, `items.append(x)`."""
    token, before = _here(at), _before(at)
    if before.type == "LSQB" and [at.kind(at.at + 1), at.kind(at.at + 2)] == ["RSQB", "EQUAL"]:
        return _part_set(at, at.at + 1)
    if (
        not {"ANSWER", "BREAK"} <= expected
        or at.begins_line(at.at)
        or (before.type != "RSQB" and at.kind(at.at - 2) != "DOT")
    ):
        return None
    name = at.tokens[at.statement]
    if token.type == "EQUAL" and name.type == "NAME" and name.start < before.start:
        return _part_set(at, at.at - 1)
    if token.type != "LPAR" or before.type != "NAME" or at.at != at.statement + 3:
        return None
    item = at.tokens[at.at + 1]
    span = name.span.cover(before.span)
    message = f"`{before.value}` is Python, and a value cannot be changed in place"
    help_ = f"a longer list is a new one: {name.value} = `{name.value} + [item]`; or collect with `for … {{ yield … }}`"
    fix = None
    if before.value == "append" and item.type == "NAME" and at.kind(at.at + 2) == "RPAR":
        right = f"{name.value} = `{name.value} + [{item.value}]`"
        span = at.span_between(at.statement, at.at + 2)
        fix = Fix(f"write {right}", span, right)
    return Diagnostic("syntax-python", message, span, help=help_, fix=fix)


def _part_set(at: Reading, last: int) -> Diagnostic:
    name = at.tokens[at.statement]
    message = f"a part of a value cannot be set; a step gives the whole of `{name.value}` anew"
    help_ = f"compute it in Python: `{name.value} = …`, or collect a list with `for … {{ yield … }}`"
    return Diagnostic("syntax-targets", message, at.span_between(at.statement, last), help=help_)


def before_brace(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`if x:`, `else:`, `"a" => {`, `repeat 3 times {`."""
    token, following = _here(at), at.kind(at.at + 1)
    if "LBRACE" not in expected and _before(at).type != "ELSE":
        return None
    if following == "LBRACE" and (token.type == "NAME" or token.value in (":", "=>", "->", "=")):
        fix = Fix("take it out", Span(token.start, token.end), "")
        return Diagnostic("syntax-block", f"the block follows directly, without `{token.value}`", token.span, fix=fix)
    if token.type != "COLON":
        return None
    brace = Fix("write `{`", token.span, "{" if token.start > _before(at).end else " {")
    message = "a block stands between `{` and `}`, not behind `:`"
    return Diagnostic("syntax-block", message, token.span, fix=brace if colon_for_brace(at) else None)


def headless(at: Reading) -> bool:
    """Whether a flow begins here of which only the word `flow` is missing: `name(…) -> text {`, `name(…) {`."""
    if at.opens or at.kind(at.at) != "NAME" or at.kind(at.at + 1) != "LPAR" or not at.begins_line(at.at):
        return False
    depth = 0
    for place in range(at.at + 1, min(len(at.tokens), at.at + _FARTHEST)):
        depth += (at.kind(place) in _CLOSING) - (at.kind(place) in _CLOSING.values())
        if depth == 0:
            return at.kind(place + 1) in ("LBRACE", "ARROW") and at.machine.admits("FLOW")
    return False


def colon_for_brace(at: Reading) -> bool:
    """Whether `:` stands where a `{` should, and the `}` is there: `for x in xs:` … `}`."""
    if at.kind(at.at) != "COLON" or at.surplus <= 0 or not at.begins_line(at.at + 1):
        return False
    return at.machine.reach([("LBRACE",), ("CODE", "INT")]) == 2


def brackets(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`ask("…")`, `given [a, b]`, `with {…}`, `if (x) {`, `ask: "…"`."""
    token, word = _here(at), _before(at)
    if word.type not in _UNBRACKETED and word.value != "user":
        return None
    if token.type == "LBRACE" and word.type in ("REPEAT", "SAMPLE"):
        return None  # a block without its number
    message = f"`{word.value}` is followed by what belongs to it, without `{token.value}`"
    if token.type == "COLON" and not at.begins_line(at.at + 1):
        return Diagnostic("syntax-brackets", message, token.span, fix=Fix("take it out", token.span, ""))
    closing = _matching(at) if token.type in _CLOSING else None
    if closing is None or closing == at.at + 1 or naked_python.find(at):
        return None
    span = at.span_between(at.at, closing)
    inner = at.source.text[token.end : at.tokens[closing].start].strip()
    if word.type == "FOR":
        head = loop_head(inner)
        fix = Fix(f"write `for {head}`", span, f" {head}" if token.start == word.end else head) if head else None
        help_ = "a loop goes through a list: `for x in xs`; to count, for i in `range(n)`"
        return Diagnostic("syntax-brackets", message, span, help=help_, fix=fix)
    several = word.type in _OF_ONE and any(at.kind(i) == "COMMA" for i in range(at.at, closing))
    if several or (word.type == "EMULATE" and at.kind(at.at + 1) not in PYTHON):
        return Diagnostic("syntax-brackets", message, span)
    if word.type in ("ASK", "SOLVE") and inner.isidentifier():
        inner = f'"{{{inner}}}"'
    space = "" if token.start > word.end else " "
    return Diagnostic("syntax-brackets", message, span, fix=Fix("take the brackets out", span, space + inner))


def _matching(at: Reading) -> int | None:
    """The token that closes the bracket at hand, on its line."""
    opener, closer, depth = at.kind(at.at), _CLOSING[at.kind(at.at)], 0
    for i in range(at.at, min(len(at.tokens) - 1, at.at + 200)):
        depth += (at.kind(i) == opener) - (at.kind(i) == closer)
        if depth == 0:
            return i
        if at.begins_line(i + 1):
            return None
    return None


# --- Python --------------------------------------------------------------------------------------------------


def bare_python(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """Python without its backticks."""
    span = naked_python.find(at)
    if span is None:
        return None
    written = at.source.slice(span)
    if tried := _TRIED.fullmatch(written):
        return _else_meant(tried, span)
    said = naked_python.with_values(naked_python.said_in_python(written))
    code = _PYTHON_WORD.sub(lambda word: word[1] or _PYTHON_WORDS[word[0]], said)
    if name := _NAME_IN_BRACES.fullmatch(code):
        fix = Fix(f"write `{name[1]}`", span, name[1])
        return Diagnostic("syntax-python", "a name stands in braces only inside a text", span, fix=fix)
    if (quoted := naked_python.with_quoted_keys(code)) is not None:
        code = quoted
    apart = " " if at.source.text[max(0, span.start - 1) : span.start].isalnum() else ""
    fix = Fix("put it between backticks", span, apart + (f"```\n{code}\n```" if "\n" in code else f"`{code}`"))
    return Diagnostic("syntax-python", "Python stands between backticks", span, fix=fix)


def _else_meant(tried: re.Match[str], span: Span) -> Diagnostic:
    """`` `int(s)` or 0 ``"""
    right = f"{tried[1]} else {tried[2]}"
    converts = tried[1].startswith(("`int(", "`float("))
    help_ = "what is taken when the first fails stands behind `else`; `or` itself belongs between the backticks"
    fix = Fix(f"write {right}", span, right) if converts else None
    return Diagnostic("syntax-python", "Python stands between backticks", span, help=help_, fix=fix)


def augmented(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`x += 1`."""
    token, name = _here(at), _before(at)
    if token.type != "STRANGE" or name.type != "NAME" or token.value not in _AUGMENTED:
        return None
    value = naked_python.after(at, at.at + 1)
    span = name.span.cover(value or token.span)
    message = f"a step is written `{name.value} = …`"
    if value is None:
        return Diagnostic("syntax-python", message, span)
    right = f"{name.value} = `{name.value} {token.value[:-1]} {at.source.slice(value)}`"
    return Diagnostic("syntax-python", message, span, fix=Fix(f"write {right}", span, right))


def several_targets(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`a, b = …`."""
    if at.kind(at.at) != "EQUAL" or "ARROW" not in expected or at.kind(at.at - 2) != "COMMA":
        return None
    span = at.span_between(at.at - 3, at.at - 1) if at.at >= 3 else _before(at).span
    help_ = "give the whole a name, and take its parts in steps of their own"
    return Diagnostic("syntax-targets", "a step has one name", span, help=help_)


def python_word(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """Words of Python that have another form here."""
    token = _here(at)
    if token.type not in grammar().python or token.value not in _INSTEAD:
        return None
    message, instead = _INSTEAD[token.value]
    told = f"write `{instead.strip('`')}`" if instead else "take it out"
    fix = Fix(told, token.span, instead) if instead is not None else None
    return Diagnostic("syntax-python-word", message, token.span, fix=fix)


# --- questions and types -------------------------------------------------------------------------------------


def question(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`ask question`, where the question is the value of a name."""
    token, before = _here(at), _before(at)
    if "TEMPLATE" not in expected or "NAME" in expected or before.value not in ("ask", "solve", "user"):
        return None
    message = f"after `{before.value}` stands a text in quotes"
    if token.type in PYTHON:
        help_ = 'compute it in a step of its own and put its name in: `ask "{name}"`'
        return Diagnostic("syntax-question", f"{message}, not Python", token.span, help=help_)
    if token.type != "NAME" or at.begins_line(at.at):
        return None
    fix = Fix(f'write `"{{{token.value}}}"`', token.span, f'"{{{token.value}}}"')
    if whole := _bare_question(at):
        return Diagnostic(
            "syntax-question", message, whole, fix=Fix("put it in quotes", whole, f'"{at.source.slice(whole)}"')
        )
    last = at.begins_line(at.at + 1) or at.kind(at.at + 1) in ("RBRACE", "GIVEN", "WITH", "ENSURE", "ELSE", "LBRACE")
    return Diagnostic("syntax-question", message, token.span, fix=fix if last else None)


def _bare_question(at: Reading) -> Span | None:
    """Words up to the end of a line, of which none is one of the language."""
    last = at.at
    while at.kind(last) in (
        "NAME",
        "COMMA",
        "INT",
        "IN",
        "IS",
        "STRANGE",
        "LBRACE",
        "RBRACE",
        "DOT",
        "FOR",
        "WITH",
        "AND",
    ):
        last += 1
        if at.begins_line(last) or last - at.at > _FARTHEST:
            break
    words = [at.kind(i) for i in range(at.at, last)]
    ends = at.begins_line(last) and words.count("LBRACE") == words.count("RBRACE") and words.count("NAME") > 1
    return at.span_between(at.at, last - 1) if ends and words[-1:] != ["LBRACE"] else None


def type_form(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`text[]`, `[text]`, `list<text>`, `text | int`, `{"name": text}`."""
    token, before = _here(at), _before(at)
    if token.type == "LSQB" and "SCALAR" in expected:
        fix: Fix | None = Fix("write `list` before it", Span(token.start, token.start), "list")
        return Diagnostic("type-form", "the type of a list is written `list[T]`", token.span, fix=fix)
    if token.type in STRINGS and {"NAME", "FLOW", "IN"} <= expected and at.kind(at.at + 1) == "COLON":
        fix = Fix("take the quotes out", token.span, token.value[1:-1]) if token.value[1:-1].isidentifier() else None
        return Diagnostic("type-form", "the fields of a record are names without quotes", token.span, fix=fix)
    in_type = at.kind(at.at - 2) in ("COLON", "ARROW", "VBAR", "LSQB")
    if token.type == "COMMA" and in_type and before.type in STRINGS and at.kind(at.at + 1) in STRINGS:
        fix = Fix("write `|`", token.span, " |")
        return Diagnostic("type-form", "between choices stands `|`", token.span, fix=fix)
    if before.type not in ("NAME", "RSQB") or at.kind(at.at - 2) not in ("COLON", "ARROW", "LSQB"):
        return None
    if token.type == "LSQB" and at.kind(at.at + 1) == "RSQB":
        span, right = at.span_between(at.at - 1, at.at + 1), f"list[{before.value}]"
        fix = Fix(f"write `{right}`", span, right)
        return Diagnostic("type-form", "the type of a list is written `list[T]`", span, fix=fix)
    if token.value == "<":
        return Diagnostic("type-form", "what a list holds is written `list[T]`", token.span)
    if token.type == "VBAR":
        help_ = '`any` takes everything; only texts can be choices, as in `"yes" | "no"`'
        return Diagnostic("type-form", "a type is one type, not one of several", token.span, help=help_)
    return None
