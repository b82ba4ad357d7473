"""Loops: a frame for each round, opened as early as the loop allows, and what is carried, yielded and handed out.

Invariant: what a loop yields stands in the order of its rounds, whatever order they finish in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flowreason.engine import inline
from flowreason.engine.cut import CutShort
from flowreason.engine.frames import FAILED, VALUE, Failure, Frame, LoopRun
from flowreason.engine.held import FRAME, Held
from flowreason.engine.plan import LoopPlan
from flowreason.errors import FlowreasonError, LimitExceeded, NodeError
from flowreason.graph import ops

_CONDITIONS = frozenset({"while", "until"})
"""The decisions by which a loop ends of itself."""


class Rounds(CutShort):
    """The part of the stepper that knows loops."""

    clock: Callable[[], float]
    log: list[tuple[float, str, Frame | None, int, Any]]
    most_rounds: int
    on_rounds: Callable[[Frame, int, int], None] | None
    window: int
    held: Held
    resolve: Callable[[Frame, int, int, Any], None]
    fail: Callable[[Frame, int, FlowreasonError], None]
    feed: Callable[[Frame, int, int, Any], None]
    link: Callable[[Frame, int | None, Frame, int], None]
    choose: Callable[[Frame, int, str], None]
    close_ways: Callable[[Frame, int, int, Any], None]
    opened: Callable[..., None]
    begins: Callable[[Frame, int, Any], None]
    given_to: Callable[[Frame, int], tuple[Any] | None]
    _typed: Callable[[Frame, int, Any], None]

    def _loop(self, frame: Frame, i: int) -> None:
        """A loop whose list or count is there begins."""
        plan: LoopPlan = frame.plan.extra[i]
        try:
            items, total = inline.rounds_of(frame, i, plan.op.kind, frame.values[plan.source])
            if total > self.most_rounds:
                message = (
                    f"this loop would run {total} rounds, more than the limit of {self.most_rounds} (limit `rounds`)"
                )
                raise LimitExceeded("rounds", self.most_rounds, message)
            if (refused := self.held.room(frame, i, total * FRAME)) is not None:
                raise refused
        except FlowreasonError as error:
            failure = Failure(error, frame.plan.nodes[i].id, frame.path)
            self._over(frame, i, FAILED, failure)
            self.loop_is_bad(frame, i, FAILED, failure)
            return
        self.begins(frame, i, {"rounds": total})
        if self.on_rounds is not None:
            self.on_rounds(frame, i, total)
        run = LoopRun(frame, i, plan, total, items)
        if plan.outs_next:
            if frame.loops is None:
                frame.loops = {}
            frame.loops[i] = run
        if total == 0:
            self._ends(run, None, plan.outs_next)
        elif run.in_order:
            self._open_round(run)
        else:
            self._open_window(run)

    def _open_window(self, run: LoopRun) -> None:
        """Open rounds as long as not too many are open at once."""
        while run.opened < run.total and run.opened - run.closed < self.window:
            self._open_round(run)
        if run.opened == run.total and not run.ended:
            self._ends(run, run.last, run.plan.outs_next)

    def _open_round(self, run: LoopRun) -> None:
        outer, plan = run.frame, run.plan
        frame = Frame(plan.body, outer.program, outer, run.at, run.opened, outer.scope, run)
        frame.depth = outer.depth
        previous, run.last = run.last, frame
        run.opened += 1
        run.pending += len(plan.yields)
        if plan.yields:
            run.results.append([])
        self.opened(frame)
        for source, j in plan.body.imports:
            self.link(outer, source, frame, j)
        for j, part in plan.items:
            self._hand_item(run, frame, j, part)
        if previous is None:
            for initial, j in plan.heads:
                self.link(outer, initial, frame, j)
        else:
            for last, j in plan.rounds:
                self.link(previous, last, frame, j)

    def _hand_item(self, run: LoopRun, frame: Frame, j: int, part: int | None) -> None:
        if run.items is None:
            self.feed(frame, j, VALUE, frame.index)
            return
        item = run.items[frame.index]
        if part is None:
            self.feed(frame, j, VALUE, item)
            return
        try:
            parts = len([n for _, n in run.plan.items if n is not None])
            self.feed(frame, j, VALUE, inline.part_of(item, part, parts, frame, j))
        except NodeError as error:
            self.feed(frame, j, FAILED, Failure(error, error.node, frame.path))

    def _next(self, frame: Frame, i: int) -> None:
        """A round that another may follow is over."""
        run = frame.loop
        assert run is not None
        self.resolve(frame, i, VALUE, None)
        if run.ended:
            return
        if run.opened < run.total:
            self._open_round(run)
        else:
            self._ends(run, frame, run.plan.outs_next)

    def _leave(self, frame: Frame, i: int) -> None:
        run = frame.loop
        assert run is not None
        self.resolve(frame, i, VALUE, None)
        if not run.ended:
            run.total = run.opened
            self._ends(run, frame, run.plan.outs_leave)

    def _ends(self, run: LoopRun, last: Frame | None, outs: Iterable[tuple[int | None, int | None, int]]) -> None:
        """No more rounds will be opened: what is carried goes out, and control goes on."""
        run.ended = True
        frame = run.frame
        for initial, inner, out in outs:
            if last is not None:
                self.link(last, inner, frame, out)
            elif initial is not None:
                self.link(frame, initial, frame, out)
            else:
                self._never_set(frame, run.at, out)
        self.choose(frame, run.at, "done")
        self.maybe_done(run)

    def _never_set(self, frame: Frame, at: int, out: int) -> None:
        name = frame.plan.nodes[out].name
        if name is None:
            self.feed(frame, out, VALUE, None)
            return
        node = frame.plan.nodes[at]
        message = f"{name!r} has no value: the loop at line {inline.line_of(frame, at)} had no rounds"
        error = NodeError(message, node=node.id, frame=frame.path)
        self.feed(frame, out, FAILED, Failure(error, node.id, frame.path))

    # --- yields and ends of rounds ---

    def yielded(self, frame: Frame, i: int) -> None:
        """A yield of a round came, was skipped, or failed."""
        run = frame.loop
        assert run is not None
        run.pending -= 1
        if frame.state[i] == FAILED:
            run.failures.append((frame.index, frame.values[i]))
        self.maybe_done(run, frame)

    def round_closed(self, frame: Frame) -> None:
        """Every node of a round has its outcome."""
        run = frame.loop
        assert run is not None
        run.closed += 1
        if run.plan.yields:
            run.results[frame.index] = self._of_round(run, frame)
        bound = self._bound(run, frame)
        self.log.append((self.clock(), "frame.closed", frame, -1, bound))
        if run.plan.outs_next:
            self.note_round(run, frame)
        if run.cut is not None:
            self.settle(run)
        if not run.ended and not run.in_order:
            self._open_window(run)
        self.maybe_done(run)

    def _bound(self, run: LoopRun, frame: Frame) -> dict[str, Any] | None:
        """What is told of a round after which no other follows for the bound alone: the loop has a condition, and was
        not left for it. Of a `while` whose condition is plain Python it is looked at once more, which costs nothing."""
        if frame.index + 1 < run.total or run.cut is not None or run.plan.op.kind not in ("while", "repeat"):
            return None
        nodes = frame.plan.nodes
        if not any(frame.state[i] == VALUE and isinstance(node.op, ops.Next) for i, node in enumerate(nodes)):
            return None
        for i, node in enumerate(nodes):
            if isinstance(node.op, ops.Decide) and node.op.kind in _CONDITIONS:
                holds = self._holds(run, frame, i) if node.op.kind == "while" else None
                return None if holds is False else {"bound": True} if holds is None else {"bound": True, "holds": True}
        return None

    @staticmethod
    def _holds(run: LoopRun, frame: Frame, decision: int) -> bool | None:
        """Whether a condition would hold at the head of a round after this one; None where that is not known so."""
        i = frame.plan.first[decision]
        op, goes_in = frame.plan.nodes[i].op, {j: last for last, j in run.plan.rounds}
        if not isinstance(op, ops.Python):
            return None
        found = {}
        for read, source in frame.plan.reads[i]:
            later = goes_in.get(source, source)
            if read.role == "value":
                if later is None or frame.state[later] != VALUE:
                    return None
                found[read.name] = frame.values[later]
        try:
            made = inline.in_place(frame, op.code, op.functions, found)
            return None if made is None else inline.truth(made[0], frame, decision)
        except Exception:  # noqa: BLE001 - what a round would have failed with that there is not
            return None

    def _of_round(self, run: LoopRun, frame: Frame) -> list[Any]:
        found: list[Any] = []
        for j, spread in run.plan.yields:
            if frame.state[j] == VALUE:
                found += frame.values[j] if spread else [frame.values[j]]
            elif frame.state[j] == FAILED:
                found.append(None)
        return found

    def maybe_done(self, run: LoopRun, frame: Frame | None = None) -> None:
        """The loop's own value: what was yielded, once nothing more can come."""
        if frame is not None and run.plan.yields:
            run.results[frame.index] = self._of_round(run, frame)
        if not run.ended or run.opened < run.total or run.pending or run.frame.state[run.at]:
            return
        if not run.plan.yields and run.closed < run.opened:
            return
        values = [value for of_round in run.results for value in of_round]
        around = run.frame.loop
        if not run.plan.op.collects and around is not None:
            around.failures += [(run.frame.index, failure) for _, failure in run.failures]  # its items, not this loop's
        elif run.failures and len(run.failures) == len(values):
            self._over(run.frame, run.at, FAILED, run.failures[0][1])
            return
        else:
            for index, failure in run.failures:
                self.log.append((self.clock(), "item.failed", run.frame, run.at, {"index": index, "error": failure}))
        if not (run.plan.op.collects or run.plan.yields):
            self._over(run.frame, run.at, VALUE, None)
        elif (refused := self.held.gathered(run.frame, run.at, values)) is not None:
            failure = Failure(refused, run.frame.plan.nodes[run.at].id, run.frame.path)
            self._over(run.frame, run.at, FAILED, failure)
        else:
            self._over(run.frame, run.at, VALUE, values)

    def _over(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        """The loop's node has its outcome: what came of the rounds, unless it is given another value."""
        frame.scope.open.pop((frame, i), None)
        if frame.bad is not None and (given := self.given_to(frame, i)):
            self._typed(frame, i, *given)
        else:
            self.resolve(frame, i, outcome, value)

    # --- loops that fail ---

    def loop_fails(self, run: LoopRun, failure: Any) -> None:
        """The condition of a loop failed: nobody knows whether it goes on."""
        if run.ended:
            return
        run.ended = True
        if self.cut_short(run, failure):
            return
        self._over(run.frame, run.at, FAILED, failure)
        whole = Failure(failure.error, run.frame.plan.nodes[run.at].id, run.frame.path)
        self.loop_is_bad(run.frame, run.at, FAILED, whole)

    def forgiven(self, frame: Frame, i: int, failure: Failure) -> bool:
        """Whether node i hands on effects, of which one failed in an item of a collecting loop: only that is lost."""
        op = frame.plan.nodes[i].op
        if isinstance(op, ops.Out):
            at, holder = frame.plan.index[op.loop], frame
            known = frame.plan.extra[at].forgiving[1]
        elif frame.loop is not None:
            at, holder = frame.at, frame.loop.frame
            known = frame.loop.plan.forgiving[0]
        else:
            return False
        return known == i and failure.frame.startswith(f"{holder.path}/{holder.plan.nodes[at].id}[")

    def loop_is_bad(self, frame: Frame, i: int, outcome: int, value: Any) -> None:
        """A loop that was skipped or failed hands its outcome to all that it would have handed out."""
        plan: LoopPlan = frame.plan.extra[i]
        for _, _, out in plan.outs_next:
            self.feed(frame, out, outcome, value)
        self.close_ways(frame, i, outcome, value)
