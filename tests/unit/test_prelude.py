"""The prelude: its own examples hold, failed items do no harm, and it reads what models and people write."""

from __future__ import annotations

import doctest
import time
from typing import Any

import pytest

from flowreason_dsl import prelude
from flowreason_dsl.prelude import (
    best,
    letter,
    majority,
    numbers,
    options,
    parse_graph,
    present,
    top,
    weighted_vote,
    words,
)
from flowreason_dsl.python_world import PRELUDE


def test_the_examples_in_the_prelude_hold() -> None:
    found = doctest.testmod(prelude)
    assert found.attempted >= len(prelude.__all__)
    assert found.failed == 0


def test_the_language_knows_exactly_the_prelude() -> None:
    assert set(prelude.__all__) == PRELUDE


def test_failed_items_do_not_vote_and_are_not_ranked() -> None:
    assert majority([None, "a", None, "b", "b"]) == "b"
    assert weighted_vote(["a", None, "b"], [1, 9, None]) == "a"
    assert best([None, 2, 3]) == 3
    assert top(["a", None, "b"], 5, [1, 9, 2]) == ["b", "a"]
    assert present([0, None, "", False]) == [0, "", False]
    assert majority([None], default="nobody") == "nobody"
    assert best([]) is None and top([], 3) == []


@pytest.mark.parametrize(
    ("items", "winner"),
    [
        (["6", "six", "6"], "6"), ([6, 6.0, 7, 7, 6], 6), (["Yes", "no", "yes."], "Yes"), ([[1, 2], [1, 2], [2]], [1, 2]),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}], {"a": 1, "b": 2}), (["a", "b", "b", "a"], "a"), ([True, False, True], True), ([{1}, {2}, {1}], {1}),
    ],
)  # fmt: skip
def test_equal_answers_vote_together_and_the_earliest_of_equals_wins(items: list[Any], winner: Any) -> None:
    assert majority(items) == winner


def test_weights_may_stand_beside_items_in_pairs_or_in_a_dict() -> None:
    assert weighted_vote(["x", "y", "y"], [0.9, 0.3, 0.4]) == "x"
    assert weighted_vote([("x", 1), None, ("y", 2)]) == "y"
    assert weighted_vote({"x": 3, "y": 2}) == "x"


def test_items_are_ranked_by_scores_fields_and_functions() -> None:
    rivers = [{"name": "Oder", "km": 840}, {"name": "Elbe", "km": 1094}, {"name": "Spree"}]
    assert [each["name"] for each in top(rivers, 2, "km")] == ["Elbe", "Oder"]
    assert best(["tea", "coffee"], by=len) == "coffee"
    assert top([1, 2, 3], 2, lambda n: -n) == [1, 2]
    with pytest.raises(ValueError, match="2 items, but 1 scores"):
        best([1, 2], [1])


def test_words_keep_apostrophes_and_hyphens() -> None:
    assert words("“It’s” a well-known café, isn't it? (No. 5)") == [
        "It’s",
        "a",
        "well-known",
        "café",
        "isn't",
        "it",
        "No",
        "5",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,200 eggs at 0.25", [1200, 0.25]), ("-3 and +4", [-3, 4]), ("3-5 days in 1980-1990", [3, 5, 1980, 1990]), ("[1,2,3]", [1, 2, 3]), ("$5.50, 10%", [5.5, 10]),
        ("1e3 and 2.5E-2", [1000.0, 0.025]), ("room B12 on v2", []), ("It is 42.", [42]), (".5 of it", [0.5]), ("1,234,567.89", [1234567.89]), ("none", []), ("", []), (7, [7]),
        ("−4 °C", [-4]), ("x=-3", [-3]), ("3.14.15", [3.14]), ("12:30", [12, 30]), (None, []),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: Any, found: list[float]) -> None:
    assert numbers(text) == found


QUESTION = "Which is a river?\n(A) Everest\n(B) the Rhine\n(C) Sahara"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (QUESTION, {"A": "Everest", "B": "the Rhine", "C": "Sahara"}), ("Pick: (a) yes, (b) no", {"A": "yes", "B": "no"}), ("A. one\nB. two\nC. three", {"A": "one", "B": "two", "C": "three"}),
        ("A) 5 km B) 7 km", {"A": "5 km", "B": "7 km"}), ("Options:\nA: red\nB: blue\n\nThink first.", {"A": "red", "B": "blue"}), ("a) x\nb) y", {"A": "x", "B": "y"}),
        ("Mr. A. Smith met B. Jones", {"A": "Smith met", "B": "Jones"}), ("no choices here", {}), ("(A) only one", {}), ("[A] x [B] y", {"A": "x", "B": "y"}),
    ],
)  # fmt: skip
def test_choices_are_found_by_their_letters(text: str, found: dict[str, str]) -> None:
    assert options(text) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("B", "B"), ("(B)", "B"), ("b", "B"), ("B.", "B"), ("B) the Rhine", "B"), ("The answer is (B).", "B"), ("Answer: B", "B"), ("**Answer: B**", "B"), ("So the correct option is C, not B", "C"),
        ("the Rhine", "B"), ("The Rhine.", "B"), ("It must be the Rhine, a river.", "B"), ("Everest or Sahara", None), ("D", None), ("", None), (None, None), ("I do not know", None),
        ("First I thought the answer is A. Now the answer is C.", "C"),
    ],
)  # fmt: skip
def test_an_answer_names_its_letter(said: str | None, found: str | None) -> None:
    assert letter(said, QUESTION) == found
    assert letter(said, options(QUESTION)) == found


def test_a_number_names_the_choice_that_says_it() -> None:
    assert letter(6, {"A": "5", "B": "6"}) == "B"
    assert letter(6.0, {"A": "5", "B": "6"}) == "B"


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("rain -> flood", [["rain", "", "flood"]]), ("rain -[causes]-> flood", [["rain", "causes", "flood"]]), ("a --> b --> c", [["a", "", "b"], ["b", "", "c"]]),
        ("(rain; causes; flood)(flood; harms; crops)", [["rain", "causes", "flood"], ["flood", "harms", "crops"]]), ("- rain → flood\n- rain → flood", [["rain", "", "flood"]]),
        ("rain | causes | flood", [["rain", "causes", "flood"]]), ("nothing here", []), ("a -->|then| b", [["a", "then", "b"]]),
    ],
)  # fmt: skip
def test_graphs_are_read_from_lines(text: str, edges: list[list[str]]) -> None:
    found = parse_graph(text)
    assert found["edges"] == edges
    assert found["nodes"] == list(dict.fromkeys(end for first, _, last in edges for end in (first, last)))


@pytest.mark.parametrize("function", [words, numbers, options, parse_graph, lambda text: letter(text, QUESTION)])
@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "1," * 20_000,
        "(A) " * 5_000,
        "-" * 20_000,
        "--x" * 7_000,
        "answer " * 5_000,
        "1" * 20_000,
        " " * 20_000,
    ],
)
def test_no_text_takes_long(function: Any, text: str) -> None:
    began = time.process_time()
    function(text)
    assert time.process_time() - began < 2.0


def test_arguments_are_left_as_they_are() -> None:
    items: list[Any] = [3, None, 1]
    top(items, 2)
    majority(items)
    assert items == [3, None, 1]
