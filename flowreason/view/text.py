"""How wide text is, how it is wrapped and shortened, and how it is made safe for XML.

Invariant: `width` is an upper estimate for the usual sans-serif and monospace fonts, so that what is laid out with it
is never clipped; nothing here needs a font.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_CLASSES = (
    (0.30, "ijlI'"),
    (0.36, " f|.,:;/\\![]"),
    (0.41, 'rt()-JFEL"'),
    (0.53, "sz?_`*"),
    (0.62, "aceghknopquvxybd0123456789$TYSBPX"),
    (0.71, "AKRVZCF{}"),
    (0.79, "DGHNOQUw#+=<>^~&"),
    (1.00, "mMW@%"),
)
_WIDTHS = {character: width for width, characters in _CLASSES for character in characters}
_WIDTHS |= dict.fromkeys("ELFJ", 0.64)
_USUAL = 0.65
_MONO = 0.605
_BOLD = 1.09

_CUT_AFTER = "([{,;=/"

_NOT_XML = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def character_width(character: str) -> float:
    """The width of one character, in ems."""
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    return 1.05 if unicodedata.east_asian_width(character) in "WF" else _USUAL


def width(text: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """The width of one line of text, in pixels, at a font size in pixels."""
    if mono:
        ems = sum(_MONO if character < "\u0300" else max(_MONO, character_width(character)) for character in text)
    else:
        ems = sum(map(character_width, text))
    return ems * size * (_BOLD if bold else 1.0)


def clean(text: str) -> str:
    """Text without what XML cannot hold, and without the marks that could reorder a label."""
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "", _NOT_XML.sub("\ufffd", text))


def escape(text: str) -> str:
    """Text for an element or a quoted attribute of XML or HTML."""
    return clean(text).translate(_ESCAPES)


def one_line(text: str) -> str:
    """Text with every run of blanks and newlines as one blank."""
    return " ".join(text.split())


def shorten(text: str, length: int) -> str:
    """One line of at most `length` characters, cut at a word where one is near."""
    line = one_line(text[: length * 8 + 64])
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length * 0.6 else cut).rstrip(" ,;:.") + "…"


def wrap(text: str, columns: int, rows: int) -> tuple[str, ...]:
    """Text on at most `rows` lines of about `columns` characters; what does not fit ends in `…`."""
    words = one_line(text[: columns * rows * 4 + 64]).split(" ")
    lines: list[str] = []
    current = ""
    for word in _pieces(words, columns):
        if current and len(current) + 1 + len(word) > columns:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
        if len(lines) > rows:
            break
    lines.append(current)
    return _limited([line for line in lines if line], columns, rows)


def wrap_code(text: str, columns: int, rows: int) -> tuple[str, ...]:
    """Code: its lines kept, each cut to `columns`, at most `rows` of them; one long line is wrapped instead."""
    lines = [line.rstrip().expandtabs(4) for line in text[: columns * rows * 16].splitlines() if line.strip()]
    if len(lines) == 1:
        return wrap(lines[0], columns, rows)
    cut = [line if len(line) <= columns else line[: columns - 1] + "…" for line in lines]
    return _limited(cut, columns, rows)


def _pieces(words: list[str], columns: int) -> Iterator[str]:
    """Words, those longer than a line in pieces, cut after a mark where one is near."""
    for word in words:
        begun = 0
        while len(word) - begun > columns:
            mark = max(word.rfind(each, begun, begun + columns) for each in _CUT_AFTER) + 1
            end = mark if mark > begun + columns * 0.4 else begun + columns
            yield word[begun:end]
            begun = end
        yield word[begun:]


def _limited(lines: list[str], columns: int, rows: int) -> tuple[str, ...]:
    if len(lines) <= rows:
        return tuple(lines)
    last = lines[rows - 1]
    kept = last if len(last) < columns else last[: columns - 1]
    return (*lines[: rows - 1], kept.rstrip(" ,;:.") + " …")
