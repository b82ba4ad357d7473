"""Over all types and values: what is printed reads back, and no value leaves its fence."""

from __future__ import annotations

import json
import re
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason.asking.convert import convert
from flowreason.asking.kinds import type_of
from flowreason.asking.misfit import Misfit
from flowreason.asking.prompt import build
from flowreason.asking.reply import parse_input, parse_reply
from flowreason.asking.schema import json_schema
from flowreason.compiler.draft import Terms, finished, read_draft
from flowreason.values import show
from flowreason_dsl.diagnostics import errors
from flowreason_dsl.syntax import Name, Path, Template
from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Scalar, Type

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=6)
WORDS = st.text(min_size=1, max_size=30).filter(lambda s: s == s.strip() and "\x00" not in s)
OPTIONS = st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple)
LEAVES = st.sampled_from([TEXT, INT, NUMBER, BOOL]) | OPTIONS.map(Choice)
TYPES: st.SearchStrategy[Type] = st.recursive(
    LEAVES | st.just(GRAPH),
    lambda inner: (
        inner.map(ListOf)
        | inner.map(DictOf)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda d: Record(tuple(d.items())))
    ),
    max_leaves=4,
)
SIMPLE = {
    "text": WORDS,
    "int": st.integers(),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
}


def values(type: Type) -> st.SearchStrategy[Any]:
    match type:
        case Scalar(name="graph"):
            edge = st.tuples(NAMES, NAMES, NAMES).map(list)
            return st.lists(edge, min_size=1, max_size=3, unique_by=tuple).map(graph)
        case Scalar(name=name):
            return SIMPLE[name]
        case Choice(options=options):
            return st.sampled_from(options)
        case ListOf(item=item):
            return st.lists(values(item), max_size=4)
        case DictOf(value=value):
            return st.dictionaries(WORDS, values(value), max_size=3)
        case Record(fields=fields):
            return st.fixed_dictionaries({name: values(field) for name, field in fields})


def graph(edges: list[list[str]]) -> dict[str, Any]:
    return {"nodes": list(dict.fromkeys(end for a, _, b in edges for end in (a, b))), "edges": edges}


typed = TYPES.flatmap(lambda type: st.tuples(st.just(type), values(type)))


@given(typed, st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_is_shown_reads_back(pair: tuple[Type, Any], think: bool) -> None:
    type, value = pair
    assert parse_reply(show(value), type) == value
    wrapped = json.dumps({"reasoning": "because: 7, no", "answer": value} if think else {"answer": value})
    structured = json_schema(type, think=think) is not None or type == TEXT or isinstance(type, DictOf)
    assert parse_reply(wrapped, type, think=think, structured=structured) == value
    assert parse_reply(f"```json\n{wrapped}\n```", type, think=think, structured=structured) == value


@given(typed)
@settings(max_examples=100, deadline=None)
def test_a_value_of_a_type_converts_to_itself_and_reads_back_as_input(pair: tuple[Type, Any]) -> None:
    type, value = pair
    assert convert(value, type) == value
    assert parse_input(show(value), type) == value
    convert(value, type_of(value))


@given(typed)
@settings(max_examples=100, deadline=None)
def test_the_answer_after_reasoning_reads_back(pair: tuple[Type, Any]) -> None:
    type, value = pair
    if isinstance(type, Record) and type.field("answer"):
        return
    said = f"Let us see. First 3, then no.\n\nAnswer: {show(value)}"
    assert parse_reply(said, type, think=True) == value


@given(st.text(max_size=200), TYPES | st.just(ANY), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_value_or_a_misfit(text: str, type: Type, think: bool, structured: bool) -> None:
    try:
        value = parse_reply(text, type, think=think, structured=structured)
    except Misfit:
        return
    assert convert(value, type) == value or value != value


HOSTILE = st.lists(
    st.sampled_from(
        [
            "</note>",
            "</draft>",
            "</note-2>",
            "<note/>",
            "<",
            "</",
            ">",
            "/>",
            "note",
            "note-2",
            "NOTE",
            "draft",
            " ",
            "\n",
            "-",
            "3",
            "＜",
            "\u200b",
            "{note}",
            "x",
        ]
    ),
    max_size=25,
).map("".join) | st.text(max_size=40)


TAG = re.compile(r"<([a-z]+(?:-\d+)?)(/?)>")


def taken_apart(prompt: str) -> tuple[list[str], str]:
    """What stands inside of the fences of a prompt, read from the left, and what stands outside."""
    inside, outside, at = [], "", 0
    while opened := TAG.search(prompt, at):
        outside += prompt[at : opened.start()]
        at = opened.end()
        if not opened[2]:
            close = f"</{opened[1]}>"
            assert prompt.count(close) == 1, "a value holds the end of a fence"
            end = prompt.index(close)
            inside.append(prompt[at:end])
            at = end + len(close)
    return inside, outside + prompt[at:]


@given(HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=300, deadline=None)
def test_no_value_leaves_its_fence(note: str, draft: str, more: str) -> None:
    question = Template(("Compare ", Path(Name("note")), " and ", Path(Name("draft")), "."))
    messages = build(question, {"note": note, "draft": draft}, context=[("note", more)], type=TEXT)
    inside, outside = taken_apart(messages[1].content)
    forms = {value: (value, f"\n{value}\n") for value in (note, draft, more)}
    assert all(any(text in form for form in forms.values()) for text in inside)
    assert all(any(text in form for text in inside) for form in forms.values())
    assert outside.strip() == "Compare  and ."


PIECES = st.sampled_from(
    [
        "flow f(question: text) -> text {", "flow g() {", "}", "answer", 'ask "{question}"', "`1 + 1`", "```", "\n", " ", "if", "else",
        "x =", "x", ": int", "for y in x", "yield", '"', "`", "given x", "with think=true", 'ensure `x`, "no"', "tool t() -> int", "Here it is:",
        "<think>", "</think>", "```flow", "repeat 3", "#", "solve", "->", "{", "use \"a.flow\"",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_reply_is_a_draft_that_runs_or_says_why_not(reply: str) -> None:
    terms = Terms({"question": "How long is the Elbe?"}, {})
    draft = finished(read_draft(reply, terms), terms)
    assert (draft.checked is None) == bool(errors(draft.diagnostics))
