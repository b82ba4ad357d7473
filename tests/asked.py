"""A model for tests of kept runs, whose replies are known by question and draw; marks around values are left out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

import flowreason as fr
from flowreason.ports import Notify
from flowreason.providers.scripted import last_user_text

Said = str | Sequence[str] | BaseException


class Asked:
    """Says what stands behind the first key that the question holds; of several, the one of its draw, then the last.

    `pauses` are seconds by key; `waits` are told as waiting for a rate limit before that. Requests are kept.
    """

    def __init__(
        self,
        replies: Mapping[str, Said],
        *,
        pauses: Mapping[str, float] | None = None,
        waits: Mapping[str, float] | None = None,
        origin: str = "here",
        model: str = "m",
    ) -> None:
        self.origin = origin
        self.requests: list[fr.Request] = []
        self._model = model
        self._replies = dict(replies)
        self._pauses = dict(pauses or {})
        self._waits = dict(waits or {})

    @property
    def count(self) -> int:
        return len(self.requests)

    async def complete(self, request: fr.Request, notify: Notify | None = None) -> fr.Reply:
        self.requests.append(request)
        asked = re.sub(r"</?[\w.-]+>", "", last_user_text(request))
        key = next((key for key in self._replies if key in asked), None)
        if key is None:
            raise AssertionError(f"nobody expected to be asked: {asked}")
        if self._waits.get(key) and notify is not None:
            notify("wait", {"for": "rate", "seconds": self._waits[key]})
            await asyncio.sleep(self._waits[key])
        await asyncio.sleep(self._pauses.get(key, 0.0))
        said = self._replies[key]
        if isinstance(said, BaseException):
            raise said
        text = said if isinstance(said, str) else said[min(request.sample, len(said) - 1)]
        return fr.Reply(text, fr.Usage(1, 10, 5, 0.001))

    def model_info(self, model: str | None) -> fr.ModelInfo:
        return fr.ModelInfo(model or self._model)

    async def close(self) -> None:
        return None
