"""What of a reply that is still being written is certain to stand in it at the end.

Invariant: all that was said so far is a prefix of what `answers.spoken` makes of the whole text, with one exception:
where a model whose reasoning came apart from its text closes, in its text, a thought that it never opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flowreason.providers.answers import CLOSE_THOUGHT, OPEN_THOUGHT, joined_halves, sendable

_OPENINGS = ("<think>", "<thinking>")
_LONGEST_CLOSING = len("</thinking>")


class Speech:
    """Takes a text in pieces and gives what is said: thoughts are left out, and what follows a stop sequence.

    `thinks`: the text may begin inside a thought that the prompt opened, so that nothing is certain until it is closed,
    or until the reasoning is seen to come apart from the text.
    """

    def __init__(self, stop: Sequence[str], thinks: bool) -> None:
        self._stop = [sequence for sequence in stop if sequence]
        self._thinks = thinks
        self._half = ""
        self._at: Literal["opening", "unsure", "thought", "after", "saying", "stopped"] = "opening"
        self._held: list[str] = []
        self._tail = ""

    def take(self, raw: str, *, apart: bool = False) -> str:
        """What this piece makes certain. `apart`: reasoning was seen to come apart from the text."""
        text = self._whole_characters(raw)
        if apart and self._thinks:
            self._thinks = False
            if self._at == "unsure":
                text, self._held, self._tail = "".join([*self._held, text]), [], ""
                self._at = "saying"
        return self._step(text) if text else ""

    def _whole_characters(self, raw: str) -> str:
        """The text without half a surrogate pair at its end, which waits for the other half."""
        text, self._half = self._half + raw, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return sendable(joined_halves(text))

    def _step(self, text: str) -> str:
        match self._at:
            case "opening":
                return self._open(self._tail + text)
            case "unsure" | "thought":
                return self._think(text)
            case "after":
                return self._after(text)
            case "saying":
                return self._say(self._tail + text)
        return ""

    def _open(self, text: str) -> str:
        self._tail = ""
        start = text.lstrip()
        if opened := OPEN_THOUGHT.match(text):
            self._at = "thought"
            return self._think(text[opened.end() :])
        if any(opening.startswith(start) for opening in _OPENINGS):
            self._tail = text
            return ""
        if self._thinks:
            self._at = "unsure"
            return self._think(text)
        self._at = "saying"
        return self._say(text)

    def _think(self, text: str) -> str:
        if self._at == "unsure":
            self._held.append(text)
        text, self._tail = self._tail + text, ""
        closed = CLOSE_THOUGHT.search(text)
        if closed is None:
            self._tail = text[1 - _LONGEST_CLOSING :]
            return ""
        self._held, self._at = [], "after"
        return self._after(text[closed.end() :])

    def _after(self, text: str) -> str:
        said = text.lstrip()
        if not said:
            return ""
        self._at = "saying"
        return self._say(said)

    def _say(self, text: str) -> str:
        found = [place for place in (text.find(sequence) for sequence in self._stop) if place >= 0]
        if found:
            self._at, self._tail = "stopped", ""
            return text[: min(found)]
        held = max((_overlap(text, sequence) for sequence in self._stop), default=0)
        said = len(text) - held
        self._tail = text[said:]
        return text[:said]


def _overlap(text: str, sequence: str) -> int:
    """How many characters at the end of the text may be the beginning of the sequence."""
    longest = min(len(text), len(sequence) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(sequence[:size])), 0)
