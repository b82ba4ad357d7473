"""A grant of models: a provider that asks those that are named, and no other.

Invariant: a request for a model that is not granted is never sent. What names no model goes to the provider's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason.errors import ProviderError
from flowreason.ports import ModelInfo, Notify, OnText, Provider, Reply, Request, streamed
from flowreason.wanted import NAMES, PROVIDER, checked


class OnlyModels:
    """Answers by another provider, where a flow asks for one of these models or for none by name.

    A flow may say `with model="…"`, and who wrote it may be a model itself. Without a grant it may name every model
    that the server has under the caller's key, within the limits of the run.
    """

    @checked(provider=PROVIDER, models=NAMES)
    def __init__(self, provider: Provider, models: Iterable[str]) -> None:
        self._provider = provider
        self._models = frozenset(models) | {provider.model_info(None).name}

    @property
    def origin(self) -> str:
        """The server that the other provider asks, if it asks one."""
        return str(getattr(self._provider, "origin", ""))

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The other provider's reply. Raises `ProviderError` where the model is not granted."""
        self._check(request)
        return await self._provider.complete(request, notify)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """The same, in pieces where the other provider hands them over."""
        self._check(request)
        return await streamed(self._provider, request, on_text, notify)

    def _check(self, request: Request) -> None:
        if request.model is not None and request.model not in self._models:
            granted = ", ".join(sorted(self._models))
            raise ProviderError(
                f"the flow asks for the model {request.model!r}, which it was not granted\n"
                f"Granted: {granted}. Grant it as well, or take `model` out of the flow.",
                kind="model",
            )

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    async def close(self) -> None:
        await self._provider.close()
