"""From text to tokens and comments. Whatever the text, it gives tokens; what could not be read is reported.

Invariant: tokens stand in the order of the text and do not overlap; their offsets are those of the text as given,
also where a harmless spelling was mended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from flowreason_dsl import literals, mend
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Comment
from flowreason_dsl.tokens import Token

MOST_FAULTS = 20
"""After so many unreadable places the rest of a text is not looked at."""

MOST_DEPTH = 60
"""How deep braces and brackets may nest: deep enough for people, shallow enough for every walk over a tree."""

MOST_TOKENS = 100_000
"""How many words and marks a flow may have."""

_LONG_TEXT = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"""', re.DOTALL)
_BRACED_TEXT = re.compile(r'"(?:[^"\\{]|\\.|\{\{|\{[^{}"\n]*(?:"[^"\n]*"[^{}"\n]*)+\}|\{)*"', re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SWALLOWED = re.compile(
    r"\n[ \t]*(?:[A-Za-z_]\w*[ \t]*(?::[^\n=]*)?=[ \t]*(?:ask|for|solve|run|emulate|sample|[`\"\w])"
    r"|answer[ \t]|(?:if|for|while|match|repeat)\b[^\n]*\{)"
)
"""A line inside a string that looks like a statement."""
_SEMICOLONS = re.compile(r";(?:\s*;)*")
_LINE = re.compile(r"[^\n]*")
_STRANGE = re.compile(r"[-+*/%<>=!&|^~@?$]+|[^\x00-\x7f]+|.", re.DOTALL)
_LOOKALIKES = r"={2,3}|=>+|--+>?|->{2,}|<-+"
_ORDER = ("NAME", "TEMPLATE", "TEXT", "CODE", "COMMENT", "DECIMAL", "INT", "BLOCK")


@dataclass
class Lexed:
    """What a text consists of."""

    tokens: list[Token] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reports: Reports = field(default_factory=Reports)
    refused: bool = False
    """Whether a limit was met: then there are no tokens."""
    doubted: bool = False
    """Whether a string was taken to end earlier than its marks say."""
    cut: bool = False
    """Whether the end of the text could not be read: what seems missing there may not be missing."""


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


class _Reader:
    def __init__(self, text: str, wary: bool) -> None:
        self.text = text
        self.wary = wary
        self.out = Lexed()
        self.depth = 0
        self.nested = 0
        self.faults = 0
        self.region = mend.Region(text, self.out.reports)

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

    def _add(self, kind: str, start: int, end: int, value: object) -> int:
        self.out.tokens.append(Token(kind, start, end, value))
        return end

    def _report(self, diagnostic: Diagnostic) -> None:
        self.out.reports.add(diagnostic)

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
            if "\n" in raw and self._swallows(raw, end):
                self.out.doubted = True
                return self._unclosed_string(start)
        return self._add(kind, start, end, raw)

    def _swallows(self, raw: str, end: int) -> bool:
        """Whether a string of several lines looks as if its last quote were the first of the next string."""
        following = self.text[end : end + 1]
        return following.isalnum() or (following != "" and following in '_{?"') or bool(_SWALLOWED.search(raw))

    def _drop_prefix(self, start: int) -> None:
        """`f"…"` is `"…"` here."""
        last = self.out.tokens[-1] if self.out.tokens else None
        if last is not None and last.end == start and last.value in ("f", "F"):
            self.out.tokens.pop()
            self._report(mend.hint("mended-prefix", "values are put into any text; it needs no `f`", last.span, ""))

    def _faulty_string(self, start: int) -> int:
        """A string that is not closed, or holds an escape that is none."""
        self._drop_prefix(start)
        patterns = (_LONG_TEXT,) if self.text.startswith('"""', start) else (_BRACED_TEXT, _TEXT)
        for pattern in patterns if self.wary else patterns[-1:]:
            if found := pattern.match(self.text, start):
                return self._add("TEXT", start, found.end(), found[0])
        return self._unclosed_string(start)

    def _unclosed_string(self, start: int) -> int:
        self.faults += 1
        marks = '"""' if self.text.startswith('"""', start) else '"'
        line = _LINE.match(self.text, start)
        end = len(self.text) if len(marks) == 3 or line is None else line.end()
        raw = self.text[start:end].rstrip()
        if raw.endswith("{"):
            raw = raw[:-1].rstrip()
        end = start + len(raw)
        message = f"a string that begins with `{marks}` and is never closed"
        self._report(Diagnostic("syntax-unclosed-string", message, Span(start, end), help=f"end it with `{marks}`"))
        self.out.cut = self.out.cut or not self.text[end:].strip()
        self._add("TEXT", start, end, '""')
        return self._go_on(end)

    def _go_on(self, at: int) -> int:
        """Where reading goes on after a fault: at the end, if there were too many."""
        if self.faults < MOST_FAULTS:
            return at
        self.out.cut = True
        return len(self.text)

    def _quoted(self, start: int) -> int:
        """A string between marks that are not `"`."""
        first = self.text[start]
        closing = mend.QUOTES[first]
        found = re.compile(rf"(?:[^\\\n{closing}]|\\.)*[{closing}]").match(self.text, start + 1)
        if found is None:
            self.faults += 1
            return self._go_on(self._strange(start))
        end = found.end()
        inner = self.text[start + 1 : end - 1]
        span = Span(start, end)
        strict = '"' + inner.replace('"', '\\"') + '"'
        self._report(mend.hint("mended-quotes", 'a string stands between `"`', span, strict))
        return self._add("QUOTED", start, end, f'"{inner}"')

    # --- Python

    def _unclosed_code(self, start: int) -> int:
        if self.depth == 0 and (after := self.region.after(start)) != start:
            return after
        fence = len(self.text[start : start + 5]) - len(self.text[start : start + 5].lstrip("`"))
        if fence == 2:
            message = "there is no Python between these backticks"
            self._report(Diagnostic("syntax-empty-code", message, Span(start, start + 2)))
            return self._add("CODE", start, start + 2, ("None", (start,)))
        self.faults += 1
        return self._go_on(self._unclosed_line(start) if fence == 1 else self._unclosed_fence(start, "`" * fence))

    def _unclosed_line(self, start: int) -> int:
        line = _LINE.match(self.text, start)
        raw = (line[0] if line else "`").rstrip()
        if raw.endswith("{") and len(raw) > 1:
            raw = raw[:-1].rstrip()
        end = start + len(raw)
        message = "Python that begins with a backtick and is not closed on its line"
        fix = Fix("close it here", Span(end, end), "`")
        self._report(Diagnostic("syntax-unclosed-code", message, Span(start, end), fix=fix))
        self.out.cut = self.out.cut or not self.text[end:].strip()
        return self._add("CODE", start, end, literals.code(raw + "`", start))

    def _unclosed_fence(self, start: int, fence: str) -> int:
        stop = self.text.find(fence, start + len(fence))
        labels: tuple[Label, ...] = ()
        fix = None
        if stop >= 0:
            labels = (Label(Span(stop, stop + len(fence)), "this fence does not begin a line"),)
            fix = Fix("put the closing fence on a line of its own", Span(stop, stop), "\n")
        else:
            self.out.cut = True
        end = stop + len(fence) if stop >= 0 else len(self.text)
        message = f"a block of Python that begins with {len(fence)} backticks and is never closed"
        span = Span(start, start + len(fence))
        help_ = "close it with as many backticks at the beginning of a line"
        self._report(Diagnostic("syntax-unclosed-code", message, span, labels=labels, help=help_, fix=fix))
        raw = self.text[start : stop if stop >= 0 else end].rstrip("`")
        return self._add("BLOCK", start, end, literals.code(raw + "\n" + fence, start))

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

    def _strange(self, at: int) -> int:
        found = _STRANGE.match(self.text, at)
        end = found.end() if found else at + 1
        return self._add("STRANGE", at, end, self.text[at:end])
