"""Intervals and differences are those of their papers, and cover what they say."""

from __future__ import annotations

import random
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowreason.evaluate import plots
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.report import as_html, as_markdown, figures, in_order, sections
from flowreason.evaluate.statistics import holm, mcnemar, paired, share
from flowreason.evaluate.tables import cells, differences, front, overall

COUNTS = st.integers(0, 60)


def test_a_share_has_the_interval_of_wilson() -> None:
    """The examples of Newcombe 1998 (Statistics in Medicine 17, 857–872), method 3."""
    for right, count, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = share(right, count)
        assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(COUNTS, COUNTS)
def test_a_share_lies_in_its_interval(right: int, wrong: int) -> None:
    found = share(right, right + wrong)
    assert 0 <= found.low <= found.value <= found.high <= 1 or not found.count


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_difference_lies_in_its_interval_and_turns_its_sign_with_the_methods(a: int, b: int, c: int, d: int) -> None:
    first = [True] * a + [True] * b + [False] * c + [False] * d
    second = [True] * a + [False] * b + [True] * c + [False] * d
    one, other = paired(first, second), paired(second, first)
    assert (one.low, one.high, one.value) == (pytest.approx(-other.high), pytest.approx(-other.low), -other.value)
    assert one.low - 1e-9 <= one.value <= one.high + 1e-9
    assert (
        one.p
        == other.p
        == pytest.approx(min(1.0, 2 * sum(comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)))
    )


def test_an_interval_of_a_difference_covers_it_as_often_as_it_says() -> None:
    chance = random.Random(7)
    true, covered, trials = 0.2, 0, 2_000
    for _ in range(trials):
        pairs = [chance.choices([(1, 1), (1, 0), (0, 1), (0, 0)], [0.4, 0.3, 0.1, 0.2])[0] for _ in range(40)]
        found = paired([bool(a) for a, _ in pairs], [bool(b) for _, b in pairs])
        covered += found.low <= true <= found.high
    assert 0.93 <= covered / trials <= 0.985


def test_methods_that_never_differ_are_not_told_apart() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(0, 6) == pytest.approx(2 / 2**6)


def row(method: str, number: int, right: bool, **more: object) -> Answered:
    return Answered(f"own/{number}", "towns", method, "3", right=right, score=float(right), **more)  # type: ignore[arg-type]


ROWS = [
    *(row("direct", n, n < 5, calls=1, tokens=100, seconds=1.0) for n in range(10)),
    *(row("graph", n, n < 9, calls=n % 2, tokens=50, seconds=2.0, drafted=True, first_draft=n > 0) for n in range(10)),
]


def test_the_figures_of_a_method_are_those_of_its_rows() -> None:
    direct, graph = overall(ROWS)
    assert (direct.right.right, direct.right.count, direct.calls, direct.free, direct.drafted) == (5, 10, 1.0, 0, None)
    assert (graph.calls, graph.tokens, graph.free) == (0.5, 50, 5)
    assert graph.first_draft is not None
    assert (graph.first_draft.right, graph.first_draft.count) == (9, 10)
    (both,) = differences(ROWS)
    assert (both.paired.first, both.paired.second, both.paired.value) == (0, 4, -0.4)
    assert both.in_words() == "no clear difference between direct and graph on 10 questions"


def test_a_question_without_an_answer_counts_as_wrong() -> None:
    (found,) = overall([row("direct", 1, True), Answered("own/2", "towns", "direct", status="failed", error="no")])
    assert (found.right.right, found.right.count, found.failed) == (1, 2, 1)


def test_only_questions_that_both_were_given_are_compared() -> None:
    (found,) = differences([row("direct", 1, True), row("direct", 2, True), row("graph", 2, False)])
    assert found.paired.count == 1


def test_the_front_holds_what_no_cheaper_method_beats() -> None:
    rows = [
        row(m, n, n < k, calls=c) for m, k, c in (("a", 5, 1), ("b", 4, 2), ("c", 9, 3), ("d", 9, 9)) for n in range(10)
    ]
    assert [c.method for c in front(overall(rows), lambda c: c.calls)] == ["a", "c"]


def test_a_report_shows_names_and_answers_as_text() -> None:
    hostile = "<script>alert(1)</script>|"
    rows = [Answered(f"{hostile}/1", hostile, hostile, hostile, why=hostile, run=hostile, calls=1), *ROWS]
    page = as_html(hostile, [(hostile, hostile)], rows)
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") > 5
    assert "runs show RUN --store runs.db" in page
    told = as_markdown("Evaluation", [], rows)
    assert "<script>" not in told
    lines = [line for line in told.splitlines() if line.startswith("|") and "direct" in line]
    assert len({line.replace("\\|", "").count("|") for line in lines[:1]}) == 1


def test_the_same_rows_give_the_same_report() -> None:
    assert as_html("Evaluation", [], ROWS) == as_html("Evaluation", [], ROWS)


def test_a_picture_for_the_dark_has_no_white_and_hides_no_method_behind_another() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    found = overall([row(method, n, n < 3, calls=2) for method in ("one", "two") for n in range(4)])
    light, dark = (plots.against_cost(found, lambda cell: cell.calls, "calls", dark=each) for each in (False, True))
    assert "#ffffff" in light and "#ffffff" not in dark and "#e6e9ef" in dark
    assert plots._beside(found, lambda cell: cell.calls) == [0.0, pytest.approx(0.04)]


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    head = figures(cells(ROWS[:10]))[0]
    assert "first draft valid" not in head
    assert "$" not in head
    assert "first draft valid" in figures(cells(ROWS))[0]


def test_of_many_differences_each_has_to_be_clearer_than_one_alone() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert (holm([]), holm([0.5, 0.9])) == ([], [1.0, 1.0])
    better = [row("a", n, n < 6) for n in range(12)]
    one = [*better, *(row("b", n, False) for n in range(12))]
    assert differences(one)[0].in_words() == "a is better than b on 12 questions"
    many = [*one, *(row(name, n, False) for name in "cdef" for n in range(12))]
    assert {d.paired.clear for d in differences(many) if d.first == "a"} == {True}
    assert not any(d.clear for d in differences(many))
    said = sections(many)[1][1]
    assert said.startswith("No difference is clear.")
    assert "chance" in said


@given(st.lists(st.floats(0, 1), max_size=12))
def test_what_is_adjusted_is_no_less_sure_of_itself_and_keeps_the_order(found: list[float]) -> None:
    adjusted = holm(found)
    assert all(before <= after <= 1 for before, after in zip(found, adjusted, strict=True))
    pairs = sorted(zip(found, adjusted, strict=True))
    assert [after for _, after in pairs] == sorted(after for _, after in pairs)


def test_every_answer_stands_in_one_order_for_all_methods() -> None:
    came = [Answered(f"q/{n}", "q", method) for method, n in (("b", 10), ("b", 2), ("a", 2), ("a", 10))]
    assert [(row.id, row.method) for row in in_order(came)] == [
        ("q/2", "b"),
        ("q/2", "a"),
        ("q/10", "b"),
        ("q/10", "a"),
    ]


def test_a_page_that_is_taken_away_alone_speaks_of_no_other_file() -> None:
    assert "--store runs.db" not in as_html("Evaluation", [], ROWS, alone=True)
