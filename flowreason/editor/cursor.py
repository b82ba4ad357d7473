"""A text up to the cursor, however unfinished: what may come next, and which names are there.

Invariant: only what stands before the cursor counts; a line that cannot be read is passed over with the braces that it
opens and closes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowreason_dsl import words
from flowreason_dsl.grammar import END
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.machine import Machine
from flowreason_dsl.tokens import Token

_STAND_IN = ("IF", "TRUE", "LBRACE")
_SUFFIXES = frozenset({"GIVEN", "WITH", "ENSURE"})
_STARTERS = frozenset({
    "ANSWER", "ASK", "BLOCK", "BREAK", "CODE", "EMULATE", "FOR", "IF", "MATCH", "RBRACE", "REPEAT", "RUN", "SAMPLE",
    "SOLVE", "WHILE", "YIELD",
})  # fmt: skip
"""What begins a statement where one may begin."""


@dataclass
class Block:
    """A brace that is open, and the names that go when it is closed. `match`: the tokens of the subject, where it is
    that of a `match`."""

    goes: list[str] = field(default_factory=list)
    keeps: bool = True
    subject: tuple[Token, ...] | None = None


@dataclass
class Cursor:
    """What is known at the cursor. `pending` is the name that the unfinished statement will set; `flow` the name of
    the flow around the cursor."""

    tokens: list[Token]
    machine: Machine = field(default_factory=Machine)
    flow: str | None = None
    names: dict[str, None] = field(default_factory=dict)
    pending: str | None = None
    blocks: list[Block] = field(default_factory=list)
    statement: int = 0
    """Where the statement begins that the cursor stands in."""

    @property
    def expected(self) -> set[str]:
        return self.machine.expected()

    def governing(self) -> str:
        """The kind of the last word before the cursor that says what a list of names is: `given`, `with`, …; brackets
        that are closed are passed over."""
        depth = 0
        for token in reversed(self.tokens):
            depth += (token.type in ("RPAR", "RSQB", "RBRACE")) - (token.type in ("LPAR", "LSQB", "LBRACE"))
            if depth < 0 or (depth == 0 and token.type in (*_SUFFIXES, "FOR", "IN", "FLOW", "TOOL")):
                return token.type
            if token.start < self.statement:
                return ""
        return ""


def read_to(text: str) -> Cursor:
    """Read a text that ends at the cursor."""
    tokens = [token for token in tokenize(text).tokens if token.type != END]
    cursor = Cursor(tokens)
    _Walk(text, cursor).run()
    return cursor


class _Walk:
    """Feeds the tokens to the automaton, line by line."""

    def __init__(self, text: str, cursor: Cursor) -> None:
        self.text = text
        self.cursor = cursor
        self.at = 0
        self.targets: list[str] = []
        self.line: tuple[int, list[int], list[object]] = (0, [], [])

    def run(self) -> None:
        tokens = self.cursor.tokens
        while self.at < len(tokens):
            if self.at == 0 or "\n" in self.text[tokens[self.at - 1].end : tokens[self.at].start]:
                machine = self.cursor.machine
                self.line = (self.at, list(machine.states), list(machine.values))
            self._note(tokens[self.at])
            if not self._feed():
                self._pass_line()

    def _feed(self) -> bool:
        """Give the automaton the next token, as what its place makes of it."""
        machine, token = self.cursor.machine, self.cursor.tokens[self.at]
        row, step = machine.row(), 1
        fed: tuple[Token, ...] = (token,)
        if token.type in words.STRINGS:
            fed = (words.string(token, "TEMPLATE" if "TEMPLATE" in row else "TEXT", _ignore),)
        elif token.type == "NAME" and "NAME" not in row:
            padded = [*self.cursor.tokens[self.at : self.at + 5], *[Token(END, 0, 0, "")] * 5]
            fed, step = words.contextual(padded, 0, row, _ignore)
        for one in fed:
            if not machine.feed(one):
                return False
        self.at += step
        return True

    def _pass_line(self) -> None:
        """Go on at the next line, as if this one opened and closed its braces and said nothing else."""
        tokens, machine = self.cursor.tokens, self.cursor.machine
        first, machine.states, machine.values = self.line[0], list(self.line[1]), list(self.line[2])
        self.at += 1
        while self.at < len(tokens) and "\n" not in self.text[tokens[self.at - 1].end : tokens[self.at].start]:
            self._note(tokens[self.at])
            self.at += 1
        depth = sum((t.type == "LBRACE") - (t.type == "RBRACE") for t in tokens[first : self.at])
        place = tokens[self.at - 1].end
        for kinds in [_STAND_IN] * depth if depth > 0 else [("RBRACE",)] * -depth:
            if machine.admits(kinds[0]):
                for kind in kinds:
                    machine.feed(Token(kind, place, place, kind.lower()))

    # --- names ---

    def _note(self, token: Token) -> None:
        """Keep what a token says about names."""
        cursor = self.cursor
        match token.type:
            case "FLOW" | "TOOL" if self._next(1) == "NAME":
                self._definition(token)
            case "LBRACE":
                self._open()
            case "RBRACE" if cursor.blocks:
                self._close(cursor.blocks.pop())
            case "NAME":
                self._name(token)
            case "FOR":
                self.targets = self._targets()
        if token.type in _STARTERS and cursor.machine.admits("BREAK"):
            self._begin(token)

    def _definition(self, token: Token) -> None:
        cursor = self.cursor
        cursor.names, cursor.pending, cursor.blocks, cursor.statement = {}, None, [], token.start
        cursor.flow = cursor.tokens[self.at + 1].value

    def _begin(self, token: Token) -> None:
        """A statement begins here."""
        cursor = self.cursor
        if cursor.pending is not None:
            cursor.names[cursor.pending] = None
            cursor.pending = None
        cursor.statement = token.start

    def _name(self, token: Token) -> None:
        cursor = self.cursor
        if not cursor.blocks:
            if self._next(1) == "COLON":
                cursor.names[token.value] = None
        elif cursor.machine.admits("BREAK"):
            self._begin(token)
            if self._next(1) in ("EQUAL", "COLON"):
                cursor.pending = token.value
                if not cursor.blocks[-1].keeps and token.value not in cursor.names:
                    cursor.blocks[-1].goes.append(token.value)

    def _targets(self) -> list[str]:
        found = []
        for token in self.cursor.tokens[self.at + 1 :]:
            if token.type == "NAME":
                found.append(token.value)
            elif token.type != "COMMA":
                break
        return found

    def _open(self) -> None:
        cursor = self.cursor
        if cursor.flow is not None and not cursor.blocks and not cursor.machine.admits("BREAK") and self._in_type():
            return
        sample = self._header_has("SAMPLE")
        made = Block(list(self.targets), not sample, self._subject())
        cursor.names |= dict.fromkeys(self.targets)
        self.targets = []
        cursor.blocks.append(made)

    def _in_type(self) -> bool:
        """Whether the brace opens a record type of a signature."""
        return "SCALAR" in self.cursor.machine.row()

    def _close(self, block: Block) -> None:
        if self.cursor.pending is not None:
            self.cursor.names[self.cursor.pending] = None
            self.cursor.pending = None
        for name in block.goes:
            self.cursor.names.pop(name, None)

    def _header(self) -> list[Token]:
        """The tokens of the statement before a brace."""
        return [t for t in self.cursor.tokens[: self.at] if t.start >= self.cursor.statement]

    def _header_has(self, kind: str) -> bool:
        return any(token.type == kind for token in self._header())

    def _subject(self) -> tuple[Token, ...] | None:
        header = self._header()
        for index, token in enumerate(header):
            if token.type == "MATCH":
                return tuple(header[index + 1 :])
        return None

    def _next(self, distance: int) -> str:
        at = self.at + distance
        return self.cursor.tokens[at].type if at < len(self.cursor.tokens) else END


def _ignore(_: object) -> None:
    """Findings are for the checker."""
