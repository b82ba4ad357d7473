"""Conditions and heads of loops as JavaScript and C write them, said in Python and in the flow language.

Invariant: what stands in quotes is left as it is; a translation is only given where the whole is understood.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r'("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')')
_WORDS = {"null": "None", "undefined": "None", "true": "True", "false": "False"}
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/"}
_WORD = re.compile(r"\b(?:null|undefined|true|false)\b")
_NOT = re.compile(r"!(?!=)\s*")
_EACH = re.compile(r"\s*(?:(?:const|let|var)\s+)?([A-Za-z_]\w*)\s+(?:of|in)\s+(\S.*?)\s*\Z", re.DOTALL)
_COUNT = re.compile(
    r"\s*(?:(?:int|let|var|const)\s+)?([A-Za-z_]\w*)\s*=\s*(\d+)\s*;\s*\1\s*(<=?)\s*([\w.]+(?:\([\w.]*\))?)\s*;"
    r"\s*(?:\1\s*\+\+|\+\+\s*\1|\1\s*\+=\s*1)\s*\Z"
)
_LENGTH = re.compile(r"([A-Za-z_]\w*)\.(?:length|size)(?:\(\))?\Z")


def in_python(text: str) -> str:
    """Python for an expression with `===`, `&&`, `||`, `!`, `null`; the same text where there is none of these."""
    parts = _QUOTED.split(text)
    return "".join(part if index % 2 else _translated(part) for index, part in enumerate(parts))


def _translated(part: str) -> str:
    for sign, python in _SIGNS.items():
        part = part.replace(sign, python)
    part = part.replace("===", "==").replace("!==", "!=")
    part = re.sub(r"\s*&&\s*", " and ", part)
    part = re.sub(r"\s*\|\|\s*", " or ", part)
    part = _NOT.sub("not ", part)
    return _WORD.sub(lambda word: _WORDS[word[0]], part)


def loop_head(text: str) -> str | None:
    """`x in xs` for `const x of xs`, ``i in `range(n)` `` for `i = 0; i < n; i++`."""
    if each := _EACH.match(text):
        items = each[2]
        plain = re.fullmatch(r"[A-Za-z_][\w.]*", items)
        return f"{each[1]} in {items}" if plain else f"{each[1]} in `{items}`"
    count = _COUNT.match(text)
    if count is None:
        return None
    length = _LENGTH.match(count[4])
    last = f"len({length[1]})" if length else count[4]
    last = f"{last} + 1" if count[3] == "<=" else last
    return f"{count[1]} in `range({last if count[2] == '0' else f'{count[2]}, {last}'})`"
