"""A run that was kept, gone through again event for event: without a model, without tools, without luck.

The stepper works out what follows from the flow and its inputs; outcomes of work come from what was kept, in the order
in which they were kept. Invariant: the events that come out are those that happened, with all their data, or it is a
`JournalMismatch`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowreason.engine.evaluate import trivial
from flowreason.engine.events import Event
from flowreason.engine.frames import VALUE, Frame
from flowreason.engine.kept_work import KeptWork, Past
from flowreason.engine.numbers import placed
from flowreason.engine.plan import Kind, Program
from flowreason.engine.step import Stepper
from flowreason.engine.telling import told
from flowreason.errors import FlowreasonError, JournalMismatch
from flowreason.graph.model import Graph

Long = tuple[str, str, str, float, dict[str, Any]]
"""Kind, frame, node, time and data of a kept event."""
OnEvent = Callable[[Event], None]

_OUTCOMES = frozenset({"node.done", "node.failed"})


class Replay:
    """Goes through the kept events of one session. `frames` are those that were opened, by path; `depth` and `rounds`
    the limits of a session that does not say its own."""

    def __init__(self, graph: Graph, inputs: Mapping[str, Any], past: Past, *, depth: int, rounds: int) -> None:
        self.graph = graph
        self.inputs = inputs
        self.events: list[Event] = []
        self.now = 0.0
        self._stepper = Stepper(lambda: self.now, depth, rounds, given=past.given)
        self._program = Program(graph, {}, trivial)
        self.frames: dict[str, Frame] = {}
        self._derived: deque[Event] = deque()
        self._work = KeptWork(past, self.frames, self._program)
        self._left: Sequence[Long] = ()
        self._at = 0

    async def run(self, kept: Sequence[Long], on_event: OnEvent | None = None) -> list[Event]:
        """All events, each handed to `on_event` as it comes up."""
        self._left = kept
        for self._at, event in enumerate(kept):
            made = await self._made(event)
            self.events.append(made)
            if on_event is not None:
                on_event(made)
        return self.events

    async def _made(self, kept: Long) -> Event:
        """The whole event. One whose data lacks what such events have was not written by us."""
        try:
            return await self._next(kept)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError) as error:
            what = f"{type(error).__name__}: {error}"
            raise JournalMismatch(
                f"event {len(self.events)} of the run, {kept[0]}, does not fit its flow ({what}):\n"
                "it was kept by another version of flowreason, or changed since"
            ) from error

    async def _next(self, kept: Long) -> Event:
        kind, frame, node, self.now, data = kept
        if kind == "run.started":
            return self._begun(data)
        if kind == "run.exhausted":
            self._stepper.exhausted = True
        if not frame or frame.partition("/")[0] in ("compile", "early"):
            return self._verbatim(kept, self._work.ending(kind, data))
        if self._fits(kept):
            return self._taken()
        place = self.frames.get(frame)
        i = place.plan.index.get(node, -1) if place is not None and node else -1
        if (place is not None and i >= 0 and place.plan.kinds[i] == Kind.WORK) or self._waits(place, i):
            assert place is not None
            return await self._worked(kept, place, i)
        return self._follows(kept)

    @staticmethod
    def _waits(frame: Frame | None, i: int) -> bool:
        """Whether a piece of Python turned out not to be trivial, and went to the sandbox."""
        return frame is not None and i >= 0 and frame.plan.kinds[i] == Kind.PYTHON

    # --- what follows from the rules ---

    def _begun(self, kept: Mapping[str, Any]) -> Event:
        """A session begins, with the limits that it had; where none are kept with it, with those of the plan."""
        data = {"flow": self.graph.source.text, "entry": self.graph.entry, "inputs": dict(self.inputs)}
        event = Event(len(self.events), self.now, "run.started", "", "", {**data, **kept})
        self._work.begin(kept.get("session"))
        if "limits" in kept:
            self._stepper.depth, self._stepper.most_rounds = int(kept["limits"]["depth"]), int(kept["limits"]["rounds"])
        main = self._stepper.open_flow(self._program, self.graph.entry, self.inputs, waiter=self._work.answered)
        self.frames[main.path] = main
        self._settle()
        return event

    def _follows(self, kept: Long) -> Event:
        """An event that the rules bring: by what is ready, by a flow that a step calls, by what is over."""
        if not self._fits(kept):
            self._open(kept)
        if not self._fits(kept):
            self._close()
        if not self._fits(kept):
            raise self._mismatch(kept)
        return self._taken()

    def _open(self, kept: Long) -> None:
        """A step calls a flow."""
        kind, frame, _, _, data = kept
        if kind != "frame.opened" or "inputs" not in data:
            return
        around, owner, flow, number = placed(frame)
        parent = self.frames.get(around)
        if parent is None or owner not in parent.plan.index or data.get("flow") != flow:
            return
        at = parent.plan.index[owner]
        program, waiter = self._work.program_of(parent, at), self._work.listener(parent, at)
        self._stepper.open_flow(program, flow, data["inputs"], parent=parent, at=at, number=number, waiter=waiter)
        self._settle()

    def _close(self) -> None:
        """A flow is over before it has its answer: the next frame that closes is its."""
        for kind, frame, *_ in self._left[self._at :]:
            if kind == "frame.closed" and frame in self.frames:
                self._stepper.close(self.frames[frame].flow)
                self._settle()
                return
            if kind not in ("node.cancelled", "node.unanswered"):
                return

    def _settle(self) -> None:
        """What follows is done, and expected among the events that come next."""
        self._stepper.drain()
        log, self._stepper.log = self._stepper.log, []
        for entry in log:
            frame = entry[2]
            if entry[1] == "frame.opened" and frame is not None:
                self.frames[frame.path] = frame
            self._derived.append(told(0, 0.0, entry))

    def _fits(self, kept: Long) -> bool:
        return bool(self._derived) and _same(self._derived[0], kept)

    def _taken(self) -> Event:
        return self._derived.popleft()._replace(seq=len(self.events), time=self.now)

    # --- what was done ---

    async def _worked(self, kept: Long, frame: Frame, i: int) -> Event:
        """An event of a step that was worked at."""
        kind, data = kept[0], kept[4]
        if kind not in _OUTCOMES:
            return self._verbatim(kept, self._work.told(frame, i, kind, data))
        if kind == "node.failed" and data.get("fatal"):
            return self._verbatim(kept, data)
        if kind == "node.failed":
            self._stepper.fail(frame, i, self._work.error(data))
        else:
            self._stepper.resolve(frame, i, VALUE, await self._value(frame, i))
        self._settle()
        if not self._fits(kept):
            raise self._mismatch(kept)
        return self._taken()

    async def _value(self, frame: Frame, i: int) -> Any:
        try:
            return await self._work.value(frame, i)
        except JournalMismatch:
            raise
        except FlowreasonError as error:
            raise JournalMismatch(f"the value of {frame.path}/{frame.plan.nodes[i].id} is lost: {error}") from error

    def _verbatim(self, kept: Long, data: Mapping[str, Any]) -> Event:
        return Event(len(self.events), self.now, kept[0], kept[1], kept[2], data)

    def _mismatch(self, kept: Long) -> JournalMismatch:
        kind, frame, node, *_ = kept
        instead = self._derived[0] if self._derived else None
        told_instead = f"{instead.kind} of {instead.frame}/{instead.node}" if instead else "nothing"
        return JournalMismatch(
            f"event {len(self.events)} of the run was {kind} of {frame}/{node}, and its flow gives {told_instead}:\n"
            "it was kept by another version of flowreason, or changed since"
        )


def _same(made: Event, kept: Long) -> bool:
    return (made.kind, made.frame, made.node) == kept[:3]
