"""Chat Completions while they are written: from the chunks to the body that would have come in one piece.

Invariant: `whole` gives a body only where the server said that the reply has ended; it goes through `chat.read` like
any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowreason.providers.answers import as_dict, as_text, bad_reply, error_inside, joined_halves
from flowreason.providers.chat import part_text
from flowreason.providers.events import Event, event_data

SETTINGS: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


class Chunks:
    """Gathers the chunks of one reply. `forced`: what counts is handed to a tool, so that other text has to wait."""

    def __init__(self, *, forced: bool) -> None:
        self.ended = False
        self.apart = False
        self._forced = forced
        self._done = False
        self._finish: str | None = None
        self._failed: Mapping[str, Any] | None = None
        self._about: dict[str, Any] = {}
        self._content: list[str] = []
        self._input: list[str] = []
        self._refusal: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether the text is whole, though a count of tokens may still follow."""
        return self._finish is not None

    def take(self, event: Event) -> str:
        """The text that a chunk adds, empty where it adds none."""
        if event.data.strip() == "[DONE]":
            self.ended = self._done = True
            return ""
        data = event_data(event)
        if failed := error_inside(data) or _told_as_error(event, data):
            self.ended, self._failed = True, {"error": failed}
            return ""
        self._about |= {name: data[name] for name in ("model", "usage") if data.get(name)}
        if self.complete:
            return ""  # only a count of tokens still follows; whatever else is sent is none of this reply
        choice = _first_choice(data.get("choices"))
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        delta = choice.get("delta") or choice.get("message")
        return self._add(as_dict(delta, "a delta")) if delta else ""

    def _add(self, delta: Mapping[str, Any]) -> str:
        if delta.get("reasoning_content") or delta.get("reasoning"):
            self.apart = True
        if isinstance(refusal := delta.get("refusal"), str):
            self._refusal.append(refusal)
        content = _content(delta.get("content"))
        if content is not None:
            self._content.append(content)
        handed = _tool_input(delta.get("tool_calls"))
        if handed is not None:
            self._input.append(handed)
            return handed
        return "" if self._forced else content or ""

    def whole(self) -> Mapping[str, Any]:
        """The body of the reply, or of its error. Raises `ProviderError` where the end is missing."""
        if self._failed is not None:
            return self._failed
        if not (self._done or self.complete):
            bad_reply("its stream ended before the reply did")
        message: dict[str, Any] = {"content": joined_halves("".join(self._content)) if self._content else None}
        if refusal := "".join(self._refusal):
            message["refusal"] = refusal
        if self._input:
            message["tool_calls"] = [{"custom": {"input": joined_halves("".join(self._input))}}]
        return self._about | {"choices": [{"message": message, "finish_reason": self._finish}]}


def _told_as_error(event: Event, data: Mapping[str, Any]) -> Any:
    """An error that is told without a field `error`: by the event's name, or as an object."""
    return data if event.name == "error" or data.get("object") == "error" else None


def _first_choice(choices: Any) -> Mapping[str, Any]:
    found = choices if isinstance(choices, list) else []
    return next((each for each in found if isinstance(each, dict) and not each.get("index")), {})


def _content(content: Any) -> str | None:
    if isinstance(content, list):
        return "".join(part_text(part) for part in content)
    return None if content is None else as_text(content, "content")


def _tool_input(calls: Any) -> str | None:
    """What is handed to the first tool that takes a text; None where nothing is."""
    found: Sequence[Any] = calls if isinstance(calls, list) else []
    first = next((each for each in found if isinstance(each, dict) and not each.get("index")), {})
    custom = first.get("custom")
    handed = custom.get("input") if isinstance(custom, dict) else None
    return None if handed is None else as_text(handed, "the tool call's input")
