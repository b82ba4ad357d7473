"""What the app tells of one step: its frames, its requests, its code and its trace; and texts stay texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason_ui.live import Live
from flowreason_ui.stream import CHARTS_APART, Viewer
from flowreason_ui.view.chart import chart
from flowreason_ui.view.look import look
from flowreason_ui.view.told import Told

PROBES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "[a](javascript:x)",
)


def run(text: str, replies: Any, **inputs: Any) -> tuple[Graph, list[Event]]:
    events: list[Event] = []
    flow = fr.loads(text)
    flow.run(
        inputs,
        provider=fr.ScriptedProvider(replies if callable(replies) else lambda _: str(replies)),
        on_event=events.append,
    )
    return flow.graph, events


def seen(graph: Graph, events: list[Event], node: str, frame: str = "", inner: str = "") -> dict[str, Any]:
    return look(graph, Told(events), graph.entry, (node,), frame, inner)


def test_an_error_names_its_line_and_code_has_the_numbers_of_the_flow() -> None:
    text = "flow main(xs: list[int]) -> int {\n  ys: int = ```\n    a = 1\n    a // len(xs)\n  ```\n  answer ys\n}"
    found = seen(*run(text, "x", xs=[]), "ys")["detail"]
    assert (found["error_line"], found["code"]) == (4, {"text": "a = 1\na // len(xs)", "first": 3})
    assert "ZeroDivisionError" in found["error"]


def test_a_loop_tells_its_rounds_and_what_happened_in_one() -> None:
    text = 'flow main(xs: list[text]) -> list[bool] {\n  ys: list[bool] = for x in xs yield ask "is {x} good?"\n  answer ys\n}'
    graph, events = run(text, "yes", xs=["a", "b"])
    loop = seen(graph, events, "ys", inner="main/ys[1]")
    assert [(each["index"], each["status"]) for each in loop["detail"]["rounds"]] == [(0, "done"), (1, "done")]
    steps = {each["key"]: each["value"] for each in loop["detail"]["round"]["steps"]}
    assert steps == {"main:ask#1": "true", "main:yield#1": "true"}
    asked = seen(graph, events, "ask#1", "main/ys[0]")
    assert [each["frame"] for each in asked["frames"]] == ["main/ys[0]", "main/ys[1]"]
    assert asked["detail"]["inputs"] == [{"name": "x", "value": "a"}]


def test_requests_are_told_as_they_were_sent_with_what_was_wrong() -> None:
    replies = iter(["many", "7"])
    graph, events = run('flow main() -> int {\n  n: int = ask "how many?"\n  answer n\n}', lambda _: next(replies))
    first, second = seen(graph, events, "n")["detail"]["attempts"]
    assert (first["reply"], second["reply"], second["rejected"]) == ("many", "7", "")
    assert first["rejected"]
    assert "how many?" in first["messages"][-1]["content"]


def test_an_emulated_program_is_told_line_by_line() -> None:
    text = "flow main(xs: list[text]) -> int {\n  answer emulate ```\n    n = 0\n    for x in xs:\n        if is_rude(x):\n            n += 1\n    n\n  ```\n}"
    graph, events = run(text, "yes", xs=["a"])
    trace = seen(graph, events, "emulate#1")["detail"]["trace"]
    assert {line["by"] for line in trace["lines"]} >= {"python", "model"}
    model = next(line for line in trace["lines"] if line["by"] == "model")
    assert "is_rude" in model["text"]
    assert trace["lines"][0] == {"line": 1, "by": "python", "text": "n = 0", "changed": {"n": "0"}}


def test_of_a_step_that_nothing_happened_to_its_text_is_told() -> None:
    graph = fr.loads('flow main() -> text {\n  answer ask "why?"\n}').graph
    found = seen(graph, [], "ask#1")
    assert (found["frames"], found["detail"], found["text"]) == ([], None, "why?")
    assert seen(graph, [], "there is no such step")["detail"] is None


# --- the stream ---


def live_of(text: str, events: list[Event]) -> Live:
    live = Live("a run")
    live.graph, live.text, live.events = fr.loads(text).graph, text, events
    return live


def elements(of: Any) -> list[Any]:
    return [of, *(each for child in of[2:] if isinstance(child, list) for each in elements(child))]


@pytest.mark.parametrize("probe", PROBES)
def test_markup_of_a_model_or_a_file_stays_text(probe: str) -> None:
    quoted = probe.replace('"', "'")
    text = f'flow main(got: text) -> text {{\n  said = ask "{quoted} of {{got}}"\n  answer said\n}}'
    graph, events = run(text, probe, got=probe)
    live = live_of(text, events)
    live.graph = graph
    viewer = Viewer(live)
    viewer.take({"do": "select", "key": "main:said"})
    messages = {each["kind"]: each for each in viewer.news()}
    tags = {each[0] for one in messages["chart"]["elements"] for each in elements(one)}
    assert tags <= {"g", "rect", "path", "text", "tspan", "title"}
    names = {name for one in messages["chart"]["elements"] for each in elements(one) for name in each[1]}
    assert not any(name.startswith("on") or name in ("href", "style", "xlink:href") for name in names)
    assert messages["look"]["detail"]["value"] == probe
    assert probe in messages["look"]["detail"]["attempts"][0]["messages"][-1]["content"]


@pytest.mark.parametrize("message", [
    None, 3, [], {}, {"do": "seek"}, {"do": "seek", "at": "1"}, {"do": "seek", "at": True}, {"do": "seek", "at": 1e9},
    {"do": "seek", "at": 10**30}, {"do": "step", "by": 10**12}, {"do": "select", "key": ["x"]}, {"do": "close", "keys": [1, None]},
    {"do": "close", "keys": {"a": 1}}, {"do": "select", "key": "nothing here", "frame": {"a": 1}, "inner": 4},
    {"do": "select", "key": "main:", "frame": None}, {"do": "cancel"}, {"do": "select", "key": ":" * 1000},
])  # fmt: skip
def test_what_makes_no_sense_changes_nothing_and_breaks_nothing(message: Any) -> None:
    text = 'flow main() -> text {\n  answer ask "why?"\n}'
    graph, events = run(text, "so")
    live = live_of(text, events)
    live.graph, live.ended = graph, "answered"
    viewer, before = Viewer(live), list(events)
    viewer.news()
    viewer.take(message)
    json.dumps(viewer.news())
    assert live.events == before


def test_steps_go_over_pieces_of_a_text_and_stop_at_the_ends() -> None:
    told = ["compile.started", "compile.text", "compile.text", "compile.done", "run.started"]
    live = Live("a run")
    live.events = [Event(n, n * 1.0, kind) for n, kind in enumerate(told)]
    viewer, places = Viewer(live), []
    for by in (-1, -1, -1, -1, 1, 1, 9, 9):
        viewer.take({"do": "step", "by": by})
        places.append(next(each["at"] for each in viewer.news() if each["kind"] == "states"))
    assert places == [4, 1, 0, 0, 1, 4, 5, 5]


def test_a_flow_that_is_being_written_says_what_is_not_there_yet() -> None:
    text = 'flow main(a: text) -> text {\n  one = ask "first {a}"\n  two = ask "second {one}"\n'
    live = Live("a run")
    for n, piece in enumerate(text.splitlines(keepends=True)):
        live.take(Event(n, n * 1.0, "compile.text", "", "", {"text": piece, "statements": n}))
    viewer = Viewer(live)
    drawn = next(each for each in viewer.news(1.0) if each["kind"] == "chart")
    assert not drawn["whole"]
    assert [each["title"] for each in drawn["things"] if each["kind"] == "later"] == ["still being written"]
    assert "later" not in json.dumps(drawn["elements"])
    live.take(Event(9, 9.0, "compile.text", "", "", {"text": '  three = ask "third {two}"\n', "statements": 3}))
    live.take(Event(10, 9.1, "compile.text", "", "", {"text": "  answer three\n", "statements": 4}))
    soon = viewer.news(1.0 + CHARTS_APART / 2)
    assert not [each for each in soon if each["kind"] == "chart"]
    assert viewer.patience is not None
    assert viewer.patience <= CHARTS_APART
    late = viewer.news(1.0 + CHARTS_APART)
    assert "three" in json.dumps([each for each in late if each["kind"] == "chart"])


def test_a_closed_loop_is_one_thing_and_stands_for_its_rounds() -> None:
    text = 'flow main(xs: list[text]) -> list[bool] {\n  ys: list[bool] = for x in xs yield ask "is {x} good?"\n  answer ys\n}'
    graph, events = run(text, "yes", xs=["a", "b"])
    live = live_of(text, events)
    live.graph = graph
    viewer = Viewer(live)
    viewer.news()
    viewer.take({"do": "close", "keys": ["main:ys.body"]})
    messages = {each["kind"]: each for each in viewer.news()}
    assert messages["chart"]["closed"] == ["main:ys.body"]
    loop = next(each for each in messages["chart"]["things"] if each["key"] == "main:ys")
    assert (loop["kind"], loop["region"]) == ("loop", "ys.body")
    assert "main:ask#1" not in {each["key"] for each in messages["chart"]["things"]}
    assert messages["states"]["things"]["main:ys"][1].startswith("✓ done · 2 of 2")


def test_states_differ_by_sign_or_words_and_not_by_colour_alone() -> None:
    from flowreason_ui.view.colours import colours
    from flowreason_ui.view.states import SIGNS, WORDS

    assert len(set(SIGNS.values())) == len(SIGNS)
    assert len(set(WORDS.values())) == len(WORDS)
    for sheet in colours().values():
        assert all(line.startswith((".flowreason", "@")) for line in sheet.splitlines() if line and line[0] in ".@")


def test_every_kind_and_state_stands_in_the_legend_and_no_two_are_drawn_alike() -> None:
    from typing import get_args

    from flowreason.view.labels import NodeKind
    from flowreason_ui.view import legend
    from flowreason_ui.view.states import State

    kinds = legend.kinds()
    assert {kind for kind, *_ in kinds} == set(get_args(NodeKind))
    drawn = [json.dumps(parts[2:]) for *_, parts in kinds]
    assert len(set(drawn)) == len(drawn) == len({words for _, words, *_ in kinds})
    states = legend.states()
    assert {state for state, *_ in states} == set(get_args(State))
    paths = [path for state, *_, path in states]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_kind_has_no_colour_that_a_state_has(theme: str) -> None:
    import re

    from flowreason.view.style import KINDS, STATES
    from flowreason_ui.view.colours import colours

    sheet = colours()[theme]

    def last(style: str) -> dict[str, str]:
        rules = re.findall(rf"\.flowreason \.{style} > \.shape \{{ (.*?) \}}", sheet)
        return dict(pair.split(": ") for rule in rules for pair in rule.rstrip(";").split("; "))

    told = {last(f"s-{state}").get(name) for state in STATES for name in ("fill", "stroke")} - {None}
    kinds = {last(kind)[name] for kind in KINDS for name in ("fill", "stroke")}
    assert len(last("s-done")) >= 2
    neutral = {last("s-skipped")["stroke"]}  # a shape that is not filled and a dotted line tell those
    assert not (told - neutral) & kinds


def test_a_step_that_waits_for_a_person_says_so_and_is_followed() -> None:
    live = Live("a run")
    live.graph = fr.loads('flow main(a: text) -> text {\n  sure = ask user "Is it so?"\n  answer sure\n}').graph
    live.text, live.run = live.graph.source.text, "kept"
    kinds = [("run.started", "", "", {"entry": "main"}), ("node.started", "main", "sure", {}),
             ("person.asked", "main", "sure", {"question": "Is it so?"})]  # fmt: skip
    live.events = [Event(number, 0.0, *each) for number, each in enumerate(kinds)]
    told = next(each for each in Viewer(live).news() if each["kind"] == "states")
    assert told["things"]["main:sure"] == ["asking", "? waiting for you", "?"]
    assert told["running"] == ["main:sure"]


def test_an_arm_that_is_taken_lights_the_line_to_it_and_the_other_stays_dark() -> None:
    text = (
        'flow main(a: int) -> text {\n  if `a > 1` {\n    answer ask "big"\n  } else {\n    answer ask "small"\n  }\n}'
    )
    from flowreason.view.progress import view
    from flowreason_ui.view.states import lit, states

    graph, events = run(text, "so", a=2)
    drawn = chart(graph)
    found = lit(drawn, states(drawn, view(events)), view(events))
    ends = {end for n, (_, _, ends) in enumerate(drawn.edges) for end in ends if n in found}
    assert "ask#1" in ends
    assert "ask#2" not in ends


def test_what_a_step_was_given_is_told_in_every_round_also_where_no_event_says_it() -> None:
    text = """flow main(xs: list[text]) -> text {
  best = "none"
  for x in xs {
    if `len(x) > 1` { best = ask "better: {x} or {best}?" }
  }
  ys: list[text] = for a, b in `[[1, 2], [3, 4]]` yield "{a}-{b}"
  answer "{best} {ys}"
}"""
    graph, events = run(text, lambda r: "zz", xs=["a", "bb", "c", "ddd"])

    def given(node: str, frame: str) -> dict[str, str]:
        return {each["name"]: each["value"] for each in seen(graph, events, node, frame)["detail"]["inputs"]}

    assert given("best#2", "main/for#1[1]") == {"x": "bb", "best": "none"}
    assert given("best#2", "main/for#1[3]") == {"x": "ddd", "best": "zz"}
    assert given("text#1", "main/ys[1]") == {"a": "3", "b": "4"}
    assert given("text#2", "main")["best"] == "zz"
    early = [event for event in events if event.frame != "main/for#1[0]"]
    assert "best" not in {each["name"] for each in seen(graph, early, "best#2", "main/for#1[1]")["detail"]["inputs"]}
