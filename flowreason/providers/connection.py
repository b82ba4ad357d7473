"""One connection pool of the `openai` client for one event loop, and what its exceptions mean.

Invariant: the only module that imports `openai`; one `post` or `open` sends one HTTP request, never two. What comes
back is a status and a body whose size is bounded; what does not come back is a `ProviderError`.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

import aiohttp
import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAioHttpClient,
    Omit,
    OpenAIError,
)

from flowreason.errors import ConfigError, ProviderError
from flowreason.providers.answers import LARGEST_REPLY, TOO_LARGE
from flowreason.providers.classify import Place, Unreachable
from flowreason.providers.discretion import keep_quiet_about

LARGEST_STREAM = 8 * LARGEST_REPLY
"""Around each few characters of a reply that is streamed there are some hundred bytes."""

_GZIP_OR_ZLIB = 47
_PIECE = 256 * 1024
CONNECT_SECONDS = 10.0
LAST_SECONDS = 0.2
_EVENTS = "text/event-stream"

T = TypeVar("T")


class _TooLarge(Exception):
    """A body longer than any reply."""


class _Bounded(httpx2.AsyncByteStream):
    """A stream that ends with an error when it goes on for too long."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise _TooLarge
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Unpacked(httpx2.AsyncByteStream):
    """What a packed stream holds, unpacked in small pieces, so that a small body never becomes a huge one at once."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        async for chunk in self._stream:
            packed = chunk
            while packed and not unpacker.eof:
                try:
                    yield unpacker.decompress(packed, _PIECE)
                except zlib.error as error:
                    raise httpx2.DecodingError(str(error)) from None
                packed = unpacker.unconsumed_tail

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    if not isinstance(response.stream, httpx2.AsyncByteStream):
        return
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("gzip", "x-gzip", "deflate"):
        response.stream = _Unpacked(response.stream)
    elif packing not in ("", "identity"):
        raise httpx2.DecodingError(f"it is packed by {packing[:40]!r}, though none was asked for")
    response.headers.pop("content-encoding", None)
    streams = response.is_success and response.request.headers.get("accept") == _EVENTS
    response.stream = _Bounded(response.stream, LARGEST_STREAM if streams else LARGEST_REPLY)


_CHARSETS = frozenset({"utf-8", "utf-16", "utf-32", "latin-1", "iso8859-1", "cp1252", "ascii"})


def _text(response: httpx2.Response) -> str:
    """A body as text: UTF-8, as JSON is, unless its header names another of the few that there are."""
    named = response.charset_encoding or "utf-8"
    try:
        charset = codecs.lookup(named).name
    except (LookupError, ValueError):
        charset = "utf-8"
    charset = charset if charset in _CHARSETS else "utf-8"
    return response.content.decode("utf-8-sig" if charset == "utf-8" else charset, "replace")


@cache
def _trusted(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The certificates that are trusted: read once, which takes longer than all else that a client is made of."""
    return httpx2.create_ssl_context()


def _http_client(limits: httpx2.Limits) -> httpx2.AsyncClient:
    try:
        trusted = _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        hooks = {"response": [_bound]}
        return DefaultAioHttpClient(limits=limits, verify=trusted, follow_redirects=False, event_hooks=hooks)
    except (ValueError, httpx2.InvalidURL):  # what it says may show the proxy's password
        raise ConfigError("the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be one") from None


class Arriving:
    """A response whose body may still be on its way."""

    def __init__(self, response: httpx2.Response, connection: Connection, deadline: float) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.whole = _text(response) if response.is_closed else None
        """The body's text, where it is here already: that of every refusal."""
        self._response = response
        self._connection = connection
        self._deadline = deadline
        self._pieces = response.aiter_bytes() if self.whole is None else None

    async def piece(self, patience: float = float("inf")) -> bytes:
        """The next bytes, none at the end. Raises `ProviderError`; waits no longer than `patience` seconds."""
        deadline = min(self._deadline, asyncio.get_running_loop().time() + patience)
        found = await self._connection.guarded(self._next(), deadline)
        if isinstance(found, ProviderError):
            raise self._connection.cut_off() if found.kind == "network" else found
        return found

    async def rest(self) -> None:
        """Read what still comes within a moment, so that the connection can be used again."""
        deadline = asyncio.get_running_loop().time() + LAST_SECONDS
        while isinstance(found := await self._connection.guarded(self._next(), deadline), bytes) and found:
            pass

    async def _next(self) -> bytes:
        return b"" if self._pieces is None else await anext(self._pieces, b"")

    async def close(self) -> None:
        await self._connection.guarded(self._response.aclose(), None)


class Connection:
    """A client with its pool of `concurrency` connections. Belongs to the event loop it was made in."""

    def __init__(
        self, place: Place, api_key: str, headers: Mapping[str, str], timeout: float, concurrency: int, openai: bool
    ) -> None:
        self._place = place
        self._timeout = timeout
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        # Replies are small: without compression their size is what was counted on the way.
        own: dict[str, Any] = {"Accept-Encoding": "identity"}
        if not openai:  # the account of an OpenAI user is nobody else's business
            own |= {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        keep_quiet_about(place.secrets)
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=place.url,
            default_headers=own | dict(headers),
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            max_retries=0,
            http_client=_http_client(limits),
        )
        self._closed = False

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, str, Mapping[str, str]]:
        """Send one request; its status, text and headers. Raises `ProviderError` where there is no response."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        found = await self.guarded(self._send(path, body), deadline)
        if isinstance(found, ProviderError):
            raise found
        return found.status_code, _text(found), found.headers

    async def listed(self) -> list[str]:
        """The names of the models that the server says it has. Raises `ProviderError` where it does not say."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        found = await self.guarded(self._client.get("/models", cast_to=httpx2.Response), deadline)
        if isinstance(found, ProviderError):
            raise found
        try:
            return [str(each["id"]) for each in json.loads(_text(found))["data"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _broken(f"{self._place.shown} does not say which models it has", "reply") from None

    @asynccontextmanager
    async def open(self, path: str, body: Mapping[str, Any]) -> AsyncIterator[Arriving]:
        """Send one request; its response while it arrives. Raises `ProviderError` where there is none.

        The time for one answer is held until the end.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout
        found = await self.guarded(self._begin(path, body), deadline)
        if isinstance(found, ProviderError):
            raise found
        arriving = Arriving(found, self, deadline)
        try:
            yield arriving
            await arriving.rest()
        finally:
            await arriving.close()

    async def _begin(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        try:  # the client's types say otherwise, but what is cast to a response is one
            response: Any = await self._client.post(
                path,
                cast_to=httpx2.Response,
                body=body,
                options={"headers": {"Accept": _EVENTS}},
                stream=True,
                stream_cls=AsyncStream[Any],
            )
        except APIStatusError as error:
            return error.response
        assert isinstance(response, httpx2.Response)
        return response

    async def _send(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        try:
            return await self._client.post(path, cast_to=httpx2.Response, body=body)
        except APIStatusError as error:
            return error.response

    async def guarded(self, waiting: Awaitable[T], deadline: float | None) -> T | ProviderError:
        """What comes of waiting for the server until a moment of the loop's time, or the error that it means."""
        try:
            async with asyncio.timeout_at(deadline):
                return await waiting
        except TimeoutError:
            return _timed_out(self._place, self._timeout)
        except (OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, aiohttp.ClientError, OSError, _TooLarge) as error:
            return failure(error, self._place, self._timeout)

    def cut_off(self) -> ProviderError:
        """What a connection that breaks in the middle of a reply means."""
        return _broken(f"{self._place.shown} cut its reply off in the middle", "reply")

    async def close(self) -> None:
        self._closed = True
        await self._client.close()

    def __del__(self) -> None:
        """Closes what nobody closed, without a loop: it has mostly ended by then, and aiohttp would complain aloud."""
        if getattr(self, "_closed", True):
            return
        closing = self._client.close()
        try:
            closing.send(None)
        except (StopIteration, RuntimeError):
            pass
        finally:
            closing.close()


def _timed_out(place: Place, seconds: float) -> ProviderError:
    return ProviderError(
        f"{place.shown} gave no answer within {seconds:g} seconds\n"
        "A slow model may need more: raise the timeout, or ask for less at once.",
        kind="timeout",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def failure(error: BaseException, place: Place, seconds: float) -> ProviderError:
    """What an exception of the client means. The transport's own names mislead (a reset is a timeout to it), so the
    deepest causes are asked first."""
    for cause in reversed(list(_causes(error))):
        if found := _meaning(cause, place, seconds):
            return found
    told = place.clean(str(error)) or type(error).__name__
    kind = "network" if isinstance(error, APIConnectionError) else "request"
    return ProviderError(f"no request could be sent to {place.shown}: {told}", kind=kind)


def _meaning(cause: BaseException, place: Place, seconds: float) -> ProviderError | None:
    match cause:
        case _TooLarge():
            return _broken(TOO_LARGE, "reply")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return _url(place, "its certificate is not valid")
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return _url(place, "it does not speak TLS: http:// instead of https://?")
        case aiohttp.ClientConnectorDNSError():
            return _unreachable(place, "its name is not known")
        case aiohttp.ConnectionTimeoutError():
            return _unreachable(place, "it did not take the connection in time")
        case aiohttp.ServerTimeoutError():
            return _timed_out(place, seconds)
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            return _unreachable(place, "it takes no connections")
        case aiohttp.ClientPayloadError():
            return _broken(f"{place.shown} cut its reply off in the middle", "reply")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | ConnectionResetError():
            return _broken(f"{place.shown} closed the connection before it answered")
        case aiohttp.InvalidURL() | httpx2.InvalidURL() | httpx2.UnsupportedProtocol():
            return _url(place, "this is no address of a server")
        case aiohttp.ClientResponseError():
            return _url(place, "it does not speak HTTP as a server should")
        case httpx2.DecodingError():
            return _broken(f"{place.shown} sent a reply that cannot be unpacked", "reply")
    return None


def _broken(what: str, kind: str = "network") -> ProviderError:
    return ProviderError(what, kind=kind)


def _url(place: Place, why: str) -> ProviderError:
    return ProviderError(f"{place.shown} cannot be used: {why}\nCheck the base URL.", kind="url")


def _unreachable(place: Place, why: str) -> ProviderError:
    start = (
        "Start it with: ollama serve" if place.ollama else "Check the base URL, the network, and that the server runs."
    )
    return Unreachable(f"{place.shown} cannot be reached: {why}\n{start}", kind="network")
