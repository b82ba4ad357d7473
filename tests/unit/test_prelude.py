"""The prelude: its own examples hold, failed items do no harm, and it reads what models and people write."""

from __future__ import annotations

import doctest
import time
from typing import Any

import pytest

from flowreason_dsl import prelude
from flowreason_dsl.prelude import (
    best,
    clusters,
    letter,
    majority,
    nearest,
    numbers,
    options,
    parse_graph,
    present,
    top,
    weighted_vote,
    words,
)
from flowreason_dsl.programs import unfenced
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


POOL = [
    {"question": "How many eggs are left if 3 of 12 eggs break?", "kind": "sum"},
    {"question": "Who wrote the novel Emma?", "kind": "book"},
    {"question": "How many apples are left if 4 of 9 apples rot?", "kind": "sum"},
    {"question": "Which novel did Melville write?", "kind": "book"},
    {"question": "How many pears are left if 2 of 7 pears fall?", "kind": "sum"},
]


@pytest.mark.parametrize("by", ["question", lambda item: item["question"]])
def test_the_nearest_are_those_that_share_words_and_letters(by: Any) -> None:
    found = nearest(POOL, "How many plums are left if 5 of 8 plums rot?", 2, by)
    assert found == [POOL[2], POOL[4]] or found == [POOL[2], POOL[0]]
    assert nearest(POOL, "Who is the writer of the novels?", 1) == [POOL[1]]
    assert [each["kind"] for each in nearest(POOL, "the author of a novel", 2)] == ["book", "book"]


def test_the_nearest_are_ordered_bounded_and_equals_keep_their_order() -> None:
    texts = ["a red boat", None, "a red boat", "a blue house", ""]
    assert nearest(texts, "a red boat", 3) == ["a red boat", "a red boat", "a blue house"]
    assert nearest(texts, "a red boat", 99, None) == ["a red boat", "a red boat", "a blue house", ""]
    assert nearest(texts, "", 2) == ["a red boat", "a red boat"]
    assert nearest(texts, "boat", 0) == [] == nearest([], "boat", 3)
    twins = [{"question": "same", "at": at} for at in range(5)]
    assert [each["at"] for each in nearest(twins, "same", 3)] == [0, 1, 2]


def test_words_of_other_scripts_and_cases_are_compared() -> None:
    assert nearest(["ПРИВЕТ, мир", "東京は大きい"], "привет", 1) == ["ПРИВЕТ, мир"]
    assert nearest(["ПРИВЕТ, мир", "東京は大きい"], "東京は小さい", 1) == ["東京は大きい"]
    assert nearest(["the rivers", "the hills"], "a river", 1) == ["the rivers"]


def test_an_item_without_the_field_is_told_with_those_it_has() -> None:
    with pytest.raises(KeyError, match="no field 'question' to be compared by; it has q, a"):
        nearest([{"q": "x", "a": "y"}], "x", 1)


def test_alike_texts_come_into_one_group_and_every_text_into_one() -> None:
    texts = [each["question"] for each in POOL]
    groups = clusters([texts[0], None, *texts[1:]], 2)
    assert sorted(sorted(each) for each in groups) == [[0, 3, 5], [2, 4]]
    assert groups == clusters([texts[0], None, *texts[1:]], 2)
    assert sorted(at for group in clusters(texts, 4) for at in group) == [0, 1, 2, 3, 4]


def test_groups_have_their_most_typical_text_first() -> None:
    texts = ["apples rot", "apples and pears rot slowly in barns", "apples and pears rot", "pears rot"]
    (group,) = clusters(texts, 1)
    assert texts[group[0]] == "apples and pears rot" and sorted(group) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("texts", "count", "found"),
    [([], 3, []), (["a"], 0, []), (["a"], 3, [[0]]), (["same", "same"], 2, [[0, 1]]), (["", ""], 2, [[0, 1]])],
)
def test_groups_of_few_equal_or_empty_texts(texts: list[str], count: int, found: list[list[int]]) -> None:
    assert clusters(texts, count) == found


def test_groups_of_many_texts_do_not_take_long() -> None:
    texts = [f"How many {thing} are {number} and {number * 7}?" for number in range(100) for thing in "abcdefgh"]
    began = time.process_time()
    assert sorted(at for group in clusters(texts, 8) for at in group) == list(range(800))
    nearest(texts, "How many are there?", 5)
    assert time.process_time() - began < 8.0


@pytest.mark.parametrize("text", ["```" * 20_000, "`" * 60_000, "```\n" * 15_000, " " * 60_000, "~~~x\n" * 12_000])
def test_fences_without_end_do_not_take_long(text: str) -> None:
    began = time.process_time()
    unfenced(text)
    assert time.process_time() - began < 2.0
