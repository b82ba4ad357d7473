"""The automaton: takes tokens one by one, builds the tree, and knows what may come next.

Invariant: a token that is refused leaves the automaton able to go on; values on its stack are finished parts of
the tree, one for each state.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.tokens import Token


class Machine:
    """One parse. `result` is the tree once the end was taken."""

    def __init__(self) -> None:
        self._grammar = grammar()
        self.states: list[int] = [self._grammar.start]
        self.values: list[Any] = []
        self.result: Any = None

    def feed(self, token: Token) -> bool:
        """Takes a token, or says that it cannot stand here."""
        move = self.settle(token.type)
        if move is None:
            return False
        if move >= 0:
            self.states.append(move)
            self.values.append(token)
        return True

    def settle(self, kind: str) -> int | None:
        """Finishes what a token of this kind finishes; the state that it leads to, negative once the end was taken."""
        table, states, values = self._grammar.table, self.states, self.values
        while True:
            move = table[states[-1]].get(kind)
            if move is None or isinstance(move, int):
                return move
            size, make, origin = move
            children = values[-size:] if size else []
            if size:
                del states[-size:], values[-size:]
            values.append(make(children))
            states.append(table[states[-1]][origin])  # type: ignore[arg-type]
            if kind == END and states[-1] == self._grammar.end:
                self.result = values[-1]
                return -1

    def row(self) -> dict[str, Any]:
        """The moves of the state on top, some of which may turn out to lead nowhere."""
        return self._grammar.table[self.states[-1]]

    def admits(self, kind: str) -> bool:
        """Whether a token of this kind could be taken now."""
        return self._walk(list(self.states), kind)

    def reach(self, kinds: Iterable[tuple[str, ...]], below: int = 0) -> int:
        """How many tokens could be taken one after the other, each being of one of several kinds.

        The last `below` tokens on the stack are left out.
        """
        states, count = self.states[: len(self.states) - below], 0
        for alternatives in kinds:
            if not any(kind in self._grammar.table[states[-1]] and self._walk(states, kind) for kind in alternatives):
                return count
            count += 1
        return count

    def _walk(self, states: list[int], kind: str) -> bool:
        """Takes a token on a stack of states only."""
        table = self._grammar.table
        while True:
            move = table[states[-1]].get(kind)
            if move is None:
                return False
            if isinstance(move, int):
                states.append(move)
                return True
            size, _, origin = move
            if size:
                del states[-size:]
            target = table[states[-1]][origin]
            assert isinstance(target, int), "a rule leads from state to state"
            states.append(target)
            if kind == END and target == self._grammar.end:
                return True

    def expected(self) -> set[str]:
        """The kinds of token that could be taken now."""
        return {kind for kind in self.row() if (kind.isupper() or kind == END) and self.admits(kind)}

    def cut(self, height: int) -> None:
        """Forgets what was taken after the stack had this height."""
        del self.states[height:]
        del self.values[height - 1 :]
