"""The requests of one step: what was sent each time, what came back, and why it went back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowreason.engine.events import Event


@dataclass
class Attempt:
    """One request. `early`: it was made while the flow was written, and what it took is told of then. `sent` and `over`
    are seconds since the run began; `before`: made before the run was resumed."""

    sample: int
    number: int
    messages: list[dict[str, str]] = field(default_factory=list)
    model: str = ""
    schema: Any = None
    reply: str | None = None
    rejected: str = ""
    unanswered: bool = False
    cached: bool = False
    shared: bool = False
    early: bool = False
    emulated: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float | None = None
    sent: float | None = None
    over: float | None = None
    before: bool = False


class Attempts:
    """All requests of a step in one frame, in the order in which they were sent."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Attempt] = {}
        self._before: list[Attempt] = []

    def resumed(self) -> None:
        """What was told so far happened before the run was resumed."""
        for each in self._in_order():
            each.before = True
            self._before.append(each)
        self._found = {}

    def take(self, event: Event) -> None:
        """An event of the step; those that tell of no request are passed over."""
        if event.kind not in _TELLERS:
            return
        data = event.data
        place = int(data.get("sample") or 0), int(data.get("attempt") or 1)
        attempt = self._found.get(place)
        if attempt is None:
            attempt = self._found[place] = Attempt(*place)
        _TELLERS[event.kind](attempt, event)

    def as_json(self, most: int) -> list[dict[str, Any]]:
        """By draw, then by attempt; texts are cut at `most` characters."""
        return [_json(each, most) for each in (*self._before, *self._in_order())]

    def _in_order(self) -> list[Attempt]:
        return [each for _, each in sorted(self._found.items())]


def _request(attempt: Attempt, event: Event) -> None:
    data = event.data
    if attempt.early and not _is_early(event):
        return  # the step comes to what was asked for it
    attempt.early = _is_early(event)
    attempt.messages = [{"role": str(m["role"]), "content": str(m["content"])} for m in data.get("messages") or ()]
    attempt.model = str(data.get("model") or "")
    attempt.schema = data.get("schema")
    attempt.emulated = bool(data.get("emulated"))
    attempt.sent = event.time


def _reply(attempt: Attempt, event: Event) -> None:
    data = event.data
    attempt.reply = str(data.get("text", ""))
    attempt.model = str(data.get("model") or attempt.model)
    if attempt.early and not _is_early(event):
        return
    attempt.cached, attempt.shared = bool(data.get("cached")), bool(data.get("shared"))
    attempt.prompt_tokens = int(data.get("prompt_tokens") or 0)
    attempt.completion_tokens = int(data.get("completion_tokens") or 0)
    attempt.money, attempt.over = data.get("money"), event.time


def _is_early(event: Event) -> bool:
    return event.frame.startswith("early/")


def _unanswered(attempt: Attempt, event: Event) -> None:
    attempt.unanswered, attempt.over = True, event.time


def _rejected(attempt: Attempt, event: Event) -> None:
    attempt.rejected = str(event.data.get("why", ""))


_TELLERS = {
    "node.request": _request,
    "node.reply": _reply,
    "node.unanswered": _unanswered,
    "node.rejected": _rejected,
}


def _json(each: Attempt, most: int) -> dict[str, Any]:
    seconds = None if each.sent is None or each.over is None else round(each.over - each.sent, 4)
    return {
        "sample": each.sample, "attempt": each.number, "model": each.model, "schema": each.schema,
        "messages": [{**m, "content": _cut(m["content"], most)} for m in each.messages],
        "reply": None if each.reply is None else _cut(each.reply, most), "rejected": each.rejected,
        "unanswered": each.unanswered, "cached": each.cached, "shared": each.shared, "early": each.early,
        "emulated": each.emulated, "prompt_tokens": each.prompt_tokens, "completion_tokens": each.completion_tokens,
        "money": each.money, "seconds": seconds, "before": each.before,
    }  # fmt: skip


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most:,} more characters"
