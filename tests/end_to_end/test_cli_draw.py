"""`flowreason draw --import`: from a picture's data back to a flow, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.end_to_end.command import flowreason, is_short

FLOW = 'flow f(city: text) -> text {\n  # one question\n  area = ask "How large is {city}?"\n  answer area\n}\n'


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    (tmp_path / "a.flow").write_text(FLOW, "utf-8")
    assert flowreason("draw", "a.flow", "-o", "a.json", folder=tmp_path).code == 0
    return tmp_path / "a.json"


def test_a_flow_goes_out_as_a_graph_and_comes_back_to_the_letter(graph: Path) -> None:
    folder = graph.parent
    assert flowreason("draw", "--import", "a.json", "-o", "b.flow", folder=folder).code == 0
    assert (folder / "b.flow").read_text("utf-8") == FLOW
    assert flowreason("draw", "--import", "a.json", folder=folder).out == FLOW
    assert flowreason("draw", "--import", "-", folder=folder, stdin=graph.read_bytes()).out == FLOW
    svg = flowreason("draw", "--import", "a.json", "-o", "b.svg", folder=folder)
    assert svg.code == 0
    assert (folder / "b.svg").read_text("utf-8") == flowreason("draw", "a.flow", folder=folder).out


def test_the_printed_schema_is_that_of_what_is_written(graph: Path) -> None:
    schema = flowreason("draw", "--schema", folder=graph.parent).data
    assert schema["$id"] == "urn:flowreason:graph:1"
    jsonschema.validate(json.loads(graph.read_text("utf-8")), schema, cls=jsonschema.Draft202012Validator)


def test_a_graph_that_is_wrong_is_told_with_all_its_places_and_writes_nothing(graph: Path) -> None:
    document = json.loads(graph.read_text("utf-8"))
    document["flows"][0]["statements"][1]["kind"] = "aks"
    document["flows"][0]["statements"][2]["type"] = 3
    document["flows"][0]["extra"] = 1
    document["flows"][0]["returns"] = []
    graph.write_text(json.dumps(document), "utf-8")
    ran = flowreason("draw", "--import", "a.json", "-o", "b.flow", folder=graph.parent)
    assert ran.code == 2
    assert 'a.json: /flows/0/statements/1/kind: there is no kind "aks" here; did you mean "ask"?' in ran.err
    assert len(ran.err.strip().splitlines()) == 4
    assert not (graph.parent / "b.flow").exists()


def test_a_flow_that_would_have_faults_is_told_as_check_tells_it(graph: Path) -> None:
    document = json.loads(graph.read_text("utf-8"))
    document["flows"] = [{key: document["flows"][0][key] for key in ("name", "parameters", "returns", "statements")}]
    document["flows"][0]["statements"][1]["name"] = "size"
    graph.write_text(json.dumps(document), "utf-8")
    ran = flowreason("draw", "--import", "a.json", "-o", "b.flow", folder=graph.parent)
    assert ran.code == 2
    assert "error[name-unknown]: there is no name `area`" in ran.err
    assert not (graph.parent / "b.flow").exists()


@pytest.mark.parametrize(
    "arguments",
    [(), ("a.flow", "--import", "a.json"), ("--schema", "a.flow"), ("--import", "none.json"), ("--import", "a.flow"), ("a.flow", "-f", "flow")],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(graph: Path, arguments: tuple[str, ...]) -> None:
    ran = flowreason("draw", *arguments, folder=graph.parent)
    assert ran.code == 2
    assert is_short(ran.err)
