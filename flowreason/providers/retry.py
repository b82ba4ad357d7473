"""Which failures are worth another try, how many, and how long to wait before it.

Invariant: the number of tries is bounded for every kind of failure, and smallest where one may already have been paid
for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from flowreason.errors import ProviderError
from flowreason.providers.classify import Unreachable

TRIES_AGAIN = {"rate": 100, "server": 100, "network": 3, "reply": 2, "timeout": 1}
"""The most tries after the first, by kind, where the policy's own bound is not smaller. What may have been paid for (a
reply that cannot be used, an answer that did not come in time) is tried less often than what was turned away."""

FIRST_WAIT = {"rate": 1.0, "server": 0.5, "network": 0.2, "reply": 0.1, "timeout": 0.5}
LONGEST_WAIT = 20.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`retries`: tries after the first; `max_wait`: the longest that a server may ask to wait, in seconds."""

    retries: int = 5
    max_wait: float = 60.0
    chance: Callable[[], float] = random.random


class Retrying:
    """The tries of one request so far."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._failures: Counter[str] = Counter()

    @property
    def attempt(self) -> int:
        """How many tries have failed."""
        return self._failures.total()

    def wait(self, error: ProviderError) -> float:
        """Seconds to wait before the next try. Raises the error where there is none."""
        self._failures[error.kind] += 1
        count = self._failures[error.kind]
        if count > TRIES_AGAIN.get(error.kind, 0) or self.attempt > self._policy.retries:
            raise _after(error, self.attempt)
        if error.retry_after is not None and error.retry_after > self._policy.max_wait:
            raise self._too_long(error, error.retry_after)
        backoff = min(FIRST_WAIT[error.kind] * 2.0 ** (count - 1), LONGEST_WAIT) * (0.5 + self._policy.chance() / 2)
        if error.retry_after is None:
            return backoff
        # Those who were told to wait do not all come back in the same moment.
        return error.retry_after * (1 + 0.1 * self._policy.chance())

    def _too_long(self, error: ProviderError, asked: float) -> ProviderError:
        return ProviderError(
            f"{str(error).splitlines()[0]}\n"
            f"It asks to wait {_duration(asked)}, longer than the {_duration(self._policy.max_wait)} that are allowed"
            " (max_wait).\nTry again later, or use another model.",
            kind=error.kind,
            status=error.status,
            retry_after=asked,
        )


def _after(error: ProviderError, attempts: int) -> ProviderError:
    if attempts == 1:
        return error
    first, *rest = str(error).splitlines()
    message = "\n".join([f"{first} (tried {attempts} times)", *rest])
    kind = "url" if isinstance(error, Unreachable) else error.kind
    return ProviderError(message, kind=kind, status=error.status, retry_after=error.retry_after)


def _duration(seconds: float) -> str:
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} seconds"
