"""What to say about a token that cannot stand where it stands, in the words of the language.

Invariant: each function looks at one kind of mistake and answers None where it is another one; they are asked from
the most telling to the most general, and the last always answers. A fix is offered only where it is certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.names import nearest
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

AT_THE_END = frozenset({"syntax-unclosed-brace", "syntax-unexpected-end"})
"""Codes that say that something is missing, not that something is wrong."""

_STRINGS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
_VALUES = frozenset(
    {"NAME", "TEMPLATE", "INT", "DECIMAL", "TRUE", "FALSE", "CODE", "BLOCK", "ASK", "EMULATE", "SOLVE", "RUN"}
)
_STATEMENTS = frozenset({"NAME", "ANSWER", "YIELD", "BREAK", "IF", "MATCH", "WHILE", "REPEAT", "FOR", "SAMPLE", "ASK"})
_STATEMENTS |= _VALUES - {"TEMPLATE", "INT", "DECIMAL", "TRUE", "FALSE"}
_TYPES = frozenset({"SCALAR", "LIST", "DICT", "LBRACE", "TEXT"})
_CONSTANTS = frozenset({"TEXT", "INT", "DECIMAL", "TRUE", "FALSE"})
_SUFFIXES = ("GIVEN", "WITH", "ENSURE")
_ALONE = {
    "NAME": "a name",
    "TEMPLATE": "a text in quotes",
    "TEXT": "a text in quotes",
    "INT": "a whole number",
    "DECIMAL": "a number",
    "CODE": "Python between backticks",
    "BLOCK": "Python between backticks",
    "USER": "`user`",
    END: "the end of the file",
}
_ARROWS = frozenset({"-->", "=>", "==>", "--->", "-", "--", "~>", "|>", ">>", "<-", "→", "⟶", "⇒", "➔", "➜"})
_AUGMENTED = frozenset({"+=", "-=", "*=", "/=", "%=", "//=", "**=", "|=", "&="})
_PYTHON_FOR = {
    "return": ("a flow ends with `answer`", "answer"),
    "None": ("there is no `None` outside Python", "`None`"),
    "def": ("a function is a `flow` of its own, or stands inside a block of Python", None),
    "class": ("a class stands inside a block of Python", None),
    "import": ("modules are imported inside a block of Python; the usual ones need no import", None),
    "from": ("modules are imported inside a block of Python; the usual ones need no import", None),
    "try": ("what is tried when an expression fails is written `expression else other`", None),
    "except": ("what is tried when an expression fails is written `expression else other`", None),
    "raise": ("a check is written `ensure` after the expression", None),
    "assert": ("a check is written `ensure` after the expression", None),
    "continue": ("there is no `continue`; put the rest of the round into an `if`", None),
    "pass": ("an empty block is written `{ }`", None),
    "elif": ("`elif` is written `else if`, after the block of an `if`", None),
}


def shown(token: Token) -> str:
    """A token as a message names it."""
    if token.type == END:
        return "the end of the file"
    if token.type in _STRINGS:
        return "a text in quotes"
    if token.type in ("CODE", "BLOCK"):
        return "Python"
    return f"`{str(token.value)[:40]}`"


def describe(expected: set[str]) -> str:
    """What may come next, as a person would say it."""
    left, out = set(expected), []
    for kinds, word in (
        (_STATEMENTS, "a statement"),
        (_VALUES, "a value"),
        (_TYPES, "a type"),
        (_CONSTANTS, "a value"),
    ):
        if kinds <= left:
            out.append(word)
            left -= kinds | {"FOR", "SAMPLE"}
    if {"NAME", "FLOW", "IN"} <= left:
        out.append("a name")
        left = set()
    marks = grammar().marks | grammar().keywords
    names = {name: text for text, name in marks.items()}
    if len(left) > 4:
        left -= {"DOT", "LSQB", *_SUFFIXES, "PURE"}
    out += sorted({_ALONE.get(kind) or f"`{names.get(kind, kind.lower())}`" for kind in left})
    return f"{', '.join(out[:-1])} or {out[-1]}" if len(out) > 1 else (out[0] if out else "nothing more")


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
    message = f"expected {describe(expected)}, found {shown(token)}"
    return Diagnostic("syntax-unexpected", message, token.span, fix=_one_mark(token, expected))


def _one_mark(token: Token, expected: set[str]) -> Fix | None:
    """`=` for `:` and the other way round, where nothing else can stand."""
    for wanted, found, mark in (("EQUAL", "COLON", "="), ("COLON", "EQUAL", ":")):
        if wanted in expected and token.type == found and len(expected) <= 2:
            return Fix(f"write `{mark}`", token.span, mark)
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
    fix = Fix("close it here", place, "\n}")
    return Diagnostic(
        "syntax-unclosed-brace", "a `}` is missing before the end of the file", place, labels=labels, fix=fix
    )


def _no_flow(message: str, span: Span) -> Diagnostic:
    return Diagnostic("syntax-no-flow", message, span, help="a file holds at least one `flow name(…) { … }`")


def _definition_inside(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type not in ("FLOW", "TOOL", "PURE", "USE") or not at.opens:
        return None
    if at.defines(at.at) and (opener := at.unclosed()):
        fix = Fix("close it here", Span(token.start, token.start), "}\n\n") if "RBRACE" in expected else None
        message = f"a `}}` is missing before this `{token.value}`"
        return Diagnostic("syntax-unclosed-brace", message, token.span, labels=(opener,), fix=fix)
    if token.type == "FLOW" and at.kind(at.at + 1) == "NAME" and at.kind(at.at + 2) == "LPAR":
        message = "a flow cannot stand inside a flow"
        return Diagnostic("syntax-nested-flow", message, token.span, help="put it after the flow that uses it")
    return None


def _value_missing(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`x =` with nothing behind it on its line."""
    if begins_before(at):
        wanting = at.tokens[at.at - 2]
    elif expected >= _VALUES and (at.begins_line(at.at) or at.kind(at.at) == "RBRACE"):
        wanting = _before(at)
    else:
        return None
    if wanting.type in ("NAME", "RBRACE", "RPAR", "RSQB", "STRANGE"):
        return None
    wanted = "a name" if wanting.type in ("GIVEN", "RUN", "FOR", "ARROW", "COMMA") else "a value"
    message = f"{shown(wanting)} is not followed by anything"
    return Diagnostic("syntax-missing-value", message, wanting.span, help=f"{wanted} stands behind it")


def _before_brace(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`if x:`, `else:`, `"a" => {`."""
    token = _here(at)
    after_else = _before(at).type == "ELSE"
    if "LBRACE" not in expected and not after_else:
        return None
    if at.kind(at.at + 1) == "LBRACE" and token.value in (":", "=>", "->", "then", "do", "="):
        fix = Fix("take it out", token.span, "")
        return Diagnostic("syntax-block", f"the block follows directly, without `{token.value}`", token.span, fix=fix)
    if token.type != "COLON":
        return None
    return Diagnostic("syntax-block", "a block stands between `{` and `}`, not behind `:`", token.span)


def _header(at: Reading, expected: set[str]) -> Diagnostic | None:
    """Brackets or types that a flow's first line lacks."""
    token, before = _here(at), _before(at)
    after = Span(before.end, before.end)
    if expected == {"LPAR"} and at.kind(at.at - 2) in ("FLOW", "TOOL"):
        fix = Fix("write `()`", after, "()") if token.type in ("LBRACE", "ARROW") else None
        message = f"`{before.value}` is followed by its parameters in brackets; `()` where it has none"
        return Diagnostic("syntax-parameters", message, before.span, fix=fix)
    if expected == {"COLON"} and before.type == "NAME" and token.type in ("COMMA", "RPAR", "EQUAL", "RBRACE"):
        fix = Fix("any type will do", after, ": any")
        return Diagnostic(
            "syntax-parameter-type",
            f"`{before.value}` wants a type, as in `{before.value}: text`",
            before.span,
            fix=fix,
        )
    return None


# --- words ----------------------------------------------------------------------------------------------------


def _reserved(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if "NAME" not in expected or token.type not in set(grammar().keywords.values()):
        return None
    following = at.kind(at.at + 1)
    names = at.kind(at.at - 1) in ("FLOW", "TOOL", "FOR") or following in ("EQUAL", "COLON") or len(expected) <= 3
    if not names or (token.type == "ELSE" and following != "EQUAL"):
        return None
    fix = Fix(f"call it `{token.value}_`", token.span, f"{token.value}_")
    whose = "Python" if token.type == "PYTHON" else "the language"
    message = f"`{token.value}` is a word of {whose} and cannot be a name"
    return Diagnostic("syntax-reserved-name", message, token.span, fix=fix)


def _python_word(at: Reading, _expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type != "PYTHON" or token.value not in _PYTHON_FOR:
        return None
    message, instead = _PYTHON_FOR[token.value]
    fix = Fix(f"write {instead if instead[0] == '`' else f'`{instead}`'}", token.span, instead) if instead else None
    return Diagnostic("syntax-python-word", message, token.span, fix=fix)


def _else_alone(at: Reading, _expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) != "ELSE":
        return None
    message = "`else` follows the block of an `if`, the arms of a `match`, or an expression"
    return Diagnostic("syntax-else", message, _here(at).span)


def _suffix_alone(at: Reading, _expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type not in _SUFFIXES:
        return None
    message = f"`{token.value}` follows an expression, and stands before its `else`"
    return Diagnostic("syntax-suffix", message, token.span)


# --- marks ----------------------------------------------------------------------------------------------------


def _extra_brace(at: Reading, expected: set[str]) -> Diagnostic | None:
    if at.kind(at.at) != "RBRACE" or at.opens or "FLOW" not in expected:
        return None
    message = "this `}` closes nothing"
    return Diagnostic("syntax-extra-brace", message, _here(at).span, fix=Fix("take it out", _here(at).span, ""))


def _outside(at: Reading, expected: set[str]) -> Diagnostic | None:
    if at.opens or not expected <= {"FLOW", "TOOL", "PURE", "USE", END} or at.kind(at.at) == END:
        return None
    token = _here(at)
    if not at.has_flow:
        drawing = token.value in ("graph", "flowchart", "digraph", "stateDiagram", "sequenceDiagram")
        return _no_flow("this is a drawing, not a flow" if drawing else "this is no flow", token.span)
    labels: tuple[Label, ...] = ()
    if at.at and at.kind(at.at - 1) == "RBRACE":
        labels = (Label(_before(at).span, "the flow ended here"),)
    near = nearest(str(token.value), ("flow", "tool", "use")) if token.type == "NAME" else None
    fix = Fix(f"write `{near}`", token.span, near) if near and at.kind(at.at + 1) == "NAME" else None
    message = "statements stand inside a flow: `flow name(…) { … }`"
    return Diagnostic("syntax-outside-flow", message, token.span, labels=labels, fix=fix)


def _arrow(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type != "STRANGE" or token.value not in _ARROWS or at.kind(at.at + 1) not in ("NAME", "STRANGE", "LSQB"):
        return None
    if "ARROW" not in expected:
        return None
    if token.value == "-" and at.kind(at.at + 1) == "NAME":
        return None
    fix = Fix("write `->`", token.span, "->")
    return Diagnostic("syntax-arrow", "an edge is drawn with `->`", token.span, fix=fix)


def _question_in_name(at: Reading, expected: set[str]) -> Diagnostic | None:
    """`ask question`, where the question is the value of a name."""
    token, before = _here(at), _before(at)
    if "TEMPLATE" not in expected or "NAME" in expected or before.value not in ("ask", "solve", "user"):
        return None
    if token.type in ("CODE", "BLOCK"):
        help_ = 'compute it in a node of its own and put its name in: `ask "{name}"`'
        return Diagnostic(
            "syntax-question", f"after `{before.value}` stands a text in quotes, not Python", token.span, help=help_
        )
    if token.type != "NAME" or at.begins_line(at.at):
        return None
    fix = Fix(f'write `"{{{token.value}}}"`', token.span, f'"{{{token.value}}}"')
    simple = at.kind(at.at + 1) not in ("DOT", "LSQB", "LPAR", *_STRINGS)
    message = f"after `{before.value}` stands a text in quotes"
    return Diagnostic("syntax-question", message, token.span, fix=fix if simple else None)


def _bare_text(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type not in _STRINGS or not {"ANSWER", "BREAK"} <= expected:
        return None
    fix = Fix("ask it", Span(token.start, token.start), "ask ")
    message = 'a text alone does nothing; a question is written `ask "…"`'
    return Diagnostic("syntax-bare-text", message, token.span, fix=fix)


def _case(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if not {"TEXT", "INT", "TRUE"} <= expected or "BREAK" in expected or token.type == "RBRACE":
        return None
    message = 'an arm of a `match` begins with a value, as in `"yes" { … }`, or with `else`'
    other = str(token.value) in ("_", "default", "otherwise", "other") and at.kind(at.at + 1) == "LBRACE"
    fix = Fix("write `else`", token.span, "else") if other else None
    if token.value == "case" and at.kind(at.at + 1) in _STRINGS:
        fix = Fix("leave out `case`", Span(token.start, at.tokens[at.at + 1].start), "")
    return Diagnostic("syntax-case", message, token.span, fix=fix)


def _walrus(at: Reading, _expected: set[str]) -> Diagnostic | None:
    token, before = _here(at), _before(at)
    if token.type == "EQUAL" and before.type == "COLON" and before.end == token.start:
        span = Span(before.start, token.end)
        return Diagnostic("syntax-unexpected", "a node is written `name = …`", span, fix=Fix("write `=`", span, "="))
    return None


def _slashes(at: Reading, _expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type != "STRANGE" or not str(token.value).startswith(("//", "/*")):
        return None
    span = Span(token.start, token.start + 2)
    return Diagnostic("syntax-comment", "a comment begins with `#`", span, fix=Fix("write `#`", span, "#"))


def _python(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """Python without its backticks."""
    span = naked_python.find(at)
    if span is None:
        return None
    code = at.source.slice(span)
    fix = Fix("put it between backticks", span, f"```\n{code}\n```" if "\n" in code else f"`{code}`")
    return Diagnostic("syntax-python", "Python stands between backticks", span, fix=fix)


def _augmented(at: Reading, _expected: set[str]) -> Diagnostic | None:
    """`x += 1`."""
    token, name = _here(at), _before(at)
    if token.type != "STRANGE" or name.type != "NAME" or token.value not in _AUGMENTED:
        return None
    value = naked_python.after(at, at.at + 1)
    span = name.span.cover(value or token.span)
    message = f"a node is written `{name.value} = …`"
    if value is None:
        return Diagnostic("syntax-python", message, span)
    right = f"{name.value} = `{name.value} {token.value[:-1]} {at.source.slice(value)}`"
    return Diagnostic("syntax-python", message, span, fix=Fix(f"write {right}", span, right))


def _strange(at: Reading, expected: set[str]) -> Diagnostic | None:
    token = _here(at)
    if token.type != "STRANGE":
        return None
    text = str(token.value)
    mark = f"`{text[:20]}`" if text.isprintable() else f"the character U+{ord(text[0]):04X}"
    message = f"{mark} cannot stand here; expected {describe(expected)}"
    letters = text[0].isalpha() and not text.isascii()
    help_ = "names are made of the letters a to z, digits and `_`" if letters else None
    return Diagnostic("syntax-unexpected", message, token.span, help=help_)


_LOOKS = (
    _end,
    _definition_inside,
    _extra_brace,
    _slashes,
    _arrow,
    _walrus,
    _header,
    _question_in_name,
    _before_brace,
    _outside,
    _case,
    _augmented,
    _python,
    _reserved,
    _python_word,
    _value_missing,
    _else_alone,
    _suffix_alone,
    _bare_text,
    _strange,
)
