"""From text to tokens and comments. Whatever the text, it gives tokens; what could not be read is reported.

Invariant: tokens stand in the order of the text and do not overlap; their offsets are those of the text as given,
also where a harmless spelling was mended.
"""

from __future__ import annotations

import re
from functools import cache

from flowreason_dsl import literals, mend
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.faulty import DOUBLE, MOST_FAULTS, Faulty, Lexed
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Comment
from flowreason_dsl.tokens import Token

__all__ = ["DOUBLE", "MOST_DEPTH", "MOST_FAULTS", "MOST_TOKENS", "Lexed", "tokenize"]

MOST_DEPTH = 60
"""How deep braces and brackets may nest: deep enough for people, shallow enough for every walk over a tree."""

MOST_TOKENS = 100_000
"""How many words and marks a flow may have."""

_LONG_TEXT = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"""', re.DOTALL)
_BRACED_TEXT = re.compile(r'"(?:[^"\\{]|\\.|\{\{|\{[^{}"\n]*(?:"[^"\n]*"[^{}"\n]*)+\}|\{)*"', re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SEMICOLONS = re.compile(r";(?:\s*;)*")
_LOOKALIKES = r"={2,3}|=>+|--+>?|->{2,}|<-+"
_ORDER = ("NAME", "TEMPLATE", "TEXT", "CODE", "COMMENT", "DECIMAL", "INT", "BLOCK")


@cache
def _pattern() -> re.Pattern[str]:
    """Blanks, then one token; marks are tried longest first. No group matches where the text is at fault."""
    patterns = grammar().patterns
    marks = "|".join(re.escape(mark) for mark in sorted(grammar().marks, key=len, reverse=True))
    groups = [f"(?P<{name}>{patterns[name]})" for name in _ORDER]
    groups[1:1] = [f"(?P<STRANGE>{_LOOKALIKES})", f"(?P<MARK>{marks})"]
    return re.compile(f"(?:{patterns['WS']})?(?:{'|'.join(groups)})?")


def tokenize(text: str, wary: bool = False) -> Lexed:
    """All tokens of a text, the last of them the end.

    `wary` is for texts that are known to be at fault: a string that spans lines and whose last quote looks like the
    first of another string is taken to end with its line, and quotes inside braces belong to their string.
    """
    return _Reader(text, wary).read()


class _Reader(Faulty):
    def __init__(self, text: str, wary: bool) -> None:
        super().__init__(text, wary)
        self.nested = 0

    def read(self) -> Lexed:
        end = len(self.text)
        self.go(self.region.start, end)
        self.out.tokens.append(Token(END, end, end, ""))
        return self.out

    def go(self, at: int, end: int) -> int:
        """Reads what begins before `end`; where reading goes on after it."""
        match, text = _pattern().match, self.text
        keywords, marks = grammar().keywords, grammar().marks
        tokens, comments = self.out.tokens, self.out.comments
        add = tokens.append
        while at < end:
            if len(tokens) + len(comments) > MOST_TOKENS:
                at = self._too_long(at)
                continue
            found = match(text, at)
            assert found is not None, "every part of the pattern is optional"
            kind = found.lastgroup
            if kind is None:
                at = self._fault(found.end())
                continue
            start, at = found.span(kind)
            if kind == "NAME":
                word = found[kind]
                if word not in keywords:
                    add(Token("NAME", start, at, word))
                elif word in mend.WORDS:
                    self._mended_word(word, start, at)
                else:
                    add(Token(keywords[word], start, at, word))
            elif kind == "MARK":
                mark = found[kind]
                add(Token(marks[mark], start, at, mark))
                if mark in "{}()[]":
                    at = self._bracket(mark, start, at)
            elif kind == "COMMENT":
                self._comment(start, at)
            else:
                at = self._long(kind, start, at)
        return at

    def _mended_word(self, word: str, start: int, end: int) -> None:
        tokens, span = self.out.tokens, Span(start, end)
        before = tokens[-1].type if tokens else ""
        kinds, right = mend.WORDS[word]
        if before == "DOT" or (word == "elif" and before != "RBRACE"):
            self._add(grammar().keywords[word], start, end, word)
            return
        self._report(mend.hint("mended-word", f"`{word}` is written `{right}`", span, right))
        for kind in kinds:
            self._add(kind, start, end, word)

    def _bracket(self, mark: str, start: int, at: int) -> int:
        """Keeps count of what is open; where nothing is, prose may follow."""
        if mark in "{[(":
            self.nested += 1
            self.depth += mark == "{"
            return at if self.nested <= MOST_DEPTH else self._too_deep(start)
        self.nested = max(0, self.nested - 1)
        if mark != "}":
            return at
        self.depth = max(0, self.depth - 1)
        return at if self.depth else self.region.after(at)

    def _too_deep(self, at: int) -> int:
        message = f"this nests deeper than {MOST_DEPTH} levels, which is the limit"
        return self._refuse("limit-depth", message, at, "move the inner part into a flow of its own")

    def _too_long(self, at: int) -> int:
        message = f"the flow has more than {MOST_TOKENS:,} words and marks, which is the limit"
        return self._refuse("limit-size", message, at, "hand large data in as parameters of the flow")

    def _refuse(self, code: str, message: str, at: int, help_: str) -> int:
        """Reads no further: what was read is dropped, so that nothing is said about it."""
        self.out.tokens.clear()
        self.out.comments.clear()
        self._report(Diagnostic(code, message, Span(at, at + 1), help=help_))
        self.out.cut = self.out.refused = True
        return len(self.text)

    def _comment(self, start: int, end: int) -> None:
        text = self.text[start:end].rstrip()
        line = self.text.rfind("\n", 0, start) + 1
        own_line = not self.text[line:start].strip()
        self.out.comments.append(Comment(text, own_line, Span(start, start + len(text))))

    def _long(self, kind: str, start: int, end: int) -> int:
        """A string, a number or a piece of Python."""
        raw = self.text[start:end]
        if kind in ("TEMPLATE", "TEXT"):
            return self._string(kind, start, end, raw)
        if kind == "STRANGE":
            return self._add(kind, start, end, raw)
        if kind in ("CODE", "BLOCK"):
            if self.depth == 0 and (after := self.region.after(start)) != start:
                return after
            if self.wary and kind == "CODE" and self._swallows_code(start, raw):
                self.faults += 1
                return self._go_on(self._unclosed_line(start))
            return self._add(kind, start, end, literals.code(raw, start))
        if self.text[end : end + 1].isalnum() or self.text[end : end + 1] == "_":
            return self._number_with_letters(start)
        return self._add(kind, start, end, literals.number(raw, start, self._report))

    def _number_with_letters(self, start: int) -> int:
        word = re.compile(r"[-.\w]+").match(self.text, start)
        end = word.end() if word else start + 1
        plain = self.text[start:end].replace("_", "")
        fix = Fix("leave out the underscores", Span(start, end), plain) if plain.lstrip("-").isdigit() else None
        message = f"`{self.text[start:end][:40]}` is neither a number nor a name"
        self._report(Diagnostic("syntax-number", message, Span(start, end), fix=fix))
        return self._add("INT", start, end, 0)

    # --- strings

    def _string(self, kind: str, start: int, end: int, raw: str) -> int:
        if raw == '""' and self.text.startswith('"', end):
            return self._faulty_string(start)
        self._drop_prefix(start)
        if self.wary and not raw.startswith('"""'):
            if kind == "TEXT" and (braced := _BRACED_TEXT.match(self.text, start)):
                end, raw = braced.end(), braced[0]
            if self._closes_nothing(start) and (asked := self._asked(start)) is not None:
                return self._unopened_string(asked, start)
            if self._swallows(raw, end) if "\n" in raw else self._runs_on(start, raw, end):
                self.out.doubted = True
                return self._unclosed_string(start)
        return self._add(kind, start, end, raw)

    def _drop_prefix(self, start: int) -> None:
        """`f"…"` is `"…"` here."""
        last = self.out.tokens[-1] if self.out.tokens else None
        if last is not None and last.end == start and last.value in ("f", "F"):
            self.out.tokens.pop()
            self._report(mend.hint("mended-prefix", "values are put into any text; it needs no `f`", last.span, ""))

    def _faulty_string(self, start: int) -> int:
        """A string that is not closed, or holds an escape that is none."""
        self._drop_prefix(start)
        if self.wary and self._closes_nothing(start) and (asked := self._asked(start)) is not None:
            return self._unopened_string(asked, start)
        patterns = (_LONG_TEXT,) if self.text.startswith('"""', start) else (_BRACED_TEXT, _TEXT)
        for pattern in patterns if self.wary else patterns[-1:]:
            if found := pattern.match(self.text, start):
                return self._add("TEXT", start, found.end(), found[0])
        return self._unclosed_string(start)

    # --- everything else

    def _fault(self, at: int) -> int:
        """Reads on where no token begins."""
        if at >= len(self.text):
            return at
        letter = self.text[at]
        if letter == '"':
            return self._faulty_string(at)
        if letter == "`":
            return self._unclosed_code(at)
        if found := _SEMICOLONS.match(self.text, at):
            around = (self.text[at - 1 : at], self.text[found.end() : found.end() + 1])
            apart = " " if all(letter.strip() for letter in around) else ""
            self._report(mend.hint("mended-semicolon", "statements need no `;`", Span(at, found.end()), apart))
            return found.end()
        if letter.isspace() or letter in "\u200b\u200c\u200d\u2060\ufeff":
            return at + 1
        return self._quoted(at) if letter in mend.QUOTES else self._strange(at)
