"""Trees and graphs of thoughts: what is proposed, valued, kept and combined, in which order, and what a bad reply costs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.library import FAILS, Prompt, Ran, run, worked

REASONED = "So.\nAnswer: (B)"

# --- the tree ---


def tree(propose: Any, value: Any, **options: Any) -> Ran:
    script = {"The path holds": propose, "How likely": value, "Answer the question": REASONED}
    return run("tree_of_thoughts", script, **options)


def path_in(prompt: str) -> list[str]:
    """The thoughts of the path that a prompt shows, each a letter."""
    return re.findall(r'"([a-z])"', prompt)


def longer(prompt: str, number: int) -> list[str]:
    """Three thoughts after a path: a, b, c, then d, e, f, then g, h, i."""
    return list(["abc", "def", "ghi"][len(path_in(prompt))])


def last_of(values: dict[str, Any]) -> Any:
    """A value for a path by its last thought; 1 for the others."""
    return lambda prompt, number: values.get(path_in(prompt)[-1], 1)


def test_each_level_proposes_then_values_at_once_and_goes_on_with_the_best_two() -> None:
    ran = tree(longer, last_of({"b": 9, "c": 8, "f": 9, "i": 10}))
    assert ran.turns == {
        "The path holds": [0, 2, 2, 4, 4],
        "How likely": [1] * 3 + [3] * 6 + [5] * 6,
        "Answer the question": [6],
    }
    assert sorted(path_in(each) for each in ran.prompts("The path holds")) == [[], ["b"], ["b", "f"], ["c"], ["c", "f"]]
    assert path_in(ran.asked[-1].prompt) == ["b", "f", "i"]


def test_of_paths_with_one_value_those_that_were_proposed_first_are_kept() -> None:
    ran = tree(longer, 5)
    assert sorted(path_in(each) for each in ran.prompts("The path holds")[1:3]) == [["a"], ["b"]]
    assert path_in(ran.asked[-1].prompt) == ["a", "d", "g"]


def test_more_thoughts_than_wanted_are_cut_and_fewer_will_do() -> None:
    many = tree(lambda prompt, _: list("abcdefgh"), 5, depth=1, thoughts=2)
    assert sorted(path_in(each) for each in many.prompts("How likely")) == [["a"], ["b"]]
    few = tree(lambda prompt, _: ["a"], 5, depth=1)
    assert (few.value, len(few.prompts("How likely"))) == ("(B)", 1)


def test_a_value_that_stays_out_of_range_or_fails_drops_its_path_alone() -> None:
    ran = tree(longer, last_of({"a": 99, "b": FAILS, "c": 3}), depth=1)
    assert ran.value == "(B)"
    assert path_in(ran.asked[-1].prompt) == ["c"]
    assert len(ran.prompts("How likely")) == 3 + 1 + 1


def test_a_level_that_comes_to_nothing_leaves_the_paths_as_they_were() -> None:
    def propose(prompt: str, number: int) -> Any:
        return FAILS if path_in(prompt) else ["a", "b"]

    ran = tree(propose, last_of({"b": 9}), depth=2)
    assert (ran.value, path_in(ran.asked[-1].prompt)) == ("(B)", ["b"])


@pytest.mark.parametrize("propose", [FAILS, lambda *_: []])
def test_where_no_thought_is_ever_proposed_the_question_is_answered_all_the_same(propose: Any) -> None:
    assert tree(propose, 5).value == "(B)"


# --- the Game of 24 ---


def game(steps: dict[str, list[str]], question: str, judged: Any = "likely", **options: Any) -> Ran:
    """Proposals by the numbers that are left; an ask that reasons, at the end of all means, is answered with 0."""

    def propose(prompt: str, number: int) -> Any:
        return steps.get(left_in(prompt), [])

    script = {"Which next steps": propose, "Can 24 be made": judged, "Answer this question": "So.\nAnswer: 0"}
    return run("tot_24", script, question=question, **options)


def left_in(prompt: str) -> str:
    found = re.search(r"<left>(.*?)</left>|numbers (\S+) towards", prompt)
    return (found[1] or found[2]) if found else ""


def worth(expression: str) -> float:
    assert re.fullmatch(r"[\d\s()+*/.-]+", expression)
    return round(eval(expression), 9)  # noqa: S307 - digits and signs alone


def test_numbers_are_combined_step_by_step_until_24_is_left() -> None:
    steps = {"4, 9, 10, 13": ["13 - 9", "10 - 4"], "4, 10, 4": ["10 - 4"], "4, 6": ["6 * 4"], "9, 13, 6": ["13 - 9"]}
    ran = game(steps, "Use the four numbers 4, 9, 10, 13, each exactly once, to make 24.")
    assert worth(ran.value) == 24
    assert sorted(re.findall(r"\d+", ran.value), key=int) == ["4", "9", "10", "13"]
    assert ran.turns == {"Which next steps": [0, 2, 2, 4], "Can 24 be made": [1, 1, 3]}


def test_fractions_are_exact() -> None:
    steps = {"3, 3, 8, 8": ["8/3"], "3, 8, 8/3": ["3 - 8/3"], "8, 1/3": ["8 / 1/3"]}
    ran = game(steps, "Make 24 from 3, 3, 8 and 8.")
    assert (worth(ran.value), ran.value) == (24, "8 / (3 - (8 / 3))")


def test_negative_numbers_and_other_signs_are_read() -> None:
    steps = {"1, 2, 3, 10": ["1 − 10 = -9"], "2, 3, -9": ["(2) × (-9)"], "3, -18": ["3 - (-18)"]}
    ran = game(steps, "Make 24 with 1 2 3 10.")
    assert ran.prompts("Which next steps")[-1].find("3, -18") > 0


@pytest.mark.parametrize("step", ["5 + 6", "1 / 0", "nonsense", "", "1 + 1", "2 ** 3", "1 % 2"])
def test_a_step_with_numbers_that_are_not_there_or_without_sense_is_dropped(step: str) -> None:
    ran = game({"1, 2, 0, 4": [step]}, "Make 24 with 1, 2, 0 and 4.")
    assert (ran.value, ran.turns) == ("0", {"Which next steps": [0], "Answer this question": [1]})


def test_a_step_that_divides_by_nothing_leaves_the_others() -> None:
    ran = game({"1, 2, 0, 4": ["1 / 0", "1 + 2"]}, "Make 24 with 1, 2, 0 and 4.")
    assert len(ran.prompts("Can 24 be made")) == 1


def test_states_with_the_same_numbers_are_valued_once() -> None:
    ran = game({"1, 2, 3, 4": ["1 + 2", "2 + 1", "4 - 1", "1 * 2"]}, "Make 24 with 1, 2, 3 and 4.")
    assert len(ran.prompts("Can 24 be made")) == 3


def test_states_that_are_surely_good_come_before_likely_ones_and_impossible_ones_last() -> None:
    words = {"3, 4, 3": "impossible", "3, 4, 2": "likely", "1, 2, 12": "sure"}
    steps = {"1, 2, 3, 4": ["1 + 2", "1 * 2", "3 * 4"]}
    ran = game(steps, "Make 24 with 1, 2, 3 and 4.", lambda prompt, _: words[left_in_value(prompt)], keep=2)
    assert {left_in(each) for each in ran.prompts("Which next steps")[1:]} == {"1, 2, 12", "3, 4, 2"}


def left_in_value(prompt: str) -> str:
    found = re.search(r"numbers <left>(.*?)</left>", prompt)
    assert found
    return found[1]


def test_a_state_that_cannot_be_valued_is_gone_on_with_as_likely() -> None:
    steps = {"1, 2, 3, 4": ["2 * 3"], "1, 4, 6": ["4 * 6"], "1, 24": ["1 * 24"]}
    assert worth(game(steps, "Make 24 with 1, 2, 3 and 4.", FAILS).value) == 24


def test_more_steps_than_wanted_are_cut() -> None:
    steps = {"1, 2, 3, 4": ["1 + 2", "1 + 3", "1 + 4", "2 * 3", "2 * 4", "3 * 4"]}
    ran = game(steps, "Make 24 with 1, 2, 3 and 4.", thoughts=2)
    assert len(ran.prompts("Can 24 be made")) == 2


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("Use 24, 1, 1 and 2 to make 24.", "24, 1, 1, 2"),
        ("With 6 6 6 6, get 24", "6, 6, 6, 6"),
        ("Make 24 of these: 3, 5, 7, 9.", "3, 5, 7, 9"),
        ("Combine 2, 3, 4 and 6 as in the game.", "2, 3, 4, 6"),
    ],
)
def test_the_four_numbers_are_read_beside_the_goal(question: str, left: str) -> None:
    assert left_in(game({}, question).prompts("Which next steps")[0]) == left


@pytest.mark.parametrize(
    "question", ["Which river is the longest?", "Make 24 from 1, 2 and 3.", "Make 10 from 1 2 3 4"]
)
def test_a_question_without_four_numbers_for_24_is_answered_by_one_ask(question: str) -> None:
    assert game({}, question).turns == {"Answer this question": [0]}


# --- the graph ---


def graph(drawn: list[Any], scores: dict[str, Any], combined: Any, improved: Any = FAILS, **options: Any) -> Ran:
    """Scores by a piece of the thought; an ask that reasons, at the end of all means, is answered with (C)."""

    def draw(prompt: Prompt, _: int) -> Any:
        return drawn[prompt.sample] if "reasoning step by step" in prompt else "So.\nAnswer: (C)"

    def judge(prompt: str, number: int) -> Any:
        return next(score for piece, score in scores.items() if piece in prompt)

    script = {"Combine": combined, "Improve": improved, "How good": judge, "Answer this question": draw}
    return run("graph_of_thoughts", script, **options)


THREE = [worked("(A)", "The Po."), worked("(B)", "The Danube."), worked("(C)", "The Rhine.")]
SCORES = {"The Po.": 3, "The Danube.": 8, "The Rhine.": 6, "All of them.": 9, "Better still.": 10}


def test_thoughts_are_generated_and_scored_at_once_the_best_are_combined_and_that_is_improved() -> None:
    ran = graph(THREE, SCORES, worked("(A)", "All of them."), worked("(B)", "Better still."))
    assert ran.value == "(B)"
    assert ran.turns == {
        "Answer this question": [0] * 3, "How good": [1] * 3 + [3, 5], "Combine": [2], "Improve": [4],
    }  # fmt: skip
    [combining] = ran.prompts("Combine")
    assert combining.index("The Danube.") < combining.index("The Rhine.")
    assert "The Po." not in combining
    assert "All of them." in ran.prompts("Improve")[0]


def test_a_combined_thought_that_is_worse_is_not_gone_on_with() -> None:
    ran = graph(
        THREE,
        {**SCORES, "All of them.": 2, "Better still.": 1},
        worked("(A)", "All of them."),
        worked("(C)", "Better still."),
    )
    assert ran.value == "(B)"
    assert "The Danube." in ran.prompts("Improve")[0]


def test_a_thought_that_nothing_is_wrong_with_is_not_improved() -> None:
    ran = graph(THREE, {**SCORES, "All of them.": 10}, worked("(B)", "All of them."))
    assert (ran.value, len(ran.asked)) == ("(B)", 8)


def test_improving_ends_after_its_rounds_with_the_best_so_far() -> None:
    scores = {**SCORES, "Better still.": 1}
    ran = graph(
        THREE, scores, worked("(B)", "All of them."), lambda _, n: worked("(A)", f"Better still. {n}"), improvements=3
    )
    assert ran.value == "(B)"
    assert len(ran.prompts("Improve")) == 1, "the same thought is improved: an equal ask is put once"


def test_a_branch_that_fails_is_dropped_and_a_score_that_fails_is_none() -> None:
    ran = graph(
        [FAILS, *THREE[1:]], {**SCORES, "The Danube.": FAILS, "All of them.": 99}, worked("(A)", "All of them."), FAILS
    )
    assert ran.value == "(C)"
    assert len(ran.prompts("Improve")) == 1


def test_where_combining_fails_the_best_branch_is_improved_or_stands() -> None:
    ran = graph(THREE, SCORES, FAILS, FAILS)
    assert ran.value == "(B)"


def test_where_every_branch_fails_one_ask_that_reasons_answers() -> None:
    ran = graph([FAILS] * 3, {}, FAILS)
    assert (ran.value, ran.turns) == ("(C)", {"Answer this question": [0, 0, 0, 1]})
