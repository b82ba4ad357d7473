"""Graphs, scripts and states written as code: what the model is shown, how its code is read, and what goes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.library import Ran, run

QUESTION = "Belief: Trains make towns quiet.\nArgument: Cars make noise in towns.\nThe argument supports the belief."
EDGES = [
    ("trains", "is a", "transport"),
    ("cars", "is a", "transport"),
    ("cars", "causes", "noise"),
    ("noise", "at location", "towns"),
]


def explanation(edges: Any) -> str:
    return f"```python\nclass Explanation:\n    def edges(self):\n        return {edges!r}\n```"


def graph(*codes: str, **options: Any) -> Ran:
    return run("cocogen_graph", {"Complete the last class": list(codes)}, question=QUESTION, **options)


def test_a_graph_is_read_from_the_class_that_the_model_completed() -> None:
    ran = graph(explanation(EDGES))
    assert ran.value["edges"] == [list(edge) for edge in EDGES]
    assert len(ran.asked) == 1


def test_the_examples_most_like_the_question_are_shown_the_nearest_last_and_its_own_class_is_begun() -> None:
    ran = run(
        "cocogen_graph", {"Complete": explanation(EDGES)}, question=QUESTION.replace("Trains", "Night trains"), shown=2
    )
    (prompt,) = ran.prompts("Complete")
    assert prompt.count("class Explanation:") == 3
    assert prompt.index("Night trains replace short flights.") < prompt.index("Night trains make towns quiet.")
    assert "# The argument supports the belief." in prompt


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        (EDGES[:2], "at least three"),
        ([*EDGES[:3], ("towns", "is a", "place")], "hangs together"),
        ([*EDGES, ("towns", "desires", "cars")], "no circle"),
        ([("rain", "causes", "mud"), ("mud", "causes", "dirt"), ("dirt", "causes", "work")], "word for word"),
    ],
)
def test_a_graph_of_the_wrong_structure_goes_back_with_what_is_wrong(edges: Any, told: str) -> None:
    ran = graph(explanation(edges), explanation(EDGES))
    assert len(ran.asked) == 2
    assert told in ran.asked[1].request.messages[-1].content
    assert ran.value["edges"] == [list(edge) for edge in EDGES]


@pytest.mark.parametrize(
    "code",
    ["class Explanation: pass", "no code at all", "class Explanation:\n    def edges(self):\n        return 1 / 0"],
)
def test_code_that_gives_no_edges_goes_back(code: str) -> None:
    assert len(graph(code, explanation(EDGES)).asked) == 2


SCRIPT = 'class Script:\n    goal = "boil an egg"\n    steps = {steps}\n    edges = {edges}'
STEPS = ["fill a pot", "heat the water", "fetch an egg", "put the egg in"]


def script(*pairs: list[tuple[int, int]]) -> Ran:
    codes = [SCRIPT.format(steps=STEPS, edges=edges) for edges in pairs]
    return run("cocogen_script", {"Complete the last class": codes}, question="boil an egg")


def test_a_script_is_a_graph_of_steps() -> None:
    ran = script([(0, 1), (1, 3), (2, 3)])
    assert ran.value["nodes"] == STEPS
    assert ran.value["edges"] == [[STEPS[a], "before", STEPS[b]] for a, b in [(0, 1), (1, 3), (2, 3)]]


@pytest.mark.parametrize("bad", [[(0, 1), (1, 0), (2, 3)], [(0, 1), (1, 3)], [(0, 9)], []])
def test_a_script_that_is_none_goes_back(bad: list[tuple[int, int]]) -> None:
    ran = script(bad, [(0, 1), (1, 3), (2, 3)])
    assert len(ran.asked) == 2


PROCESS = ["A seed falls to the ground.", "A plant grows from the seed."]
GOOD = """class Process:
    things = ["seed", "plant"]
    def start(self):
        self.at = {"seed": "tree", "plant": "-"}
    def step_1(self):
        self.at["seed"] = "ground"
    def step_2(self):
        self.at["seed"] = "-"
        self.at["plant"] = "ground"
"""


def entities(*codes: str) -> Ran:
    return run("cocogen_entities", {"Complete the last class": list(codes)}, steps=PROCESS, entities=["seed", "plant"])


def test_states_are_read_by_running_the_steps() -> None:
    ran = entities(GOOD)
    assert ran.value == {"seed": ["tree", "ground", "-"], "plant": ["-", "-", "ground"]}
    (prompt,) = ran.prompts("Complete the last class")
    assert "def step_2(self):\n        # A plant grows from the seed." in prompt


@pytest.mark.parametrize(
    "bad", [GOOD.replace("step_2", "step_3"), GOOD.replace('"plant": "-"', '"leaf": "-"'), "class Process: pass"]
)
def test_a_class_that_does_not_follow_every_thing_through_every_step_goes_back(bad: str) -> None:
    assert len(entities(bad, GOOD).asked) == 2
