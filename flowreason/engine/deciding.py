"""Nodes that are decided at once, from their inputs alone, and what each kind of them does.

Invariant: nothing here waits; a node whose inputs are there gets its outcome, or is handed to those who wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.engine import inline
from flowreason.engine.evaluate import NotTrivial
from flowreason.engine.frames import FAILED, VALUE, Failure, Frame
from flowreason.engine.held import BIG, LARGE, SMALL, Held
from flowreason.engine.lacking import convert_lacking
from flowreason.engine.limits import error_kind, exhausts
from flowreason.errors import FlowreasonError
from flowreason.graph import ops
from flowreason_dsl.types import ANY, Type


class Deciding:
    """The part of the stepper that knows nodes which need not wait."""

    clock: Callable[[], float]
    log: list[tuple[float, str, Frame | None, int, Any]]
    work: list[tuple[Frame, int]]
    resolve: Callable[[Frame, int, int, Any], None]
    fail: Callable[[Frame, int, FlowreasonError], None]
    finish: Callable[[Frame, int, Any], None]
    choose: Callable[[Frame, int, str], None]
    close_ways: Callable[[Frame, int, int, Any], None]

    exhausted: bool
    held: Held

    def _converted(self, value: Any, type: Type) -> Any:
        return convert_lacking(value, type) if self.exhausted else convert(value, type)

    def _typed(self, frame: Frame, i: int, value: Any) -> None:
        """A value in the type that its node declares."""
        exact = frame.plan.exact[i]
        if exact is not object and value.__class__ is not exact:
            try:
                value = self._converted(value, frame.plan.nodes[i].type)
            except Misfit as misfit:
                self.fail(frame, i, inline.misfit(frame, i, misfit))
                return
        self.resolve(frame, i, VALUE, value)

    def _given(self, frame: Frame, i: int) -> None:
        self.resolve(frame, i, VALUE, frame.values[i])

    def _input(self, frame: Frame, i: int) -> None:
        self._typed(frame, i, frame.values[i])

    def _constant(self, frame: Frame, i: int) -> None:
        op = frame.plan.nodes[i].op
        assert isinstance(op, ops.Constant)
        self._typed(frame, i, op.fresh)

    def _copy(self, frame: Frame, i: int) -> None:
        self._typed(frame, i, frame.values[frame.plan.first[i]])

    def _pass(self, frame: Frame, i: int) -> None:
        self.resolve(frame, i, VALUE, frame.values[frame.plan.first[i]])

    def _join(self, frame: Frame, i: int) -> None:
        for _, source in frame.plan.reads[i]:
            if frame.state[source] == VALUE:
                self.resolve(frame, i, VALUE, frame.values[source])
                return

    def _meet(self, frame: Frame, i: int) -> None:
        self.resolve(frame, i, VALUE, None)
        self.choose(frame, i, "met")

    def _attempt(self, frame: Frame, i: int, act: Callable[[Frame, int], Any]) -> None:
        try:
            value = act(frame, i)
        except FlowreasonError as error:
            self.fail(frame, i, error)
        else:
            self._typed(frame, i, value)

    def _fill(self, frame: Frame, i: int) -> None:
        try:
            text = inline.fill(frame, i)
        except FlowreasonError as error:
            self.fail(frame, i, error)
            return
        self._made(frame, i, text)

    def _made(self, frame: Frame, i: int, value: Any) -> None:
        """A value that came into being here, in the type that its node declares, where there is room for it."""
        kind = value.__class__
        if kind is str:
            refused = self.held.born(frame, i, value) if len(value) >= BIG else None
        elif kind in SMALL or (kind is int and -LARGE < value < LARGE):
            refused = None
        else:
            refused = self.held.born(frame, i, value)
        if refused is None:
            self._typed(frame, i, value)
        else:
            self.fail(frame, i, refused)

    def _pick(self, frame: Frame, i: int) -> None:
        self._attempt(frame, i, inline.pick_value)

    def _decide(self, frame: Frame, i: int) -> None:
        try:
            label = inline.decide(frame, i)
        except FlowreasonError as error:
            self.fail(frame, i, error)
            self.close_ways(frame, i, FAILED, frame.values[i])
        else:
            self.resolve(frame, i, VALUE, label)
            self.choose(frame, i, label)

    def _rescue(self, frame: Frame, i: int) -> None:
        source = frame.plan.first[i]
        label = "failed" if frame.state[source] == FAILED else "fine"
        if label == "failed" and exhausts(frame.values[source].error):  # nobody tried it: it did not fail
            self.resolve(frame, i, FAILED, frame.values[source])
            self.close_ways(frame, i, FAILED, frame.values[source])
            return
        self.resolve(frame, i, VALUE, label)
        self.choose(frame, i, label)

    def _answer(self, frame: Frame, i: int) -> None:
        self._answered(frame, i, frame.values[frame.plan.first[i]])

    def _answered(self, frame: Frame, i: int, value: Any) -> None:
        type = frame.plan.nodes[i].type
        if type is not ANY:
            try:
                value = self._converted(value, type)
            except Misfit as misfit:
                self.finish(frame.flow, FAILED, Failure(inline.misfit(frame, i, misfit), "answer", frame.path))
                return
        self.resolve(frame, i, VALUE, value)
        self.finish(frame.flow, VALUE, value)

    def _pure_tool(self, frame: Frame, i: int) -> None:
        began = self.clock()
        try:
            value = inline.call_tool(frame, i)
        except FlowreasonError as error:
            self._called(frame, i, began, {"error_kind": error_kind(error)})
            self.fail(frame, i, error)
            return
        self._called(frame, i, began, {})
        self._made(frame, i, value)

    def _called(self, frame: Frame, i: int, began: float, failed: dict[str, str]) -> None:
        op, now = frame.plan.nodes[i].op, self.clock()
        assert isinstance(op, ops.CallTool)
        given = {name: frame.values[source] for name, source in frame.plan.named[i]}
        told = {"tool": op.tool, "arguments": given, "seconds": round(now - began, 6), **failed}
        self.log.append((now, "node.tool", frame, i, told))

    def _python(self, frame: Frame, i: int) -> None:
        """Trivially safe Python is run in place; the rest waits for the sandbox."""
        evaluate = frame.plan.extra[i]
        if evaluate is None:
            self.work.append((frame, i))
            return
        values = frame.values
        try:
            value = evaluate({name: values[source] for name, source in frame.plan.named[i]})
        except NotTrivial:
            self.work.append((frame, i))
        except Exception as error:  # noqa: BLE001 - whatever Python in a flow raises is that node's failure
            self.fail(frame, i, inline.python_failed(frame, i, error))
        else:
            self._made(frame, i, value)

    def _work(self, frame: Frame, i: int) -> None:
        self.work.append((frame, i))
