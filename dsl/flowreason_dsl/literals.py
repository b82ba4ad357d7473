"""What strings, numbers and Python pieces hold, once their marks, escapes and indentation are taken away.

Invariant: nothing raises; what is wrong is told to `report`, and a usable value is given all the same. Offsets handed
to `report` are offsets of the text of the flow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeAlias

from flowreason_dsl import syntax as s
from flowreason_dsl.braces import brace
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.source import Span

Report: TypeAlias = Callable[[Diagnostic], None]
Parts: TypeAlias = "tuple[str | s.Path, ...]"

_SIMPLE = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_LOW = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_KEY = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
HOLE = re.compile(rf"\{{[ \t]*({_NAME})((?:\.{_NAME}|\[[ \t]*(?:-?[0-9]+|{_KEY})[ \t]*\])*)[ \t]*\}}")
_STEP = re.compile(rf"\.({_NAME})|\[[ \t]*(?:(-?[0-9]+)|({_KEY}))[ \t]*\]")
_PLAIN = re.compile(r"[^\\{}\r]*")
_MARKS = re.compile(r"[\\{}]")
_MOST_DIGITS = 4000
_MOST_PARTS = 20_000
_MOST_WRONG = 100
"""After so many braces that stand for nothing, the rest of a line is not looked at."""


def number(raw: str, start: int, report: Report) -> int | float:
    """A whole or decimal number."""
    span = Span(start, start + len(raw))
    if len(raw) > _MOST_DIGITS:
        report(Diagnostic("limit-number", f"a number of {len(raw)} digits; {_MOST_DIGITS} are the most", span))
        return 0
    if raw.lstrip("-").isdigit():
        return int(raw)
    value = float(raw)
    if math.isinf(value):
        report(Diagnostic("limit-number", "this number is too large to be held", span))
        return 0
    return value


def text(raw: str, start: int, width: int, report: Report) -> str:
    """A string in which braces are letters: a docstring, a choice, a key, a setting. `width` is that of its marks."""
    out: list[str] = []
    for piece, offset in _lines(raw, start, width):
        _unescape(piece, offset, 0, len(piece), out, report)
    return "".join(out)


def template(raw: str, start: int, width: int, report: Report) -> Parts:
    """A string with values put in: literal texts and paths, in order, no text empty and no two side by side."""
    if width == 1 and _PLAIN.fullmatch(raw):
        return (raw[1:-1],) if len(raw) > 2 else ()
    parts: list[str | s.Path] = []
    for piece, offset in _lines(raw, start, width):
        _template_piece(piece, offset, parts, width == 1, report)
        if len(parts) > _MOST_PARTS:
            message = "too many values are put into one text"
            report(Diagnostic("limit-size", message, Span(start, start + len(raw)), help="make a list of them first"))
            return ()
    return _merged(parts)


def _merged(parts: list[str | s.Path]) -> Parts:
    out: list[str | s.Path] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part != "":
            out.append(part)
    return tuple(out)


# --- strings: lines and escapes ------------------------------------------------------------------------------


def _lines(raw: str, start: int, width: int) -> list[tuple[str, int]]:
    """The content of a string in pieces, each with its offset; carriage returns at line ends are gone.

    A `\"\"\"` string that begins with a line end is a block: its first line end, the blanks before its last quotes
    and the indentation that its lines share are no part of it.
    """
    inner = raw[width:-width]
    if "\n" not in inner:
        return [(inner, start + width)]
    lines = _split(inner, start + width)
    if width == 3 and not lines[0][0].strip(" \t"):
        lines = _block(lines[1:])
    return [(line + "\n", offset) for line, offset in lines[:-1]] + lines[-1:]


def _split(inner: str, start: int) -> list[tuple[str, int]]:
    out: list[tuple[str, int]] = []
    for line in inner.split("\n"):
        out.append((line, start))
        start += len(line) + 1
    return [(line.rstrip("\r"), offset) for line, offset in out[:-1]] + out[-1:]


def _block(lines: list[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(lines) > 1 and not lines[-1][0].strip(" \t"):
        lines = lines[:-1]
    filled = [line for line, _ in lines if line.strip(" \t")]
    margin = len(_shared_indent(filled))
    return [(line[margin:] if line.strip(" \t") else "", offset + margin) for line, offset in lines]


def _shared_indent(lines: list[str]) -> str:
    if not lines:
        return ""
    first, last = min(lines), max(lines)
    size = 0
    while size < min(len(first), len(last)) and first[size] == last[size] and first[size] in " \t":
        size += 1
    return first[:size]


def _unescape(piece: str, offset: int, at: int, end: int, out: list[str], report: Report) -> None:
    """Puts the characters of piece[at:end] into `out`, escapes resolved."""
    while True:
        slash = piece.find("\\", at, end)
        if slash < 0 or slash + 1 >= end:
            out.append(piece[at:end])
            return
        out.append(piece[at:slash])
        letter, at = _escape(piece, offset, slash, end, report)
        out.append(letter)


def _escape(piece: str, offset: int, slash: int, end: int, report: Report) -> tuple[str, int]:
    """The characters that the escape at `slash` stands for, and where it ends."""
    letter = piece[slash + 1 : slash + 2]
    if letter in _SIMPLE:
        return _SIMPLE[letter], slash + 2
    if letter != "u":
        return piece[slash : slash + 2], min(slash + 2, end)
    digits = _HEX.match(piece, slash + 2, end)
    if digits and not 0xD800 <= int(digits[0], 16) <= 0xDFFF:
        return chr(int(digits[0], 16)), digits.end()
    low = _LOW.match(piece, digits.end(), end) if digits else None
    if digits and low and int(digits[0], 16) < 0xDC00:
        return chr(0x10000 + ((int(digits[0], 16) - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)), low.end()
    stop = digits.end() if digits else slash + 2
    report(_bad_escape(Span(offset + slash, offset + stop)))
    return piece[slash:stop], stop


def _bad_escape(span: Span) -> Diagnostic:
    return Diagnostic(
        "syntax-bad-escape",
        "`\\u` wants four hexadecimal digits that name a character, as in `\\u00e9`",
        span,
        help="a backslash that is meant as such is written `\\\\`",
        fix=Fix("write the backslash twice", Span(span.start, span.start + 1), "\\\\"),
    )


# --- templates ---------------------------------------------------------------------------------------------


def _template_piece(piece: str, offset: int, parts: list[str | s.Path], quoted: bool, report: Report) -> None:
    at = wrong = 0
    out: list[str] = []
    while (mark := _MARKS.search(piece, at)) and len(parts) <= _MOST_PARTS and wrong < _MOST_WRONG:
        found = mark.start()
        out.append(piece[at:found])
        if mark[0] == "\\":
            letters, at = _escape(piece, offset, found, len(piece), report)
            out.append(letters)
        elif piece.startswith(mark[0] * 2, found):
            out.append(mark[0])
            at = found + 2
        elif hole := HOLE.match(piece, found):
            parts += ["".join(out), hole_path(hole, offset, report)]
            out, at = [], hole.end()
        else:
            at, finding = brace(piece, offset, found, HOLE, quoted)
            wrong += 1
            report(finding)
            parts += [hole_path(hole, offset, report) for hole in HOLE.finditer(piece, found, at)]
    out.append(piece[at:])
    parts.append("".join(out))


def hole_path(hole: re.Match[str], offset: int, report: Report) -> s.Path:
    """What stands between braces, as `HOLE` found it."""
    start = offset + hole.start(1)
    name = s.Name(hole[1], Span(start, offset + hole.end(1)))
    steps: list[str | int] = []
    for step in _STEP.finditer(hole.string, hole.start(2), hole.end(2)):
        if step[1]:
            steps.append(step[1])
        elif step[2]:
            steps.append(int(number(step[2], offset + step.start(2), report)))
        else:
            steps.append(_key(step[3], offset + step.start(3), report))
    return s.Path(name, tuple(steps), Span(start, offset + hole.end(2)))


def _key(raw: str, start: int, report: Report) -> str:
    out: list[str] = []
    _unescape(raw, start, 1, len(raw) - 1, out, report)
    return "".join(out)


# --- Python ------------------------------------------------------------------------------------------------


def code(raw: str, start: int) -> tuple[str, tuple[int, ...]]:
    """Python without its fence and indentation, and for each line the offset of its column 0."""
    fence = len(raw) - len(raw.lstrip("`"))
    end = len(raw) - fence if raw.endswith("`" * fence) and len(raw) >= 2 * fence else len(raw)
    begin = fence
    if fence > 1:
        word = _WORD.match(raw, fence, end)
        begin = word.end() if word else fence
    return _dedent(_split(raw[begin:end], start + begin))


_WORD = re.compile(r"[ \t]*(?:python|py)(?=[ \t\r\n])", re.IGNORECASE)


def _dedent(lines: list[tuple[str, int]]) -> tuple[str, tuple[int, ...]]:
    """Takes the first line's indentation from all lines that have it; blank lines at both ends go."""
    while len(lines) > 1 and not lines[0][0].strip():
        del lines[0]
    while len(lines) > 1 and not lines[-1][0].strip():
        del lines[-1]
    lines[-1] = (lines[-1][0].rstrip(), lines[-1][1])
    margin = _indent(lines[0][0])
    texts: list[str] = []
    starts: list[int] = []
    for line, offset in lines:
        size = len(_shared_indent([margin, line[: len(margin)]])) if margin else 0
        texts.append(line[size:])
        starts.append(offset + size)
    return "\n".join(texts), tuple(starts)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
