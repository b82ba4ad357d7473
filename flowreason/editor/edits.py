"""From one text to another by few changes, so that the cursor and folded lines of an editor stay where they are.

Invariant: the edits do not overlap, stand in the order of the text, and made together give the other text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from flowreason_dsl import FlowSyntaxError, format_text
from flowreason_dsl.source import Span

MOST_LINES = 2_000
"""Lines that are still compared one by one; a longer text is replaced as a whole."""
MOST_LETTERS = 1_000
"""Letters of a line that is still compared word by word."""
_PIECE = re.compile(r"\w+|[ \t]+|.|\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of `span`."""

    span: Span
    text: str


def formatted(text: str) -> list[Edit]:
    """The edits that bring a text into the one style; none where it does not follow the grammar."""
    try:
        return changes(text, format_text(text))
    except FlowSyntaxError:
        return []


def changes(before: str, after: str) -> list[Edit]:
    """The edits that lead from one text to another."""
    if before == after:
        return []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > MOST_LINES:
        return [Edit(Span(0, len(before)), after)]
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[Edit] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "replace" and i2 - i1 == j2 - j1:
            for n in range(i2 - i1):
                found += _in_line(starts[i1 + n], old[i1 + n], new[j1 + n])
        elif kind != "equal":
            found.append(Edit(Span(starts[i1], starts[i2]), "".join(new[j1:j2])))
    return found


def _in_line(start: int, before: str, after: str) -> list[Edit]:
    """The edits of one line, word by word: a cursor in it stays at its word."""
    if max(len(before), len(after)) > MOST_LETTERS:
        return [Edit(Span(start, start + len(before)), after)]
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    starts = [start]
    for piece in old:
        starts.append(starts[-1] + len(piece))
    return [
        Edit(Span(starts[i1], starts[i2]), "".join(new[j1:j2]))
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
