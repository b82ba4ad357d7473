"""Drawings in every format: whole, well-formed, the same each time, and text stays text whatever a model wrote."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowreason.engine.events import Event
from flowreason.errors import FlowreasonError, UsageError
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.view import FORMATS, draw, draw_run, layout, pictures, write
from flowreason.view.dot import MISSING, quoted
from flowreason.view.mermaid import label
from flowreason.view.notebook import flow_html, result_html
from flowreason.view.text import clean, escape, shorten, width, wrap
from flowreason_dsl import parse
from flowreason_dsl.check import check
from tests.growth import quick

SVG = "{http://www.w3.org/2000/svg}"
TEXT = st.text(max_size=200)
PROBE = "</text></svg><script>alert(1)</script><img src=x onerror=alert(1)>]]>\u202e\x1b[31m' -->|x| end %%{init}%% \\"


def graph(text: str) -> Graph:
    return lower(check(parse(text)))


def hostile() -> Graph:
    """A flow whose every text is an attack on some format."""
    asked = PROBE.replace("{", "{{").replace("}", "}}").replace("\\", "\\\\")
    code = "'</style><script>alert(2)</script>'"
    return graph(
        f'flow f(a: text) -> text {{ """{asked}""" b = ask """{asked} {{a}}""" '
        f'c = for x in `{code}.split()` yield ask """{asked} {{x}}""" answer "{{b}} {{c}}" }}'
    )


def events(*facts: tuple[float, str, str, str, dict[str, object]]) -> list[Event]:
    return [Event(number, *fact) for number, fact in enumerate(facts)]


def run_of_hostile() -> list[Event]:
    return events(
        (0.0, "run.started", "", "", {"entry": "f"}),
        (0.1, "node.started", "main", "b", {}),
        (0.4, "node.reply", "main", "b", {"text": PROBE, "prompt_tokens": 9, "completion_tokens": 3, "money": 0.1}),
        (0.5, "node.failed", "main", "b", {"error": PROBE}),
        (0.6, "run.failed", "", "", {"error": PROBE}),
    )


def names(document: str) -> set[str]:
    return {element.tag.removeprefix(SVG) for element in ET.fromstring(document).iter()}


@pytest.mark.parametrize("drawn", [lambda: draw(hostile(), "svg"), lambda: draw_run(hostile(), run_of_hostile())])
def test_whatever_stands_in_a_flow_or_a_run_stays_text_in_the_svg(drawn) -> None:  # type: ignore[no-untyped-def]
    document = drawn()
    assert names(document) <= {"svg", "title", "style", "rect", "g", "path", "text", "tspan"}
    attributes = {name for element in ET.fromstring(document).iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "style")]
    assert "\u202e" not in document
    assert "\x1b" not in document


def test_notebook_html_holds_no_markup_but_ours() -> None:
    for made in (flow_html(hostile(), PROBE), result_html(hostile(), run_of_hostile(), PROBE, PROBE)):
        assert "<script" not in made
        assert "<img" not in made
        tags = names(made)
        assert tags <= {"div", "p", "strong", "small", "details", "summary", "pre"} | names(str(draw(hostile(), "svg")))


@given(TEXT)
def test_escaped_text_reads_back_as_the_clean_text(text: str) -> None:
    read = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')
    assert (read.text or "") == clean(text).replace("\r\n", "\n").replace("\r", "\n")
    assert not {"<", ">", '"', "'"} & set(escape(text))


@given(TEXT)
def test_a_mermaid_label_is_one_quoted_line_without_marks(text: str) -> None:
    made = label(text)
    assert re.fullmatch(r'"(?:[^"<>{}\[\]()|;#&`%\s\\]| |#\d+;)*"', made)


@pytest.mark.parametrize("text", ["go direction LR now", "a\ndirection  TB", "fa:fa-car", "see fab:fa-x"])
def test_what_mermaid_would_take_for_a_command_or_an_icon_is_broken(text: str) -> None:
    made = label(text)
    assert not re.search(r"direction\s+(?:TB|TD|BT|RL|LR)", made)
    assert not re.search(r"fa\w?:fa-", made)


def test_every_thing_of_a_drawing_has_an_id_of_its_own() -> None:
    """A value that is called like its flow is another thing than the flow."""
    flow = graph('flow story(theme: text) -> text { story = ask "{theme}" answer "{story}" }')
    made = str(draw(flow, "mmd"))
    ids = re.findall(r"^ +(?:subgraph )?(f\d+_\d+)[\[({>]", made, re.MULTILINE)
    assert len(ids) == len(set(ids)) == 4
    (seen,) = pictures(flow)
    assert {edge.start for edge in seen.edges} == {"theme", "story"}
    assert not seen.is_inside("theme", "story")
    story, answer = (next(box for box in layout((seen,)).nodes if box.thing.id == id) for id in ("story", "answer#1"))
    ((way,),) = [line.paths for line in layout((seen,)).lines if line.edge.start == "story"]
    assert way[0][1] == pytest.approx(story.y + story.height, abs=3)
    assert way[-1][1] == pytest.approx(answer.y, abs=3)


@given(TEXT)
def test_a_dot_string_ends_where_it_should(text: str) -> None:
    made = quoted(text)
    inner = made[1:-1]
    assert made[0] == made[-1] == '"'
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")
    assert (len(inner) - len(inner.rstrip("\\"))) % 2 == 0
    assert "\n" not in inner


def test_dot_reads_back_with_every_node_and_edge() -> None:
    pydot = pytest.importorskip("pydot")
    (read,) = pydot.graph_from_dot_data(draw(hostile(), "dot"))
    seen = pictures(hostile())[0]
    assert len(read.get_edges()) == len(seen.edges)


def test_mermaid_has_every_region_as_a_subgraph_and_every_edge() -> None:
    made = str(draw(hostile(), "mmd"))
    seen = pictures(hostile())[0]
    assert made.startswith("flowchart TB\n")
    assert made.count("subgraph ") == len(seen.regions) == made.count("\n  end") + made.count("\n    end")
    assert made.count("-->") + made.count("-.->") + made.count("==>") == len(seen.edges)


def test_json_is_versioned_and_every_edge_ends_at_a_node() -> None:
    data = json.loads(draw(hostile(), "json"))
    assert (data["format"], data["version"]) == ("flowreason-graph", 1)
    (flow,) = data["flows"]
    ids = {node["id"] for node in flow["nodes"]}
    assert {end for edge in flow["edges"] for end in (edge["from"], edge["to"])} <= ids
    assert {node["region"] for node in flow["nodes"]} <= {region["id"] for region in flow["regions"]}
    asked = next(node for node in flow["nodes"] if node["kind"] == "ask" and node.get("name") == "b")
    assert PROBE.replace("\u202e", "") in "".join(
        part for part in asked["operation"]["question"]["template"] if isinstance(part, str)
    ).replace("\u202e", "")
    (said,) = [each for each in flow["statements"] if each["id"] == asked["statement"]]
    assert said["kind"] == "ask"
    assert PROBE in said["question"].replace("{{", "{").replace("}}", "}")


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        draw(hostile(), "gif")
    assert all(each in str(caught.value) for each in FORMATS)


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_without_graphviz_a_png_is_refused_with_what_to_do(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(FlowreasonError, match="apt install graphviz") as caught:
        draw(hostile(), format)
    assert str(caught.value) == MISSING


def test_a_folder_that_is_not_there_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="cannot be written"):
        write("<svg/>", tmp_path / "nowhere" / "x.svg")


def test_a_run_is_told_in_words_and_not_by_colour_alone() -> None:
    document = str(draw_run(hostile(), run_of_hostile()))
    texts = [element.text or "" for element in ET.fromstring(document).iter(f"{SVG}text")]
    assert "✗ failed · 0.4 s · 12 tokens" in texts


def test_a_drawing_follows_the_readers_colours_unless_told_otherwise() -> None:
    assert "prefers-color-scheme: dark" in str(draw(hostile(), "svg"))
    assert "prefers-color-scheme" not in str(draw(hostile(), "svg", theme="dark"))


@pytest.mark.parametrize("format", ["svg", "dot", "mmd", "json"])
def test_the_same_graph_gives_the_same_drawing(format: str) -> None:
    assert draw(hostile(), format) == draw(hostile(), format)


# --- text --------------------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=400), st.integers(5, 40), st.integers(1, 4))
def test_wrapped_text_keeps_to_its_lines(text: str, columns: int, rows: int) -> None:
    lines = wrap(text, columns, rows)
    assert len(lines) <= rows
    assert all(len(line) <= columns + 2 for line in lines)


@given(st.text(max_size=400), st.integers(5, 60))
def test_shortened_text_fits_and_says_that_it_is_shortened(text: str, length: int) -> None:
    made = shorten(text, length)
    assert len(made) <= length
    assert made == " ".join(text.split()) or made.endswith("…")


def test_wide_characters_are_wide() -> None:
    assert width("川川川", 12) > width("lll", 12)
    assert width("mmm", 12, mono=True) == width("iii", 12, mono=True)


# --- size --------------------------------------------------------------------------------------------------


def steps(count: int, extra: str = "") -> str:
    lines = [f'  v{i} = ask "Step {i}: {{v{max(i - 3, 0)}}} {{v{i - 1}}}"' for i in range(1, count)]
    return "flow big(v0: text) -> text {\n" + "\n".join(lines) + f"\n{extra}  answer v{count - 1}\n}}"


def test_three_hundred_nodes_are_laid_out_in_under_a_second() -> None:
    seen = pictures(graph(steps(300)))
    assert quick(lambda: layout(seen), 1.0)


def test_a_node_that_is_added_leaves_the_order_of_the_others() -> None:
    before = layout(pictures(graph(steps(12))))
    after = layout(pictures(graph(steps(12, '  extra = ask "More about {v5}"\n'))))
    known = [box.thing.id for box in before.nodes if box.thing.id != "answer#1"]
    assert by_place(after, known) == by_place(before, known)


def by_place(made, known: list[str]) -> list[str]:  # type: ignore[no-untyped-def]
    placed = {box.thing.id: (box.y, box.x) for box in made.nodes}
    return sorted(known, key=placed.__getitem__)
