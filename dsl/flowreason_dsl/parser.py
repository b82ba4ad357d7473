"""Text to syntax tree: the first stage. Faults are collected, harmless spellings mended.

Invariant: any text gives a flow or diagnostics; nothing else is raised, however the text is shaped.
"""

from __future__ import annotations

from flowreason_dsl import aliases, unwrapping
from flowreason_dsl.diagnostics import Diagnostic, FlowSyntaxError, errors
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.reading import Reading
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Flow

MOST_BYTES = 1_000_000
"""How long a text may be."""
_MOST_READ_TWICE = 200_000


def parse(text: str, name: str = "<flow>") -> Flow:
    """The flow that a text says; `FlowSyntaxError` with all that is wrong where it does not follow the grammar."""
    flow, diagnostics = parse_lenient(text, name)
    if flow is None:
        raise FlowSyntaxError(diagnostics, Source(text.encode("utf-8", "replace").decode("utf-8"), name))
    return flow


def parse_lenient(text: str, name: str = "<flow>") -> tuple[Flow | None, list[Diagnostic]]:
    """The flow, or None where there are errors; and all errors and hints, in the order of the text.

    A text that follows the grammar is never refused, however much it looks as if something else had been meant.
    """
    flow, hints = parse_plain(text, name)
    if flow is not None:
        return flow, hints
    flow, diagnostics = parse_partial(text, name)
    return None if flow is None or flow.doubts or errors(diagnostics) else flow, diagnostics


def parse_plain(text: str, name: str = "<flow>") -> tuple[Flow | None, list[Diagnostic]]:
    """The flow that a text says to the letter, with its hints; None, and nothing of use, where there are errors."""
    source = Source(text, name)
    if refused := _refused(source):
        return None, [refused]
    plain = Reading(source, tokenize(text), plain=True).read()
    return plain.flow, _in_order(plain)


def parse_partial(text: str, name: str = "<flow>") -> tuple[Flow | None, list[Diagnostic]]:
    """What could be read, also of a text with errors; and all errors and hints, in the order of the text.

    The flow has `doubts` where there are errors, and is None only where nothing in the text is a flow.
    """
    source = Source(text, name)
    if refused := _refused(source) or unwrapping.escaped(text):
        return None, [refused]
    around, text = unwrapping.unwrapped(text)
    lexed = tokenize(text)
    if named := aliases.find(text, lexed.tokens):
        text = aliases.without(text, named)
        lexed = tokenize(text)
    reading = Reading(source, lexed, named=named).read()
    if reading.flow is None and not reading.lexed.refused and len(text) <= _MOST_READ_TWICE:
        second = Reading(source, tokenize(text, wary=True), named=aliases.anew(named))
        reading = _closer(reading, second.read())
    return reading.flow or reading.partial, [*around, *_in_order(reading)]


def _in_order(reading: Reading) -> list[Diagnostic]:
    return sorted(reading.reports.found, key=lambda d: (d.span.start, d.span.end, d.code))


def _closer(first: Reading, second: Reading) -> Reading:
    """Of two readings of a text that is at fault, the one that is likelier to be right.

    A string that swallowed the next one hides what stands in it; otherwise fewer complaints are nearer to the truth.
    """
    better = second.lexed.doubted or second.reports.errors <= first.reports.errors
    return second if second.reports.errors and better else first


def _refused(source: Source) -> Diagnostic | None:
    """Why a text is not even looked at."""
    try:
        size = len(source.text.encode("utf-8"))
    except UnicodeEncodeError as error:
        message = "half of a character (a lone surrogate) stands here"
        return Diagnostic("encoding-utf8", message, Span(error.start, error.end))
    if size > MOST_BYTES:
        message = f"the text has {size:,} bytes; a flow may have {MOST_BYTES:,}"
        help_ = "hand large texts in as parameters of the flow"
        return Diagnostic("limit-size", message, Span(0, 1), help=help_)
    return None


def decode(data: bytes, name: str = "<flow>") -> str:
    """The text of a file; `FlowSyntaxError` where it is not UTF-8. A byte order mark is dropped."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data.removeprefix(b"\xef\xbb\xbf")[: error.start].decode("utf-8", errors="replace")
        source = Source(data.decode("utf-8-sig", errors="replace"), name)
        line = source.position(len(good))[0]
        message = f"line {line} holds bytes that are not UTF-8"
        found = Diagnostic("encoding-utf8", message, Span(len(good), len(good) + 1), help="save the file as UTF-8")
        raise FlowSyntaxError([found], source) from error
