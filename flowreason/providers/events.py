"""Server-sent events out of bytes that arrive in any pieces.

The format is that of the HTML standard (section 9.2.6): lines that end in LF, CR or CRLF, `field: value`, comments that
begin with a colon, an empty line after each event.

Invariant: however the bytes are cut into pieces, the events are the same; what is held back is at most one event, and
no longer than a reply may be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowreason.providers.answers import LARGEST_REPLY, as_dict, bad_reply, too_large

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_MARK = b"\xef\xbb\xbf"
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*")
_LONGEST_START = 64 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, empty where it has none, and its data."""

    name: str
    data: str


def event_data(event: Event) -> Mapping[str, Any]:
    """The object that an event carries. Raises `ProviderError`."""
    try:
        data = json.loads(event.data)
    except (ValueError, RecursionError):
        data = None
    if data is None:
        bad_reply("an event of its stream is cut off, or no JSON")
    return as_dict(data, "an event of its stream")


def begins_events(head: bytes | bytearray) -> bool | None:
    """Whether a body that begins so is a stream of events; None where that is not certain yet."""
    found = _START.match(head)
    start = bytes(head[found.end() if found else 0 :][:8])
    if start.startswith(_FIELDS):
        return True
    undecided = any(field.startswith(start) for field in _FIELDS) or _MARK.startswith(start)
    return None if undecided and len(head) < _LONGEST_START else False


class EventReader:
    """Takes bytes and gives the events that they complete."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._name = ""
        self._kept = 0
        self._first = True
        self._after_return = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that these bytes bring to their end. To be used up before the next piece is given."""
        if self._after_return and piece:
            piece = piece.removeprefix(b"\n")
            self._after_return = False
        self._after_return = self._after_return or piece.endswith(b"\r")
        for part in piece.splitlines(keepends=True):
            self._line += part
            if self._kept + len(self._line) > LARGEST_REPLY:
                too_large()
            if part.endswith((b"\n", b"\r")):
                yield from self._end_line()

    def end(self) -> Iterator[Event]:
        """The event that the end of the bytes completes: some servers leave out the last empty line."""
        if self._line:
            yield from self._end_line()
        yield from self._dispatch()

    def _end_line(self) -> Iterator[Event]:
        line = self._line.decode("utf-8", "replace").rstrip("\r\n")
        self._line.clear()
        if self._first:
            line, self._first = line.removeprefix("\ufeff"), False
        if not line:
            yield from self._dispatch()
            return
        field, _, value = line.partition(":")
        if field == "data":
            self._data.append(value.removeprefix(" "))
            self._kept += len(line) + 1
        elif field == "event":
            self._name = value.removeprefix(" ")

    def _dispatch(self) -> Iterator[Event]:
        data, name = self._data, self._name
        self._data, self._name, self._kept = [], "", 0
        if data:
            yield Event(name, "\n".join(data))
