"""Blocks as Python writes them, by their indentation: one finding for all of them, whose fix puts the braces in.

Invariant: as in `drift`. All lines from that of the fault on are gone through once; a block ends before the first line
that is not deeper than its header, or with the brace that is already there for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.drift import STRINGS, Change, Rule, here, token
from flowreason_dsl.grammar import END
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
_BRANCHES = frozenset({"IF", "ELSE", "ELIF", "FOR", "WHILE", "REPEAT"})
_HEADS = _BRANCHES | {"FLOW", "MATCH", "SAMPLE", "DEF"}
_ARMS = STRINGS | {"INT", "DECIMAL", "TRUE", "FALSE"}
_BEGINNERS = frozenset({"ANSWER", "BREAK", "RETURN", "CONTINUE", "PASS", "RAISE", "YIELD"})
_BEGINS_BODY = _BEGINNERS | {"NAME", "IF", "FOR", "WHILE", "REPEAT", "MATCH", "SAMPLE", *STRINGS}
_ARROWS = frozenset({"=>", "->", "→", ":"})
_MOST_NAMED = 4
_FARTHEST = 300
_LONGEST_LINE = 2_000
_LONGEST_BLOCK = 5_000


@dataclass
class _Block:
    """A block that has begun: how deep its header stands, and what was open around it."""

    indent: int
    opened: int
    is_match: bool = False


@dataclass
class _Pass:
    """One pass over the lines: the tokens as they should be, and the changes of the text that make them so."""

    at: Reading
    tokens: list[Token] = field(default_factory=list)
    changes: list[tuple[Span, str]] = field(default_factory=list)
    heads: list[Span] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    opened: int = 0
    surplus: int = 0
    python: int | None = None
    """How deep the function stands whose lines are passed over."""
    in_arms: bool = False
    """Whether the pass begins between the arms of a `match` in braces."""


def by_indentation(at: Reading, expected: set[str]) -> Change | None:
    """`if c:`, `flow f(x: text) -> text:`, with the block below it and deeper."""
    first = at.at
    while not at.begins_line(first) and at.at - first < _FARTHEST:
        first -= 1
    if at.at == first and "LBRACE" in expected and first and not at.opens[:1] and here(at).type in _BEGINS_BODY:
        first = _line_begin(at, first - 1)  # the first line of a flow, without a mark at its end
    if at.laid_out or (colon := _mark(at, first, next_line(at, first))) is None or colon < at.at:
        return None
    if colon_closed_by_brace(at, first, colon):
        return None
    made = _Pass(at, surplus=max(0, at.surplus), in_arms=_is_arm(at, first) and at.at == colon)
    if not _may_be_arm(made, first, colon, next_line(at, first)):
        return None
    for begin, end in _lines(at, first):
        if not _is_python(made, begin):
            _take(made, begin, end)
        else:
            made.tokens += at.tokens[begin:end]
    _close(made, len(at.tokens) - 1, -1)
    if not made.heads:
        return None
    at.laid_out = True
    if at.lexed.cut:
        last = token(at, len(at.tokens) - 2).start
        at.doubts.append(Doubt("end", Span(last, last)))
    return Change(at.at, len(at.tokens) - 1, made.tokens[at.at - first :], _finding(made))


def _is_python(made: _Pass, begin: int) -> bool:
    """Whether a line belongs to a function that is written inside of a flow, which is passed over as a whole."""
    indent = made.at.indent(token(made.at, begin))
    if made.python is not None and indent > made.python:
        return True
    made.python = indent if made.at.kind(begin) in ("DEF", "CLASS") and indent else None
    return made.python is not None


def _finding(made: _Pass) -> Diagnostic:
    heads = made.heads
    mark = made.at.source.slice(heads[0])
    message = f"a block stands between `{{` and `}}`, not behind `{mark if mark in _ARROWS else ':'}`"
    labels = tuple(Label(span, "here too") for span in heads[1 : 1 + _MOST_NAMED])
    (span, text), *also = sorted(made.changes, key=lambda change: change[0])
    fix = Fix("put all such blocks in braces", span, text, tuple(_joined(also)))
    return Diagnostic("syntax-block", message, heads[0], labels=labels, fix=fix)


def _joined(changes: list[tuple[Span, str]]) -> Iterator[tuple[Span, str]]:
    """The changes, those at one place as one."""
    last: tuple[Span, str] | None = None
    for span, text in changes:
        if last is not None and span.start == span.end == last[0].start == last[0].end:
            last = (span, last[1] + text)
            continue
        if last is not None:
            yield last
        last = (span, text)
    if last is not None:
        yield last


# --- lines ---------------------------------------------------------------------------------------------------


def _line_begin(at: Reading, place: int) -> int:
    while not at.begins_line(place):
        place -= 1
    return place


def next_line(at: Reading, first: int) -> int:
    """The index of the first token of the next line."""
    place = first + 1
    while at.kind(place) != END and not at.begins_line(place) and place - first < _LONGEST_LINE:
        place += 1
    return min(place, len(at.tokens) - 1)


def _lines(at: Reading, first: int) -> Iterator[tuple[int, int]]:
    while at.kind(first) != END:
        last = next_line(at, first)
        yield first, last
        first = last


def _mark(at: Reading, first: int, last: int) -> int | None:
    """The colon of a line that begins a block, or where it is missing; None where the line begins none."""
    if not _is_head(at, first, last):
        return None
    deeper = at.kind(last) != END and at.indent(token(at, last)) > at.indent(token(at, first))
    if deeper and (at.kind(last - 1) == "COLON" or (_is_arm(at, first) and token(at, last - 1).value in _ARROWS)):
        return last - 1
    if at.kind(first) in _BRANCHES or _is_arm(at, first):
        return _inner_colon(at, first, last)
    bare = at.kind(first) == "FLOW" and (at.kind(last - 1) in ("RPAR", "RSQB") or at.kind(last - 2) == "ARROW")
    return last if bare and deeper and at.kind(last) in _BEGINS_BODY else None


def _is_head(at: Reading, first: int, last: int) -> bool:
    kind = at.kind(first)
    if kind in ("FLOW", "DEF", "CLASS"):
        return at.kind(first + 1) == "NAME" and (kind == "FLOW" or at.indent(token(at, first)) == 0)
    if kind in _HEADS or _is_arm(at, first):
        return True
    if kind == "RPAR":
        return at.kind(last - 1) == "COLON" and at.kind(first + 1) in ("ARROW", "COLON")
    return kind == "NAME" and any(at.kind(i) in ("FOR", "SAMPLE") for i in range(first + 1, min(last, first + 8)))


def _is_arm(at: Reading, first: int) -> bool:
    """Whether a line may be an arm of a `match`."""
    return at.kind(first) in _ARMS or token(at, first).value in ("case", "default", "_")


def _inner_colon(at: Reading, first: int, last: int) -> int | None:
    """The colon in `if c: answer x`."""
    depth = 0
    for place in range(first + 1, last - 1):
        depth += (at.kind(place) in _OPENERS) - (at.kind(place) in _CLOSERS)
        arrow = (_is_arm(at, first) or at.kind(first) == "ELSE") and token(at, place).value in _ARROWS
        mark = at.kind(place) == "COLON" or arrow
        if depth == 0 and mark:
            following = at.kind(place + 1)
            begins = following in _BEGINNERS or (
                following == "NAME" and token(at, place + 2).value in ("=", ":", "+=", "-=", ".", "(")
            )
            return place if begins else None
    return None


def colon_closed_by_brace(at: Reading, first: int, colon: int) -> bool:
    """Whether the brace that ends the block of a header is there: `for x in xs:` … `}`."""
    if at.surplus <= 0:
        return False
    edge = at.indent(token(at, first))
    place = colon + 1
    while at.kind(place) != END and not (at.begins_line(place) and at.indent(token(at, place)) <= edge):
        place += 1
        if place - colon > _LONGEST_BLOCK:
            return False
    return at.kind(place) == "RBRACE" and at.indent(token(at, place)) == edge


# --- braces --------------------------------------------------------------------------------------------------


def _take(made: _Pass, begin: int, end: int) -> None:
    """One line, with the braces before and in it."""
    at, indent = made.at, made.at.indent(token(made.at, begin))
    closed = _close(made, begin, indent)
    first = begin
    if closed and at.kind(begin) == "ELIF":
        elif_ = token(at, begin)
        made.tokens += [Token("ELSE", elif_.start, elif_.end, "else"), Token("IF", elif_.start, elif_.end, "if")]
        made.changes.append((elif_.span, "else if"))
        first = begin + 1
    mark = _mark(at, begin, end)
    if mark is None or not _may_be_arm(made, begin, mark, end):
        for place in range(first, end):
            _keep(made, token(at, place))
        return
    for place in range(first, min(mark, end)):
        _keep(made, token(at, place))
    _open(made, begin, mark, end)


def _may_be_arm(made: _Pass, begin: int, mark: int, end: int) -> bool:
    """Whether a line that looks like an arm is none of the pairs of a record."""
    if made.at.kind(begin) not in _ARMS:
        return True
    if made.in_arms and not made.blocks and made.opened == 0:
        return True
    return mark == end - 1 or (bool(made.blocks) and made.blocks[-1].is_match)


def _open(made: _Pass, begin: int, mark: int, end: int) -> None:
    """The brace in place of a colon, and where the block is on the same line, the one behind it."""
    at, colon = made.at, token(made.at, mark)
    before = token(at, mark - 1)
    span = Span(before.end, colon.end) if mark < end else Span(before.end, before.end)
    made.heads.append(colon.span if mark < end else before.span)
    made.tokens.append(Token("LBRACE", span.end, span.end, "{"))
    made.changes.append((span, " {"))
    for place in range(mark + 1, end):
        _keep(made, token(at, place))
    if mark + 1 < end:
        last = token(at, end - 1).end
        made.tokens.append(Token("RBRACE", last, last, "}"))
        made.changes.append((Span(last, last), " }"))
    else:
        is_match = at.kind(begin) == "MATCH"
        made.blocks.append(_Block(at.indent(token(at, begin)), made.opened, is_match))


def _keep(made: _Pass, each: Token) -> None:
    made.tokens.append(each)
    made.opened += (each.type in _OPENERS) - (each.type in _CLOSERS)


def _close(made: _Pass, place: int, indent: int) -> bool:
    """Ends the blocks that a line does not belong to; whether the line is the `else` of the last of them."""
    following = token(made.at, place)
    closed = False
    while made.blocks:
        block, is_brace = made.blocks[-1], following.type == "RBRACE"
        inside = made.opened > block.opened or (indent > block.indent and made.opened == block.opened)
        if inside and not (is_brace and made.opened == block.opened):
            break
        made.blocks.pop()
        if is_brace and made.surplus > 0 and indent == block.indent:
            made.surplus -= 1
            made.opened += 1  # the brace that is there is that of the block
            break
        joins = following.type in ("ELSE", "ELIF") and indent == block.indent
        _end(made, place, block, joins)
        closed = joins
        if joins:
            break
    return closed


def _end(made: _Pass, place: int, block: _Block, joins: bool) -> None:
    """The brace that ends a block, on a line of its own or before an `else`."""
    at, last = made.at, token(made.at, place - 1)
    made.tokens.append(Token("RBRACE", last.end, last.end, "}"))
    if joins:
        start = token(at, place).start
        made.changes.append((Span(start, start), "} "))
        return
    newline = at.source.text.find("\n", last.end)
    where = newline if newline >= 0 else len(at.source.text)
    made.changes.append((Span(where, where), "\n" + " " * block.indent + "}"))


AT_FAULT: tuple[Rule, ...] = (by_indentation,)
