"""What a person is asked in the middle of a run, and what they answered.

Invariant: where a run is kept, an answer is durable before anything depends on it, and nobody is asked twice. Where
nobody is there to answer, a kept run is suspended, for as long as it takes; one that is not kept fails the step.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flowreason.engine import inline
from flowreason.engine.frames import Frame
from flowreason.engine.pending import Pending
from flowreason.records import Outcome
from flowreason_dsl.types import Type

if TYPE_CHECKING:
    from flowreason.engine.work import Worker


class Persons:
    """Asks for one run."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def ask(self, frame: Frame, i: int, kind: str, part: int, text: str, type: Type) -> str:
        """What the person says. `kind` and `part` tell the questions of one step apart."""
        worker, node = self._worker, frame.plan.nodes[i].id
        worker.caller.budget.permit()
        ledger = worker.ledger
        known = None if ledger is None else ledger.at(frame.path, node, kind, part)
        if known is not None and isinstance(known.value, Mapping):
            return str(known.value["is"])
        worker.host.tell("person.asked", frame, i, {"question": text, "type": str(type), "kind": kind, "part": part})
        if worker.environment.ask_user is None:
            if ledger is None:
                message = "this flow asks the person who runs it, and nobody is there to answer"
                raise inline.node_error(frame, i, message, "user")
            await worker.host.suspend(Pending(frame.path, node, kind, part, text, str(type)))
        assert worker.environment.ask_user is not None
        said = worker.environment.ask_user(text, str(type))
        reply = await said if inspect.isawaitable(said) else said
        if ledger is not None:
            await ledger.commit(Outcome(frame.path, node, kind, part, value={"is": reply}))
        worker.host.tell("person.answered", frame, i, {"text": reply})
        return reply
