"""The `ensure`s of a node, run on its own value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowreason.asking.prompt import fill
from flowreason.engine import inline
from flowreason.engine.frames import Frame
from flowreason.errors import NodeError
from flowreason.graph import ops

if TYPE_CHECKING:
    from flowreason.engine.work import Worker


class Checks:
    """Says what is wrong with a value, if anything."""

    def __init__(self, worker: Worker, frame: Frame, i: int) -> None:
        self.worker = worker
        self.frame = frame
        self.i = i
        self.checks = frame.plan.nodes[i].checks

    async def first_wrong(self, value: Any) -> str | None:
        """What the first check that does not hold says; None when all hold."""
        if not self.checks:
            return None
        names = {r.name: self.frame.values[s] for r, s in self.frame.plan.reads[self.i] if r.role == "value"}
        for check in self.checks:
            known = {**names, check.value_name: value}
            try:
                held = await self._holds(check, known)
            except NodeError as error:
                return f"the check could not be made: {error}"
            if not held:
                return self._message(check, known)
        return None

    async def _holds(self, check: ops.Check, names: Mapping[str, Any]) -> bool:
        if check.code is None:
            assert check.flow is not None
            inputs = {parameter: names[parameter] for parameter, _ in check.arguments}
            held = await self.worker.host.call_flow(self.frame.program, check.flow, inputs, self.frame, self.i)
            return inline.truth(held, self.frame, self.i)
        try:
            made = inline.in_place(self.frame, check.code, (), names)
        except Exception as error:
            raise inline.node_error(self.frame, self.i, f"{type(error).__name__}: {error}", "python") from error
        if made is not None:
            return inline.truth(made[0], self.frame, self.i)
        graph = self.frame.program.graph
        functions = tuple(graph.flows.keys() | graph.tools.keys())
        held = await self.worker.run_python(check.code, names, functions, self.frame, self.i)
        return inline.truth(held, self.frame, self.i)

    @staticmethod
    def _message(check: ops.Check, names: Mapping[str, Any]) -> str:
        if check.message is not None:
            return fill(check.message, names)
        shown = check.code.text.strip() if check.code else "the condition"
        return f"it must hold that {shown}"
