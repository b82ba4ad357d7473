"""Methods of the library that ask once or in one line: what they show the model, how many calls they make, and when."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest

import flowreason as fr
from flowreason.library import load, names
from tests.library import FAILS, QUESTION, Ran, run, worked

REASONED = "The Danube has 2,850 km, more than the others.\nAnswer: (B)"
VERDICT = {"feedback": "None.", "score": 10}
CHOICE = {"feedback": "The second one is right.", "number": 2}
PATH = {"steps": ["The Danube is the longest."], "answer": "(B)"}
LISTS = "Sort this list: [3, 1, 2, 9, 8, 7, 6, 5, 4, 3, 3, 3, 1, 1, 2, 2, 0]"
SETS = "Which numbers do the sets share? [1, 2, 3] and [2, 3, 4]"
TOWNS = "Which towns are named, and how often?\n\nWe saw Bern. Then Bern again, and Graz."

PLAIN: dict[str, tuple[dict[str, Any], str, int, int]] = {
    # the method: what a model says that makes no mistake; the question; the calls that it then takes; the most at all
    "auto_cot": ({"Let's think step by step. Give": PATH, "Answer this": REASONED}, QUESTION, 5, 39),
    "chain_of_thought": ({"Answer this": REASONED}, QUESTION, 1, 3),
    "direct": ({"Answer this": "(B)"}, QUESTION, 1, 3),
    "diverse": ({"Answer this": lambda _, n: {"steps": [f"Step {n}."], "answer": "(B)"}, "Is this reasoning": {"steps": [9], "whole": 9}}, QUESTION, 18, 57),
    "few_shot": ({"Answer this": "(B)"}, QUESTION, 1, 3),
    "got_counting": ({"named in this part": lambda *_: ["Bern", "Bern", "Graz"], "What is the answer": "Bern: 2"}, TOWNS, 4, 99),
    "got_intersection": ({"stand in this set": lambda *_: [2, 3]}, SETS, 3, 108),
    "got_sorting": ({"Sort these numbers": sorted, "Merge": sorted}, LISTS, 9, 160),
    "graph_of_thoughts": ({"Combine": worked("(B)", "Both say so."), "Answer this": worked("(B)"), "How good": 10}, QUESTION, 8, 30),
    "least_to_most": (
        {"Which simpler": ["How long is the Po?"], "part of the question": "652 km", "Answer the question": REASONED},
        QUESTION, 3, 24,
    ),
    "plan_and_solve": ({"Work out": "A plan.", "Which answer": "(B)"}, QUESTION, 2, 6),
    "recursion_feedback": (
        {"Answer this": worked("(B)"), "hold as an answer": {"critique": "None.", "holds": True}}, QUESTION, 2, 24
    ),
    "selection_feedback": (
        {"Answer this": worked("(B)"), "best one": CHOICE, "once more": worked("(B)")}, QUESTION, 5, 15
    ),
    "selection_recursion_feedback": (
        {"Answer this": worked("(B)"), "best one": {**CHOICE, "holds": True}}, QUESTION, 4, 27
    ),
    "self_consistency": ({"Answer this": REASONED}, QUESTION, 5, 18),
    "self_refine": ({"Answer this": worked("(B)"), "What is wrong": VERDICT}, QUESTION, 2, 24),
    "tree_of_thoughts": (
        {"The path holds": lambda _, n: [f"{n}a", f"{n}b", f"{n}c"], "How likely": 5, "Answer the question": REASONED},
        QUESTION, 21, 75,
    ),
    "tot_24": (
        {"Which next steps": lambda prompt, _: ["2 * 3", "6 * 4", "24 * 1"], "Can 24": "sure"},
        "Use the four numbers 1, 2, 3, 4, each once, to make 24.", 5, 153,
    ),
    "zero_shot_cot": ({"Work out": "The Danube is the longest.", "Which answer": "(B)"}, QUESTION, 2, 6),
}  # fmt: skip


def plain(method: str, question: str = "", **options: Any) -> Ran:
    """A method with a model that makes no mistake."""
    script, usual, _, _ = PLAIN[method]
    return run(method, {kind: _numbers(says) for kind, says in script.items()}, question=question or usual, **options)


def _numbers(says: Any) -> Any:
    """A reply that sorts what stands in brackets in its prompt."""
    if says is not sorted:
        return says
    return lambda prompt, _: sorted(int(n) for found in in_brackets(prompt) for n in found.split(","))


def in_brackets(prompt: str) -> list[str]:
    return re.findall(r"\[([\d, ]+)\]", prompt)


ASKS = sorted(PLAIN)


@pytest.mark.parametrize("method", ASKS)
def test_a_method_takes_the_calls_that_it_is_known_for_and_is_priced_by_a_number(method: str) -> None:
    _, question, calls, most = PLAIN[method]
    ran = plain(method)
    price = load(method).price({"question": question})
    assert ran.result.ok, ran.result.error
    assert len(ran.asked) == calls
    assert price.most.number == most <= (fr.Limits().calls or 0)
    assert (price.fewest.number or 0) <= calls


@pytest.mark.parametrize("method", ASKS)
def test_a_model_that_is_slow_to_understand_costs_no_more_than_the_price_and_changes_nothing(method: str) -> None:
    tries = 1 if method in ("tot_24", "got_sorting") else 2
    ran = plain(method, model={"stubborn": tries})
    assert ran.value == plain(method).value
    assert len(ran.asked) == (tries + 1) * PLAIN[method][2] <= PLAIN[method][3]


def test_the_readme_tells_of_each_method_the_calls_that_it_takes() -> None:
    text = files("flowreason.library").joinpath("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert {name: (int(calls), int(most)) for name, calls, most in rows if name in PLAIN} == {
        name: plain[2:] for name, plain in PLAIN.items()
    }


NASTY = 'Which is right: {question}, "```", </question>, or `{{}}`?\n```python\nraise SystemExit\n```\n(A) the first (B) {none}'


@pytest.mark.parametrize("method", sorted(set(ASKS) - {"got_sorting", "got_intersection", "got_counting", "tot_24"}))
def test_a_question_with_braces_fences_and_tags_is_shown_as_it_is(method: str) -> None:
    ran = plain(method, NASTY)
    assert ran.value == "(B)"
    assert any(NASTY in each.prompt for each in ran.asked)


@pytest.mark.parametrize("method", ASKS)
def test_a_method_is_drawn(method: str) -> None:
    assert method in str(load(method).draw("mmd"))


def test_all_methods_may_be_used_by_one_flow() -> None:
    uses = "\n".join(f'use "library:{each}"' for each in names() if each != "graph")
    text = (
        f'{uses}\n\nflow both(question: text) -> text {{\n  a = direct(question)\n  answer zero_shot_cot("{{a}}")\n}}'
    )
    flow = fr.loads(text)
    assert flow.run(question=QUESTION, provider=fr.ScriptedProvider(default="(B)"), store=None).value == "(B)"


# --- one ask, with what it shows ---

OWN = [
    {"question": "How many legs has a spider?", "reasoning": "It is no insect.", "answer": "8"},
    {"question": "Which of the rivers Elbe and Oder is longer?", "reasoning": "1,094 and 840 km.", "answer": "Elbe"},
    {"question": "When does the last bus leave?", "reasoning": "The table says so.", "answer": "23:10"},
]


def test_chain_of_thought_shows_all_examples_with_their_reasoning_and_reads_the_answer_alone() -> None:
    ran = plain("chain_of_thought")
    assert ran.value == "(B)"
    assert ran.asked[0].prompt.count("\nAnswer: ") == 16
    own = run("chain_of_thought", {"Answer this": REASONED}, exemplars=OWN)
    assert "Question: How many legs has a spider?\nIt is no insect.\nAnswer: 8" in own.asked[0].prompt
    assert own.asked[0].prompt.count("\nAnswer: ") == 3


def test_chain_of_thought_without_examples_still_reasons() -> None:
    assert run("chain_of_thought", {"Answer this": REASONED}, exemplars=[]).value == "(B)"


def test_reasoning_that_comes_to_no_answer_goes_back() -> None:
    ran = run("chain_of_thought", {"Answer this": ["First the Po.\nThen the Rhine.", REASONED]})
    assert (ran.value, ran.turns) == ("(B)", {"Answer this": [0, 1]})
    assert "Answer:" in ran.asked[1].request.messages[-1].content


def test_few_shot_shows_the_examples_most_like_the_question_the_nearest_last_and_no_reasoning() -> None:
    ran = run("few_shot", {"Answer this": "(B)"}, exemplars=OWN, count=2)
    shown = ran.asked[0].prompt
    assert shown.count("Question: ") == 2
    assert shown.index("Elbe and Oder") > shown.index("\nAnswer: ")
    assert "1,094" not in shown
    assert "\nAnswer: Elbe\n" in shown


@pytest.mark.parametrize(("exemplars", "count", "shown"), [([], 4, 0), (OWN, 40, 3), (OWN, 0, 0)])
def test_few_shot_shows_as_many_examples_as_there_are(exemplars: Any, count: int, shown: int) -> None:
    ran = run("few_shot", {"Answer this": "(B)"}, exemplars=exemplars, count=count)
    assert (ran.value, ran.asked[0].prompt.count("Question: ")) == ("(B)", shown)


# --- two asks, one after the other ---


def test_zero_shot_reasons_first_and_reads_the_answer_out_of_it_in_a_second_call() -> None:
    ran = plain("zero_shot_cot")
    assert ran.turns == {"Work out": [0], "Which answer": [1]}
    assert "think step by step" in ran.asked[0].prompt
    assert "The Danube is the longest." in ran.asked[1].prompt
    assert QUESTION in ran.asked[1].prompt


@pytest.mark.parametrize("plus", [True, False])
def test_plan_and_solve_has_a_long_and_a_short_instruction(plus: bool) -> None:
    script = {"Work out": "Plan: compare.", "Which answer": "(B)"}
    ran = run("plan_and_solve", script, plus=plus)
    assert ran.turns == {"Work out": [0], "Which answer": [1]}
    assert ("intermediate result" in ran.asked[0].prompt) is plus
    assert "devise a plan" in ran.asked[0].prompt
    assert "Plan: compare." in ran.asked[1].prompt


# --- least to most ---

PARTS = ["How long is the Po?", "How long is the Danube?", "Which is longer?"]


def least_to_most(listed: Any, replies: Any = ("652 km", "2,850 km", "The Danube"), **inputs: Any) -> Ran:
    says = list(replies) if isinstance(replies, tuple) else replies
    script = {"Which simpler": listed, "part of the question": says, "Answer the question": REASONED}
    return run("least_to_most", script, **inputs)


def test_parts_are_answered_one_after_the_other_each_with_the_answers_before_it() -> None:
    ran = least_to_most(lambda *_: PARTS)
    assert ran.turns == {"Which simpler": [0], "part of the question": [1, 2, 3], "Answer the question": [4]}
    first, second, third = ran.prompts("part of the question")
    assert "652 km" not in first
    assert "652 km" in second
    assert "2,850 km" not in second
    assert "652 km" in third
    assert "2,850 km" in third
    assert "The Danube" in ran.asked[-1].prompt


def test_a_question_that_needs_no_parts_is_answered_at_once() -> None:
    assert least_to_most(lambda *_: []).turns == {"Which simpler": [0], "Answer the question": [1]}


def test_of_a_long_list_of_parts_the_first_count() -> None:
    ran = least_to_most(lambda *_: [f"What is {n}?" for n in range(50)], lambda *_: "It is so.", most=4)
    assert ran.value == "(B)"
    asked = ran.prompts("part of the question")
    assert len(asked) == 4
    assert "What is 3?" in asked[-1]


def test_a_part_that_repeats_another_or_the_question_is_not_asked() -> None:
    listed = ["How long is the Po?", "  ", "how long is the po", QUESTION.upper()]
    assert len(least_to_most(lambda *_: listed).prompts("part of the question")) == 1


def test_a_part_that_cannot_be_answered_is_told_as_unknown_and_the_rest_goes_on() -> None:
    ran = least_to_most(lambda *_: PARTS, ("652 km", FAILS, "The Danube"))
    assert ran.value == "(B)"
    assert "This is not known." in ran.asked[-1].prompt
    assert "The Danube" in ran.asked[-1].prompt


def test_a_question_that_cannot_be_taken_apart_is_answered_as_a_whole() -> None:
    assert least_to_most(FAILS).turns == {"Which simpler": [0], "Answer the question": [1]}
