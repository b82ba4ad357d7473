"""Replies as models write them: one reading, or a reason that goes back."""

from __future__ import annotations

import json

import pytest

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import feedback, parse_input, parse_reply
from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

LETTERS = Choice(("(A)", "(B)", "(C)"))
RIVERS = Choice(("(A) Rhine", "(B) Elbe"))
VALID = Choice(("valid", "invalid"))
PERSON = Record((("name", TEXT), ("year", INT)))
TEXTS = ListOf(TEXT)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("42", 42),
        ("42.", 42),
        ("**42**", 42),
        ("The answer is 42.", 42),
        ("The answer to the question is 12 boats out of 20.", 12),
        ("**Final answer:** **42**", 42),
        ("6 boats in 7 rows.\nAnswer: 6 * 7 = 42", 42),
        ("$1,234", 1234),
        ("12 %", 12),
        ("3 million", 3_000_000),
        ("-5", -5),
        ("minus 5", -5),
        ("−5", -5),
        ("6.0", 6),
        ("1e5", 100_000),
        ("seven", 7),
        ("about 40 km", 40),
        (r"So it is $\boxed{17}$ after 3 steps", 17),
        ('{"answer": 42}', 42),
        ('{"reasoning": "2 and 40", "answer": "42"}', 42),
        ('```json\n{"answer": 42}\n```', 42),
        ("<think>maybe 41</think>\n42", 42),
    ],
)
def test_a_whole_number_is_read_from_what_models_write(reply: str, value: int) -> None:
    read = parse_reply(reply, INT)
    assert read == value
    assert type(read) is int


@pytest.mark.parametrize(
    "reply",
    [
        "5-7",
        "The answer is 5-7",
        "2 + 2 = 4",
        "10:30",
        "3,5",
        "1.2.3",
        "5k",
        "6.5",
        "3/4",
        "- 5",
        "none",
        "[42]",
        "9" * 5000,
    ],
)
def test_what_may_be_two_numbers_or_none_goes_back(reply: str) -> None:
    with pytest.raises(Misfit):
        parse_reply(reply, INT)


def test_a_number_may_be_a_fraction_but_never_infinite() -> None:
    assert parse_reply("3/4", NUMBER) == 0.75
    assert parse_reply(".5", NUMBER) == 0.5
    for endless in ("1e400", "NaN", '{"answer": Infinity}'):
        with pytest.raises(Misfit):
            parse_reply(endless, NUMBER)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("yes", True),
        ("No.", False),
        ("**Yes**", True),
        ("True", True),
        ("Yes, because no one swims there.", True),
        ("No, the answer would be yes only in summer.", False),
        ("No it is not", False),
        ("Answer: no (see above)", False),
        ("The answer is yes", True),
        ('{"answer": false}', False),
    ],
)
def test_yes_and_no_are_read_when_they_stand_first_or_are_marked(reply: str, value: bool) -> None:
    assert parse_reply(reply, BOOL) is value


@pytest.mark.parametrize(
    "reply", ["Yes and no", "No, yes", "No one knows", "It is not true", "maybe", "1", "It depends: yes"]
)
def test_a_reply_that_is_not_clearly_yes_or_no_goes_back(reply: str) -> None:
    with pytest.raises(Misfit):
        parse_reply(reply, BOOL)


@pytest.mark.parametrize(
    ("reply", "type", "value"),
    [
        ("(b)", LETTERS, "(B)"),
        ("C.", LETTERS, "(C)"),
        ("Option B", LETTERS, "(B)"),
        ("(A) because of rain", LETTERS, "(A)"),
        ("The answer is (C).", LETTERS, "(C)"),
        ("I think (B) fits", LETTERS, "(B)"),
        ("(B)", RIVERS, "(B) Elbe"),
        ("elbe", RIVERS, "(B) Elbe"),
        ("The argument is invalid.", VALID, "invalid"),
        ('"Valid"', VALID, "valid"),
    ],
)
def test_a_choice_is_read_by_its_words_or_its_letter(reply: str, type: Choice, value: str) -> None:
    assert parse_reply(reply, type) == value


@pytest.mark.parametrize(
    ("reply", "type"),
    [("(A) or (B)", LETTERS), ("A river", LETTERS), ("not valid", VALID), ("not invalid", VALID), ("?", VALID)],
)
def test_a_reply_that_names_no_option_or_two_goes_back(reply: str, type: Choice) -> None:
    with pytest.raises(Misfit):
        parse_reply(reply, type)


@pytest.mark.parametrize(
    "reply",
    [
        '["a", "b", "c"]',
        "['a', 'b', 'c',]",
        'The list is ["a", "b", "c"].',
        "Here they are:\n- a\n- b\n- c\n\nI hope this helps!",
        "1. a\n2) b\n3. **c**",
        "a\nb\nc",
        "a, b, and c",
        "a, b and c",
        '{"answer": ["a", "b", "c"]}',
    ],
)
def test_a_list_is_read_from_json_lines_or_commas(reply: str) -> None:
    assert parse_reply(reply, TEXTS) == ["a", "b", "c"]


def test_brackets_inside_of_texts_are_no_nesting() -> None:
    sad = [":(" * 300, "{[(" * 100]
    assert parse_reply(json.dumps(sad), TEXTS) == sad
    assert parse_reply(json.dumps({"answer": sad}), TEXTS) == sad


def test_items_of_a_list_have_its_type() -> None:
    assert parse_reply("1, 2, 3", ListOf(INT)) == [1, 2, 3]
    assert parse_reply('[1, "2", 3.0]', ListOf(INT)) == [1, 2, 3]
    assert parse_reply("none", ListOf(INT)) == []
    with pytest.raises(Misfit, match=r'answer\[1\]: no number in "soon"'):
        parse_reply('[1, "soon"]', ListOf(INT))


@pytest.mark.parametrize(
    "reply",
    [
        '{"name": "Ada", "year": "1815", "land": "England"}',
        'Sure! {"Name": "Ada", "Year": 1815}',
        "**Name:** Ada\n**Year:** 1815",
        'First {"name": "?"} was wrong.\n\nAnswer: {"name": "Ada",\n "year": 1815}',
    ],
)
def test_a_record_is_read_and_what_was_not_asked_for_dropped(reply: str) -> None:
    assert parse_reply(reply, PERSON) == {"name": "Ada", "year": 1815}


def test_missing_fields_are_named() -> None:
    with pytest.raises(Misfit, match='the fields "name", "year" are missing'):
        parse_reply('{"nome": "Ada"}', PERSON)
    with pytest.raises(Misfit, match=r'answer\[0\]\.year: no number in "soon"'):
        parse_reply('[{"name": "Ada", "year": "soon"}]', ListOf(PERSON))


def test_a_record_with_a_field_called_answer_is_not_taken_for_a_wrapper() -> None:
    type = Record((("answer", TEXT), ("why", TEXT)))
    assert parse_reply('{"answer": "tea", "why": "cold"}', type) == {"answer": "tea", "why": "cold"}
    wrapped = '{"reasoning": "…", "answer": {"answer": "tea", "why": "cold"}}'
    assert parse_reply(wrapped, type, structured=True) == {"answer": "tea", "why": "cold"}


@pytest.mark.parametrize(
    "reply",
    [
        '{"nodes": ["rain", "flood"], "edges": [{"from": "rain", "relation": "causes", "to": "flood"}]}',
        '{"answer": {"nodes": [], "edges": [["rain", "causes", "flood"]]}}',
        '[["rain", "causes", "flood"]]',
        "rain -[causes]-> flood",
        "- rain --causes--> flood",
        "(rain; causes; flood)",
        "rain | causes | flood",
        'digraph {\n  "rain" -> "flood" [label="causes"];\n}',
        "```mermaid\ngraph TD\n  rain -->|causes| flood\n```",
    ],
)
def test_a_graph_is_read_from_json_arrows_dot_and_triples(reply: str) -> None:
    assert parse_reply(reply, GRAPH) == {"nodes": ["rain", "flood"], "edges": [["rain", "causes", "flood"]]}


def test_a_text_is_kept_as_it_is() -> None:
    poem = "Answer: none\n\n```\nThe Danube, wide\n```"
    assert parse_reply(f"  {poem}\n", TEXT) == poem
    assert parse_reply('{"answer": "tea"}', TEXT) == '{"answer": "tea"}'
    with pytest.raises(Misfit, match="empty"):
        parse_reply("<think>so</think>  ", TEXT)


def test_after_reasoning_only_the_marked_answer_is_read() -> None:
    assert parse_reply("First 3, then 4.\nAnswer: 7", INT, think=True) == 7
    assert parse_reply("First 3, then 4.\n7", INT, think=True) == 7
    assert parse_reply("It rains.\n**Answer:** Take\nan umbrella.", TEXT, think=True) == "Take\nan umbrella."
    with pytest.raises(Misfit, match="Answer:"):
        parse_reply("It rains.\nTake an umbrella.", TEXT, think=True)
    with pytest.raises(Misfit, match="before its answer"):
        parse_reply("<think>and so on and on", INT)


def test_a_value_of_any_type_is_json_or_text() -> None:
    assert parse_reply("[1, 2]", ANY) == [1, 2]
    assert parse_reply("a river", ANY) == "a river"
    assert parse_reply('{"a": 1}', DictOf(INT)) == {"a": 1}
    assert parse_reply("a: 1\nb: 2", DictOf(INT)) == {"a": 1, "b": 2}


def test_inputs_are_read_as_people_type_them() -> None:
    assert parse_input("y", BOOL) is True
    assert parse_input("  keep my blanks ", TEXT) == "  keep my blanks "
    assert parse_input("one, with comma\ntwo", TEXTS) == ["one, with comma", "two"]
    assert parse_input("[[1, 2], [3]]", ListOf(ListOf(INT))) == [[1, 2], [3]]
    assert parse_input("6", ANY) == 6
    with pytest.raises(Misfit):
        parse_input("soon", INT)


@pytest.mark.parametrize(
    "hostile", ["[" * 100_000, '{"a":' * 50_000, "(" * 5_000 + ")" * 5_000, '"' * 100_000, "- " * 50_000]
)
@pytest.mark.parametrize("type", [INT, BOOL, LETTERS, TEXTS, PERSON, GRAPH, ANY, DictOf(INT), ListOf(PERSON)])
def test_no_reply_breaks_the_reader(hostile: str, type: Type) -> None:
    try:
        value = parse_reply(hostile, type)
    except Misfit as misfit:
        assert misfit.reason
    else:
        assert convert(value, type) == value


def test_a_reason_is_short_however_long_the_reply() -> None:
    with pytest.raises(Misfit) as caught:
        parse_reply("seven or eight " * 10_000, INT)
    assert len(caught.value.reason) < 200


def test_feedback_shows_the_reply_shortened_and_says_what_is_wanted() -> None:
    said, told = feedback("long " * 5_000, "no number in it", INT)
    assert said.role == "assistant"
    assert len(said.content) < 2_200
    assert told.role == "user"
    assert "no number in it" in told.content
    assert "whole number" in told.content
    assert feedback("", "the reply is empty", TEXT)[0].content.strip()
