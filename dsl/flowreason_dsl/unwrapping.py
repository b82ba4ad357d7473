"""Whole texts that something was put around: a mark or number before each line, entities of HTML for their marks.

Invariant: what stands before lines is read as blanks, so that all else stays where it is; it is taken away only where
each line around the first line of a flow has it, and told once, as a hint.
"""

from __future__ import annotations

import html
import re

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.source import Span

_FIRST = re.compile(r"^[ \t]*(?P<mark>[-+>$|]|\d{1,4}(?:[.:)]|[ \t]*\|)?)[ \t]*flow[ \t]+\w+[ \t]*\(", re.MULTILINE)
_MARKS = {mark: re.compile(rf"[ \t]*{re.escape(mark)}[ \t]?") for mark in "-+>$|"}
_NUMBER = re.compile(r"[ \t]*\d{1,4}(?:[.:)]|[ \t]*\|)?[ \t]?")
_ESCAPED = re.compile(
    r"^[ \t]*flow[ \t]+\w+[ \t]*\([^\n\"]*-&gt;|^[^\n\"]*(?:\b(?:ask|answer|solve)|=)[ \t]+(?:&quot;|&#34;|&ldquo;)",
    re.MULTILINE,
)
"""Marks of HTML outside of texts."""
_ENTITY = re.compile(r"&(?:quot|gt|lt|amp|apos|nbsp|ldquo|rdquo|#34|#39|#96|#x27);")
_MOST_ENTITIES = 5_000


def unwrapped(text: str) -> tuple[tuple[Diagnostic, ...], str]:
    """A text without the marks or numbers before its lines, where a flow begins behind one of them; and what to say."""
    first = _FIRST.search(text)
    if first is None or mend.holds_flows(text):
        return (), text
    mark = _MARKS.get(first["mark"], _NUMBER)
    taken = _before_lines(text, text.rfind("\n", 0, first.start("mark")) + 1, mark)
    if len(taken) < 2:
        return (), text
    out, at = [], 0
    for span in taken:
        out += [text[at : span.start], " " * (span.end - span.start)]
        at = span.end
    what = "numbers" if mark is _NUMBER else f"`{first['mark']}`"
    fix = Fix("take them out", taken[0], "", tuple((span, "") for span in taken[1:]))
    message = f"what stands before each line of the flow is passed over: {what}"
    found = Diagnostic("mended-lines", message, taken[0], severity="hint", fix=fix)
    return (found,), "".join(out) + text[at:]


def _before_lines(text: str, line: int, mark: re.Pattern[str]) -> list[Span]:
    """What stands before the lines around one of them, up to the first line without it on either side."""
    start = line
    while start > 0 and mark.match(text, text.rfind("\n", 0, start - 1) + 1, start):
        start = text.rfind("\n", 0, start - 1) + 1
    out: list[Span] = []
    while start < len(text):
        end = text.find("\n", start)
        end = end if end >= 0 else len(text)
        found = mark.match(text, start, end)
        if found:
            out.append(Span(start, found.end()))
        elif text[start:end].strip():
            break
        start = end + 1
    return out


def escaped(text: str) -> Diagnostic | None:
    """What to say of a text whose marks are written as entities of HTML."""
    if _ESCAPED.search(text) is None:
        return None
    places = [
        Span(found.start(), found.end())
        for _, found in zip(range(_MOST_ENTITIES), _ENTITY.finditer(text), strict=False)
    ]
    (first, right), *also = [(span, _plain(text[span.start : span.end])) for span in places]
    fix = Fix("write the marks themselves", first, right, tuple(also))
    return Diagnostic("syntax-entities", "the marks of this text are written as in HTML", first, fix=fix)


def _plain(entity: str) -> str:
    letter = html.unescape(entity)
    return {"\xa0": " ", "“": '"', "”": '"'}.get(letter, letter)
