"""The Responses API while a reply is written: from its events to the body that would have come in one piece.

Invariant: `whole` gives a body only where the server said that the response has ended; it goes through `responses.read`
like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowreason.providers.answers import as_text, bad_reply, joined_halves
from flowreason.providers.events import Event, event_data

SETTINGS: Mapping[str, Any] = {"stream": True}
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_TEXT = "response.output_text.delta"
_INPUT = "response.custom_tool_call_input.delta"


class ResponseEvents:
    """Gathers the events of one reply. `forced`: what counts is handed to a tool, so that other text has to wait."""

    def __init__(self, *, forced: bool) -> None:
        self.ended = False
        self.apart = False
        self.complete = False
        self._forced = forced
        self._body: Mapping[str, Any] | None = None
        self._items: dict[int, Mapping[str, Any]] = {}
        self._written: dict[int, list[str]] = {}
        self._begun: dict[int, Mapping[str, Any]] = {}

    def take(self, event: Event) -> str:
        """The text that an event adds, empty where it adds none."""
        if event.data.strip() == "[DONE]":
            self.ended = True
            return ""
        data = event_data(event)
        kind = str(data.get("type") or event.name)
        if kind == "error" or data.get("error"):
            self.ended, self._body = True, {"error": data.get("error") or data}
        elif kind in _ENDS and isinstance(data.get("response"), dict):
            self.ended = self.complete = True
            self._body = {"status": kind.removeprefix("response.")} | data["response"]
        elif kind in (_TEXT, _INPUT):
            return self._write(kind, data)
        elif kind.startswith("response.reasoning"):
            self.apart = True
        else:
            self._see(kind, data)
        return ""

    def _write(self, kind: str, data: Mapping[str, Any]) -> str:
        place, text = _place(data), as_text(data.get("delta"), "a delta")
        self._begun.setdefault(place, {"type": "message" if kind == _TEXT else "custom_tool_call"})
        self._written.setdefault(place, []).append(text)
        waits = self._forced or self._begun[place].get("phase") == "commentary"
        return "" if waits and kind == _TEXT else text

    def _see(self, kind: str, data: Mapping[str, Any]) -> None:
        item = data.get("item")
        if not isinstance(item, dict):
            return
        self.apart = self.apart or item.get("type") == "reasoning"
        if kind == "response.output_item.added":
            self._begun[_place(data)] = item
        elif kind == "response.output_item.done":
            self._items[_place(data)] = item

    def whole(self) -> Mapping[str, Any]:
        """The body of the reply, or of its error. Raises `ProviderError` where the end is missing."""
        if self._body is None:
            bad_reply("its stream ended before the reply did")
        if self._body.get("output") or self._body.get("error"):
            return self._body
        # Some gateways leave the output out of the last event.
        places = sorted(self._items.keys() | self._written.keys())
        return {**self._body, "output": [self._items.get(place) or self._made(place) for place in places]}

    def _made(self, place: int) -> Mapping[str, Any]:
        """An item as its pieces tell of it."""
        text = joined_halves("".join(self._written[place]))
        item = self._begun[place]
        if item.get("type") == "custom_tool_call":
            return {**item, "input": text}
        return {**item, "content": [{"type": "output_text", "text": text}]}


def _place(data: Mapping[str, Any]) -> int:
    place = data.get("output_index")
    return place if isinstance(place, int) else 0
