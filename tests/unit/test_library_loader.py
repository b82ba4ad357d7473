"""The library's flows by name: listed, loaded, described, and refused in words where there is no such one."""

from __future__ import annotations

import pytest

import flowreason as fr
from flowreason import library
from flowreason.library import describe, described, load, names
from flowreason_dsl.printer import format_text


@pytest.mark.parametrize("name", names())
def test_every_flow_of_the_library_is_checked_named_like_its_file_and_says_what_it_does(name: str) -> None:
    flow = load(name)
    about = describe(name)
    assert flow.name == about.name == name
    assert about.summary.endswith(".")
    assert "\n" not in about.summary
    assert [each for each in flow.diagnostics if each.severity != "hint"] == []
    assert flow.price({"question": "Who is it?"} if "question" in _taken(name) else {}).summary()


@pytest.mark.parametrize("name", names())
def test_every_flow_of_the_library_is_in_the_one_style_and_says_what_its_parameters_are(name: str) -> None:
    about = describe(name)
    assert format_text(about.text, name) == about.text
    assert [each for each in _taken(name) if f"{each}:" not in about.about] == []


def test_names_of_data_and_of_sub_flows_leave_all_others_to_those_who_use_the_library() -> None:
    for name in names():
        flow = load(name).checked
        assert [each for each in flow.data if not each.startswith("library_")] == []
        assert [each for each in flow.flows if not any(each.startswith(method) for method in names())] == []


def _taken(name: str) -> list[str]:
    return [each.name for each in describe(name).parameters]


def test_names_are_attributes_and_dashes_and_capitals_are_as_good() -> None:
    assert fr.library.direct is fr.library.load("Direct") is load("library:direct") is load("direct.flow")
    assert load("zero-shot-cot") is fr.library.zero_shot_cot
    assert {"direct", "graph"} <= set(dir(fr.library)) & set(names())


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("dirct", "direct"), ("zero_shot_cto", "zero_shot_cot"), ("zsc", "zero_shot_cot"), ("grahp", "graph")],
)
def test_a_name_that_there_is_not_offers_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(fr.UsageError, match=f"did you mean {meant}"):
        load(wrong)
    with pytest.raises(AttributeError, match=f"did you mean {meant}"):
        getattr(library, wrong)


@pytest.mark.parametrize(
    "wrong", ["", "../direct", "/etc/passwd", "exemplars/worked", "direct\x00", "x" * 100_000, "__init__"]
)
def test_what_is_no_name_never_makes_a_path(wrong: str) -> None:
    with pytest.raises(fr.UsageError, match="there is no method") as told:
        load(wrong)
    assert len(str(told.value)) < 2_000


def test_a_flow_is_described_by_its_docstring_and_its_signature() -> None:
    flow = fr.loads(
        'flow f(question: text, n: int = 3, way: "a" | "b" = "b") -> number {\n'
        '  "Adds e.g. numbers\n   up. Then it stops.\n\n   n: so many."\n  answer `n + len(question) + len(way)`\n}'
    )
    about = described(flow)
    assert about.summary == "Adds e.g. numbers up."
    assert [str(each) for each in about.parameters] == ["question: text", "n: int = 3", 'way: "a" | "b" = "b"']
    assert about.returns == "number"


def test_tools_go_to_the_flow_that_they_are_given_for() -> None:
    @fr.tool(pure=True)
    def weigh(x: str) -> int:
        return len(x)

    assert "weigh" in load("direct", [weigh]).tools
    assert "weigh" not in load("direct").tools


def test_graph_has_a_flow_written_in_place() -> None:
    written = "flow double(question: text) -> int { answer `2 * 21` }"
    provider = fr.ScriptedProvider([written])
    result = fr.library.graph.run(question="How much is twice 21?", provider=provider)
    assert (result.value, result.usage.calls, result.method) == (42, 1, "")
