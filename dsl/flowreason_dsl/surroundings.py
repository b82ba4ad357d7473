"""Where a flow stands in a text that is still arriving: behind thoughts and prose, with prose between definitions.

Invariant: an answer, once given, is the one that `mend.Region` gives for any longer text that begins with the text so
far; until it is certain there is none.
"""

from __future__ import annotations

import re

from flowreason_dsl import mend
from flowreason_dsl.reports import Reports

_TAGS = ("<think>", "<thinking>", "<reasoning>")
_SPACE = re.compile(r"\s*")
_LEAD = re.compile(r"(?:\s|#[^\n]*\n|\ufeff)*")
_BETWEEN = re.compile(r"(?:[\s;]|#[^\n]*\n)*")
_LINE_IS_CLEAR = re.compile(r"[\n(){}]")
_WORD = re.compile(r"\w*")
_FENCE = re.compile(r"`{1,2}\Z|~{1,2}\Z|-\Z")


class Anywhere(mend.Region):
    """Passes over nothing: what is passed over is decided by the classes below."""

    def __init__(self) -> None:
        self.start = 0

    def after(self, at: int) -> int:
        return at


class Thoughts:
    """The `<think>…</think>` that some models put before their reply."""

    def __init__(self) -> None:
        self._tag: str | None = None
        self._at = 0

    @property
    def open(self) -> bool:
        """Whether thoughts have begun and have not ended."""
        return self._tag is not None

    def end(self, text: str) -> int | None:
        """Where the thoughts end, 0 where there are none; None as long as that is open."""
        if self._tag is None:
            found = _SPACE.match(text, self._at)
            self._at = found.end() if found else 0
            head = text[self._at : self._at + 11].lower()
            self._tag = next((tag for tag in _TAGS if head.startswith(tag)), None)
            if self._tag is None:
                return None if any(tag.startswith(head) for tag in _TAGS) else 0
        closing = f"</{self._tag[1:]}"
        found = re.compile(re.escape(closing), re.IGNORECASE).search(text, self._at)
        self._at = max(self._at, len(text) - len(closing))
        return found.end() if found else None


class Lead:
    """What stands before the first definition."""

    def __init__(self) -> None:
        self._at = 0
        self._clear = 0
        self._lines: _Lines | None = None

    def end(self, text: str) -> int | None:
        """Where the first token may stand."""
        if self._lines is None:
            found = _LEAD.match(text, self._at)
            at = self._at = found.end() if found else 0
            if at == len(text) or text[at] == "#":
                return None
            if not _LINE_IS_CLEAR.search(text, max(at, self._clear)):
                self._clear = len(text)
                return None
            if mend._GOES_ON.match(text, at) and not mend._LABEL.match(text, at):
                return 0
            self._lines = _Lines(text.rfind("\n", 0, at) + 1)
        found_one = self._lines.definition(text)
        return mend.Region(text, Reports()).start if found_one else None


class Gap:
    """What stands behind a definition that has ended at `at`, or at a fence outside of definitions."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._here = at
        self._lines: _Lines | None = None

    def end(self, text: str) -> int | None:
        """Where reading goes on."""
        if self._lines is None:
            found = _BETWEEN.match(text, self._here)
            here = self._here = found.end() if found else self._here
            if not self._told(text, here):
                return None
            if mend._GOES_ON.match(text, here) or not _begins_line(text, here):
                return self.at
            self._lines = _Lines(text.rfind("\n", 0, here) + 1, fence=text.startswith(("```", "~~~"), here))
        if self._lines.definition(text):
            return mend.Region(text, Reports()).after(self.at)
        return self.at if self._lines.statement else None

    def _told(self, text: str, here: int) -> bool:
        """Whether enough has come to tell what stands here."""
        if here == len(text) or text[here] == "#" or _FENCE.match(text, here):
            return False
        word = _WORD.match(text, here)
        return word is None or word.end() < len(text)


class _Lines:
    """Goes through lines until one of them begins a definition, or, outside of fences, looks like a statement."""

    def __init__(self, at: int, fence: bool = True) -> None:
        self.statement = False
        self._line = at
        self._at = at
        self._fence = fence

    def definition(self, text: str) -> bool:
        """Whether a definition has come. `statement` tells that a statement stands before it."""
        while not self.statement:
            if mend._DEFINITION.match(text, self._line):
                return True
            end = text.find("\n", max(self._at, self._line))
            if end < 0:
                self._at = len(text)
                return False
            self.statement = not self._fence and mend._STATEMENT_LINE.match(text, self._line, end) is not None
            self._line = end + 1
        return False


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t")
