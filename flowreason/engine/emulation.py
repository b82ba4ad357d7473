"""The model's side of Chain of Code: it answers calls to functions that do not exist, and lines that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowreason.asking import emulating
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import feedback
from flowreason.engine.asker import TRIES
from flowreason.engine.frames import Frame
from flowreason.errors import NodeError
from flowreason.graph import ops
from flowreason.ports import FailedLine, Message, Request, UnknownCall
from flowreason_dsl.types import ANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowreason.engine.work import Worker


class ModelHost:
    """Answers for one emulated program; what was answered before is the history of the next prompt."""

    def __init__(self, worker: Worker, frame: Frame, i: int, op: ops.Emulate) -> None:
        self.worker = worker
        self.frame = frame
        self.i = i
        self.code = op.code.text
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
            reply = await self.worker.caller.complete(request, tell, about, self.frame.plan.priority[self.i])
            try:
                return parse(reply.text)
            except Misfit as misfit:
                reason = misfit.reason
            tell("node.rejected", {**about, "why": reason})
            again = (*request.messages, *feedback(reply.text, reason, ANY))
            request = Request(again, temperature=request.temperature)
        raise NodeError(f"no reply fitted in {TRIES} tries; the last one: {reason}", kind="reply")
