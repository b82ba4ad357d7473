"""Whether what stands at the end of a text that is still arriving can change with what comes.

Invariant: where a token is called certain, the lexer reads it from the text so far as it would from any longer text
that begins with it. No character is looked at more than a few times, however small the pieces are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from flowreason_dsl import mend
from flowreason_dsl.faulty import DOUBLE

_BLANKS = re.compile(r"[ \t\r\n\f]*")
_NAME = re.compile(r"\w*", re.ASCII)
_NUMBER = re.compile(r"[-+.\w]*")
_SIGNS = re.compile(r"[-+*/%<>=!&|^~@?$]*")
_SIGN_LETTERS = frozenset("-+*/%<>=!&|^~@?$")
_SEMICOLONS = re.compile(r"[;\s]*")
_COMMENT = re.compile(r"[^\n]*")
_FOREIGN = re.compile(r"[^\x00-\x7f]*")
_RUNS = {"_": _NAME, ";": _SEMICOLONS, "#": _COMMENT}
_RUNS |= dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _NAME)
_RUNS |= dict.fromkeys("0123456789", _NUMBER)

_TICKS = re.compile(r"`*")
_IN_LINE = re.compile(r"[^`\n]*")
_DOUBLE_OPENS = re.compile(r"[ \t]*(?:python|py)?[ \t\r]*\n?", re.IGNORECASE)
_FENCE_LINE = re.compile(r"[ \t\r]*(`*)")

# The units of a template as in the grammar, and how one of them may begin.
_HEX = "[0-9A-Fa-f]"
_CODE_POINT = rf"u(?:[0-9A-Ca-cEFef]{_HEX}{{3}}|[Dd][0-7]{_HEX}{{2}}|[Dd][89ABab]{_HEX}{{2}}\\u[Dd][C-Fc-f]{_HEX}{{2}})"
_ESCAPE = rf"\\(?:[^u]|{_CODE_POINT})"
_ESCAPE_BEGUN = r"\\(?:u[0-9A-Fa-f]{0,4}(?:\\(?:u[0-9A-Fa-f]{0,4})?)?)?"
_KEY_UNIT = rf"(?:[^%s\\\n]|\\(?:[^u\n]|{_CODE_POINT}))*"
_KEYS_BEGUN = "|".join(mark + _KEY_UNIT % mark for mark in "\"'")
_KEYS = "|".join(mark + _KEY_UNIT % mark + mark for mark in "\"'")
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = rf"[ \t]*{_WORD}(?:\.{_WORD}|\[[ \t]*(?:-?[0-9]+|{_KEYS})[ \t]*\])*"
_STEP_BEGUN = rf"\.|\[[ \t]*(?:-?[0-9]*[ \t]*|(?:{_KEYS})[ \t]*|(?:{_KEYS_BEGUN})(?:{_ESCAPE_BEGUN})?)"
_UNIT = rf"(?:[^\"\\{{}}]|\{{\{{|\}}\}}|{_ESCAPE}|\{{{_PATH}[ \t]*\}})"
_UNIT_BEGUN = re.compile(rf"(?:\{{(?:[ \t]*|{_PATH}(?:[ \t]*|{_STEP_BEGUN}))|\}}|{_ESCAPE_BEGUN})\Z")

_TEMPLATE = {1: re.compile(rf"{_UNIT}*"), 3: re.compile(rf"(?:\"{{0,2}}{_UNIT})*")}
_TEXT = {
    1: re.compile(r"(?:[^\"\\]|\\.)*", re.DOTALL),
    3: re.compile(r"(?:\"{0,2}(?:[^\"\\]|\\.))*", re.DOTALL),
}
_QUOTES = re.compile(r'"*')
_TELLING = re.compile(r"[\"'\\\]}\n]")
"""Without one of these, a unit that has begun has not ended, or the string has not."""

Ends: TypeAlias = Callable[[str], bool]


class Certain:
    """Looks at one token, mark or comment after the other; `start` is where the one at hand begins."""

    def __init__(self) -> None:
        self.start = 0
        self._at = 0
        self._ends: Ends | None = None
        self._line = 0
        self._body = False
        self._plain = False
        self._begun = 0

    def move(self, text: str, at: int) -> bool:
        """Goes to what stands at or behind an offset; False where nothing has come but blanks."""
        if self._ends is None or at > self.start:
            found = _BLANKS.match(text, max(at, self.start))
            self.start = self._at = found.end() if found else at
            self._ends, self._body, self._plain, self._begun = None, False, False, 0
        return self.start < len(text)

    def certain(self, text: str) -> bool:
        """Whether what begins at `start` is there as a whole; asked again when the text has grown."""
        if self._ends is None:
            self._ends = self._way(text[self.start])
        return self._ends(text)

    def _way(self, letter: str) -> Ends:
        """How the end of what begins with this letter is found."""
        if run := _RUNS.get(letter):
            return lambda text: self._run(text, run)
        if letter == '"':
            return self._string
        if letter == "`":
            return self._code
        if letter in mend.QUOTES:
            return self._quoted
        if not letter.isascii():
            return lambda text: self._run(text, _FOREIGN)
        return self._signs if letter in _SIGN_LETTERS else _at_once

    def _run(self, text: str, run: re.Pattern[str]) -> bool:
        """Whether the letters of one kind that stand here are followed by another."""
        found = run.match(text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(text)

    def _signs(self, text: str) -> bool:
        """`->`, `==`; or `-3`, where the number may grow too."""
        if not self._run(text, _SIGNS):
            return False
        if text[self._at] not in "0123456789":
            return True
        self._ends = lambda text: self._run(text, _NUMBER)
        return self._ends(text)

    # --- strings

    def _string(self, text: str) -> bool:
        quotes = _QUOTES.match(text, self.start, self.start + 3)
        marks = len(quotes[0]) if quotes else 0
        if self.start + marks == len(text) and marks < 3:
            return False
        if marks == 2:
            return True
        self._at = max(self._at, self.start + marks)
        if not self._plain:
            closed = self._template(text, marks)
            if closed is not None:
                return closed
            self._plain, self._at = True, self.start + marks
        return self._text(text, marks)

    def _template(self, text: str, marks: int) -> bool | None:
        """Whether the string is closed, if it can be a template; None where it cannot."""
        if self._begun and not _TELLING.search(text, self._begun):
            self._begun = len(text)
            return False
        found = _TEMPLATE[marks].match(text, self._at)
        self._at = found.end() if found else self._at
        behind = self._quotes(text, marks)
        if behind is None or behind == len(text):
            return behind is None
        self._begun = len(text)
        return False if _UNIT_BEGUN.match(text, behind) else None

    def _text(self, text: str, marks: int) -> bool:
        found = _TEXT[marks].match(text, self._at)
        self._at = found.end() if found else self._at
        return self._quotes(text, marks) is None

    def _quotes(self, text: str, marks: int) -> int | None:
        """Where the quotes end that stand here; None where they close the string."""
        quotes = _QUOTES.match(text, self._at, self._at + marks)
        count = len(quotes[0]) if quotes else 0
        return None if count == marks else self._at + count

    def _quoted(self, text: str) -> bool:
        """A string between marks that are not `"`: it ends on its line, or is none."""
        first = text[self.start]
        self._at = max(self._at, self.start + 1)
        found = mend.quoted(first).match(text, self._at)
        self._at = found.end() if found else self._at
        following = text[self._at : self._at + 2]
        may_go_on = first in "'‘’" and len(following) == 1 and following != "\n"
        return following not in ("", "\\") and not may_go_on

    # --- Python

    def _code(self, text: str) -> bool:
        ticks = _TICKS.match(text, self.start)
        behind = ticks.end() if ticks else self.start
        if behind == len(text):
            return False
        self._at = max(self._at, behind)
        marks = behind - self.start
        if marks == 1:
            return self._run(text, _IN_LINE)
        if marks == 2:
            return self._double(text, behind)
        if marks not in (3, 4, 5):
            return True
        return self._closed_at_once(text, behind, marks) or (self._body and self._closed_below(text, marks))

    def _double(self, text: str, behind: int) -> bool:
        """Whether two backticks are closed by two on their line, surely are not, or stand around several lines."""
        opened = _DOUBLE_OPENS.match(text, behind)
        if opened is not None and opened.end() == len(text):
            return False
        if opened is None or not opened[0].endswith("\n"):
            if not self._run(text, _IN_LINE):
                return False
            following = text[self._at : self._at + 3]
            return following[0] == "\n" or len(following) == 3 or following[1:2] not in ("", "`")
        if text.find("``", max(behind, self._at - 1)) < 0:
            self._at = len(text)
            return False
        found = DOUBLE.match(text, self.start)
        return found is not None and found.end() < len(text)

    def _closed_at_once(self, text: str, behind: int, marks: int) -> bool:
        """Whether a fence is closed on its line, or that line cannot open a block; goes to the next line."""
        if self._body:
            return False
        line = text.find("\n", self._at)
        end = line if line >= 0 else len(text)
        if text.find("`" * marks, max(behind, self._at - marks), end) >= 0:
            return True
        if line > behind and text[line - 1] == "`":
            return True
        self._body, self._at = line >= 0, end
        self._line = end + 1
        return False

    def _closed_below(self, text: str, marks: int) -> bool:
        """Whether a line begins with the closing fence. `_line` is where the last one begins, blanks aside."""
        while True:
            if found := _FENCE_LINE.match(text, self._line):
                if len(found[1]) >= marks:
                    return True
                self._line = found.start(1)
                if found.end() == len(text):
                    return False
            line = text.find("\n", max(self._at, self._line))
            if line < 0:
                self._at = len(text)
                return False
            self._line = line + 1


def _at_once(_text: str) -> bool:
    return True
