"""The scheduler: it waits, and decides nothing. The stepper says what is ready; this starts it and hands on outcomes.

Invariant: a task exists only where something waits; every task belongs to the scope it was started in and ends with it;
when `run` returns or raises, none is left, and every node that was started has its end among the events. An exception
that is no failure of the flow (a bug, or one of the caller's own `on_event` or `ask_user`) stops the run and is raised.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

from flowreason.engine import inline
from flowreason.engine.caller import Caller
from flowreason.engine.environment import BoundTool, Environment
from flowreason.engine.evaluate import trivial
from flowreason.engine.frames import FAILED, VALUE, Failure, Frame, Scope
from flowreason.engine.gate import Gate
from flowreason.engine.journal import Journal
from flowreason.engine.limits import Budget, error_kind, exhausts, out_of_time
from flowreason.engine.pending import Pending
from flowreason.engine.plan import Program
from flowreason.engine.result import RunResult
from flowreason.engine.scarce import line_of
from flowreason.engine.step import Stepper
from flowreason.engine.stopping import is_cancelled
from flowreason.engine.undone import is_cut_short
from flowreason.engine.work import Worker
from flowreason.errors import Cancelled, FlowreasonError, LimitExceeded, Suspended, is_fatal
from flowreason.graph import ops
from flowreason.graph.model import Graph

GRACE = 1.0
"""Seconds after the limit of seconds in which the answer is put together from what is there."""

_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
"""Where Python has it, work begins in place, and costs no turn of the event loop if it does not wait after all."""


class Run:
    """One run of a graph, from inputs to a result.

    `journal`, `budget` and `caller` may hold what came before: the compiler, a head start. A caller that is `lent`
    stays open when the run is over.
    """

    def __init__(
        self,
        graph: Graph,
        environment: Environment,
        journal: Journal,
        budget: Budget | None = None,
        caller: Caller | None = None,
        lent: bool = False,
    ) -> None:
        limits = environment.limits
        self.graph = graph
        self.environment = environment
        self.journal = journal
        self._live = journal.live
        calls = environment.ledger.calls if environment.ledger is not None else None
        self._stepper = Stepper(time.monotonic, limits.depth, limits.rounds, given=environment.given, calls=calls)
        self.held = self._stepper.held
        self._lent = lent
        self._caller = caller or Caller(environment.provider, budget or Budget(limits), Gate(environment.concurrency))
        self._worker = Worker(environment, self._caller, self)
        self._scarce = None if lent else line_of(self._caller, self._stepper, limits.calls)
        self._main: Frame | None = None
        self._broken: BaseException | None = None
        self._cancelled: list[asyncio.Task[None]] = []
        self._stopped: set[asyncio.Task[None] | None] = set()
        self._touched: list[Scope] = []
        self._pending: list[Pending] = []
        self._pumping = False

    # --- the whole run ---

    async def run(self, inputs: Mapping[str, Any]) -> RunResult:
        """Run to the end. Cancelling the task that awaits this cancels the run, and everything in it, at once."""
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[tuple[int, Any]] = self._loop.create_future()
        text = self.graph.source.text
        self._say("run.started", {"flow": text, "entry": self.graph.entry, "inputs": dict(inputs), **self._session()})
        try:
            outcome, value = await self._until_answer(inputs)
        except asyncio.CancelledError:
            await self._tidy()
            self._say("run.cancelled", {"reason": "cancelled"})
            raise
        except BaseException:
            await self._tidy()
            raise
        await self._tidy()
        result = self._ended(outcome, value)
        if self._broken is not None:
            raise self._broken
        return result

    def _session(self) -> dict[str, Any]:
        """What a replay has to know of this session."""
        limits, ledger = self.environment.limits, self.environment.ledger
        number = {} if ledger is None else {"session": ledger.claim.session}
        return {"limits": {"depth": limits.depth, "rounds": limits.rounds}, **number}

    async def _until_answer(self, inputs: Mapping[str, Any]) -> tuple[int, Any]:
        self._caller.activity.on_quiet = self._quiet
        if self.environment.ledger is not None and not self._lent:
            self.environment.ledger.activity = self._caller.activity
        if not self._lent:
            self._caller.budget.on_over = self._exhausted
        if self.environment.limits.seconds is not None:
            self._stepper.deadline = self._stepper.clock() + self._left()
        if not self._done.done():
            program = Program(self.graph, self._inline_tools(), trivial)
            self._main = self._stepper.open_flow(program, self.graph.entry, inputs, waiter=self._finished)
            self.pump(self._main.scope)
        if self.environment.limits.seconds is None:
            return await self._done
        await asyncio.wait([self._done], timeout=self._left())
        if not self._done.done():
            self._time_is_over()
            await asyncio.wait([self._done], timeout=GRACE)
        if not self._done.done():
            self._abort(self._out_of_time())
        return self._done.result()

    def _left(self) -> float:
        """Seconds until the run must end."""
        return max(0.0, (self.environment.limits.seconds or 0.0) - self.journal.clock())

    def _out_of_time(self) -> LimitExceeded:
        return out_of_time(self.environment.limits.seconds or 0.0)

    def _finished(self, outcome: int, value: Any) -> None:
        if not self._done.done():
            self._done.set_result((outcome, value.error if isinstance(value, Failure) else value))

    def _abort(self, error: BaseException) -> None:
        """An error that ends the run at once; one that is no failure of the flow is raised when all is tidy."""
        if not isinstance(error, FlowreasonError) and self._broken is None:
            self._broken = error
        if not self._done.done():
            self._done.set_result((FAILED, error))
        if self._main is not None:
            self._stepper.close(self._main)

    # --- persons who are not there ---

    async def suspend(self, pending: Pending) -> None:
        """Wait for a person who is not there: for ever, or until nothing else goes on and the run is suspended."""
        self._pending.append(pending)
        self._caller.activity.changed()
        await self._loop.create_future()

    def _quiet(self) -> None:
        """Nothing is under way any more, but for what waits."""
        if self._scarce is not None and self._scarce.let_go(one=not self._pending):
            return
        if self._pending and not self._done.done():
            many = f"{len(self._pending)} questions wait" if len(self._pending) > 1 else "a question waits"
            self._abort(Suspended(f"{many} for a person; the run goes on when they are answered", self._pending))

    # --- limits ---

    def _exhausted(self, error: LimitExceeded) -> None:
        """A limit is reached: from here only that is done which costs and changes nothing."""
        self._stepper.exhausted = True
        if self._scarce is not None:
            self._scarce.open()
        self._say("run.exhausted", {"limit": error.limit, "allowed": error.allowed})

    def _time_is_over(self) -> None:
        """Requests, tools and Python under way are stopped, and fail for the limit; what is then left is brief."""
        if self._lent:
            self._abort(self._out_of_time())
            return
        if self._caller.budget.late or self._main is None:
            return
        self._stepper.deadline = self._stepper.clock() + GRACE
        self._caller.give_up(self._out_of_time())
        for task, frame, i in self._main.scope.under_way():
            op = frame.plan.nodes[i].op
            if isinstance(op, ops.CallTool | ops.Python) or (isinstance(op, ops.Ask) and op.user):
                self._stopped.add(task)
                task.cancel()

    def _ended(self, outcome: int, value: Any) -> RunResult:
        """The last event, and the result."""
        over = None if self._lent else self._caller.budget.over
        if over is not None:
            lacking = is_cut_short(self.journal.events)
            if outcome == VALUE and lacking:
                return self._best_so_far(value, over)
            if outcome != VALUE and (lacking or exhausts(value)) and not isinstance(value, Suspended):
                value = over
        if outcome == VALUE:
            self._say("run.finished", {"value": value})
            return RunResult("answered", value, None, self.journal.events)
        if isinstance(value, Suspended):
            self._say("run.waiting", {"questions": [each.as_json() for each in value.pending]})
        else:
            self._say("run.failed", {"error": str(value), "error_kind": error_kind(value)})
        events = self.journal.events
        match value:
            case Suspended():
                return RunResult("waiting", None, value, events)
            case LimitExceeded() if exhausts(value):
                return RunResult("limit", None, value, events)
            case Cancelled():
                return RunResult("cancelled", None, value, events)
        return RunResult("failed", None, value, events)

    def _best_so_far(self, value: Any, over: LimitExceeded) -> RunResult:
        self._say("run.failed", {"error": str(over), "error_kind": "limit", "value": value})
        return RunResult("limit", value, over, self.journal.events, partial=True)

    def _inline_tools(self) -> dict[str, BoundTool]:
        """Tools that are called in place; where a run is kept, what any tool gave is kept as well."""
        tools = self.environment.tools if self.environment.ledger is None else {}
        return {name: tool for name, tool in tools.items() if tool.inline}

    async def _tidy(self) -> None:
        """No task outlives the run."""
        if self._main is not None:
            self._stepper.close(self._main)
        self._cancel()
        try:
            await asyncio.gather(*self._cancelled, return_exceptions=True)
        finally:
            try:
                if not self._lent:
                    await self._caller.close()
            finally:
                await self._worker.close()
        self._flush()

    # --- pumping ---

    def pump(self, changed: Scope) -> None:
        """Let the stepper do what needs no waiting, and start what does. `changed`: where something began or ended."""
        self._touched.append(changed.awaited)
        if self._pumping:
            return  # work that was begun in place is over already: whoever began it goes on
        self._pumping = True
        try:
            self._pump()
        except BaseException as error:  # noqa: BLE001 - kept, and raised by `run`
            self._abort(error)
        finally:
            self._pumping = False
        touched, self._touched = self._touched, []
        for scope in touched:
            if not scope.busy and not scope.closed:
                self._standstill()
        if self._live:
            self._flush()

    def _pump(self) -> None:
        """Every outcome is looked at before the next comes: so what follows from it is the same whenever it is done."""
        stepper = self._stepper
        while True:
            self._drain()
            if not stepper.work:
                return
            work, stepper.work = stepper.work, []
            if len(work) > 1:
                work.sort(key=_longest_way_first)
            for frame, i in work:
                if not frame.scope.closed:
                    self._start(frame, i)
                    if stepper.ready:  # it was begun in place, and is over
                        self._drain()

    def _drain(self) -> None:
        while not self._stepper.drain():
            self._late_in_place()
        if self._stepper.cancels:
            self._cancel()

    def _late_in_place(self) -> None:
        """The time is over in the middle of what needs no waiting."""
        if self._caller.budget.late or self._lent:
            self._stepper.deadline = float("inf")  # what is closed is only passed over
            self._abort(self._out_of_time())
        else:
            self._time_is_over()

    def _cancel(self) -> None:
        """Cancel the work of what is over."""
        cancels, self._stepper.cancels = self._stepper.cancels, []
        for task in cancels:
            task.cancel()
        self._cancelled = [task for task in self._cancelled if not task.done()] + cancels

    def _standstill(self) -> None:
        """Nothing runs and nothing is ready where somebody waits: the graph has a fault, which must not hang."""
        self._abort(AssertionError(f"the run of {self.graph.entry} came to a standstill; this is a bug of flowreason"))

    def _start(self, frame: Frame, i: int) -> None:
        task: asyncio.Task[None] = asyncio.Task(self._perform(frame, i), loop=self._loop, name="node", **_EAGER)
        if not task.done():
            frame.scope.begin(task, frame, i)

    async def _perform(self, frame: Frame, i: int) -> None:
        """One work node, from start to outcome."""
        stepper, scope = self._stepper, frame.scope
        self.tell("node.started", frame, i, None)
        error: BaseException | None = None
        value: Any = None
        try:
            if (error := self.held.room(frame, i)) is None:
                value = await self._worker.perform(frame, i)
                error = self.held.born(frame, i, value)
        except asyncio.CancelledError:
            if scope.closed or (is_cancelled() and asyncio.current_task() not in self._stopped):
                stepper.log.append((stepper.clock(), "node.cancelled", frame, i, None))
                raise
            error = self._caller.budget.refusal() if is_cancelled() else inline.given_up(frame, i)
        except BaseException as raised:  # noqa: BLE001 - told, and raised by `run` where it is no failure of the flow
            error = raised
        finally:
            scope.end(asyncio.current_task())
        if error is not None:
            self._failed(frame, i, error)
        elif scope.closed:
            stepper.log.append((stepper.clock(), "node.cancelled", frame, i, None))
        else:
            stepper.resolve(frame, i, VALUE, value)
        self.pump(scope)

    def _failed(self, frame: Frame, i: int, error: BaseException) -> None:
        """A work node raised. What comes of something that is over already does not matter, unless it is a bug."""
        ours = isinstance(error, FlowreasonError)
        if frame.scope.closed and ours:
            self._stepper.log.append((self._stepper.clock(), "node.cancelled", frame, i, None))
        elif isinstance(error, LimitExceeded) and exhausts(error) and not self._lent:
            self._caller.budget.stop(error)
            self._stepper.fail(frame, i, error)
        elif isinstance(error, FlowreasonError) and not is_fatal(error):
            self._stepper.fail(frame, i, error)
        else:
            self._stepper.log.append((self._stepper.clock(), "node.failed", frame, i, error))
            self._abort(error)

    # --- what work asks of us ---

    async def call_flow(self, program: Program, flow: str, inputs: Mapping[str, Any], frame: Frame, i: int) -> Any:
        """Run a flow in place and wait for its answer. Raises what it failed with."""
        if frame.scope.closed:
            raise asyncio.CancelledError  # a caller that would not be cancelled
        answer: asyncio.Future[tuple[int, Any]] = self._loop.create_future()

        def returned(outcome: int, value: Any) -> None:
            if not answer.done():
                answer.set_result((outcome, value))

        inner = self._stepper.open_flow(program, flow, inputs, parent=frame, at=i, waiter=returned)
        self.pump(inner.scope)
        try:
            outcome, value = await answer
        except asyncio.CancelledError:
            self._stepper.close(inner)
            self._cancel()
            raise
        if outcome == FAILED:
            assert isinstance(value, Failure)
            raise value.error
        return value

    def tell(self, kind: str, frame: Frame | None, i: int, data: Mapping[str, Any] | None) -> None:
        """An event of a node, live."""
        self._stepper.log.append((self._stepper.clock(), kind, frame, i, data))
        self.held.told(data or {})
        if self._live:
            self._flush()

    def _say(self, kind: str, data: Mapping[str, Any]) -> None:
        self.tell(kind, None, -1, data)
        self._flush()

    def _flush(self) -> None:
        """Hand what was logged to the journal."""
        log, self._stepper.log = self._stepper.log, []
        try:
            self.journal.log(log)
        except BaseException as error:  # noqa: BLE001 - the listener's own; it hears no more, and `run` raises it
            self._abort(error)


def _longest_way_first(ready: tuple[Frame, int]) -> float:
    """Where places are few, what has the most behind it goes first; the rest keeps its order."""
    frame, i = ready
    return -frame.plan.priority[i]
