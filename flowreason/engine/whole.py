"""Many runs that are one undertaking: the account that they share, and the places for their requests.

Invariant: what a run reserves is reserved here as well, before it is sent, so that all of them together never exceed
the limits over all; once one of those is reached, every run under way is over its limit, and none is begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from flowreason.engine.gate import Gate
from flowreason.engine.limits import NOTHING, Account, Budget, Limits
from flowreason.errors import LimitExceeded
from flowreason.ports import ModelInfo, Notify, Provider, Reply, Request, Usage

UNLIMITED = Limits(calls=None)


class Whole(Account):
    """The account of all runs together. `width` is how many of their requests may be under way at once."""

    over_all = True

    def __init__(
        self,
        limits: Limits = UNLIMITED,
        used: Usage = NOTHING,
        *,
        width: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(limits, used)
        self.gate = Gate(width)
        self._over: LimitExceeded | None = None
        self._parts: dict[Part, Gate] = {}
        self._clock = clock
        self._began = clock()

    @property
    def over(self) -> LimitExceeded | None:
        """The limit that was reached, time included; None: runs may begin."""
        if self._over is None and self.late:
            limit = self.limits.seconds or 0.0
            self._over = self.reached("seconds", limit, f"the limit of {limit:g} seconds over all questions is reached")
        return self._over

    @property
    def late(self) -> bool:
        """Whether the time for all of them is over."""
        return self.limits.seconds is not None and self._clock() >= self._began + self.limits.seconds

    def within(self, limits: Limits) -> Limits:
        """The limits of a run that begins now: it has no more time than is left for all."""
        if self.limits.seconds is None:
            return limits
        left = max(0.0, self._began + self.limits.seconds - self._clock())
        return replace(limits, seconds=left if limits.seconds is None else min(left, limits.seconds))

    def join(self, limits: Limits, used: Usage, rank: int) -> Part:
        """The account of one run; lower ranks are served first."""
        part = Part(limits, used, self, Gate(0, self.gate, rank))
        self._parts[part] = part.gate
        return part

    def refusal(self) -> LimitExceeded:
        """The limit that was reached, for a run that may not begin."""
        assert self.over is not None
        return LimitExceeded(self.over.limit, self.over.allowed, str(self.over), over_all=True)

    def leave(self, part: Part) -> None:
        """A run is over."""
        self._parts.pop(part, None)

    def stop(self, error: LimitExceeded) -> None:
        """A limit over all is reached: every run under way has reached it."""
        if self._over is None:
            self._over = error
        for part, gate in list(self._parts.items()):
            Budget.stop(part, error)
            gate.open()


class Part(Budget):
    """The account of one run of many."""

    def __init__(self, limits: Limits, used: Usage, whole: Whole, gate: Gate) -> None:
        super().__init__(limits, used, whole)
        self.gate = gate
        self._whole = whole

    def stop(self, error: LimitExceeded) -> None:
        """A limit is reached, of this run or of all; the time of a run may be over because that of all is."""
        if error.limit == "seconds" and self._whole.late:
            error = self._whole.over or error
        if error.over_all:
            self._whole.stop(error)
        super().stop(error)


class Lent:
    """A provider as one of many runs is given it: with the account and the places that they share.

    `rank`: runs of lower ranks are served first.
    """

    def __init__(self, provider: Provider, whole: Whole, rank: int = 0) -> None:
        self.provider = provider
        self._whole = whole
        self._rank = rank
        self._part: Part | None = None
        self._before = NOTHING
        self._earlier = NOTHING

    def join(self, limits: Limits, used: Usage) -> Part:
        """The account of the run, which has used so much before."""
        self._earlier = self.used  # where a question is run a second time, by another flow
        self._part, self._before = self._whole.join(self._whole.within(limits), used, self._rank), used
        return self._part

    def leave(self) -> None:
        """The run is over."""
        if self._part is not None:
            self._whole.leave(self._part)

    @property
    def used(self) -> Usage:
        """What has been used until now, without what the run had used before."""
        if self._part is None:
            return self._earlier
        now, before = self._part.used, self._before
        money = None if now.money is None or before.money is None else now.money - before.money
        return self._earlier + Usage(
            now.calls - before.calls,
            now.prompt_tokens - before.prompt_tokens,
            now.completion_tokens - before.completion_tokens,
            money,
        )

    @property
    def origin(self) -> str:
        return str(getattr(self.provider, "origin", ""))

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        return await self.provider.complete(request, notify)

    def model_info(self, model: str | None) -> ModelInfo:
        return self.provider.model_info(model)

    async def close(self) -> None:
        """Who lent it closes it."""
