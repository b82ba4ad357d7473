"""Words of the language and of Python that are used as names: told where they are set, and renamed wherever they stand.

Invariant: each such word is told once; its fix changes every place where it is a name, in texts and Python too, and no
place where it is the word.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from flowreason_dsl import mend, naked_python
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.drift import STRINGS, Change, Rule, here, kinds, line_end, made, token
from flowreason_dsl.grammar import grammar
from flowreason_dsl.source import Span
from flowreason_dsl.types import SCALARS
from flowreason_dsl.unread import Doubt

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_TYPES = frozenset({*SCALARS, *mend.TYPES, "list", "dict"})
_BEFORE_VALUE = frozenset({"ANSWER", "EQUAL", "YIELD", "IN", "LPAR", "COMMA", "GIVEN", "IF", "MATCH", "REPEAT"})
_MOST_PLACES = 2_000


def misnamed(at: Reading) -> frozenset[str]:
    """The words that a text uses as names of steps, parameters, items and flows."""
    words, found = set(grammar().keywords.values()) - {"ANSWER", "ELSE"}, set()
    if any(a.type == b.type == "ANSWER" for a, b in pairwise(at.tokens)):
        words.add("ANSWER")
    for place, (word, mark) in enumerate(pairwise(at.tokens)):
        if word.type in words and _is_named(at, place, mark.type):
            found.add(str(word.value))
    return frozenset(found)


def _is_named(at: Reading, place: int, mark: str) -> bool:
    before = at.kind(place - 1)
    if mark == "EQUAL":
        return at.begins_line(place)
    if mark == "COLON":
        typed = token(at, place + 2).value in _TYPES or at.kind(place + 2) in ("LBRACE", *STRINGS)
        step = typed and at.begins_line(place) and any(at.kind(i) == "EQUAL" for i in range(place, line_end(at, place)))
        return before in ("LPAR", "COMMA") or step
    return (mark == "IN" and before == "FOR") or (mark == "LPAR" and before in ("FLOW", "TOOL"))


# --- rules ---------------------------------------------------------------------------------------------------


def reserved(at: Reading, expected: set[str]) -> Change | None:
    """`match: text` among parameters, `in = …`, `answer class`: a name is wanted where the word stands."""
    word = here(at)
    if "NAME" not in expected or word.type in ("NAME", "EQUAL", "COLON") or word.value not in at.misnamed:
        return None
    if {"ANSWER", "BREAK"} <= expected and at.kind(at.at + 1) not in ("EQUAL", "COLON", "ARROW", "LPAR", "COMMA"):
        return None
    return _named(at, at.at)


def reserved_before(at: Reading, _expected: set[str]) -> Change | None:
    """`run = …`, `answer run`: the word is told where what it wants does not follow."""
    word = token(at, at.at - 1)
    if word.value not in at.misnamed or word.type == "NAME" or at.machine.values[-1:] != [word]:
        return None
    step = here(at).type in ("EQUAL", "COLON") and at.begins_line(at.at - 1)
    if not step and at.kind(at.at - 2) not in _BEFORE_VALUE:
        return None
    return _named(at, at.at - 1)


def reserved_answer(at: Reading) -> Change | None:
    """`answer = …`, where `answer answer` follows."""
    return _named(at, at.at) if "answer" in at.misnamed and kinds(at, at.at, 2) == ["ANSWER", "EQUAL"] else None


def _named(at: Reading, place: int) -> Change:
    word = token(at, place)
    at.renamed.setdefault(str(word.value), {})[word.span] = None
    return Change(place, place + 1, [made("NAME", word, word.value)], None)


# --- what is told --------------------------------------------------------------------------------------------


def tell(at: Reading) -> None:
    """Tells of each word that was read as a name, with all its places."""
    for word, spans in at.renamed.items():
        whose = "Python" if grammar().keywords[word] in grammar().python else "the language"
        name = f"{word}_" if f"{word}_" not in at.bound else f"{word}_value"
        first = min(spans)
        places = sorted({*spans, *_places(at, word)})
        change, *also = [(span, name) for span in places]
        fix = Fix(f"call it `{name}`", *change, tuple(also))
        message = f"`{word}` is a word of {whose} and cannot be a name"
        at.doubts += [Doubt("line", span) for span in spans]
        at.tell(Diagnostic("syntax-reserved-name", message, first, fix=fix))


def _places(at: Reading, word: str) -> Iterator[Span]:
    """Where a word is a name in texts and in Python."""
    hole, count = re.compile(rf"(?<!\{{)\{{[ \t]*({word})\b"), 0
    for each in at.tokens:
        if each.type not in STRINGS and each.type not in ("CODE", "BLOCK"):
            continue
        raw = at.source.slice(each.span)
        if word not in raw or count > _MOST_PLACES:
            continue
        count += 1
        if each.type in STRINGS:
            yield from (Span(each.start + m.start(1), each.start + m.end(1)) for m in hole.finditer(raw))
        elif found := _in_python(at, raw, word):
            at.doubts.append(Doubt("line", each.span))
            yield from (Span(each.start + start, each.start + start + len(word)) for start in found)


def _in_python(at: Reading, raw: str, word: str) -> list[int]:
    """Where a word is a name in a piece of Python on one line."""
    code = raw.strip("`")
    if "\n" in code or not code.isascii():
        return []
    start = raw.index(code)
    read = code if naked_python.parsed(code) is not None else _without_keywords(at, code)
    tree = naked_python.parsed(read)
    if tree is None:
        return []
    if keyword.iskeyword(word):
        return [found.start() + start for found in _as_name(word).finditer(code)] if read != code else []
    called = {id(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}
    names = [each for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == word]
    if any(isinstance(each.ctx, ast.Store) for each in names):
        return []
    return [each.col_offset + start for each in names if id(each) not in called]


def _without_keywords(at: Reading, code: str) -> str:
    """Python with other names, of the same length, where words of Python are used as names."""
    for word in filter(keyword.iskeyword, at.misnamed):
        code = _as_name(word).sub("k" * len(word), code)
    return code


def _as_name(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.\"']){word}\b(?![\"'])")


AT_FAULT: tuple[Rule, ...] = (reserved, reserved_before)
BEFORE = (reserved_answer,)
