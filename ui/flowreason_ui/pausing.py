"""A provider that sends nothing while it is paused: what is under way comes to its end, and the rest waits."""

from __future__ import annotations

import asyncio
from typing import Any

from flowreason.ports import ModelInfo, Notify, OnText, Provider, Reply, Request, streamed


class Pausing:
    """Another provider, with a brake."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._go = asyncio.Event()
        self._go.set()

    def pause(self) -> None:
        """Send nothing more, until `go_on`."""
        self._go.clear()

    def go_on(self) -> None:
        self._go.set()

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        await self._go.wait()
        return await self._provider.complete(request, notify)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        await self._go.wait()
        return await streamed(self._provider, request, on_text, notify)

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    async def close(self) -> None:
        await self._provider.close()

    def __getattr__(self, name: str) -> Any:
        """What else the provider can, as it can it."""
        return getattr(self._provider, name)
