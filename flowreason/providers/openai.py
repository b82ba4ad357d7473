"""Answers from OpenAI, and from every server that speaks its Chat Completions or Responses API.

Invariant: a reply is either checked or an error; a request that may have been paid for is not sent again lightly;
nothing that leaves this module shows a key.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flowreason.errors import ConfigError, ProviderError
from flowreason.ports import ModelInfo, Notify, OnText, Reply, Request
from flowreason.providers import chat, chat_stream, embeddings, models, responses, responses_stream
from flowreason.providers.address import checked_url
from flowreason.providers.answers import Answer, bad_reply, error_inside, status_inside
from flowreason.providers.classify import Place, Refusal, Unreachable, classify, looks_like_html, no_endpoint, refusal
from flowreason.providers.dialect import Dialect, features
from flowreason.providers.estimate import prompt_tokens, tokens_of, usage
from flowreason.providers.fallback import Fallback
from flowreason.providers.options import OPENAI
from flowreason.providers.prices import Price, price_of
from flowreason.providers.retry import Retrying, RetryPolicy
from flowreason.providers.secrets import NO_KEY, Secrets, check_sendable, login_header, without_login
from flowreason.providers.speech import Speech
from flowreason.providers.traffic import Bounds, Traffic
from flowreason.providers.writing import Gathering, Outlet, Writing, as_whole
from flowreason.wanted import checked

if TYPE_CHECKING:
    from flowreason.providers.connection import Connection

OPENAI_URL = "https://api.openai.com/v1"
_APIS: Mapping[str, ModuleType] = {"chat": chat, "responses": responses, "embeddings": embeddings}
_SETTINGS = {"chat": chat_stream.SETTINGS, "responses": responses_stream.SETTINGS}
_GATHERINGS: Mapping[str, Callable[..., Gathering]] = {
    "chat": chat_stream.Chunks,
    "responses": responses_stream.ResponseEvents,
}
_OTHER_API = ("v1/responses", "v1/chat/completions", "not a chat model")
_AFTER_THE_TEXT = 5.0
"""The seconds that are waited for what may follow a text that is whole: the count of tokens, the last word."""

_WORTH_LEARNING = frozenset({"request", "url", "server", "context"})


class OpenAIProvider:
    """Answers by a model of an OpenAI-compatible server.

    - `base_url`: the server, OpenAI's own when left out; `api_key`: without one, `OPENAI_API_KEY` for OpenAI, none
      elsewhere; `headers` are sent with every request.
    - `api`: `chat`, `responses`, or `auto`: Responses at OpenAI, Chat Completions elsewhere, the other where one is
      missing.
    - `timeout`: seconds for one answer; `concurrency`: requests at once, fewer where the server takes fewer; `retries`:
      tries after the first, for failures that are worth it; `max_wait`: the longest that a server may ask to wait.
    - `requests_per_minute`, `tokens_per_minute`: what may be sent, besides what the server's headers say of its limits.
    - `fallback_models`: asked in this order when a model has no credit, is unknown, has too much to do or takes no
      request of this length.
    - `grammar`: the syntax of a grammar that the server can force (`lark`: vLLM with guidance; `gbnf`: llama.cpp, vLLM,
      SGLang). Known by itself for OpenAI.
    - `prices`: US dollars per million tokens (prompt, completion) by model name or pattern, before the built-in table.

    What a server does not take (a schema, a temperature, a name of a parameter) is found out once and left out then.
    May be used from one event loop after another, one at a time; `close` gives back the connections of the running one.
    """

    @checked(**OPENAI)
    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        api: Literal["auto", "chat", "responses"] = "auto",
        timeout: float = 600.0,
        concurrency: int = 64,
        retries: int = 5,
        max_wait: float = 60.0,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        fallback_models: Sequence[str] = (),
        grammar: Literal["lark", "gbnf"] | None = None,
        prices: Mapping[str, Price] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        given = checked_url(base_url or OPENAI_URL)
        self._url = without_login(given)
        self._openai = (urlsplit(self._url).hostname or "").endswith("openai.com")
        self._key = api_key or (self._own_key() if base_url is None else NO_KEY)
        self._headers = login_header(given) | dict(headers or {})
        check_sendable(self._key, self._headers)
        self._secrets = Secrets(self._key, self._headers, given)
        self._api = api
        self._timeout, self._concurrency = timeout, concurrency
        self._policy = RetryPolicy(retries, max_wait)
        self._grammar = grammar
        self._prices = prices or {}
        self._sleep = sleep
        last = fallback_models[-1] if fallback_models else None
        bounds = Bounds(concurrency, requests_per_minute, tokens_per_minute, retries, max_wait, last)
        self._traffic = Traffic(bounds, clock, sleep)
        self._fallback = Fallback(fallback_models, clock)
        self._dialects: dict[str, Dialect] = {}
        self._connections: dict[asyncio.AbstractEventLoop, Connection] = {}

    @property
    def origin(self) -> str:
        """The server that is asked: what it answers to equal requests may stand for one another."""
        return self._place(self._model).shown

    def __repr__(self) -> str:
        return f"OpenAIProvider({self._model!r}, base_url={self._place(self._model).shown!r})"

    @staticmethod
    def _own_key() -> str:
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        if not key:
            raise ConfigError("there is no key for OpenAI: set OPENAI_API_KEY, or give a base URL of another server")
        return key

    # --- the port ---

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The model's reply. Raises `ProviderError`; see `retry` for what is tried again and how often."""
        return await self._complete(request, notify, None)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """Like `complete`; each piece of the text is handed over once it is certain to stand in the reply.

        Thoughts, and what follows a stop sequence, are left out. The pieces of the last try, joined, are its text,
        unless a model whose reasoning came apart from its text closes in its text a thought that it never opened. A
        server that does not stream is asked as by `complete`, and its text is handed over in one piece.
        """
        return await self._complete(request, notify, on_text)

    async def _complete(self, request: Request, notify: Notify | None, on_text: OnText | None) -> Reply:
        async def ask(model: str) -> Reply | ProviderError:
            return await self._ask(replace(request, model=model), notify, on_text)

        if request.embed:  # a model that writes cannot stand in for one that makes embeddings
            found = await self._ask(request, notify, None)
            if isinstance(found, ProviderError):
                raise embeddings.told(found)
            return found
        return await self._fallback.ask(self._named(request), ask, notify)

    async def _ask(self, request: Request, notify: Notify | None, on_text: OnText | None) -> Reply | ProviderError:
        """The reply of one model, or the error of its last try."""
        retrying = Retrying(self._policy, self._traffic.allowance)
        while True:
            outlet = None if on_text is None else Outlet(on_text, self._secrets)
            try:
                answer = await self._answer(request, outlet, notify)
                if isinstance(answer, Answer):
                    if outlet is not None:
                        outlet.finish(answer.text)
                    return self._reply(request, answer)
                wait = retrying.wait(answer)
                self._traffic.lane(self._named(request)).check()
            except ProviderError as failed:
                return failed
            if notify is not None:
                notify("retry", {"kind": answer.kind, "wait": wait, "attempt": retrying.attempt})
            await self._sleep(wait)

    def _named(self, request: Request) -> str:
        return request.model or self._model

    def model_info(self, model: str | None) -> ModelInfo:
        """What the model's name, the price table and the settings tell of it."""
        name = model or self._model
        prompt, completion = price_of(name, self._prices) or (None, None)
        return ModelInfo(
            name, prompt, completion, models.reasons(name), self._grammar_of(name), models.most_tokens(name)
        )

    async def close(self) -> None:
        """Give back the connections of the running event loop, and those of loops that have ended."""
        connection = self._connections.pop(asyncio.get_running_loop(), None)
        self._connections = self._alive()  # what is let go of closes itself
        if connection is not None:
            await connection.close()

    def _alive(self) -> dict[asyncio.AbstractEventLoop, Connection]:
        """The connections of loops that have not ended."""
        return {loop: each for loop, each in self._connections.items() if not loop.is_closed()}

    async def listed(self) -> list[str]:
        """The names of the models that the server says it has. Raises `ProviderError`."""
        return await (await self._connection(self._model)).listed()

    # --- one try ---

    async def _answer(self, request: Request, outlet: Outlet | None, notify: Notify | None) -> Answer | ProviderError:
        """One answer, or the error. What is refused is left out, one thing after the other; that is no new try, for
        nothing was done and nothing is paid. Raises where nothing may be sent for now."""
        model = self._named(request)
        dialect = self._dialects.setdefault(model, Dialect())
        name = "embeddings" if request.embed else dialect.api or self._first_api()
        missing: dict[str, Refusal] = {}
        while True:
            found, error, sent = await self._permitted(request, dialect, name, outlet, notify)
            if isinstance(found, Answer):
                dialect.api = dialect.api if request.embed else name
                return found
            assert error is not None
            if found is None or request.embed or (outlet is not None and outlet.used):
                return error
            if self._api == "auto" and _no_such_api(found, error):
                missing[name] = found
                name = _other(name)
                if name in missing:
                    return classify(missing[self._first_api()], self._place(model))
            elif error.kind not in _WORTH_LEARNING or not dialect.learn(found, sent, request):
                return error

    async def _permitted(
        self, request: Request, dialect: Dialect, name: str, outlet: Outlet | None, notify: Notify | None
    ) -> tuple[Answer | Refusal | None, ProviderError | None, frozenset[str]]:
        """One request, sent when it may be: what came of it, the error that this means, and what was sent."""
        model = self._named(request)
        lane, connection = self._traffic.lane(model), await self._connection(model)
        size = lane.size(request)
        permit = await lane.enter(size, notify)
        found: Answer | Refusal | None = None
        error: ProviderError | None = None
        sent: frozenset[str] = frozenset()
        try:
            heard = partial(lane.hear, permit)
            found, sent = await self._exchange(connection, request, dialect, name, outlet, heard)
            error = None if isinstance(found, Answer) else classify(found, self._place(model))
        except ProviderError as failed:
            error = _lost(failed) if lane.answered and isinstance(failed, Unreachable) else failed
        finally:
            lane.leave(permit, found if isinstance(found, Answer) else error, size)
        return found, error, sent

    def _first_api(self) -> str:
        if self._api != "auto":
            return self._api
        return "responses" if self._openai else "chat"

    async def _exchange(
        self,
        connection: Connection,
        request: Request,
        dialect: Dialect,
        name: str,
        outlet: Outlet | None,
        heard: Callable[[Mapping[str, str]], None],
    ) -> tuple[Answer | Refusal, frozenset[str]]:
        api, model = _APIS[name], self._named(request)
        if request.embed:
            status, text, headers = await connection.post(embeddings.PATH, embeddings.body(request, model))
            heard(headers)
            return self._read(api, request, model, status, text, headers), frozenset()
        grammar = self._grammar_of(model) if dialect.takes("grammar") else None
        body = api.body(request, model, dialect, openai=self._openai, grammar=grammar)
        if outlet is None or not dialect.takes("stream"):
            status, text, headers = await connection.post(api.PATH, body)
            heard(headers)
            whole = self._whole(name, request, body, text) if status < 300 else text
            return self._read(api, request, model, status, whole, headers), features(body, request)
        body |= {key: value for key, value in _SETTINGS[name].items() if dialect.takes(key)}
        thinks = models.reasons(model) and not self._openai
        writing = Writing(_GATHERINGS[name](forced="tools" in body), Speech(request.stop, thinks), outlet)
        status, found, headers = await _written(connection, api.PATH, body, writing, heard)
        read = self._read(api, request, model, status, found, headers)
        if isinstance(read, Answer) and not writing.streamed:
            dialect.refused.add("stream")
        return read, features(body, request)

    def _whole(self, name: str, request: Request, body: Mapping[str, Any], text: str) -> str | Mapping[str, Any]:
        """The body of a reply, also where a server streams though nobody asked it to."""
        thinks = models.reasons(self._named(request)) and not self._openai
        return as_whole(text, _GATHERINGS[name](forced="tools" in body), Speech(request.stop, thinks), self._secrets)

    def _read(
        self,
        api: ModuleType,
        request: Request,
        model: str,
        status: int,
        found: str | Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> Answer | Refusal:
        whole = found if isinstance(found, Mapping) else self._parsed(self._secrets.hide_in_reply(found), status, model)
        data: Any = self._secrets.hide_in_data(whole)
        if status >= 300:
            return refusal(status, data, headers)
        if not isinstance(data, dict):
            bad_reply(f"it is of type {type(data).__name__}, not an object")
        if failed := error_inside(data):
            return refusal(status_inside(failed), failed, headers)
        answer: Answer = api.read(data, request)
        return answer

    def _parsed(self, text: str, status: int, model: str) -> Any:
        if looks_like_html(text) and status < 300:
            raise no_endpoint(self._place(model))
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if status < 300:
                bad_reply("it is cut off, or no JSON" if text.strip() else "it is empty")
            return text

    def _reply(self, request: Request, answer: Answer) -> Reply:
        model = self._named(request)
        prompt, completion = answer.prompt_tokens, answer.completion_tokens
        used = usage(
            prompt_tokens(request) if prompt is None else prompt,
            tokens_of(answer.text) if completion is None else completion,
            self.model_info(model),
        )
        return Reply(answer.text, used, answer.model or model, answer.finish)

    # --- what is known ---

    def _grammar_of(self, model: str) -> Literal["lark", "gbnf"] | None:
        if self._openai and self._grammar is None and models.writes_grammars(model):
            return "lark"
        return self._grammar

    def _place(self, model: str) -> Place:
        return Place(self._url, model, self._secrets, keyed=self._key != NO_KEY)

    async def _connection(self, model: str) -> Connection:
        loop = asyncio.get_running_loop()
        connection = self._connections.get(loop)
        if connection is None:
            module = await asyncio.to_thread(_load)  # takes most of a second, in which others may go on
            connection = self._connections.get(loop)
            if connection is None:
                connection = module.Connection(
                    self._place(model), self._key, self._headers, self._timeout, self._concurrency, self._openai
                )
                self._connections = self._alive() | {loop: connection}
        return connection


async def _written(
    connection: Connection,
    path: str,
    body: Mapping[str, Any],
    writing: Writing,
    heard: Callable[[Mapping[str, str]], None],
) -> tuple[int, str | Mapping[str, Any], Mapping[str, str]]:
    """Send one request and read its reply while it is being written: status, body, headers."""
    async with connection.open(path, body) as arriving:
        heard(arriving.headers)
        if arriving.whole is not None:
            return arriving.status, arriving.whole, arriving.headers
        while not writing.ended:
            try:
                piece = await arriving.piece(_AFTER_THE_TEXT if writing.complete else float("inf"))
            except ProviderError:
                if not writing.complete:
                    raise
                writing.cut_off()
                break
            if not piece:
                break
            writing.feed(piece)
        return arriving.status, writing.result(), arriving.headers


def _lost(error: Unreachable) -> ProviderError:
    """A server that has answered before cannot be reached: it is not its address that is wrong."""
    return ProviderError(str(error), kind=error.kind)


def _load() -> Any:
    from flowreason.providers import connection

    return connection


def _other(api: str) -> str:
    return "chat" if api == "responses" else "responses"


def _no_such_api(found: Refusal, error: ProviderError) -> bool:
    """Whether a server has no such API, or not for this model."""
    if found.status in (400, 404) and any(name in found.words for name in _OTHER_API):
        return True
    return found.status == 501 or (error.kind == "url" and found.status in (404, 405))
