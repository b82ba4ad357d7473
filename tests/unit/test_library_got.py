"""The graph of thoughts on its tasks of sorting, intersecting and counting: how the parts go, and which tries are kept."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

import flowreason as fr
from tests.library import FAILS, Prompt, Ran, run


def lists_in(prompt: str) -> list[list[int]]:
    """The lists of numbers that a prompt shows, in order."""
    return [json.loads(each) for each in re.findall(r"\[[\d, -]*\]", prompt)]


def some(count: int) -> list[int]:
    draws = random.Random(count)
    return [draws.randrange(10) for _ in range(count)]


# --- sorting ---


def well(prompt: str, number: int) -> list[int]:
    """Sorts, or merges, all that a prompt shows."""
    return sorted(n for each in lists_in(prompt) for n in each)


def sort(numbers: list[int], sorts: Any = well, merges: Any = well, mends: Any = FAILS, **options: Any) -> Ran:
    question = options.pop("question", f"Sort this list of integers in ascending order: {numbers}")
    script = {"Sort these numbers": sorts, "Merge these two": merges, "has mistakes": mends}
    return run("got_sorting", script, question=question, **options)


@pytest.mark.parametrize(
    ("count", "sorts", "merges"), [(5, 3, []), (32, 6, [1] * 3), (64, 12, [1] * 6 + [2] * 3), (100, 21, [1] * 9 + [2] * 6 + [3] * 3)]
)  # fmt: skip
def test_parts_are_sorted_at_once_and_merged_in_pairs(count: int, sorts: int, merges: list[int]) -> None:
    ran = sort(some(count))
    assert ran.value == sorted(some(count))
    assert ran.turns["Sort these numbers"] == [0] * sorts
    assert ran.turns.get("Merge these two", []) == merges


@pytest.mark.parametrize("count", [128, 300])
def test_a_long_list_has_no_more_than_eight_parts(count: int) -> None:
    ran = sort(some(count), branches=1)
    assert ran.value == sorted(some(count))
    assert (len(ran.prompts("Sort these numbers")), len(ran.prompts("Merge these two"))) == (8, 7)


def test_the_try_with_the_fewest_mistakes_is_kept_and_one_without_is_not_improved() -> None:
    tries = [[3, 1, 2, 3], [1, 2, 3], [1, 2, 3, 3]]
    ran = sort([3, 1, 2, 3], tries)
    assert (ran.value, ran.turns) == ([1, 2, 3, 3], {"Sort these numbers": [0, 0, 0]})


def test_where_every_try_has_mistakes_the_best_is_improved_once() -> None:
    ran = sort([3, 1, 2, 3], [[3, 1], [1, 2, 3], [9, 9, 9, 9]], mends=[[1, 2, 3, 3]])
    assert (ran.value, ran.turns["has mistakes"]) == ([1, 2, 3, 3], [1])
    assert lists_in(ran.prompts("has mistakes")[0]) == [[3, 1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("mended", [lambda *_: [1], FAILS])
def test_an_improvement_that_is_none_is_not_taken(mended: Any) -> None:
    assert sort([3, 1, 2, 3], [[3, 1], [1, 2, 3], FAILS], mends=mended).value == [1, 2, 3]


def test_where_every_try_fails_what_was_to_be_sorted_is_improved() -> None:
    ran = sort([3, 1, 2], FAILS, mends=[[1, 2, 3]])
    assert ran.value == [1, 2, 3]
    failed = sort(some(32), FAILS, FAILS, FAILS)
    assert sorted(failed.value) == sorted(some(32))


def test_a_merge_that_loses_numbers_is_improved_before_the_next() -> None:
    numbers = some(48)
    ran = sort(
        numbers, merges=lambda prompt, _: well(prompt, 0)[1:], mends=lambda prompt, _: sorted(lists_in(prompt)[0])
    )
    assert ran.value == sorted(numbers)
    assert ran.turns["Merge these two"] == [1] * 3 + [3] * 3
    assert ran.turns["has mistakes"] == [2, 4]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Sort in descending order: [3, 1, 2]", [3, 2, 1]),
        ("Put 7, 2.5 and -3 in order.", [-3, 2.5, 7]),
        ("[1] says: sort [5, 4, 4]", [4, 4, 5]),
    ],
)
def test_the_list_and_its_order_are_read_from_the_question(question: str, answer: list[float]) -> None:
    shown = sorted(answer)
    assert sort([], lambda *_: shown, question=question).value == answer


def test_a_question_without_numbers_is_refused_in_words() -> None:
    ran = sort([], question="Which is the longest river?")
    assert "the question holds no list of numbers" in str(ran.result.error)
    assert ran.asked == []


# --- intersecting ---


def shared(prompt: str, number: int) -> list[int]:
    part, first = lists_in(prompt)
    return [n for n in part if n in first]


def joined(prompt: str, number: int) -> list[int]:
    return [n for each in lists_in(prompt.replace("[[", "[").replace("]]", "]")) for n in each]


def intersect(first: Any, second: Any, finds: Any = shared, joins: Any = joined, mends: Any = FAILS) -> Ran:
    script = {"stand in this set": finds, "Put these lists together": joins, "has mistakes": mends}
    return run("got_intersection", script, question=f"Give the intersection.\nSet 1: {first}\nSet 2: {second}")


EVEN, THIRD = list(range(0, 64, 2)), list(range(0, 96, 3))


def test_the_parts_of_one_set_are_intersected_at_once_and_then_put_together() -> None:
    ran = intersect(EVEN, THIRD)
    assert ran.value == list(range(0, 64, 6))
    assert ran.turns == {"stand in this set": [0] * 6, "Put these lists together": [1] * 3}


def test_a_short_set_needs_nothing_put_together() -> None:
    assert intersect([4, 2, 9], [9, 1, 4, 4]).turns == {"stand in this set": [0] * 3}
    assert intersect([1, 2], [3]).value == []


def test_a_try_that_misses_or_adds_is_improved_and_kept_only_where_it_is_better() -> None:
    mended = intersect([1, 2, 3], [2, 3, 4], [[2], [2, 3, 4], [2, 3, 3]], mends=[[2, 3]])
    assert (mended.value, mended.turns["has mistakes"]) == ([2, 3], [1])
    assert intersect([1, 2, 3], [2, 3, 4], [[2], FAILS, [9, 8]], mends=[[7, 8, 9]]).value == [2]


def test_where_every_try_fails_one_more_ask_may_answer() -> None:
    assert intersect([1, 2, 3], [2, 3, 4], FAILS, mends=[[3, 2]]).value == [2, 3]
    assert intersect([1, 2, 3], [2, 3, 4], FAILS, mends=FAILS).value == []


def test_a_question_without_two_sets_is_refused_in_words() -> None:
    ran = run("got_intersection", {}, question="Which numbers do [1, 2] and the others share?")
    assert "no two sets of numbers" in str(ran.result.error)


# --- counting ---

TEXT = (
    "Anna left Peru for Chile. She loved Chile. In Peru she had been ill. Her aunt wrote from Kenya. "
    "Later she went to Kenya. From Kenya she flew to Peru. There was rain. She stayed."
)
ASKED = "How often is each country named in this text?"


def named(prompt: str, number: int = 0) -> list[str]:
    """Every mention in the part of the text that a prompt shows."""
    part = re.findall(r"<part>\s*(.*?)\s*</part>", prompt, re.DOTALL)[0]
    return re.findall(r"Peru|Chile|Kenya", part)


def count(reads: Any = named, again: Any = FAILS, question: str = f"{ASKED}\n\n{TEXT}", **options: Any) -> Ran:
    script = {"named in this part": reads, "doubtful": again, "What is the answer": lambda prompt, _: counts(prompt)}
    return run("got_counting", script, question=question, **options)


def counts(prompt: str) -> str:
    """The counts that the last ask is shown."""
    return re.findall(r"\{[^{}]*\}", prompt)[0]


def test_parts_are_read_at_once_and_python_adds_up() -> None:
    ran = count()
    assert json.loads(ran.value) == {"Chile": 2, "Kenya": 3, "Peru": 3}
    assert ran.turns == {"named in this part": [0] * 6, "What is the answer": [1]}
    assert TEXT not in ran.prompts("named in this part")[0]
    assert ASKED in ran.asked[-1].prompt


def test_a_long_text_has_no_more_than_eight_parts() -> None:
    ran = count(question=f"{ASKED}\n\n{' '.join(f'Day {n}. {TEXT}' for n in range(20))}", branches=1)
    assert json.loads(ran.value) == {"Chile": 40, "Kenya": 60, "Peru": 60}
    assert len(ran.prompts("named in this part")) == 8


def test_a_reading_that_lists_a_name_too_often_is_not_kept() -> None:
    def reads(prompt: Prompt, _: int) -> list[str]:
        return named(prompt) if prompt.sample == 2 else ["Peru"] * 9

    assert json.loads(count(reads).value) == {"Chile": 2, "Kenya": 3, "Peru": 3}


def test_a_part_that_misses_what_another_part_names_is_read_once_more() -> None:
    def reads(prompt: str, number: int) -> list[str]:
        return [each for each in named(prompt) if each != "Kenya"] if "Her aunt" in prompt else named(prompt)

    ran = count(reads, lambda prompt, _: named(prompt))
    assert json.loads(ran.value) == {"Chile": 2, "Kenya": 3, "Peru": 3}
    assert ran.turns["doubtful"] == [1]
    assert '["kenya"]' in ran.prompts("doubtful")[0]


@pytest.mark.parametrize("again", [FAILS, lambda *_: ["Peru"] * 5])
def test_a_second_reading_that_is_no_better_is_not_taken(again: Any) -> None:
    def reads(prompt: str, number: int) -> list[str]:
        return [each for each in named(prompt) if each != "Kenya"] if "Her aunt" in prompt else named(prompt)

    assert json.loads(count(reads, again).value) == {"Chile": 2, "Kenya": 2, "Peru": 3}


def test_a_part_that_cannot_be_read_is_read_once_more_and_else_counts_for_nothing() -> None:
    def reads(prompt: str, number: int) -> Any:
        return FAILS if "Her aunt" in prompt else named(prompt)

    assert json.loads(count(reads, lambda prompt, _: named(prompt)).value) == {"Chile": 2, "Kenya": 3, "Peru": 3}
    assert json.loads(count(reads).value) == {"Kenya": 2, "Peru": 1}


def test_spellings_that_differ_by_case_are_one_name_and_empty_ones_none() -> None:
    assert json.loads(count(lambda prompt, _: ["peru", "PERU", " "], branches=1).value) == {"peru": 4}


def test_a_text_that_follows_no_blank_line_is_read_as_a_whole() -> None:
    ran = count(question=f"{ASKED} {TEXT}")
    assert json.loads(ran.value) == {"Chile": 2, "Kenya": 3, "Peru": 3}
    assert len(ran.prompts("named in this part")) == 3


def test_a_limit_of_calls_ends_a_method_with_an_error_of_its_name_and_no_traceback() -> None:
    ran = sort(some(128), limits=fr.Limits(calls=5))
    assert ran.result.status == "limit"
    assert len(ran.asked) <= 5
