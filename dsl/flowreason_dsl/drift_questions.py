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
from flowreason_dsl.grammar import grammar
from flowreason_dsl.names import nearest
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

SETTINGS = ("temperature", "model", "samples", "vote", "think", "max_tokens", "seed", "tries")
_QUESTIONS = frozenset({"prompt", "question", "text", "message", "query", "q"})
_TYPES = frozenset({*SCALARS, *mend.TYPES})
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


def bare_model(at: Reading, expected: set[str]) -> Change | None:
    """`with model=gpt-4o`, `with model=llama3:8b`."""
    equal, name = at.at - 1, at.at - 2
    while equal > at.statement and at.kind(equal) != "EQUAL" and not at.begins_line(equal):
        equal -= 1
    name = equal - 1
    if token(at, name).value != "model" or at.kind(name - 1) not in ("WITH", "COMMA") or at.kind(equal + 1) != "NAME":
        return None
    last = equal + 1
    while token(at, last + 1).start == token(at, last).end and at.kind(last + 1) not in ("COMMA", "RPAR", "RBRACE"):
        last += 1
    if last < at.at - 1 or last == equal + 1:
        return None
    span = at.span_between(equal + 1, last)
    right = f'"{at.source.slice(span)}"'
    found = fixed(
        Diagnostic("syntax-missing-value", "the name of a model stands in quotes", span), f"write {right}", span, right
    )
    return Change(equal + 1, last + 1, [made("TEXT", token(at, equal + 1), right)], found)


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


def settings_behind(at: Reading, _expected: set[str]) -> Change | None:
    """`ask "…" (temperature=0.5)`."""
    end = closing(at, at.at) if here(at).type == "LPAR" and at.kind(at.at - 1) in STRINGS else None
    if end is None or kinds(at, at.at + 1, 2) != ["NAME", "EQUAL"] or at.kind(at.at - 2) not in ("ASK", "SOLVE"):
        return None
    span, inner = at.span_between(at.at, end), text_of(at, at.at + 1, end)
    found = Diagnostic("syntax-brackets", f"settings stand behind `with`: `with {inner}`", span)
    apart = "" if at.source.text[span.start - 1].isspace() else " "
    found = fixed(found, f"write `with {inner}`", span, f"{apart}with {inner}")
    return Change(at.at, end + 1, [made("WITH", here(at), "with"), *at.tokens[at.at + 1 : end]], found)


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


def shown_by_with(at: Reading, expected: set[str]) -> Change | None:
    """`ask "…" with doc`."""
    name, word = token(at, at.at - 1), token(at, at.at - 2)
    if word.type != "WITH" or name.type != "NAME" or expected != {"EQUAL"} or here(at).type == "COLON":
        return None
    if name.value in SETTINGS:
        return _setting_without_mark(at, name)
    message = f"`with` sets something, as in `with temperature=0.7`; a value is shown with `given {name.value}`"
    found = fixed(Diagnostic("syntax-suffix", message, word.span), "write `given`", word.span, "given")
    return Change(at.at - 2, at.at, [made("GIVEN", word, "given"), name], found)


def _setting_without_mark(at: Reading, name: Token) -> Change | None:
    """`with temperature 0.5`, `with think`."""
    valued = here(at).type in _ONE and not at.begins_line(at.at)
    if not valued and name.value != "think":
        return None
    right, place = "=" if valued else "=true", Span(name.end, here(at).start if valued else name.end)
    found = Diagnostic("syntax-unexpected", f"a setting is written `{name.value}=…`", name.span)
    new = [Token("EQUAL", name.end, name.end, "=")] + ([] if valued else [Token("TRUE", name.end, name.end, "true")])
    return Change(at.at, at.at, new, fixed(found, f"write `{right}`", place, right))


def given_and(at: Reading, _expected: set[str]) -> Change | None:
    """`given a and b`."""
    word, place = here(at), at.at - 1
    if word.type != "AND" or at.kind(at.at + 1) != "NAME":
        return None
    while at.kind(place) in ("NAME", "DOT", "COMMA") and place > at.statement:
        place -= 1
    if at.kind(place) != "GIVEN":
        return None
    before = Span(token(at, at.at - 1).end, word.end)
    found = Diagnostic("syntax-unexpected", "between names stands `,`", word.span)
    return Change(at.at, at.at + 1, [made("COMMA", word, ",")], fixed(found, "write `,`", before, ","))


def setting_with_colon(at: Reading, expected: set[str]) -> Change | None:
    """`with temperature: 0.2, vote: 3`."""
    colon, name = here(at), token(at, at.at - 1)
    if colon.type != "COLON" or at.kind(at.at - 2) not in ("WITH", "COMMA") or name.type != "NAME":
        return None
    if expected != {"EQUAL"} and not (at.kind(at.at - 2) == "COMMA" and _among_settings(at)):
        return None
    if at.kind(at.at + 1) not in _ONE or at.begins_line(at.at - 1):
        return None
    found = Diagnostic("syntax-unexpected", f"a setting is written `{name.value}=…`", colon.span)
    away = Span(colon.start, token(at, at.at + 1).start)
    return Change(at.at, at.at + 1, [made("EQUAL", colon, "=")], fixed(found, "write `=`", away, "="))


def _among_settings(at: Reading) -> bool:
    """Whether the name before the token at hand stands behind others that `with` sets."""
    place = at.at - 2
    while at.kind(place) == "COMMA" and kinds(at, place - 3, 2) == ["NAME", "EQUAL"]:
        place -= 4
    return at.kind(place) == "WITH"


def settings_in_braces(at: Reading, _expected: set[str]) -> Change | None:
    """`with {temperature: 0.5}`, `with (vote=3, temperature=0.5)`."""
    end = closing(at, at.at) if here(at).type in ("LBRACE", "LPAR") and at.kind(at.at - 1) == "WITH" else None
    if end is None or (end - at.at) % 4 or end < at.at + 4:
        return None
    parts = [at.tokens[i : i + 4] for i in range(at.at + 1, end, 4)]
    names = [_key(part[0]) for part in parts]
    if not all(name in SETTINGS for name in names):
        return None
    if any(part[1].type not in ("COLON", "EQUAL") or part[2].type not in _ONE for part in parts):
        return None
    if any(part[3].type != "COMMA" for part in parts[:-1]):
        return None
    values = [at.source.slice(part[2].span) for part in parts]
    right = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    message = f"`with` needs no `{here(at).value}`: `with {right}`"
    span = at.span_between(at.at, end)
    new = [each for part, name in zip(parts, names, strict=True) for each in _as_setting(part, name)][:-1]
    found = Diagnostic("syntax-brackets", message, span)
    space = "" if here(at).start > token(at, at.at - 1).end else " "
    return Change(at.at, end + 1, new, fixed(found, f"write `{right}`", span, space + right))


def _key(name: Token) -> str:
    return str(name.value).strip("\"'")


def _as_setting(part: list[Token], name: str) -> list[Token]:
    comma = Token("COMMA", part[2].end, part[2].end, ",")
    return [made("NAME", part[0], name), made("EQUAL", part[1], "="), part[2], comma]


def set_by_given(at: Reading, _expected: set[str]) -> Change | None:
    """`given doc, temperature=0.3`; `given a, b,` before the next step."""
    name, comma = token(at, at.at - 1), token(at, at.at - 2)
    if here(at).type not in ("EQUAL", "COLON") or name.type != "NAME" or comma.type != "COMMA" or at.opens[-1:] == []:
        return None
    if at.begins_line(at.at - 1):
        found = Diagnostic("syntax-unexpected", "nothing follows this comma", comma.span)
        return Change(at.at - 2, at.at, [name], fixed(found, "take it out", comma.span, ""))
    if name.value not in SETTINGS:
        return None
    message = "a setting stands behind `with`, not behind `given`"
    found = fixed(Diagnostic("syntax-suffix", message, name.span), "write `with`", comma.span, " with")
    return Change(at.at - 2, at.at, [made("WITH", comma, "with"), name], found)


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


def word_as_setting(at: Reading, expected: set[str]) -> Change | None:
    """`with sample=3`."""
    word = here(at)
    if at.kind(at.at + 1) != "EQUAL" or expected != {"NAME"} or word.type not in set(grammar().keywords.values()):
        return None
    if at.kind(at.at - 1) not in ("WITH", "COMMA"):
        return None
    name = nearest(str(word.value), SETTINGS)
    if name is None:
        return None
    found = Diagnostic(
        "setting-unknown", f"there is no setting `{word.value}`", word.span, help=f"did you mean `{name}`?"
    )
    return Change(at.at, at.at + 1, [made("NAME", word, name)], fixed(found, f"write `{name}`", word.span, name))


AT_FAULT: tuple[Rule, ...] = (
    settings_in_brackets,
    word_before_text,
    settings_in_braces,
    setting_with_colon,
    bare_model,
    given_and,
    suffix_first,
    settings_behind,
    template_literal,
    shown_by_with,
    set_by_given,
    quoted_given,
    word_as_setting,
)
