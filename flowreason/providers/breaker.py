"""Leaves a server alone that fails again and again, and looks now and then whether it is well.

Invariant: open after so many failures in a row, whoever's requests they were; while it is open nothing is sent, and
after a while one request alone, a probe. What comes of the probe decides. A server that answers, be it a refusal, is
well.
"""

from __future__ import annotations

from flowreason.errors import ProviderError
from flowreason.providers.retry import duration_text

FAILURES = 10
FIRST_REST = 1.0
LONGEST_REST = 60.0
SICK = frozenset({"network", "server", "timeout"})
"""The kinds of errors that say that a server is not well."""


class Resting(ProviderError):
    """Nothing was sent, because the server failed too often and is left alone for now."""


class Breaker:
    """Closed, open, or half open with a probe under way. Decides and never waits."""

    def __init__(self, failures: int = FAILURES) -> None:
        self._allowed = failures
        self._failures = 0
        self._rest = 0.0
        self._until = 0.0
        self._probing = False
        self._last: ProviderError | None = None

    @property
    def closed(self) -> bool:
        return not self._rest

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent: infinite while a probe is under way, 0: now."""
        if not self._rest:
            return 0.0
        return float("inf") if self._probing else max(0.0, self._until - now)

    def take(self) -> bool:
        """A request is sent. Whether it is a probe."""
        self._probing = bool(self._rest)
        return self._probing

    def good(self) -> None:
        """The server answered."""
        self._failures, self._rest, self._probing, self._last = 0, 0.0, False, None

    def bad(self, now: float, error: ProviderError, probe: bool) -> None:
        """A request failed. Those that were under way when it opened tell nothing new."""
        self._failures += 1
        if self._failures >= self._allowed if self.closed else probe:
            self._rest = min(LONGEST_REST, self._rest * 2 or FIRST_REST)
            self._until, self._probing, self._last = now + self._rest, False, error

    def dropped(self) -> None:
        """A probe was called off; the next request is one."""
        self._probing = False

    def error(self, now: float) -> Resting:
        """Why nothing is sent, and when it will be again."""
        last = self._last or ProviderError("no answer", kind="server")
        rest = max(0.0, self._until - now)
        again = (
            "one request is looking whether it is well" if self._probing else f"asked again in {duration_text(rest)}"
        )
        return Resting(
            f"{str(last).splitlines()[0]} ({self._failures} times in a row)\nIt is left alone for now; {again}.",
            kind=last.kind,
            status=last.status,
            retry_after=rest,
        )
