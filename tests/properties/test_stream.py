"""However a text is split, what is handed over of it is what the parser makes of the whole."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason_dsl import format_flow, parse_lenient
from flowreason_dsl import syntax as s
from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.stream import Finished, Reader
from tests.strategies import flows

CORPUS = Path(__file__).parent.parent / "corpus"
SOUND = sorted([*(CORPUS / "valid").glob("*.flow"), *(CORPUS / "clean").glob("*.flow")])
TEXTS = [path.read_bytes().decode("utf-8") for path in SOUND]
BROKEN = [path.read_bytes().decode("utf-8") for path in sorted((CORPUS / "broken").glob("*.flow"))]

_PIECES = re.compile(r"\s+|\w+|`+|.", re.DOTALL)
_WORDS = """
{ } ( ) [ ] " \"\"\" ` ``` ```` ~~~ ; = -> --> == += # : , “ ” ' x 3 -3 3. 3e .5 3x é \\ \\u \\u00 f f" F
flow tool use pure else answer in given with match if for list dict dict[text, None elif True Here: <think> </think>
{x["a"]} {x['a"b']} {{ }} {x {x. {x[ {x["a "a" ""
"""
_JUNK = _WORDS.split()
_JUNK += [
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\ufeff",
    "\x00",
    "\n```\n",
    "\n`````\n",
    "\nHere it is:\n",
    "\nflow more() {",
    "\ud800",
]

junk = st.sampled_from(_JUNK)


def feed(pieces: list[str]) -> tuple[Reader, list[Finished | Diagnostic]]:
    reader = Reader()
    return reader, [item for piece in pieces for item in reader.feed(piece)]


def cut(text: str, seed: int) -> list[str]:
    """A text in pieces of many sizes."""
    rng, out = random.Random(seed), []
    while text:
        size = rng.choice((1, 1, 2, 3, 5, 20, 100))
        out.append(text[:size])
        text = text[size:]
    return out


def splits(text: str, seed: int = 0) -> list[list[str]]:
    return [[text], list(text), cut(text, seed)]


def spelled(node: Any) -> Any:
    """A tree with its spans, which do not take part in comparisons."""
    if is_dataclass(node):
        return type(node), [spelled(getattr(node, field.name)) for field in fields(node)]
    return [*map(spelled, node)] if isinstance(node, tuple) else node


def definitions(flow: s.Flow) -> list[tuple[Any, int, str]]:
    """All that a reader hands over of a flow, in the order in which it ends."""
    out: list[tuple[Any, int, str]] = []
    for each in sorted([*flow.flows, *flow.tools, *flow.uses], key=lambda each: each.span.start):
        if isinstance(each, s.FlowDef):
            out += statements(each.body, 1, each.name.text)
        out.append((each, 0, ""))
    return out


def statements(block: s.Block, depth: int, flow: str) -> Iterator[tuple[Any, int, str]]:
    for each in block.statements:
        yield from inside(each, depth, flow)
        yield each, depth, flow


def inside(node: Any, depth: int, flow: str) -> Iterator[tuple[Any, int, str]]:
    if isinstance(node, s.Block):
        yield from statements(node, depth + 1, flow)
    elif isinstance(node, s.For) and node.line:
        yield from inside(node.items, depth, flow)
        yield from inside(node.body.statements[0].value, depth, flow)
    elif is_dataclass(node):
        for field in fields(node):
            yield from inside(getattr(node, field.name), depth + isinstance(node, s.Match), flow)
    elif isinstance(node, tuple):
        for each in node:
            yield from inside(each, depth, flow)


def check_sound(text: str, seed: int = 0) -> None:
    """All that holds of a text that is a flow."""
    flow, found = parse_lenient(text)
    assert flow is not None
    wanted = definitions(flow)
    for pieces in splits(text, seed):
        reader, items = feed(pieces)
        assert reader.ok and reader.blocks == () and reader.text == text
        got = [(item.node, item.depth, item.flow) for item in items if isinstance(item, Finished)]
        assert len(got) == len(items)
        assert spelled(tuple(got)) == spelled(tuple(wanted[: len(got)]))
        assert all(isinstance(node, s.ToolDef) for node, *_ in wanted[len(got) :]), "only a tool has no end of its own"
        assert all(item.span == item.node.span for item in items if isinstance(item, Finished))
        assert spelled(reader.finish()[0]) == spelled(flow)
        assert reader.finish() == (flow, found)


def check_any(text: str, seed: int = 0) -> None:
    """All that holds of a text of whatever shape."""
    flow, found = parse_lenient(text)
    sequences = []
    for pieces in splits(text, seed):
        reader = Reader()
        handed: list[Finished] = []
        for piece in pieces:
            early = []
            for item in reader.feed(piece):
                if isinstance(item, Finished):
                    handed.append(item)
                else:
                    early.append(item)
            if early:
                assert not reader.ok
                now = {(d.code, d.span) for d in reader.finish()[1]}
                assert {(d.code, d.span) for d in early} <= now
        sequences.append([(item.span, item.depth, item.flow, repr(item.node)) for item in handed])
        assert reader.ok or errors(reader.finish()[1]), "an error that turned out to be none"
        if "<think" in text:
            continue
        assert reader.finish() == (flow, found)
        if reader.ok:
            taken, all_ = reader._lexer.out.tokens[: reader._opening.at], tokenize(text).tokens
            assert [repr(token) for token in taken] == [repr(token) for token in all_[: len(taken)]]
    assert sequences[0] == sequences[1] == sequences[2]


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_the_statements_of_the_corpus_are_handed_over_whatever_the_pieces(path: Path) -> None:
    check_sound(path.read_bytes().decode("utf-8"))


@settings(max_examples=50, deadline=None)
@given(flows.map(format_flow), st.integers(0, 1000))
def test_the_statements_of_any_flow_are_handed_over_whatever_the_pieces(text: str, seed: int) -> None:
    check_sound(text, seed)


def test_broken_texts_give_the_same_whatever_the_pieces() -> None:
    for text in BROKEN:
        check_any(text)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TEXTS), st.lists(st.tuples(st.floats(0, 1), junk | st.just("")), max_size=4), st.integers(0, 1000)
)
def test_texts_with_faults_give_the_same_whatever_the_pieces(
    text: str, changes: list[tuple[float, str]], seed: int
) -> None:
    pieces = _PIECES.findall(text)
    for place, piece in changes:
        pieces[int(place * (len(pieces) - 1))] = piece
    check_any("".join(pieces), seed)


_BITS = (
    "flow f() { x = 3 }",
    "tool t(a: text) -> int",
    "x = 3",
    "Here it is:",
    "It does much.",
    "```",
    "```flow",
    "}",
    "# note",
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(_BITS) | junk, max_size=8), st.sampled_from(("\n", " ", "\n\n")), st.integers(0, 1000))
def test_what_stands_around_flows_is_passed_over_whatever_the_pieces(bits: list[str], joint: str, seed: int) -> None:
    check_any(joint.join(bits), seed)


@settings(max_examples=120, deadline=None)
@given(st.lists(junk, max_size=10).map("".join), st.integers(0, 1000))
def test_any_text_gives_the_same_whatever_the_pieces(text: str, seed: int) -> None:
    check_any(f"flow f() {{ x = {text}", seed)
    check_any(text, seed)
