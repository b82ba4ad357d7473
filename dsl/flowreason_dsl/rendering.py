"""Findings as text: the lines they speak of, carets and words under them, and the line as its fix would have it.

    error[name-unknown]: there is no name `rivr`
     --> trip.flow:3:21
    2 |   river = ask "Which river?"
      |   ----- it is set here
    3 |   answer ask "Where is {rivr}?"
      |                         ^^^^
      = help: did you mean `river`?
    3 |   answer ask "Where is {river}?"
      |                         ~~~~~

Invariant: a line of the text is shown once for a finding, with all marks that belong to it, and a mark stands under
the cells of the characters it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flowreason_dsl.cells import Shown, shown
from flowreason_dsl.source import Source, Span

if TYPE_CHECKING:
    from flowreason_dsl.diagnostics import Diagnostic, Fix

Paint: TypeAlias = Callable[[str, str], str]
"""Colours a piece of text: `error`, `warning`, `hint` (a heading and its marks), `label`, `gutter`, `fix`."""

_WIDEST = 160
_LEAD = 60
_MOST_FIXED = 4
"""How many lines of a fix are shown."""


def plainly(text: str, _role: str) -> str:
    """No colour."""
    return text


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands under a line: from cell to cell, with a sign, a colour, and perhaps words."""

    start: int
    end: int
    sign: str
    role: str
    text: str = ""


def render_one(d: Diagnostic, source: Source, paint: Paint) -> str:
    """One finding."""
    line, column = source.position(d.span.start)
    marks = _marks(d, source)
    fixed = _fixed(d.fix, source) if d.fix else []
    numbers = [line, *marks, *(number for number, _, _ in fixed)]
    page = _Page(len(str(max(numbers))), paint)
    heading = paint(f"{d.severity}[{d.code}]", d.severity)
    page.rows += [f"{heading}: {paint(d.message, 'message')}", page.place(f"{source.name}:{line}:{column}")]
    before = min(marks)
    for number in sorted(marks):
        if number > before + 1:
            page.rows.append(paint("...", "gutter"))
        page.line(number, source.line(number), marks[number])
        before = number
    if d.help:
        page.remark("help", d.help)
    if d.fix and not (d.help and fixed):
        page.remark("help", d.fix.message)
    for number, text, mark in fixed:
        page.line(number, text, mark)
    return "\n".join(page.rows)


# --- where the marks stand -----------------------------------------------------------------------------------


def _marks(d: Diagnostic, source: Source) -> dict[int, list[Mark]]:
    """For each line that is shown: its marks, in columns of the text."""
    out: dict[int, list[Mark]] = {}
    for span, sign, role, text in [
        (d.span, "^", d.severity, ""),
        *((label.span, "-", "label", label.text) for label in d.labels),
    ]:
        pieces = list(_pieces(source, span))
        for number, start, end in pieces:
            last = number == pieces[-1][0]
            out.setdefault(number, []).append(Mark(start, end, sign, role, text if last else ""))
    return out


def _pieces(source: Source, span: Span) -> Iterable[tuple[int, int, int]]:
    """The lines on which a span begins and ends, each with the columns that belong to it."""
    first, start = source.position(span.start)
    last, end = source.position(max(span.start, span.end))
    if last > first and end == 1:  # it ends with the end of a line
        last, end = last - 1, len(source.line(last - 1)) + 1
    if last == first:
        yield first, start - 1, max(start, end - 1)
        return
    text = source.line(last)
    yield first, start - 1, max(start, len(source.line(first)))
    yield last, len(text) - len(text.lstrip()), max(1, end - 1)


def _fixed(fix: Fix, source: Source) -> list[tuple[int, str, list[Mark]]]:
    """The lines that a fix touches, as they are after it, with what is new marked."""
    above = source.position(fix.span.start)[0] - 1
    after, at = _mended(fix, source, source.offset(above + 1, 1))
    end = at + len(fix.replacement)
    first, last = after.position(at)[0], after.position(end)[0]
    if not "".join(after.line(n) for n in range(first, last + 1)).strip():
        return []  # a line that is gone
    sign = "~" if fix.span.end > fix.span.start else "+"
    out: list[tuple[int, str, list[Mark]]] = []
    for number in range(first, min(last, first + _MOST_FIXED - 1) + 1):
        start = after.position(at)[1] - 1 if number == first else 0
        text = after.line(number)
        stop = after.position(end)[1] - 1 if number == last else len(text)
        new = text[start:stop]
        start, stop = start + len(new) - len(new.lstrip()), stop - len(new) + len(new.rstrip())
        if new.strip() or first == last:
            out.append((above + number, text, [Mark(start, stop, sign, "fix")] if new.strip() else []))
    return out


def _mended(fix: Fix, source: Source, begin: int) -> tuple[Source, int]:
    """The lines that a fix touches, from `begin` on, as they are after it, and where in them it stands."""
    behind = source.text.find("\n", fix.span.end)
    rest = source.text[fix.span.end : behind if behind >= 0 else len(source.text)]
    return Source(source.text[begin : fix.span.start] + fix.replacement + rest), fix.span.start - begin


# --- how it is written ---------------------------------------------------------------------------------------


class _Page:
    """The rows of one finding, behind a gutter with the numbers of the lines."""

    def __init__(self, width: int, paint: Paint) -> None:
        self.width = width
        self.paint = paint
        self.rows: list[str] = []

    def place(self, text: str) -> str:
        return f"{' ' * self.width}{self.paint('-->', 'gutter')} {text}"

    def remark(self, word: str, text: str) -> None:
        self.rows.append(f"{' ' * self.width} {self.paint('=', 'gutter')} {self.paint(word, 'message')}: {text}")

    def line(self, number: int, text: str, marks: list[Mark]) -> None:
        """A line of the flow and the rows of marks under it."""
        text, marks = _window(text, marks)
        self.rows.append(f"{self.paint(f'{number:>{self.width}} |', 'gutter')} {shown(text).text}".rstrip())
        edge = self.paint(f"{' ' * self.width} |", "gutter")
        self.rows += [f"{edge} {row}" for row in _under(shown(text), marks, self.paint)]


def _window(text: str, marks: list[Mark]) -> tuple[str, list[Mark]]:
    """The part of a long line that the first mark stands in."""
    if len(text) <= _WIDEST:
        return text, marks
    cut = max(0, min((mark.start for mark in marks), default=0) - _LEAD)
    part = text[cut : cut + _WIDEST]
    lead, tail = "…" if cut else "", "…" if cut + _WIDEST < len(text) else ""
    shift, end = len(lead) - cut, len(lead) + len(part)
    moved = [
        Mark(max(0, mark.start + shift), min(mark.end + shift, end), mark.sign, mark.role, mark.text)
        for mark in marks
        if mark.start + shift < end
    ]
    return lead + part + tail, moved


def _under(line: Shown, marks: list[Mark], paint: Paint) -> list[str]:
    """Rows under a line: marks side by side in one, those that overlap in further ones, words behind or below."""
    placed = sorted(
        (
            Mark(line.cell(m.start), max(line.cell(m.end), line.cell(m.start) + 1), m.sign, m.role, m.text)
            for m in marks
        ),
        key=lambda mark: (mark.start, mark.end),
    )
    rows: list[str] = []
    while placed:
        row: list[Mark] = []
        rest: list[Mark] = []
        for mark in placed:
            (rest if row and mark.start < row[-1].end else row).append(mark)
        rows += _row(row, paint)
        placed = rest
    return rows


def _in_cells(line: Shown, mark: Mark) -> Mark:
    start = line.cell(mark.start)
    return Mark(start, max(line.cell(mark.end), start + 1), mark.sign, mark.role, mark.text)


def _row(marks: list[Mark], paint: Paint) -> list[str]:
    """The last mark has its words behind it, each other one below itself."""
    out, at = "", 0
    for mark in marks:
        out += " " * (mark.start - at) + paint(mark.sign * (mark.end - mark.start), mark.role)
        at = mark.end
    if marks[-1].text:
        out += " " + paint(marks[-1].text, marks[-1].role)
    return [out, *(" " * m.start + paint(m.text, m.role) for m in reversed(marks[:-1]) if m.text)]
