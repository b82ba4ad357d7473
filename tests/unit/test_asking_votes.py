"""Votes: the same winner in whatever order the samples come, and no waiting for what cannot change it."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

import pytest

from flowreason.asking.votes import decided, vote_key, winner
from flowreason_dsl.types import INT, TEXT


def test_ties_go_to_the_lowest_sample_number() -> None:
    best = winner({3: "b", 0: "a", 1: "b", 2: "a"})
    assert best is not None
    assert (best.value, best.sample, best.count) == ("a", 0, 2)
    assert winner({}) is None


def test_samples_that_cannot_change_the_majority_are_not_waited_for() -> None:
    assert decided({0: 7, 1: 7, 2: 7}, [3, 4], INT) is not None
    assert decided({0: 7, 1: 7}, [2, 3], INT) is not None, "two others would tie, and sample 0 was first"
    assert decided({2: 7, 3: 7}, [0, 1], INT) is None, "two others would tie, and be first"
    assert decided({0: 7, 1: 7}, [2, 3, 4], INT) is None


@pytest.mark.parametrize("type", [INT, TEXT])
@pytest.mark.parametrize("values", list(product([1, 2, 3], repeat=4)))
def test_an_early_decision_is_the_final_one_in_every_order(values: tuple[int, ...], type: object) -> None:
    final = winner(dict(enumerate(values)))
    assert final is not None
    for order in permutations(range(4)):
        for come in range(1, 5):
            early = decided({i: values[i] for i in order[:come]}, order[come:], type)  # type: ignore[arg-type]
            assert early is None or early.value == final.value
        assert early is not None, "with nothing waiting it is decided"


def test_the_spelling_does_not_depend_on_which_sample_came_first() -> None:
    assert decided({1: "elbe", 2: "elbe"}, [0], TEXT) is None
    assert decided({0: "Elbe", 1: "elbe"}, [2], TEXT) is not None


def test_answers_that_say_the_same_count_together() -> None:
    assert vote_key(6) == vote_key(6.0) == vote_key(Fraction(6))
    assert vote_key("  The  Elbe. ") == vote_key("the elbe")
    assert vote_key([1, "A"]) == vote_key((1.0, "a"))
    assert vote_key({"a": 1, "b": 2}) == vote_key({"b": 2.0, "a": 1})
    assert vote_key(True) != vote_key(1)
    assert vote_key(0.1 + 0.2) != vote_key(0.3), "no rounding is done in silence"
    assert vote_key("6") != vote_key(6)
