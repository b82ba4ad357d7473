"""One ask node: prompt, reply, type, checks, tries, samples and votes.

Invariant: an ask gives a value of its type that holds its checks, or fails with the last reason; it sends at most
`tries` requests for each sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.prompt import build
from flowreason.asking.reply import feedback, parse_reply
from flowreason.asking.schema import json_schema
from flowreason.asking.votes import decided, winner
from flowreason.engine.caller import Caller, Tell
from flowreason.engine.limits import exhausts
from flowreason.errors import FlowreasonError, NodeError, UsageError, is_fatal
from flowreason.ports import ModelInfo, Request
from flowreason_dsl.syntax import Template
from flowreason_dsl.types import Type

TRIES = 3
SPREAD = 0.7
"""The temperature of asks that are drawn several times, where the flow names none."""

Holds = Callable[[Any], Awaitable[str | None]]
"""Runs the checks on a value: None, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Question:
    """An ask with everything it needs."""

    template: Template
    values: Mapping[str, Any]
    type: Type
    context: Sequence[tuple[str, Any]] = ()
    questions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    draw: int = 0
    draws: int = 1
    """The number of this draw and of how many, where the same ask is drawn several times by a loop around it."""


class Asker:
    """Asks one question. `lacking`: a limit kept draws from being made, and the value is put together without them."""

    def __init__(self, caller: Caller, question: Question, holds: Holds, tell: Tell, priority: float) -> None:
        self.caller = caller
        self.question = question
        self.holds = holds
        self.tell = tell
        self.priority = priority
        settings = question.settings
        self.samples = _count(settings, "vote") or _count(settings, "samples") or 1
        self.model = settings.get("model")
        self.info: ModelInfo = caller.provider.model_info(self.model)
        self.think = bool(settings.get("think", False))
        self.lacking = False

    async def ask(self) -> Any:
        """The value; a list of them with `samples`; the majority with `vote`."""
        settings = self.question.settings
        if _count(settings, "vote"):
            return await self._vote()
        if _count(settings, "samples"):
            results = await self._each()
            return results
        return await self._one(0)

    async def _one(self, sample: int) -> Any:
        """One draw, sent back with the reason as often as `tries` allows."""
        tries = _count(self.question.settings, "tries") or TRIES
        request = self.request(sample)
        reason = ""
        for attempt in range(1, tries + 1):
            about = {"attempt": attempt, "sample": sample}
            reply = await self.caller.complete(request, self.tell, about, self.priority)
            try:
                value = parse_reply(
                    reply.text, self.question.type, think=self._thinks, structured=request.schema is not None
                )
                wrong = await self.holds(value)
            except Misfit as misfit:
                wrong = misfit.reason
                if reply.finish == "length":
                    wrong += " (the reply was cut off at its greatest length)"
            if wrong is None:
                return value
            reason = wrong
            self.tell("node.rejected", {**about, "why": reason})
            request = self._again(request, reply.text, reason)
        raise NodeError(f"no reply fitted in {tries} tries; the last one: {reason}", kind="reply")

    @property
    def _thinks(self) -> bool:
        return self.think and not self.info.reasons

    @property
    def form(self) -> tuple[bool, bool]:
        """How replies are read: whether reasoning stands before the answer, and whether they are JSON."""
        return self._thinks, _schema(self.question.type, self._thinks) is not None

    def request(self, sample: int) -> Request:
        """What is sent for a draw, the first time."""
        q, settings = self.question, self.question.settings
        schema = _schema(q.type, self._thinks)
        messages = build(
            q.template,
            q.values,
            context=q.context,
            type=q.type,
            think=self.think,
            reasons=self.info.reasons,
            structured=schema is not None,
            questions=q.questions,
        )
        temperature = settings.get("temperature")
        if temperature is None and not self.info.reasons:
            temperature = SPREAD if self.samples * q.draws > 1 else 0.0
        number = q.draw * self.samples + sample
        return Request(
            messages=messages,
            model=self.model,
            temperature=temperature,
            max_tokens=_count(settings, "max_tokens"),
            seed=settings.get("seed"),
            schema=schema,
            sample=number,
        )

    def _again(self, request: Request, reply: str, reason: str) -> Request:
        """The same request with the reply that did not fit and why."""
        structured = request.schema is not None
        turns = feedback(reply, reason, self.question.type, think=self._thinks, structured=structured)
        return replace(request, messages=(*request.messages, *turns))

    # --- several draws ---

    async def _each(self) -> list[Any]:
        """All samples, in order; one that fails is null. Fails when all do."""
        async with Draws(self._one, self.samples, self._spared) as draws:
            await draws.until(lambda: not draws.waiting)
            if draws.errors and len(draws.errors) == self.samples:
                raise draws.errors[min(draws.errors)]
            for sample, error in draws.errors.items():
                self.lacking = self.lacking or exhausts(error)
                self.tell("item.failed", {"index": sample, "error": error})
            return [draws.values.get(sample) for sample in range(self.samples)]

    async def _vote(self) -> Any:
        """The answer that most samples give; those that can no longer change it are cancelled."""
        async with Draws(self._one, self.samples, self._spared) as draws:
            await draws.until(lambda: decided(draws.values, draws.waiting, self.question.type) is not None)
            best = decided(draws.values, draws.waiting, self.question.type) or winner(draws.values)
            if best is None:
                raise draws.errors[min(draws.errors)]
            told = {"count": best.count, "of": len(draws.values), "cancelled": len(draws.waiting)}
            refused = [sample for sample, error in draws.errors.items() if exhausts(error)]
            if refused and decided(draws.values, [*draws.waiting, *refused], self.question.type) is None:
                self.lacking, told["refused"] = True, len(refused)
            self.tell("node.vote", told)
            return best.value

    def _spared(self, error: FlowreasonError) -> bool:
        """Whether a draw fails alone: for a reason of its own, or because the run has come to a limit."""
        return not is_fatal(error) or (exhausts(error) and self.caller.budget.over is not None)


class Draws:
    """Several draws at once. Leaving it cancels those that are still under way."""

    def __init__(
        self, draw: Callable[[int], Awaitable[Any]], count: int, spared: Callable[[FlowreasonError], bool]
    ) -> None:
        self._draw = draw
        self._count = count
        self._spared = spared
        self.values: dict[int, Any] = {}
        self.errors: dict[int, FlowreasonError] = {}
        self._tasks: dict[asyncio.Task[Any], int] = {}

    async def __aenter__(self) -> Draws:
        for sample in range(self._count):
            task: asyncio.Task[Any] = asyncio.ensure_future(self._draw(sample))
            self._tasks[task] = sample
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def waiting(self) -> list[int]:
        return sorted(self._tasks.values())

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until it is enough, or nothing is left to wait for."""
        while self._tasks and not enough():
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=self._tasks.__getitem__):
                sample = self._tasks.pop(task)
                try:
                    self.values[sample] = task.result()
                except FlowreasonError as error:
                    if not self._spared(error):
                        raise
                    self.errors[sample] = error


@lru_cache(maxsize=256)
def _schema(kind: Type, think: bool) -> Mapping[str, Any] | None:
    return json_schema(kind, think=think)


def _count(settings: Mapping[str, Any], name: str) -> int | None:
    """A setting that is a whole number of at least 1."""
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"the setting {name} must be a whole number of at least 1, and this is {value!r}")
    return value
