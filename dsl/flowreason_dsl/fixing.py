"""Fixes made in the text: those of a flow's findings, round for round, as long as that makes nothing worse.

Invariant: outside of the places that the fixes name, the text stays as it is, comments and layout included; what
leaves more errors than there were before is undone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias, TypeVar

from flowreason_dsl.diagnostics import Diagnostic, Fix, errors
from flowreason_dsl.source import Source, Span

MOST_ROUNDS = 20
_MOST_UNCOVERED = 5
"""How often fixes may uncover more faults than they mend, before they are undone."""
_MOST_ALONE = 40
"""How many fixes are tried one by one, where all together make it worse."""


class Looked(Protocol):
    """A text and what is found in it."""

    @property
    def text(self) -> str: ...

    @property
    def diagnostics(self) -> Sequence[Diagnostic]: ...


L = TypeVar("L", bound=Looked)


def apply_fixes(text: str, found: Sequence[Diagnostic]) -> str:
    """A text with the fixes of its diagnostics made, the first of those that overlap."""
    end = 0
    pieces: list[str] = []
    for span, replacement in _changes(_made(found)):
        pieces += [text[end : span.start], replacement]
        end = span.end
    return "".join(pieces) + text[end:]


def _made(found: Sequence[Diagnostic]) -> list[tuple[Diagnostic, Fix]]:
    """The findings whose fixes are made together, in the order of the text."""
    end = 0
    out: list[tuple[Diagnostic, Fix]] = []
    fixable = [(d, d.fix) for d in found if d.fix]
    wide = [(each, fix) for each, fix in fixable if fix.also]
    taken = sorted(span for _, fix in wide for span, _ in fix.changes)
    if any(first.end > second.start for first, second in pairwise(taken)):
        wide, taken = wide[:1], [span for span, _ in wide[0][1].changes]
    for each, fix in sorted(fixable, key=lambda pair: (pair[1].span.start, pair[1].span.end)):
        if not fix.also and fix.span.start >= end and not _meets(fix.span, taken):
            out.append((each, fix))
            end = fix.span.end
    return sorted([*out, *wide], key=lambda pair: pair[1].span)


def _meets(span: Span, taken: Sequence[Span]) -> bool:
    """Whether a place has letters in common with one of others, which are in order and do not overlap."""
    at = bisect_left(taken, span.end, key=lambda each: each.start)
    return at > 0 and taken[at - 1].end > span.start


def _changes(made: Sequence[tuple[Diagnostic, Fix]]) -> list[tuple[Span, str]]:
    """All that fixes change, in order; what a wide fix puts at a place stands behind what others put there."""
    changes = [(*change, bool(fix.also)) for _, fix in made for change in fix.changes]
    return [(span, text) for span, text, _ in sorted(changes, key=lambda each: (each[0], each[2]))]


def mended(looked: L, look: Callable[[str], L], wanted: Callable[[Diagnostic], bool], rounds: int) -> L:
    """What comes of making all wanted fixes, again and again, while that leaves no more errors than before."""
    for _ in range(rounds):
        fixes = [d for d in looked.diagnostics if d.fix and d.source is None and wanted(d)]
        after = look(apply_fixes(looked.text, fixes)) if fixes else looked
        if after.text == looked.text or len(errors(after.diagnostics)) > len(errors(looked.diagnostics)):
            break
        looked = after
    return looked


# --- for a file that a person keeps --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fixed:
    """What comes of fixing: the text, what is left in it, and what was mended, each with its line in the first text."""

    text: str
    diagnostics: tuple[Diagnostic, ...]
    made: tuple[tuple[int, Diagnostic], ...] = ()
    rounds: tuple[tuple[tuple[Span, str], ...], ...] = ()


Find: TypeAlias = Callable[[str], Sequence[Diagnostic]]
"""Everything that is wrong with a text."""


def fix_all(text: str, find: Find) -> Fixed:
    """A text with the fixes of its errors and hints made, until there is nothing more that can be mended.

    Where a whole round would make it worse, its fixes are tried one by one. Fixes of warnings change what is asked of
    the model, and are left to the author.
    """
    now = Fixed(text, tuple(find(text)))
    source = Source(text)
    for _ in range(MOST_ROUNDS):
        after = _together(now, find, source) or _alone(now, find, source)
        if after is None:
            break
        now = after
    return now


def _together(now: Fixed, find: Find, source: Source) -> Fixed | None:
    """All fixes made, and those of what they uncover, until that has made it better."""
    after = now
    for _ in range(_MOST_UNCOVERED):
        before, after = after, _made_in(after, _wanted(after), find, source)
        if after.text == before.text:
            return None
        if _is_better(now.diagnostics, after.diagnostics):
            return after
    return None


def _alone(now: Fixed, find: Find, source: Source) -> Fixed | None:
    """The first fix that makes it better by itself."""
    wanted = _wanted(now)
    tried = (_made_in(now, [each], find, source) for each in wanted[:_MOST_ALONE] if len(wanted) > 1)
    return next((after for after in tried if _is_better(now.diagnostics, after.diagnostics)), None)


def _wanted(now: Fixed) -> list[Diagnostic]:
    return [d for d in now.diagnostics if d.fix and d.source is None and d.severity != "warning"]


def _made_in(now: Fixed, chosen: Sequence[Diagnostic], find: Find, source: Source) -> Fixed:
    """What comes of making some fixes."""
    text = apply_fixes(now.text, chosen)
    if text == now.text:
        return now
    made = _made(chosen)
    lines = tuple((_line(each.span.start, now.rounds, source), each) for each, _ in made)
    return Fixed(text, tuple(find(text)), now.made + lines, (*now.rounds, tuple(_changes(made))))


def _is_better(before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> bool:
    """Fewer errors; or as many, but others, or fewer hints. So no fix is made over and over."""
    was, now = errors(before), errors(after)
    if len(now) != len(was):
        return len(now) < len(was)
    said = {(d.code, d.message) for d in was} != {(d.code, d.message) for d in now}
    return said or _mends(after) < _mends(before)


def _mends(found: Sequence[Diagnostic]) -> int:
    return sum(d.severity != "warning" and d.fix is not None for d in found)


def _line(offset: int, rounds: Sequence[Sequence[tuple[Span, str]]], source: Source) -> int:
    """The line of the first text that a place of the present one comes from."""
    for changes in reversed(rounds):
        offset = _before(offset, changes)
    return source.position(min(offset, len(source.text)))[0]


def _before(offset: int, changes: Sequence[tuple[Span, str]]) -> int:
    """An offset as it was before changes, given in the order of the text, were made."""
    shift = 0
    for span, replacement in changes:
        start = span.start + shift
        if offset < start:
            break
        if offset < start + len(replacement):
            return span.start
        shift += len(replacement) - (span.end - span.start)
    return offset - shift
