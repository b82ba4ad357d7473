"""Methods of the library in which an answer goes back with what is said of it: in which order, until when, and what counts
then."""

from __future__ import annotations

from typing import Any

from tests.library import FAILS, Prompt, Ran, run, worked

# --- self-refine ---


def score(number: Any, feedback: str = "Mend it.") -> dict[str, Any]:
    return {"feedback": feedback, "score": number}


def refine(drafts: list[Any], verdicts: list[Any], **options: Any) -> Ran:
    """Self-refine with the first draft, the later ones, and the verdicts on them, in order."""
    script = {"Answer this question": drafts[:1], "What is wrong": verdicts, "Answer the question again": drafts[1:]}
    return run("self_refine", script, **options)


def test_a_draft_that_is_good_enough_is_not_refined() -> None:
    ran = refine([worked("(B)")], [score(9)])
    assert (ran.value, ran.turns) == ("(B)", {"Answer this question": [0], "What is wrong": [1]})


def test_each_draft_waits_for_the_feedback_on_the_one_before_and_is_shown_all_of_it() -> None:
    drafts = [worked("(A)"), worked("(C)"), worked("(B)")]
    ran = refine(drafts, [score(2, "The Po is short."), score(4, "So is the Rhine."), score(10)])
    assert ran.value == "(B)"
    assert ran.turns == {"Answer this question": [0], "What is wrong": [1, 3, 5], "Answer the question again": [2, 4]}
    first, second = ran.prompts("Answer the question again")
    assert "The Po is short." in first
    assert "So is the Rhine." not in first
    assert "The Po is short." in second
    assert "So is the Rhine." in second
    assert '"answer": "(A)"' in second


def test_a_judge_that_is_never_content_ends_after_three_rounds_with_the_draft_that_scored_most() -> None:
    drafts = [worked("(A)"), worked("(B)"), worked("(C)"), worked("none")]
    ran = refine(drafts, [score(2), score(6), score(4), score(5)])
    assert (ran.value, len(ran.asked)) == ("(B)", 8)


def test_of_drafts_with_one_score_the_first_counts() -> None:
    ran = refine([worked("(B)"), worked("(A)"), worked("(C)"), worked("none")], [score(5)] * 4)
    assert ran.value == "(B)"


def test_a_score_out_of_range_goes_back_and_counts_as_none_where_it_stays_so() -> None:
    ran = refine([worked("(A)"), worked("(B)")], [score(99), score(11), score(-1), score(9)])
    assert (ran.value, ran.turns["What is wrong"]) == ("(B)", [1, 2, 3, 5])
    assert "from 0 to 10" in ran.asked[2].request.messages[-1].content


def test_a_draft_that_cannot_be_refined_leaves_the_best_so_far_and_the_rounds_go_on() -> None:
    ran = refine([worked("(B)"), FAILS, FAILS], [score(5)] * 3, rounds=2)
    assert (ran.result.ok, ran.value) == (True, "(B)")
    assert refine([worked("(A)"), FAILS, worked("(B)")], [score(5), score(10)]).value == "(B)"


def test_rounds_and_what_is_enough_are_set_from_outside() -> None:
    assert len(refine([worked("(A)"), worked("(B)")], [score(5), score(6)], rounds=1).asked) == 4
    assert refine([worked("(B)")], [score(5)], enough=5).value == "(B)"


# --- recursion feedback ---


def verdict(holds: bool, critique: str = "A mistake.") -> dict[str, Any]:
    return {"critique": critique, "holds": holds}


def recursion(answers: list[Any], verdicts: list[Any], **options: Any) -> Ran:
    again = "The critique was made"
    script = {again: answers[1:], "Answer this question": answers[:1], "hold as an answer": verdicts}
    return run("recursion_feedback", script, **options)


def test_an_answer_goes_back_with_its_critique_until_it_holds() -> None:
    answers = [worked("(A)", "The Po."), worked("(C)", "The Rhine."), worked("(B)", "The Danube.")]
    ran = recursion(answers, [verdict(False, "Look at C."), verdict(False, "Look at B."), verdict(True)])
    assert ran.value == "(B)"
    assert list(ran.turns.values()) == [[0], [1, 3, 5], [2, 4]]
    first, second = ran.prompts("The critique was made")
    assert "Look at C." in first
    assert "The Po." in first
    assert "Look at B." in second
    assert "The Rhine." in second
    assert "Look at C." not in second
    assert "The Po." not in second


def test_an_answer_that_holds_is_not_touched() -> None:
    assert recursion([worked("(B)")], [verdict(True)]).turns == {"Answer this question": [0], "hold as an answer": [1]}


def test_a_critic_who_never_says_yes_ends_after_three_rounds_with_the_last_answer_which_is_not_judged_any_more() -> (
    None
):
    answers = [worked(each, f"Try {n}.") for n, each in enumerate(("(A)", "(C)", "(A)", "(B)"))]
    ran = recursion(answers, [verdict(False, f"Number {n}.") for n in range(4)])
    assert (ran.value, len(ran.asked)) == ("(B)", 7)


def test_a_critic_who_fails_lets_the_answer_stand() -> None:
    assert recursion([worked("(B)")], [FAILS]).value == "(B)"


def test_an_answer_that_fails_leaves_the_one_before() -> None:
    ran = recursion([worked("(B)"), FAILS], [verdict(False)], rounds=1)
    assert (ran.result.ok, ran.value) == (True, "(B)")


# --- selection feedback ---


def choice(number: Any, feedback: str = "This one.", **more: Any) -> dict[str, Any]:
    return {"feedback": feedback, "number": number, **more}


def selection(drawn: list[Any], chosen: Any, again: Any = worked("(B)"), **options: Any) -> Ran:
    """Selection feedback; an ask that reasons, at the end of all means, is answered with (C)."""

    def draw(prompt: Prompt, _: int) -> Any:
        return drawn[prompt.sample] if "reasoning step by step" in prompt else "So.\nAnswer: (C)"

    script = {"Answer this question": draw, "best one": chosen, "Answer the question once more": again}
    return run("selection_feedback", script, **options)


DRAWN = [worked("(A)", "The Po."), worked("(B)", "The Danube."), worked("(C)", "The Rhine.")]


def test_the_selected_answer_goes_back_with_the_reasons_for_it() -> None:
    ran = selection(DRAWN, choice(2, "Only the Danube reaches 2,000 km."))
    assert ran.value == "(B)"
    assert ran.turns == {"Answer this question": [0, 0, 0], "best one": [1], "Answer the question once more": [2]}
    assert all(f"The {river}." in ran.prompts("best one")[0] for river in ("Po", "Danube", "Rhine"))
    last = ran.asked[-1].prompt
    assert "Only the Danube reaches 2,000 km." in last
    assert "The Danube." in last
    assert "The Po." not in last


def test_a_number_of_no_answer_goes_back_and_where_it_stays_so_the_first_is_selected() -> None:
    ran = selection(DRAWN, choice(7), FAILS)
    assert (ran.value, ran.turns["best one"]) == ("(A)", [1, 2, 3])


def test_an_answer_that_was_not_drawn_cannot_be_selected() -> None:
    ran = selection([FAILS, *DRAWN[1:]], [choice(3), choice(2)], FAILS)
    assert ran.value == "(C)"
    assert len(ran.prompts("best one")) == 2
    assert "The Po." not in ran.prompts("best one")[0]


def test_where_the_last_ask_fails_the_selected_answer_stands() -> None:
    assert selection(DRAWN, choice(2), FAILS).value == "(B)"


def test_where_nothing_is_drawn_one_ask_that_reasons_answers() -> None:
    ran = selection([FAILS] * 3, choice(1))
    assert (ran.value, ran.turns) == ("(C)", {"Answer this question": [0, 0, 0, 1]})


# --- both together ---


def both(first: list[Any], later: list[Any], chosen: Any, **options: Any) -> Ran:
    def draw(prompt: Prompt, _: int) -> Any:
        return first[prompt.sample] if "reasoning step by step" in prompt else "So.\nAnswer: (C)"

    script = {
        "Answer this question": draw,
        "best one": chosen,
        "Answer the question once more": lambda prompt, _: later[prompt.sample],
    }
    return run("selection_recursion_feedback", script, **options)


def test_a_selected_answer_that_holds_ends_the_rounds() -> None:
    ran = both(DRAWN, [], choice(2, holds=True))
    assert (ran.value, ran.turns) == ("(B)", {"Answer this question": [0, 0, 0], "best one": [1]})


def test_a_selected_answer_that_does_not_hold_goes_back_and_stands_again_beside_the_new_ones() -> None:
    later = [worked("(A)", "Po, truly."), worked("(C)", "Rhine, truly."), worked("(C)", "Rhine again.")]
    ran = both(DRAWN, later, [choice(2, "Say how long.", holds=False), choice(1, holds=True)])
    assert ran.value == "(B)"
    assert list(ran.turns.values()) == [[0, 0, 0], [1, 3], [2, 2, 2]]
    assert all(
        "Say how long." in each and "The Danube." in each for each in ran.prompts("Answer the question once more")
    )
    second = ran.prompts("best one")[1]
    assert all(each in second for each in ("The Danube.", "Po, truly.", "Rhine, truly.", "Rhine again."))
    assert "The Po." not in second


def test_a_judge_who_is_never_content_ends_after_two_rounds_with_the_answer_selected_last() -> None:
    ran = both(DRAWN, [worked("(B)", "New.")] * 3, [choice(1, holds=False), choice(4, holds=False)])
    assert (ran.value, len(ran.asked)) == ("(B)", 8)


def test_a_judge_who_fails_selects_the_first_and_goes_on() -> None:
    ran = both(DRAWN, [worked("(C)", f"New {n}.") for n in range(3)], [FAILS, FAILS])
    assert (ran.value, len(ran.asked)) == ("(A)", 8)


def test_a_round_in_which_nothing_can_be_drawn_keeps_what_was_selected() -> None:
    ran = both(DRAWN, [FAILS] * 3, [choice(2, holds=False), choice(1, holds=False)])
    assert ran.value == "(B)"


def test_where_nothing_is_ever_drawn_one_ask_that_reasons_answers() -> None:
    ran = both([FAILS] * 3, [], [])
    assert (ran.value, ran.turns) == ("(C)", {"Answer this question": [0, 0, 0, 1, 1, 1, 2]})
