"""Blocks as other languages write them: `switch`, `parallel`, `then … endif`, `until` behind the block, `unless`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.drift import (
    STRINGS,
    Change,
    Rule,
    closing,
    closing_before,
    code_token,
    fixed,
    here,
    made,
    text_of,
    token,
)
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_TOGETHER = frozenset({"parallel", "concurrent", "concurrently", "together", "simultaneously"})
_ENDS = frozenset({"endif", "end", "fi", "end_if"})


def switch(at: Reading, _expected: set[str]) -> Change | None:
    """`switch (k) { case "a": … }`."""
    word = token(at, at.statement)
    if here(at).type != "LBRACE" or word.value not in ("switch", "select", "when") or word.type != "NAME":
        return None
    end = closing(at, at.at)
    if end is None:
        return None
    subject = text_of(at, at.statement + 1, at.at).strip("()") or "value"
    message = f'`{word.value}` is written `match {subject} {{ "a" {{ … }} else {{ … }} }}`'
    return Change(at.statement, end + 1, [], Diagnostic("syntax-word", message, word.span), unread=True)


def switch_as_match(at: Reading) -> Change | None:
    """`switch k { case "a": … break; default: … }`: the word, the arms, and the `break` at the end of each."""
    word, brace = here(at), at.at + 1
    if word.value not in ("switch", "select", "when") or not at.begins_line(at.at) or word.value in at.bound:
        return None
    while at.kind(brace) != "LBRACE" and not at.begins_line(brace):
        brace += 1
    end = closing(at, brace) if at.kind(brace) == "LBRACE" and brace > at.at + 1 else None
    if end is None or not (token(at, brace + 1).value in ("case", "default") or at.kind(brace + 1) in STRINGS):
        return None
    arms = _Arms(at)
    arms.read(brace + 1, end)
    fix = Fix("write `match`", word.span, "match", tuple(arms.changes))
    found = Diagnostic(
        "syntax-word", f"a choice between values is written `match`, not `{word.value}`", word.span, fix=fix
    )
    kept = [*at.tokens[at.at + 1 : brace + 1], *arms.tokens, token(at, end)]
    return Change(at.at, end + 1, [made("MATCH", word, "match"), *kept], found)


class _Arms:
    """The arms of a `switch`, with braces for colons, and without the `break` at their ends."""

    def __init__(self, at: Reading) -> None:
        self.at = at
        self.tokens: list[Token] = []
        self.changes: list[tuple[Span, str]] = []
        self._open: Token | None = None

    def read(self, place: int, end: int) -> None:
        while place < end:
            colon = self._colon(place, end)
            if token(self.at, place).value in ("case", "default") and (colon or self.at.begins_line(place)):
                self._close(token(self.at, place - 1))
            place = self._kept(place, end) if colon is None else self._head(place, colon, end)
        self._close(token(self.at, end - 1))

    def _colon(self, place: int, end: int) -> int | None:
        """The colon of the arm that begins here."""
        word, colon = token(self.at, place), place + 1 + (token(self.at, place).value == "case")
        written = word.value in ("case", "default") and colon < end and self.at.kind(colon) == "COLON"
        return colon if written else None

    def _head(self, place: int, colon: int, end: int) -> int:
        """`case "a": case "b":` or `default:`, up to what is done."""
        at, first = self.at, token(self.at, place)
        if first.value == "default":
            self.tokens.append(made("ELSE", first, "else"))
            self.changes.append((first.span, "else"))
        else:
            self.changes.append((Span(first.start, token(at, place + 1).start), ""))
            self.tokens.append(token(at, place + 1))
            while token(at, colon + 1).value == "case" and (following := self._colon(colon + 1, end)) is not None:
                value = token(at, following - 1)
                self.changes.append((Span(token(at, colon).start, value.start), ", "))
                self.tokens += [made("COMMA", value, ","), value]
                colon = following
        braced = at.kind(colon + 1) == "LBRACE"
        self.changes.append((token(at, colon).span, "" if braced else " {"))
        if not braced:
            self.tokens.append(made("LBRACE", token(at, colon), "{"))
            self._open = first
        return colon + 1

    def _kept(self, place: int, end: int) -> int:
        each = token(self.at, place)
        if each.type == "BREAK" and _ends_arm(self.at, place + 1, end):
            if self._open is None:
                self.changes.append((each.span, ""))
            else:
                self._close(each, each)
        else:
            self.tokens.append(each)
        return place + 1

    def _close(self, last: Token, instead: Token | None = None) -> None:
        """Ends the arm that is open, behind its last token or in place of one."""
        if self._open is None:
            return
        alone = "\n" in self.at.source.text[self._open.start : last.end]
        mark = f"\n{' ' * self.at.indent(self._open)}}}" if alone else " }"
        self.changes.append((instead.span, "}") if instead else (Span(last.end, last.end), mark))
        self.tokens.append(made("RBRACE", last, "}"))
        self._open = None


def _ends_arm(at: Reading, place: int, end: int) -> bool:
    return place == end or at.kind(place) == "RBRACE" or token(at, place).value in ("case", "default")


def together(at: Reading, _expected: set[str]) -> Change | None:
    """`parallel { … }`."""
    word = token(at, at.at - 1)
    if here(at).type != "LBRACE" or str(word.value) not in _TOGETHER or at.statement != at.at - 1:
        return None
    end = closing(at, at.at)
    if end is None:
        return None
    message = f"steps that do not need one another run at once, without `{word.value}`"
    span = at.span_between(at.at - 1, end)
    found = fixed(Diagnostic("syntax-word", message, word.span), "take it out", span, _dedented(at, at.at + 1, end))
    return Change(at.at - 1, end + 1, at.tokens[at.at + 1 : end], found)


def _dedented(at: Reading, first: int, last: int) -> str:
    """Statements as deep as the block that they are taken out of, unless a text or Python spans lines."""
    text = text_of(at, first, last)
    if any("\n" in at.source.slice(each.span) for each in at.tokens[first:last]):
        return text
    inner = at.source.position(token(at, first).start)[1] - at.source.position(token(at, at.at - 1).start)[1]
    less = "\n" + " " * max(0, inner)
    outer = "\n" + " " * (at.source.position(token(at, at.at - 1).start)[1] - 1)
    return text.replace(outer + less[1:], outer)


def until_behind(at: Reading, _expected: set[str]) -> Change | None:
    """`repeat 3 { … } until c`."""
    word = here(at)
    if word.type != "UNTIL" or at.kind(at.at - 1) != "RBRACE":
        return None
    brace = closing_before(at, at.at - 1)
    first = brace - 1
    while first > 0 and at.kind(first) not in ("REPEAT", "RBRACE", "LBRACE"):
        first -= 1
    last = at.at + 2
    if brace < 1 or at.kind(first) != "REPEAT" or at.kind(at.at + 1) not in ("CODE", "NAME"):
        return None
    if not (at.begins_line(last) or at.kind(last) in ("RBRACE", "$END")):
        return None
    condition, block = text_of(at, at.at + 1, last), text_of(at, brace, at.at)
    message = f"`until` stands before the block: `repeat … until {condition} {{`"
    span = at.span_between(brace, last - 1)
    found = fixed(
        Diagnostic("syntax-bound", message, word.span), "put it before the block", span, f"until {condition} {block}"
    )
    new = [*at.tokens[first:brace], *at.tokens[at.at : last], *at.tokens[brace : at.at]]
    return Change(first, last, new, found)


def then_endif(at: Reading, _expected: set[str]) -> Change | None:
    """`if c then … else … endif`."""
    word = here(at)
    if word.value != "then" or word.type != "NAME" or at.kind(at.at + 1) == "LBRACE":
        return None
    new, text, last = [made("LBRACE", word, "{")], "{", at.at + 1
    while token(at, last).value not in _ENDS:
        each = token(at, last)
        if each.type in ("LBRACE", "IF", "$END", "FLOW") or last - at.at > 400:
            return None
        text += at.source.text[token(at, last - 1).end : each.start]
        is_else = each.type == "ELSE" and at.begins_line(last)
        text += "} else {" if is_else else at.source.slice(each.span)
        new += [made("RBRACE", each, "}"), each, made("LBRACE", each, "{")] if is_else else [each]
        last += 1
    end = token(at, last)
    text += at.source.text[token(at, last - 1).end : end.start] + "}"
    found = Diagnostic(
        "syntax-block", f"a block stands between `{{` and `}}`, without `then` and `{end.value}`", word.span
    )
    found = fixed(found, "write braces", at.span_between(at.at, last), text)
    return Change(at.at, last + 1, [*new, made("RBRACE", end, "}")], found)


def unless(at: Reading) -> Change | None:
    """`unless ok {`."""
    word, condition = here(at), token(at, at.at + 1)
    if word.value != "unless" or condition.type not in ("NAME", "CODE") or at.kind(at.at + 2) != "LBRACE":
        return None
    written = text_of(at, at.at + 1, at.at + 2)
    inner = f"not ({written[1:-1]})" if condition.type == "CODE" else f"not {written}"
    right, span = f"if `{inner}`", at.span_between(at.at, at.at + 1)
    found = fixed(Diagnostic("syntax-word", f"`unless` is written {right}", span), f"write {right}", span, right)
    return Change(at.at, at.at + 2, [made("IF", word, "if"), code_token(condition, inner)], found)


def deeper(at: Reading, first: int, place: int) -> int:
    """The index behind the lines that are deeper than the line of a token."""
    edge = at.indent(token(at, first))
    while at.kind(place) != "$END" and not (at.begins_line(place) and at.indent(token(at, place)) <= edge):
        place += 1
    return place


def match_by_indentation(at: Reading, _expected: set[str]) -> Change | None:
    """`match kind:` with `case "a":` below it."""
    word, arm = token(at, at.statement), token(at, at.at + 1)
    if here(at).type != "COLON" or word.type != "MATCH" or not at.begins_line(at.at + 1):
        return None
    if arm.value != "case" and arm.type not in ("TEXT", "TEMPLATE", "QUOTED", "INT", "TRUE", "FALSE"):
        return None
    last = deeper(at, at.statement, at.at + 1)
    subject = text_of(at, at.statement + 1, at.at)
    help_ = f'write `match {subject} {{ "a" {{ … }} else {{ … }} }}`'
    message = "a block stands between `{` and `}`, not behind `:`"
    found = Diagnostic("syntax-block", message, here(at).span, help=help_)
    return Change(at.statement, last, [], found, unread=True)


AT_FAULT: tuple[Rule, ...] = (switch, match_by_indentation, together, until_behind, then_endif)
BEFORE = (unless, switch_as_match)
