"""A fault that leaves something open is told once, where it stands, and nothing is told that only follows from it."""

from __future__ import annotations

import pytest

from flowreason_dsl.check import find_all
from flowreason_dsl.diagnostics import errors
from flowreason_dsl.source import Source

FLOWS = {
    "what a match of nobody knows covers": (
        (
            'flow dye(item: text) -> text {\n  match colourr { "red" { dye = "madder" } "blue" { dye = "woad" } }\n'
            "  answer dye\n}"
        ),
        [("name-unknown", 2)],
    ),
    "what a match of nothing covers": (
        'flow dye(item: text) -> text {\n  match { "red" { answer "madder" } "blue" { answer "woad" } }\n}',
        [("syntax-brackets", 2)],
    ),
    "a step that is compared": (
        'flow dye(item: text) -> text {\n  plant == ask "Which plant dyes {item}?"\n  answer plant\n}',
        [("syntax-python", 2)],
    ),
    "rounds without a number": (
        (
            "flow dye(item: text) -> text {\n"
            '  repeat until `len(plant) > 3` { plant = ask "A plant for {item}?" }\n  answer plant\n}'
        ),
        [("syntax-bound", 2)],
    ),
    "a way that returns": (
        'flow dye(n: int) -> text {\n  if `n > 2` { return "plenty" } else { plant = "woad" }\n  answer plant\n}',
        [("syntax-python-word", 2)],
    ),
    "given, and an edge on the next line": (
        (
            "flow dye(item: text) -> text {\n"
            '  a = ask "A plant for {item}?"\n  b = ask "How much of it?" given\n  a -> b\n  answer b\n}'
        ),
        [("syntax-missing-value", 3)],
    ),
    "a setting, and an if on the next line": (
        (
            "flow dye(item: text) -> text {\n"
            '  a: bool = ask "Is {item} wool?" with temperature=\n  if a { answer "madder" }\n  answer "woad"\n}'
        ),
        [("syntax-missing-value", 2)],
    ),
    "a setting, and a step on the next line": (
        (
            "flow dye(item: text) -> text {\n"
            '  a = ask "What is {item}?" with temperature=\n  b: int = ask "How much?"\n  answer "{a} {b}"\n}'
        ),
        [("syntax-missing-value", 2)],
    ),
    "a question without its text": (
        'flow dye(item: text) -> text {\n  a: int = ask\n  b: int = ask "How much {item}?"\n  answer "{a} {b}"\n}',
        [("syntax-missing-value", 2)],
    ),
}


@pytest.mark.parametrize("name", FLOWS)
def test_it_is_told_once_and_where_it_stands(name: str) -> None:
    text, expected = FLOWS[name]
    source = Source(text)
    assert [(each.code, source.position(each.span.start)[0]) for each in errors(find_all(text))] == expected
