"""The page Edit loses nothing that was typed, and tells only what is missing. The script's part is plain here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowreason.graph.ops import Input
from flowreason_dsl.types import INT, TEXT
from flowreason_ui.drafting import TEMPLATE, Draft
from flowreason_ui.edit_inputs import renamed
from tests.edited import PLAIN, complaints, field, finished, opened, said, typed, without_script


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with without_script(tmp_path, monkeypatch):
        yield


# --- the fields ---


def test_a_value_goes_with_a_parameter_that_gets_another_name_or_type() -> None:
    app = opened(PLAIN)
    field(app, "text_input", "times").set_value("3")
    field(app, "text_area", "name").set_value("half a na").run()
    typed(app).set_value(PLAIN.replace("name: text", "person: text").replace("{name}", "{person}")).run()
    assert field(app, "text_area", "person").value == "half a na"
    typed(app).set_value(PLAIN.replace("times: int = 2", "times: text")).run()
    assert field(app, "text_area", "times").value == "3"


def test_two_parameters_of_other_names_take_nothing_over() -> None:
    a, b, c = (Input(name, TEXT) for name in "abc")
    assert renamed((a, b), (a, c)) == (b, c)
    assert renamed((a, b), (b, a)) is None
    assert renamed((a,), (a, b)) is None
    assert renamed((a,), (Input("b", INT),)) is None


def test_what_stood_in_the_fields_before_a_reload_stands_there_again() -> None:
    before = {"name": "half a na", "times": "1x", "loud": True, "mood": "glad", "rows": "[{", "gone": "x"}
    app = opened(Draft(PLAIN, inputs={"name": "Ada"}, filled=before))
    assert field(app, "text_area", "name").value == "half a na"
    assert field(app, "text_input", "times").value == "1x"
    assert (field(app, "radio", "loud").value, field(app, "selectbox", "mood").value) == (True, "glad")
    assert field(app, "text_area", "rows").value == "[{"
    assert len(complaints(app)) == 2


# --- what stands in the editor ---


def test_what_was_typed_is_not_thrown_away_unasked() -> None:
    app = opened(TEMPLATE)
    typed(app).set_value("flow mine() -> int { answer 1 }").run()
    app.button(key="edit-new").click().run()
    assert typed(app).value.startswith("flow mine")
    assert app.button(key="edit-leave").label == "Leave it"
    assert app.button(key="edit-stay").proto.type == "primary"
    assert app.button(key="edit-leave").proto.type == "secondary"
    assert "what you have typed is lost" in said(app)


def test_what_was_run_is_left_without_a_question() -> None:
    app = opened(TEMPLATE)
    typed(app).set_value("flow mine() -> int { answer 1 }").run()
    app.button(key="edit-run").click().run()
    assert finished(app).result.value == 1
    app.button(key="edit-new").click().run()
    assert typed(app).value == TEMPLATE


def test_what_was_downloaded_is_left_without_a_question() -> None:
    app = opened(TEMPLATE)
    typed(app).set_value("flow mine() -> int { answer 1 }").run()
    next(each for each in app.get("download_button") if each.key == "edit-save-flow").click().run()
    app.button(key="edit-new").click().run()
    assert typed(app).value == TEMPLATE


# --- what is missing ---


@pytest.mark.parametrize(
    ("text", "told"),
    [("flow f() -> int {\n  answer `1 + 1`\n}\n", False), ('flow f() -> text {\n  answer ask user "Who?"\n}\n', False),
     ('flow f() -> int {\n  answer 1\n}\nflow g() -> text {\n  answer ask "?"\n}\n', False), (TEMPLATE, True),
     ('flow g() -> text { answer ask "?" }\nflow f() -> text {\n  answer g()\n}\n', True),
     ('flow f(q: text) -> text {\n  answer solve "{q}"\n}\n', True)],
)  # fmt: skip
def test_a_model_is_missed_only_where_the_flow_may_ask_one(text: str, told: bool) -> None:
    app = opened(text)
    assert not app.error
    assert ("No model is connected" in said(app)) is told
    assert not app.button(key="edit-run").disabled


def test_a_flow_that_is_too_long_to_be_drawn_while_one_types_has_its_form_and_runs() -> None:
    steps = "".join(f"  s{n + 1} = `s{n} + 1`\n" for n in range(1200))
    app = opened(f"flow long(s0: int = 1) -> int {{\n{steps}  answer s1200\n}}\n")
    assert not app.button(key="edit-run").disabled
    assert "No model is connected" not in said(app)
    assert field(app, "text_input", "s0").placeholder == "left empty: 1"
