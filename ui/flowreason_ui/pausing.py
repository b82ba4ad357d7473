"""A provider that sends nothing while it is paused: what is under way comes to its end, and the rest waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from flowreason.ports import ModelInfo, Notify, OnText, Provider, Reply, Request, streamed


class Pausing:
    """Another provider, with a brake."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._go = asyncio.Event()
        self._go.set()
        self.under_way = 0
        """Requests that were sent, and whose replies have not come."""

    def pause(self) -> None:
        """Send nothing more, until `go_on`."""
        self._go.clear()

    def go_on(self) -> None:
        self._go.set()

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        async with self._sent():
            return await self._provider.complete(request, notify)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        async with self._sent():
            return await streamed(self._provider, request, on_text, notify)

    @asynccontextmanager
    async def _sent(self) -> AsyncIterator[None]:
        """Wait until it may go out, and count it until it has come to its end."""
        await self._go.wait()
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    async def close(self) -> None:
        await self._provider.close()

    def __getattr__(self, name: str) -> Any:
        """What else the provider can, as it can it."""
        return getattr(self._provider, name)
