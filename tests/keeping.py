"""Support for tests of kept runs: a model that answers by what it is asked, and counts what it is asked."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Callable
from typing import Any

import flowreason as fr
from flowreason.ports import Notify


class Counting:
    """Answers every request with a short text made from it, or by `say`, after a random pause; keeps the requests."""

    def __init__(self, say: Callable[[str], str] | None = None, *, seed: int = 0, origin: str = "here") -> None:
        self.origin = origin
        self.requests: list[fr.Request] = []
        self.pause = 0.002
        self._say = say or (lambda text: f"R{zlib.crc32(text.encode()) % 1000}")
        self._chance = random.Random(seed)

    @property
    def count(self) -> int:
        return len(self.requests)

    async def complete(self, request: fr.Request, notify: Notify | None = None) -> fr.Reply:
        self.requests.append(request)
        await asyncio.sleep(self._chance.random() * self.pause)
        said = self._say(request.messages[-1].content)
        if said == "REFUSED":
            raise fr.ProviderError("the provider does not answer this", kind="refused")
        return fr.Reply(said, fr.Usage(1, 10, 5, 0.001))

    def model_info(self, model: str | None) -> fr.ModelInfo:
        return fr.ModelInfo(model or "m")

    async def close(self) -> None:
        return None


def events_of(result: fr.Result) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(e.kind, e.frame, e.node, dict(e.data)) for e in result.events]
