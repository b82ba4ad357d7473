"""The page Edit, run without a browser: opening, findings, the form of inputs, runs. The script's part is plain here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowreason_dsl import format_text
from flowreason_ui.drafting import DRAFT, TEMPLATE, Draft, from_example
from flowreason_ui.escape import JOINER
from flowreason_ui.places import RUN_TO_EDIT, TEXT_TO_EDIT
from flowreason_ui.works import works
from tests.edited import PLAIN, complaints, field, finished, opened, said, script, typed, without_script

MARKUP = "<img src=x onerror=alert(1)> **bold** [link](http://evil.example) $x^2$ :material/home:"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with without_script(tmp_path, monkeypatch):
        yield


# --- opening ---


def test_it_begins_with_a_small_flow_that_has_no_mistakes() -> None:
    app = opened()
    assert typed(app).value == TEMPLATE
    assert format_text(TEMPLATE) == TEMPLATE
    assert not app.error
    assert not app.button(key="edit-run").disabled


def listed(app: AppTest) -> list[str]:
    """What can be opened, by address."""
    return [str(each.key).removeprefix("edit-pick-") for each in app.button if str(each.key).startswith("edit-pick-")]


def opening(app: AppTest, source: str = "Library") -> AppTest:
    """The page with its "Open" opened, at a source."""
    number = app.session_state["edit-openings"]
    app.session_state[f"edit-open-{number}"], app.session_state[f"edit-from-{number}"] = True, source
    return app.run()


def test_a_flow_of_the_library_is_found_by_its_words_and_opened() -> None:
    app = opened()
    assert not listed(app), "what is closed is not made"
    assert len(listed(opening(app))) > 20
    search = next(each for each in app.text_input if each.label == "Search")
    search.set_value("examples most like the question").run()
    assert listed(app) == ["library:few_shot"]
    app.button(key="edit-pick-library:few_shot").click().run()
    assert not app.exception
    assert app.session_state[DRAFT].name == "few_shot"
    assert not app.error
    assert str(app.query_params["open"]).strip("[]'") == "library:few_shot"


def test_each_example_says_what_it_asks() -> None:
    app = opening(opened(), "Examples")
    assert "example:letter" in listed(app)
    assert any("letter to a ferry company" in each.value for each in app.caption)


def test_an_address_opens_what_it_names_once() -> None:
    app = AppTest.from_function(script, default_timeout=20)
    app.query_params["open"] = "library:few_shot"
    app.run()
    assert app.session_state[DRAFT].name == "few_shot"
    assert app.session_state[DRAFT].fresh, "what was typed before a reload is wanted"
    changed = app.session_state[DRAFT].text + "# mine\n"
    typed(app).set_value(changed).run()
    app.run()
    assert app.session_state[DRAFT].text == changed


@pytest.mark.parametrize(
    ("named", "told"),
    [("library:../../x", "There is no flow of the library called"), ("example:<img src=x>", "There is no example called"),
     ("run:none", "run"), ("x", "names no flow")],
)  # fmt: skip
def test_an_address_that_names_nothing_says_so_and_opens_the_small_flow(named: str, told: str) -> None:
    app = AppTest.from_function(script, default_timeout=20)
    app.query_params["open"] = named
    app.run()
    assert not app.exception
    (found,) = app.warning
    assert told in found.value.replace("\\", "").replace(JOINER, "")
    assert "<img" not in found.value.replace("\\<", "")
    assert app.session_state[DRAFT].text == TEMPLATE


def test_the_flow_of_a_kept_run_is_opened_by_address_with_what_it_was_given() -> None:
    app = opened(PLAIN)
    field(app, "text_area", "name").set_value("Ada")
    field(app, "text_area", "rows").set_value('[{"a": 1}]').run()
    app.button(key="edit-run").click().run()
    live = finished(app)
    again = AppTest.from_function(script, default_timeout=20)
    again.query_params["open"] = f"run:{live.run}"
    again.run()
    assert not again.exception
    assert again.session_state[DRAFT].origin == f"run:{live.run}"
    assert field(again, "text_area", "name").value == "Ada"
    assert listed(opening(again, "Runs")) == [f"run:{live.run}"]


def test_new_begins_anew() -> None:
    app = opened("flow x( {")
    app.button(key="edit-new").click().run()
    assert typed(app).value == TEMPLATE


# --- mistakes ---


def test_a_mistake_is_told_with_its_line_and_nothing_runs() -> None:
    app = opened(TEMPLATE.replace("answer short", "answer shrt"))
    (found,) = app.error
    assert "Line 4" in found.value.replace("\\", "")
    assert app.button(key="edit-run").disabled


def test_mending_and_formatting_change_the_text() -> None:
    app = opened(TEMPLATE.replace("  answer short", "answer    shrt"))
    app.button(key="edit-plain-fix").click().run()
    assert not app.error
    app.button(key="edit-plain-format").click().run()
    assert typed(app).value == TEMPLATE


def test_what_is_typed_is_checked_and_kept() -> None:
    app = opened()
    typed(app).set_value(TEMPLATE.replace("answer short", "answer shrt")).run()
    assert app.error
    app.run()
    assert "shrt" in typed(app).value


def test_the_last_picture_stays_while_there_is_a_mistake() -> None:
    app = opened()
    typed(app).set_value("flow f( {").run()
    assert "last text without mistakes" in said(app)


def test_markup_in_a_flow_is_shown_letter_for_letter() -> None:
    app = opened(f'flow f() -> text {{\n  answer "{MARKUP}" + missing_name\n}}\n')
    for each in [*app.error, *app.warning, *app.info]:
        assert "**bold**" not in each.value
        assert "](http" not in each.value
        assert "<img" not in each.value.replace("\\<", "")


def test_markup_in_names_of_files_and_values_is_shown_letter_for_letter() -> None:
    text = 'flow f(note: text = "<img src=x> **b**", kind: "<b>" | "**c**" = "<b>") -> text {\n  answer note\n}\n'
    app = opened(
        Draft(text, name="</script><img src=x onerror=alert(1)> **b**", origin="file", inputs={"note": MARKUP})
    )
    field(app, "text_area", "note").set_value(MARKUP).run()
    read = [*app.markdown, *app.caption, *app.error, *app.warning]
    shown = "\n".join(str(each.value) for each in read if not str(each.value).startswith("<style>"))
    assert "<img" not in shown.replace("\\<", "")
    assert "**b**" not in shown
    assert "</script" not in shown.replace("\\<", "")


# --- the form ---


def test_each_parameter_has_a_field_of_its_type_with_its_default() -> None:
    app = opened(PLAIN)
    assert field(app, "text_area", "name").value == ""
    assert field(app, "text_input", "times").placeholder == "left empty: 2"
    assert field(app, "radio", "loud").value is False
    assert field(app, "selectbox", "mood").value == "calm"
    assert any("**rows**" in each.value and "a table" in each.value for each in app.markdown)
    named = [field(app, kind, name).label for kind, name in (("text_area", "rows"), ("text_input", "times"))]
    assert named == ["rows", "times"], "a label is read out as it stands: no marks of Markdown"


def test_what_is_missing_or_wrong_is_told_at_its_field_and_nothing_runs() -> None:
    app = opened(PLAIN)
    assert not app.error
    field(app, "text_input", "times").set_value("many").run()
    (told,) = complaints(app)
    assert "This must be a whole number, and is " in told.replace("\\", "")
    assert "many" in told
    assert "int" not in told.replace("point", "")
    app.button(key="edit-run").click().run()
    assert sum("needed" in each for each in complaints(app)) == 2
    assert not works().runs


@pytest.mark.parametrize(
    ("typed", "told"),
    [("[1", "This is not JSON: line 1, column 3"), ("[{}]", 'Item 1: the field "a" is missing.'),
     ('[{"a": 1}, {"a": "q"}]', 'Item 2, the field a must be a whole number, and is "q".'),
     ('{"a": 1}', "This must be a list of records")],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place_in_plain_words(typed: str, told: str) -> None:
    app = opened(PLAIN)
    field(app, "text_area", "rows").set_value(typed).run()
    (found,) = complaints(app)
    assert told in found.replace("\\", "").replace(JOINER, "")


def test_a_flow_runs_with_what_was_filled_in() -> None:
    app = opened(PLAIN)
    field(app, "text_area", "name").set_value("Ada 🦉")
    field(app, "text_input", "times").set_value("3")
    field(app, "radio", "loud").set_value(True)
    field(app, "selectbox", "mood").set_value("glad")
    field(app, "text_area", "rows").set_value('[{"a": 1}]').run()
    assert not complaints(app)
    app.button(key="edit-run").click().run()
    assert not app.exception
    live = finished(app)
    assert live.result.answer == "Ada 🦉 3 True glad 1"
    assert str(app.query_params["run"]).strip("[]'") in (live.id, live.run)


def test_fields_outlive_a_mistake() -> None:
    app = opened(PLAIN)
    field(app, "text_area", "name").set_value("Ada").run()
    typed(app).set_value(PLAIN.replace("answer line", "answer lin")).run()
    typed(app).set_value(PLAIN).run()
    assert field(app, "text_area", "name").value == "Ada"


def test_an_example_is_answered_by_its_recording() -> None:
    app = opened(from_example("letter"))
    assert field(app, "text_area", "letter").value.strip()
    app.button(key="edit-run").click().run()
    assert not app.exception
    assert not app.error
    live = finished(app)
    assert live.ended == "answered"


def test_a_flow_that_uses_an_opened_file_runs_with_it() -> None:
    text = 'use "more.flow"\nflow f() -> text {\n  answer more()\n}\n'
    app = opened(Draft(text, files={"more.flow": 'flow more() -> text {\n  answer "from the other file"\n}\n'}))
    app.button(key="edit-run").click().run()
    assert finished(app).result.answer == "from the other file"


def test_tools_are_those_of_the_file_that_is_named(tmp_path: Path) -> None:
    tools = tmp_path / "my_tools.py"
    tools.write_text("from flowreason import tool\n\n@tool\ndef twice(a: int) -> int:\n    return 2 * a\n")
    app = opened("flow f(a: int = 4) -> int {\n  answer twice(a)\n}\n")
    assert app.error
    app.text_input(key="edit-tools").set_value(str(tools)).run()
    assert not app.error
    app.button(key="edit-run").click().run()
    assert finished(app).result.value == 8
    app.text_input(key="edit-tools").set_value(str(tmp_path / "none.py")).run()
    assert any("no file" in each.value.replace("\\", "") for each in app.error)


def test_the_flow_of_a_run_is_opened_with_what_it_was_given() -> None:
    app = opened(Draft(PLAIN.replace("f(", "greeting(", 1)))
    field(app, "text_area", "name").set_value("Ada")
    field(app, "text_area", "rows").set_value('[{"a": 1}]').run()
    app.button(key="edit-run").click().run()
    live = finished(app)
    again = AppTest.from_function(script, default_timeout=20)
    again.session_state[TEXT_TO_EDIT], again.session_state[RUN_TO_EDIT] = live.text, live.run
    again.run()
    assert not again.exception
    assert again.session_state[DRAFT].name == "greeting"
    assert field(again, "text_area", "name").value == "Ada"
    assert '"a": 1' in field(again, "text_area", "rows").value


def test_the_flow_of_an_examples_run_is_the_examples() -> None:
    app = opened(from_example("letter"))
    app.button(key="edit-run").click().run()
    live = finished(app)
    again = AppTest.from_function(script, default_timeout=20)
    again.session_state[TEXT_TO_EDIT], again.session_state[RUN_TO_EDIT] = live.text, live.run
    again.run()
    assert again.session_state[DRAFT].example is not None
