"""Words that were meant to be words of the language: misspelt, or those of other languages.

Invariant: only a name that is directly followed by another word or value on its line is looked at, which no name of a
flow ever is; and only where reading can go on with what was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.names import edits
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS
from flowreason_dsl.words import alternatives

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

AFTER = frozenset({"NAME", "TEMPLATE", "TEXT", "QUOTED", "CODE", "BLOCK", "INT", "DECIMAL", "TRUE", "FALSE", "LBRACE"})
AFTER |= {"ASK", "SOLVE", "EMULATE", "RUN", "FOR", "SAMPLE", "IF", "EQUAL"}
"""What a word of the language may be followed by, and a name may not, on the same line; `EQUAL` for `answer =`."""

MOST_LOOKED_AT = 1000
"""How many words of a text are looked at; one with more that are misspelt is no flow with slips."""

_DECLARERS = frozenset({"let", "const", "var", "val", "set", "final", "local", "auto", "mut", "my"})
_ASKERS = frozenset({"llm", "prompt", "query", "gpt", "model", "ask_llm", "question", "call", "generate"})
_ELSE = frozenset({"otherwise", "or", "orelse", "fallback"})
_FOR = frozenset({"foreach", "forEach", "forall", "for_each"})
_GIVEN = frozenset({"using", "from", "based_on"})
_TEXTS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
_TOGETHER = frozenset({"parallel", "concurrent", "concurrently", "parfor", "all"})
_CALLERS = frozenset({"call", "invoke", "execute", "exec"})
_ANSWERERS = frozenset({"output", "respond", "result", "give", "emit", "reply", "finish"})
_CONDITIONS = frozenset({"ENSURE", "IF", "WHILE", "UNTIL"})
_FAR_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant by a name: the token to read in its place, or none, and what to say."""

    token: Token | None
    found: Diagnostic


def meant(at: Reading) -> Meant | None:
    """What the name at hand was meant to be; None where it may well be a name."""
    token, following = at.tokens[at.at], at.tokens[at.at + 1]
    if at.kind(at.at - 1) == "DOT" or at.begins_line(at.at + 1) or token.value in at.bound:
        return None
    if at.words_looked_at > MOST_LOOKED_AT:
        return None
    at.words_looked_at += 1
    if following.type == "NAME" and at.kind(at.at + 2) in ("EQUAL", "COLON") and at.machine.admits("ANSWER"):
        return _declared(at, token, following)
    if following.type == "EQUAL":
        return None
    if following.type in _TEXTS and token.value in _ASKERS and at.machine.admits("ASK"):
        return _instead(at, token, "ask", f"a question to the model begins with `ask`, not with `{token.value}`")
    if token.value in _ELSE and at.machine.admits("ELSE") and at.kind(at.at - 1) != "RBRACE":
        return _instead(at, token, "else", f"what is tried when a step fails stands behind `else`, not `{token.value}`")
    if token.value in _FOR and following.type == "NAME" and at.machine.admits("FOR"):
        return _instead(at, token, "for", f"a loop begins with `for`, not with `{token.value}`")
    if token.value in _TOGETHER and following.type == "FOR" and at.machine.admits("FOR"):
        away = Fix("take it out", Span(token.start, following.start), "")
        message = f"what does not need one another runs at once, without `{token.value}`"
        return Meant(None, Diagnostic("syntax-word", message, token.span, fix=away))
    if token.value == "loop" and following.type in ("INT", "CODE") and at.machine.admits("REPEAT"):
        message = "a loop of so many rounds begins with `repeat`, not with `loop`"
        told = Diagnostic("syntax-word", message, token.span, fix=Fix("write `repeat`", token.span, "repeat"))
        return Meant(Token("REPEAT", token.start, token.end, "repeat"), told)
    if token.value in _CALLERS and following.type == "NAME" and at.kind(at.at + 2) == "LPAR":
        away = Fix("take it out", Span(token.start, following.start), "")
        return Meant(None, Diagnostic("syntax-word", f"a call needs no `{token.value}`", token.span, fix=away))
    if token.value == "each" and at.kind(at.at - 1) == "FOR" and at.kind(at.at + 2) == "IN":
        away = Fix("take it out", Span(token.start, following.start), "")
        return Meant(
            None, Diagnostic("syntax-word", "a loop is written `for x in …`, without `each`", token.span, fix=away)
        )
    if token.value in _GIVEN and following.type == "NAME" and at.machine.admits("GIVEN"):
        return _instead(at, token, "given", f"what a question is shown stands behind `given`, not `{token.value}`")
    if token.value in ("that", "where") and at.kind(at.at - 1) in _CONDITIONS:
        away = Fix("take it out", Span(token.start, following.start), "")
        return Meant(
            None, Diagnostic("syntax-word", f"the condition follows without `{token.value}`", token.span, fix=away)
        )
    if token.value in _ANSWERERS and at.begins_line(at.at) and at.machine.admits("ANSWER"):
        return _instead(at, token, "answer", f"a flow gives its answer with `answer`, not with `{token.value}`")
    if edits(str(token.value), "return", 2) is not None and at.begins_line(at.at) and at.machine.admits("ANSWER"):
        return _instead(at, token, "answer", f"there is no word `{token.value}`")
    for word in near_words(str(token.value)):
        if found := _instead(at, token, word, f"there is no word `{token.value}`"):
            return found
    return None


def _declared(at: Reading, token: Token, name: Token) -> Meant | None:
    """`let x = …`, `int x = …`."""
    type_ = mend.TYPES.get(str(token.value), str(token.value))
    away = Span(token.start, name.start)
    if token.value in _DECLARERS:
        message = f"a step is written `{name.value} = …`, without `{token.value}`"
        return Meant(None, Diagnostic("syntax-word", message, token.span, fix=Fix("take it out", away, "")))
    if type_ not in SCALARS and at.begins_line(at.at) and not at.begins_line(at.at + 2):
        message = f"a step is written `{name.value} = …`, without `{token.value}`"
        return Meant(None, Diagnostic("syntax-word", message, token.span, fix=Fix("take it out", away, "")))
    if type_ in SCALARS and at.kind(at.at + 2) == "EQUAL":
        written = f"{name.value}: {type_}"
        message = f"the type stands behind the name: `{written} = …`"
        fix = Fix(f"write `{written}`", Span(token.start, name.end), written)
        return Meant(None, Diagnostic("syntax-word", message, token.span, fix=fix))
    return None


def _instead(at: Reading, token: Token, word: str, message: str) -> Meant | None:
    kind = grammar().keywords[word]
    kinds = [(kind,), *(alternatives(each) for each in at.tokens[at.at + 1 : at.at + 5])]
    far = len(kinds) if at.kind(at.at + len(kinds) - 1) == END else _FAR_ENOUGH
    if at.machine.reach(kinds) < min(far, len(kinds)):
        return None
    fix = Fix(f"write `{word}`", token.span, word)
    found = Diagnostic("syntax-word", message, token.span, help=f"did you mean `{word}`?", fix=fix)
    return Meant(Token(kind, token.start, token.end, word), found)


def looks_meant(word: str) -> bool:
    """Whether a word at the begin of a line may well be one of the language."""
    return word in _DECLARERS or mend.TYPES.get(word, word) in SCALARS or bool(near_words(word))


@lru_cache(maxsize=2000)
def near_words(name: str) -> tuple[str, ...]:
    """The words of the language that are at most two letters away, the nearest first."""
    if len(name) < 3:
        return ()
    most = 1 if len(name) <= 4 else 2
    python = {word for word, kind in grammar().keywords.items() if kind in grammar().python}
    words = [word for word in grammar().keywords if word not in python and len(word) > 2]
    found = [(distance, word) for word in words if (distance := edits(name.lower(), word, most)) is not None]
    return tuple(word for _, word in sorted(found))
