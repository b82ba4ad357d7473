"""Questions as other languages write them: arguments of a function, the model or the type before the text.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowreason_dsl import mend, naked_python
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, fixed, here, kinds, line_end, made, text_of, token
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_QUESTIONS = frozenset({"prompt", "question", "text", "message", "query", "q"})
_TYPES = frozenset({*SCALARS, *mend.TYPES})
_FARTHEST = 200
_ONE = frozenset({"INT", "DECIMAL", "TRUE", "FALSE", "NAME", "CODE"}) | STRINGS


def settings_in_brackets(at: Reading, _expected: set[str]) -> Change | None:
    """`ask("…", temperature=0.5)`, `ask(prompt="…", given=a)`."""
    if here(at).type != "LPAR" or at.kind(at.at - 1) not in ("ASK", "SOLVE"):
        return None
    end = closing(at, at.at)
    parts = list(_arguments(at, at.at + 1, end)) if end is not None else []
    if end is None or not parts or parts[0][0] not in ("", *_QUESTIONS) or parts[0][2] - parts[0][1] != 1:
        return None
    if at.kind(parts[0][1]) not in STRINGS or (len(parts) == 1 and not parts[0][0]):
        return None
    suffixes = [_suffix(at, *part) for part in parts[1:]]
    told = [each for each in suffixes if each is not None]
    if len(told) < len(suffixes):
        return None
    text, word = token(at, parts[0][1]), token(at, at.at - 1)
    shown = ", ".join(names for kind, names, _ in told if kind == "given")
    given = [each for kind, _, tokens in told if kind == "given" for each in [*tokens, _comma(tokens)]][:-1]
    behind = ", ".join(written for kind, written, _ in told if kind == "with")
    settings = [each for kind, _, tokens in told if kind == "with" for each in [*tokens, _comma(tokens)]][:-1]
    right = at.source.slice(text.span) + (f" given {shown}" if shown else "") + (f" with {behind}" if behind else "")
    new = [text, *([made("GIVEN", text, "given"), *given] if given else [])]
    new += [made("WITH", text, "with"), *settings] if settings else []
    span = at.span_between(at.at, end)
    what = "settings stand behind `with`" if behind else "what it is shown stands behind `given`"
    message = f"`{word.value}` needs no brackets" + (f", and {what}" if told else "")
    space = "" if here(at).start > word.end else " "
    written = right.removeprefix(at.source.slice(text.span)).strip()
    told_fix = f"write `{written}`" if written else "take the brackets out"
    return Change(
        at.at, end + 1, new, fixed(Diagnostic("syntax-brackets", message, span), told_fix, span, space + right)
    )


def _arguments(at: Reading, first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """The name of each argument, or none, and where its value stands."""
    depth, begin = 0, first
    for i in range(first, last + 1):
        depth += (at.kind(i) in ("LPAR", "LSQB", "LBRACE")) - (at.kind(i) in ("RPAR", "RSQB", "RBRACE"))
        if i == last or (depth == 0 and at.kind(i) == "COMMA"):
            named = at.kind(begin) in ("NAME", "GIVEN") and at.kind(begin + 1) == "EQUAL"
            if i > begin:
                yield str(token(at, begin).value) if named else "", begin + 2 * named, i
            begin = i + 1


def _suffix(at: Reading, name: str, first: int, last: int) -> tuple[str, str, list[Token]] | None:
    """An argument as the names behind `given` or a setting behind `with`."""
    if name in ("given", "context", "inputs", "input"):
        bracketed = at.kind(first) in ("LSQB", "LPAR")
        inner = at.tokens[first + bracketed : last - bracketed]
        if not inner or any(each.type not in ("NAME", "COMMA", "DOT") for each in inner):
            return None
        return "given", text_of(at, first + bracketed, last - bracketed), list(inner)
    if not name or token(at, first).value in _TYPES or last != first + 1 or at.kind(first) not in _ONE:
        return None
    like = token(at, first)
    setting = [token(at, first - 2), token(at, first - 1), like]
    return "with", f"{name}={at.source.slice(like.span)}", setting


def _comma(tokens: list[Token]) -> Token:
    return Token("COMMA", tokens[-1].end, tokens[-1].end, ",")


def word_before_text(at: Reading, expected: set[str]) -> Change | None:
    """`ask int "…"`, `ask gpt4 "…"`."""
    word, text = here(at), token(at, at.at + 1)
    if word.type != "NAME" or at.kind(at.at - 1) != "ASK" or text.type not in STRINGS or "TEMPLATE" not in expected:
        return None
    if word.value not in _TYPES:
        help_ = f'to ask a certain model, write `ask "…" with model="{word.value}"`'
        found = Diagnostic("syntax-question", "after `ask` stands a text in quotes", word.span, help=help_)
        return Change(at.at, at.at + 1, [], found)
    name, type_ = token(at, at.statement), mend.TYPES.get(str(word.value), str(word.value))
    begin = kinds(at, at.statement, 3)
    named = begin == ["NAME", "EQUAL", "ASK"] and at.at == at.statement + 3
    if not named and not (begin[:2] == ["ANSWER", "ASK"] and at.at == at.statement + 2):
        return None
    right, span = f"{name.value}: {type_} = ask", at.span_between(at.statement, at.at)
    found = Diagnostic("syntax-question", f"the type stands behind the name: `{right} …`", word.span)
    ask = token(at, at.at - 1)
    new = [name, made("COLON", ask, ":"), made("NAME", ask, type_), made("EQUAL", ask, "="), ask]
    return Change(at.statement, at.at + 1, new, fixed(found, f"write `{right}`", span, right))


def suffix_first(at: Reading, expected: set[str]) -> Change | None:
    """`ask given a "…"`, `ask with temperature=0.5 "…"`."""
    word, before = here(at), token(at, at.at - 1)
    if word.type not in ("GIVEN", "WITH") or "TEMPLATE" not in expected or before.type not in ("ASK", "SOLVE"):
        return None
    last = line_end(at, at.at)
    place = next((i for i in range(at.at + 1, last) if at.kind(i) in STRINGS and at.kind(i - 1) != "EQUAL"), None)
    if place is None or any(at.kind(i) in ("ASK", "LBRACE", "RBRACE") for i in range(at.at, place)):
        return None
    text, suffix, span = token(at, place), text_of(at, at.at, place), at.span_between(at.at, place)
    found = Diagnostic("syntax-suffix", f"`{word.value}` stands behind the text", word.span)
    right = f"{at.source.slice(text.span)} {suffix.strip().rstrip(',')}"
    found = fixed(found, f"write `{word.value}` behind it", span, right)
    moved = at.tokens[at.at : place - (at.kind(place - 1) == "COMMA")]
    return Change(at.at, place + 1, [text, *moved], found)


def template_literal(at: Reading, expected: set[str]) -> Change | None:
    """``ask `What is ${x}?` ``."""
    code = here(at)
    if code.type != "CODE" or "TEMPLATE" not in expected or at.kind(at.at - 1) not in ("ASK", "SOLVE"):
        return None
    inner = at.source.slice(code.span)[1:-1]
    if naked_python.parsed(inner) is not None and "${" not in inner:
        return None
    right = '"' + inner.replace('"', '\\"').replace("${", "{") + '"'
    found = fixed(Diagnostic("syntax-question", "a text stands in quotes", code.span), "write quotes", code.span, right)
    return Change(at.at, at.at + 1, [made("TEXT", code, right)], found)


def quoted_given(at: Reading, expected: set[str]) -> Change | None:
    """`given "plan"`, where there is a name `plan`."""
    text = here(at)
    if text.type not in STRINGS or expected != {"NAME"} or at.kind(at.at - 1) not in ("GIVEN", "COMMA"):
        return None
    name = at.source.slice(text.span)[1:-1]
    if name not in at.bound:
        return None
    found = Diagnostic("syntax-unexpected", "`given` takes names, which have no quotes", text.span)
    return Change(at.at, at.at + 1, [made("NAME", text, name)], fixed(found, f"write `{name}`", text.span, name))


AT_FAULT: tuple[Rule, ...] = (
    settings_in_brackets,
    word_before_text,
    suffix_first,
    template_literal,
    quoted_given,
)
