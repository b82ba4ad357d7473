"""Which failure of one question ends the whole batch: one that no other question could escape.

Invariant: a single question, however odd, never ends a batch; what every question would meet ends it soon, and with the
error that says what to do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from flowreason.errors import (
    ClaimLost,
    ConfigError,
    ProviderError,
    RecordingError,
    SandboxError,
    StoreError,
)

FEW = 3
"""Questions that fail one after the other for what may be their own fault, but hardly of so many."""
MANY = 20
"""The same where a server may recover by itself."""
_AT_ONCE = frozenset({"key", "quota", "url"})
_SOON = frozenset({"model", "request"})
_LATER = frozenset({"server", "network", "timeout", "rate"})
ENDING = _AT_ONCE | _SOON | _LATER
"""Kinds of a server's errors that end a batch, at once or when they come again and again."""


class Judge:
    """Looks at how questions end. `patience`: how many failures of a server in a row are borne."""

    def __init__(self, patience: int = MANY) -> None:
        self._patience = patience
        self._in_a_row = 0
        self._own: BaseException | None = None

    def look(self, error: BaseException | None) -> None:
        """Raises an error that ends the batch; None: a question was answered."""
        if error is None:
            self._in_a_row = 0
            return
        bearable = self._bearable(error)
        if bearable is None:
            return
        self._in_a_row += 1
        if self._in_a_row >= bearable:
            raise error

    def _bearable(self, error: BaseException) -> int | None:
        """The failures of this kind in a row that end the batch; None: any number of them does not."""
        match error:
            case RecordingError() | ClaimLost():
                return None
            case StoreError() | ConfigError():
                return 1
            case SandboxError():
                return FEW
            case ProviderError(kind=kind):
                return 1 if kind in _AT_ONCE else FEW if kind in _SOON else self._patience if kind in _LATER else None
        return None

    # --- the caller's own functions ---

    def guarded(self, function: Any) -> Any:
        """A function of the caller's, whose exception is told from one of ours."""
        if not callable(function):
            return function
        if inspect.iscoroutinefunction(function):
            return self._guarded_async(function)

        def call(*args: Any) -> Any:
            try:
                return function(*args)
            except Exception as error:
                self._own = error
                raise

        return call

    def _guarded_async(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any) -> Any:
            try:
                return await function(*args)
            except Exception as error:
                self._own = error
                raise

        return call

    def is_own(self, error: BaseException) -> bool:
        """Whether an exception was raised by a function of the caller's."""
        return error is self._own
