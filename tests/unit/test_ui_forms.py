"""What a person types in: values, files, choices, questions with known answers."""

from __future__ import annotations

from typing import Any

import pytest

from flowreason import library
from flowreason.errors import InputError, UsageError
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, ListOf
from flowreason_ui.answering import table_of
from flowreason_ui.asking import choices
from flowreason_ui.choosing import WITHOUT_QUESTION, methods, name_of, what_is
from flowreason_ui.forms import name_from, read_file, typed_value, untyped
from flowreason_ui.questions import items_of, known_answer, likely_type, rows_of, surveyed


def test_a_typed_value_is_read_and_never_names_a_file() -> None:
    assert untyped("12") == 12
    assert untyped('{"a": [1]}') == {"a": [1]}
    assert untyped("plain text") == "plain text"
    assert untyped("@/etc/hostname") == "@/etc/hostname"
    assert untyped("null") == "null"
    assert untyped('"quoted"') == '"quoted"'


def test_a_file_is_read_by_its_ending() -> None:
    assert read_file("a.txt", "grüße".encode()) == "grüße"
    assert read_file("a.csv", b"\xef\xbb\xbfx,y\n1,2\n") == [{"x": "1", "y": "2"}]
    assert read_file("a.jsonl", b'{"a": 1}\n\n2\n') == [{"a": 1}, 2]
    assert read_file("a.json", b"[1, 2]") == [1, 2]


@pytest.mark.parametrize(("name", "raw"), [("a.json", b"{"), ("a.txt", b"\xff\xfe"), ("a.jsonl", b"{\n")])
def test_a_file_that_cannot_be_read_is_told_by_its_name(name: str, raw: bytes) -> None:
    with pytest.raises(InputError, match=name):
        read_file(name, raw)


def test_a_files_name_becomes_an_inputs_name() -> None:
    assert name_from("My data (2).csv") == "my_data__2"
    assert name_from("2024.csv").isidentifier()
    assert name_from("….txt").isidentifier()


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [("12", INT, 12), ("1.5", NUMBER, 1.5), ("a\nb", TEXT, "a\nb"), ("[1, 2]", ListOf(INT), [1, 2])],
)
def test_a_value_is_read_by_the_type_of_its_step(text: str, type: Any, value: Any) -> None:
    assert typed_value("it", text, type) == value


@pytest.mark.parametrize(("text", "type"), [("x", INT), ("", INT), ("{", ListOf(TEXT)), ("1.5", INT), ("maybe", BOOL)])
def test_a_value_that_does_not_fit_is_told_with_its_name(text: str, type: Any) -> None:
    with pytest.raises(InputError, match="the year must be"):
        typed_value("the year", text, type)


def test_the_options_of_a_choice_become_buttons_and_nothing_else_does() -> None:
    options = ("a b", 'say "no"', "back\\slash", "x | y")
    assert choices(str(Choice(options))) == list(options)
    assert choices("int") == choices("list[text]") == choices('{a: "x"}') == []


def test_every_method_that_is_offered_answers_a_question_by_itself() -> None:
    for name in library.names():
        takes = {each.name: each for each in library.describe(name).parameters}
        alone = "question" in takes and all(each.default for each in takes.values() if each.name != "question")
        assert (name in methods()) == (alone and name not in WITHOUT_QUESTION), name
    assert all(name_of(each) and what_is(each) for each in methods())


def test_an_answer_is_a_table_where_it_is_one() -> None:
    assert table_of([1, "b"]) == [{"#": "1", "value": "1"}, {"#": "2", "value": "b"}]
    assert table_of({"a": 1, "b": True}) == [{"name": "a", "value": "1"}, {"name": "b", "value": "true"}]
    assert table_of([{"a": 1}, {"b": [2]}]) == [{"a": "1", "b": ""}, {"a": "", "b": "[2]"}]
    assert table_of("text") is table_of([]) is table_of([[1], 2]) is table_of({"a": {}}) is None


# --- questions ---

SUMS = b"id,question,answer\n1,How much is 1 plus 2?,3\n2,How much is 2 plus 2?,4\n3,,5\n"


def test_a_table_is_surveyed_with_the_columns_that_mean_something() -> None:
    survey = surveyed("sums.csv", SUMS)
    assert (survey.count, survey.columns) == (3, ("id", "question", "answer"))
    assert survey.likely(("question",)) == "question"
    assert survey.likely(("gold", "answer")) == "answer"
    assert survey.likely(("nothing",)) == ""


def test_lines_that_cannot_be_read_are_told_and_the_others_stay() -> None:
    survey = surveyed("q.jsonl", b'"one"\n{broken\n{"question": "two"}\n')
    assert survey.count == 3
    assert len(survey.faults) == 1 and "line 2" in survey.faults[0]
    assert len(survey.first) == 2


@pytest.mark.parametrize(("name", "raw"), [("a.txt", b"x"), ("a.csv", b""), ("a.jsonl", b"\n\n")])
def test_what_holds_no_question_is_told(name: str, raw: bytes) -> None:
    with pytest.raises(UsageError):
        surveyed(name, raw)


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["1", "2.5", 3], "number"), (["yes", "No"], "bool"), ([["a"], '["b"]'], "list"), (["(A)", "(B)"], "choice"),
     (["Rhine"], "text"), ([], "text"), (["", None], "text")],
)  # fmt: skip
def test_the_type_of_known_answers_is_seen(values: list[Any], kind: str) -> None:
    assert likely_type(values) == kind


def test_a_known_answer_of_another_type_is_told() -> None:
    assert known_answer("1,200", "number") == 1200
    assert known_answer("a, b", "list") == ["a", "b"]
    with pytest.raises(UsageError, match="is no number"):
        known_answer("many", "number")


def test_questions_without_a_known_answer_are_passed_over() -> None:
    items = items_of(rows_of("sums.csv", SUMS), "question", (), "answer", "number")
    assert [(item.id, item.answer) for item in items] == [("questions/1", 3), ("questions/2", 4)]
    with pytest.raises(UsageError, match="no row has both"):
        items_of(rows_of("sums.csv", SUMS), "question", (), "gold", "number")
