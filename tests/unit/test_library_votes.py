"""Methods of the library that draw several times and vote: when they stop, what counts as equal, and what is dropped."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.library import FAILS, QUESTION, Asked, Prompt, Ran, run

OWN = [
    {"question": f"Which of the rivers of country {n} is the longest?", "reasoning": f"Reason {n}.", "answer": "(A)"}
    for n in range(6)
]


def thought(answer: str) -> str:
    return f"One is longer than the others.\nAnswer: {answer}"


# --- self-consistency ---


def vote(*answers: Any, **options: Any) -> Ran:
    """Self-consistency with these draws in order; an ask without a vote is answered with (C)."""
    says = [thought(each) if isinstance(each, str) else each for each in answers]

    def reply(prompt: str, number: int) -> Any:
        return says[number] if number < len(says) else "(C)"

    return run("self_consistency", {"Answer this": reply}, exemplars=OWN, **options)


def test_the_answer_that_most_draws_agree_on_counts() -> None:
    ran = vote("(A)", "(B)", "(B)", "(A)", "(B)")
    assert ran.value == "(B)"
    assert ran.turns == {"Answer this": [0] * 5}
    assert {each.request.temperature for each in ran.asked} == {0.7}
    assert [each.request.sample for each in ran.asked] == [0, 1, 2, 3, 4]


def test_draws_that_can_no_longer_change_the_vote_are_not_waited_for() -> None:
    def takes(asked: Asked) -> float:
        return 1 if asked.request.sample < 3 else 9

    agreed = vote("(B)", "(B)", "(B)", "(A)", "(A)", model={"takes": takes})
    assert (agreed.value, agreed.took) == ("(B)", 1)
    open_still = vote("(B)", "(B)", "(A)", "(A)", "(A)", model={"takes": takes})
    assert (open_still.value, open_still.took) == ("(A)", 9)


def test_of_answers_with_as_many_votes_the_one_that_was_drawn_first_counts() -> None:
    assert vote("(C)", "(A)", "(A)", "(C)", samples=4).value == "(C)"
    assert vote("the Po", "the Rhine", "the Danube", samples=3, question="Which river?").value == "the Po"


def test_an_option_that_is_named_otherwise_than_by_its_letter_goes_back_so_that_it_counts_with_its_equals() -> None:
    ran = vote("Danube", "B", "(A)", "(A)", "(B)", "(B)", "(B)")
    assert ran.value == "(B)"
    assert ran.turns == {"Answer this": [0] * 5 + [1] * 2}
    assert "by its letter alone" in ran.asked[-1].request.messages[-1].content


def test_a_question_without_options_takes_any_answer() -> None:
    assert vote("652 km", "652 km", "The Po.", samples=3, question="How long is the Po?").value == "652 km"


def test_a_draw_that_fails_does_not_vote() -> None:
    assert vote(FAILS, "(B)", FAILS, "(A)", "(B)").value == "(B)"


def test_where_every_draw_fails_one_ask_without_a_vote_answers() -> None:
    ran = vote(*[FAILS] * 5)
    assert (ran.value, ran.turns) == ("(C)", {"Answer this": [0] * 5 + [1]})
    assert ran.asked[-1].request.temperature == 0


# --- DiVeRSe ---

WHOLE = {"steps": [], "whole": 10}


def way(answer: str, *steps: str) -> dict[str, Any]:
    return {"steps": list(steps) or ["One is longer."], "answer": answer}


def diverse(ways: list[Any], verdicts: dict[str, Any], **options: Any) -> Ran:
    """DiVeRSe with ways of reasoning in the order of the calls, and verdicts by a piece of what they judge."""

    def judge(prompt: str, number: int) -> Any:
        return next((verdict for piece, verdict in verdicts.items() if piece in prompt), WHOLE)

    firsts = [random.Random(number).sample(OWN, 4)[0]["question"] for number in range(3)]

    def draw(prompt: Prompt, _: int) -> Any:
        if "<examples>" not in prompt:
            return "Well.\nAnswer: (C)"
        of_prompt = next(n for n, first in enumerate(firsts) if f"<examples>\nQuestion: {first}" in prompt)
        number = of_prompt * options.get("samples", 3) + prompt.sample
        each = ways[number]
        return each if each is FAILS else {**each, "steps": [*each["steps"], f"So it is, say {number} of us."]}

    return run("diverse", {"Answer this": draw, "Is this reasoning": judge}, **{"exemplars": OWN, **options})


def test_three_prompts_with_three_draws_each_go_at_once_and_each_is_judged_as_it_comes() -> None:
    ran = diverse([way("(A)")] * 4 + [way("(B)")] * 5, {})
    assert ran.turns == {"Answer this": [0] * 9, "Is this reasoning": [1] * 9}
    assert ran.value == "(B)"
    assert len({each.prompt for each in ran.asked if each.kind == "Answer this"}) == 3
    assert all(each.prompt.count("Question: ") == 4 for each in ran.asked if each.kind == "Answer this")
    assert {each.request.temperature for each in ran.asked} == {0.7, 0}


def test_a_few_ways_that_the_verifier_trusts_outweigh_many_that_it_does_not() -> None:
    ways = [way("(A)", "The Po is longest.")] * 6 + [way("(B)", "The Danube is longest.")] * 3
    assert diverse(ways, {"Po is longest": {"steps": [9], "whole": 2}}).value == "(B)"
    assert diverse(ways, {}).value == "(A)"


def test_a_way_is_as_sound_as_its_weakest_step() -> None:
    ways = [way("(A)", "True.", "Wrong.", "True.")] * 5 + [way("(B)", "Right.", "Right.")] * 4
    verdicts = {"Wrong.": {"steps": [10, 1, 10], "whole": 9}, "Right.": {"steps": [7, 7], "whole": 7}}
    assert diverse(ways, verdicts).value == "(B)"


def test_an_option_by_its_letter_with_and_without_brackets_is_the_same_answer() -> None:
    ways = [way("(A)")] * 4 + [way("B")] * 3 + [way("(B)"), way("(B) Danube")]
    assert diverse(ways, {}).value == "B"


def test_scores_out_of_range_go_back_and_a_way_that_cannot_be_judged_weighs_next_to_nothing() -> None:
    ways = [way("(A)", "Boasted.")] * 8 + [way("(B)", "Sound.")]
    verdicts = {"Boasted.": {"steps": [99], "whole": 1000}, "Sound.": {"steps": [1], "whole": 1}}
    ran = diverse(ways, verdicts)
    assert ran.value == "(B)"
    assert len(ran.prompts("Is this reasoning")) == 8 * 3 + 1


def test_where_no_way_can_be_judged_the_majority_counts() -> None:
    assert diverse([way("(A)")] * 3 + [way("(B)")] * 6, {"": FAILS}).value == "(B)"


def test_ways_that_fail_are_dropped_and_with_them_a_prompt_whose_ways_all_fail() -> None:
    ran = diverse([FAILS] * 3 + [way("(A)"), FAILS, way("(B)"), way("(B)"), FAILS, FAILS], {})
    assert ran.value == "(B)"
    assert len(ran.prompts("Is this reasoning")) == 3


def test_where_every_way_fails_one_ask_that_reasons_answers() -> None:
    ran = diverse([FAILS] * 9, {})
    assert (ran.value, ran.turns) == ("(C)", {"Answer this": [0] * 9 + [1]})


def test_of_answers_with_as_much_weight_the_one_of_the_first_way_counts() -> None:
    assert diverse([way("(C)"), way("(A)"), way("(A)"), way("(C)")], {}, prompts=2, samples=2).value == "(C)"


# --- Auto-CoT ---

POOL = [
    "How long is the river Elbe in km?",
    "How long is the river Oder in km?",
    "How long is the river Main in km?",
    "When does the last bus to Bern leave?",
    "When does the last bus to Graz leave?",
    "When does the last bus to Linz leave?",
]


def build(says: Any, pool: list[str] = POOL, **options: Any) -> Ran:
    return run("auto_cot_build", {"Let's think step by step": says}, pool=pool, count=2, **options)


def about(prompt: str) -> str:
    return next((each for each in POOL if each in prompt), "")


def test_one_question_of_each_group_becomes_an_example() -> None:
    ran = build(lambda prompt, _: way("5", "First.", "Then."))
    assert ran.turns == {"Let's think step by step": [0, 0]}
    rivers, buses = sorted((each["question"] for each in ran.value), key=lambda each: "bus" in each)
    assert "river" in rivers
    assert "bus" in buses
    assert {(each["reasoning"], each["answer"]) for each in ran.value} == {("First. Then.", "5")}
    assert {each.request.temperature for each in ran.asked} == {0}


@pytest.mark.parametrize("bad", [way("5", *"123456"), way(""), {"steps": [], "answer": "5"}, FAILS])
def test_a_reasoning_that_is_long_or_empty_or_fails_is_passed_over_for_the_next_of_its_group(bad: Any) -> None:
    met: list[str] = []

    def says(prompt: str, number: int) -> Any:
        first = not any(("bus" in each) == ("bus" in about(prompt)) for each in met)
        met.append(about(prompt))
        return bad if first else way("5", "Short.")

    ran = build(says)
    assert ran.turns == {"Let's think step by step": [0, 0, 1, 1]}
    assert len(ran.value) == 2
    assert {each["question"] for each in ran.value}.isdisjoint(met[:2])


def test_no_more_than_three_of_a_group_are_tried() -> None:
    ran = build(lambda prompt, _: way("5", *"123456") if "river" in prompt else way("6", "Short."))
    assert len([each for each in ran.asked if "river" in about(each.prompt)]) == 3
    assert ["bus" in each["question"] for each in ran.value] == [True]


def test_questions_that_are_long_are_never_tried() -> None:
    long = [f"How long is the river {name} " + "and so on " * 20 for name in ("Elbe", "Oder", "Main")]
    ran = build(lambda prompt, _: way("5", "Short."), pool=[*long, "", *POOL[3:]])
    assert ran.asked
    assert all("bus" in each.prompt for each in ran.asked)


AUTO = {"Let's think step by step. Give": way("5", "Short."), "Answer this": thought("(B)")}


def test_the_examples_are_made_first_and_shown_in_the_one_ask_that_answers() -> None:
    ran = run("auto_cot", AUTO, pool=POOL, count=2)
    assert ran.value == "(B)"
    assert ran.turns == {"Let's think step by step. Give": [0, 0], "Answer this": [1]}
    assert ran.asked[-1].prompt.count("Short.\nAnswer: 5") == 2


def test_what_makes_the_examples_depends_on_no_question_so_that_a_batch_shares_it() -> None:
    asked = [run("auto_cot", AUTO, pool=POOL, count=2, question=q).asked[:2] for q in ("Which river?", "Which bus?")]
    first, second = ([each.request for each in of_one] for of_one in asked)
    assert first == second


@pytest.mark.parametrize("pool", [[], ["  "]])
def test_without_a_pool_the_model_reasons_without_examples(pool: list[str]) -> None:
    assert run("auto_cot", AUTO, pool=pool).turns == {"Answer this": [0]}


def test_the_question_itself_is_never_shown_as_an_example() -> None:
    ran = run("auto_cot", AUTO, pool=[QUESTION, "When does the bus leave?"], count=2)
    assert ran.asked[-1].prompt.count(QUESTION) == 1
    assert "When does the bus leave?" in ran.asked[-1].prompt


def test_where_no_example_can_be_made_the_question_is_answered_all_the_same() -> None:
    ran = run("auto_cot", {**AUTO, "Let's think step by step. Give": FAILS}, pool=POOL, count=2)
    assert ran.value == "(B)"
    assert len(ran.asked) == 2 * 3 + 1
