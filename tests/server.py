"""A local OpenAI-compatible server that misbehaves on request. Loopback only, a port of its own, no other library.

    with Server() as server:
        server.then(error(429, "slow down", headers={"Retry-After": "0.01"}), ok("Rhine"))
        … a client with base URL server.url …
        assert [seen.path for seen in server.requests] == ["/v1/chat/completions"] * 2

`then(…)` lays down what happens to the next requests, one each; afterwards `always(…)` holds, which is `ok()` at first. A
behaviour is a function of the `Exchange`; those below can be combined by writing another. `answer` gives the text of a
good reply: a text, or a function of the request's body.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | Callable[[dict[str, Any]], str]


@dataclass
class Exchange:
    """One request, and the means to answer it, well or badly."""

    path: str
    headers: Any
    body: dict[str, Any]
    handler: BaseHTTPRequestHandler = field(repr=False)
    answer: Answer = field(repr=False)

    @property
    def responses(self) -> bool:
        return self.path.endswith("/responses")

    @property
    def streams(self) -> bool:
        """Whether the reply is wanted while it is written."""
        return bool(self.body.get("stream"))

    @property
    def prompt(self) -> str:
        """The last message's text, of either API."""
        messages = self.body.get("messages") or self.body.get("input") or [{"content": ""}]
        return str(messages[-1]["content"])

    def send(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole response: JSON, or a text or bytes as they are."""
        raw = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else json.dumps(data).encode()
        kind = "application/json" if not isinstance(data, str | bytes) else "text/html"
        self.start(status, {"Content-Type": kind, "Content-Length": str(len(raw))} | dict(headers or {}))
        self.handler.wfile.write(raw)

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def hang_up(self) -> None:
        """Close the connection after this exchange."""
        self.handler.close_connection = True

    def said(self) -> str:
        return self.answer(self.body) if callable(self.answer) else self.answer


Behaviour = Callable[[Exchange], None]


class Server:
    """Runs in a thread of its own from `with` to its end. Everything asked of it is in `requests`."""

    def __init__(self, answer: Answer = "It is the Rhine.", models: tuple[str, ...] = ("heron",)) -> None:
        self.requests: list[Exchange] = []
        self.models = models
        self._answer = answer
        self._next: deque[Behaviour] = deque()
        self._always: Behaviour = ok()
        self._lock = threading.Lock()
        self._http = _Quiet(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def then(self, *behaviours: Behaviour) -> Server:
        self._next.extend(behaviours)
        return self

    def always(self, behaviour: Behaviour) -> Server:
        self._always = behaviour
        return self

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._http.hang_up()

    def take(self, exchange: Exchange) -> Behaviour:
        with self._lock:
            self.requests.append(exchange)
            return self._next.popleft() if self._next else self._always


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *given: Any) -> None:
        self._connected: set[socket.socket] = set()
        super().__init__(*given)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connected.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        self._connected.discard(request)
        super().close_request(request)

    def hang_up(self) -> None:
        """End the threads that wait for another request, and with them their connections."""
        for connection in tuple(self._connected):
            with contextlib.suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a mistake in a test."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ValueError):
            super().handle_error(request, client_address)


def _handler_for(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            exchange = Exchange(self.path, self.headers, json.loads(raw), self, server._answer)
            behaviour = server.take(exchange)
            with contextlib.suppress(ConnectionError):
                behaviour(exchange)

        def do_GET(self) -> None:
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in server.models]}
            Exchange(self.path, {}, {}, self, "").send(listed)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    return Handler


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """The base URL of a port where nobody listens, and nobody else will meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


# --- good replies ---


def chat_reply(text: Any, finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": text} | message
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "heron-2",
        "choices": [{"index": 0, "message": said, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def responses_reply(text: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": "r1",
        "object": "response",
        "model": "heron-2",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "s1", "summary": []},
            {"type": "message", "id": "m1", "role": "assistant", "status": status, "content": content},
        ],
        "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
    } | more


def ok(text: str | None = None, pause: float = 0.0) -> Behaviour:
    """A good reply, in the shape of the API that was asked, and streamed where that was asked for."""

    def behave(exchange: Exchange) -> None:
        from tests.streams import streamed

        said = exchange.said() if text is None else text
        if exchange.streams:
            streamed(said, exchange, pause)
        else:
            exchange.send(responses_reply(said) if exchange.responses else chat_reply(said))

    return behave


def raw(data: Any, status: int = 200, **headers: str) -> Behaviour:
    """Any data as the reply, whatever was asked."""
    return lambda exchange: exchange.send(data, status, headers)


# --- refusals ---


def error(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **about: Any) -> Behaviour:
    """An error in the shape that OpenAI gives it; `about` is `code`, `type`, `param`."""
    return lambda exchange: exchange.send({"error": {"message": message} | about}, status, headers)


def refuses(name: str, message: str = "", status: int = 400, **about: Any) -> Behaviour:
    """Refuses every request whose body holds a field, and answers the others."""

    def behave(exchange: Exchange) -> None:
        told = message or f"Unsupported parameter: '{name}' is not supported with this model."
        refuse = error(status, told, param=name, code="unsupported_parameter", **about)
        (refuse if name in exchange.body else ok())(exchange)

    return behave


def only(api: str) -> Behaviour:
    """Has one of the two APIs: `chat` or `responses`."""

    def behave(exchange: Exchange) -> None:
        fine = exchange.responses == (api == "responses")
        (ok() if fine else raw({"detail": "Not Found"}, 404))(exchange)

    return behave


def by_model(**behaviours: Behaviour) -> Behaviour:
    """Each model in its own way; one that is not named answers, and says that it was it."""

    def behave(exchange: Exchange) -> None:
        model = str(exchange.body["model"])
        behaviours.get(model, ok(f"{model} answers"))(exchange)

    return behave


def metered(limit: int, seconds: float) -> Behaviour:
    """Takes so many requests in so many seconds, as a bucket that fills evenly; says what is left, as OpenAI does."""
    lock, state = threading.Lock(), [float(limit), time.monotonic()]

    def behave(exchange: Exchange) -> None:
        with lock:
            now = time.monotonic()
            state[:] = [min(limit, state[0] + (now - state[1]) * limit / seconds), now]
            fine = state[0] >= 1
            state[0] -= fine
            left = state[0]
        told = {
            "x-ratelimit-limit-requests": str(limit),
            "x-ratelimit-remaining-requests": str(int(left)),
            "x-ratelimit-reset-requests": f"{(limit - left) / limit * seconds * 1000:.0f}ms",
        }
        if fine:
            exchange.send(chat_reply(exchange.said()), 200, told)
        else:
            wait = (1 - left) / limit * seconds
            error(429, "slow down", told | {"retry-after-ms": f"{wait * 1000:.0f}"})(exchange)

    return behave


# --- broken replies ---


def html(status: int = 200) -> Behaviour:
    return raw("<!DOCTYPE html><html><body>Welcome to the gateway</body></html>", status)


def cut(length: int = 40) -> Behaviour:
    """Promises a whole reply and closes the connection in its middle."""

    def behave(exchange: Exchange) -> None:
        whole = json.dumps(chat_reply("It is the Rhine.")).encode()
        exchange.start(200, {"Content-Type": "application/json", "Content-Length": str(len(whole))})
        exchange.handler.wfile.write(whole[:length])
        exchange.hang_up()

    return behave


def reset() -> Behaviour:
    """Resets the connection before a word is said."""

    def behave(exchange: Exchange) -> None:
        connection = exchange.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        exchange.hang_up()
        connection.close()

    return behave


def silent() -> Behaviour:
    """Closes the connection in good order, without a word."""
    return lambda exchange: exchange.hang_up()


def closes_afterwards(text: str = "It is the Rhine.") -> Behaviour:
    """Answers, promises to keep the connection, and closes it."""

    def behave(exchange: Exchange) -> None:
        ok(text)(exchange)
        exchange.hang_up()

    return behave


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        time.sleep(seconds)
        (then or ok())(exchange)

    return behave


def drips(pause: float, count: int) -> Behaviour:
    """Sends a byte now and then, so that no single read takes long."""

    def behave(exchange: Exchange) -> None:
        exchange.start(200, {"Content-Type": "application/json", "Content-Length": str(count)})
        for _ in range(count):
            exchange.handler.wfile.write(b" ")
            exchange.handler.wfile.flush()
            time.sleep(pause)

    return behave


def huge(megabytes: int) -> Behaviour:
    """A reply that never seems to end, without a length told beforehand."""

    def behave(exchange: Exchange) -> None:
        exchange.start(200, {"Content-Type": "application/json", "Connection": "close"})
        exchange.hang_up()
        for _ in range(megabytes):
            exchange.handler.wfile.write(b" " * 2**20)

    return behave


def no_http() -> Behaviour:
    """Speaks something that is not HTTP."""

    def behave(exchange: Exchange) -> None:
        exchange.handler.wfile.write(b"220 mail.example ready\r\n")
        exchange.hang_up()

    return behave
