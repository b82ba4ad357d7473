"""JSON as models write it: inside fences and prose, with trailing commas, or as Python literals.

Invariant: nothing here raises on any text, however long or deeply nested; what is not JSON is simply not found.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

MISSING: Final = object()
"""Stands for "no value": None is one."""

DEEPEST = 100
LONGEST_LITERAL = 200_000
MOST_TRIES = 20

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)\n?[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_BRACKET = re.compile(r'"(?:\\.|[^"\\])*"|[\[({\])}]', re.DOTALL)
_LOOSE = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[\]}])|\b(?:True|False|None)\b', re.DOTALL)
_STARTS = frozenset("[{(\"'-0123456789tfnTFN")
_WORDS = {"True": "true", "False": "false", "None": "null"}
"""Words of Python as JSON writes them."""


def loads(text: str) -> Any:
    """The value of a text that is JSON, or nearly, or a Python literal of plain data; else `MISSING`."""
    text = text.strip()
    if not _may_be_json(text) or _too_deep(text):
        return MISSING
    for attempt in (text, _mended(text)):
        try:
            return json.loads(attempt, parse_constant=_refuse, strict=False)
        except (ValueError, RecursionError):
            continue
    return _literal(text)


def _may_be_json(text: str) -> bool:
    return bool(text) and text[0] in _STARTS and (not text[0].isalpha() or len(text) < 6)


def _refuse(word: str) -> Any:
    raise ValueError(word)


def _mended(text: str) -> str:
    return _LOOSE.sub(lambda m: m.group() if m.group()[0] == '"' else _WORDS.get(m.group(), ""), text)


def _literal(text: str) -> Any:
    if text[0] not in "[({'\"" or len(text) > LONGEST_LITERAL:
        return MISSING
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return MISSING


def _too_deep(text: str) -> bool:
    depth = 0
    for mark in _BRACKET.finditer(text):
        if mark.group()[0] == '"':
            continue
        depth += 1 if mark.group() in "[({" else -1
        if depth > DEEPEST:
            return True
    return False


def unfenced(text: str) -> str:
    """What stands between code fences, when the text holds exactly one fenced piece; else the text itself, stripped."""
    found = _FENCE.findall(text)
    return found[0][1].strip() if len(found) == 1 else text.strip()


def embedded(text: str, opener: str) -> list[Any]:
    """The JSON values that start with `opener` (`[` or `{`) anywhere in a text, outermost ones only, in order."""
    found: list[Any] = []
    position = text.find(opener)
    tries = 0
    while position >= 0 and tries < MOST_TRIES:
        tries += 1
        end = _closing(text, position)
        value = loads(text[position:end]) if end else MISSING
        if value is not MISSING:
            found.append(value)
            position = text.find(opener, end)
        else:
            position = text.find(opener, position + 1)
    return found


def _closing(text: str, start: int) -> int:
    """The offset after the bracket that closes the one at `start`; 0 where there is none, or it is too deep."""
    depth = 0
    for mark in re.compile(r'"(?:\\.|[^"\\\n])*"|[\[{]|[\]}]').finditer(text, start):
        if mark.group()[0] == '"':
            continue
        depth += 1 if mark.group() in "[{" else -1
        if depth == 0:
            return mark.end()
        if depth > DEEPEST:
            break
    return 0
