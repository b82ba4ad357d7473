"""The automaton and the blocks of a flow that is still arriving: what was finished, and what is open.

Invariant: a statement is told once, when nothing that may come can belong to it, and after all that stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from flowreason_dsl import mend, slips, words
from flowreason_dsl.cut import CLOSERS, OPENERS, levels
from flowreason_dsl.grammar import Reduce, grammar
from flowreason_dsl.lexer import Lexed
from flowreason_dsl.machine import Machine
from flowreason_dsl.reading import _MOST_CHAINED, _MOST_STATES
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Ask, Yield
from flowreason_dsl.tokens import Token

_FINISHED = frozenset(
    {"use", "tool", "flow", "assign", "answer", "yield_", "break_", "edge", "if_", "match_", "while_", "repeat_", "do"}
    | {"do_line"}
)
_HEADS = frozenset({"FLOW", "IF", "ELSE", "MATCH", "FOR", "WHILE", "REPEAT", "SAMPLE"})


@dataclass(frozen=True, slots=True)
class Block:
    """A block that is open: its `}` has not come.

    `span` goes from the first token of the statement, arm or definition that it belongs to up to its `{`.
    `as_value` tells a `for` or `sample` that stands as a value; `until` is where `until …` stands in the header of a
    `repeat`; `asks` tells a `match` whose subject is an ask; `yields`, that a `yield` was finished that belongs to
    this loop.
    """

    kind: str
    span: Span
    name: str = ""
    as_value: bool = False
    until: Span | None = None
    asks: bool = False
    yields: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A statement or definition that is there as a whole.

    `depth` is 0 for definitions, 1 for what stands directly in the body of a flow, more for what stands in blocks;
    `flow` is the name of the flow that it stands in.
    """

    node: Any
    span: Span
    depth: int
    flow: str


class Watched(Machine):
    """An automaton that tells what it finished, and waits for no token where none could change what it does."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Any] = []

    def settle(self, kind: str) -> int | None:
        move = self._grammar.table[self.states[-1]].get(kind)
        while isinstance(move, tuple):
            self._reduce(move)
            move = self._grammar.table[self.states[-1]].get(kind)
        return move

    def rush(self) -> None:
        """Finishes what every token that may come would finish."""
        sure = _sure()
        while move := sure.get(self.states[-1]):
            self._reduce(move)

    def _reduce(self, move: Reduce) -> None:
        size, make, origin = move
        children = self.values[-size:] if size else []
        if size:
            del self.states[-size:], self.values[-size:]
        value = make(children)
        self.values.append(value)
        self.states.append(self._grammar.table[self.states[-1]][origin])  # type: ignore[arg-type]
        if origin in _FINISHED:
            self.done.append(value)


@cache
def _sure() -> dict[int, Reduce]:
    """The states in which all tokens finish the same."""
    out: dict[int, Reduce] = {}
    for state, row in grammar().table.items():
        first = next(iter(row.values()), None)
        if isinstance(first, tuple) and all(move == first for move in row.values()):
            out[state] = first
    return out


class _Bracket(NamedTuple):
    """A brace or bracket that is open: the height of the stack with it, and whether it opens a block."""

    height: int
    block: bool


class Opening:
    """Takes tokens as far as they have come. `blocks` are those that are open, outermost first."""

    def __init__(self, lexed: Lexed) -> None:
        self.tokens = lexed.tokens
        self.at = 0
        self.machine = Watched()
        self.blocks: list[Block] = []
        self.settled = 0
        self.finished: list[Finished] = []
        self._reports = Reports()
        self._brackets: list[_Bracket] = []
        self._slip: slips.Slip | None = None
        self._passed: set[int] = set()

    def take(self) -> bool:
        """Takes the token at hand; False where it cannot stand here, or something else is wrong."""
        if self._pass_over():
            return True
        read, step = self._read()
        for token in read:
            if not self.machine.feed(token):
                return False
            self._collect()
            if token.type in OPENERS:
                self._brackets.append(self._open(token))
            elif token.type in CLOSERS:
                self._close(token)
        self.at += step
        self.machine.rush()
        self._collect()
        return not self._reports.errors and not self._too_deep()

    def _pass_over(self) -> bool:
        """Takes a slip at the token at hand as what it means, and passes over what belongs to one before."""
        slip, self._slip = self._slip, None
        if self.at in self._passed:
            self.at += 1
            return True
        if slip is None:
            return False
        if slip.take is not None:
            self.machine.feed(slip.take)
            self._collect()
        if slip.forget:
            self.machine.cut(len(self.machine.states) - 1)
        if slip.later is not None:
            self._passed.add(slip.later)
        self.at += slip.step
        return True

    def _read(self) -> tuple[tuple[Token, ...], int]:
        """The token at hand as what its place makes of it, and how many of the written ones that takes."""
        token, row = self.tokens[self.at], self.machine.row()
        if token.type in words.STRINGS:
            return (words.string(token, "TEMPLATE" if "TEMPLATE" in row else "TEXT", self._reports.add),), 1
        if token.type == "NAME" and "NAME" not in row:
            return words.contextual(self.tokens, self.at, row, self._reports.add)
        return (token,), 1

    def _too_deep(self) -> bool:
        height = len(self.machine.states)
        below = self._brackets[-1].height if self._brackets else 0
        return height > _MOST_STATES or height - below > _MOST_CHAINED

    def announce(self, kind: str) -> None:
        """Finishes what a token of this kind will finish, of which not all has come."""
        if self.machine.admits(kind):
            self.machine.settle(kind)
            self._collect()

    def wants_more(self, ready: int) -> bool:
        """Whether what the token at hand is depends on tokens behind the first `ready` ones."""
        try:
            self._slip = self._find_slip(ready)
        except slips.UndecidedError:
            return True
        if self._slip is not None:
            return False
        token, row = self.tokens[self.at], self.machine.row()
        if token.type != "NAME" or "NAME" in row or "SCALAR" not in row:
            return False
        word = mend.TYPES.get(token.value, token.value)
        for at, kind in enumerate(_BEHIND.get(word, ()), self.at + 1):
            if at >= ready:
                return True
            if self.tokens[at].type != kind:
                return False
        return False

    def _find_slip(self, ready: int) -> slips.Slip | None:
        token = self.tokens[self.at]
        telling = token.type not in self.machine.row() or (token.type == "NAME" and token.value in slips.TELLING)
        if not telling or self.at in self._passed:
            return None
        return slips.find(slips.Place(self.tokens, self.at, self.machine, bool(self._brackets), ready=ready))

    def _collect(self) -> None:
        for node in self.machine.done:
            flow = self.blocks[0].name if self.blocks else ""
            self.finished.append(Finished(node, node.span, len(self.blocks), flow))
            self.settled = max(self.settled, node.span.end)
            if isinstance(node, Yield):
                self._yielded()
        self.machine.done.clear()

    def _yielded(self) -> None:
        for at, block in reversed([*enumerate(self.blocks)]):
            if block.as_value or block.kind == "sample":
                self.blocks[at] = replace(block, yields=True)
                return

    def _open(self, mark: Token) -> _Bracket:
        """Notes a block, if the mark opens one and not a type."""
        states, places = self.machine.states, levels()
        opens = mark.type == "LBRACE" and states[-1] in places
        if opens:
            first = max(at for at in range(len(states) - 1) if states[at] in places)
            self.blocks.append(_block(self.machine.values[first:], mark))
            self.settled = mark.end
        return _Bracket(len(states), opens)

    def _close(self, mark: Token) -> None:
        if self._brackets.pop().block:
            self.blocks.pop()
            self.settled = mark.end


_BEHIND = {"list": ("LSQB",), "dict": ("LSQB", "NAME", "COMMA", "")}
"""What is looked at behind the words of types that hold others."""


def _block(header: list[Any], brace: Token) -> Block:
    """The block that a brace opens, from what was read since the begin of its statement."""
    at = max((at for at, part in enumerate(header) if isinstance(part, Token) and part.type in _HEADS), default=None)
    if at is None:
        return Block("case", Span(header[0].span.start, brace.end))
    kind = header[at].type.lower()
    own = at if kind in ("if", "else") else 0
    span = Span(header[own].span.start, brace.end)
    match kind:
        case "flow":
            return Block(kind, span, name=header[at + 1].value)
        case "for" | "sample":
            return Block(kind, span, as_value=at > 0)
        case "repeat":
            return Block(kind, span, until=_until(header))
        case "match":
            return Block(kind, span, asks=isinstance(header[at + 1].value, Ask))
    return Block(kind, span)


def _until(header: list[Any]) -> Span | None:
    word = next((part for part in header if isinstance(part, Token) and part.type == "UNTIL"), None)
    return Span(word.start, header[-2].span.end) if word else None
