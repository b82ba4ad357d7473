"""Which model is asked when one cannot answer.

Invariant: the request's own model is asked first, then the others in the user's order, each once. A key that is wrong,
a server that cannot be reached and content that is refused are the same for all of them, so no other is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from flowreason.errors import ProviderError
from flowreason.ports import Notify, Reply
from flowreason.providers.breaker import Resting

PASSED_ON = frozenset({"quota", "model", "context", "rate", "server"})
"""What another model may be spared: no credit, an unknown name, a longer request than it takes, too much to do."""

REMEMBERED = frozenset({"quota", "model"})
FOR_SECONDS = 60.0
"""So long a model that is not to be had is passed over, instead of being asked by every request in vain."""


def passes_on(error: ProviderError) -> bool:
    """Whether another model of the same server may answer all the same."""
    return error.kind in PASSED_ON or (isinstance(error, Resting) and error.kind == "timeout")


class Fallback:
    """The models that the user names for when another cannot answer."""

    def __init__(self, models: Sequence[str], clock: Callable[[], float]) -> None:
        self._models = tuple(models)
        self._clock = clock
        self._missing: dict[str, tuple[float, ProviderError]] = {}

    async def ask(
        self, first: str, one: Callable[[str], Awaitable[Reply | ProviderError]], notify: Notify | None
    ) -> Reply:
        """The reply of the first model that gives one. Raises the error of the last that was asked."""
        for model, following in self._order(first):
            missing = self._missing_now(model) if following else None
            found = missing or await one(model)
            if isinstance(found, Reply):
                return found
            if missing is None and found.kind in REMEMBERED:
                self._missing[model] = (self._clock() + FOR_SECONDS, found)
            if following is None or not passes_on(found):
                raise found
            if notify is not None:
                notify("fallback", {"from": model, "to": following, "why": str(found).splitlines()[0]})
        raise AssertionError("there is always a first model")

    def _order(self, first: str) -> Iterator[tuple[str, str | None]]:
        """Each model with the one that is asked after it."""
        models = list(dict.fromkeys((first, *self._models)))
        return zip(models, [*models[1:], None], strict=True)

    def _missing_now(self, model: str) -> ProviderError | None:
        """Why a model need not be asked at this moment."""
        until, error = self._missing.get(model, (0.0, None))
        return error if error is not None and self._clock() < until else None
