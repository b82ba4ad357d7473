"""Methods of the library in which the model writes a program: who carries it out, what counts where it fails."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine import work
from flowreason.library import load
from flowreason.ports import SandboxLimits
from tests.library import FAILS, Ran, run

SUM = "What do 17 rolls at 3 cost?"
PICK = "What do 17 rolls at 3 cost?\n(A) 48\n(B) 51\n(C) 54"
GOOD = "```python\nrolls = 17\nans = rolls * 3\n```"
WRITE, PLAIN, CLOSEST = "Write a Python program", "Answer this question", "Which of its options"
# `Write a Python program … this question` holds no `Answer this question`; kinds are looked for in this order.


# --- program of thoughts ---


def pot(script: dict[str, Any], question: str = SUM) -> Ran:
    return run("program_of_thoughts", script, question=question)


def test_python_computes_and_the_model_is_asked_once() -> None:
    ran = pot({WRITE: GOOD})
    assert (ran.value, ran.turns) == ("51", {WRITE: [0]})


def test_an_option_is_named_by_python_where_the_value_says_which() -> None:
    assert pot({WRITE: GOOD}, PICK).value == "(B)"


def test_an_option_that_the_value_does_not_name_takes_a_second_ask() -> None:
    ran = pot({WRITE: "ans = 50.6", CLOSEST: "(B)"}, PICK)
    assert (ran.value, ran.turns) == ("(B)", {WRITE: [0], CLOSEST: [1]})
    assert "50.6" in ran.prompts(CLOSEST)[0]


@pytest.mark.parametrize(
    "program",
    ["ans = 1 / 0", "def f(: pass", "x = 3", "ans = None", "import os\nans = os.getcwd()"],
)
def test_a_program_that_computes_nothing_gives_way_to_a_plain_ask(program: str) -> None:
    ran = pot({WRITE: program, PLAIN: "51"})
    assert (ran.value, ran.turns) == ("51", {WRITE: [0], PLAIN: [1]})


# --- PAL ---

FUNCTION = "def solution():\n    # There are {n} rolls\n    rolls = {n}\n    # each costs 3\n    return rolls * 3"
PROGRAM = "Write a Python function"


def pal(programs: list[Any], question: str = SUM, **script: Any) -> Ran:
    return run("pal", {PROGRAM: programs} | script, question=question, samples=len(programs))


def of(n: int) -> str:
    return FUNCTION.format(n=n)


def test_programs_are_written_at_once_and_most_of_what_they_compute_counts() -> None:
    ran = pal([of(16), of(17), "x = ", of(17), of(18)])
    assert (ran.value, ran.turns) == ("51", {PROGRAM: [0] * 5})


def test_of_a_tie_the_first_program_counts() -> None:
    assert pal([of(16), of(17), of(17), of(16)]).value == "48"


def test_a_program_that_fails_has_no_vote() -> None:
    assert pal(["def solution(): return 1 / 0", FAILS, "def solution(): return None", of(17)]).value == "51"


def test_where_no_program_computes_anything_a_plain_ask_answers() -> None:
    ran = pal(["def solution(): return 1 / 0"] * 3, **{PLAIN: "51"})
    assert (ran.value, ran.turns) == ("51", {PROGRAM: [0] * 3, PLAIN: [1]})


def test_programs_vote_by_the_letter_that_they_mean() -> None:
    programs = [of(16), "def solution(): return '51 dollars'", of(17), of(18), of(17)]
    assert pal(programs, PICK).value == "(B)"


# --- scratchpads ---


def test_a_scratchpad_is_one_ask_whose_answer_alone_is_given() -> None:
    ran = run("scratchpad", {PLAIN: {"scratchpad": ["17 * 3", "30 + 21"], "answer": "51"}}, question=SUM)
    assert (ran.value, ran.turns) == ("51", {PLAIN: [0]})


def test_a_trace_that_is_none_of_the_program_goes_back() -> None:
    program = "a = 2\na = a + 3\na"
    good = {"trace": [{"line": "a = 2", "state": "a = 2"}, {"line": "a = a + 3", "state": "a = 5"}], "answer": "5"}
    bad = {"trace": [{"line": "b = 9", "state": "b = 9"}], "answer": "9"}
    ran = run("scratchpad_trace", {"Carry out": [bad, good]}, program=program)
    assert (ran.value, ran.turns) == ("5", {"Carry out": [0, 1]})


# --- chain of code ---

FRUIT = """
count = 0
for thing in ["tomato", "nail", "plum"]:
    if is_fruit(thing, ret_type=bool):
        count += 1
answer = count
"""


def coc(executor: str, program: str, script: dict[str, Any], question: str = "How many fruits?") -> Ran:
    return run("chain_of_code", {WRITE: program} | script, question=question, executor=executor)


def called(prompt: str) -> str:
    """The call that the model is to answer."""
    return prompt.rpartition("<call>")[2].partition("</call>")[0].strip()


def test_python_and_the_model_carry_a_program_out_together() -> None:
    ran = coc("interweave", FRUIT, {"is_fruit": lambda prompt, _: "no" if "nail" in called(prompt) else "yes"})
    assert (ran.value, len(ran.asked)) == ("2", 4)
    assert [called(each.prompt) for each in ran.asked[1:]] == [f"is_fruit('{w}')" for w in ("tomato", "nail", "plum")]


@pytest.mark.parametrize(
    ("executor", "program", "script", "value", "asks"),
    [
        ("python", "answer = 17 * 3", {}, "51", 1),
        ("python", FRUIT, {PLAIN: "3"}, "3", 2),
        ("python else state", "answer = 17 * 3", {}, "51", 1),
        ("python else state", FRUIT, {"line by line": {"trace": [{"line": "x", "state": "x"}], "answer": "2"}}, "2", 2),
        ("python else model", "answer = 17 * 3", {}, "51", 1),
        ("python else model", FRUIT, {"What is the value": "2"}, "2", 2),
        ("state", "answer = 17 * 3", {"line by line": {"trace": [], "answer": "50"}}, "50", 2),
        ("model", "answer = 17 * 3", {"What is the value": "50"}, "50", 2),
        ("interweave", "answer = (", {PLAIN: "3"}, "3", 2),
    ],
)
def test_each_executor_asks_what_it_must_and_no_more(
    executor: str, program: str, script: dict[str, Any], value: str, asks: int
) -> None:
    ran = coc(executor, program, script)
    assert (ran.value, len(ran.asked)) == (value, asks)


def test_an_option_is_given_by_its_letter() -> None:
    assert coc("interweave", "answer = 17 * 3", {}, PICK).value == "(B)"


def test_the_model_answers_within_a_comprehension_and_a_sort_key() -> None:
    program = """
names = ["plum", "nail", "fig"]
answer = sorted([w for w in names if is_fruit(w, ret_type=bool)], key=lambda w: sweetness(w, ret_type=int))
"""

    def says(prompt: str, _: int) -> str:
        return {"is_fruit('nail')": "no", "sweetness('fig')": "1", "sweetness('plum')": "5"}.get(called(prompt), "yes")

    ran = coc("interweave", program, {"is_fruit(": says})
    assert (ran.value, len(ran.asked)) == ('["fig", "plum"]', 6)


# --- self-debug ---

TASK = "Write a function double(n) that doubles a number."
RIGHT, WRONG, BROKEN = "def double(n):\n    return 2 * n", "def double(n):\n    return n * n", "def double(n) return n"
SECOND = "def double(n):\n    return n / 0"
TESTS = "assert double(3) == 6\nassert double(0) == 0"
DRAFT, MEND, EXPLAIN, JUDGE = (
    "Write a Python program for this task",
    "Mend it",
    "Explain this program",
    "Does this program do",
)


def debug(programs: list[Any], script: dict[str, Any] | None = None, **options: Any) -> Ran:
    order = {MEND: programs[1:], EXPLAIN: "It squares.", **(script or {}), DRAFT: programs[:1]}
    return run("self_debug", order, question=TASK, **options)


def test_a_program_that_passes_its_tests_is_given_as_it_is() -> None:
    ran = debug([RIGHT], tests=TESTS)
    assert (ran.value, ran.turns) == (RIGHT, {DRAFT: [0]})


@pytest.mark.parametrize("feedback", ["simple", "message", "explanation"])
def test_a_program_that_fails_is_mended_with_the_feedback_that_is_wanted(feedback: str) -> None:
    ran = debug([WRONG, RIGHT], tests=TESTS, feedback=feedback)
    assert ran.value == RIGHT
    (told,) = ran.prompts(MEND)
    assert ("AssertionError" in told) is (feedback != "simple")
    assert ("It squares." in told) is (feedback == "explanation")
    assert len(ran.asked) == (3 if feedback == "explanation" else 2)


def test_a_program_that_fails_in_the_second_round_only_is_not_given() -> None:
    ran = debug([WRONG, SECOND, BROKEN, BROKEN], tests=TESTS, rounds=3)
    assert ran.value in (WRONG, SECOND)
    assert len(ran.asked) == 4


def test_without_tests_a_judge_says_whether_it_holds_and_one_that_never_does_ends() -> None:
    ran = debug([WRONG, RIGHT], {JUDGE: [{"right": False, "message": "3 gives 9"}, {"right": True, "message": ""}]})
    assert (ran.value, ran.turns) == (RIGHT, {DRAFT: [0], JUDGE: [1, 3], MEND: [2]})
    assert "3 gives 9" in ran.prompts(MEND)[0]
    drafts = [f"{WRONG}  # {n}" for n in range(4)]
    never = debug(drafts, {JUDGE: {"right": False, "message": "no"}}, rounds=3)
    assert (never.value, len(never.asked)) == (drafts[-1], 8)


def test_a_program_that_does_not_end_is_told_so_and_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "SandboxLimits", partial(SandboxLimits, seconds=1.0))
    ran = debug(["while True: pass", RIGHT], tests=TESTS)
    assert ran.value == RIGHT
    assert "does not end" in ran.prompts(MEND)[0]


@pytest.mark.parametrize("name", ["program_of_thoughts", "pal", "scratchpad", "chain_of_code", "self_debug"])
def test_each_runs_within_what_it_says_that_it_takes(name: str) -> None:
    flow = load(name)
    assert not flow.diagnostics
    price = flow.price({"question": SUM})
    assert price.most.at(dict.fromkeys(price.symbols, 1)) >= price.fewest.at({})
    assert isinstance(flow.draw("svg"), str)
    assert isinstance(fr.loads(flow.text, name=name), fr.Flow) or "library:" in flow.text
