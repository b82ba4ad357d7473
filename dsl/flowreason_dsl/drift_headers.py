"""First lines of flows and tools, parameters and types, as other languages write them.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, fixed, here, kinds, made, text_of, token
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_RETURNS = frozenset({"returns", "returning", "gives", "return"})
_LEADING = frozenset({"async", "export", "public", "private", "default", "static"})
_FUNCTIONS = frozenset({"def", "function", "func", "fn", "fun", "sub", "define", "workflow", "program", "pipeline"})
_NULLS = frozenset({"null", "undefined", "nil"})
_OF_FLOWS = frozenset({"ASK", "ANSWER", "SOLVE", "EMULATE"})
_CHOICES = frozenset({"enum", "literal", "choice", "choices", "oneof", "one_of", "options", "option"})
_TYPES = frozenset({*SCALARS, *mend.TYPES, "list", "dict"})


# --- flows and tools -----------------------------------------------------------------------------------------


def flow_missing(at: Reading, expected: set[str]) -> Change | None:
    """`capital(country: text) -> text {`."""
    if "FLOW" not in expected or at.opens or kinds(at, at.at, 2) != ["NAME", "LPAR"] or not at.begins_line(at.at):
        return None
    last = closing(at, at.at + 1)
    typed = last is not None and at.kind(last + 1) == "COLON" and at.kind(last + 3) == "LBRACE"
    if last is None or not (typed or at.kind(last + 1) in ("LBRACE", "ARROW")):
        return None
    if at.kind(last + 1) == "LBRACE" and at.kind(at.at + 2) == "NAME" and at.kind(at.at + 3) != "COLON":
        return None
    name = here(at)
    message = f"`flow` is missing before `{name.value}(`"
    found = fixed(Diagnostic("syntax-word", message, name.span), "write `flow`", Span(name.start, name.start), "flow ")
    at.has_flow = True
    return Change(at.at, at.at, [Token("FLOW", name.start, name.start, "flow")], found)


def leading_word(at: Reading, expected: set[str]) -> Change | None:
    """`async flow …`, `def flow …`."""
    word, following = here(at), token(at, at.at + 1)
    if "FLOW" not in expected or at.opens or following.type not in ("FLOW", "TOOL") or at.begins_line(at.at + 1):
        return None
    if word.type not in ("NAME", "ASYNC", "DEF") or not at.begins_line(at.at):
        return None
    message = f"a {following.value} begins with `{following.value}`, without `{word.value}`"
    away = Span(word.start, following.start)
    return Change(at.at, at.at + 1, [], fixed(Diagnostic("syntax-word", message, word.span), "take it out", away, ""))


def function(at: Reading, expected: set[str]) -> Change | None:
    """`def capital(country: text):`, `async function capital(country: string) {`, in a text that asks or answers."""
    last = at.at
    while str(token(at, last).value) in _LEADING and not at.begins_line(last + 1):
        last += 1
    if "FLOW" not in expected or at.opens or str(token(at, last).value) not in _FUNCTIONS:
        return None
    if kinds(at, last + 1, 2) != ["NAME", "LPAR"] or not any(each.type in _OF_FLOWS for each in at.tokens[last:]):
        return None
    word, span = token(at, last), at.span_between(at.at, last)
    found = Diagnostic("syntax-word", f"a flow begins with `flow`, not with `{at.source.slice(span)}`", span)
    at.has_flow = True
    return Change(at.at, last + 1, [made("FLOW", word, "flow")], fixed(found, "write `flow`", span, "flow"))


def dashed_name(at: Reading, _expected: set[str]) -> Change | None:
    """`flow find-capital(…)`, and its calls; `user-name: text`; `first-step = …`."""
    dash, first = here(at), at.at - 1
    if dash.value != "-" or at.kind(first) != "NAME" or token(at, first).end != dash.start:
        return None
    last = at.at
    while at.kind(last) == "STRANGE" and token(at, last).value == "-" and at.kind(last + 1) == "NAME":
        last += 2
    whole = at.span_between(first, last - 1)
    written = at.source.slice(whole)
    if not written.replace("-", "").isidentifier():
        return None
    parameter = _among_parameters(at) and at.kind(first - 1) in ("LPAR", "COMMA") and at.kind(last) == "COLON"
    step = first == at.statement and at.begins_line(first) and at.kind(last) in ("EQUAL", "COLON")
    if parameter or step or at.kind(first - 1) in ("FLOW", "TOOL"):
        at.dashed.add(written)
    elif written not in at.dashed:
        return None
    name = written.replace("-", "_")
    found = Diagnostic("syntax-reserved-name", "a name has letters, digits and `_`", whole)
    new = Token("NAME", whole.start, whole.end, name)
    return Change(first, last, [new], fixed(found, f"call it `{name}`", whole, name))


def returns(at: Reading, expected: set[str]) -> Change | None:
    """`) returns text {`."""
    word = here(at)
    if "ARROW" not in expected or at.opens or str(word.value) not in _RETURNS or at.kind(at.at - 1) != "RPAR":
        return None
    found = Diagnostic("syntax-arrow", "what a flow gives stands behind `->`", word.span)
    return Change(at.at, at.at + 1, [made("ARROW", word, "->")], fixed(found, "write `->`", word.span, "->"))


def returned_record(at: Reading, expected: set[str]) -> Change | None:
    """`): {a: int} {`."""
    colon = here(at)
    if "ARROW" not in expected or at.opens or colon.type != "COLON" or at.kind(at.at + 1) != "LBRACE":
        return None
    last = closing(at, at.at + 1)
    if last is None or at.kind(last + 1) != "LBRACE":
        return None
    found = Diagnostic("syntax-arrow", "what a flow gives stands behind `->`", colon.span)
    return Change(at.at, at.at + 1, [made("ARROW", colon, "->")], fixed(found, "write `->`", colon.span, " ->"))


def tool_body(at: Reading, _expected: set[str]) -> Change | None:
    """`tool add(a: int) -> int { … }`."""
    if here(at).type != "LBRACE" or at.opens or at.kind(at.statement) not in ("TOOL", "PURE"):
        return None
    pure = at.kind(at.statement) == "PURE"
    tool = token(at, at.statement + pure)
    span = Span(token(at, at.statement).start, tool.end)
    message = "a tool has no body; what has one is a flow"
    help_ = f"write `flow {token(at, at.statement + pure + 1).value}(…) {{ … }}`, behind the flow that is to run first"
    found = Diagnostic("syntax-word", message, span, help=help_)
    if any(each.type == "FLOW" for each in at.tokens[: at.statement]):
        found = fixed(found, "write `flow`", span, "flow")
    at.has_flow = True
    return Change(at.statement, at.statement + pure + 1, [Token("FLOW", span.start, span.end, "flow")], found)


def description_as_type(at: Reading) -> Change | None:
    """`tool put(thing: text) -> "puts a thing into a bin"`."""
    text, before = here(at), token(at, at.at - 1)
    if text.type not in STRINGS or before.type != "ARROW" or at.kind(at.statement) not in ("TOOL", "PURE"):
        return None
    if at.kind(at.at + 1) == "VBAR" or str(text.value).count(" ") < 2:
        return None
    message = "the type is missing before the description"
    help_ = "write what the tool gives, as in `-> text`, or leave `->` out where it gives nothing"
    found = Diagnostic("type-form", message, text.span, help=help_)
    return Change(at.at, at.at, [Token("NAME", text.start, text.start, "any")], found)


# --- parameters ----------------------------------------------------------------------------------------------


def _among_parameters(at: Reading) -> bool:
    return len(at.opens) == 1 and at.opens[0].token.type == "LPAR"


def default(at: Reading, expected: set[str]) -> Change | None:
    """`flow f(a: text = None, b: list[text] = [])`."""
    if not _among_parameters(at) or at.kind(at.at - 1) != "EQUAL" or not expected >= {"TEXT", "INT"}:
        return None
    last, depth = at.at, 0
    while depth or at.kind(last) not in ("COMMA", "RPAR"):
        depth += (at.kind(last) in ("LPAR", "LSQB", "LBRACE")) - (at.kind(last) in ("RPAR", "RSQB", "RBRACE"))
        last += 1
        if last - at.at > 40 or at.kind(last) == "$END":
            return None
    if last == at.at:
        return None
    span = at.span_between(at.at, last - 1)
    help_ = "without a default the parameter must be given"
    message = "a default is a text, a number, `true`, `false` or the name of data"
    found = Diagnostic("syntax-unexpected", message, span, help=help_)
    return Change(at.at, last, [Token("TEXT", span.start, span.end, '""')], found)


def null_default(at: Reading) -> Change | None:
    """`flow f(a: int = null)`."""
    if here(at).value not in _NULLS or at.kind(at.at - 1) != "EQUAL":
        return None
    return default(at, {"TEXT", "INT"})


# --- types ---------------------------------------------------------------------------------------------------


def bare_choice(at: Reading) -> Change | None:
    """`yes | no`, `enum["yes", "no"]`, `Literal["yes", "no"]`."""
    word, row = here(at), at.machine.row()
    if word.type != "NAME" or "SCALAR" not in row or "NAME" in row:
        return None
    listed = str(word.value).lower() in _CHOICES and at.kind(at.at + 1) in ("LSQB", "LPAR", "LBRACE")
    last = closing(at, at.at + 1) if listed else at.at
    if last is None:
        return None
    if not listed:
        while at.kind(last + 1) == "VBAR" and at.kind(last + 2) in ("NAME", *STRINGS):
            last += 2
    parts = [t for t in at.tokens[at.at + 2 : last] if t.type not in ("COMMA", "VBAR")] if listed else []
    parts = parts if listed else at.tokens[at.at : last + 1 : 2]
    named = any(t.type == "NAME" and t.value in _TYPES for t in parts)
    if named or not parts or (not listed and last == at.at) or not {t.type for t in parts} <= {"NAME", *STRINGS}:
        return None
    texts = [made("TEXT", t, str(t.value) if t.type in STRINGS else f'"{t.value}"') for t in parts]
    span, right = at.span_between(at.at, last), " | ".join(str(t.value) for t in texts)
    found = Diagnostic("type-form", "choices are texts in quotes with `|` between them", span)
    tokens = [each for text in texts for each in (Token("VBAR", text.start, text.start, "|"), text)][1:]
    return Change(at.at, last + 1, tokens, fixed(found, f"write `{right}`", span, right))


def choice_with_or(at: Reading, expected: set[str]) -> Change | None:
    """`kind: "spam" or "letter"`."""
    word = here(at)
    if word.type != "OR" or "VBAR" not in expected or at.kind(at.at - 1) not in STRINGS:
        return None
    if at.kind(at.at + 1) not in STRINGS:
        return None
    found = fixed(Diagnostic("type-form", "between choices stands `|`", word.span), "write `|`", word.span, "|")
    return Change(at.at, at.at + 1, [made("VBAR", word, "|")], found)


def choice_of_numbers(at: Reading, expected: set[str]) -> Change | None:
    """`k: 1 | 2 | 3 = …`."""
    if "SCALAR" not in expected or here(at).type not in ("INT", "DECIMAL"):
        return None
    last = at.at
    while at.kind(last + 1) == "VBAR" and at.kind(last + 2) in ("INT", "DECIMAL"):
        last += 2
    type_ = "int" if here(at).type == "INT" else "number"
    span = at.span_between(at.at, last)
    help_ = f"write `{type_}`, and check the value with `ensure` after the expression"
    found = Diagnostic("type-form", "only texts can be choices", span, help=help_)
    return Change(at.at, last + 1, [Token("NAME", span.start, span.end, type_)], found)


def type_before(at: Reading, expected: set[str]) -> Change | None:
    """`flow f(text a, int n = 3)`."""
    type_, name = token(at, at.at - 1), here(at)
    if not _among_parameters(at) or expected != {"COLON"} or name.type != "NAME" or type_.value not in _TYPES:
        return None
    word, span = mend.TYPES.get(str(type_.value), str(type_.value)), at.span_between(at.at - 1, at.at)
    right = f"{name.value}: {word}"
    found = fixed(
        Diagnostic("syntax-word", f"the type stands behind the name: `{right}`", span), f"write `{right}`", span, right
    )
    return Change(at.at - 1, at.at + 1, [name, made("COLON", name, ":"), made("NAME", type_, word)], found)


def untyped(at: Reading, expected: set[str]) -> Change | None:
    """`flow f(a, b)`, `flow f(a = 3)`."""
    name = token(at, at.at - 1)
    if not _among_parameters(at) or expected != {"COLON"} or name.type != "NAME":
        return None
    if here(at).type not in ("COMMA", "RPAR", "EQUAL"):
        return None
    after = Span(name.end, name.end)
    message = f"`{name.value}` wants a type, as in `{name.value}: text`"
    found = fixed(Diagnostic("syntax-parameter-type", message, name.span), "any type will do", after, ": any")
    return Change(
        at.at, at.at, [Token("COLON", name.end, name.end, ":"), Token("NAME", name.end, name.end, "any")], found
    )


def nested_flow(at: Reading, _expected: set[str]) -> Change | None:
    """A flow that stands inside of another, and is closed there."""
    first = at.at
    if not at.opens or kinds(at, first, 3) != ["FLOW", "NAME", "LPAR"] or at.opens[-1].stand_in or at.defines(first):
        return None
    brace = closing(at, first + 2)
    while brace is not None and at.kind(brace) not in ("LBRACE", "$END", "FLOW"):
        brace += 1
    end = closing(at, brace) if brace is not None and at.kind(brace) == "LBRACE" else None
    outer = closing(at, at.opens[0].at)
    if end is None or outer is None or outer < end:
        return None
    message = "a flow cannot stand inside a flow"
    place = at.span_between(first, first)
    found = Diagnostic("syntax-nested-flow", message, place, help="put it after the flow that uses it")
    span = Span(token(at, first).start, token(at, outer).end)
    rest, flow = at.source.text[token(at, end).end : span.end].lstrip(), text_of(at, first, end + 1)
    if "\n" not in rest.split("}")[-1] and '"""' not in flow and "```" not in flow:
        found = fixed(found, "put it behind", span, f"{rest}\n\n{flow}")
    return Change(first, end + 1, [], found, unread=True)


AT_FAULT: tuple[Rule, ...] = (
    flow_missing,
    leading_word,
    function,
    dashed_name,
    returns,
    returned_record,
    tool_body,
    type_before,
    untyped,
    nested_flow,
    default,
    choice_with_or,
    choice_of_numbers,
)
BEFORE = (description_as_type, bare_choice, null_default)
