"""What a person is asked in the middle of a run, and what they answered.

Invariant: where a run is kept, an answer is durable before anything depends on it, and nobody is asked twice. Where
nobody is there to answer, a kept run is suspended, for as long as it takes; one that is not kept fails the step.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flowreason.engine import inline
from flowreason.engine.frames import Frame
from flowreason.engine.ledger import Ledger, digest
from flowreason.engine.pending import Pending
from flowreason.records import Outcome
from flowreason_dsl.types import Type

if TYPE_CHECKING:
    from flowreason.engine.work import Worker


NOT_SAID = {"is": None}
"""What is kept of an answer that counts no more."""


def asked_key(question: str, type: str) -> str:
    """By what an answer is found again, and told from the answer to another question."""
    return digest(question, type)


class Persons:
    """Asks for one run."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def ask(self, frame: Frame, i: int, kind: str, part: int, text: str, type: Type) -> str:
        """What the person says. `kind` and `part` tell the questions of one step apart."""
        worker, node = self._worker, frame.plan.nodes[i].id
        worker.caller.budget.permit()
        ledger = worker.ledger
        place = Outcome(frame.path, node, kind, part, asked_key(text, str(type)))
        known = None if ledger is None else self._known(ledger, place)
        if known is not None:
            said, whose = known
            if kind == "person":
                worker.host.tell("node.recalled", frame, i, {"whose": whose, "part": part})
            return said
        worker.host.tell("person.asked", frame, i, {"question": text, "type": str(type), "kind": kind, "part": part})
        if worker.environment.ask_user is None:
            if ledger is None:
                message = "this flow asks the person who runs it, and nobody is there to answer"
                raise inline.node_error(frame, i, message, "user")
            await worker.host.suspend(Pending(frame.path, node, kind, part, text, str(type)))
        assert worker.environment.ask_user is not None
        answer = worker.environment.ask_user(text, str(type))
        reply = await answer if inspect.isawaitable(answer) else answer
        if ledger is not None:
            await ledger.commit(replace(place, value={"is": reply}))
        worker.host.tell("person.answered", frame, i, {"text": reply})
        return reply

    @staticmethod
    def _known(ledger: Ledger, place: Outcome) -> tuple[str, str] | None:
        """What the person has said to this question, and whose run it was: this one, or the one that it was made from.

        What they agreed to, and what they said became of an effect, counts for that very effect alone.
        """
        person = place.kind == "person"
        own = ledger.at(place.frame, place.node, place.kind, place.part)
        own = own if own is not None and own.key in (("", place.key) if person else (place.key,)) else None
        known = own or (ledger.take(place.kind, place.key, place.frame, place.node) if person else None)
        if known is None or not isinstance(known.value, Mapping) or known.value == NOT_SAID:
            return None
        if own is None or own.key != place.key:  # whoever goes on from this run finds it by the question
            ledger.note(replace(place, value=known.value))
        return str(known.value["is"]), "before" if own is None else "run"
