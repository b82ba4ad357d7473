"""What counts as right: every type of answer by its rule, in the ways that models and Python write it."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowreason.errors import UsageError
from flowreason.evaluate.compare import Judgement, fault_of_24, given_numbers, judge, shared_edges
from flowreason.evaluate.explanation import structure
from flowreason.evaluate.items import Item, chosen, items_from


def item(answer: Any, kind: Any, task: str = "towns", question: str = "Which?", **more: Any) -> Item:
    return Item(f"own/{task}/1", task, question, answer, kind, **more)


def right(of: Item, answer: str, value: Any = None, words: tuple[str, ...] = ()) -> Judgement:
    return judge(of, answer, value, vocabulary=words)


NUMBERS = [
    (40, "40", True), (40, "40.0", True), (40, "$40", True), (40, "40 games", True), (40, "Bobby has 40 games.", True),
    (1234, "1,234", True), (1234, "$1,234.00", True), (40, "41", False), (40, "forty", False), (40, "40 or 41", False),
    (0.5, "0.5004", True), (0.5, "0.51", False), (-7, "-7", True), (-7, "−7", True), (1e9, "1000000001", False),
    (16989220, "16,989,220", True), (16989220, "16989221", False), (2.5, "2.5%", True), (3, "", False),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said", "fits"), NUMBERS)
def test_a_number_is_right_without_units_and_signs_of_money(answer: float, said: str, fits: bool) -> None:
    assert right(item(answer, "number"), said).right is fits


OPTIONS = "Which is a river?\nOptions:\n(A) Everest\n(B) Rhine\n(C) Sahara"
CHOICES = [
    ("B", True), ("(B)", True), ("b", True), ("B.", True), ("The answer is (B).", True), ("(B) Rhine", True),
    ("Rhine", True), ("The Rhine.", True), ("(A)", False), ("(A) or (B)", False), ("none", False), ("Danube", False),
    ("Everest is no river, so (B).", True),
]  # fmt: skip


@pytest.mark.parametrize(("said", "fits"), CHOICES)
def test_an_option_is_right_by_its_letter_or_its_text(said: str, fits: bool) -> None:
    assert right(item("(B)", "choice", question=OPTIONS), said).right is fits


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("invalid", True),
        ("The argument is invalid.", True),
        ("Invalid.", True),
        ("valid", False),
        ("valid or invalid", False),
    ],
)
def test_a_word_is_right_where_it_alone_of_the_words_to_choose_is_named(said: str, fits: bool) -> None:
    assert right(item("invalid", "choice"), said, words=("valid", "invalid")).right is fits


@pytest.mark.parametrize(
    ("said", "value", "fits"), [("True", None, True), ("true", True, True), ("False", False, False)]
)
def test_a_truth_value_names_a_word_to_choose(said: str, value: Any, fits: bool) -> None:
    assert right(item("True", "choice"), said, value, words=("True", "False", "Uncertain")).right is fits


@pytest.mark.parametrize(
    ("said", "value", "fits"),
    [("yes", None, True), ("Yes, it does.", None, True), ("true", True, True), ("no", None, False), ("maybe", None, False),
     ("Yes and no", None, False)],
)  # fmt: skip
def test_yes_and_true_are_one(said: str, value: Any, fits: bool) -> None:
    assert right(item(True, "bool"), said, value).right is fits


LISTS = [
    ([1, 2, 2], "same", "[1, 2, 2]", None, True), ([1, 2, 2], "same", "1, 2, 2", None, True),
    ([1, 2, 2], "same", "", [1, 2, 2], True), ([1, 2, 2], "same", "[2, 1, 2]", None, False),
    ([1, 2, 2], "any", "[2, 1, 2]", None, True), ([1, 2, 2], "any", "[1, 2]", None, False),
    (["Po", "Rhine"], "same", "Po, Rhine", None, True), (["Po", "Rhine"], "same", "- Po\n- Rhine", None, True),
    (["Po", "Rhine"], "any", "", ["rhine", "po"], True), ([], "any", "[]", None, True),
    (["Peru: 2"], "any", "", {"Peru": 2}, True), (["Peru: 2"], "any", "Peru:2", None, True),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "order", "said", "value", "fits"), LISTS)
def test_lists_are_compared_in_order_or_without(answer: Any, order: Any, said: str, value: Any, fits: bool) -> None:
    assert right(item(answer, "list", order=order), said or json.dumps(value), value).right is fits


def test_texts_are_compared_without_case_and_blanks() -> None:
    assert right(item("n m a i", "text"), " N  m a I").right
    assert not right(item("n m a i", "text"), "nmai").right
    assert right(item("> ]", "text", task="dyck_languages"), ">]").right


TWENTY_FOUR = [
    ("(12 * ((3 * 3) - 7))", ""), ("12*(3*3-7)", ""), ("12 × (3×3 − 7) = 24", ""), ("`12 * (3*3 - 7)`", ""),
    ("12 + 12", "uses"), ("12*3-12", "uses"), ("(3*7+3)*12/12", "uses"), ("12+7+3+3", "worth"), ("3/(7-7)+12+3", "zero"),
    ("twelve times two", "no expression"), ("__import__('os')", "no expression"), ("12**(3*3-7)", "no expression"),
    ("12*(3*3-7) = 25", "says"), ("9" * 400, "single expression"), ("(" * 150 + "3", "no expression"), ("", "no expression"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "fault"), TWENTY_FOUR)
def test_any_expression_of_the_given_numbers_that_is_worth_24_is_right(said: str, fault: str) -> None:
    found = fault_of_24(said, given_numbers("(12 * ((3 * 3) - 7))"))
    assert (fault in found) if fault else not found


@given(st.recursive(st.integers(1, 13).map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
    lambda t: f"({t[0]} {t[1]} {t[2]})"), max_leaves=8))  # fmt: skip
def test_the_worth_of_an_expression_is_what_exact_arithmetic_gives(text: str) -> None:
    found = fault_of_24(text, given_numbers(text))
    try:
        worth = eval("".join(f"Fraction({w})" if w.isdigit() else w for w in _tokens(text)), {"Fraction": Fraction})
    except ZeroDivisionError:
        assert "zero" in found
        return
    assert (not found) == (worth == 24)


def _tokens(text: str) -> list[str]:
    for sign in "()+-*/":
        text = text.replace(sign, f" {sign} ")
    return text.split()


QUESTION = "Belief: Trains make towns quiet.\nArgument: Cars make noise in towns.\nThe argument supports the belief."
GOOD = [
    ["trains", "is a", "transport"],
    ["transport", "not", "noise"],
    ["noise", "in", "towns"],
    ["cars", "causes", "noise"],
]


def test_a_graph_is_right_by_its_structure() -> None:
    known = {"edges": GOOD[:2]}
    found = right(item(known, "graph", question=QUESTION), "", {"nodes": [], "edges": GOOD})
    assert (found.right, found.why) == (True, "")
    assert found.score == pytest.approx(2 * 2 / (4 + 2))


@pytest.mark.parametrize(
    ("edges", "fault"),
    [
        (GOOD[:2], "at least 3"),
        ([*GOOD[:3], ["cars", "is a", "car"]], "not connected"),
        ([*GOOD, ["towns", "near", "trains"]], "circle"),
        ([["a", "is a", "trains"], ["a", "is a", "b"], ["b", "is a", "c"]], "stand in the argument"),
    ],
)
def test_what_is_wrong_with_a_graph_is_told(edges: Any, fault: str) -> None:
    assert any(fault in each for each in structure({"nodes": [], "edges": edges}, QUESTION))


def test_edges_are_shared_without_regard_to_case() -> None:
    assert shared_edges([["Cars", "causes", "noise"]], [["cars", "causes", "Noise"]]) == 1.0
    assert shared_edges([], []) == 0.0


def test_what_cannot_be_read_is_wrong_and_told_as_unread() -> None:
    found = right(item(3, "number"), "it depends")
    assert not found.right
    assert found.why.startswith("unread: ")


@pytest.mark.parametrize("answer", [None, "", "  "])
def test_no_answer_is_wrong(answer: str | None) -> None:
    assert right(item(3, "number"), answer or "").why == "there is no answer"


# --- the file ---

LINE = {"id": "towns/1", "task": "towns", "question": "How many?", "answer": 3, "answer_type": "number"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answer_type": "numbers"}, "did you mean 'number'"),
        ({"answer": "three"}, "cannot be"),
        ({"question": " "}, "`question` must be a text"),
        ({"id": 7}, "`id` must be a text"),
        ({"answer": None, "answer_type": "bool"}, "cannot be null"),
        ({"order": "sorted", "answer": [1], "answer_type": "list"}, "`order`"),
        ({"inputs": [1]}, "`inputs`"),
    ],
)
def test_a_line_that_cannot_be_judged_is_told_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        items_from([json.dumps(LINE), json.dumps(LINE | {"id": "towns/2"} | change)])
    assert "line 2" in str(caught.value)
    assert told in str(caught.value)


def test_everything_that_is_wrong_with_a_file_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        items_from(["{", "[]", json.dumps(LINE), json.dumps(LINE), "[" * 100_000, ""])
    said = str(caught.value)
    assert all(f"line {n}" in said for n in (1, 2, 4, 5))
    assert "stands in line 3 already" in said


def test_an_empty_file_is_told_with_an_example() -> None:
    with pytest.raises(UsageError, match="holds no question"):
        items_from(["", "  "])


def test_items_are_chosen_by_task_and_number() -> None:
    items = [item(1, "number", task=t) for t in ("towns", "rivers", "towns")]
    assert [i.task for i in chosen(items, per_task=1)] == ["towns", "rivers"]
    assert [i.task for i in chosen(items, tasks=["towns"])] == ["towns", "towns"]
    with pytest.raises(UsageError, match="did you mean 'rivers'"):
        chosen(items, tasks=["river"])
