"""One ask node: prompt, reply, type, checks, tries, samples and votes.

Invariant: an ask gives a value of its type that holds its checks, or fails with the last reason; it sends at most
`tries` requests for each sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from flowreason.asking import embedding
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_reply
from flowreason.asking.votes import decided, winner
from flowreason.engine.caller import Caller, Tell
from flowreason.engine.limits import exhausts
from flowreason.engine.question import Prompts, Question, count
from flowreason.engine.scarce import Item
from flowreason.errors import FlowreasonError, NodeError, is_fatal
from flowreason.ports import ModelInfo

TRIES = 3
Holds = Callable[[Any], Awaitable[str | None]]
"""Runs the checks on a value: None, or what is wrong with it."""


class Asker:
    """Asks one question. `lacking`: a limit kept draws from being made, and the value is put together without them."""

    def __init__(
        self,
        caller: Caller,
        question: Question,
        holds: Holds,
        tell: Tell,
        priority: float,
        item: Item | None = None,
    ) -> None:
        self.caller = caller
        self.question = question
        self.holds = holds
        self.tell = tell
        self.priority = priority
        self.item = item
        self.info: ModelInfo = caller.provider.model_info(
            question.settings.get("embed", question.settings.get("model"))
        )
        self.prompts = Prompts(question, self.info)
        self.lacking = False

    async def ask(self) -> Any:
        """The value; a list of them with `samples`; the majority with `vote`."""
        settings = self.question.settings
        if self.prompts.embeds:
            return await self._embedded()
        if count(settings, "vote"):
            return await self._vote()
        if count(settings, "samples"):
            results = await self._each()
            return results
        return await self._one(0)

    async def _one(self, sample: int) -> Any:
        """One draw, sent back with the reason as often as `tries` allows."""
        tries = count(self.question.settings, "tries") or TRIES
        request = self.prompts.request(sample)
        reason = ""
        for attempt in range(1, tries + 1):
            about = {"attempt": attempt, "sample": sample}
            reply = await self.caller.complete(request, self.tell, about, self.priority, self.item)
            try:
                value = parse_reply(
                    reply.text, self.question.type, think=self.prompts.thinks, structured=request.schema is not None
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
            request = self.prompts.again(request, reply.text, reason)
        raise NodeError(f"no reply fitted in {tries} tries; the last one: {reason}", kind="reply")

    async def _embedded(self) -> Any:
        """Where the text stands among meanings. What is no such answer would be none the next time either."""
        request = self.prompts.request(0)
        if not request.messages:
            return []
        about = {"attempt": 1, "sample": 0}
        reply = await self.caller.complete(request, self.tell, about, self.priority, self.item)
        try:
            value = embedding.read(reply.text, request)
        except Misfit as misfit:
            raise NodeError(misfit.reason, kind="reply") from misfit
        wrong = await self.holds(value)
        if wrong is not None:
            raise NodeError(wrong, kind="ensure")
        return value

    # --- several draws ---

    async def _each(self) -> list[Any]:
        """All samples, in order; one that fails is null. Fails when all do."""
        async with Draws(self._one, self.prompts.samples, self._spared) as draws:
            await draws.until(lambda: not draws.waiting)
            if draws.errors and len(draws.errors) == self.prompts.samples:
                raise draws.errors[min(draws.errors)]
            for sample, error in draws.errors.items():
                self.lacking = self.lacking or exhausts(error)
                self.tell("item.failed", {"index": sample, "error": error})
            return [draws.values.get(sample) for sample in range(self.prompts.samples)]

    async def _vote(self) -> Any:
        """The answer that most samples give; those that can no longer change it are cancelled, or never sent."""
        async with Draws(self._one, self.prompts.samples, self._spared, self._answered) as draws:
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

    def _answered(self, sample: int) -> bool:
        """Whether the reply to a draw is there already: the same was asked before."""
        return self.caller.has(self.prompts.request(sample))

    def _spared(self, error: FlowreasonError) -> bool:
        """Whether a draw fails alone: for a reason of its own, or because the run has come to a limit."""
        return not is_fatal(error) or (exhausts(error) and self.caller.budget.over is not None)


class Draws:
    """Several draws at once. Leaving it cancels those that are still under way.

    Those whose reply is there (`answered`) go first: they may be enough, and the others are not paid for then.
    """

    def __init__(
        self,
        draw: Callable[[int], Awaitable[Any]],
        count: int,
        spared: Callable[[FlowreasonError], bool],
        answered: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._draw = draw
        self._spared = spared
        self.values: dict[int, Any] = {}
        self.errors: dict[int, FlowreasonError] = {}
        self._tasks: dict[asyncio.Task[Any], int] = {}
        first = [sample for sample in range(count) if answered(sample)]
        self._rest = [sample for sample in range(count) if sample not in first]
        self._begin(first)

    def _begin(self, samples: list[int]) -> None:
        for sample in samples:
            task: asyncio.Task[Any] = asyncio.ensure_future(self._draw(sample))
            self._tasks[task] = sample

    async def __aenter__(self) -> Draws:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def waiting(self) -> list[int]:
        return sorted([*self._tasks.values(), *self._rest])

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until it is enough, or nothing is left to wait for."""
        if self._tasks:
            await self._next()
        if not enough():
            self._begin(self._rest)
            self._rest = []
        while self._tasks and not enough():
            await self._next()

    async def _next(self) -> None:
        """Wait for those that are over first."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=self._tasks.__getitem__):
            sample = self._tasks.pop(task)
            try:
                self.values[sample] = task.result()
            except FlowreasonError as error:
                if not self._spared(error):
                    raise
                self.errors[sample] = error
