"""What Python computed, as the value of a declared type: exactly, or with the path to what does not fit."""

from __future__ import annotations

from collections import Counter, namedtuple
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from flowreason.asking.convert import convert
from flowreason.asking.kinds import type_of
from flowreason.asking.misfit import Misfit
from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

PERSON = Record((("name", TEXT), ("year", INT)))
River = namedtuple("River", "name year")


@pytest.mark.parametrize(
    ("value", "type", "wanted"),
    [
        (6.0, INT, 6),
        ("6", INT, 6),
        (Fraction(6, 2), INT, 3),
        (Decimal("2.5"), NUMBER, 2.5),
        (" 2.5 ", NUMBER, 2.5),
        (7, NUMBER, 7),
        (6.0, TEXT, "6"),
        (True, TEXT, "true"),
        (date(2026, 5, 4), TEXT, "2026-05-04"),
        ((1, 2), ListOf(INT), [1, 2]),
        ({3, 1, 2}, ListOf(INT), [1, 2, 3]),
        ({"a": 1}.keys(), ListOf(TEXT), ["a"]),
        (Counter("aab"), DictOf(INT), {"a": 2, "b": 1}),
        ({1: 2}, DictOf(INT), {"1": 2}),
        ({"name": "Ada", "year": 1815.0, "land": "?"}, PERSON, {"name": "Ada", "year": 1815}),
        (River("Oder", 1), PERSON, {"name": "Oder", "year": 1}),
        (True, Choice(("True", "False")), "True"),
        ("Yes", Choice(("yes", "no")), "yes"),
        (None, ANY, None),
        ([("rain", "flood")], GRAPH, {"nodes": ["rain", "flood"], "edges": [["rain", "", "flood"]]}),
    ],
)
def test_exact_conversions(value: object, type: Type, wanted: object) -> None:
    made = convert(value, type)
    assert made == wanted
    assert made.__class__ is wanted.__class__


@pytest.mark.parametrize(
    ("value", "type"),
    [
        (6.5, INT),
        (True, INT),
        (1, BOOL),
        ("yes", BOOL),
        ("about 6", NUMBER),
        ("", NUMBER),
        ([1], TEXT),
        (None, TEXT),
        ("ab", ListOf(TEXT)),
        ({"a": 1}, ListOf(TEXT)),
        ([1], DictOf(INT)),
        ("maybe", Choice(("yes", "no"))),
        (7, GRAPH),
    ],
)
def test_nothing_inexact_is_converted(value: object, type: Type) -> None:
    with pytest.raises(Misfit, match=r"^answer: "):
        convert(value, type)


def test_a_misfit_names_the_path_to_the_place() -> None:
    rows = [{"name": "Ada", "year": 1815}, {"name": "Emmy", "year": "soon"}]
    with pytest.raises(Misfit) as caught:
        convert(rows, ListOf(PERSON))
    assert caught.value.reason == 'answer[1].year: expected int, got text "soon"'
    with pytest.raises(Misfit, match=r'^rows\[0\]: the field "year" is missing$'):
        convert([{"name": "Ada"}], ListOf(PERSON), "rows")


@pytest.mark.parametrize(
    ("value", "type"),
    [
        ([1, 2.5], "list[number]"),
        ([1, "a"], "list[any]"),
        ([1, None], "list[any]"),
        ([], "list[any]"),
        ([{"name": "a", "size": 1}, {"name": "b", "size": 2}], "list[{name: text, size: int}]"),
        ({"two words": 1}, "dict[int]"),
        ({1: 2}, "any"),
        (True, "bool"),
    ],
)
def test_the_type_of_a_value_takes_the_value(value: object, type: str) -> None:
    assert str(type_of(value)) == type
    convert(value, type_of(value))
