"""Reads the plain regular expressions of the grammar file: letters, classes, groups, choices and repetition.

Invariant: anything beyond that (a lookaround, a shorthand such as `\\b`) is refused, for no other notation has it.
"""

from __future__ import annotations

import re

from flowreason_dsl.export.parts import Letters, Many, Part, Text, either, row

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_MARKS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def read_expression(pattern: str) -> Part:
    """The part that a regular expression stands for. Raises `ValueError` for what is not plain."""
    reader = _Reader(pattern)
    part = reader.choice()
    if reader.at < len(pattern):
        raise reader.refused()
    return part


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def refused(self) -> ValueError:
        return ValueError(f"no plain regular expression, from {self.at} on: {self.pattern}")

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        letter = self.peek()
        if not letter:
            raise self.refused()
        self.at += 1
        return letter

    def choice(self) -> Part:
        options = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            options.append(self.sequence())
        return either(*options)

    def sequence(self) -> Part:
        parts: list[Part] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.single()))
        return _joined(parts)

    def repeated(self, part: Part) -> Part:
        letter = self.peek()
        if letter in _MARKS and letter:
            self.at += 1
            return Many(part, *_MARKS[letter])
        if count := _COUNT.match(self.pattern, self.at):
            self.at = count.end()
            least = int(count[1])
            return Many(part, least, (int(count[3]) if count[3] else None) if count[2] else least)
        return part

    def single(self) -> Part:
        letter = self.take()
        if letter == "(":
            if self.peek() == "?":
                raise self.refused()
            part = self.choice()
            if self.take() != ")":
                raise self.refused()
            return part
        if letter == "[":
            return self.letters()
        if letter in ".^$*+?{" and not (letter == "{" and not _COUNT.match(self.pattern, self.at - 1)):
            raise self.refused()
        return Text(self.escaped() if letter == "\\" else letter)

    def escaped(self) -> str:
        letter = self.take()
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter.isalnum():
            raise self.refused()
        return letter

    def letters(self) -> Letters:
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]" or not ranges:
            first = self.letter()
            last = first
            if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                last = self.letter()
            ranges.append((ord(first), ord(last)))
        self.at += 1
        return Letters(tuple(ranges), negated)

    def letter(self) -> str:
        letter = self.take()
        return self.escaped() if letter == "\\" else letter


def _joined(parts: list[Part]) -> Part:
    """The parts in a row, letters that stand side by side as one text."""
    out: list[Part] = []
    for part in parts:
        if out and isinstance(part, Text) and isinstance(last := out[-1], Text):
            out[-1] = Text(last.value + part.value)
        else:
            out.append(part)
    return row(*out)
