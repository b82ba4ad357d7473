"""Symbolic counts behave as the numbers that they stand for."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from flowreason.graph.bounds import (
    UNBOUNDED,
    Bound,
    at_least,
    ceiling,
    constant,
    highest,
    lowest,
    symbol,
)

NAMES = ("len(lines)", "len(words)", "rounds")
numbers = st.integers(0, 6)
values = st.fixed_dictionaries(dict.fromkeys(NAMES, numbers))
leaves = st.one_of(numbers.map(constant), st.sampled_from(NAMES).map(symbol), st.just(UNBOUNDED))
bounds = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: highest(*p)),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: lowest(*p)),
    ),
    max_leaves=8,
)


def times(a: float, b: float) -> float:
    return 0 if 0 in (a, b) else a * b


@given(bounds, bounds, values)
def test_evaluating_commutes_with_sum_product_and_extremes(a: Bound, b: Bound, known: dict[str, int]) -> None:
    x, y = a.at(known), b.at(known)
    assert (a + b).at(known) == x + y
    assert (a * b).at(known) == times(x, y)
    assert highest(a, b).at(known) == max(x, y)
    assert lowest(a, b).at(known) == min(x, y)
    assert ceiling(a, b).at(known) >= max(x, y)


@given(bounds, values, values)
def test_a_bound_never_falls_when_a_count_rises(a: Bound, low: dict[str, int], more: dict[str, int]) -> None:
    high = {name: low[name] + more[name] for name in NAMES}
    assert a.at(low) <= a.at(high)


@given(bounds, values)
def test_counts_put_in_one_after_the_other_give_the_same_number(a: Bound, known: dict[str, int]) -> None:
    step = a
    for name in NAMES:
        step = step.put({name: known[name]})
    assert step.number == a.at(known)
    assert not step.symbols


@given(bounds, bounds, values)
def test_a_symbol_may_be_replaced_by_a_bound(a: Bound, b: Bound, known: dict[str, int]) -> None:
    if b.at(known) != inf:
        assert a.put({"rounds": b}).at(known) == a.at({**known, "rounds": b.at(known)})


@given(bounds, bounds, values)
def test_what_is_surely_not_below_is_not_below(a: Bound, b: Bound, known: dict[str, int]) -> None:
    if at_least(a, b):
        assert a.at(known) >= b.at(known)


@given(st.lists(bounds, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_show(parts: list[Bound], random: object) -> None:
    mixed = list(parts)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert str(sum(parts, constant(0))) == str(sum(mixed, constant(0)))
    assert sum(parts, constant(0)) == sum(mixed, constant(0))


def test_bounds_print_as_people_write_them() -> None:
    lines, words = symbol("len(lines)"), symbol("len(words)")
    assert str(2 + 3 * lines) == "2 + 3·len(lines)"
    assert str((lines + words) * lines) == "len(lines)² + len(lines)·len(words)"
    assert str(highest(2 + lines, 2 + words)) == "2 + max(len(lines), len(words))"
    assert str(3 * highest(lines, 4)) == "3·max(4, len(lines))"
    assert str(lowest(lines, 1)) == "min(1, len(lines))"
    assert str(lowest(2 * lowest(lines, 1), lines)) == "min(2, len(lines))"
    assert str(constant(12345)) == "12,345"
    assert str(UNBOUNDED * 2 + 5) == "∞"
    assert str(constant(0)) == "0"
