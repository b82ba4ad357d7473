"""What work came to in a run that was kept: values of steps, prompts of asks, texts of replies.

Invariant: nothing is asked and no tool is called; only Python whose value was too long to keep is run again, in the
sandbox.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_reply
from flowreason.engine import inline
from flowreason.engine.frames import FAILED, Failure, Frame
from flowreason.engine.keepsake import restore, sound
from flowreason.engine.lacking import convert_lacking
from flowreason.engine.plan import Program
from flowreason.engine.question import Prompts
from flowreason.engine.reads import question_of, task_of, values_of
from flowreason.engine.replaced import of_session
from flowreason.errors import FlowreasonError, JournalMismatch, LimitExceeded, NodeError
from flowreason.graph import ops
from flowreason.graph.model import Graph, Node
from flowreason.ports import ModelInfo, PythonTask, Reply, Usage
from flowreason.records import Outcome
from flowreason.values import decode

Place = tuple[str, str]
"""Frame and node."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was kept of a run, and what is needed to work out the rest.

    `load` makes a graph of the text of a flow that was written while the run went on; `python` runs a piece again.
    """

    outcomes: Sequence[Outcome]
    replies: Mapping[str, Reply]
    given: Mapping[Place, Any]
    load: Callable[[str], Graph]
    python: Callable[[PythonTask], Awaitable[Any]]


class KeptWork:
    """Answers for the work of one replay. `frames` are those that are open, by path."""

    def __init__(self, past: Past, frames: Mapping[str, Frame], program: Program) -> None:
        self._past = past
        self._frames = frames
        self._program = program
        self._outcomes = of_session(sound(past.outcomes), None)
        self._lacking: set[Place] = set()
        self._prompts: dict[Place, Prompts] = {}
        self._rejections: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
        self._texts: dict[tuple[str, str, int], str] = {}
        self._said: dict[Place, str] = {}
        self._written: dict[Place, str] = {}
        self._called: set[Place] = set()
        self._returned: dict[Place, tuple[int, Any]] = {}
        self._limit: LimitExceeded | None = None
        self._answer: Any = None

    def begin(self, session: int | None) -> None:
        """The run begins, or goes on: what steps came to by then, or in it."""
        self._outcomes = of_session(sound(self._past.outcomes), session)

    # --- flows ---

    def answered(self, outcome: int, value: Any) -> None:
        """The run has its answer."""
        self._answer = value

    def listener(self, frame: Frame, i: int) -> Callable[[int, Any], None]:
        """Who is told what a flow came to that a step called: its value, unless it is one of its checks."""
        place = frame.path, frame.plan.nodes[i].id
        checks = place in self._called
        self._called.add(place)

        def returned(outcome: int, value: Any) -> None:
            if not checks:
                self._returned[place] = outcome, value

        return returned

    def program_of(self, frame: Frame, i: int) -> Program:
        """The program that a flow belongs to which a step calls: after the one that was written, only its checks do."""
        node = frame.plan.nodes[i]
        if (frame.path, node.id) in self._called:
            return frame.program
        match node.op:
            case ops.Solve():
                text = self._written.get((frame.path, node.id), "")
            case ops.RunText():
                read, source = frame.plan.reads[i][0]
                text = str(inline.take(frame.values[source], read.steps, read.name, frame, i))
            case _:
                return frame.program
        return Program(self._past.load(text), {}, frame.program.trivial)

    # --- events in full ---

    def ending(self, kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data of an event that belongs to no step, or to the writing of a flow."""
        match kind:
            case "run.finished":
                return {"value": self._answer}
            case "run.exhausted":
                allowed = data["allowed"]
                self._limit = LimitExceeded(data["limit"], allowed)
            case "node.reply":
                return self._reply(data)
        return data

    def told(self, frame: Frame, i: int, kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data of an event of a step that was worked at."""
        place = frame.path, frame.plan.nodes[i].id
        match kind:
            case "node.request" if "messages" not in data:
                return self._request(frame, i, data)
            case "node.reply":
                full = self._reply(data)
                self._texts[*place, data["sample"]] = full["text"]
                return full
            case "node.rejected":
                self._rejected(frame, i, data)
            case "node.lacking":
                self._lacking.add(place)
            case "node.vote" if "refused" in data:
                self._lacking.add(place)
            case "item.failed" if data.get("error_kind") == "limit":
                self._lacking.add(place)
            case "person.answered":
                self._said[place] = data["text"]
            case "node.recalled" if "part" in data:
                self._said[place] = str(self._outcomes[*place, "person", data["part"]].value["is"])
            case "compile.done":
                self._written[place] = data["text"]
        return data

    def _request(self, frame: Frame, i: int, data: Mapping[str, Any]) -> dict[str, Any]:
        op = frame.plan.nodes[i].op
        assert isinstance(op, ops.Ask)
        place = frame.path, frame.plan.nodes[i].id
        if place not in self._prompts:
            info = ModelInfo(data["model"], reasons=bool(data.get("reasons")))
            self._prompts[place] = Prompts(question_of(frame, i, op), info)
        request = self._prompts[place].request(data["sample"])
        for text, why in self._rejections.get((*place, data["sample"]), ()):
            request = self._prompts[place].again(request, text, why)
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        return {**data, "messages": messages, "schema": None if request.schema is None else dict(request.schema)}

    def _rejected(self, frame: Frame, i: int, data: Mapping[str, Any]) -> None:
        """The requests of the draw that follow hold the reply and the reason, whether it was asked for or known."""
        at = frame.path, frame.plan.nodes[i].id, data["sample"]
        if at in self._texts:
            self._rejections.setdefault(at, []).append((self._texts[at], data["why"]))

    def _reply(self, data: Mapping[str, Any]) -> dict[str, Any]:
        reply = self._past.replies.get(data.get("key", ""))
        if reply is None:
            raise JournalMismatch("an answer that the run made use of is no longer in the store")
        usage = Usage(0, 0, 0, 0.0) if data.get("shared") else reply.usage
        used = {
            "calls": usage.calls,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "money": usage.money,
        }
        return {**data, "text": reply.text, **used, "model": reply.model}

    # --- outcomes ---

    def error(self, data: Mapping[str, Any]) -> FlowreasonError:
        """The failure of a step, as far as anything depends on it."""
        if data.get("error_kind") == "limit" and self._limit is not None:
            return LimitExceeded(self._limit.limit, self._limit.allowed, data["error"])
        return NodeError(data["error"], kind=data["error_kind"])

    async def value(self, frame: Frame, i: int) -> Any:
        """The value of a step, in its type."""
        node = frame.plan.nodes[i]
        place = frame.path, node.id
        match node.op:
            case ops.Ask(user=True):
                return parse_reply(self._answer_of_person(place), node.type)
            case ops.Ask():
                return await self._restored(place, "ask", node)
            case _:
                return self._in_type(frame, i, await self._worked(frame, i, node))

    def _answer_of_person(self, place: Place) -> str:
        """What the person said in the session itself, or before it; the last time where it had to be said again."""
        if place in self._said:
            return self._said[place]
        known = [o for at, o in self._outcomes.items() if at[:3] == (*place, "person")]
        if not known:
            raise JournalMismatch(f"what the person answered to {place[1]} was not kept")
        return str(max(known, key=lambda outcome: outcome.part).value["is"])

    def _in_type(self, frame: Frame, i: int, value: Any) -> Any:
        exact = frame.plan.exact[i]
        bring = convert if self._limit is None else convert_lacking
        try:
            return value if exact is object or value.__class__ is exact else bring(value, frame.plan.nodes[i].type)
        except Misfit as misfit:
            raise inline.misfit(frame, i, misfit) from misfit

    async def _worked(self, frame: Frame, i: int, node: Node) -> Any:
        place = frame.path, node.id
        match node.op:
            case ops.Python() as op:
                return await self._python(frame, i, op)
            case ops.Emulate():
                return await self._restored(place, "emulate", node)
            case ops.CallTool():
                return convert(await self._restored(place, "tool", node), node.type)
            case ops.Solve() | ops.RunText() | ops.CallFlow():
                outcome, value = self._returned[place]
                assert outcome != FAILED, value.error if isinstance(value, Failure) else value
                return value
            case ops.Pick():
                return inline.pick_value(frame, i)
            case ops.Fill():
                return inline.fill(frame, i)
            case ops.Constant() as constant:
                return constant.fresh
        raise JournalMismatch(f"{node.id} is no step that is worked at")

    async def _python(self, frame: Frame, i: int, op: ops.Python) -> Any:
        values = values_of(frame, i)
        made = inline.in_place(frame, op.code, op.functions, values)
        if made is not None:
            return made[0]
        kept = self._kept((frame.path, frame.plan.nodes[i].id), "python")
        if kept is not None and kept.value is not None and "again" not in kept.value:
            return decode(kept.value["is"])
        return await self._past.python(task_of(op.code, values, op.functions, frame, i))

    def _kept(self, place: Place, kind: str) -> Outcome | None:
        """What a step came to: whole, or as a limit left it."""
        return self._outcomes.get((*place, "lacking" if place in self._lacking else kind, 0))

    async def _restored(self, place: Place, kind: str, node: Node) -> Any:
        kept = self._kept(place, kind)
        if kept is None or not isinstance(kept.value, Mapping):
            raise JournalMismatch(f"what {place[1]} in {place[0]} came to was not kept")
        return await restore(kept.value, self._text, node.type)

    async def _text(self, key: str) -> str:
        reply = self._past.replies.get(key)
        if reply is None:
            raise JournalMismatch("an answer that the run made use of is no longer in the store")
        return reply.text
