"""Which failures are worth another try, how many, and how long to wait before it.

Invariant: the number of tries is bounded for every kind of failure, and smallest where one may already have been paid
for. All tries after the first share an allowance, but those that a server asked for by saying when.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from flowreason.errors import ProviderError
from flowreason.providers.allowance import Allowance
from flowreason.providers.classify import Unreachable

TRIES_AGAIN = {"rate": 100, "server": 100, "network": 3, "reply": 2, "timeout": 1}
"""The most tries after the first, by kind, where the policy's own bound is not smaller. What may have been paid for (a
reply that cannot be used, an answer that did not come in time) is tried less often than what was turned away."""

FIRST_WAIT = {"rate": 1.0, "server": 0.5, "network": 0.2, "reply": 0.1, "timeout": 0.5}
LONGEST_WAIT = 20.0

ALLOWANCE = {"rate": 0.25}
"""What a further try takes from the allowance, where it is not one. Who was turned away for having come too early cost
the server next to nothing, and a run that finds out how much a server takes is turned away often."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`retries`: tries after the first; `max_wait`: the longest that a server may ask to wait, in seconds."""

    retries: int = 5
    max_wait: float = 60.0
    chance: Callable[[], float] = random.random


class Retrying:
    """The tries of one request so far."""

    def __init__(self, policy: RetryPolicy, allowance: Allowance | None = None) -> None:
        self._policy = policy
        self._allowance = allowance
        self._failures: Counter[str] = Counter()

    @property
    def attempt(self) -> int:
        """How many tries have failed."""
        return self._failures.total()

    def wait(self, error: ProviderError) -> float:
        """Seconds to wait before the next try. Raises the error where there is none."""
        self._failures[error.kind] += 1
        count, asked = self._failures[error.kind], error.retry_after
        if count > TRIES_AGAIN.get(error.kind, 0) or self.attempt > self._policy.retries:
            raise _after(error, self.attempt)
        if asked is not None and asked > self._policy.max_wait:
            raise too_long(error, asked, self._policy.max_wait)
        if asked is None and self._allowance is not None and not self._allowance.take(ALLOWANCE.get(error.kind, 1.0)):
            raise _after(error, self.attempt, "; too many requests fail to try each again")
        if asked is not None:
            # Those who were told to wait do not all come back in the same moment.
            return asked * (1 + 0.1 * self._policy.chance())
        return min(FIRST_WAIT[error.kind] * 2.0 ** (count - 1), LONGEST_WAIT) * (0.5 + self._policy.chance() / 2)


def too_long(error: ProviderError, asked: float, allowed: float) -> ProviderError:
    """What it means that a server asks to wait longer than is allowed."""
    return ProviderError(
        f"{str(error).splitlines()[0]}\n"
        f"It asks to wait {duration_text(asked)}, longer than the {duration_text(allowed)} that are allowed"
        " (max_wait).\nTry again later, or use another model.",
        kind=error.kind,
        status=error.status,
        retry_after=asked,
    )


def _after(error: ProviderError, attempts: int, why: str = "") -> ProviderError:
    if attempts == 1 and not why:
        return error
    first, *rest = str(error).splitlines()
    tried = "once" if attempts == 1 else f"{attempts} times"
    message = "\n".join([f"{first} (tried {tried}{why})", *rest])
    kind = "url" if isinstance(error, Unreachable) else error.kind
    return ProviderError(message, kind=kind, status=error.status, retry_after=error.retry_after)


def duration_text(seconds: float) -> str:
    """A time as people say it."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} seconds"
