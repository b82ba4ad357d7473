"""Loops that a limit of the run cuts short: what they hand out is what their last whole round left.

A round is whole when it hands on a value for every name that the loop carries. Invariant: what is handed out instead of
a value that the limit kept from being made stood in one round, or before the loop; an effect that was not begun counts
as failed, and whatever waits for it does not happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowreason.engine.frames import FAILED, VALUE, Failure, Frame, LoopRun
from flowreason.engine.limits import exhausts
from flowreason.graph import ops


class CutShort:
    """The part of the stepper that knows loops which cannot go on."""

    clock: Callable[[], float]
    log: list[tuple[float, str, Frame | None, int, Any]]
    feed: Callable[[Frame, int, int, Any], None]
    link: Callable[[Frame, int | None, Frame, int], None]
    choose: Callable[[Frame, int, str], None]
    maybe_done: Callable[[LoopRun], None]

    def note_round(self, run: LoopRun, frame: Frame) -> None:
        """A round of a loop that carries names is over."""
        kept = run.plan.kept
        if kept is not None and (run.whole is None or run.whole.index < frame.index):
            state = frame.state
            for j in kept:
                if state[j] != VALUE:
                    return
            run.whole = frame

    def cut_short(self, run: LoopRun, failure: Failure) -> bool:
        """A round cannot say whether another follows. Whether, for the limit's sake, the loop ends with the rounds it
        has; where it may hold an answer, what follows is only reached where it has none, and nobody knows that."""
        if not exhausts(failure.error) or run.frame.plan.arms[run.at]:
            return False
        run.cut = run.cut or failure
        run.total = run.opened
        run.lost.update((out, False) for _, _, out in run.plan.outs_next)
        self.settle(run)
        self.maybe_done(run)
        return True

    def awaits_whole_round(self, frame: Frame, i: int, failure: Failure) -> bool:
        """Whether node i, which hands out what a loop carried, failed for the limit and gets what was left before."""
        op = frame.plan.nodes[i].op
        assert isinstance(op, ops.Out)
        run = (frame.loops or {}).get(frame.plan.index[op.loop])
        if run is None or not exhausts(failure.error) or i in run.lost:
            return False
        if frame.plan.nodes[i].name is None:
            return False  # the effects
        run.cut = run.cut or failure
        run.lost[i] = False
        self.settle(run)
        return True

    def settle(self, run: LoopRun) -> None:
        """Hand out what the last whole round left, once no other can become whole."""
        if run.cut is None or run.closed < run.opened:
            return
        for initial, inner, out in run.plan.outs_next:
            if run.lost.get(out) is False:
                run.lost[out] = True
                self._hand_out(run, initial, inner, out)
        if not run.told:
            run.told = True
            rounds = 0 if run.whole is None else run.whole.index + 1
            self.log.append((self.clock(), "loop.cut", run.frame, run.at, {"rounds": rounds, "of": run.of}))

    def _hand_out(self, run: LoopRun, initial: int | None, inner: int | None, out: int) -> None:
        frame, whole = run.frame, run.whole
        if frame.bad is not None:
            frame.bad.pop(out, None)
        if frame.plan.nodes[out].name is None:
            self.feed(frame, out, FAILED, run.cut)
        elif whole is not None and inner is not None:
            self.link(whole, inner, frame, out)
        elif whole is None and initial is not None:
            self.link(frame, initial, frame, out)
        else:
            self.feed(frame, out, FAILED, run.cut)
