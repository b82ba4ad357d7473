"""What stands in a text where no token begins or none ends: texts and Python without an end, marks of other languages.

Invariant: each fault is told once, and reading goes on behind what it spoilt; where an end is guessed, what follows
it on its line reads as the flow language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flowreason_dsl import literals, mend
from flowreason_dsl.closing import end_of_code, end_of_text
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Comment
from flowreason_dsl.tokens import Token

MOST_FAULTS = 20
"""After so many unreadable places the rest of a text is not looked at."""
_SWALLOWED = re.compile(
    r"\n[ \t]*(?:[A-Za-z_]\w*[ \t]*(?::[^\n=]*)?=[ \t]*(?:ask|for|solve|run|emulate|sample|[`\"\w])"
    r"|answer[ \t]|(?:if|for|while|match|repeat)\b[^\n]*\{)"
)
"""A line inside a string that looks like a statement."""
DOUBLE = re.compile(
    r"``(?:[^`\n]+``(?!`)|[ \t]*(?:python|py)?[ \t\r]*\n(?P<body>(?:(?![ \t]*``)[^\n]*\n){0,100})[ \t]*``(?!`))",
    re.IGNORECASE,
)
"""Python between two backticks, on one line or on several."""
_FOREIGN_COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/)){0,5000}\*/", re.DOTALL)
_LINE = re.compile(r"[^\n]*")
_STRANGE = re.compile(r"[\u2013\u2014\u2212]+>|[-+*/%<>=!&|^~@?$]+|[^\x00-\x7f]+|.", re.DOTALL)


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


class Faulty:
    """The part of a reader that knows faults."""

    def __init__(self, text: str, wary: bool) -> None:
        self.text = text
        self.wary = wary
        self.out = Lexed()
        self.depth = 0
        self.faults = 0
        self.region = mend.Region(text, self.out.reports)

    def _add(self, kind: str, start: int, end: int, value: object) -> int:
        self.out.tokens.append(Token(kind, start, end, value))
        return end

    def _report(self, diagnostic: Diagnostic) -> None:
        self.out.reports.add(diagnostic)

    def _go_on(self, at: int) -> int:
        """Where reading goes on after a fault: at the end, if there were too many."""
        if self.faults < MOST_FAULTS:
            return at
        self.out.cut = True
        return len(self.text)

    def _line_around(self, at: int) -> str:
        end = self.text.find("\n", at)
        return self.text[self.text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(self.text)]

    # --- strings

    def _swallows(self, raw: str, end: int) -> bool:
        """Whether a string of several lines looks as if its last quote were the first of the next string."""
        following = self.text[end : end + 1]
        return following.isalnum() or (following != "" and following in '_{?"') or bool(_SWALLOWED.search(raw))

    def _runs_on(self, start: int, raw: str, end: int) -> bool:
        """Whether the last quote of a string looks like the first of the next one, on a line with an odd number."""
        following = self.text[end : end + 1]
        if following == "" or following.isspace() or following in '),]}:|;"`' or raw[-2:-1] not in tuple(" \t([,|=:"):
            return False
        line = self._line_around(start).replace('\\"', "")
        if line.count('"') % 2 == 0:
            return False
        rest = _LINE.match(self.text, start + 1)
        return rest is not None and end_of_text(rest[0].rstrip()) is not None

    def _closes_nothing(self, start: int) -> bool:
        """Whether a quote is the only one on its line, and ends a word."""
        line = self._line_around(start)
        before, following = self.text[start - 1 : start], self.text[start + 1 : start + 2]
        first = self.text.rfind('"', 0, start) < self.text.rfind("\n", 0, start) + 1
        return (
            first
            and line.count('"') % 2 == 1
            and not before.isspace()
            and (following in ("", ")", ",") or following.isspace())
        )

    def _asked(self, start: int) -> int | None:
        """The last word on the line of a quote behind which a text should have begun."""
        line = self.text.rfind("\n", 0, start) + 1
        tokens = self.out.tokens
        for at in range(len(tokens) - 1, -1, -1):
            if tokens[at].start < line:
                return None
            if tokens[at].type in ("ASK", "SOLVE"):
                return at if at + 1 < len(tokens) else None
        return None

    def _unopened_string(self, asked: int, end: int) -> int:
        """`ask What is it?"`"""
        self.faults += 1
        tokens = self.out.tokens
        start = tokens[asked + 1].start
        del tokens[asked + 1 :]
        found = self.out.reports.found
        found[:] = [each for each in found if each.span.start < start]
        message = 'a text that ends with `"` and does not begin with one'
        fix = Fix("begin it here", Span(start, start), '"')
        self._report(Diagnostic("syntax-unclosed-string", message, Span(start, end + 1), fix=fix))
        self._add("TEXT", start, end + 1, '""')
        return self._go_on(end + 1)

    def _unclosed_string(self, start: int) -> int:
        self.faults += 1
        marks = '"""' if self.text.startswith('"""', start) else '"'
        line = _LINE.match(self.text, start)
        end = len(self.text) if len(marks) == 3 or line is None else line.end()
        raw = self.text[start:end].rstrip()
        closes = self.text[start - 1 : start].isalnum() or self.text[start - 1 : start] in tuple(".?!}")
        stop = None if closes else end_of_text(raw[1:], self.text[end : end + 300]) if len(marks) == 1 else None
        if stop is not None:
            raw = raw[: stop + 1]
        elif raw.endswith("{") and self.text[end:].strip():
            raw = raw[:-1].rstrip()
        end = start + len(raw)
        message = f"a string that begins with `{marks}` and is never closed"
        fix = Fix("end it here", Span(end, end), '"') if stop is not None else None
        found = Diagnostic("syntax-unclosed-string", message, Span(start, end), help=f"end it with `{marks}`", fix=fix)
        self._report(found)
        self.out.cut = self.out.cut or not self.text[end:].strip()
        self._add("TEXT", start, end, '""')
        return self._go_on(end)

    def _quoted(self, start: int) -> int:
        """A string between marks that are not `"`."""
        first = self.text[start]
        closing = mend.QUOTES[first]
        found = mend.quoted(first).match(self.text, start + 1)
        if found is None or self.text[found.end() : found.end() + 1] not in tuple(closing):
            self.faults += 1
            return self._go_on(self._strange(start))
        end = found.end() + 1
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
        if fence == 2 and (double := DOUBLE.match(self.text, start)):
            return self._double(start, double.end(), double["body"] is not None)
        if fence == 2:
            message = "there is no Python between these backticks"
            self._report(Diagnostic("syntax-empty-code", message, Span(start, start + 2)))
            return self._add("CODE", start, start + 2, ("None", (start,)))
        self.faults += 1
        return self._go_on(self._unclosed_line(start) if fence == 1 else self._unclosed_fence(start, "`" * fence))

    def _double(self, start: int, end: int, block: bool) -> int:
        """Python between two backticks, where one stands, or three around several lines."""
        raw = self.text[start:end]
        mark = "```" if block else "`"
        where = "three backticks" if block else "single backticks"
        what = f"Python stands between {where}{' where it has several lines' if block else ''}"
        self._report(mend.hint("mended-ticks", what, Span(start, end), f"{mark}{raw[2:-2]}{mark}"))
        return self._add("BLOCK" if block else "CODE", start, end, literals.code(raw, start))

    def _unclosed_line(self, start: int) -> int:
        line = _LINE.match(self.text, start)
        raw = (line[0] if line else "`").rstrip()
        stop = end_of_code(raw[1:], bool(self.out.tokens) and self.out.tokens[-1].type == "ENSURE")
        if stop is not None:
            raw = raw[: stop + 1]
        elif raw.endswith("{") and len(raw) > 1:
            raw = raw[:-1].rstrip()
        end = start + len(raw)
        message = "Python that begins with a backtick and is not closed on its line"
        fix = Fix("close it here", Span(end, end), "`") if stop is not None else None
        help_ = None if fix else "close it where the Python ends"
        self._report(Diagnostic("syntax-unclosed-code", message, Span(start, end), help=help_, fix=fix))
        self.out.cut = self.out.cut or not self.text[end:].strip()
        return self._add("CODE", start, end, literals.code(raw + "`", start))

    def _swallows_code(self, start: int, raw: str) -> bool:
        """Whether the last backtick of a piece looks like the first of the next one, on a line with an odd number."""
        line = self._line_around(start)
        if line.count("`") % 2 == 0 or "``" in line:
            return False
        stop = end_of_code(raw[1:-1], False)
        return stop is not None and bool(raw[1 + stop : -1].strip())

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

    def _strange(self, at: int) -> int:
        if foreign := _FOREIGN_COMMENT.match(self.text, at):
            return self._foreign_comment(at, foreign[0])
        found = _STRANGE.match(self.text, at)
        end = found.end() if found else at + 1
        return self._add("STRANGE", at, end, self.text[at:end])

    def _foreign_comment(self, start: int, raw: str) -> int:
        """`/* … */`, perhaps over several lines."""
        end = start + len(raw)
        lines = [line.strip().removeprefix("*").strip() for line in raw[2:-2].split("\n")]
        line = _LINE.match(self.text, end)
        after = "\n" if line is not None and line[0].strip() else ""
        indent = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        between = "\n" + (indent if not indent.strip() else "")
        right = between.join(f"# {line}".rstrip() for line in lines if line) or "#"
        fix = Fix("begin its lines with `#`", Span(start, end), right + after)
        self._report(Diagnostic("syntax-comment", "a comment begins with `#`", Span(start, start + 2), fix=fix))
        return end
