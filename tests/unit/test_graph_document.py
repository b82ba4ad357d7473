"""JSON graphs as people and tools write and edit them: the text follows, and what is wrong is told with its place."""

from __future__ import annotations

import copy
import json
import tracemalloc
from typing import Any

import pytest

import flowreason as fr
from flowreason_dsl.plain import DocumentError, document_of, program_of
from flowreason_dsl.plain.shape import MOST_LEVELS

TEXT = """# two rivers
flow compare(first: text, second: text = "Elbe") -> text {
  "Which is longer."
  a: int = ask "How long is the {first}?" with vote=3  # in km
  b: int = ask "How long is the {second}?"

  # the longer one
  if `a > b` {
    answer first
  } else {
    answer ask "Why is the {second} longer?" given a, b else "nobody knows"
  }
}
"""


@pytest.fixture
def document() -> Any:
    return json.loads(json.dumps(document_of(TEXT)))


def refused(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(fr.GraphFormatError) as caught:
        fr.loads_graph(document)
    assert "Traceback" not in str(caught.value)
    return list(caught.value.faults)


# --- what it looks like, and what comes of editing it ----------------------------------------------------------


def test_a_document_is_a_readable_tree(document: Any) -> None:
    (flow,) = document["flows"]
    assert flow["comments"] == [{"kind": "comment", "text": "# two rivers"}]
    assert flow["parameters"][1] == {"name": "second", "type": "text", "default": "Elbe"}
    first, note, _, comment, branch = flow["statements"]
    assert first == {
        "id": "s1", "name": "a", "type": "int", "kind": "ask", "question": "How long is the {first}?",
        "with": [{"name": "vote", "value": 3}],
    }  # fmt: skip
    assert note == {"kind": "comment", "text": "# in km", "behind": True}
    assert comment == {"kind": "comment", "text": "# the longer one", "blank": True}
    answer = branch["else"][0]["value"]
    assert answer["given"] == ["a", "b"]
    assert answer["else"] == [{"kind": "text", "text": "nobody knows"}]


def test_edited_statements_are_edited_text(document: Any) -> None:
    statements = document["flows"][0]["statements"]
    statements[0]["question"] = "How long is the {first}, in {{km}}?\nOnly the number."
    statements[0]["with"] = [{"name": "vote", "value": {"kind": "name", "path": "votes"}}]
    statements.insert(
        3,
        {
            "kind": "call",
            "call": "show",
            "arguments": [{"kind": "text", "text": '"{a}"'}, {"name": "to", "kind": "name", "path": "b"}],
        },
    )
    text = program_of(document).text
    assert (
        'a: int = ask """\n    How long is the {first}, in {{km}}?\n    Only the number.\n  """ with vote=votes  # in km\n'
        in text
    )
    assert '\n  show("\\"{a}\\"", to=b)\n\n  # the longer one\n' in text
    assert text.count("\n  b: int") == 1


def test_a_document_written_by_hand_needs_no_more_than_its_statements() -> None:
    made = fr.loads_graph(
        {
            "format": "flowreason-graph",
            "version": 1,
            "flows": [
                {
                    "name": "main",
                    "parameters": [{"name": "towns", "type": "list[text]"}],
                    "returns": "list[text]",
                    "statements": [
                        {
                            "kind": "each", "name": "facts", "targets": ["town"],
                            "items": {"kind": "name", "path": "towns"},
                            "yields": {"kind": "ask", "question": "What is {town} known for?"},
                        },
                        {"kind": "answer", "value": {"kind": "name", "path": "facts"}},
                    ],
                }
            ],
        }
    )  # fmt: skip
    assert made.text == (
        "flow main(towns: list[text]) -> list[text] {\n"
        '  facts = for town in towns yield ask "What is {town} known for?"\n  answer facts\n}\n'
    )


def test_a_fallback_or_suffix_behind_a_short_loop_belongs_to_the_loop() -> None:
    short = {
        "kind": "each",
        "targets": ["n"],
        "items": {"kind": "name", "path": "a"},
        "yields": {"kind": "name", "path": "n"},
    }
    for extra in ({"else": [{"kind": "value", "value": 1}]}, {"given": ["a"]}):
        statement = {"kind": "answer", "value": {**short, **extra}}
        document = {"format": "flowreason-graph", "version": 1, "flows": [{"name": "f", "statements": [statement]}]}
        assert "for n in a {\n    yield n\n  } " in program_of(document).text


# --- what is wrong with one ------------------------------------------------------------------------------------


def test_all_faults_are_told_at_once_each_with_its_place(document: Any) -> None:
    flow = document["flows"][0]
    flow["statements"][0]["kind"] = "aks"
    del flow["statements"][2]["question"]
    flow["statements"][4]["arms"][0]["condition"]["extra"] = 1
    flow["parameters"][0]["name"] = "for"
    flow["parameters"][1]["default"] = ["Elbe"]
    flow["returns"] = 3
    found = dict(refused(document))
    assert found == {
        "/flows/0/parameters/0/name": '"for" is a word of the language or of Python, and cannot be a name',
        "/flows/0/parameters/1/default": "must be a text or a number or true or false or an object, and is a list",
        "/flows/0/returns": "must be a text, and is a number",
        "/flows/0/statements/0/kind": 'there is no kind "aks" here; did you mean "ask"?',
        "/flows/0/statements/2": "`question` is missing",
        "/flows/0/statements/4/arms/0/condition/extra": found["/flows/0/statements/4/arms/0/condition/extra"],
    }
    assert "has no meaning here" in found["/flows/0/statements/4/arms/0/condition/extra"]


def test_types_questions_paths_and_python_are_read_where_they_stand(document: Any) -> None:
    statements = document["flows"][0]["statements"]
    statements[0] |= {"type": "strng", "question": "Why {a b}?"}
    statements[2]["given"] = ["a.b.", "for"]
    statements.append({"kind": "python", "code": "'''\n`````\n'''"})
    found = dict(refused(document))
    assert set(found) == {
        "/flows/0/statements/0/type", "/flows/0/statements/0/question", "/flows/0/statements/2/given/0",
        "/flows/0/statements/2/given/1", "/flows/0/statements/5/code",
    }  # fmt: skip
    assert "`strng` is no type" in found["/flows/0/statements/0/type"]
    assert "`{{` is a brace" in found["/flows/0/statements/0/question"]


@pytest.mark.parametrize(
    "type_", ["text, b: text", "text) -> int", 'text = "a"', "text #", "text) { } flow g(a: text", "", "list[text"]
)
def test_a_type_cannot_be_more_than_a_type(document: Any, type_: str) -> None:
    document["flows"][0]["statements"][0]["type"] = type_
    assert [pointer for pointer, _ in refused(document)] == ["/flows/0/statements/0/type"]


@pytest.mark.parametrize(
    "change",
    [
        {"question": 'x" answer 1 }} flow g() {{ a = ask "'},
        {"question": "x\\"},
        {"question": '"""'},
        {"question": "a\r\nb\x00\x1b"},
    ],
)
def test_no_text_can_become_more_than_a_text(document: Any, change: dict[str, str]) -> None:
    document["flows"][0]["statements"][0] |= change
    again = document_of(program_of(document).text)
    assert again["flows"][0]["statements"][0]["question"] == change["question"]
    assert len(again["flows"]) == 1


def test_an_unknown_version_is_told_with_those_that_there_are(document: Any) -> None:
    document["version"] = 7
    document["flows"] = "of another shape"
    assert refused(document) == [("/version", "the version 7 is not known here; there is: 1")]
    assert refused({**document, "format": "other"})[0][0] == "/format"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON: line 1, column 2"),
        ("[1, 2", "no JSON"),
        ("[]", "must be an object"),
        ('{"a": 1, "a": 2}', "`a` stands twice"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * 100_000, "nests deeper"),
        ('{"a":' * 1000 + "1" + "}" * 1000, "nests deeper"),
        ('{"format": "flowreason-graph", "version": 1, "flows": [{"name": "f", "statements": ' + "[{}," * (MOST_LEVELS // 2) + "1" + "]" * (MOST_LEVELS // 2) + "}]}", "must be"),
        ('{"a": "\\ud800"}', "`format` is missing"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_words(text: str, said: str) -> None:
    assert said in "\n".join(message for _, message in refused(text))


def test_half_a_character_and_a_number_without_end_are_refused(document: Any) -> None:
    document["flows"][0]["statements"][0]["question"] = "a\ud800b"
    document["flows"][0]["parameters"][1]["default"] = float("inf")
    assert {pointer for pointer, _ in refused(document)} == {
        "/flows/0/statements/0/question",
        "/flows/0/parameters/1/default",
    }


def test_what_python_can_hold_and_json_cannot_is_refused_in_words(document: Any) -> None:
    flow = document["flows"][0]
    assert refused({**document, 3: "three"}) == [("", "the key 3 is no text")]
    flow["statements"][0][None] = 1
    assert refused(document) == [("/flows/0/statements/0", "the key null is no text")]
    del flow["statements"][0][None]
    picture = drawn()
    picture["flows"][0]["nodes"][0]["operation"]["name"] = {1}
    ((pointer, message),) = refused(picture)
    assert pointer == "/flows/0/nodes/0/operation/name"
    assert message.startswith('this is "{1}"')


def test_what_is_said_of_half_a_character_can_be_written_out(document: Any) -> None:
    document["a\ud800"] = "b\udfff"
    document["flows"][0]["statements"][0]["kind"] = "\ud800"
    for pointer, message in refused(document):
        (pointer + message).encode("utf-8")


def test_parts_that_hold_themselves_or_one_another_many_times_are_refused(document: Any) -> None:
    endless: dict[str, Any] = {"kind": "sample"}
    endless["count"] = endless
    document["flows"][0]["statements"][0] = endless
    assert "nests deeper" in refused(document)[0][1]
    many: list[Any] = []
    for _ in range(60):
        many = [many, many]
    document["flows"][0]["statements"][0] = many
    assert refused(document) == [("", "the document has more than 5,000,000 parts")]


def test_a_long_document_is_looked_at_without_a_copy_of_its_pointers() -> None:
    parts = ["x"] * 200_000
    tracemalloc.start()
    refused({"format": "flowreason-graph", "version": 1, "flows": parts})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000


def test_a_document_of_great_size_is_refused(document: Any) -> None:
    document["flows"][0]["statements"][0]["question"] = "a" * 1_000_001
    assert "1,000,000" in refused(document)[0][1]


def test_an_order_must_name_everything_once() -> None:
    document = document_of('tool a()\nflow f() -> int { answer 1 }\nuse "b.flow"')
    assert document["order"] == ["/tools/0", "/flows/0", "/uses/0"]
    assert program_of(document).text.startswith("tool a()\n\nflow f")
    document["order"] = ["/flows/0", "/tools/0"]
    with pytest.raises(DocumentError, match="leaves out /uses/0"):
        program_of(document)


def test_what_the_checker_finds_is_found_in_the_text_that_would_be_written(document: Any) -> None:
    document["flows"][0]["statements"][0]["name"] = "length"
    with pytest.raises(fr.FlowCheckError) as caught:
        fr.loads_graph(document)
    assert {each.code for each in caught.value.diagnostics if each.severity == "error"} == {"name-unknown"}
    assert "length: int = ask" in caught.value.source.text


# --- the picture beside it -------------------------------------------------------------------------------------


def drawn() -> Any:
    return json.loads(fr.loads(TEXT).draw("json"))


def test_a_node_names_the_statement_that_it_comes_from() -> None:
    (flow,) = drawn()["flows"]
    nodes = {node["id"]: node for node in flow["nodes"]}
    assert nodes["a"]["statement"] == "s1"
    assert nodes["b"]["statement"] == "s2"
    assert "statement" not in nodes["first"]
    inside = [node for node in nodes.values() if node["kind"] == "ask" and "name" not in node]
    assert [node["statement"] for node in inside] == [flow["statements"][4]["else"][0]["id"]]


def test_the_picture_may_be_left_out_wholly_or_in_part() -> None:
    document = drawn()
    del document["flows"][0]["nodes"]
    for edge in document["flows"][0]["edges"]:
        del edge["label"]
    assert fr.loads_graph(document).text == TEXT


def test_a_picture_that_says_otherwise_is_refused_with_the_first_place_and_the_way_out() -> None:
    document = drawn()
    document["flows"][0]["statements"][0]["question"] = "How deep is the {first}?"
    ((pointer, message),) = refused(document)
    assert pointer.startswith("/flows/0/nodes/")
    assert pointer.endswith("/operation/question/template/0")
    assert "leave `nodes`, `regions` and `edges` out" in message
    document = drawn()
    document["flows"][0]["edges"].pop()
    assert refused(document)[0][0] == "/flows/0/edges"


def test_ids_are_the_authors_and_must_differ() -> None:
    document = drawn()
    renamed = json.loads(json.dumps(document).replace('"s1"', '"the question"'))
    assert fr.loads_graph(renamed).text == TEXT
    twice = copy.deepcopy(document)
    twice["flows"][0]["statements"][2]["id"] = "s1"
    assert refused(twice)[0][0] == "/flows/0/statements/2/id"


def test_what_is_used_of_others_stands_beside_the_program(tmp_path: Any) -> None:
    (tmp_path / "b.flow").write_text("flow g(n: int) -> int { answer `n + 1` }\n", "utf-8")
    (tmp_path / "a.flow").write_text('use "b.flow"\n\nflow f() -> int {\n  answer g(1)\n}\n', "utf-8")
    flow = fr.load(tmp_path / "a.flow")
    document = json.loads(flow.draw("json"))
    assert [each["name"] for each in document["used"]["flows"]] == ["g"]
    assert [each["name"] for each in document["flows"]] == ["f"]
    assert fr.loads_graph(document, root=tmp_path).text == flow.text
    document["used"]["flows"][0]["nodes"][0]["type"] = "text"
    with pytest.raises(fr.GraphFormatError, match="/used/flows/0/nodes/0/type"):
        fr.loads_graph(document, root=tmp_path)
