"""Any value at any place gives a value or a failed step in words: nothing that a tool, an input or Python makes is a
traceback."""

from __future__ import annotations

import datetime
import warnings
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.asking.convert import convert, fit
from flowreason.asking.misfit import Misfit
from flowreason.values import NotPlain, decode, dumps, encode, loads, plain, show
from flowreason_dsl.types import BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record


def deep(make: Any, times: int) -> Any:
    value: Any = 0
    for _ in range(times):
        value = make(value)
    return value


ODD: list[Any] = [
    Decimal("sNaN"), Decimal("NaN"), Decimal("-Infinity"), Decimal("1E4000"), Decimal("1E-4000"), Decimal("1E+999999999"), Decimal("-0"),
    Fraction(10**4000, 3), Fraction(1, 10**4000), Fraction(10**5000, 3), float("nan"), float("-inf"), -0.0, 5e-324, 1e308, 10**4299, 10**4400, -(10**5000),
    datetime.datetime.max, datetime.datetime.min, datetime.timedelta.max, datetime.time(23, 59, fold=1), datetime.date.min, b"\xff", "\ud800", "\0", "", " ٠ ",
    "²", "1_000", "0x10", "1e400", "nan", "9" * 5000, "1e999999999", None, True, complex(1, 2), range(10), {1, "a"}, {"$": "x"}, {"nodes": 5}, {"nodes": [[]], "edges": [[1, 2, 3]]},
    {Decimal("NaN"): 1}, {10**4400: 1}, {(1, 2): {3}}, {None: 1}, {Decimal("NaN"), Decimal(1)}, frozenset([frozenset([1])]), "x" * 30_000,
    deep(lambda v: [v], 199), deep(lambda v: [v], 480), deep(lambda v: [v], 5000), deep(lambda v: {"a": v}, 330), deep(lambda v: (v,), 325), deep(lambda v: {1: v}, 240),
    datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(0, 1, 1))),
]  # fmt: skip

LEAVES = (
    st.integers(0, len(ODD) - 1).map(lambda number: ODD[number])
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.booleans()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=4,
)
TYPES = st.sampled_from([
    INT, NUMBER, TEXT, BOOL, GRAPH, Choice(("a", "b")), ListOf(INT), ListOf(NUMBER), ListOf(TEXT), DictOf(NUMBER), Record((("a", INT),)),
])  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(VALUES, TYPES)
def test_any_value_is_of_any_type_or_a_misfit(value: Any, type: Any) -> None:
    for brought in (convert, fit):
        try:
            found = brought(value, type)
        except Misfit as misfit:
            assert misfit.reason
        except RecursionError:
            assert _is_deep(value)
        else:
            assert _same(found, found) or "digits" in _refusal(found)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(VALUES)
def test_any_value_is_shown_and_what_is_written_is_read_again(value: Any) -> None:
    assert isinstance(show(value), str)
    plain(value)
    try:
        data = encode(value)
    except NotPlain as error:
        assert "cannot be handed on" in str(error)
        return
    assert _same(decode(data), value)
    assert encode(loads(dumps(value))) == data


def _is_deep(value: Any) -> bool:
    return "nested" in _refusal(value)


def _same(found: Any, value: Any) -> bool:
    """Equal as written: NaN is not equal to itself, and a range comes back as a list."""
    return not _refusal(found) and encode(found) == encode(value)


def _refusal(value: Any) -> str:
    try:
        encode(value)
    except NotPlain as error:
        return str(error)
    return ""


def refuses(*_: object) -> Any:
    raise RuntimeError("not with me")


DERIVED: list[Any] = [
    type("Odd", (base,), dict.fromkeys(["__iter__", "items", "__len__", "__lt__", "__str__", "__repr__", "__bool__"] if number else ["__eq__", "__ne__"], refuses) | {"__hash__": base.__hash__})(*given)
    for base, given in ((int, [3]), (str, ["a"]), (float, [2.5]), (list, [[1, 2]]), (dict, [{"a": 1}]), (tuple, [(1, 2)]))
    for number in range(2)
]  # fmt: skip
"""Values of classes with a mind of their own: about equality, or about their items, order and text."""

USES = [
    "y: int = x", "y: number = x", "y: text = x", "y: bool = x", 'y: "a" | "b" = x', "y: list[int] = x", "y: dict[number] = x", "y: {a: int} = x", "y: graph = x", 'y = "{x} {x}"',
    'y = 0\n match x { 3 { y = 1 } "a" { y = 2 } true { y = 4 } else { y = 3 } }', "y = 0\n if x { y = 1 }", "y = for i in x yield i", "y = for i, j in x yield i", "y = 0\n repeat x { y = 1 }",
    'y = ask "what is {x}"', 'y = ask "what" given x', 'y: graph = ask "what" given x', "y = x[0]", "y = x.a", 'y = ask "q" with temperature=x', 'y = ask "q" with seed=x', 'y = ask "q" with model=x',
    'y = ask "q" with samples=x', 'y = ask "q{x}" with vote=x', 'y = ask "q" with max_tokens=x', "y = `x + 1`", "y = `x == 1`", "y = `[x, x]`", "y = `str(x)`", "y = `x[0]`", "y = `max(x, 1)`",
    'y = `f"{x}"`', "y = `len(x)`", "y = `x < 2`", "y = again(x)", "y = same(x)", "y = twice(x)", "y = emulate `z = x`", 'y = ask user "what {x}"', 'y = run x', "y = `1 // 0` else x",
]  # fmt: skip


@fr.tool
def same(a: int) -> int:
    """Gives what it is given."""
    return a


@cache
def used(use: str, by_tool: bool) -> fr.Flow:
    """A flow that uses a value in one way: of its caller, or one that a tool made."""
    head = "flow main() -> any {\n x: any = made()\n" if by_tool else "flow main(x: any) -> any {\n"
    more = "flow again(a: number) -> list[any] { answer `[a]` }" if "again" in use else ""
    more += "flow twice(a: any) -> any { answer `[a, a]` }" if "twice" in use else ""
    return fr.loads(f"{head} {use}\n answer y\n}}\n{more}", tools=[same, made])


@fr.tool
def made():  # type: ignore[no-untyped-def] # noqa: ANN201 - a tool that names no type gives any value
    """Gives the value of this example."""
    return MADE[0]


MADE: list[Any] = [None]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(VALUES | st.sampled_from([*DERIVED, *([each] for each in DERIVED)]), st.sampled_from(USES), st.booleans())
def test_any_value_in_any_use_gives_a_value_or_a_failed_step_in_words(value: Any, use: str, by_tool: bool) -> None:
    MADE[0] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = used(use, by_tool).run(
                {} if by_tool else {"x": value},
                provider=fr.ScriptedProvider(default="1"),
                limits=fr.Limits(calls=300, seconds=20),
                ask_user=lambda *_: "1",
            )
        except fr.FlowreasonError as error:
            assert str(error)
            return
    assert result.ok or str(result.error)
    assert repr(result) and isinstance(result.answer, str)
    for event in result.events:
        try:
            dumps(dict(event.data))
        except NotPlain:
            continue
