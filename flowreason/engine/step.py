"""The stepper: takes what happened and says what is ready. It never waits, and its arguments decide everything.

The caller hands in outcomes (`resolve`), calls `drain`, and finds in `work` the nodes that wait for the outside world.
Replay, the property tests and the time slider use it without an event loop. For speed it changes the state that it was
given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from flowreason.engine.deciding import Deciding
from flowreason.engine.frames import FAILED, GIVEN, SKIPPED, VALUE, Failure, Frame, Scope
from flowreason.engine.giving import Given, Giving, by_frame
from flowreason.engine.held import Held
from flowreason.engine.limits import exhausts
from flowreason.engine.numbers import Calls, Numbers, same_inputs
from flowreason.engine.plan import Kind, Plan, Program
from flowreason.engine.rounds import Rounds
from flowreason.errors import FlowreasonError, InputError, NodeError
from flowreason.graph import ops

AT_A_STRETCH = 1000
"""Nodes that are done before somebody looks at the clock."""

Log = list[tuple[float, str, Frame | None, int, Any]]


class Stepper(Deciding, Rounds, Giving):
    """The state of one run, and the rules by which it changes. `given`: values that nodes have without working."""

    def __init__(
        self,
        clock: Callable[[], float],
        depth: int = 16,
        rounds: int = 10_000,
        window: int = 1024,
        given: Given | None = None,
        calls: Calls | None = None,
    ) -> None:
        self.clock = clock
        self.depth = depth
        self.most_rounds = rounds
        self.window = window
        self.given = by_frame(given or {})
        self.ready: deque[tuple[Frame, int]] = deque()
        self.work: list[tuple[Frame, int]] = []
        self.cancels: list[Any] = []
        self.log: Log = []
        self._calls: Numbers[tuple[str, str, str], Mapping[str, Any]] = Numbers(calls)
        self.on_rounds: Callable[[Frame, int, int], None] | None = None
        self.deadline = float("inf")
        self.exhausted = False
        self.held = Held()
        self._handlers: dict[int, Callable[[Frame, int], None]] = {
            Kind.INPUT: self._input,
            Kind.CONSTANT: self._constant,
            Kind.COPY: self._copy,
            Kind.PASS: self._pass,
            Kind.FILL: self._fill,
            Kind.PICK: self._pick,
            Kind.DECIDE: self._decide,
            Kind.RESCUE: self._rescue,
            Kind.JOIN: self._join,
            Kind.MEET: self._meet,
            Kind.LOOP: self._loop,
            Kind.NEXT: self._next,
            Kind.LEAVE: self._leave,
            Kind.ANSWER: self._answer,
            Kind.YIELD: self._copy,
            Kind.CALL: self._call,
            Kind.PURE_TOOL: self._pure_tool,
            Kind.PYTHON: self._python,
            Kind.WORK: self._work,
            Kind.GIVEN: self._given,
            Kind.OUT: self._given,
        }
        self._by_kind = [self._handlers[kind] for kind in range(len(Kind))]

    # --- what the scheduler calls ---

    def open_flow(
        self,
        program: Program,
        flow: str,
        inputs: Mapping[str, Any],
        *,
        parent: Frame | None = None,
        at: int = -1,
        number: int | None = None,
        waiter: Callable[[int, Any], None] | None = None,
    ) -> Frame:
        """A new activation of a flow with given inputs. `waiter` is told its outcome and value.

        `number`: which call of the flow by that step it is, where that is known.
        """
        if number is None:
            number = 0 if parent is None else self._number(program, flow, inputs, parent, at)
        frame = self._flow_frame(program, flow, parent, at, number, inputs)
        frame.waiter = waiter
        for name, index in frame.plan.inputs.items():
            if name in inputs:
                self.feed(frame, index, VALUE, inputs[name])
            else:
                self._default(frame, index)
        return frame

    def _number(self, program: Program, flow: str, inputs: Mapping[str, Any], parent: Frame, at: int) -> int:
        place, plan = (parent.path, parent.plan.nodes[at].id, flow), program.plan(flow)
        return self._calls.take(place, lambda known: same_inputs(plan, inputs, known))

    def drain(self) -> bool:
        """Do everything that can be done without waiting; False where the time was over before it was done."""
        ready, handlers = self.ready, self._by_kind
        while ready:
            if self.clock() > self.deadline:
                return False
            for _ in range(AT_A_STRETCH):
                if not ready:
                    break
                frame, i = ready.popleft()
                if frame.scope.closed:
                    continue
                if frame.bad is not None and i in frame.bad:
                    self._go_bad(frame, i)
                else:
                    handlers[frame.plan.kinds[i]](frame, i)
        return True

    def resolve(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        """A node has its outcome: tell those that wait for it."""
        if frame.state[i] or frame.scope.closed:
            return
        frame.state[i] = outcome
        frame.values[i] = value
        plan = frame.plan
        if plan.told[i]:
            self._tell(frame, i, outcome, value)
        if outcome == VALUE:
            missing, ready = frame.missing, self.ready
            for t in plan.targets[i]:
                left = missing[t] = missing[t] - 1
                if left == 0:
                    ready.append((frame, t))
        else:
            for t in plan.targets[i]:
                self._spoil(frame, t, outcome, value)
        if frame.subscribers is not None:
            for other, j in frame.subscribers.pop(i, ()):
                self.feed(other, j, outcome, value)
        if plan.watched[i]:
            self.yielded(frame, i)
        frame.left -= 1
        if frame.left == 0 and frame.loop is not None:
            self.round_closed(frame)

    def fail(self, frame: Frame, i: int, error: FlowreasonError) -> None:
        """A node failed by itself."""
        self.resolve(frame, i, FAILED, Failure(error, frame.plan.nodes[i].id, frame.path))

    # --- how outcomes travel ---

    def _tell(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        if outcome == VALUE:
            self.log.append((self.clock(), "node.done", frame, i, value))
        elif outcome == SKIPPED:
            self.log.append((self.clock(), "node.skipped", frame, i, None))
        elif value.node == frame.plan.nodes[i].id and value.frame == frame.path:
            self.log.append((self.clock(), "node.failed", frame, i, value.error))
        else:
            self.log.append((self.clock(), "node.skipped", frame, i, value))

    def _spoil(self, frame: Frame, t: int, outcome: int, value: Any) -> None:
        """An input of node t was skipped or failed. Skipped wins at once; a failure waits for the other inputs."""
        if frame.state[t]:
            return
        kind = frame.plan.kinds[t]
        if kind in (Kind.JOIN, Kind.MEET):
            self._spoil_way(frame, t, outcome, value)
        elif outcome == FAILED and kind == Kind.RESCUE:
            frame.missing[t] -= 1
            if frame.missing[t] == 0:
                self.ready.append((frame, t))
        elif outcome == SKIPPED:
            self._mark(frame, t, outcome, value)
            self.ready.append((frame, t))
        else:
            self._mark(frame, t, outcome, value)
            frame.missing[t] -= 1
            if frame.missing[t] == 0:
                self.ready.append((frame, t))

    def _spoil_way(self, frame: Frame, t: int, outcome: int, value: Any) -> None:
        """A join or meeting: it is skipped when all its ways are, and fails with the way that was taken."""
        if outcome == FAILED:
            self._mark(frame, t, outcome, value)
            self.ready.append((frame, t))
            return
        if frame.dead_ways is None:
            frame.dead_ways = {}
        frame.dead_ways[t] = frame.dead_ways.get(t, 0) + 1
        if frame.dead_ways[t] == frame.plan.extra[t]:
            self._mark(frame, t, SKIPPED, None)
            self.ready.append((frame, t))

    @staticmethod
    def _mark(frame: Frame, t: int, outcome: int, value: Any) -> None:
        if frame.bad is None:
            frame.bad = {}
        known = frame.bad.get(t)
        if known is None or outcome == SKIPPED:
            frame.bad[t] = (outcome, value)

    def feed(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        """Hand a value into a frame from outside; it is looked at by `drain`."""
        if outcome == VALUE:
            frame.values[i] = value
        else:
            self._mark(frame, i, outcome, value)
        self.ready.append((frame, i))

    def link(self, source: Frame, i: int | None, frame: Frame, j: int) -> None:
        """Whatever becomes of node i of one frame becomes of node j of another."""
        if i is None:
            self.feed(frame, j, VALUE, None)
        elif source.state[i]:
            self.feed(frame, j, source.state[i], source.values[i])
        else:
            if source.subscribers is None:
                source.subscribers = {}
            source.subscribers.setdefault(i, []).append((frame, j))

    def _go_bad(self, frame: Frame, i: int) -> None:
        """A node that is skipped or fails because of an input."""
        assert frame.bad is not None
        outcome, value = frame.bad[i]
        if frame.state[i]:
            return
        if outcome == GIVEN:
            self.give(frame, i, value)
            return
        kind = frame.plan.kinds[i]
        if outcome == FAILED and kind == Kind.ANSWER:
            self.finish(frame.flow, FAILED, value)
            return
        if outcome == FAILED and kind in (Kind.GIVEN, Kind.OUT) and self.forgiven(frame, i, value):
            if exhausts(value.error):
                self.log.append((self.clock(), "effect.undone", frame, i, {"because": value.node}))
            outcome, value = VALUE, None
        elif outcome == FAILED and kind == Kind.OUT and self.awaits_whole_round(frame, i, value):
            return
        self.resolve(frame, i, outcome, value)
        if kind in (Kind.NEXT, Kind.LEAVE) and outcome == FAILED and frame.loop is not None:
            self.loop_fails(frame.loop, value)
        elif kind == Kind.LOOP:
            self.loop_is_bad(frame, i, outcome, value)
        else:
            self.close_ways(frame, i, outcome, value)

    def close_ways(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        """No way out of node i is taken: it was skipped, or failed."""
        for targets in (frame.plan.arms[i] or {}).values():
            for t in targets:
                if frame.plan.kinds[t] == Kind.RESCUE and not frame.state[t]:
                    self._mark(frame, t, outcome, value)  # on a way that nobody came, there is nothing to rescue
                self._spoil(frame, t, outcome, value)

    def choose(self, frame: Frame, i: int, label: str) -> None:
        """One of the ways out of node i is taken, the others are not."""
        arms = frame.plan.arms[i]
        if arms is None:
            return
        for each, targets in arms.items():
            for t in targets:
                if each == label:
                    left = frame.missing[t] = frame.missing[t] - 1
                    if left == 0:
                        self.ready.append((frame, t))
                else:
                    self._spoil(frame, t, SKIPPED, None)

    # --- flows ---

    def _flow_frame(
        self,
        program: Program,
        flow: str,
        parent: Frame | None,
        at: int,
        index: int = 0,
        inputs: Mapping[str, Any] | None = None,
    ) -> Frame:
        """`inputs` are what somebody hands in who waits for the answer."""
        plan = program.plan(flow)
        scope = Scope(parent.scope if parent else None, awaited=inputs is not None)
        frame = Frame(plan, program, parent, at, index, scope, None)
        frame.depth = parent.depth + 1 if parent else 0
        self.opened(frame, inputs if parent is not None else None)
        return frame

    def opened(self, frame: Frame, inputs: Mapping[str, Any] | None = None) -> None:
        """A frame begins: its nodes that need nothing are ready. What a step hands to it stands nowhere else."""
        self.log.append((self.clock(), "frame.opened", frame, -1, inputs))
        self.held.opened()
        if self.given:
            self.hold(frame)
        for i in frame.plan.roots:
            self.ready.append((frame, i))

    def _default(self, frame: Frame, index: int) -> None:
        op = frame.plan.nodes[index].op
        assert isinstance(op, ops.Input)
        if op.required:
            message = f"the input {op.name!r} of {frame.plan.flow.name} is missing"
            self.feed(frame, index, FAILED, Failure(InputError(message), op.name, frame.path))
        else:
            self.feed(frame, index, VALUE, ops.unshared(op.default) if op.data else op.default)

    def _call(self, frame: Frame, i: int) -> None:
        op = frame.plan.nodes[i].op
        assert isinstance(op, ops.CallFlow)
        if frame.depth >= self.depth:
            message = f"{op.flow} is called more than {self.depth} deep (the limit `depth`)"
            self.fail(frame, i, NodeError(message, node=frame.plan.nodes[i].id, frame=frame.path, kind="depth"))
            return
        if (refused := self.held.room(frame, i)) is not None:
            self.fail(frame, i, refused)
            return
        self.begins(frame, i, None)
        inner = self._flow_frame(frame.program, op.flow, frame, i)
        given = dict(frame.plan.named[i])
        for name, index in inner.plan.inputs.items():
            if name in given:
                self.link(frame, given[name], inner, index)
            else:
                self._default(inner, index)

    def finish(self, frame: Frame, outcome: int, value: Any) -> None:
        """A flow has its answer, or failed: what is still under way in it is not needed any more."""
        if frame.scope.closed:
            return
        self.close(frame)
        if frame.waiter is not None:
            frame.waiter(outcome, value)
        elif frame.parent is not None:
            self._returned(frame.parent, frame.at, outcome, value)

    def close(self, frame: Frame) -> None:
        """A flow is over, answered or not: its work is cancelled, and so is that of all it called."""
        if frame.scope.closed:
            return
        tasks, opened = frame.scope.close()
        self.cancels += tasks
        for inner, i in opened:
            self.log.append((self.clock(), "node.cancelled", inner, i, None))
        self.log.append((self.clock(), "frame.closed", frame, -1, None))

    def begins(self, frame: Frame, i: int, data: Any) -> None:
        """A loop or a call starts."""
        frame.scope.open[frame, i] = None
        self.log.append((self.clock(), "node.started", frame, i, data))

    def _returned(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        frame.scope.open.pop((frame, i), None)
        if outcome == VALUE:
            self._typed(frame, i, value)
        else:
            self.resolve(frame, i, outcome, value)


__all__ = ["Plan", "Stepper"]
