"""How many tries after the first all requests of a provider may make together.

Invariant: in the long run they are a tenth of what was answered and one in ten seconds, so that a server's bad hour
does not multiply what it is asked; after a quiet while there are enough for any single request.
"""

from __future__ import annotations

from collections.abc import Callable

FOR_AN_ANSWER = 0.1
FOR_A_SECOND = 0.1


class Allowance:
    """A purse: each good answer and each second put in a little, each further try takes one out."""

    def __init__(self, most: float, clock: Callable[[], float]) -> None:
        self._most = self._left = most
        self._clock = clock
        self._moment = clock()

    def good(self) -> None:
        """A request was answered."""
        if self._left < self._most:
            self._left += FOR_AN_ANSWER

    def spare(self, amount: float = 1.0) -> None:
        """A further try that is paced otherwise takes nothing."""
        self._left = min(self._most, self._left + amount)

    def take(self, amount: float = 1.0) -> bool:
        """Take out so much, if it is there."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._moment) * FOR_A_SECOND)
        self._moment = now
        if self._left < amount:
            return False
        self._left -= amount
        return True
