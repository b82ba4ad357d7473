"""Files that flows use, as other languages name them and what they hold.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, fixed, here, line_end, made, text_of, token
from flowreason_dsl.grammar import grammar
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_PATH = re.compile(r"(?:[\w.-]+[:/\\])*[\w-]+(?:\.[\w-]+)+")


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isidentifier() and text not in grammar().keywords


def quoted_name(at: Reading, expected: set[str]) -> Change | None:
    """`use "worked.jsonl" as "worked"`."""
    word = here(at)
    if at.kind(at.at - 1) != "AS" or word.type not in STRINGS:
        return None
    name = at.source.slice(word.span).strip('"')
    if not _is_name(name):
        return None
    found = Diagnostic("syntax-word", "the name behind `as` stands without quotes", word.span)
    return Change(at.at, at.at + 1, [made("NAME", word, name)], fixed(found, f"write `{name}`", word.span, name))


def long_name(at: Reading, expected: set[str]) -> Change | None:
    """`use "worked.jsonl" as data.worked`, `as my-data`: several words where a name has one."""
    first = at.at - 1
    if at.kind(first - 1) != "AS" or at.kind(first) != "NAME" or at.begins_line(at.at):
        return None
    end = line_end(at, at.at)
    written = text_of(at, first, end)
    name = re.sub(r"\W+", "_", written).strip("_")
    if not re.fullmatch(r"[\w.-]+", written) or not _is_name(name):
        return None
    span = at.span_between(first, end - 1)
    found = fixed(Diagnostic("syntax-word", "a name is one word", span), f"write `{name}`", span, name)
    return Change(first, end, [Token("NAME", span.start, span.end, name)], found)


def path_without_quotes(at: Reading, expected: set[str]) -> Change | None:
    """`use worked.jsonl as worked`."""
    if at.kind(at.at - 1) != "USE" or "TEXT" not in expected:
        return None
    end = at.at + 1
    while end < len(at.tokens) - 1 and token(at, end).start == token(at, end - 1).end:
        end += 1
    written = text_of(at, at.at, end)
    if not _PATH.fullmatch(written):
        return None
    span = at.span_between(at.at, end - 1)
    found = Diagnostic("syntax-word", "the path of a file stands between quotes", span)
    found = fixed(found, "put it between quotes", span, f'"{written}"')
    return Change(at.at, end, [Token("TEXT", span.start, span.end, f'"{written}"')], found)


def as_missing(at: Reading, expected: set[str]) -> Change | None:
    """`use "worked.jsonl" worked`, `use "worked.jsonl" = worked`, `-> worked`."""
    sign = at.kind(at.at) in ("EQUAL", "ARROW", "COLON")
    name = token(at, at.at + sign)
    if at.kind(at.at - 2) != "USE" or "AS" not in expected or at.begins_line(at.at) or name.type != "NAME":
        return None
    if not (at.begins_line(at.at + sign + 1) or at.kind(at.at + sign + 1) == "$END"):
        return None
    span = Span(here(at).start, name.start)
    found = Diagnostic("syntax-word", "`as` stands before the name of what a file holds", name.span)
    found = fixed(found, "write `as`", span, "as ")
    return Change(at.at, at.at + sign, [Token("AS", span.start, span.end, "as")], found)


def from_behind(at: Reading, expected: set[str]) -> Change | None:
    """`use worked from "worked.jsonl"`."""
    name, path = here(at), token(at, at.at + 2)
    if at.kind(at.at - 1) != "USE" or name.type != "NAME" or at.kind(at.at + 1) != "FROM" or path.type not in STRINGS:
        return None
    span = at.span_between(at.at, at.at + 2)
    right = f"{at.source.slice(path.span)} as {name.value}"
    found = Diagnostic("syntax-word", "the file stands first, and then the name of what it holds", span)
    tokens = [path, Token("AS", path.end, path.end, "as"), Token("NAME", path.end, path.end, name.value)]
    return Change(at.at, at.at + 3, tokens, fixed(found, "turn it round", span, right))


AT_FAULT: tuple[Rule, ...] = (quoted_name, long_name, path_without_quotes, as_missing, from_behind)
