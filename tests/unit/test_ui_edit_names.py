"""What a flow in the editor goes by, and what is known when it is to be left. The script's part is plain here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowreason.library.titles import TITLES
from flowreason_ui.drafting import DRAFT, TEMPLATE, Draft, called, from_example, from_files, from_library
from flowreason_ui.edit_open import choices, typed, was_safe
from tests.edited import PLAIN, finished, opened, said, without_script
from tests.edited import typed as text_field

MINE = "flow mine(a: int = 1) -> int {\n  answer a\n}\n"


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with without_script(tmp_path, monkeypatch):
        yield


# --- its name ---


def test_what_was_opened_keeps_its_name_until_its_flow_gets_another() -> None:
    for draft, first in ((from_library("self_refine"), "self_refine"), (from_example("reviews"), "food_complaints")):
        assert called(draft, first).name == draft.name
        changed = called(draft, "two")
        assert changed.name == "two"
        assert called(changed, first).name == draft.name, "it is the same flow again"
    (file,) = [from_files([("letters.flow", MINE.encode())])]
    assert called(called(file, "mine"), "mine").name == "letters"
    assert called(called(file, "mine"), "two").name == "two"
    assert called(Draft(MINE), "mine").name == called(Draft(MINE, origin="run:x"), "mine").name == "mine"
    assert called(Draft(MINE, origin="library:gone"), "mine").name == "mine"


def test_a_rewritten_flow_of_the_library_goes_by_its_own_name_everywhere() -> None:
    app = opened(from_library("self_refine"))
    assert "self\\_refine" in said(app)
    text_field(app).set_value(MINE).run()
    assert app.session_state[DRAFT].name == "mine"
    assert "self\\_refine" not in said(app)
    app.button(key="edit-run").click().run()
    assert finished(app).title == "mine"
    assert "Run of mine" in [each.value for each in app.header]
    text_field(app).set_value(MINE.replace("mine(", "other(").replace("answer a", "answer b")).run()
    assert app.session_state[DRAFT].name == "other", "with a mistake as well"


def test_methods_have_their_titles_and_are_found_by_their_names_too() -> None:
    names = [name for _, name, _ in choices("Library", "")]
    assert "Auto-CoT" in names and "PAL" in names and "ToT (game of 24)" in names
    assert [named for named, _, _ in choices("Library", "self refine")] == ["library:self_refine"]
    assert [named for named, _, _ in choices("Library", TITLES["tot_24"])] == ["library:tot_24"]


# --- its form ---


def test_the_form_of_a_text_with_mistakes_says_that_it_is_of_the_last_one_without() -> None:
    app = opened(PLAIN)
    assert "last text without mistakes" not in said(app)
    text_field(app).set_value(PLAIN.replace("answer line", "answer lin")).run()
    assert "These are the inputs of the last text without mistakes." in said(app)
    text_field(app).set_value(PLAIN).run()
    assert "last text without mistakes" not in said(app)


# --- leaving it ---


def test_only_what_is_known_is_said_of_what_is_left() -> None:
    app = opened(TEMPLATE)
    text_field(app).set_value(MINE).run()
    app.button(key="edit-new").click().run()
    assert "You have changed mine. If you leave it, what you have typed is lost." in said(app)
    assert "downloaded nor run" not in said(app)


def test_after_a_download_the_way_on_comes_first() -> None:
    app = opened(TEMPLATE)
    text_field(app).set_value(MINE).run()
    app.button(key="edit-new").click().run()
    next(each for each in app.get("download_button") if each.key == "edit-leave-save").click().run()
    assert text_field(app).value == MINE, "nobody has left it yet"
    app.button(key="edit-new").click().run()
    assert text_field(app).value == TEMPLATE


@pytest.mark.parametrize(
    ("before", "safe"),
    [({"restored": {"safe": True}}, True), ({"restored": {"safe": "yes"}}, False), ({"restored": 3}, False),
     ({}, False), (None, False)],
)  # fmt: skip
def test_what_the_browser_says_of_a_text_that_was_run_before_a_reload(before: object, safe: bool) -> None:
    assert was_safe(before) is safe


@pytest.mark.parametrize(("safe", "fresh", "asked"), [(True, True, False), (False, True, True), (True, False, True)])
def test_a_text_that_was_run_before_a_reload_is_left_without_a_question(safe: bool, fresh: bool, asked: bool) -> None:
    app = AppTest.from_function(reloaded, default_timeout=20)
    app.session_state["given"] = (safe, fresh)
    app.run()
    assert not app.exception
    assert app.session_state["told"] is not asked


def reloaded() -> None:
    """A page of a new session, whose browser kept a text."""
    import streamlit as st

    from flowreason_ui.edit_open import is_kept
    from tests.unit.test_ui_edit_names import restored

    safe, fresh = st.session_state["given"]
    st.session_state["told"] = is_kept(restored(safe, fresh).text)


def restored(safe: bool, fresh: bool) -> Draft:
    draft = replace(Draft(TEMPLATE), fresh=fresh)
    return typed(draft, {"epoch": draft.epoch, "version": 1, "text": MINE, "restored": {"name": "mine", "safe": safe}})
