"""A promise of the user's: no more than so much a minute.

Invariant: what was taken within any sixty seconds never sums up to more than the limit, as long as nothing turns out
to have been more than was taken for it. One that is larger than the limit by itself goes alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

A_MINUTE = 61.0
"""Seconds that what was taken counts. The one more is for requests that take longer on their way than later ones."""


@dataclass(slots=True)
class Taken:
    """What one request took, and when; `amount` becomes 0 when it no longer counts."""

    moment: float
    amount: int


class Minute:
    """What was taken within the last minute. Decides and never waits; moments come from outside and never decrease."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: deque[Taken] = deque()
        self._sum = 0

    @property
    def spacing(self) -> float:
        """Seconds for each one, where they come evenly."""
        return A_MINUTE / self.limit

    def wait(self, now: float, amount: int) -> float:
        """Seconds until so much may be taken; 0: now."""
        self._forget(now)
        surplus = self._sum + min(amount, self.limit) - self.limit
        if surplus <= 0:
            return 0.0
        for taken in self._taken:
            surplus -= taken.amount
            if surplus <= 0:
                return taken.moment + A_MINUTE - now
        return A_MINUTE

    def take(self, now: float, amount: int) -> Taken:
        taken = Taken(now, amount)
        self._taken.append(taken)
        self._sum += amount
        return taken

    def settle(self, taken: Taken, amount: int) -> None:
        """What was taken turned out to be another amount."""
        if taken.amount:
            self._sum += amount - taken.amount
            taken.amount = amount

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0].moment + A_MINUTE <= now:
            gone = self._taken.popleft()
            self._sum -= gone.amount
            gone.amount = 0
