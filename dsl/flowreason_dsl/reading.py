"""One pass over the tokens of a text: feeds the automaton, and where a token cannot stand, reports it and goes on.

Invariant: each fault is reported once. After a fault, reading goes on at the next statement (see `recovery`), and what
could be read around the faults is kept: as a `flow` where there were none, else as a `partial` tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from flowreason_dsl import (
    aliases,
    cut,
    drift_reserved,
    drift_rules,
    habits,
    holes,
    messages,
    misspelt,
    recovery,
    repair,
    slips,
    words,
)
from flowreason_dsl.diagnostics import Diagnostic, Label, errors
from flowreason_dsl.grammar import END
from flowreason_dsl.lexer import Lexed
from flowreason_dsl.machine import Machine
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt
from flowreason_dsl.wording import VALUES

_MOST_STATES = 500
_MOST_CHAINED = 120
_MOST_FAULTS = 1000
_LACKING = frozenset({"syntax-missing-value", "syntax-unexpected", "syntax-unexpected-end", "syntax-reserved-name"})
_NO_NAME = frozenset({"COLON", "COMMA", "DOT", "EQUAL", "IMPORT", END})
_UNCLOSED = frozenset({"syntax-unclosed-code", "syntax-unclosed-string"})


class Open(NamedTuple):
    """A brace or bracket that is open: the height of the stack with it, and whether it was put in by us."""

    height: int
    at: int
    token: Token
    stand_in: bool


class Reading:
    """One pass. `reports` holds what the tokens and the pass found.

    `flow` is there when nothing was wrong; else `partial` is, where the text holds a flow at all. A `plain` pass takes
    every token as what it is, and ends at the first that cannot stand where it stands.
    """

    def __init__(
        self, source: Source, lexed: Lexed, *, plain: bool = False, named: dict[str, aliases.Alias] | None = None
    ) -> None:
        self.source = source
        self.aliases = named or {}
        self.plain = plain
        self.lexed = lexed
        self.tokens = lexed.tokens
        self.reports = Reports(lexed.reports.found)
        self.machine = Machine()
        self.opens: list[Open] = []
        self.at = 0
        self.statement = 0
        self.flow: Flow | None = None
        self.partial: Flow | None = None
        self.doubts: list[Doubt] = []
        self._lines = {self.line_of(d.span.start) for d in errors(self.reports.found)}
        self._fault_lines: set[int] = set()
        self._told: set[tuple[str, Span]] = set()
        self._passed: set[int] = set()
        self._mended: set[tuple[str, Span]] = set()
        self.changes = 0
        self.laid_out = False
        self.dashed: set[str] = set()
        self.rests: set[int] = set()
        self.renamed: dict[str, dict[Span, None]] = {}
        self.stuck = (-1, -1)
        self.words_looked_at = 0
        self._faults = 0
        self.missing: tuple[str, ...] = ()
        self.surplus = repair.surplus(self.tokens)
        self.has_flow = any(a.type == "FLOW" and b.type not in _NO_NAME for a, b in pairwise(self.tokens))

    def read(self) -> Reading:
        """Goes through all tokens."""
        if self.lexed.refused:
            return self
        while self.at < len(self.tokens):
            if not self.plain:
                drift_rules.before(self)
            if not self.advance():
                if self.plain:
                    return self
                if drift_rules.at_fault(self):
                    continue
                self._fault()
                if self._enough() or not recovery.recover(self):
                    break
            elif len(self.machine.states) > _MOST_STATES or self._chained():
                self._refuse_depth(self.tokens[self.at - 1])
                break
            elif self.reports.full:
                break
        drift_reserved.tell(self)
        aliases.tell(self, self.machine.result is not None)
        if self.reports.errors:
            self.partial = self._partial()
        else:
            self.flow = replace(self.machine.result, comments=tuple(self.lexed.comments), source=self.source)
        return self

    def _partial(self) -> Flow | None:
        """What could be read, with all that is not known of it."""
        if self.machine.result is None:
            recovery.give_up(self)
        if self.machine.result is None:
            return None
        found: Flow = self.machine.result
        return replace(found, source=self.source, doubts=(*self.doubts, *self._known_doubts()))

    def _known_doubts(self) -> Iterator[Doubt]:
        """The lines with errors, and texts and Python without an end."""
        unclosed = set()
        for found in errors(self.reports.found):
            if (found.code, found.span) in self._mended:
                continue
            first, last = self.line_of(found.span.start), self.line_of(max(found.span.start, found.span.end - 1))
            yield Doubt("line", Span(self.source.offset(first, 1), self.source.offset(last + 1, 1)))
            if found.code in _UNCLOSED:
                unclosed.add(found.span.start)
        for token in self.tokens:
            if token.start in unclosed:
                yield Doubt("text", token.span)

    # --- places

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that the text seems to set somewhere."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        named = {a.value for a, b in pairs if a.type == "NAME" and b.type in ("EQUAL", "COLON", "IN", "COMMA", "ARROW")}
        return frozenset(str(each) for each in named)

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of the flows and tools of the text."""
        named = (b for a, b in pairwise(self.tokens) if a.type in ("FLOW", "TOOL") and b.type == "NAME")
        return frozenset(str(each.value) for each in named)

    @cached_property
    def misnamed(self) -> frozenset[str]:
        """The words of the language and of Python that the text uses as names."""
        return drift_reserved.misnamed(self)

    def line_of(self, offset: int) -> int:
        return self.source.position(offset)[0]

    def kind(self, at: int) -> str:
        """The type of the token at an index; the end, where there is none."""
        return self.tokens[at].type if 0 <= at < len(self.tokens) else END

    def begins_line(self, at: int) -> bool:
        """Whether a token is the first on its line."""
        return (
            at == 0
            or at >= len(self.tokens)
            or "\n" in self.source.text[self.tokens[at - 1].end : self.tokens[at].start]
        )

    def defines(self, at: int) -> bool:
        """Whether a definition begins here: its word at the begin of a line, not deeper than what is around it."""
        if self.kind(at) not in recovery.DEFINERS or not self.begins_line(at):
            return False
        outer = next((o for o in reversed(self.opens) if not o.stand_in), None)
        return outer is None or self.indent(self.tokens[at]) <= self.indent(outer.token)

    def indent(self, token: Token) -> int:
        """How far the line of a token is indented."""
        number = self.line_of(token.start)
        line = self.source.line(number)
        return len(line) - len(line.lstrip())

    # --- going on

    def advance(self) -> bool:
        """Takes the next token, as what its place makes of it."""
        if self.at in self._passed:
            self.at += 1
            return True
        token, row, step = self.tokens[self.at], self.machine.row(), 1
        if (token.type not in row or (token.type == "NAME" and token.value in slips.TELLING)) and self._slips():
            return True
        fed: tuple[Token, ...] = (token,)
        if token.type in words.STRINGS:
            fed = (words.string(token, "TEMPLATE" if "TEMPLATE" in row else "TEXT", self._tell_of_text),)
        elif token.type == "NAME":
            telling = not self.plain and self.tokens[self.at + 1].type in misspelt.AFTER
            if telling and (instead := misspelt.meant(self)):
                self._report(instead.found)
                if instead.token is None:
                    self.at += 1
                    return True
                fed = (instead.token,)
                self.has_flow |= instead.token.type == "FLOW"
            elif "NAME" not in row:
                fed, step = words.contextual(self.tokens, self.at, row, self._report)
        for one in fed:
            if not self.feed(one):
                return False
        self.at += step
        return True

    def _slips(self) -> bool:
        """Takes a slip at the token at hand as what it means."""
        place = slips.Place(self.tokens, self.at, self.machine, bool(self.opens), self.source.text)
        slip = slips.find(place)
        if slip is None:
            return False
        self._report(slip.found)
        if slip.forget:
            self.machine.cut(len(self.machine.states) - 1)
        if slip.take:
            self.feed(slip.take)
        if slip.later is not None:
            self._passed.add(slip.later)
        self.at += slip.step
        return True

    def feed(self, token: Token, stand_in: bool = False) -> bool:
        """Takes a token that may not stand in the text, or says that it cannot stand here."""
        if not self.machine.feed(token):
            return False
        states = self.machine.states
        if token.type in cut.OPENERS:
            self.opens.append(Open(len(states), self.at, token, stand_in))
        elif token.type in cut.CLOSERS and self.opens:
            self.opens.pop()
        elif len(states) > 1 and states[-2] in cut.levels():
            self.statement = self.at
        return True

    def reopen(self, height: int) -> None:
        """Takes the brace of a flow as open again."""
        self.opens.append(Open(height, self.at, self.tokens[self.at], True))

    # --- limits

    def _enough(self) -> bool:
        """Whether more reports would help nobody."""
        return self.reports.full or self._faults >= _MOST_FAULTS or not (self.has_flow or habits.headless(self))

    def _chained(self) -> bool:
        below = self.opens[-1].height if self.opens else 0
        return len(self.machine.states) - below > _MOST_CHAINED

    def _refuse_depth(self, token: Token) -> None:
        message = "too many expressions are strung together here"
        help_ = "give a part of them a name first"
        self._report(Diagnostic("limit-depth", message, token.span, help=help_))

    # --- faults

    def _fault(self) -> None:
        """Reports the token that cannot stand where it stands, unless its line is known to be at fault."""
        self._faults += 1
        if repair.brace_before_else(self):
            self.machine.cut(len(self.machine.states) - 1)
            self.at -= 1
        self.missing = repair.missing_mark(self)
        if self.kind(self.at) != END and self.line_of(self.tokens[self.at].start) in self._lines:
            return
        found = messages.explain(self)
        if found.code in _LACKING and self._wants_value():
            self.doubts.append(Doubt("value", found.span))
        line = self.line_of(found.span.start)
        if self.kind(self.at) in ("RBRACE", "ELSE"):
            self.doubts.append(Doubt("shape", Span(self.tokens[self.at].start, self.tokens[self.at].start)))
        if found.code in messages.AT_THE_END or self.missing == ("RBRACE",):
            if self.lexed.cut or (self.opens and all(o.stand_in for o in self.opens)):
                return
        elif line in self._lines:
            return
        self._fault_lines.add(line)
        self._report(repair.with_mark(found, self, self.missing) if self.missing else found)

    def _wants_value(self) -> bool:
        """Whether a value or a name should stand here, whatever it is."""
        expected = self.machine.expected()
        return expected >= VALUES or expected == {"NAME"} or {"NAME", "CODE"} <= expected

    def _report(self, found: Diagnostic) -> None:
        """Keeps a finding, and that its line is at fault; what is read anew is not reported anew."""
        known_line = found.code == "type-unknown" and self.line_of(found.span.start) in self._fault_lines
        if (found.code, found.span) in self._told or known_line:
            return
        self._told.add((found.code, found.span))
        if found.severity == "error":
            self._lines.add(self.line_of(found.span.start))
        self.reports.add(found)

    def _tell_of_text(self, found: Diagnostic) -> None:
        """Keeps a finding about what stands in the text at hand."""
        found = holes.computed_before(self, found)
        if found.fix and found.fix.also:
            self._mended.add((found.code, found.span))
            self.doubts.append(Doubt("line", found.span))
        self._report(found)

    def tell(self, found: Diagnostic) -> None:
        """Keeps a finding of which all that follows is known, so that its line is read as ever."""
        if (found.code, found.span) in self._told or self.line_of(found.span.start) in self._fault_lines:
            return
        self._told.add((found.code, found.span))
        if found.fix:
            self._mended.add((found.code, found.span))
        self.reports.add(found)

    def replace(self, first: int, last: int, tokens: list[Token]) -> None:
        """Puts tokens in place of others that were not taken."""
        shift = len(tokens) - (last - first)
        self.tokens[first:last] = tokens
        kept = [place for place in self._passed if not first <= place < last]
        self._passed = {place + shift if place >= last else place for place in kept}

    def unclosed(self) -> Label | None:
        """The brace that is most likely the one that was never closed."""
        written = [o for o in self.opens if not o.stand_in]
        if not written:
            return None
        opener = self._badly_closed(written[0].at) or written[-1].token
        return Label(opener.span, "this is never closed")

    def _badly_closed(self, first: int) -> Token | None:
        """A brace whose closing one begins a line further left than the line of the brace."""
        stack: list[Token] = []
        for at in range(first, self.at):
            token = self.tokens[at]
            if token.type == "LBRACE":
                stack.append(token)
            elif token.type == "RBRACE" and stack:
                opener = stack.pop()
                if self.begins_line(at) and self.indent(token) < self.indent(opener):
                    return opener
        return None

    def span_between(self, first: int, last: int) -> Span:
        """From the begin of one token to the end of another."""
        return Span(self.tokens[first].start, self.tokens[last].end)
