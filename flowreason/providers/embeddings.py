"""Embeddings: the body of a request, and what its reply says.

Invariant: nothing here waits or remembers; an answer has a list of finite numbers for each text, in the order of texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from flowreason.errors import ProviderError
from flowreason.ports import Request
from flowreason.providers.answers import Answer, as_dict, as_list, bad_reply, sendable, tokens

PATH = "/embeddings"
DIGITS = 7
"""So many digits of a number are kept: servers compute with no more."""

_NONE_HERE = frozenset({"url", "model", "request"})
_WAY_OUT = (
    "Name a model that makes embeddings (`embed` in the flow, `embeddings` of a method), or leave it out: "
    "texts are compared by their words then."
)


def body(request: Request, model: str) -> dict[str, Any]:
    """What is sent."""
    return {"model": model, "input": [sendable(message.content) for message in request.messages]}


def read(data: Mapping[str, Any], request: Request) -> Answer:
    """The answer in a reply: its text is the JSON that `Request.embed` wants. Raises `ProviderError`."""
    rows = [as_dict(row, "an embedding") for row in as_list(data.get("data"), "data")]
    if all(isinstance(row.get("index"), int) for row in rows):
        rows.sort(key=lambda row: int(row["index"]))
    found = [_numbers(as_list(row.get("embedding"), "an embedding")) for row in rows]
    if len(found) != len(request.messages):
        bad_reply(f"it has {len(found)} embeddings for {len(request.messages)} texts")
    model = data.get("model")
    text = json.dumps(found if request.embed == "each" else found[0], separators=(",", ":"))
    return Answer(text, "stop", tokens(data.get("usage"), "prompt_tokens"), 0, model if isinstance(model, str) else "")


def _numbers(row: Sequence[Any]) -> list[float]:
    if not row or not all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in row):
        bad_reply("an embedding is no list of numbers")
    return [float(f"{n:.{DIGITS}g}") for n in row]


def told(error: ProviderError) -> ProviderError:
    """The error of a server that may make no embeddings, with what to do then; any other as it is."""
    if error.status != 501 and (error.status is None or error.kind not in _NONE_HERE):
        return error
    first = str(error).splitlines()[0]
    return ProviderError(f"{first}\n{_WAY_OUT}", kind=error.kind, status=error.status, retry_after=error.retry_after)


__all__ = ["DIGITS", "PATH", "body", "read", "told"]
