"""Names and strings that mean different things in different places: types, settings of kind, texts and templates.

Invariant: a token is made anew, never changed, so that it can be looked at again when the parser goes back.
"""

from __future__ import annotations

from typing import Any

from flowreason_dsl import literals, mend
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.grammar import END
from flowreason_dsl.literals import Report
from flowreason_dsl.names import edits, nearest
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

SETTINGS = ("temperature", "model", "samples", "vote", "think", "max_tokens", "seed", "tries", "embed")
STRINGS = frozenset({"TEMPLATE", "TEXT", "QUOTED"})
_ALL_TYPES = [*SCALARS, "list", "dict"]


def string(token: Token, wanted: str, report: Report) -> Token:
    """The string with its value: parts of a TEMPLATE, or a plain TEXT."""
    raw: str = token.value
    width = 3 if token.type != "QUOTED" and raw.startswith('"""') and len(raw) >= 6 else 1
    read = literals.template if wanted == "TEMPLATE" else literals.text
    return Token(wanted, token.start, token.end, read(raw, token.start, width, report))


def contextual(tokens: list[Token], at: int, row: dict[str, Any], report: Report) -> tuple[tuple[Token, ...], int]:
    """What a name is where no name can stand, and how many of the written tokens that takes."""
    token = tokens[at]
    if "SCALAR" in row:
        made, size = _type_words(tokens, at, report)
        return tuple(made), size
    if "USER" in row and token.value == "user":
        return (_make("USER", token, "user"),), 1
    return (token,), 1


def alternatives(token: Token) -> tuple[str, ...]:
    """All kinds that a token may turn out to be, by where it stands."""
    if token.type in STRINGS:
        return ("TEMPLATE", "TEXT")
    if token.type != "NAME":
        return (token.type,)
    word = mend.TYPES.get(token.value, token.value)
    if word in ("list", "dict"):
        return ("NAME", word.upper())
    return ("NAME", "USER", "SCALAR") if word == "user" else ("NAME", "SCALAR")


def _cut_off(tokens: list[Token], at: int) -> bool:
    """Whether the text ends in the middle of what may become a type."""
    word = str(tokens[at].value)
    ends = at + 1 < len(tokens) and tokens[at + 1].type == END
    return ends and any(each.startswith(word) for each in _ALL_TYPES)


def _type_words(tokens: list[Token], at: int, report: Report) -> tuple[list[Token], int]:
    """The tokens of the type whose first word stands at `at`, and how many of the written ones they stand for."""
    token = tokens[at]
    word = _type_name(token, report) if token.value in _ALL_TYPES or not _cut_off(tokens, at) else "any"
    after = [t.type for t in tokens[at + 1 : at + 4]]
    if word == "dict" and after == ["LSQB", "NAME", "COMMA"] and _begins_type(tokens[at + 4]):
        return [_make("DICT", token, word), tokens[at + 1]], _drop_key(tokens, at, report)
    if word in ("list", "dict"):
        head = _make(word.upper(), token, word)
        return ([head], 1) if after[:1] == ["LSQB"] else (_bare(head, report), 1)
    return [_make("SCALAR", token, word)], 1


def _begins_type(token: Token) -> bool:
    return token.type in ("LBRACE", *STRINGS) or mend.TYPES.get(token.value, token.value) in _ALL_TYPES


def _make(kind: str, token: Token, value: str) -> Token:
    return Token(kind, token.start, token.end, value)


def _type_name(token: Token, report: Report) -> str:
    word: str = token.value
    if word in _ALL_TYPES:
        return word
    if word in mend.TYPES:
        right = mend.TYPES[word]
        report(mend.hint("mended-type", f"the type `{word}` is written `{right}`", token.span, right))
        return right
    near = nearest(word, _ALL_TYPES)
    near = near if near and edits(word.lower(), near, 1) is not None else None
    fix = Fix(f"write `{near}`", token.span, near) if near else None
    help_ = 'types are text, int, number, bool, list[T], dict[T], {name: T}, "a" | "b", graph and any'
    report(Diagnostic("type-unknown", f"there is no type `{word}`", token.span, help=help_, fix=fix))
    return "any"


def _drop_key(tokens: list[Token], at: int, report: Report) -> int:
    key, comma = tokens[at + 2], tokens[at + 3]
    if mend.TYPES.get(key.value, key.value) == "text":
        span = Span(key.start, comma.end)
        report(mend.hint("mended-type", "the keys of a dict are always text: `dict[T]`", span, ""))
    else:
        report(Diagnostic("type-key", "the keys of a dict are text; write only the type of its values", key.span))
    return 4


def _bare(head: Token, report: Report) -> list[Token]:
    """`list` alone is a list of anything."""
    right = f"{head.value}[any]"
    report(mend.hint("mended-type", f"`{head.value}` says what it holds: `{right}`", head.span, right))
    end = head.end
    return [head, Token("LSQB", end, end, "["), Token("SCALAR", end, end, "any"), Token("RSQB", end, end, "]")]
