"""One pass over the tokens of a text: feeds the automaton, and where a token cannot stand, reports it and goes on.

Invariant: each fault is reported once. After a fault, reading goes on at the next statement; the header of a block
that is at fault is replaced by one that is not, so that what stands inside the block is still read as it is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from flowreason_dsl import messages, repair, words
from flowreason_dsl.diagnostics import Diagnostic, Label, errors
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.lexer import Lexed
from flowreason_dsl.machine import Machine
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow
from flowreason_dsl.tokens import Token

_MOST_STATES = 500
_MOST_CHAINED = 120
_MOST_FAULTS = 1000
_MOST_PASSED = 1000

Level: TypeAlias = Literal["file", "block", "cases"]

_OPENERS = frozenset({"LBRACE", "LPAR", "LSQB"})
_CLOSERS = frozenset({"RBRACE", "RPAR", "RSQB"})
_DEFINERS = frozenset({"FLOW", "TOOL", "PURE", "USE"})
_CONSTANTS = frozenset({"TEXT", "TEMPLATE", "QUOTED", "INT", "DECIMAL", "TRUE", "FALSE"})
_SURE_STARTERS = frozenset({"ANSWER", "BREAK", "IF", "MATCH", "WHILE", "REPEAT"})
_LINE_STARTERS = _SURE_STARTERS | {"YIELD", "FOR", "SAMPLE", "ASK", "EMULATE", "SOLVE", "RUN"}
_AFTER_NAME = frozenset({"EQUAL", "COLON", "LPAR", "ARROW", "COMMA", "DOT", "LSQB", "STRANGE"})
_STAND_INS: dict[tuple[Level, bool], tuple[str, ...]] = {
    ("file", False): ("FLOW", "NAME", "LPAR", "RPAR", "LBRACE"),
    ("file", True): ("FLOW", "NAME", "LPAR", "RPAR", "LBRACE", "MATCH", "TRUE", "LBRACE"),
    ("block", False): ("IF", "TRUE", "LBRACE"),
    ("block", True): ("MATCH", "TRUE", "LBRACE"),
    ("cases", False): ("TRUE", "LBRACE"),
    ("cases", True): ("TRUE", "LBRACE", "MATCH", "TRUE", "LBRACE"),
}


class Open(NamedTuple):
    """A brace or bracket that is open: the height of the stack with it, and whether it was put in by us."""

    height: int
    at: int
    token: Token
    stand_in: bool


@cache
def _levels() -> dict[int, Level]:
    """The states in which a definition, a statement or an arm of a `match` may begin."""

    rules: dict[str, Level] = {"do": "block", "flow": "file", "case": "cases"}
    out: dict[int, Level] = {}
    for state, row in grammar().table.items():
        for rule, level in rules.items():
            if rule in row:
                out[state] = level
    return out


class Reading:
    """One pass. `flow` is there when it went through; `reports` holds what the tokens and the pass found."""

    def __init__(self, source: Source, lexed: Lexed) -> None:
        self.source = source
        self.lexed = lexed
        self.tokens = lexed.tokens
        self.reports = Reports(lexed.reports.found)
        self.machine = Machine()
        self.opens: list[Open] = []
        self.at = 0
        self.statement = 0
        self.flow: Flow | None = None
        self._lines = {self.line_of(d.span.start) for d in errors(self.reports.found)}
        self._stuck = (-1, -1)
        self._faults = 0
        self._missing: str | None = None
        self.surplus = repair.surplus(self.tokens)
        self.has_flow = any(token.type == "FLOW" for token in self.tokens)

    def read(self) -> Reading:
        """Goes through all tokens."""
        if self.lexed.refused:
            return self
        while self.at < len(self.tokens):
            if not self._advance():
                self._fault()
                if self._enough() or not self._recover():
                    return self
            elif len(self.machine.states) > _MOST_STATES or self._chained():
                self._refuse_depth(self.tokens[self.at - 1])
                return self
        if not self.reports.errors:
            self.flow = replace(self.machine.result, comments=tuple(self.lexed.comments), source=self.source)
        return self

    # --- places

    def line_of(self, offset: int) -> int:
        return self.source.position(offset)[0]

    def kind(self, at: int) -> str:
        """The type of the token at an index; the end, where there is none."""
        return self.tokens[at].type if 0 <= at < len(self.tokens) else END

    def begins_line(self, at: int) -> bool:
        """Whether a token is the first on its line."""
        return at == 0 or "\n" in self.source.text[self.tokens[at - 1].end : self.tokens[at].start]

    def defines(self, at: int) -> bool:
        """Whether a definition begins here: its word at the begin of a line, not deeper than what is around it."""
        if self.kind(at) not in _DEFINERS or not self.begins_line(at):
            return False
        outer = next((o for o in reversed(self.opens) if not o.stand_in), None)
        return outer is None or self._indent(self.tokens[at]) <= self._indent(outer.token)

    def _indent(self, token: Token) -> int:
        number = self.line_of(token.start)
        line = self.source.line(number)
        return len(line) - len(line.lstrip())

    # --- going on

    def _advance(self) -> bool:
        """Takes the next token, as what its place makes of it."""
        token, row, step = self.tokens[self.at], self.machine.row(), 1
        fed: tuple[Token, ...] = (token,)
        if token.type in words.STRINGS:
            fed = (words.string(token, "TEMPLATE" if "TEMPLATE" in row else "TEXT", self._report),)
        elif token.type == "NAME" and "NAME" not in row:
            fed, step = words.contextual(self.tokens, self.at, row, self._report)
        for one in fed:
            if not self._feed(one):
                return False
        self.at += step
        return True

    def _feed(self, token: Token, stand_in: bool = False) -> bool:
        if not self.machine.feed(token):
            return False
        states = self.machine.states
        if token.type in _OPENERS:
            self.opens.append(Open(len(states), self.at, token, stand_in))
        elif token.type in _CLOSERS and self.opens:
            self.opens.pop()
        elif len(states) > 1 and states[-2] in _levels():
            self.statement = self.at
        return True

    # --- limits

    def _enough(self) -> bool:
        """Whether more reports would help nobody."""
        return self.reports.full or self._faults >= _MOST_FAULTS or not self.has_flow

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
        self._missing = repair.missing_mark(self)
        if self.kind(self.at) != END and self.line_of(self.tokens[self.at].start) in self._lines:
            return
        found = messages.explain(self)
        line = self.line_of(found.span.start)
        if found.code in messages.AT_THE_END:
            if self.lexed.cut or (self.opens and all(o.stand_in for o in self.opens)):
                return
        elif line in self._lines:
            return
        self._report(repair.with_mark(found, self, self._missing) if self._missing else found)

    def _report(self, found: Diagnostic) -> None:
        """Keeps a finding, and that its line is at fault."""
        if found.severity == "error":
            self._lines.add(self.line_of(found.span.start))
        self.reports.add(found)

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
                if self.begins_line(at) and self._indent(token) < self._indent(opener):
                    return opener
        return None

    # --- finding a place to go on

    def _recover(self) -> bool:
        """Brings automaton and tokens to a place where they fit; False where there is none."""
        if self._missing == repair.SURPLUS:
            self.at += 1
            return True
        if self._missing and self._put_in((self._missing,)):
            return True
        before = (self.at, len(self.machine.states))
        opened = len(self.opens)
        level = self._cut()
        self._pass_brackets(opened - len(self.opens))
        if level == "block" and messages.begins_before(self):
            self.at -= 1
        while not self._fits(level):
            if self.kind(self.at) == END or self.defines(self.at):
                return self._close_all()
            self.at += 1
        if before == self._stuck and (self.at, len(self.machine.states)) == before:
            self.at += 1
        self._stuck = (self.at, len(self.machine.states))
        return True

    def _cut(self) -> Level:
        """Forgets the unfinished statement; what is finished stays."""
        for kind in ("BREAK", "RBRACE", "FLOW"):
            if self.machine.admits(kind):
                self.machine.settle(kind)
                break
        states, levels = self.machine.states, _levels()
        top = max(i for i, state in enumerate(states) if state in levels)
        level = levels[states[top]]
        self.machine.cut(top + 1)
        while self.opens and self.opens[-1].height > top + 1:
            self.opens.pop()
        return level

    def _fits(self, level: Level) -> bool:
        """Whether reading can go on with the token at hand; puts in a header where only that is missing."""
        kind = self.kind(self.at)
        if kind == "LBRACE":
            return self._open(level)
        if level == "cases":
            return self._fits_cases(kind)
        if level == "block":
            return kind == "RBRACE" or self._starts(self.at)
        if kind in _DEFINERS:
            return True
        if self.begins_line(self.at) and self._starts(self.at):
            return self._put_in(_STAND_INS["file", False])
        return False

    def _fits_cases(self, kind: str) -> bool:
        if kind in _CONSTANTS:
            return self.kind(self.at + 1) in ("COMMA", "LBRACE")
        if kind == "ELSE":
            return self.kind(self.at + 1) == "LBRACE"
        return kind == "RBRACE"

    def _starts(self, at: int) -> bool:
        """Whether a statement surely begins here."""
        kind, following = self.kind(at), self.kind(at + 1)
        if kind in _SURE_STARTERS:
            return True
        if not self.begins_line(at):
            return False
        if kind == "NAME":
            return following in _AFTER_NAME or following == END or self.begins_line(at + 1)
        return kind in _LINE_STARTERS

    def _open(self, level: Level) -> bool:
        """Goes into a block whose header is at fault; passes over a type in braces."""
        before, inside = self.kind(self.at - 1), self.tokens[self.at + 1 : self.at + 3]
        kinds = [t.type for t in inside]
        if before in ("COLON", "ARROW", "LSQB") and kinds[1:] == ["COLON"] and kinds[0] in ("NAME", *words.STRINGS):
            self._pass_braces()
            return False
        cases = len(kinds) == 2 and kinds[0] in _CONSTANTS and kinds[1] in ("COMMA", "LBRACE")
        if not self._put_in(_STAND_INS[level, cases and level != "cases"]):
            return False
        self.surplus += 1  # the brace that was put in last is the one at hand
        last = self.opens.pop()
        self.opens.append(Open(last.height, self.at, self.tokens[self.at], False))
        self.at += 1
        return True

    def _put_in(self, kinds: tuple[str, ...]) -> bool:
        place = self.tokens[self.at].start
        if not self.machine.admits(kinds[0]):
            return False
        for kind in kinds:
            self._feed(Token(kind, place, place, "any" if kind == "SCALAR" else "_"), stand_in=True)
            self.surplus -= {"LBRACE": 1, "RBRACE": -1}.get(kind, 0)
        return True

    def _pass_brackets(self, depth: int) -> None:
        """Moves behind the brackets that the unfinished statement had opened, where they are closed."""
        at, last = self.at, self.at + _MOST_PASSED
        while depth > 0 and at < last and self.kind(at) != END and not self.defines(at):
            if self.kind(at) in _SURE_STARTERS and self.begins_line(at):
                return
            depth += (self.kind(at) in _OPENERS) - (self.kind(at) in _CLOSERS)
            at += 1
        if depth == 0:
            self.at = at

    def _pass_braces(self) -> None:
        """Moves to the brace that closes the one at hand; the caller steps over it."""
        depth = 0
        while self.kind(self.at) != END:
            depth += {"LBRACE": 1, "RBRACE": -1}.get(self.kind(self.at), 0)
            if depth == 0:
                return
            self.at += 1
        self.at -= 1

    def _close_all(self) -> bool:
        """Closes what is open, so that the next definition, or the end, can be taken."""
        self._cut()
        place = self.tokens[self.at].start
        while self.opens:
            if not self._feed(Token("RBRACE", place, place, "}")):
                return False
        return self.machine.admits(self.kind(self.at))

    def span_between(self, first: int, last: int) -> Span:
        """From the begin of one token to the end of another."""
        return Span(self.tokens[first].start, self.tokens[last].end)
