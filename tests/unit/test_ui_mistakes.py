"""Mistakes of a flow that was changed in a dialog, and what its fields say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flowreason.graph.ops import Input
from flowreason_dsl.check import check_text
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.types import INT, TEXT
from flowreason_ui.changing import changed_title
from flowreason_ui.edit_inputs import left_empty
from flowreason_ui.mistakes import Mistake, marked, mistakes_of

FLOW = 'flow f(topic: text) -> text {\n  unused = ask "{topic}"\n  answer ask "About {topik}"\n}\n'


def found(text: str) -> list[Mistake]:
    with pytest.raises(FlowError) as error:
        check_text(text, name="<flow>")
    return mistakes_of(error.value)


def test_a_mistake_is_a_sentence_with_its_line_and_what_is_only_doubtful_is_left_out() -> None:
    (one,) = found(FLOW)
    assert one.told == "There is no name `topik` here (line 3). Did you mean `topic`?"
    line, mark = one.shown.splitlines()
    assert line == '3 |   answer ask "About {topik}"'
    assert mark.index("^") == line.index("topik") and mark.count("^") == len("topik")


@pytest.mark.parametrize(
    "text", ["", "flow f( {", "flow f() -> int {\n answer `1 +`\n}", 'flow f() -> text { answer "']
)
def test_every_mistake_is_told_with_a_mark_in_its_line(text: str) -> None:
    for each in found(text):
        line, mark = each.shown.split("\n")
        assert each.told.partition(" (line ")[2] and "^" in mark
        assert mark.index("|") == line.index("|")


def test_names_stand_as_code_and_nothing_else_of_a_message_is_read() -> None:
    assert marked("No `topik` here (line 3).") == "No `topik` here (line 3)\\."
    assert "[x](" not in marked("a [x](http://evil.example) `b`").replace("\\[", "")
    assert marked("one ` alone **b**").count("`") == 0 or "\\`" in marked("one ` alone **b**")
    assert "**b**" not in marked("one ` alone **b**")
    assert "<img" not in marked("`a` <img src=x> `b`").replace("\\<", "")


def test_a_field_says_what_it_means_when_it_is_left_empty() -> None:
    assert left_empty(Input("tone", TEXT, "dry", required=False)) == "left empty: dry"
    assert left_empty(Input("tone", TEXT, "", required=False)) == "may stay empty"
    assert left_empty(Input("n", INT, 0, required=False)) == "left empty: 0"
    assert left_empty(Input("n", INT)) == ""
    assert len(left_empty(Input("tone", TEXT, "long " * 100, required=False), 60)) <= 72


@pytest.mark.parametrize(
    ("question", "main", "title"),
    [("", "two", "Changed: two"), ("", "one", "Changed: as it was"), ("", "", "Changed: as it was"),
     ("Why?", "two", "Changed: as it was")],
)  # fmt: skip
def test_a_changed_run_goes_by_the_new_name_of_its_flow(question: str, main: str, title: str) -> None:
    live: Any = SimpleNamespace(title="as it was")
    info: Any = SimpleNamespace(plan=SimpleNamespace(question=question))
    assert changed_title(live, info, "one", main) == title
