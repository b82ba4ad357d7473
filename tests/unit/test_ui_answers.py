"""What a run came to, as a person sees it: the answer, its price in sentences, what was wrong, what can be done."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

import flowreason as fr
from flowreason.examples_catalog import find
from flowreason_ui.answer_files import answer_file, table_of
from flowreason_ui.changing import more, where
from flowreason_ui.pricing import linear, sentences
from flowreason_ui.telling import fault, sentence
from tests.apps import MARKUP

LISTED = """flow f() -> text {
  rs: list[text] = ask "Name rivers"
  fs = for r in rs { x = ask "About {r}" yield x }
  answer ask "Sum up {fs}"
}"""


def test_an_answer_is_a_table_where_it_is_one() -> None:
    assert table_of([1, "b"]) == [{"#": "1", "value": "1"}, {"#": "2", "value": "b"}]
    assert table_of({"a": 1, "b": True}) == [{"name": "a", "value": "1"}, {"name": "b", "value": "true"}]
    assert table_of([{"a": 1}, {"b": [2]}]) == [{"a": "1", "b": ""}, {"a": "", "b": "[2]"}]
    assert table_of("text") is table_of([]) is table_of([[1], 2]) is table_of({"a": {}}) is None


def test_an_answer_is_saved_as_what_it_is() -> None:
    content, name, kind = answer_file([{"a": MARKUP, "b": 1}], "How many, and why?")
    assert (name, kind) == ("how_many_and_why.csv", "text/csv")
    assert list(csv.DictReader(content.decode().splitlines())) == [{"a": MARKUP, "b": "1"}]
    assert answer_file("plain", "x")[::2] == (b"plain", "text/plain")
    content, name, _ = answer_file({"a": [1, {"b": 2}]}, "x")
    assert json.loads(content) == {"a": [1, {"b": 2}]} and name == "x.json"


# --- the price ---


def price(text: str, limits: fr.Limits | None = None, **options: Any) -> str:
    return " ".join(sentences(fr.loads(text).price(**options).as_json(), limits or fr.Limits()))


def test_a_price_says_how_many_calls_tokens_and_dollars() -> None:
    two = 'flow f() -> text { a = ask "One?" answer ask "Two? {a}" }'
    told = price(two, prices=(1.0, 2.0))
    assert told.startswith("2 to 6 calls to the model. About ") and "tokens" in told and "At most about $" in told
    assert "What that costs in money is not known" in price(two)
    assert price("flow f() -> int { answer 1 }") == "The flow asks the model nothing: running it costs nothing."


def test_what_is_not_known_beforehand_is_told_with_its_reason_and_the_limit_that_holds() -> None:
    told = price(LISTED)
    assert "2 to 6 calls to the model, and 1 to 3 calls for each item of “rs”, whose number is not known yet." in told
    assert "Your limit of 200 calls stops it where it wants more." in told
    assert "Your limit" not in price(LISTED, fr.Limits(calls=None))


@pytest.mark.parametrize("name", ["inventions", "sarcasm", "reviews", "robot"])
def test_no_price_shows_formulas_or_numbers_that_nobody_reaches(name: str) -> None:
    from flowreason.tool_files import tools_from

    example = find(name)
    told = " ".join(sentences(fr.loads(example.flow, tools=tools_from(example.tools)).price().as_json(), fr.Limits()))
    assert not any(sign in told for sign in ("·", "len(", "calls(", "#", "000,000", "830,250")), told


def test_a_sum_is_read_by_its_counts() -> None:
    assert linear("2 + 3·len(rs)") == {"": 2, "len(rs)": 3}
    assert linear("1,900·calls(x y)") == {"calls(x y)": 1900}
    assert (linear(0), linear(7), linear("3·a·b^2 + max(1, c)^2 + (d + 1)")) == ({}, {"": 7}, None)


# --- words ---


def test_an_error_begins_as_a_sentence_and_a_name_stays_as_it_is() -> None:
    assert sentence("the limit of 3 calls is reached") == "The limit of 3 calls is reached."
    assert sentence("data.csv is empty") == "data.csv is empty."
    assert sentence("") == ""


def test_a_key_is_mended_under_settings_and_nothing_names_the_environment() -> None:
    for advice in (
        "Check the key (FLOWREASON_API_KEY or OPENAI_API_KEY) and what it may use.",
        "This server wants a key: set FLOWREASON_API_KEY, or OPENAI_API_KEY for OpenAI.",
        "there is no key for OpenAI: set OPENAI_API_KEY, or give a base URL of another server",
    ):
        told = fault(advice)
        assert "Settings" in told and "API_KEY" not in told


def test_a_round_is_told_in_words() -> None:
    assert where("main") == ""
    assert where("main/facts[5]") == "in round 6 of facts"
    assert where("main/a[0]/b[11]") == "in round 12 of b, in round 1 of a"


def test_twice_as_much_is_offered_of_the_limit_that_was_reached() -> None:
    limits = fr.Limits(calls=14, money=0.5, seconds=30.0)
    assert more(limits, "the limit of 14 calls is reached") == fr.Limits(calls=28, money=0.5, seconds=30.0)
    assert more(limits, "the limit of 2,000 calls is reached").calls == 4_000, "it was allowed more when it went on"
    assert more(fr.Limits(calls=2), "the limit of 2 calls is reached").calls == 10
    assert more(limits, "the limit of 30 seconds is reached").seconds == 60.0
    assert more(limits, "the limit of $0.5 is reached").money == 1.0
    assert more(limits, "nothing of that") == limits
