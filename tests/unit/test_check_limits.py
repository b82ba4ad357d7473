"""No text within the limits of the parser takes the checker long, however it is shaped; what is too much is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flowreason_dsl.check import diagnose
from flowreason_dsl.check.findings import MOST_ERRORS, MOST_OTHERS
from flowreason_dsl.check.steps import Steps
from flowreason_dsl.parser import parse
from tests.growth import within

SHAPES: dict[str, tuple[str, Callable[[int], str], str]] = {
    "names that are not there": ("flow f() -> int {", lambda i: f"x{i} = y{i}", "answer 1 }"),
    "branches": ("flow f(n: int) -> int {", lambda i: f"a{i} = 1 if n {{ a{i} = 2 }}", "answer 1 }"),
    "ways out": ("flow f(n: int) -> int {", lambda i: f"if n {{ answer {i} }}", "answer 1 }"),
    "else if": ("flow f(n: int) -> int { if n { }", lambda i: f"else if n {{ a{i} = 1 }}", "answer 1 }"),
    "loops": ("flow f(n: list[int]) -> any { a = 1", lambda i: f"for x{i} in n {{ a = x{i} }}", "answer a }"),
    "breaks": ("flow f(n: int) -> int { repeat 9 {", lambda i: f"a{i} = 1 if n {{ break }}", "} answer 1 }"),
    "edges": ('flow f() -> text { a = ask "A?" b = ask "B?"', lambda i: "b -> a", "answer b }"),
    "calls": ("flow f(a: int) -> any { answer a }", lambda i: f"flow g{i}() -> any {{ answer g{i + 1}() }}", ""),
    "arguments": ("flow g() -> int { answer 1 } flow f() -> int { answer g(", lambda i: f"k{i}=1,", ") }"),
    "options": ('flow f(a: "z"', lambda i: f'| "o{i}"', ") -> text { answer a }"),
    "assignments in Python": ("flow f(a: int) -> any { answer ```", lambda i: f"x{i} = a and {i}", "a\n``` }"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_time_grows_with_the_text_and_not_with_its_square(shape: str) -> None:
    head, row, tail = SHAPES[shape]

    def work(rows: int) -> Callable[[], object]:
        flow = parse("\n".join([head, *(row(i) for i in range(rows)), tail]))
        return lambda: diagnose(flow)

    assert len(diagnose(parse("\n".join([head, *(row(i) for i in range(2000)), tail])))) <= MOST_ERRORS + MOST_OTHERS
    assert within(8, work(500), work(2000))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("flow f() -> any { " + "a = `1` " * 9_001 + "answer a }", "limit-python"),
        ("flow f() -> any { answer `[" + "1," * 100_001 + "]` }", "limit-python"),
        ("flow f() -> any { a = 1 b = 2 " + "a, " * 150 + "a -> " + "b, " * 150 + "b answer a }", "limit-edges"),
    ],
    ids=["pieces", "characters", "edges"],
)
def test_what_is_too_much_is_refused_with_the_limit_that_it_passes(text: str, code: str) -> None:
    (found,) = [each for each in diagnose(parse(text)) if each.code.startswith("limit")]
    assert found.code == code
    assert any(character.isdigit() for character in found.message)


def test_a_circle_is_found_through_edges_drawn_backwards() -> None:
    steps = Steps()
    a, b, c = steps.new(), steps.new(), steps.new()
    steps.need(a, by=b)
    assert steps.draw(c, a)
    assert steps.draw(c, b)
    assert not steps.draw(b, c)
    assert not steps.draw(a, c)


def test_what_is_read_through_a_join_is_used() -> None:
    steps = Steps()
    a, b, c = steps.new(), steps.new(), steps.new()
    joined = steps.join({a, b})
    assert joined is not None
    first = steps.head(joined)
    assert steps.join({c}) == c
    steps.read(first, by=None)
    assert {a, b} <= steps.used
    assert c not in steps.used
