"""Good and bad streams of both APIs, for the server in `tests/server.py`.

`streamed(text)` is what a good server sends. `Script` writes another by hand: a list of events, of raw bytes, and of
things to do in between (`pause`, `cut`, `reset`).
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.server import Behaviour, Exchange, chat_reply, responses_reply

Step = bytes | dict[str, Any] | Callable[[Exchange], None]
DONE = b"data: [DONE]\n\n"


def event(data: Mapping[str, Any] | str, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def pieces_of(text: str, size: int = 3) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


# --- the events of good streams ---


def chunk(delta: Mapping[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": dict(delta), "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "model": "heron-2", "choices": choices, "usage": None} | more


def chat_events(text: str, finish: str = "stop", *, usage: bool = True) -> list[Step]:
    """What a server of Chat Completions sends for a text."""
    events: list[Step] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": piece}) for piece in pieces_of(text)]
    events.append(chunk({}, finish))
    if usage:
        events.append(chunk(usage=chat_reply("")["usage"]))
    return [*events, DONE]


def tool_events(text: str) -> list[Step]:
    """The same where the text is handed to a custom tool."""

    def call(piece: str, **more: Any) -> dict[str, Any]:
        return chunk({"tool_calls": [{"index": 0, "custom": {"input": piece} | more}]})

    begun = chunk({"role": "assistant", "content": None})
    written = [call("", name="write"), *(call(piece) for piece in pieces_of(text))]
    return [begun, *written, chunk({}, "tool_calls"), chunk(usage=chat_reply("")["usage"]), DONE]


def responses_events(text: str, body: Mapping[str, Any] | None = None) -> list[Step]:
    """What a server of the Responses API sends for a text; `body` is the response at the end."""
    final = dict(body or responses_reply(text))
    item = {"type": "message", "id": "m1", "role": "assistant", "content": []}
    events: list[Step] = [
        {"type": "response.created", "response": {"status": "in_progress", "output": [], "error": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "s1"}},
        {"type": "response.output_item.added", "output_index": 1, "item": item},
    ]
    events += [
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": piece}
        for piece in pieces_of(text)
    ]
    done = item | {"content": [{"type": "output_text", "text": text}]}
    events.append({"type": "response.output_item.done", "output_index": 1, "item": done})
    return [*events, {"type": f"response.{final['status']}", "response": final}]


def input_events(text: str) -> list[Step]:
    """The same where the text is handed to a custom tool."""
    call = {"type": "custom_tool_call", "id": "t1", "call_id": "1", "name": "write", "input": ""}
    deltas: list[Step] = [
        {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": piece}
        for piece in pieces_of(text)
    ]
    final = responses_reply("", output=[call | {"input": text}])
    added = {"type": "response.output_item.added", "output_index": 0, "item": call}
    return [added, *deltas, {"type": "response.completed", "response": final}]


# --- behaviours ---


def sends(*steps: Step | Iterable[Step], pause: float = 0.0, content_type: str = "text/event-stream") -> Behaviour:
    """Streams these steps in chunks; a function among them may do what it likes, and break off with `BrokenOff`."""

    def behave(exchange: Exchange) -> None:
        headers = {"Content-Type": content_type, "Transfer-Encoding": "chunked"}
        exchange.start(200, headers)
        try:
            for step in _flat(steps):
                _send(exchange, step)
                time.sleep(pause)
            exchange.handler.wfile.write(b"0\r\n\r\n")
        except BrokenOff:
            exchange.hang_up()

    return behave


class BrokenOff(Exception):
    """The stream ends here, without its last chunk."""


def _flat(steps: Iterable[Any]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, bytes | dict) or callable(step):
            yield step
        else:
            yield from _flat(step)


def _send(exchange: Exchange, step: Step) -> None:
    if callable(step):
        step(exchange)
        return
    raw = step if isinstance(step, bytes) else event(step, step.get("type", ""))
    exchange.handler.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
    exchange.handler.wfile.flush()


def pause(seconds: float) -> Step:
    return lambda exchange: time.sleep(seconds)


def cut(exchange: Exchange) -> None:
    """Closes the connection in the middle of the body."""
    raise BrokenOff


def reset(exchange: Exchange) -> None:
    """Resets the connection in the middle of the body."""
    connection = exchange.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise BrokenOff


def streamed(text: str, exchange: Exchange, pause: float = 0.0) -> None:
    """A good stream in the shape of the API that was asked."""
    usage = bool((exchange.body.get("stream_options") or {}).get("include_usage"))
    handed = "tools" in exchange.body
    if exchange.responses:
        events = input_events(text) if handed else responses_events(text)
    else:
        events = tool_events(text) if handed else chat_events(text, usage=usage)
    sends(events, pause=pause)(exchange)
