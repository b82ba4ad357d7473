"""What the kept events of a run say that is needed before they are replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from flowreason.engine.paying import PAID_FOR
from flowreason.engine.shorthand import hashes_in, lengthen
from flowreason.errors import StoreError
from flowreason.ports import Usage
from flowreason.records import RunInfo, Store

Long = tuple[str, str, str, float, dict[str, Any]]
"""Kind, frame, node, time and data."""


async def long_events(store: Store, run: RunInfo, session: int) -> list[Long]:
    """The events of one session, their kept texts put back."""
    short = await store.events(run.id, session)
    texts = await store.texts(hashes_in(short))
    try:
        return [lengthen(each, texts) for each in short]
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the events of the run {run.id} in the store are damaged: {error!r}") from error


async def used_in(store: Store, run: RunInfo, session: int) -> Usage:
    """What the requests of one session used; one that was under way when its process ended may have been paid for."""
    events = await long_events(store, run, session)
    keys = [data["key"] for data in _paid(events) if "key" in data]
    replies = await store.answers(keys, (run.family, ""))
    total = Usage()
    for key in keys:
        if key in replies:
            total += replies[key].usage
    for kind, _, _, _, data in events:
        if kind == "node.unanswered":
            total += Usage(data["calls"], data["prompt_tokens"], data["completion_tokens"], data["money"])
    return total + Usage(_left_open(events), 0, 0, 0.0)


def _left_open(events: list[Long]) -> int:
    """How many requests were sent of which nothing more was told."""
    open_: Counter[tuple[Any, ...]] = Counter()
    for kind, frame, node, _, data in events:
        request = frame, node, data.get("sample"), data.get("attempt")
        if kind == "node.request" or (kind == "node.retry" and data.get("kind") in PAID_FOR):
            open_[request] += 1
        elif kind == "node.unanswered" or (kind == "node.reply" and not data.get("shared")):
            open_[request] = max(0, open_[request] - 1)
    return open_.total()


def _paid(events: list[Long]) -> Iterator[dict[str, Any]]:
    for kind, _, _, _, data in events:
        if kind == "node.reply" and not data.get("shared"):
            yield data


async def last_session(store: Store, run: RunInfo) -> tuple[int, list[Long]]:
    """The last session in which something happened, and its events."""
    for session in range(run.session, 0, -1):
        events = await long_events(store, run, session)
        if events:
            return session, events
    return run.session, []


async def last_questions(store: Store, run: RunInfo) -> list[dict[str, Any]]:
    """What a person is asked in a run that waits: frame, node, kind, part, question, type."""
    _, events = await last_session(store, run)
    for kind, _, _, _, data in reversed(events):
        if kind == "run.waiting":
            return list(data["questions"])
    return []
