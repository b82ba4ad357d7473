"""What a person types in: values, files, choices, questions with known answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flowreason import library
from flowreason.asking.reply import parse_input
from flowreason.errors import InputError, UsageError
from flowreason.library.titles import TITLES
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, ListOf, Record, Type
from flowreason_ui.asking import question_of, type_from, written
from flowreason_ui.choosing import WITHOUT_QUESTION, methods, name_of, what_is, when_to_use
from flowreason_ui.fields import columns_of, filled_rows, from_lines
from flowreason_ui.forms import described, name_from, read_file, typed_value, untyped
from flowreason_ui.questions import first_as_row, items_of, known_answer, likely_type, named, rows_of, surveyed


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


@pytest.mark.parametrize(
    ("name", "raw", "place"),
    [("a.json", b'[1,\n 2', "line 2, column 3"), ("a.txt", b"ok\n\xff\xfe", "line 2"), ("a.jsonl", b"1\n{\n", "line 2"),
     ("a.csv", b"x,y\n1,2\n1,2,3\n", "line 3"), ("a.csv", b"x,x\n1,2\n", "first line")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_by_its_name_and_place(name: str, raw: bytes, place: str) -> None:
    with pytest.raises(InputError, match=name) as raised:
        read_file(name, raw)
    assert place in str(raised.value)


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


@pytest.mark.parametrize(("type", "word"), [(INT, "a whole number"), (BOOL, "true or false"), (ListOf(TEXT), "a list")])
def test_what_does_not_fit_is_told_without_the_words_of_the_language(type: Type, word: str) -> None:
    with pytest.raises(InputError, match=word) as raised:
        typed_value("it", "{", type)
    assert not re.search(r"\b(int|bool)\b|\[", str(raised.value))


TOWNS = ListOf(Record((("town", TEXT), ("days", INT))))


@pytest.mark.parametrize(
    ("type", "value"),
    [(TEXT, "a b"), (Choice(("a b", 'say "no"', "x | y")), 'say "no"'), (INT, 3), (NUMBER, 1.5), (BOOL, False),
     (ListOf(TEXT), ["a", "1"]), (TOWNS, [{"town": "Ulm", "days": 2}]), (TOWNS.item, {"town": "5", "days": 2})],
)  # fmt: skip
def test_an_answer_of_any_type_is_handed_over_as_the_engine_reads_it(type: Type, value: Any) -> None:
    assert type_from(str(type)) == type
    assert parse_input(written(value, type), type) == value


@pytest.mark.parametrize("type", [BOOL, INT, Choice(("a", "b")), ListOf(TEXT), TOWNS, TOWNS.item])
def test_a_question_is_shown_without_how_it_is_typed_where_a_field_shows_that(type: Type) -> None:
    from flowreason.asking.person import answer_hint

    assert question_of(f"Which? ({answer_hint(type)})", type) == "Which?"


def test_a_question_that_is_answered_by_json_says_so() -> None:
    assert question_of("Which? (as JSON: [[int]])", ListOf(ListOf(INT))) == "Which? (as JSON: [[int]])"
    assert question_of("Which? (yes or no)", TEXT) == "Which? (yes or no)"


def test_a_type_that_cannot_be_read_is_answered_by_text() -> None:
    assert type_from("nothing of that kind") == TEXT


def test_lists_of_records_are_edited_as_tables_where_their_fields_are_simple() -> None:
    assert list(columns_of(TOWNS) or ()) == ["town", "days"]
    assert columns_of(ListOf(INT)) is columns_of(ListOf(Record((("a", ListOf(INT)),)))) is columns_of(TEXT) is None


def test_a_table_gives_its_rows_in_their_types_and_names_the_cell_that_does_not_fit() -> None:
    columns, nothing = columns_of(TOWNS) or {}, float("nan")
    filled = [{"town": "Ulm", "days": 2.0}, {"town": None, "days": nothing}, {"town": "5", "days": 1}]
    assert filled_rows("Towns", filled, columns) == [{"town": "Ulm", "days": 2}, {"town": "5", "days": 1}]
    with pytest.raises(InputError, match="Towns, row 2, days must be a whole number, and it is empty"):
        filled_rows("Towns", [filled[0], {"town": "Bonn", "days": nothing}], columns)


def test_a_list_is_written_one_item_a_line_and_a_line_that_does_not_fit_is_named() -> None:
    assert from_lines("It", "a\n\n 1 \n", ListOf(TEXT)) == ["a", "1"]
    assert from_lines("It", "4\n5", ListOf(INT)) == [4, 5]
    with pytest.raises(InputError, match="line 2, must be a whole number"):
        from_lines("It", "4\nfive", ListOf(INT))


@pytest.mark.parametrize(
    ("value", "told"),
    [([{"a": "1", "b": "2"}], "a table of 1 row: a, b"), ("x\ny", "a text of 2 lines"), ("", "an empty text"),
     ([1, 2], "a list of 2"), ({"a": 1}, "a record of 1"), (3, "a value")],
)  # fmt: skip
def test_what_a_file_holds_is_told(value: Any, told: str) -> None:
    assert described(value) == told


def test_every_method_that_is_offered_answers_a_question_by_itself() -> None:
    for name in library.names():
        takes = {each.name: each for each in library.describe(name).parameters}
        alone = "question" in takes and all(each.default for each in takes.values() if each.name != "question")
        assert (name in methods()) == (alone and name not in WITHOUT_QUESTION), name
    assert all(name_of(each) and what_is(each) and when_to_use(each) for each in methods())
    assert not [each for each in library.names() if each not in TITLES], "each is called as those know it who know it"
    assert (name_of("pal"), name_of("tot_24"), name_of("auto_cot")) == ("PAL", "ToT (game of 24)", "Auto-CoT")
    assert name_of("self_consistency(samples=9)") == "Self-consistency (samples 9)"


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


@pytest.mark.parametrize(
    ("name", "raw", "first", "header"),
    [("a.csv", "What is 2 plus 2?\nWhat is 3 plus 3?\n", 1, "question"), ("a.csv", "What is it?,4\nAnd?,5\n", 2, "question,answer"),
     ("a.tsv", "7\tName a very large river there\tx\n", 3, "column_1\tquestion\tcolumn_3"),
     ("a.csv", "\ufeffWhat is it?;4\n", 2, "question;answer"), ("a.csv", "17\n18\n", 1, "question"),
     ("a.csv", "question\nWhat?\n", 0, ""), ("a.csv", "my asks,id\nWhat?,1\n", 0, ""), ("a.csv", "river\nRhine\n", 0, ""),
     ("a.csv", "What is asked?,answer\nx,1\n", 0, ""), ("a.jsonl", '"What is it?"\n', 0, "")],
)  # fmt: skip
def test_a_first_line_that_is_a_question_is_not_lost(name: str, raw: str, first: int, header: str) -> None:
    found = first_as_row(name, raw.encode())
    assert len(found) == first
    if found:
        whole = named(name, raw.encode(), found)
        assert whole.decode().splitlines()[0] == header
        assert surveyed(name, whole).count == len(raw.splitlines())
        assert list(surveyed(name, whole).first[0].values()) == list(found)
