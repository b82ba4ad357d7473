"""One request sent within the limits: reserved at its worst before, settled after, and all of it told.

Invariant: what is told as used is what the account has; a request that was sent is told as replied to by whoever
called, or here as unanswered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any

from flowreason.engine.limits import Budget
from flowreason.engine.reserving import LONGER, Reserved, first_room
from flowreason.engine.stopping import is_cancelled
from flowreason.errors import ConfigError, ProviderError
from flowreason.ports import ModelInfo, Provider, Reply, Request, Usage, streamed

Tell = Callable[[str, Mapping[str, Any]], None]
OnText = Callable[[str | None], None]

PAID_FOR = frozenset({"reply", "refused", "timeout"})
"""Kinds of failure after which a request may have been paid for."""


@dataclass(slots=True)
class Errand:
    """What is told of one request: `about` goes into its events, `on_text` hears its text while it is written.

    `sent`: it has left. `stood_in`: another model than the one that was asked for has answered.
    """

    tell: Tell
    about: Mapping[str, Any]
    on_text: OnText | None = None
    sent: Callable[[], None] | None = None
    stood_in: bool = False

    def say(self, kind: str, data: Mapping[str, Any]) -> None:
        self.tell(kind, {**self.about, **data})


class Payer:
    """Sends requests to a provider on a run's account."""

    def __init__(self, provider: Provider, budget: Budget) -> None:
        self._provider = provider
        self._budget = budget

    async def whole(self, request: Request, info: ModelInfo, errand: Errand) -> Reply:
        """A reply that was not cut off for what was reserved: such a one is asked for again, with more room."""
        room = first_room(info)
        while True:
            reserved = await self._budget.room(request, info, room)
            bounded = request if reserved.room is None else replace(request, room=reserved.room)
            reply = await self._settled(bounded, info, errand, reserved)
            if reserved.room is None or reply.finish != "length" or 2 * reply.usage.completion_tokens < reserved.room:
                return reply  # whole, or cut off by a limit of the server's own, whatever room it is given
            errand.say("node.unanswered", used(reply.usage))
            if reserved.room < room:
                raise self._budget.cut_off()
            if errand.on_text is not None:
                errand.on_text(None)
            room *= LONGER

    async def _settled(self, request: Request, info: ModelInfo, errand: Errand, reserved: Reserved) -> Reply:
        """One request sent, and the account settled."""
        paid: Usage | None = None
        try:
            errand.say("node.request", _shown(request, info))
            if errand.sent is not None:
                errand.sent()
            reply = await self._exchange(request, errand, reserved)
            reply = reply if errand.stood_in else priced(reply, info)
            paid = reply.usage
        except ProviderError as error:
            if error.kind in PAID_FOR:
                paid = reserved.sent
            raise
        except asyncio.CancelledError:
            paid = reserved.sent  # nobody knows what a call costs that was sent and not waited for
            raise
        finally:
            self._budget.settle(reserved, paid)
            if paid is reserved.sent:
                errand.say("node.unanswered", used(paid))
        return reply

    async def _exchange(self, request: Request, errand: Errand, reserved: Reserved) -> Reply:
        """One reply of the provider, in pieces where somebody listens and the provider can."""

        def notify(kind: str, data: Mapping[str, Any]) -> None:
            errand.stood_in = errand.stood_in or kind == "fallback"
            if errand.on_text is not None and kind in ("retry", "fallback"):
                errand.on_text(None)
            errand.say(f"node.{kind}", data)
            if kind == "retry" and data.get("kind") in PAID_FOR:
                self._again(errand, reserved)

        try:
            asked: Any = (
                self._provider.complete(request, notify)
                if errand.on_text is None
                else streamed(self._provider, request, errand.on_text, notify)
            )
            reply = await asked if isawaitable(asked) else asked
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            message = "the provider gave up this request by itself (CancelledError), though nobody cancelled the run"
            raise ProviderError(message, kind="reply") from None
        if not isinstance(reply, Reply):
            name = type(self._provider).__name__
            raise ConfigError(f"the provider {name} gave {type(reply).__name__}, and what it gives must be a fr.Reply")
        return reply

    def _again(self, errand: Errand, reserved: Reserved) -> None:
        """A request that may have been paid for is about to be sent once more. Raises `LimitExceeded` without room."""
        self._budget.add(reserved.sent)
        errand.say("node.unanswered", used(reserved.sent))
        error = self._budget.overdrawn()
        if error is not None:
            raise error


def priced(reply: Reply, info: ModelInfo) -> Reply:
    """A reply whose usage has its money, where the provider gave none and the price is known."""
    usage = reply.usage
    if usage.money or info.prompt_price is None or info.completion_price is None:
        return reply
    money = (usage.prompt_tokens * info.prompt_price + usage.completion_tokens * info.completion_price) / 1e6
    return reply if money == usage.money else replace(reply, usage=replace(usage, money=money))


def used(usage: Usage) -> dict[str, Any]:
    """A usage as the data of an event."""
    return {
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "money": usage.money,
    }


def _shown(request: Request, info: ModelInfo) -> dict[str, Any]:
    return {
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "model": request.model or info.name,
        **({"reasons": True} if info.reasons else {}),
        "schema": None if request.schema is None else dict(request.schema),
    }
