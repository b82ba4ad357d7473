"""What a server says is left of its limits, in the headers that OpenAI and those who follow it send with each reply.

Invariant: what headers say may delay a request and never ends it; only a refusal does. A header that makes no sense
counts as not sent.

A limit is a bucket that fills evenly: `reset` is the time until it is full, not until the next request may go. So the
speed at which it fills follows from what is missing, whether the limit is one of a minute (as most) or of a day (as
some servers' `requests`). At a server that counts in whole windows instead, a request may go too early; it is turned
away and told when to come back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

_USUAL = 60.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12
"""From so many seconds on, a number is a moment and no duration."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit as a server tells it; `reset` is seconds until all of it can be used again."""

    limit: float
    left: float
    reset: float | None


def quota(headers: Mapping[str, str], what: str) -> Quota | None:
    """What headers say of a limit, `requests` or `tokens`; None where they say nothing of use."""
    told = headers.get(f"x-ratelimit-limit-{what}")
    if told is None:
        return None
    limit, left = _amount(told), _amount(headers.get(f"x-ratelimit-remaining-{what}", ""))
    if not limit or left is None:
        return None
    return Quota(limit, min(left, limit), duration(headers.get(f"x-ratelimit-reset-{what}", "")))


def _amount(text: str) -> float | None:
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if 0 <= amount < float("inf") else None


def duration(text: str, now: float | None = None) -> float | None:
    """Seconds out of `6m0s`, `20ms`, `1.5`, a moment in seconds or milliseconds since 1970, or a date of ISO 8601."""
    text = text.strip()
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    seconds = _amount(text)
    if seconds is None:
        seconds = _moment(text)
    if seconds is None or seconds < _EPOCH_SECONDS:
        return seconds
    moment = seconds / 1000 if seconds >= _EPOCH_MILLISECONDS else seconds
    return max(0.0, moment - (time.time() if now is None else now))


def _moment(text: str) -> float | None:
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None


class Bucket:
    """What is left of one limit now, carried on from what the server last said."""

    def __init__(self) -> None:
        self.limit = float("inf")
        self._level = self._speed = float("inf")
        self._moment = 0.0

    @property
    def spacing(self) -> float:
        """Seconds for each one, where they come evenly."""
        return 1 / self._speed if self._speed else float("inf")

    def learn(self, told: Quota, sent: float, later: float) -> None:
        """`told` came with the reply to a request that was sent at a moment; `later` was taken after it.

        Nobody knows whether the server had seen the later ones when it counted, so they are taken off once more; what
        filled up since `sent` makes up for it at the speed of the limit.
        """
        missing = told.limit - told.left
        self.limit = told.limit
        self._speed = missing / told.reset if missing and told.reset else told.limit / _USUAL
        self._level = (told.limit if told.reset == 0 else told.left) - later
        self._moment = sent

    def wait(self, now: float, amount: float) -> float:
        """Seconds until so much is there; 0: now. One that is larger than the limit waits until it is full."""
        missing = min(amount, self.limit) - self._now(now)
        if missing <= 0:
            return 0.0
        return missing / self._speed if self._speed else float("inf")

    def plenty(self, now: float) -> bool:
        """Whether more than half is left, or nobody knows of a limit."""
        return self.limit == float("inf") or self._now(now) > self.limit / 2

    def take(self, now: float, amount: float) -> None:
        self._level, self._moment = self._now(now) - amount, now

    def _now(self, now: float) -> float:
        return min(self.limit, self._level + max(0.0, now - self._moment) * self._speed)
