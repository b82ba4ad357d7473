"""What a batch is given, put together and given back: one provider, sandbox, store and account for all its runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from flowreason.batch.run import REQUESTS, Batching, Order
from flowreason.batch.source import Source
from flowreason.batch.warm import Sessions
from flowreason.batch.ways import Way
from flowreason.engine.limits import Limits, Unsaid
from flowreason.engine.whole import UNLIMITED, Whole
from flowreason.errors import UsageError
from flowreason.keeping import DEFAULT, Where, store_at
from flowreason.ports import Provider, Sandbox, Usage
from flowreason.running import Session

TOTALS = ("calls", "tokens", "money", "seconds")
"""The limits that can be set over all questions together."""


@dataclass(frozen=True, slots=True)
class Means:
    """Who answers, and where it is kept. `used` was used by the batch before."""

    model: str | None = None
    base_url: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    provider: Provider | None = None
    sandbox: Sandbox | None = None
    unsafe_python: bool = False
    store: Where = DEFAULT
    used: Usage = Usage()

    def session(self) -> Session:
        return Session(self.provider, self.model, self.base_url, self.api_key, self.sandbox, self.unsafe_python)


@asynccontextmanager
async def opened(
    source: Source, way: Way, means: Means, order: Order, total: Limits = UNLIMITED
) -> AsyncIterator[Batching]:
    """A batch that is about to begin. What was made for it is closed when it is over."""
    async with means.session() as session:
        store = store_at(means.store, session.provider)
        if order.name and store is None:
            raise UsageError("a batch that has a name is kept, and there is no store; name one: store=PATH")
        sandbox = Sessions(session.sandbox)
        whole = Whole(total, means.used, width=max(REQUESTS, order.concurrency))
        try:
            yield Batching(source, way, session.provider, sandbox, store, whole, order)
        finally:
            await sandbox.close()


def over_all(total: Limits | Mapping[str, Any] | None) -> Limits:
    """Limits that somebody named, as `Limits` or by their names; nothing else is limited. Raises `UsageError`."""
    if total is None:
        return UNLIMITED
    if isinstance(total, Limits):
        return replace(total, calls=None) if isinstance(total.calls, Unsaid) else total
    for name in total:
        if name not in TOTALS:
            raise UsageError(f"there is no limit {name!r} over all questions; there are: {', '.join(TOTALS)}")
    return replace(UNLIMITED, **total)
