"""Chain of Code: what is emulated, who answers for it (calls of functions that do not exist, and lines that fail, are
the model's), and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowreason.asking import emulating
from flowreason.asking.misfit import Misfit, shorten
from flowreason.asking.reply import feedback
from flowreason.engine import inline
from flowreason.engine.asker import TRIES
from flowreason.engine.frames import Frame
from flowreason.engine.reads import context_of, read_name, task_of, values_of
from flowreason.errors import NodeError, PythonError
from flowreason.graph import ops
from flowreason.ports import EmulateResult, FailedLine, Message, PythonTask, Request, UnknownCall
from flowreason_dsl.programs import unfenced
from flowreason_dsl.syntax import Code
from flowreason_dsl.types import ANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowreason.engine.work import Worker


def task(frame: Frame, i: int, op: ops.Emulate) -> PythonTask:
    """The program with all that it depends on; one that a step wrote sees what it is given, by name."""
    if op.code is not None:
        return task_of(op.code, values_of(frame, i), op.functions, frame, i)
    read, source = frame.plan.reads[i][0]
    text = inline.take(frame.values[source], read.steps, read.name, frame, i)
    names = {read_name(name): value for name, value in context_of(frame, i)}
    return replace(task_of(Code(unfenced(str(text))), names, op.functions, frame, i), written=True)


def failed(frame: Frame, i: int, op: ops.Emulate, task: PythonTask, error: PythonError) -> NodeError:
    """The failure of a program, at its line of the flow, or told with its own line where a step wrote it."""
    if op.code is not None:
        return inline.node_error(frame, i, str(error), "python", inline.code_line(frame, op.code, error.line))
    said, rows = str(error), task.code.split("\n")
    if error.kind in _NO_PROGRAM:
        said = f"the program is no valid Python: {said}"
    if 0 < error.line <= len(rows):
        said += f" (line {error.line} of the program: {shorten(rows[error.line - 1].strip(), 120)})"
    return inline.node_error(frame, i, said, "python")


_NO_PROGRAM = frozenset({"SyntaxError", "IndentationError", "TabError"})


def traced(task: PythonTask, result: EmulateResult) -> dict[str, Any]:
    """The data of the event that tells line by line who executed a program."""
    lines = [
        {"line": t.line, "by": t.by, "changed": dict(t.changed), **({"end": t.end} if t.end > t.line else {})}
        for t in result.trace
    ]
    return {"lines": lines, "program": task.code} if task.written else {"lines": lines}


class ModelHost:
    """Answers for one emulated program; what was answered before is the history of the next prompt."""

    def __init__(self, worker: Worker, frame: Frame, i: int, code: str) -> None:
        self.worker = worker
        self.frame = frame
        self.i = i
        self.code = code
        self.history: list[str] = []
        self._count = 0

    async def call(self, request: UnknownCall) -> Any:
        """The value of a call: by the flow or tool of that name where there is one, else by the model."""
        if request.known:
            value = await self.worker.call_by_name(request.name, request.args, request.kwargs, self.frame, self.i)
            self.history.append(emulating.remembered(request, value))
            return value
        messages = emulating.call_prompt(request, self.code, self.history)
        value = await self._ask(messages, lambda text: emulating.parse_call(text, request.ret_type))
        self.history.append(emulating.remembered(request, value))
        return value

    async def state(self, request: FailedLine) -> Mapping[str, Any]:
        """The variables that a line would have changed, with their new values."""
        messages = emulating.state_prompt(request, self.code, self.history)
        changed: Mapping[str, Any] = await self._ask(messages, lambda text: emulating.parse_state(text, request))
        self.history.append(emulating.remembered_state(request, changed))
        return changed

    async def _ask(self, messages: tuple[Message, ...], parse: Callable[[str], Any]) -> Any:
        self._count += 1
        info = self.worker.caller.provider.model_info(None)
        request = Request(messages, temperature=None if info.reasons else 0.0)
        reason = ""
        for attempt in range(1, TRIES + 1):
            about = {"attempt": attempt, "sample": self._count, "emulated": True}
            tell = self.worker.teller(self.frame, self.i)
            priority, item = self.frame.plan.priority[self.i], self.worker.item(self.frame)
            with self.worker.caller.activity.aside():
                reply = await self.worker.caller.complete(request, tell, about, priority, item)
            try:
                return parse(reply.text)
            except Misfit as misfit:
                reason = misfit.reason
            tell("node.rejected", {**about, "why": reason})
            again = (*request.messages, *feedback(reply.text, reason, ANY))
            request = Request(again, temperature=request.temperature)
        raise NodeError(f"no reply fitted in {TRIES} tries; the last one: {reason}", kind="reply")
