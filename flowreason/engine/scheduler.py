"""The scheduler: it waits, and decides nothing. What is ready is the stepper's word; this starts it and hands back outcomes.

Invariant: a task exists only where something waits; every task belongs to the scope it was started in and ends with it; when
`run` returns or raises, none is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from flowreason.engine.caller import Caller
from flowreason.engine.environment import Environment
from flowreason.engine.evaluate import trivial
from flowreason.engine.frames import FAILED, VALUE, Failure, Frame
from flowreason.engine.gate import Gate
from flowreason.engine.journal import Journal
from flowreason.engine.limits import Budget
from flowreason.engine.plan import Program
from flowreason.engine.result import RunResult
from flowreason.engine.step import Stepper
from flowreason.engine.telling import told
from flowreason.engine.work import Worker
from flowreason.errors import Cancelled, FlowreasonError, LimitExceeded, is_fatal
from flowreason.graph.model import Graph


class Run:
    """One run of a graph, from inputs to a result. `journal` and `budget` may hold what came before (the compiler)."""

    def __init__(self, graph: Graph, environment: Environment, journal: Journal, budget: Budget | None = None) -> None:
        limits = environment.limits
        self.graph = graph
        self.environment = environment
        self.journal = journal
        self._clock = journal.clock
        self._live = journal.on_event is not None
        self._stepper = Stepper(self._clock, limits.depth, limits.rounds)
        self._caller = Caller(environment.provider, budget or Budget(limits), Gate(environment.concurrency))
        self._worker = Worker(environment, self._caller, self)
        self._done: asyncio.Future[tuple[int, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- the whole run ---

    async def run(self, inputs: Mapping[str, Any]) -> RunResult:
        """Run to the end. Cancelling the task that awaits this cancels the run, and everything in it, at once."""
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        text = self.graph.source.text
        self._say("run.started", {"flow": text, "entry": self.graph.entry, "inputs": dict(inputs)})
        try:
            outcome, value = await self._until_answer(inputs)
        except asyncio.CancelledError:
            self._say("run.cancelled", {"reason": "cancelled"})
            raise
        except FlowreasonError as error:
            return self._failed(error)
        finally:
            await self._tidy()
        if outcome == VALUE:
            self._say("run.finished", {"value": value})
            return RunResult("answered", value, None, tuple(self.journal.events))
        return self._failed(value.error)

    async def _until_answer(self, inputs: Mapping[str, Any]) -> tuple[int, Any]:
        assert self._done is not None
        program = Program(self.graph, self._inline_tools(), trivial)
        self._stepper.open_flow(program, self.graph.entry, inputs, waiter=self._finished)
        self.pump()
        seconds = self.environment.limits.seconds
        left = None if seconds is None else max(0.0, seconds - self._clock())
        try:
            async with asyncio.timeout(left):
                return await self._done
        except TimeoutError:
            message = f"the limit of {seconds:g} seconds is reached; raise it with --limit seconds=…"
            raise LimitExceeded("seconds", seconds or 0, message) from None

    def _finished(self, outcome: int, value: Any) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result((outcome, value))

    def _failed(self, error: FlowreasonError) -> RunResult:
        self._say("run.failed", {"error": str(error), "error_kind": error_kind(error)})
        match error:
            case LimitExceeded(limit=limit) if limit != "rounds":
                return RunResult("limit", None, error, tuple(self.journal.events))
            case Cancelled():
                return RunResult("cancelled", None, error, tuple(self.journal.events))
        return RunResult("failed", None, error, tuple(self.journal.events))

    def _inline_tools(self) -> dict[str, Callable[..., Any]]:
        return {name: tool.function for name, tool in self.environment.tools.items() if tool.inline}

    async def _tidy(self) -> None:
        """No task outlives the run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()
        await self._worker.close()
        self._flush()

    # --- pumping ---

    def pump(self) -> None:
        """Let the stepper do what needs no waiting, and start what does."""
        stepper = self._stepper
        while True:
            stepper.drain()
            if not stepper.work:
                break
            work, stepper.work = stepper.work, []
            for frame, i in work:
                if not frame.scope.closed:
                    self._start(frame, i)
        if stepper.cancels:
            cancels, stepper.cancels = stepper.cancels, []
            for task in cancels:
                task.cancel()
        if not self._tasks:
            self._standstill()
        if self._live:
            self._flush()

    def _standstill(self) -> None:
        """Nothing runs and nothing is ready: unless the run has ended, the graph has a fault, which must not hang."""
        if self._done is not None and not self._done.done():
            self._abort(AssertionError(f"the run of {self.graph.entry} came to a standstill; this is a bug of flowreason"))

    def _start(self, frame: Frame, i: int) -> None:
        task = asyncio.get_running_loop().create_task(self._perform(frame, i))
        frame.scope.tasks.add(task)
        self._tasks.add(task)

    async def _perform(self, frame: Frame, i: int) -> None:
        """One work node, from start to outcome."""
        task = asyncio.current_task()
        outcome: Any
        try:
            outcome = await self._worker.perform(frame, i)
        except asyncio.CancelledError:
            self._stepper.log.append((self._clock(), "node.cancelled", frame, i, None))
            raise
        except FlowreasonError as error:
            self._failed_node(frame, i, error)
        except BaseException as error:
            self._abort(error)
        else:
            frame.scope.tasks.discard(task)
            self._stepper.resolve(frame, i, VALUE, outcome)
        finally:
            frame.scope.tasks.discard(task)
            self._tasks.discard(task)  # type: ignore[arg-type]
        self.pump()

    def _failed_node(self, frame: Frame, i: int, error: FlowreasonError) -> None:
        if is_fatal(error):
            self._stepper.fail(frame, i, error)
            self._abort(error)
        else:
            self._stepper.fail(frame, i, error)

    def _abort(self, error: BaseException) -> None:
        """An error that ends the run; one that is nobody's fault but ours is raised to the caller."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)

    # --- what work asks of us ---

    async def call_flow(self, program: Program, flow: str, inputs: Mapping[str, Any], frame: Frame, i: int) -> Any:
        """Run a flow in place and wait for its answer. Raises what it failed with."""
        answer: asyncio.Future[tuple[int, Any]] = asyncio.get_running_loop().create_future()

        def returned(outcome: int, value: Any) -> None:
            if not answer.done():
                answer.set_result((outcome, value))

        inner = self._stepper.open_flow(program, flow, inputs, parent=frame, at=i, waiter=returned)
        self.pump()
        try:
            outcome, value = await answer
        except asyncio.CancelledError:
            for task in inner.scope.close():
                task.cancel()
            raise
        if outcome == FAILED:
            assert isinstance(value, Failure)
            raise value.error
        return value

    def tell(self, kind: str, frame: Frame | None, i: int, data: Mapping[str, Any]) -> None:
        """An event of a node, live."""
        self._stepper.log.append((self._clock(), kind, frame, i, data))
        if self._live:
            self._flush()

    def _say(self, kind: str, data: Mapping[str, Any]) -> None:
        self._stepper.log.append((self._clock(), kind, None, -1, data))
        self._flush()

    def _flush(self) -> None:
        """Turn what was logged into events."""
        log, self._stepper.log = self._stepper.log, []
        for entry in log:
            self.journal.put(told(len(self.journal.events), entry))


def error_kind(error: FlowreasonError) -> str:
    """The kind of an error in one word."""
    return str(getattr(error, "kind", None) or type(error).__name__)
