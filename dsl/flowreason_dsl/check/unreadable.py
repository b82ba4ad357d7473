"""Statements that could not be read: what can be said of their parts, and what is known after them.

Invariant: after such a statement every name that it may set is there, of any type, and everything goes on.
"""

from __future__ import annotations

from flowreason_dsl.check.alone import Alone
from flowreason_dsl.check.loops import Scope
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.wanted import NOTHING_NEEDED
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.syntax import Assign, Block, Code, Emulate, Expression, For, Path, Sample, Template
from flowreason_dsl.types import ANY
from flowreason_dsl.unread import Unread


class Unreadable(Alone):
    """The part of the walk that goes on where something could not be read."""

    answers: bool

    def unread(self, unread: Unread, state: State) -> None:
        """Check the parts, in a loop of their own: any block may be one."""
        step = self.steps.new()
        inner = state.branch((*state.region, self.region()))
        self._set(("answer", *unread.sets), unread, inner, step)
        scope = Scope("unread", True, outer=inner.names)
        self.scopes.append(scope)
        assigned: dict[str, object] = {}
        for part in unread.parts:
            inner.alive = state.alive
            if isinstance(part, Block):
                self.block(part, inner)
                assigned |= dict.fromkeys(self.outline.assigned_in(part))
            else:
                self._part(part, inner, step)
        self.scopes.pop()
        self._set((*unread.sets, *assigned), unread, state, step)
        state.effect = inner.effect
        self._leaves(unread, state)

    def _part(self, part: object, state: State, step: int) -> None:
        with self.doing(step):
            match part:
                case Expression():
                    self.expression(part, state, NOTHING_NEEDED)
                case Path():
                    self.path(part, state)
                case Template():
                    self.template(part, state)
                case Code():
                    self.code(part, state, needs_value=False)
                case Emulate(code=Code() as code):
                    self.code(code, state, emulated=True)
                case Emulate(code=Path() as program):
                    self.path(program, state)
                case For() | Sample():
                    self.expression(Expression(part, span=part.span), state, NOTHING_NEEDED)
                case Assign(value=value):
                    self.expression(value, state, NOTHING_NEEDED)

    def _set(self, names: tuple[str, ...], unread: Unread, state: State, step: int) -> None:
        for name in names:
            state.set(Variable(name, ANY, unread.span, step, state.region))

    def _leaves(self, unread: Unread, state: State) -> None:
        """It may answer, yield or leave the loop around it."""
        if "answer" in unread.leaves:
            self.answers = True
            for scope in self.scopes:
                scope.answers = True
        if "break" in unread.leaves and self.scopes:
            left = state.snapshot(self.scopes[-1].outer)
            self.scopes[-1].breaks.append((left, Label(unread.span, "not set when the loop is left here")))
        if "yield" in unread.leaves:
            collecting = next((scope for scope in reversed(self.scopes) if scope.collects), None)
            if collecting is not None:
                collecting.yields.append(ANY)
