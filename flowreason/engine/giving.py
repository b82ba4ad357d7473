"""Values that nodes were given instead of working them out: what a fork changes.

Invariant: such a node has its value as soon as it would have been done or would have failed, is skipped where it would
have been, and does nothing itself. A loop whose list is given has rounds only where they leave something else as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flowreason.asking.misfit import Misfit
from flowreason.engine import inline
from flowreason.engine.frames import FAILED, GIVEN, VALUE, Frame
from flowreason.engine.lacking import convert_lacking
from flowreason.errors import FlowreasonError, NodeError
from flowreason.graph import ops
from flowreason.graph.model import Node
from flowreason_dsl.types import ListOf

Given: TypeAlias = Mapping[tuple[str, str], Any]
"""Values by frame and node."""


def by_frame(given: Given) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for (frame, node), value in given.items():
        found[frame][node] = value
    return dict(found)


def inside(given: Given, frame: str, node: str) -> list[Any]:
    """What is given inside of a step: in the flows that it calls, in the rounds that it has."""
    around = (f"{frame}/{node}/", f"{frame}/{node}[")
    return [[place, name, value] for (place, name), value in given.items() if f"{place}/".startswith(around)]


def is_sampled(node: Node) -> bool:
    """Whether a node is an ask whose value is a list of samples, each of the node's type."""
    if not isinstance(node.op, ops.Ask):
        return False
    return "samples" in dict(node.op.settings) or any(
        read.role == "setting" and read.name == "samples" for read in node.reads
    )


class Giving:
    """The part of the stepper that knows given values."""

    given: dict[str, dict[str, Any]]
    clock: Callable[[], float]
    log: list[tuple[float, str, Frame | None, int, Any]]
    resolve: Callable[[Frame, int, int, Any], None]
    fail: Callable[[Frame, int, FlowreasonError], None]
    choose: Callable[[Frame, int, str], None]
    loop_is_bad: Callable[[Frame, int, int, Any], None]
    _typed: Callable[[Frame, int, Any], None]
    _answered: Callable[[Frame, int, Any], None]
    _loop: Callable[[Frame, int], None]

    def hold(self, frame: Frame) -> None:
        """A frame begins: the nodes in it whose value is given wait for their turn, and for nothing else."""
        for node, value in self.given.get(frame.path, {}).items():
            if node in frame.plan.index:
                frame.bad = frame.bad or {}
                frame.bad[frame.plan.index[node]] = (GIVEN, value)

    def give(self, frame: Frame, i: int, value: Any) -> None:
        """It is the turn of a node whose value is given."""
        self.log.append((self.clock(), "node.given", frame, i, {}))
        op = frame.plan.nodes[i].op
        match op:
            case ops.Decide():
                self._decided(frame, i, op, value)
            case ops.Answer():
                self._answered(frame, i, value)
            case ops.Ask() if is_sampled(frame.plan.nodes[i]):
                self._samples(frame, i, value)
            case ops.Loop() if frame.plan.extra[i].outs_next:
                self._still_loop(frame, i, value)
            case ops.Loop():
                self._typed(frame, i, value)
                self.choose(frame, i, "done")
            case _:
                self._typed(frame, i, value)

    def _samples(self, frame: Frame, i: int, value: Any) -> None:
        """A list of replies, each of the type that the ask reads; those that failed are null."""
        try:
            self.resolve(frame, i, VALUE, convert_lacking(value, ListOf(frame.plan.nodes[i].type)))
        except Misfit as misfit:
            self.fail(frame, i, inline.misfit(frame, i, misfit))

    def _decided(self, frame: Frame, i: int, op: ops.Decide, value: Any) -> None:
        try:
            label = value if op.kind == "rescue" else inline.label_of(op, value, frame, i)
        except NodeError as error:
            self.fail(frame, i, error)
            return
        self.resolve(frame, i, VALUE, label)
        self.choose(frame, i, label)

    def _still_loop(self, frame: Frame, i: int, value: Any) -> None:
        """A loop whose list is given, and which leaves names, or effects, that are not."""
        node = frame.plan.nodes[i]
        before = [frame.plan.index[each] for each in node.after] + [source for _, source in frame.plan.reads[i]]
        failed = next((frame.values[j] for j in before if frame.state[j] == FAILED), None)
        if failed is None:
            self._loop(frame, i)
            return
        self._typed(frame, i, value)
        self.loop_is_bad(frame, i, FAILED, failed)

    def given_to(self, frame: Frame, i: int) -> tuple[Any] | None:
        """The value that a node is given, if it is given one."""
        outcome, value = (frame.bad or {}).get(i, (VALUE, None))
        return (value,) if outcome == GIVEN else None
