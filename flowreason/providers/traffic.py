"""When a request may be sent to a model, and what is learnt from how it went.

Invariant: a request takes its place, its share of the limits and its turn as a probe all at once, when nothing is in
its way, and gives the place back however it ends. Nothing of it belongs to an event loop.

What the user sets (`requests_per_minute`, `tokens_per_minute`, `concurrency`) holds for the whole provider. What a
server says or shows (its limits, `Retry-After`, how much it takes, whether it is well) is kept for each model, because
servers have limits for each: where one model must wait, another need not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from flowreason.errors import ProviderError
from flowreason.ports import Notify, Request
from flowreason.providers.allowance import Allowance
from flowreason.providers.answers import Answer
from flowreason.providers.breaker import FAILURES, SICK, Breaker
from flowreason.providers.classify import Unreachable
from flowreason.providers.estimate import prompt_tokens, tokens_of
from flowreason.providers.line import Line, Obstacle
from flowreason.providers.minute import Minute, Taken
from flowreason.providers.quota import Bucket, quota
from flowreason.providers.retry import too_long
from flowreason.providers.width import Width

PATIENCE = 10.0
"""The longest that a request waits for a server that is left alone; where it takes longer, or another model can be
asked instead, it fails at once."""

_A_MOMENT = 0.1
_FIRST_REPLY = 256
_FIRST_SECONDS = 1.0
_CROWDED = frozenset({503, 504, 529})
_INVITED = frozenset({"rate", "server"})
_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the user allows; see `OpenAIProvider`."""

    concurrency: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    retries: int = 5
    max_wait: float = 60.0
    last: str | None = None
    """The model after which no other is asked; None: no other is asked after any."""


@dataclass(slots=True)
class Permit:
    """Leave to send one request. `number` counts those of its model, `tokens` all that they took up to it."""

    number: int
    moment: float
    tokens: int
    probe: bool
    taken: Taken | None


class Traffic:
    """All requests of one provider."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self.bounds = bounds
        self.clock = clock
        self.sleep = sleep
        self.allowance = Allowance(max(FAILURES, bounds.concurrency), clock)
        self.requests = bounds.requests_per_minute and Minute(bounds.requests_per_minute)
        self.tokens = bounds.tokens_per_minute and Minute(bounds.tokens_per_minute)
        self.busy = 0
        self._lanes: dict[str, Lane] = {}

    def lane(self, model: str) -> Lane:
        """The requests to one model."""
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(self, last=self.bounds.last in (None, model))
        return lane

    def poke(self, lane: Lane) -> None:
        """Something has changed in a lane: others look first whether they may go, so that it does not take all."""
        for other in self._lanes.values():
            if other is not lane:
                other.line.poke()
        lane.line.poke()


class Lane:
    """The requests of one provider to one model."""

    def __init__(self, traffic: Traffic, last: bool = True) -> None:
        self._traffic = traffic
        self._patience = min(PATIENCE, traffic.bounds.max_wait) if last else 0.0
        self.line = Line(self._obstacle, traffic.sleep)
        self.width = Width(traffic.bounds.concurrency)
        self.breaker = Breaker(max(FAILURES, traffic.bounds.retries + 2))
        self.busy = 0
        self.answered = False
        """Whether the server has ever answered, so that its address is right."""
        self._held = 0.0
        self._told: ProviderError | None = None
        self._buckets: tuple[Bucket, Bucket] | None = None
        self._sent = 0
        self._tokens = 0
        self._heard = 0
        self._enough = 0.0
        self._reply = float(_FIRST_REPLY)
        self._seconds = _FIRST_SECONDS

    # --- before ---

    def size(self, request: Request) -> int:
        """About how many tokens a request will take, where somebody counts; a reply that is bounded at its longest."""
        if self._buckets is None and not self._traffic.tokens:
            return 0
        return prompt_tokens(request) + (0 if request.embed else request.reply_tokens or int(self._reply))

    async def enter(self, size: int, notify: Notify | None) -> Permit:
        """Leave to send a request of so many tokens, in order of arrival. Raises where it would take too long."""
        if not self.line.empty or self._obstacle(size) is not None:
            await self.line.wait(size, notify)
        return self._grant(size)

    def check(self) -> None:
        """Raises `ProviderError` where the next request will not be sent for long."""
        self._obstacle(0)

    def _grant(self, size: int) -> Permit:
        traffic, now = self._traffic, self._traffic.clock()
        traffic.busy += 1
        self.busy += 1
        self._sent += 1
        self._tokens += size
        if traffic.requests:
            traffic.requests.take(now, 1)
        if self._buckets is not None:
            self._buckets[0].take(now, 1)
            self._buckets[1].take(now, size)
        taken = traffic.tokens.take(now, size) if traffic.tokens else None
        return Permit(self._sent, now, self._tokens, self.breaker.take(), taken)

    def _obstacle(self, size: int) -> Obstacle | None:
        """The longest of what is in the way of a request."""
        now = self._traffic.clock()
        found = None
        if not self.breaker.closed:
            found = self._resting(now)
        if self._held:
            found = _longer(found, self._holding(now))
        if self._buckets is not None or self._traffic.requests or self._traffic.tokens:
            found = _longer(found, self._limited(now, size))
        if self.busy >= self.width.width or self._traffic.busy >= self._traffic.bounds.concurrency:
            each = self._seconds / self.width.width
            found = _longer(found, Obstacle("place", _FOREVER, each, each))
        return found

    def _resting(self, now: float) -> Obstacle | None:
        seconds = self.breaker.wait(now)
        if seconds > self._patience and (seconds != _FOREVER or not self._patience):
            raise self.breaker.error(now)
        if seconds == _FOREVER:
            return Obstacle("breaker", seconds, self._seconds)
        return Obstacle("breaker", seconds, seconds) if seconds else None

    def _holding(self, now: float) -> Obstacle | None:
        seconds = self._held - now
        if seconds <= 0:
            self._held, self._told = 0.0, None
            return None
        if seconds > self._traffic.bounds.max_wait and self._told is not None:
            raise too_long(self._told, seconds, self._traffic.bounds.max_wait)
        return Obstacle("retry-after", seconds, seconds)

    def _limited(self, now: float, size: int) -> Obstacle | None:
        traffic, found = self._traffic, None
        for minute, amount in ((traffic.requests, 1), (traffic.tokens, size)):
            if minute and (seconds := minute.wait(now, amount)):
                found = _longer(found, Obstacle("rate", seconds, seconds, minute.spacing * amount))
        for bucket, amount in zip(self._buckets or (), (1, size), strict=False):
            if 0 < (seconds := bucket.wait(now, amount)) <= traffic.bounds.max_wait:
                found = _longer(found, Obstacle("rate", seconds, seconds, bucket.spacing * amount))
        return found

    # --- after ---

    def hear(self, permit: Permit, headers: Mapping[str, str]) -> None:
        """What the headers of a reply say of the server's limits. Those of earlier requests are old news, and where
        more than half is left, what was told a moment ago will do."""
        if permit.number <= self._heard or self._traffic.clock() < self._enough:
            return
        requests, tokens = quota(headers, "requests"), quota(headers, "tokens")
        if requests is None and tokens is None:
            return
        self._heard = permit.number
        if self._buckets is None:
            self._buckets = (Bucket(), Bucket())
        if requests is not None:
            self._buckets[0].learn(requests, permit.moment, self._sent - permit.number)
        if tokens is not None:
            self._buckets[1].learn(tokens, permit.moment, self._tokens - permit.tokens)
        now = self._traffic.clock()
        self._enough = now + _A_MOMENT if all(bucket.plenty(now) for bucket in self._buckets) else 0.0

    def leave(self, permit: Permit, found: Answer | ProviderError | None, size: int) -> None:
        """A request is over: answered, failed, or (None) called off. `size` is what was taken for it."""
        self.busy -= 1
        self._traffic.busy -= 1
        if isinstance(found, Answer):
            self._good(permit, found, size)
        elif found is not None:
            self._bad(permit, found)
        elif permit.probe:
            self.breaker.dropped()
        self._traffic.poke(self)

    def _good(self, permit: Permit, answer: Answer, size: int) -> None:
        self.answered = True
        self.breaker.good()
        self.width.good()
        self._traffic.allowance.good()
        self._seconds += (self._traffic.clock() - permit.moment - self._seconds) / 8
        if size:
            reply = tokens_of(answer.text) if answer.completion_tokens is None else answer.completion_tokens
            self._reply += (reply - self._reply) / 8
            if permit.taken is not None:
                self._settle(permit.taken, answer.prompt_tokens, reply)

    def _settle(self, taken: Taken, prompt: int | None, reply: int) -> None:
        if self._traffic.tokens and prompt is not None:
            self._traffic.tokens.settle(taken, prompt + reply)

    def _bad(self, permit: Permit, error: ProviderError) -> None:
        now = self._traffic.clock()
        if error.kind in ("rate", "timeout") or (error.kind == "server" and error.status in _CROWDED):
            self.width.trouble(permit.number, self._sent)
        if error.kind not in SICK:
            self.answered = True
            self.breaker.good()
        elif self.answered or not isinstance(error, Unreachable):  # a wrong address is told quickly
            self.breaker.bad(now, error, permit.probe)
            if permit.probe and not self.breaker.closed:
                self._traffic.allowance.spare()  # the breaker says when: who looked for all must not be lost for it
        if error.retry_after is not None and error.kind in _INVITED and now + error.retry_after > self._held:
            self._held, self._told = now + error.retry_after, error


def _longer(one: Obstacle | None, other: Obstacle | None) -> Obstacle | None:
    if one is None or other is None:
        return one or other
    return other if other.seconds > one.seconds else one
