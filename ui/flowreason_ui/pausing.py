"""A provider that sends nothing while it is paused: what is under way comes to its end, and the rest waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from flowreason.ports import ModelInfo, Notify, OnText, Provider, Reply, Request, streamed


class Pausing:
    """Another provider, with a brake. `on_change` is told how many calls are under way, whenever that changes."""

    def __init__(self, provider: Provider, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._provider = provider
        self._on_change = on_change
        self._under_way = 0
        self._go = asyncio.Event()
        self._go.set()

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
        """A call, once nothing holds it back."""
        await self._go.wait()
        self._counted(1)
        try:
            yield
        finally:
            self._counted(-1)

    def _counted(self, more: int) -> None:
        self._under_way += more
        self._on_change(self._under_way)

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    async def close(self) -> None:
        await self._provider.close()

    def __getattr__(self, name: str) -> Any:
        """What else the provider can, as it can it."""
        return getattr(self._provider, name)
