"""Harmless deviations: what models write around and inside a flow that can be understood without asking back.

Invariant: each thing mended is told as a hint with the fix that would make the text strict, and nothing that could be
a statement of the flow is ever skipped.
"""

from __future__ import annotations

import re
from functools import cache

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.reports import Reports
from flowreason_dsl.source import Span

_DEFINITION = re.compile(
    r"^[ \t]*(?:flow[ \t]+\w+[ \t]*[({\-]|(?:pure[ \t]+)?tool[ \t]+\w+[ \t]*\(|use[ \t]+[\"“])", re.MULTILINE
)
_LEAD = re.compile(r"(?:\s|#[^\n]*\n|\ufeff)*")
_BETWEEN = re.compile(r"(?:[\s;]|#[^\n]*(?:\n|\Z))*")
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n`]*(?:\n|\Z)", re.MULTILINE)
_LABEL = re.compile(r"[^\n(){}]*:[ \t\r]*\n")
_GOES_ON = re.compile(r"(?:flow|tool|pure|use)\b|(?:import|include)[ \t]+\"|[\"“{}()\[\]|,:=;]|->")
_STATEMENT_LINE = re.compile(
    r"^[ \t]*(?:[A-Za-z_]\w*[ \t]*(?:=|:[^\n=]*=|->)|[A-Za-z_]\w*(?:\(|\[|\.\w)|[`\"{}]"
    r"|(?:if|else|for|match|while|repeat|sample|answer|yield|break|ask|given|with|ensure|run|solve|emulate)\b"
    r"|[^\n]*\{[ \t\r]*$|[^\n)]*\)[^\n{]*\{)",
    re.MULTILINE,
)
"""A line that could belong to a flow: text with such a line is never passed over, unless a fence stands before it."""

WORDS = {"True": (("TRUE",), "true"), "False": (("FALSE",), "false"), "elif": (("ELSE", "IF"), "else if")}
TYPES = {
    "str": "text",
    "string": "text",
    "String": "text",
    "Text": "text",
    "float": "number",
    "double": "number",
    "integer": "int",
    "Int": "int",
    "Integer": "int",
    "Float": "number",
    "Number": "number",
    "Boolean": "bool",
    "boolean": "bool",
    "Bool": "bool",
    "Any": "any",
    "object": "any",
    "array": "list",
    "Array": "list",
    "List": "list",
    "Dict": "dict",
    "map": "dict",
    "Map": "dict",
}
QUOTES = {"“": '“”"', "”": '“”"', "„": '“”"', "«": "»", "'": "'", "‘": "’'", "’": "’'"}


@cache
def quoted(first: str) -> re.Pattern[str]:
    """What stands in a string behind the quote that it begins with; an apostrophe in a word does not end it."""
    closing = QUOTES[first]
    apostrophe = rf"|[{closing}](?=\w)" if first in "'‘’" else ""
    return re.compile(rf"(?:[^\\\n{closing}]|\\.{apostrophe})*")


def hint(code: str, message: str, span: Span, replacement: str) -> Diagnostic:
    """A thing that was mended, and the change that makes it strict."""
    fix = Fix(f"write `{replacement.strip()}`" if replacement.strip() else "take it out", span, replacement)
    return Diagnostic(code, message, span, severity="hint", fix=fix)


def holds_flows(text: str) -> bool:
    """Whether a definition begins on one of the lines of a text."""
    return _DEFINITION.search(text) is not None


class Region:
    """Where in a text the flow stands, when a markdown fence or prose stands around it."""

    def __init__(self, text: str, reports: Reports) -> None:
        self.text = text
        self.reports = reports
        self._searched = (0, -1)
        self._holds_flows = holds_flows(text)
        self.start = self._begin()

    def _begin(self) -> int:
        """Where the first token may stand: behind prose and the fence that opens the flow."""
        lead = _LEAD.match(self.text)
        at = lead.end() if lead else 0
        first = _DEFINITION.search(self.text, self.text.rfind("\n", 0, at) + 1)
        goes_on = _GOES_ON.match(self.text, at) and not _LABEL.match(self.text, at)
        if first is None or first.start() <= at or goes_on:
            return 0
        fences = list(_FENCE.finditer(self.text, at, first.start()))
        if fences:
            return self._skip(at, fences[-1].end())
        if _STATEMENT_LINE.search(self.text, self.text.rfind("\n", 0, at) + 1, first.start()):
            return 0
        return self._skip(at, _before_comments(self.text, at, first.start()))

    def after(self, at: int) -> int:
        """Where reading goes on after a definition may have ended at `at`."""
        if not self._holds_flows:
            return at
        between = _BETWEEN.match(self.text, at)
        here = between.end() if between else at
        if here == len(self.text) or _GOES_ON.match(self.text, here):
            return at
        if not self._begins_line(here):
            return at
        fence = self.text.startswith(("```", "~~~"), here)
        line = self.text.rfind("\n", 0, here) + 1
        if not fence and _STATEMENT_LINE.search(self.text, line, self._next_definition(here)):
            return at
        return self._skip(here, self._next_definition(here))

    def _begins_line(self, at: int) -> bool:
        while at > 0 and self.text[at - 1] in " \t":
            at -= 1
        return at == 0 or self.text[at - 1] == "\n"

    def _next_definition(self, at: int) -> int:
        """Where the next definition begins; searched once for each, however often it is asked for."""
        start, end = self._searched
        if not start <= at <= end:
            following = _DEFINITION.search(self.text, at)
            self._searched = (at, following.start() if following else len(self.text))
        return self._searched[1]

    def _skip(self, start: int, end: int) -> int:
        shown = self.text[start:end].rstrip()
        fence = "```" in shown or "~~~" in shown
        code = "mended-fence" if fence else "mended-prose"
        what = "a markdown fence around the flow" if fence else "text that is not part of the flow"
        self.reports.add(hint(code, f"{what} is passed over", Span(start, start + len(shown)), ""))
        return end


def _before_comments(text: str, start: int, end: int) -> int:
    """Takes `end` back over the comment lines that stand directly before it."""
    lines = text[start:end].splitlines(keepends=True)
    while lines and (lines[-1].lstrip().startswith("#") or not lines[-1].strip()):
        end -= len(lines.pop())
    return end if lines else start
