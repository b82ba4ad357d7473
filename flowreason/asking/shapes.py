"""Lists, dictionaries and records as lines of plain text, for replies and inputs that are not JSON.

Invariant: only pieces of text are made here; what type a piece is, is decided by the one who calls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BULLET = re.compile(r"^\s*(?:[-*•–+]|\d{1,4}[.)]|\(\d{1,3}\))\s+(?P<item>\S.*)$")
_PAIR = re.compile(r"(?P<key>[^:=\n]{1,80}?)\s*(?::|=|→|->)")
_MARKS = "*_`\"' \t"
_LAST = re.compile(r"^(?:and|or|&)\s+|(?<=\w)\s+(?:and|&)\s+(?=\w+$)")
_NONE = {"none", "(none)", "empty", "(empty)", "nothing", "empty list", "an empty list", "[]", "n/a", "-"}


def items(text: str, *, numbers: bool = False) -> list[str]:
    """The items of a list: bulleted or numbered lines, else lines, else what commas or semicolons part.

    A first line that ends in a colon is an introduction. "none" is no items. With `numbers`, blanks part items as well.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines or text.strip().strip("*_`.").casefold() in _NONE:
        return []
    if any(_BULLET.match(line) for line in lines):
        return _bulleted(text.strip().splitlines())
    if len(lines) > 1 and lines[0].rstrip().endswith(":"):
        lines = lines[1:]
    if len(lines) > 1:
        return [_unquoted(line.strip().rstrip(",")) for line in lines]
    return _parted(lines[0], numbers)


def _bulleted(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    open_item = False
    for line in lines:
        bullet = _BULLET.match(line)
        if bullet:
            found.append(bullet["item"].strip())
        elif open_item and line.strip():
            found[-1] += " " + line.strip()
        open_item = bool(bullet) or (open_item and bool(line.strip()))
    return [_unquoted(item) for item in found]


def _parted(line: str, numbers: bool) -> list[str]:
    line = line.strip()
    if line[:1] + line[-1:] in ("[]", "()", "{}"):
        line = line[1:-1]
    mark = ";" if ";" in line else "," if "," in line else None
    if mark is None:
        return [_unquoted(part) for part in (line.split() if numbers else [line])]
    parts = [part.strip() for part in _split(line, mark)]
    if len(parts) > 1:
        parts[-1:] = _LAST.sub("\n", parts[-1]).strip().split("\n")
    return [_unquoted(part) for part in parts if part]


def _split(line: str, mark: str) -> list[str]:
    """A line cut at a mark that stands outside of double quotes."""
    return [piece for piece in re.findall(rf'(?:"[^"]*"|[^"{mark}]|")+', line) if piece.strip()]


def _unquoted(item: str) -> str:
    bare = item.strip()
    for mark in ("**", "`", '"', "'"):
        if len(bare) > 2 * len(mark) and bare.startswith(mark) and bare.endswith(mark):
            bare = bare[len(mark) : -len(mark)]
    return bare


def pairs(text: str) -> dict[str, str]:
    """The pairs of lines such as `name: Ada` or `- year = 1815`; lines of other kinds are left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        bullet = _BULLET.match(line)
        bare = (bullet["item"] if bullet else line).lstrip(_MARKS)
        pair = _PAIR.match(bare)
        value = bare[pair.end() :].lstrip("*_` \t").rstrip(" \t,") if pair else ""
        if pair and value:
            found[pair["key"].strip(_MARKS)] = _unquoted(value)
    return found
