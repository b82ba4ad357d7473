"""Lines of a formatted flow: where they break, how deep they stand, and where the comments go.

Invariant: every comment is written exactly once, in the order of the text, on a line of its own or at the end of
the line that it stood behind; what can be broken over lines is broken where a line gets long or a comment stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from flowreason_dsl.quoting import STEP
from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.syntax import Comment

WIDTH = 100

Words: TypeAlias = Callable[[str], str]
"""A piece of text, for the indentation of the line on which it begins."""


def words(text: str) -> Words:
    """A piece of text that stands on one line."""
    return lambda _indent: text


@dataclass(frozen=True)
class Segment:
    """A piece of a statement before which a line may be broken."""

    make: Words
    span: Span = NOWHERE
    glue: str = " "
    deeper: bool = True
    ending: str = ""
    """What is added where each segment has a line of its own."""


class Layout:
    """The lines so far, and the comments that are still to come."""

    def __init__(self, source: str, comments: Sequence[Comment]) -> None:
        self.source = source
        self.lines: list[str] = []
        self.depth = 0
        self._comments = list(reversed(comments))
        self._last = 0
        self._fresh = True
        self._apart = False
        self._trailing = False

    # --- what the printer says

    def unit(self, segments: Sequence[Segment], ending: str = "") -> None:
        """A statement, or the part of one up to a brace."""
        self._comments_before(segments[0].span.start)
        self._gap(segments[0].span.start)
        indent = STEP * self.depth
        line = _joined(segments, indent) + ending
        if self._comment_before(segments[-1].span.start) or not (len(segments) == 1 or _fits(line, indent)):
            self._broken(segments, ending)
        else:
            self._put(indent + line)
        self._last = max(self._last, *(segment.span.end for segment in segments))

    def merged(self, segments: Sequence[Segment]) -> list[Segment]:
        """The segments as one, where they fit on a line and no comment stands between them."""
        indent = STEP * self.depth
        line = _joined(segments, indent)
        inside = [c for c in self._comments if segments[0].span.start < c.span.start < segments[-1].span.start]
        if inside or not _fits(line, indent):
            return list(segments)
        return [Segment(words(line), segments[0].span.cover(segments[-1].span))]

    def open(self, segments: Sequence[Segment], brace: int) -> None:
        """The header of a block; `brace` is where its brace stands."""
        self.unit(segments, " {")
        self._enter(brace)

    def close(self, brace: int, segments: Sequence[Segment] = (), ending: str = "") -> None:
        """The brace that closes a block, and what follows it."""
        self._comments_before(brace)
        self.depth -= 1
        self._fresh = True
        span = Span(brace, brace + 1) if self.source else NOWHERE
        self.unit([Segment(words("}"), span), *segments], ending)

    def reopen(self, brace: int, segments: Sequence[Segment], following: int) -> None:
        """`} … {`: the end of a block and the header of the next, whose brace stands at `following`."""
        self.close(brace, segments, " {")
        self._enter(following)

    def separate(self) -> None:
        """Sets what follows apart with a blank line."""
        self._apart = True

    def finish(self) -> str:
        """The whole text."""
        self._comments_before(len(self.source) + 1)
        return "\n".join(self.lines) + "\n"

    # --- lines

    def _enter(self, brace: int) -> None:
        self._last = max(self._last, brace + 1)
        self.depth += 1
        self._fresh = True

    def _put(self, text: str, trailing: bool = True) -> None:
        self.lines.extend(text.split("\n"))
        self._trailing = trailing
        self._fresh = False

    def _gap(self, start: int) -> None:
        """One blank line where the text had some, or where a definition ends."""
        written = self.source[self._last : start].count("\n") > 1
        if self.lines and not self._fresh and (written or self._apart) and self.lines[-1]:
            self.lines.append("")
        self._apart = False
        self._fresh = False

    def _broken(self, segments: Sequence[Segment], ending: str) -> None:
        """One line for each segment, with the comments that stood between them."""
        indent = STEP * self.depth
        for i, segment in enumerate(segments):
            inside = indent + STEP if i and segment.deeper else indent
            last = i == len(segments) - 1
            self._put(inside + segment.make(inside) + segment.ending + (ending if last else ""))
            if not last:
                for comment in self._take(segments[i + 1].span.start):
                    self._fresh = True
                    self._comment(comment, indent + STEP)

    # --- comments

    def _take(self, end: int) -> list[Comment]:
        """The comments before an offset."""
        out: list[Comment] = []
        while self._comments and self._comments[-1].span.start < end:
            out.append(self._comments.pop())
        return out

    def _comment_before(self, start: int) -> bool:
        return bool(self._comments) and self._comments[-1].span.start < start

    def _comments_before(self, start: int) -> None:
        for comment in self._take(start):
            self._comment(comment, STEP * self.depth)

    def _comment(self, comment: Comment, indent: str) -> None:
        if not comment.own_line and self._trailing and self.lines:
            self.lines[-1] += f"  {comment.text}"
            self._trailing = False
        else:
            self._gap(comment.span.start)
            self._put(indent + comment.text, trailing=False)
        self._last = max(self._last, comment.span.end)


def _joined(segments: Sequence[Segment], indent: str) -> str:
    out = segments[0].make(indent)
    for segment in segments[1:]:
        out += segment.glue + segment.make(indent)
    return out


def _fits(line: str, indent: str) -> bool:
    """Whether the first and the last line are short enough; lines between them are strings or Python."""
    pieces = line.split("\n")
    return len(indent) + len(pieces[0]) <= WIDTH and len(pieces[-1]) <= WIDTH


def brackets(head: str, inner: Sequence[Segment], tail: str, span: Span) -> list[Segment]:
    """`head(a, b)tail`, with each of the inner segments on a line of its own where the line is long."""
    first = Segment(words(head), Span(span.start, span.start))
    middle = [
        replace(segment, glue=" " if i else "", make=_comma(segment, i < len(inner) - 1), ending="")
        for i, segment in enumerate(inner)
    ]
    middle[-1] = replace(middle[-1], ending=",")
    return [first, *middle, Segment(words(tail), Span(span.end, span.end), glue="", deeper=False)]


def _comma(segment: Segment, more: bool) -> Words:
    return lambda indent: segment.make(indent) + ("," if more else "")
