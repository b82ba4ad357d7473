"""A reply that is read while it is being written: from bytes to the text that is certain, and at the end to its body.

Invariant: a body that is no stream of events is read as a whole, whatever the server calls it; what was handed over is
a prefix of the reply's text (see `speech` for the one exception), and what is kept of it is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from flowreason.ports import OnText
from flowreason.providers.answers import LARGEST_REPLY, too_large
from flowreason.providers.events import Event, EventReader, begins_events
from flowreason.providers.secrets import Secrets
from flowreason.providers.speech import Speech


class Gathering(Protocol):
    """The events of one API, put together.

    `ended`: nothing more is wanted; `complete`: the text is whole; `apart`: reasoning comes apart from the text.
    """

    ended: bool
    apart: bool

    @property
    def complete(self) -> bool: ...

    def take(self, event: Event) -> str:
        """The text that an event adds."""
        ...

    def whole(self) -> Mapping[str, Any]:
        """The body as it would have come in one piece."""
        ...


class Outlet:
    """Hands over the text of one try, and knows what was handed over. What may become a secret waits."""

    def __init__(self, on_text: OnText, secrets: Secrets) -> None:
        self._on_text = on_text
        self._secrets = secrets
        self._said: list[str] = []
        self._waits = ""

    @property
    def used(self) -> bool:
        return bool(self._said)

    def say(self, text: str) -> None:
        text = self._waits + text
        certain = self._secrets.certain(text)
        self._waits = text[certain:]
        self._hand_over(self._secrets.hide_in_reply(text[:certain]))

    def _hand_over(self, text: str) -> None:
        if text:
            self._said.append(text)
            self._on_text(text)

    def finish(self, text: str) -> None:
        """Hand over what is still missing of the reply's text."""
        said = "".join(self._said)
        if text.startswith(said):
            self._hand_over(text[len(said) :])


class Writing:
    """One body on its way: a stream of events, or, from a server that does not stream, a whole."""

    def __init__(self, gathering: Gathering, speech: Speech, outlet: Outlet) -> None:
        self._gathering = gathering
        self._speech = speech
        self._outlet = outlet
        self._events = EventReader()
        self._head: bytearray | None = bytearray()
        self._body: bytearray | None = None
        self._length = 0

    @property
    def streamed(self) -> bool:
        return self._head is None and self._body is None

    @property
    def ended(self) -> bool:
        """Whether nothing more is wanted."""
        return self._gathering.ended

    @property
    def complete(self) -> bool:
        """Whether all text has come, so that what follows may be missing."""
        return self._gathering.complete

    def feed(self, piece: bytes) -> None:
        """Take the next bytes, and hand over the text that they make certain."""
        if self._head is not None:
            self._head += piece
            events = begins_events(self._head)
            if events is None:
                return
            piece, self._head = bytes(self._head), None
            self._body = None if events else bytearray()
        if self._body is not None:
            self._body += piece
            if len(self._body) > LARGEST_REPLY:
                too_large()
            return
        for event in self._events.feed(piece):
            self._take(event)

    def _take(self, event: Event) -> None:
        if self._gathering.ended:
            return
        text = self._gathering.take(event)
        self._length += len(text)
        if self._length > LARGEST_REPLY:
            too_large()
        self._outlet.say(self._speech.take(text, apart=self._gathering.apart))

    def cut_off(self) -> None:
        """The bytes have ended where they should not: an event that they left open counts for nothing."""
        self._events = EventReader()

    def result(self) -> str | Mapping[str, Any]:
        """The whole body: the text of one that did not come as events, or the object that the events amount to."""
        if not self.streamed:
            return bytes(self._head or self._body or b"").decode("utf-8-sig", "replace")
        for event in self._events.end():
            self._take(event)
        return self._gathering.whole()


def as_whole(text: str, gathering: Gathering, speech: Speech, secrets: Secrets) -> str | Mapping[str, Any]:
    """A body that has come in one piece: itself, or what it amounts to where it is a stream that nobody asked for."""
    raw = text.encode("utf-8", "replace")
    if not begins_events(raw[:64]):
        return text
    writing = Writing(gathering, speech, Outlet(lambda _: None, secrets))
    writing.feed(raw)
    return writing.result()
