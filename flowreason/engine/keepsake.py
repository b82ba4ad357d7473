"""Values of steps as they are kept: short, because what an answer holds already is not kept twice.

Invariant: `restore` of what `condense` made is the value, type for type. A value costs at most `SHORT` characters
beside the answers that it was read from, where it can be read from them again.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_reply
from flowreason.errors import StoreError
from flowreason.records import Outcome
from flowreason.values import TAG, NotPlain, decode, encode
from flowreason_dsl.types import Type

SHORT = 1_000
"""Characters of a value that is kept as it is."""
_LONG_TEXT = 200
"""Characters of a text that is worth a reference."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply that was accepted: under which key it is kept, and how it was read."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """How replies are read: see `parse_reply`."""

    type: Type
    think: bool = False
    structured: bool = False


def condense(value: Any, heard: Sequence[Heard] = (), form: Form | None = None) -> Any:
    """A value as JSON data to keep. Raises `NotPlain` for one that cannot be kept."""
    data = encode(value)
    if not heard or len(json.dumps(data)) <= SHORT:
        return {"is": data}
    for each in heard:
        if form is not None and _read(each.text, form) == data:
            return {"read": each.key, "think": form.think, "structured": form.structured}
    return {"is": _with_references(data, heard), "from": True}


def _read(text: str, form: Form) -> Any:
    try:
        return encode(parse_reply(text, form.type, think=form.think, structured=form.structured))
    except (Misfit, NotPlain):
        return NotPlain


def _with_references(data: Any, heard: Sequence[Heard]) -> Any:
    """JSON data in which long texts that stand in a reply are places in it."""
    if isinstance(data, str):
        return _reference(data, heard) if len(data) >= _LONG_TEXT else data
    if isinstance(data, list):
        return [_with_references(each, heard) for each in data]
    if isinstance(data, Mapping):
        return {name: _with_references(each, heard) for name, each in data.items()}
    return data


def _reference(text: str, heard: Sequence[Heard]) -> Any:
    for each in heard:
        at = each.text.find(text)
        if at >= 0:
            return {TAG: "reply", "of": [each.key, at, at + len(text)]}
    return text


def sound(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Outcomes, each in the form that it was kept in. Raises `StoreError`."""
    for each in outcomes:
        if not (each.value is None or isinstance(each.value, Mapping)):
            raise StoreError(f"what {each.node} in {each.frame} came to is damaged in the store")
        yield each


async def restore(kept: Mapping[str, Any], reply: Callable[[str], Awaitable[str]], type: Type) -> Any:
    """The value of what was kept; `reply` gives the text of an answer by its key. Raises `StoreError` for damage."""
    try:
        return await _restored(kept, reply, type)
    except (KeyError, TypeError, ValueError, AttributeError, Misfit) as error:
        raise StoreError(f"what a step came to is damaged in the store: {error!r}") from error


async def _restored(kept: Mapping[str, Any], reply: Callable[[str], Awaitable[str]], type: Type) -> Any:
    if "read" in kept:
        return parse_reply(await reply(kept["read"]), type, think=kept["think"], structured=kept["structured"])
    data = kept["is"]
    return decode(await _resolved(data, reply) if kept.get("from") else data)


async def _resolved(data: Any, reply: Callable[[str], Awaitable[str]]) -> Any:
    if isinstance(data, list):
        return [await _resolved(each, reply) for each in data]
    if not isinstance(data, Mapping):
        return data
    if data.get(TAG) == "reply":
        key, start, end = data["of"]
        return (await reply(key))[start:end]
    return {name: await _resolved(each, reply) for name, each in data.items()}
