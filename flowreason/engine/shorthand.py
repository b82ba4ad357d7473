"""Events as they are kept: short, because most of what they say follows from the flow, its inputs and its answers.

Invariant: what is left out is what a replay works out again (see `replay`): values of steps, prompts of asks, texts of
replies. What is kept in full has its long texts kept once, by their hash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from flowreason.engine.events import Event
from flowreason.values import TAG, decode, encode

LONG = 256
"""Characters of a text that is kept once."""

Keep = Callable[[str], str]
"""Keeps a text and gives its hash."""

_DERIVED = frozenset({"node.done", "node.skipped", "run.finished", "frame.closed"})
"""Kinds whose data is worked out again as a whole."""
_LEFT_OUT: Mapping[str, frozenset[str]] = {
    "run.started": frozenset({"flow", "entry", "inputs"}),
    "node.request": frozenset({"messages", "schema"}),
    "node.reply": frozenset({"text", "calls", "prompt_tokens", "completion_tokens", "money", "model"}),
}
WRITTEN = frozenset({"compile", "early"})
"""Frames whose prompts cannot be worked out again: their messages are kept."""
_WRITTEN_ABOUT = frozenset({"compiled", "emulated"})
"""Said of requests whose prompts cannot be worked out again either."""


def shorten(event: Event, keep: Keep) -> list[Any]:
    """An event as JSON data: kind, frame, node, time, and what of its data has to be kept."""
    return [event.kind, event.frame, event.node, round(event.time, 6), *_data(event, keep)]


def _data(event: Event, keep: Keep) -> list[Any]:
    if event.kind in _DERIVED:
        return []
    left_out = _LEFT_OUT.get(event.kind, frozenset())
    if event.kind == "node.request" and _is_written(event):
        left_out = frozenset()
    data = {name: value for name, value in event.data.items() if name not in left_out}
    return [with_hashes(encode(data), keep)] if data else []


def _is_written(event: Event) -> bool:
    return event.frame.partition("/")[0] in WRITTEN or not _WRITTEN_ABOUT.isdisjoint(event.data)


def lengthen(short: Any, texts: Mapping[str, str]) -> tuple[str, str, str, float, dict[str, Any]]:
    """Kind, frame, node, time and data of a short event. Raises KeyError, TypeError or ValueError."""
    kind, frame, node, time, *rest = short
    data = decode(without_hashes(rest[0], texts)) if rest else {}
    if not all(isinstance(each, str) for each in (kind, frame, node)) or not isinstance(data, dict):
        raise ValueError("an event has another form")
    return kind, frame, node, float(time), data


def hash_of(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def with_hashes(data: Any, keep: Keep) -> Any:
    """JSON data in which long texts are hashes of what was kept."""
    if isinstance(data, str):
        return {TAG: "kept", "of": keep(data)} if len(data) >= LONG else data
    if isinstance(data, list):
        return [with_hashes(each, keep) for each in data]
    if isinstance(data, Mapping):
        return {name: with_hashes(each, keep) for name, each in data.items()}
    return data


def without_hashes(data: Any, texts: Mapping[str, str]) -> Any:
    """The JSON data that `with_hashes` was given. Raises KeyError for a text that is not there."""
    if isinstance(data, list):
        return [without_hashes(each, texts) for each in data]
    if not isinstance(data, Mapping):
        return data
    if data.get(TAG) == "kept":
        return texts[data["of"]]
    return {name: without_hashes(each, texts) for name, each in data.items()}


def hashes_in(data: Any) -> set[str]:
    """The hashes that stand in data."""
    if isinstance(data, list):
        return set().union(*map(hashes_in, data))
    if not isinstance(data, Mapping):
        return set()
    if data.get(TAG) == "kept":
        return {str(data["of"])}
    return set().union(*map(hashes_in, data.values()))


__all__ = ["LONG", "hash_of", "hashes_in", "lengthen", "shorten", "with_hashes", "without_hashes"]
