"""How many requests are sent to a model at once: as many as it takes without trouble.

Invariant: from 1 to `most`. It is halved at most once for all requests that were under way together, and grows by one
for as many good answers as it is wide. Until the first trouble each good answer widens it by one.
"""

from __future__ import annotations

FIRST = 64
"""Where it begins, unless `most` is less: a run is to be as fast as its flow, and one that is too fast is told."""


class Width:
    """Widens with good answers and narrows with trouble. Requests are numbered from 1 in the order they are sent."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.width = min(most, FIRST)
        self._good = 0
        self._last = 0

    def good(self) -> None:
        """A request was answered."""
        self._good += 1
        if self._good >= (self.width if self._last else 1):
            self.width, self._good = min(self.most, self.width + 1), 0

    def trouble(self, number: int, latest: int) -> None:
        """The request of this number was too much. `latest` was sent last, so that up to it none knows of this."""
        if number > self._last:
            self.width, self._good, self._last = max(1, self.width // 2), 0, latest
