"""A provider whose replies are written beforehand: for tests, demonstrations, and trying a flow without a model.

Invariant: nothing is random and nothing leaves the process; the same requests in the same order get the same replies.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from flowreason.errors import ProviderError
from flowreason.ports import ModelInfo, Notify, OnText, Reply, Request
from flowreason.providers.estimate import estimated
from flowreason.providers.pieces import in_pieces
from flowreason.wanted import PRICES, TEXT, Kind, checked, maybe, number

Scripted: TypeAlias = str | Reply | BaseException
"""One scripted reply: its text, a whole `Reply`, or an exception to raise."""

Pattern: TypeAlias = str | re.Pattern[str]
Chooser: TypeAlias = Callable[[Request], Scripted | Awaitable[Scripted]]
Script: TypeAlias = Sequence[Scripted] | Mapping[Pattern, Scripted | Sequence[Scripted]] | Chooser

SHOWN = 200


def _is_reply(value: object) -> bool:
    return isinstance(value, str | Reply | BaseException)


def _is_script(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_reply(each) or _is_list(each) for each in value.values())
    return callable(value) or _is_list(value)


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


_SCRIPT = Kind("a list, a mapping or a function; for the same text every time, give it as default=…", _is_script)
_REPLY = maybe(Kind("a text, a fr.Reply or an exception", _is_reply))
_SECONDS = Kind("seconds, or a function that gives them", lambda value: callable(value) or number(0).fits(value))


class ScriptedProvider:
    """Answers from a script. Every request is kept in `requests`, in the order it came.

    `replies` is one of:

    - a list, used in order, each reply once;
    - a mapping from a piece of text, or a compiled regular expression, to a reply for every request whose last user
      message holds it, or to a list of replies, each used once. The first key that fits and still has a reply counts;
    - a function from the `Request` to a reply, which may be async.

    A reply is a text, a `Reply`, or an exception to raise. Where the script has none, `default` answers; without it
    the request is a `ProviderError` that shows the prompt. `latency` seconds (or a function of the request that gives
    them) pass before each reply, and `pause` seconds after each piece of one that is streamed. `prices` are US
    dollars per million tokens in and out; tokens are estimated.
    """

    @checked(replies=_SCRIPT, default=_REPLY, latency=_SECONDS, pause=number(0), model=TEXT, prices=maybe(PRICES))
    def __init__(
        self,
        replies: Script = (),
        *,
        default: Scripted | None = None,
        latency: float | Callable[[Request], float] = 0.0,
        pause: float = 0.0,
        model: str = "scripted",
        prices: tuple[float, float] | None = (0.0, 0.0),
    ) -> None:
        self.requests: list[Request] = []
        self._choose = _chooser(replies)
        self._default = default
        self._latency = latency
        self._pause = pause
        self._model = model
        self._prices = prices or (None, None)

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The next reply that the script has for this request."""
        self.requests.append(request)
        found = self._choose(request)
        seconds = self._latency(request) if callable(self._latency) else self._latency
        if seconds:
            await asyncio.sleep(seconds)
        if inspect.isawaitable(found):
            found = await found
        if found is None:
            found = self._default
        return self._reply(request, found)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """The next reply, a few characters at a time; others get their turn after each piece."""
        reply = await self.complete(request, notify)
        for piece in in_pieces(reply.text):
            on_text(piece)
            await asyncio.sleep(self._pause)
        return reply

    def _reply(self, request: Request, found: Scripted | None) -> Reply:
        match found:
            case Reply():
                return found
            case str():
                info = self.model_info(request.model)
                return Reply(found, estimated(request, found, info), info.name)
            case BaseException():
                raise found
            case None:
                raise _nothing_for(request)
        raise TypeError(f"a scripted reply is a text, a Reply or an exception, not {type(found).__name__}")

    def model_info(self, model: str | None) -> ModelInfo:
        """The model's name, with the prices this script was given."""
        return ModelInfo(model or self._model, *self._prices)

    async def close(self) -> None:
        """There is nothing to give back."""


def last_user_text(request: Request) -> str:
    """What the user said last in a request."""
    return next((m.content for m in reversed(request.messages) if m.role == "user"), "")


def _nothing_for(request: Request) -> ProviderError:
    text = " ".join(last_user_text(request).split())
    shown = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    return ProviderError(f"the script has no reply for this request: {shown}", kind="request")


def _chooser(replies: Script) -> Callable[[Request], Scripted | Awaitable[Scripted] | None]:
    if isinstance(replies, Mapping):
        return _ByText(replies)
    if callable(replies):
        return replies
    return _InOrder(replies)


class _InOrder:
    """Replies of a list, each once."""

    def __init__(self, replies: Sequence[Scripted]) -> None:
        self._left = iter(list(replies))

    def __call__(self, request: Request) -> Scripted | None:
        return next(self._left, None)


class _ByText:
    """Replies by what stands in the last user message."""

    def __init__(self, replies: Mapping[Pattern, Scripted | Sequence[Scripted]]) -> None:
        self._rules = [(key, _source(value)) for key, value in replies.items()]

    def __call__(self, request: Request) -> Scripted | None:
        text = last_user_text(request)
        fitting = (source(request) for key, source in self._rules if _fits(key, text))
        return next((reply for reply in fitting if reply is not None), None)


def _source(value: Scripted | Sequence[Scripted]) -> Callable[[Request], Scripted | None]:
    if isinstance(value, str | Reply | BaseException):
        return lambda request: value
    return _InOrder(value)


def _fits(key: Pattern, text: str) -> bool:
    return key in text if isinstance(key, str) else key.search(text) is not None
