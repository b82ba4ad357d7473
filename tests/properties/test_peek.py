"""What the price reads off Python is so in every run: how long a list is, how large a number."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason.graph.bounds import symbol
from flowreason.graph.peek import NOTHING, Known, exactly, of_value, python_value

NUMBERS = st.sampled_from(["n", "m", "0", "1", "3", "-2", "7", "len(xs)", "len(ys)"])
LISTS = st.sampled_from(["xs", "ys", "[1, 2, 3]", "[]", "range(4)", "(1, 2)", "{'a': 1}", "list({1, 2})"])


def grown(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """A number and a list that are made of smaller ones."""
    number, items = inner.map(lambda pair: pair[0]), inner.map(lambda pair: pair[1])
    numbers = st.one_of(
        st.tuples(number, st.sampled_from(["+", "-", "*", "//"]), number).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), number, number).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        st.tuples(number, number).map(lambda p: f"({p[0]} if flag else {p[1]})"),
        items.map(lambda each: f"len({each})"),
    )
    lists = st.one_of(
        st.tuples(items, number).map(lambda p: f"list({p[0]})[:{p[1]}]"),
        st.tuples(items, items).map(lambda p: f"(list({p[0]}) + list({p[1]}))"),
        st.tuples(items, items).map(lambda p: f"list(zip({p[0]}, {p[1]}))"),
        st.tuples(items, items).map(lambda p: f"({p[0]} if flag else {p[1]})"),
        st.tuples(items, st.sampled_from(["", " if a"])).map(lambda p: f"[a for a in {p[0]}{p[1]}]"),
        number.map(lambda each: f"range({each})"),
    )
    return st.tuples(numbers, lists)


EXPRESSIONS = st.recursive(st.tuples(NUMBERS, LISTS), grown, max_leaves=6)
LENGTHS, COUNTS = st.integers(0, 6), st.integers(-3, 6)


def value_of(code: str, names: dict[str, Any]) -> Any:
    try:
        return eval(code, dict(names))
    except (TypeError, ZeroDivisionError):
        return None


def holds(code: str, names: dict[str, Any], known: dict[str, Known]) -> None:
    value, said = value_of(code, names), python_value(code, known)
    span = said.number if isinstance(value, int) else said.length
    if value is None or span is None:
        return
    counted = {"len(xs)": len(names["xs"]), "len(ys)": len(names["ys"]), "n": names["n"], "m": names["m"]}
    size = value if isinstance(value, int) else len(value)
    assert span.low.at(counted) <= max(0, size) <= span.high.at(counted), (code, names, span)


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS, LENGTHS, LENGTHS, COUNTS, COUNTS, st.booleans())
def test_what_is_said_of_python_over_known_values_holds(
    codes: tuple[str, str], xs: int, ys: int, n: int, m: int, flag: bool
) -> None:
    names = {"xs": list(range(xs)), "ys": list(range(ys)), "n": n, "m": m, "flag": flag}
    for code in codes:
        holds(code, names, {name: of_value(value) for name, value in names.items()} | {"flag": NOTHING})


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS, LENGTHS, LENGTHS, LENGTHS, LENGTHS, st.booleans())
def test_what_is_said_of_python_as_a_formula_holds_for_every_count(
    codes: tuple[str, str], xs: int, ys: int, n: int, m: int, flag: bool
) -> None:
    names = {"xs": list(range(xs)), "ys": list(range(ys)), "n": n, "m": m, "flag": flag}
    symbols = {"xs": "len(xs)", "ys": "len(ys)", "n": "n", "m": "m"}
    known = {name: Known(length=exactly(symbol(text)), number=exactly(symbol(text))) for name, text in symbols.items()}
    for code in codes:
        holds(code, names, known | {"flag": NOTHING})
