"""Text and tree say the same: what is printed parses back, what is formatted stays, what is broken is reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason_dsl import FlowSyntaxError, decode, format_flow, format_text, literals, parse, parse_lenient, render
from flowreason_dsl import syntax as s
from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.grammar import grammar
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.source import Source
from tests.strategies import flows, texts

CORPUS = [path.read_text("utf-8") for path in sorted((Path(__file__).parent.parent / "corpus/valid").glob("*.flow"))]
_PIECES = re.compile(r"\s+|\w+|`+|.", re.DOTALL)
_JUNK = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    '"',
    '"""',
    "`",
    "```",
    "\n",
    ";",
    "=",
    "->",
    "-->",
    "flow",
    "else",
    "“",
    "'",
    "#",
]
_JUNK += [
    "answer",
    "in",
    "x",
    "3",
    ":",
    ",",
    "\\",
    "\x00",
    "é",
    "given",
    "with",
    "match",
    "+=",
    "None",
    "\r\n",
    "\u2028",
]

_NAMED_BY_A_WORD = "in = 4"
_FAULTS = [
    "zz = = 3",
    "qq = a + b",
    "ask oops",
    "for q r in a { yield q }",
    'ww = ask "{a + 1}"',
    "if b > 3 { c = 4 }",
    "return 4",
    "zz: strng = 3",
    _NAMED_BY_A_WORD,
    "zz = [1, 2]",
    "zz = f(a b)",
    "while a < 3 max 4 { b = 3 }",
    'zz = ask "why?" given',
    "zz = `a",
    "a, b = f(x)",
    "answer {a}",
    "zz = 3 +",
    "// a remark",
    'ask "Why?',
]

sources = st.sampled_from(CORPUS)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A flow of the corpus with some of its words taken out, doubled, or replaced by others."""
    pieces = _PIECES.findall(draw(sources))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces) - 1))
        size = draw(st.sampled_from([1, 1, 1, 3, 10]))
        pieces[at : at + draw(st.sampled_from([0, size]))] = draw(st.lists(st.sampled_from(_JUNK), max_size=2))
        pieces = pieces or [""]
    return "".join(pieces)


def statement_starts(node: object) -> list[int]:
    """Where statements begin on a line of their own."""
    if isinstance(node, s.For) and node.line:
        return []
    if isinstance(node, tuple):
        return [start for item in node for start in statement_starts(item)]
    if not is_dataclass(node) or isinstance(node, Source):
        return []
    own = [statement.span.start for statement in node.statements] if isinstance(node, s.Block) else []
    return own + [start for one in fields(node) for start in statement_starts(getattr(node, one.name))]


def codes(node: object) -> Iterator[s.Code]:
    """All pieces of Python in a tree."""
    if isinstance(node, s.Code):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from codes(item)
    elif is_dataclass(node) and not isinstance(node, Source):
        for one in fields(node):
            yield from codes(getattr(node, one.name))


def same(first: object, second: object) -> bool:
    """Equality that a failing test does not spell out: the differences of two large trees take all memory."""
    return first == second


def assert_told(text: str, flow: s.Flow | None, diagnostics: list[Diagnostic]) -> None:
    """There is a flow or an error, all in the text, and all of it can be shown."""
    assert (flow is None) == bool(errors(diagnostics))
    for found in diagnostics:
        for span in (found.span, *(label.span for label in found.labels), *([found.fix.span] if found.fix else [])):
            assert 0 <= span.start <= span.end <= max(1, len(text)), found
    assert render(diagnostics, Source(text)) or not diagnostics


@settings(max_examples=100, deadline=None)
@given(flows)
def test_a_printed_tree_parses_back_to_itself(flow: s.Flow) -> None:
    text = format_flow(flow)
    again = parse(text)
    assert same(again, flow), text
    assert same(format_flow(again), text), text


@settings(max_examples=60, deadline=None)
@given(flows)
def test_each_line_of_python_stands_where_its_offset_says(flow: s.Flow) -> None:
    text = format_flow(flow)
    for code in codes(parse(text)):
        for line, offset in zip(code.text.split("\n"), code.lines, strict=True):
            assert text[offset : offset + len(line)] == line


@settings(max_examples=120, deadline=None)
@given(sources | flows.map(format_flow), st.data())
def test_comments_anywhere_stay_in_order_and_formatting_twice_changes_nothing(text: str, data: st.DataObject) -> None:
    ends = [token.end for token in tokenize(text).tokens]
    chosen = sorted(data.draw(st.sets(st.sampled_from(ends), min_size=1, max_size=4)), reverse=True)
    for number, at in enumerate(chosen):
        own_line = data.draw(st.sampled_from(["", "\n", "\n\n", "\n    "]))
        text = f"{text[:at]} {own_line}# note {len(chosen) - number}\n{text[at:]}"
    flow = parse(text)
    once = format_flow(flow)
    assert [c.text for c in parse(once).comments] == [c.text for c in flow.comments]
    assert same(parse(once), flow), once
    assert same(format_text(once), once), once


@settings(max_examples=250, deadline=None)
@given(damaged())
def test_a_damaged_flow_is_a_flow_or_a_report(text: str) -> None:
    assert_told(text, *parse_lenient(text))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_flow_or_a_report(data: bytes) -> None:
    try:
        text = decode(data)
    except FlowSyntaxError as error:
        assert error.diagnostics[0].code == "encoding-utf8"
        return
    assert_told(text, *parse_lenient(text))


@settings(max_examples=300, deadline=None)
@given(texts | st.text("\"\\{}[]u0d8cx. \n'", max_size=12))
def test_the_terminals_for_strings_say_what_their_readers_say(inner: str) -> None:
    for name, read in (("TEMPLATE", literals.template), ("TEXT", literals.text)):
        for marks in ('"', '"""'):
            raw = marks + inner + marks
            matched = re.fullmatch(grammar().patterns[name], raw)
            whole = re.fullmatch(r'"""(?:"{0,2}[^"\\]|"{0,2}\\.)*"""|"(?:[^"\\]|\\.)*"', raw, re.DOTALL)
            faults: list[Diagnostic] = []
            if whole and (marks == '"""' or not raw.startswith('"""')):
                read(raw, 0, len(marks), faults.append)
                assert (matched is not None) == (not faults), (name, raw, faults)


@settings(max_examples=200, deadline=None)
@given(sources, st.data())
def test_independent_faults_are_as_many_reports(text: str, data: st.DataObject) -> None:
    places = statement_starts(parse(text))
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=5, unique=True))
    left = list(_FAULTS)
    for place in sorted(chosen, reverse=True):
        line_begin = text.rfind("\n", 0, place) + 1
        fault = data.draw(st.sampled_from(left))
        if fault == _NAMED_BY_A_WORD:  # a second time it is no fault of its own: one fix renames it everywhere
            left.remove(fault)
        text = f"{text[:place]}\n{fault}\n{' ' * (place - line_begin)}{text[place:]}"
    flow, diagnostics = parse_lenient(text)
    assert flow is None
    assert len(errors(diagnostics)) == len(chosen), render(diagnostics, Source(text))


def test_one_word_too_few_is_one_report_nearly_always() -> None:
    counts: list[int] = []
    for text in CORPUS:
        for token in tokenize(text).tokens[::3]:
            counts.append(len(errors(parse_lenient(text[: token.start] + text[token.end :])[1])))
    assert len(counts) > 500
    assert sum(count <= 1 for count in counts) > 0.97 * len(counts)


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_what_was_mended_is_mended_for_good_by_its_fixes(text: str) -> None:
    flow, found = parse_lenient(text)
    if flow is None or not found:
        return
    for hint in sorted(found, key=lambda d: d.span.start, reverse=True):
        assert hint.fix is not None
        text = text[: hint.fix.span.start] + hint.fix.replacement + text[hint.fix.span.end :]
    assert same(parse_lenient(text), (flow, [])), text
