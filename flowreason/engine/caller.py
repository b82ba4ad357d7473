"""Sends requests to the provider: within the limits, through the gate, equal ones once, and every step told.

Invariant: equal requests (same key, sample number included) of a run are answered once; whoever waits for a shared
answer may be cancelled without losing it for the others, or for those who ask the same a little later; what fails is
not kept; every request that was paid for is told once as replied to or unanswered, whoever still waits for it. Where
there is a ledger, a reply that it has is not paid for again, and a new one is durable before anybody sees it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from flowreason.engine.activity import Activity
from flowreason.engine.flights import OF_THIS_PROCESS, Flights, Landed
from flowreason.engine.gate import Gate
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import Budget
from flowreason.engine.paying import Errand, Payer, used
from flowreason.engine.scarce import Item, Scarce
from flowreason.engine.stopping import is_cancelled
from flowreason.errors import LimitExceeded
from flowreason.ports import ModelInfo, Provider, Reply, Request, Usage

TURNS = 5
"""Turns of the event loop from a reply to the end of the flow that it brings: call, draw, vote, node, answer."""

Tell = Callable[[str, Mapping[str, Any]], None]


@dataclass(slots=True)
class Shared:
    """A request under way or answered, how many wait for it, and whether it has left for the provider.

    `kept`: once sent, it goes on when nobody waits for it any more, because the same will be asked again. `early`: it
    was asked ahead of time, and not yet by the run itself. `adrift`: the run is over, and others wait for it.
    `resting`: it waits for others of the run (see `scarce`). `key` is that of the ledger, empty where there is none.
    """

    task: asyncio.Task[Reply] | None = None
    waiting: int = 0
    sent: bool = False
    kept: bool = False
    early: bool = False
    adrift: bool = False
    resting: bool = False
    key: str = ""

    def leaves(self) -> None:
        """It is on its way to the provider."""
        self.sent = True


class Caller:
    """The one way from the engine to a provider."""

    def __init__(
        self,
        provider: Provider,
        budget: Budget,
        gate: Gate,
        ledger: Ledger | None = None,
        flights: Flights = OF_THIS_PROCESS,
    ) -> None:
        self.provider = provider
        self.budget = budget
        self.gate = gate
        self._payer = Payer(provider, budget)
        self.ledger = ledger
        self._flights = flights
        self.activity = Activity()
        self.scarce: Scarce | None = None
        self._keeps = False
        self._shared: dict[Hashable, Shared] = {}
        self._under_way: dict[asyncio.Task[Reply], Shared] = {}

    def ahead(self) -> Caller:
        """For those who ask ahead of time: what they have sent goes on without them, until others ask it too."""
        other = Caller(self.provider, self.budget, self.gate, self.ledger, self._flights)
        other._keeps, other._shared, other._under_way = True, self._shared, self._under_way
        return other

    async def complete(
        self, request: Request, tell: Tell, about: Mapping[str, Any], priority: float = 0.0, item: Item | None = None
    ) -> Reply:
        """The reply to a request. `about` goes into the events. A limit that it meets ends what the run may begin.

        `item`: what it is asked for, where calls are limited.
        """
        key = _identity(request)
        known = self._shared.get(key)
        fresh = known is None
        if known is None:
            known = self._shared[key] = Shared(kept=self._keeps, early=self._keeps)
            task = known.task = asyncio.ensure_future(self._send(request, tell, about, priority, known, item=item))
            self._under_way[task] = known
            task.add_done_callback(lambda done: self._settled(key, done))
        else:
            assert known.task is not None
            task = known.task
            self.gate.unspare(task)
            known.kept = known.kept and self._keeps
        self._waits_for(known, 1)
        try:
            with self.activity.busy():
                reply = await asyncio.shield(task)
        except asyncio.CancelledError:
            if known.waiting == 1 and not task.done() and not self._goes_on(known):
                self._give_up(key, task, known)
            if task.cancelled() and self.budget.late and not is_cancelled():
                raise self.budget.refusal() from None
            raise
        except LimitExceeded as error:
            if not self._keeps:  # what is asked ahead of time may not be needed
                self.budget.stop(error)
                self.gate.open()
            raise
        finally:
            self._waits_for(known, -1)
        if not fresh:
            early = {"early": True} if known.early and not self._keeps else {}
            known.early = known.early and self._keeps
            named = {"key": known.key} if known.key else {}
            _tell_reply(reply, tell, {**about, **named, **early}, Usage(0, 0, 0, 0.0))
        return reply

    def _waits_for(self, known: Shared, more: int) -> None:
        known.waiting += more
        if self.scarce is not None:
            self.scarce.joined(known, more)

    def _give_up(self, key: Hashable, task: asyncio.Task[Reply], known: Shared) -> None:
        """Nobody here waits for a request any more. One that was sent is paid for, and the same may be asked again: it
        goes on until somebody needs its place, or what it has reserved, or the run ends."""

        def drop() -> None:
            task.cancel()
            self._forget(key, task)

        if known.sent and not self.budget.late and not self.budget.weighs:
            self.gate.spare(task, drop)
        else:
            drop()

    def has(self, request: Request) -> bool:
        """Whether the reply to a request is there: an equal one of this run was answered."""
        known = self._shared.get(_identity(request))
        return known is not None and known.task is not None and known.task.done()

    def _goes_on(self, known: Shared) -> bool:
        """Whether a request that nobody here waits for any more is not stopped."""
        return (known.kept and known.sent) or (bool(known.key) and self._flights.wanted(known.key))

    async def write(
        self, request: Request, tell: Tell, about: Mapping[str, Any], on_text: Callable[[str | None], None]
    ) -> Reply:
        """The reply to a request, sent alone; its text is handed on while it is written, where the provider can.

        `on_text` is told each piece, and None where the text begins anew.
        """
        return await self._send(request, tell, about, 0.0, Shared(), on_text)

    def give_up(self, error: LimitExceeded) -> None:
        """The time is over: what is under way is stopped, and fails with the limit where somebody waits for it."""
        self.budget.late = True
        self.budget.stop(error)
        for task in self._under_way:
            task.cancel()

    def _settled(self, key: Hashable, task: asyncio.Task[Reply]) -> None:
        self._under_way.pop(task, None)
        self.gate.unspare(task)
        if task.cancelled() or task.exception() is not None:
            self._forget(key, task)

    def _forget(self, key: Hashable, task: asyncio.Task[Reply]) -> None:
        """The next equal request is sent anew. One that was sent anew already stays."""
        known = self._shared.get(key)
        if known is not None and known.task is task:
            del self._shared[key]

    async def _send(
        self,
        request: Request,
        tell: Tell,
        about: Mapping[str, Any],
        priority: float,
        shared: Shared,
        on_text: Callable[[str | None], None] | None = None,
        item: Item | None = None,
    ) -> Reply:
        """The reply, kept or new, to a request that no other of this run is equal to."""
        ledger, info = self.ledger, self.provider.model_info(request.model)
        if ledger is None:
            return await self._pay(request, info, tell, about, priority, shared, on_text, item)
        shared.key = key = ledger.key(request, info)
        about = {**about, "key": key}
        kept = await ledger.find(key, request)
        if kept is not None:
            return _recalled(kept, tell, about, on_text)

        async def pay() -> Landed:
            reply = await self._pay(request, info, _while_ours(tell, shared), about, priority, shared, on_text, item)
            return Landed(reply, owed=shared.adrift)

        if not ledger.shares(request):
            return (await pay()).reply
        reply, others, owed = await self._flights.share(key, pay)
        if owed:
            self.budget.add(reply.usage)
            _tell_reply(reply, tell, about, reply.usage)
            return reply
        return _recalled(reply, tell, about, on_text) if others else reply

    async def _pay(
        self,
        request: Request,
        info: ModelInfo,
        tell: Tell,
        about: Mapping[str, Any],
        priority: float,
        shared: Shared,
        on_text: Callable[[str | None], None] | None,
        item: Item | None,
    ) -> Reply:
        """A new reply, within the limits, when it is its turn."""
        self.budget.permit()
        if self.scarce is None:
            return await self._paid(request, info, tell, about, priority, shared, on_text)
        await self.scarce.enter(item, shared)
        try:
            return await self._paid(request, info, tell, about, priority, shared, on_text)
        finally:
            self.scarce.leave()

    async def _paid(
        self,
        request: Request,
        info: ModelInfo,
        tell: Tell,
        about: Mapping[str, Any],
        priority: float,
        shared: Shared,
        on_text: Callable[[str | None], None] | None,
    ) -> Reply:
        """A new reply. Its place is held until it is kept."""
        await self.gate.enter(priority)
        try:
            errand = Errand(tell, about, on_text, shared.leaves)
            reply = await self._payer.whole(request, info, errand)
            try:
                if self.ledger is not None:
                    await self.ledger.keep(shared.key, request, reply, everybodys=not errand.stood_in)
            finally:
                _tell_reply(reply, tell, about, reply.usage)  # it is paid for, whoever is stopped while it is kept
            return reply
        finally:
            self._leave(TURNS if self.gate.crowded else 0)

    def _leave(self, turns: int) -> None:
        """Hand the place on a few turns later, so that an answer which this reply brings stops those who wait."""
        if turns:
            asyncio.get_running_loop().call_soon(self._leave, turns - 1)
        else:
            self.gate.leave()

    async def close(self) -> None:
        """Stop what nobody waits for any more; what another run waits for goes on without this one."""
        tasks = []
        for task, shared in self._under_way.items():
            if shared.key and self._flights.wanted(shared.key):
                shared.adrift = True
                self._flights.adrift(task)
            else:
                tasks.append(task)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _while_ours(tell: Tell, shared: Shared) -> Tell:
    """Tells what happens as long as the run has not left the request to others."""
    return lambda kind, data: None if shared.adrift else tell(kind, data)


def _recalled(
    reply: Reply, tell: Tell, about: Mapping[str, Any], on_text: Callable[[str | None], None] | None
) -> Reply:
    """A reply that costs nothing: it was kept, or another run has paid for it."""
    if on_text is not None and reply.text:
        on_text(reply.text)
    _tell_reply(reply, tell, {**about, "cached": True}, Usage(0, 0, 0, 0.0))
    return reply


def _tell_reply(reply: Reply, tell: Tell, about: Mapping[str, Any], usage: Usage) -> None:
    """The event of a reply; `usage` is nothing where an equal call has paid for it."""
    tell(
        "node.reply",
        {
            **about,
            "text": reply.text,
            **used(usage),
            "model": reply.model,
            "shared": usage is not reply.usage,
        },
    )


def _identity(request: Request) -> Hashable:
    """Equal requests have equal identities: `Request.key` without its cost."""
    schema = None if request.schema is None else json.dumps(request.schema, sort_keys=True)
    sent = (request.messages, request.model, request.temperature, request.max_tokens, request.stop, request.grammar)
    return sent, schema, request.sample, request.embed
