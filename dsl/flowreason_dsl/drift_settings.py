"""Settings of questions as other languages write them: without `with`, with colons, in brackets and braces.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, fixed, here, kinds, made, text_of, token
from flowreason_dsl.grammar import grammar
from flowreason_dsl.names import nearest
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.words import SETTINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_ONE = frozenset({"INT", "DECIMAL", "TRUE", "FALSE", "NAME", "CODE"}) | STRINGS


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
    if here(at).value in ("of", "to", "by") and at.kind(at.at + 1) in _ONE - {"NAME"}:
        found = Diagnostic("syntax-unexpected", f"a setting is written `{name.value}=…`", name.span)
        place = Span(name.end, token(at, at.at + 1).start)
        return Change(at.at, at.at + 1, [made("EQUAL", here(at), "=")], fixed(found, "write `=`", place, "="))
    valued = here(at).type in _ONE and not at.begins_line(at.at)
    if not valued and name.value != "think":
        return None
    right, place = "=" if valued else "=true", Span(name.end, here(at).start if valued else name.end)
    found = Diagnostic("syntax-unexpected", f"a setting is written `{name.value}=…`", name.span)
    new = [Token("EQUAL", name.end, name.end, "=")] + ([] if valued else [Token("TRUE", name.end, name.end, "true")])
    return Change(at.at, at.at, new, fixed(found, f"write `{right}`", place, right))


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


def set_by_comma(at: Reading, _expected: set[str]) -> Change | None:
    """`ask "…", temperature=0.5`."""
    comma = here(at)
    if comma.type != "COMMA" or token(at, at.at + 1).value not in SETTINGS or not at.machine.admits("WITH"):
        return None
    if at.kind(at.at + 2) not in ("EQUAL", "COLON") or at.kind(at.at + 3) not in _ONE:
        return None
    name = token(at, at.at + 1).value
    found = Diagnostic("syntax-suffix", f"settings stand behind `with`: `with {name}=…`", comma.span)
    found = fixed(found, "write `with`", comma.span, " with")
    return Change(at.at, at.at + 1, [made("WITH", comma, "with")], found)


def set_by_name(at: Reading, _expected: set[str]) -> Change | None:
    """`tell(ask "…" temperature=0.5)`, where no step may follow."""
    name = here(at)
    if name.value not in SETTINGS or at.kind(at.at + 1) != "EQUAL" or not at.machine.admits("WITH"):
        return None
    return _with(at, name)


def set_before_comma(at: Reading) -> Change | None:
    """`ask "…" model="m", temperature=0.5`: the first would be read as a step, and the comma not at all."""
    name = here(at)
    if name.value not in SETTINGS or at.begins_line(at.at) or not at.machine.admits("WITH"):
        return None
    if at.kind(at.at - 1) not in STRINGS or at.kind(at.at + 2) not in _ONE:
        return None
    if kinds(at, at.at + 1, 3)[::2] != ["EQUAL", "COMMA"] or token(at, at.at + 4).value not in SETTINGS:
        return None
    return _with(at, name)


def _with(at: Reading, name: Token) -> Change:
    found = Diagnostic("syntax-suffix", f"settings stand behind `with`: `with {name.value}=…`", name.span)
    found = fixed(found, "write `with`", Span(name.start, name.start), "with ")
    return Change(at.at, at.at, [made("WITH", name, "with")], found)


def set_by_colon(at: Reading) -> Change | None:
    """`ask "…" temperature: 0.5`."""
    name = here(at)
    if name.value not in SETTINGS or at.begins_line(at.at) or not at.machine.admits("WITH"):
        return None
    if at.kind(at.at + 1) != "COLON" or at.kind(at.at + 2) not in _ONE - {"NAME"} or at.kind(at.at + 3) == "VBAR":
        return None
    if at.kind(at.at + 3) == "EQUAL":
        return None
    message = f"settings stand behind `with`: `with {name.value}=…`"
    place = Span(name.start, token(at, at.at + 2).start)
    found = fixed(Diagnostic("syntax-suffix", message, name.span), "write it so", place, f"with {name.value}=")
    return Change(at.at, at.at + 2, [made("WITH", name, "with"), name, made("EQUAL", name, "=")], found)


def set_without_marks(at: Reading) -> Change | None:
    """`ask "…" vote 5`."""
    name, value = here(at), token(at, at.at + 1)
    if name.value not in SETTINGS or at.begins_line(at.at) or at.begins_line(at.at + 1):
        return None
    if (
        not at.machine.admits("WITH")
        or at.kind(at.at - 1) not in STRINGS
        or value.type not in _ONE - STRINGS - {"NAME"}
    ):
        return None
    found = Diagnostic("syntax-suffix", f"settings stand behind `with`: `with {name.value}=…`", name.span)
    found = fixed(found, "write it so", Span(name.start, value.start), f"with {name.value}=")
    return Change(at.at, at.at + 1, [made("WITH", name, "with"), name, made("EQUAL", name, "=")], found)


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
    set_by_comma,
    set_by_name,
    settings_in_braces,
    setting_with_colon,
    bare_model,
    settings_behind,
    shown_by_with,
    set_by_given,
    word_as_setting,
)
BEFORE = (set_by_colon, set_before_comma, set_without_marks)
