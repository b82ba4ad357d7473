"""Questions as other languages write them: arguments of a function, the model or the type before the text.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, fixed, here, kinds, made, text_of, token
from flowreason_dsl.grammar import grammar
from flowreason_dsl.names import nearest
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

SETTINGS = ("temperature", "model", "samples", "vote", "think", "max_tokens", "seed", "tries")
_TYPES = frozenset({*SCALARS, *mend.TYPES})
_ONE = frozenset({"INT", "DECIMAL", "TRUE", "FALSE", "NAME", "CODE"}) | STRINGS


def settings_in_brackets(at: Reading, _expected: set[str]) -> Change | None:
    """`ask("…", temperature=0.5)`."""
    if here(at).type != "LPAR" or at.kind(at.at - 1) not in ("ASK", "SOLVE") or at.kind(at.at + 1) not in STRINGS:
        return None
    end = closing(at, at.at)
    if end is None or end < at.at + 6 or (end - at.at - 2) % 4:
        return None
    parts = [at.tokens[i : i + 4] for i in range(at.at + 2, end, 4)]
    if any([t.type for t in part[:3]] != ["COMMA", "NAME", "EQUAL"] or part[3].type not in _ONE for part in parts):
        return None
    if not all(part[1].value in SETTINGS for part in parts):
        return None
    text, behind = text_of(at, at.at + 1, at.at + 2), text_of(at, at.at + 3, end)
    word, span = token(at, at.at - 1), at.span_between(at.at, end)
    found = Diagnostic("syntax-brackets", f"`{word.value}` needs no brackets, and settings stand behind `with`", span)
    right = f"{'' if here(at).start > word.end else ' '}{text} with {behind}"
    new = [token(at, at.at + 1), made("WITH", parts[0][0], "with"), *at.tokens[at.at + 3 : end]]
    return Change(at.at, end + 1, new, fixed(found, f"write `with {behind}`", span, right))


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


def shown_by_with(at: Reading, expected: set[str]) -> Change | None:
    """`ask "…" with doc`."""
    name, word = token(at, at.at - 1), token(at, at.at - 2)
    if word.type != "WITH" or name.type != "NAME" or expected != {"EQUAL"}:
        return None
    message = f"`with` sets something, as in `with temperature=0.7`; a value is shown with `given {name.value}`"
    found = fixed(Diagnostic("syntax-suffix", message, word.span), "write `given`", word.span, "given")
    return Change(at.at - 2, at.at, [made("GIVEN", word, "given"), name], found)


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
    settings_in_brackets,
    word_before_text,
    shown_by_with,
    set_by_given,
    word_as_setting,
)
