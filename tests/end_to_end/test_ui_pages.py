"""Every page of the app, run without a browser: from a question to its answer, and all that can be done with a run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import flowreason as fr
from flowreason.examples_catalog import catalog, find
from flowreason_ui.connection import Connection
from flowreason_ui.escape import JOINER
from flowreason_ui.live import Live
from flowreason_ui.orders import RunFlow, Solve, Terms, example
from flowreason_ui.starting import KEPT
from flowreason_ui.works import Works
from tests.apps import MARKUP, again, alone, click, ended, opened, press, said, until
from tests.server import Server, error

ASKS_USER = """
flow f() -> text {
  sure: bool = ask user "Shall it go on?"
  way: "left" | "right" = ask user "Which way?"
  who = ask user "Who are you?"
  answer "{sure} {way} {who}"
}
"""
TOOLS = '''
from flowreason import tool

@tool
def ring(times: int) -> text:
    """Rings the bell."""
    return f"rang {times}"
'''


def live_of(app: AppTest, works: Works) -> Live:
    """The run that the address names."""
    (found,) = [app.query_params["run"]] if isinstance(app.query_params["run"], str) else app.query_params["run"]
    live = works.find(found)
    assert live is not None
    return live


def played(works: Works, name: str, pace: float = 0.0) -> Live:
    return ended(works.start(example(find(name), pace=pace)))


# --- Solve ---


def test_without_a_model_the_question_comes_first_and_waits_for_one_to_be_connected(works: Works) -> None:
    app = opened()
    assert "none is connected yet" in said(app) and not app.text_area(key="question-text").disabled
    labels = [str(each.label) for each in app.button]
    assert len([each for each in labels if each.startswith("**")]) == len(catalog())
    app.text_area(key="question-text").set_value("How long is the Rhine?")
    app.button(key="solve-connect").click()
    assert app.run().session_state[KEPT] == "How long is the Rhine?"
    with Server("ready") as server:
        works.connection = Connection("heron", server.url, "key-for-tests")
        back = opened()
        back.session_state[KEPT] = "How long is the Rhine?"
        assert again(back).text_area(key="question-text").value == "How long is the Rhine?"


def test_an_example_plays_at_one_click_from_its_question_to_its_answer(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowreason.examples_catalog.PLAYED_SECONDS", 0.5)
    app = opened()
    app.button(key="example-universities").click()
    again(app)
    live = ended(live_of(app, works))
    again(app)
    assert "298" in [each.value for each in app.text]
    assert "Answered by recorded replies" in said(app)
    assert app.query_params["run"] in (live.run, [live.run])


def test_a_question_is_answered_with_what_comes_with_it(works: Works, server: Server) -> None:
    app = opened()
    assert "none is connected" not in said(app) and "Answered by **heron at 127.0.0.1" in said(app)
    app.button(key="solve-add").click()
    again(app)
    app.text_input(key="solve-name-1").set_value("my hint")
    app.text_area(key="solve-value-1").set_value("it flows to the sea")
    assert "It is called my_hint in the flow" in said(again(app))
    app.text_area(key="question-text").set_value("Which river?")
    app.selectbox(key="solve-method").set_value("direct")
    app.number_input(key="solve-limits-calls").set_value(7)
    app.button(key="solve").click()
    again(app)
    live = ended(live_of(app, works))
    assert isinstance(live.origin, Solve) and live.origin.terms.limits == fr.Limits(calls=7)
    assert "Answered by heron at 127.0.0.1" in said(app)
    assert "it flows to the sea" in server.requests[-1].prompt and "my_hint" in server.requests[-1].prompt
    assert "It is the Rhine." in [each.value for each in again(app).text]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("", "The question is empty"),
        ("x", "Look at the inputs: Give the input a name."),
        ("y" * 200_001, "give long material as"),
    ],
)
def test_what_cannot_be_asked_is_told_in_words(works: Works, server: Server, question: str, told: str) -> None:
    app = opened()
    if question:
        app.button(key="solve-add").click()
        again(app)
        app.text_area(key="solve-value-1").set_value("of no name")
    app.text_area(key="question-text").set_value(question)
    app.button(key="solve").click()
    assert told in said(again(app))
    assert not server.requests and not works.runs


def test_a_key_that_is_refused_is_told_with_the_way_out(works: Works, server: Server) -> None:
    server.always(error(401, "wrong key", code="invalid_api_key"))
    live = ended(works.start(Solve("Which river?", Terms(works.connection), method="direct")))
    text = said(opened("run", run=live.run or live.id))
    assert "Enter another under Settings" in text
    assert "key-for-tests" not in text and "API_KEY" not in text


def test_without_scripts_a_run_is_shown_by_plain_widgets(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowreason_ui.panel.is_built", lambda _name: False)
    live = played(works, "universities")
    app = opened("run", run=live.run)
    assert "298" in [each.value for each in app.text]
    assert app.dataframe or app.table
    assert any("Answered" in str(each.value) for each in app.markdown) and "5 calls" in said(app)


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [("hills.csv", b"hill,height\nRigi,1798\n", "a table of 1 row: hill, height"),
     ("bad.csv", b"hill,height\nRigi\n", "Line 2 of bad.csv has 1 cell, and the first line names 2."),
     ("bad.json", b"{", "bad.json does not hold JSON (line 1, column 2)")],
)  # fmt: skip
def test_a_file_is_shown_before_it_is_given_and_a_broken_one_is_told_with_its_place(
    works: Works, server: Server, name: str, raw: bytes, told: str
) -> None:
    app = opened()
    app.file_uploader(key="solve-files").upload(name, raw)
    assert told in "\n".join([said(again(app)), *(unmarked(each.label) for each in app.expander)])
    assert app.selectbox(key="solve-method").value == "graph"
    app.text_area(key="question-text").set_value("Which hill?")
    app.selectbox(key="solve-method").set_value("direct")
    app.button(key="solve").click()
    again(app)
    assert len(works.runs) == ("bad" not in name)


# --- a run that asks ---


def test_what_the_flow_asks_is_answered_in_place(works: Works) -> None:
    live = works.start(RunFlow(ASKS_USER))
    until(lambda: live.asked)
    app = opened("run", run=live.id)
    assert "Shall it go on?" in said(app) and "The flow asks you" in said(app)
    for words in ("Yes", "left"):
        number = live.asked[0].number
        click(app, words)
        until(lambda number=number: live.asked and live.asked[0].number != number)
        again(app)
    (field,) = [each for each in app.text_area if str(each.key).startswith("field-")]
    field.set_value("Ada")
    click(app, "Answer")
    ended(live)
    assert "true left Ada" in [each.value for each in again(app).text]


def test_a_tool_acts_only_after_the_person_agrees(works: Works, tmp_path: Path) -> None:
    tools = tmp_path / "tools.py"
    tools.write_text(TOOLS.replace("-> text", "-> str"), encoding="utf-8")
    live = works.start(RunFlow("flow f() -> text { answer ring(3) }", Terms(tools=tools, approve=True)))
    until(lambda: live.asked)
    app = opened("run", run=live.id)
    assert "wants to use a tool that changes something" in said(app) and "ring" in said(app)
    click(app, "Don't allow")
    assert ended(live).ended == "failed"
    assert "did not agree" in said(again(app))


def test_the_price_is_asked_where_it_may_be_over_the_limits(works: Works, server: Server) -> None:
    flow = 'flow f() -> text { a = ask "One?" b = ask "Two? {a}" answer b }'
    live = works.start(RunFlow(flow, Terms(works.connection, limits=fr.Limits(calls=1))))
    until(lambda: live.asked)
    app = opened("run", run=live.id)
    text = said(app)
    assert "2 to 6 calls to the model." in text and "Your limit of 1 call stops it" in text
    assert not server.requests
    click(app, "Run it")
    assert ended(live).ended == "limit"
    text = said(again(app))
    assert "The limit of 1 call" in text and "Allow more" in text and "--limit" not in text
    click(app, "Allow more and go on")
    assert app.number_input(key=f"resume-limits-{live.run}-1-calls").value == 10
    app.number_input(key=f"resume-limits-{live.run}-1-calls").set_value(2)
    again(press(app, "run-resume", "resume-now"))  # that may be too low as well, but nobody is asked twice
    assert ended(live_of(app, works)).ended == "answered"


@pytest.mark.parametrize(("words", "how", "asked"), [("Run it", "answered", 1), ("Don't run it", "cancelled", 0)])
def test_whoever_wants_to_know_the_price_first_is_asked_before_anything_is_paid_for(
    works: Works, server: Server, words: str, how: str, asked: int
) -> None:
    app = opened()
    app.text_area(key="question-text").set_value("Which river?")
    app.selectbox(key="solve-method").set_value("direct")
    app.checkbox(key="solve-ask-price").check()
    app.button(key="solve").click()
    live = live_of(again(app), works)
    until(lambda: live.asked)
    assert "1 to 3 calls to the model." in said(again(app)) and not server.requests
    click(app, words)
    assert ended(live).ended == how
    assert len(server.requests) == asked


def test_who_was_to_be_asked_about_the_price_is_asked_when_the_run_goes_on(works: Works, server: Server) -> None:
    order = Solve("Which river?", replace(Terms(works.connection), ask_price=True), method="direct")
    live = works.start(order)
    until(lambda: live.asked)
    app = click(opened("run", run=live.id), "Cancel")
    assert ended(live).ended == "cancelled"
    click(again(app), "Go on")
    resumed = live_of(app, works)
    until(lambda: resumed.asked or resumed.over)
    assert resumed.asked and resumed.asked[0].kind == "price" and not server.requests


@pytest.mark.parametrize("order", [
    Solve("Which river?", method="direct"), RunFlow('flow f() -> text { a = ask "Which river?" answer a }')
])  # fmt: skip
def test_a_run_can_be_asked_again_without_what_is_known(works: Works, server: Server, order: Any, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    live = ended(works.start(replace(order, terms=Terms(works.connection))))
    asked = len(server.requests)
    again(app := opened("run", run=live.run))
    click(app, "Ask again from scratch")
    second = ended(live_of(app, works))
    assert second.run != live.run and second.ended == "answered" and len(server.requests) == 2 * asked
    works.runs.clear()  # as if the app had been opened since
    app = opened("run", run=live.run)
    ended(live_of(app, works))
    click(again(app), "Ask again from scratch")
    third = live_of(app, works)
    assert ended(third).ended == "answered", third.error
    assert len(server.requests) == 3 * asked
    assert third.title == live.title or isinstance(order, RunFlow)


def test_an_answer_that_does_not_fit_is_told_with_why(works: Works) -> None:
    flow = 'flow f() -> number { n: number = ask user "Your budget?" ensure `n > 0`, "a budget above zero" answer n }'
    live = works.start(RunFlow(flow))
    until(lambda: live.asked)
    app = opened("run", run=live.id)
    app.number_input[0].set_value(-5.0)
    first = live.asked[0].number
    click(app, "Answer")
    until(lambda: live.asked and live.asked[0].number != first)
    app = opened("run", run=live.id)
    assert [each.value.replace("\\", "") for each in app.error] == ["“-5” does not fit: a budget above zero"]
    assert "Your budget?" in [each.value for each in app.text]
    app.number_input[0].set_value(5.0)
    click(app, "Answer")
    assert ended(live).result.value == 5  # type: ignore[union-attr]


def test_several_questions_wait_side_by_side_and_each_is_answered_by_itself(works: Works) -> None:
    flow = """flow f() -> text {
      a: list[int] = ask user "Which years?"
      b: {town: text, days: int} = ask user "Where to?"
      answer "{a} {b.town} {b.days}"
    }"""
    live = works.start(RunFlow(flow))
    until(lambda: live.asked)
    app = opened("run", run=live.id)
    (field,) = [each for each in app.text_area if str(each.key).startswith("field-")]
    field.set_value("1088\nsoon")
    click(app, "Answer")
    assert "line 2, must be a whole number" in said(app) and live.asked
    (field,) = [each for each in app.text_area if str(each.key).startswith("field-")]
    field.set_value("1088\n1290")
    first = live.asked[0].number
    click(app, "Answer")
    until(lambda: live.asked and live.asked[0].number != first)
    app = opened("run", run=live.id)
    (town,) = [each for each in app.text_input if str(each.key).startswith("field-")]
    (days,) = [each for each in app.number_input if str(each.key).startswith("field-")]
    town.set_value("Ulm")
    days.set_value(3)
    click(app, "Answer")
    ended(live)
    assert live.result is not None and live.result.answer == "[1088, 1290] Ulm 3"


# --- a run that goes on, is stopped, is changed ---


def test_a_run_is_paused_cancelled_and_resumed(works: Works) -> None:
    live = works.start(example(find("reviews"), pace=2 * find("reviews").pace))
    app = opened("run", run=live.id)
    click(app, "Pause")
    assert live.status == "paused" and ("Pausing… " in said(app) or "Paused. Nothing is sent" in said(app))
    assert not [each for each in app.button if each.label == "Pause"]
    until(lambda: not live.under_way)
    assert "Paused. Nothing is sent" in said(again(app))
    click(app, "Go on")
    assert not live.paused
    until(lambda: live.run)
    click(app, "Cancel")
    assert ended(live).ended == "cancelled"
    assert "It was stopped" in said(again(app))
    click(app, "Go on")
    resumed = live_of(app, works)
    assert resumed is not live and resumed.run == live.run
    assert ended(resumed).ended == "answered"


def test_going_on_holds_for_a_run_that_was_cancelled_elsewhere_a_moment_ago(works: Works) -> None:
    live = works.start(example(find("reviews"), pace=2 * find("reviews").pace))
    until(lambda: live.run)
    app = click(opened("run", run=live.id), "Pause")
    works.cancel(live)
    assert ended(live).ended == "cancelled"
    click(app, "Go on")  # still the button that ends a pause
    resumed = live_of(app, works)
    assert resumed is not live and ended(resumed).ended == "answered"


def test_a_run_comes_back_by_its_address_when_the_app_was_closed_meanwhile(
    works: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = played(works, "universities")
    with alone(tmp_path, monkeypatch) as later:
        app = opened("run", run=live.run)
        ended(live_of(app, later))
        assert "298" in [each.value for each in again(app).text]


def test_an_address_of_no_run_is_told_in_words(works: Works) -> None:
    text = said(opened("run", run="261129-nothere0"))
    assert "There is no run" in text and "All runs" in text


def test_other_inputs_make_a_run_beside_the_first(works: Works) -> None:
    live = ended(works.start(RunFlow("flow f(n: int) -> int { answer `n * 2` }", inputs={"n": 2})))
    app = click(opened("run", run=live.run), "Change")
    (field,) = [each for each in app.number_input if "rerun-" in str(each.key)]
    field.set_value(21)
    press(app, "run-change", "rerun-now").run()
    made = list(works.runs.values())[-1]
    assert ended(made).result is not None and made.result.value == 42


def test_a_changed_flow_with_a_mistake_is_told_and_not_run(works: Works) -> None:
    live = ended(works.start(RunFlow("flow f(n: int) -> int { answer `n * 2` }", inputs={"n": 2})))
    app = click(opened("run", run=live.run), "Change")
    (text,) = [each for each in app.text_area if str(each.key).endswith("-text")]
    text.set_value("flow f(n: int) -> int { answer missing }")
    told = said(again(press(app, "run-change", "rerun-now")))
    assert "There is no name `missing` here (line 1)" in told and "[name-unknown]" not in told
    assert len(works.runs) == 1


def test_the_fields_of_a_change_say_their_defaults_and_keep_the_flow_while_an_input_is_wrong(works: Works) -> None:
    flow = 'flow f(n: list[int], tone: text = "dry", loud: bool = false) -> text { answer "{n} {tone} {loud}" }'
    live = ended(works.start(RunFlow(flow, inputs={"n": [2]})))
    app = click(opened("run", run=live.run), "Change")
    labels = [each.label for each in [*app.text_area, *app.radio]]
    assert any("left empty: dry" in each.replace("\\", "").replace(JOINER, "") for each in labels)
    assert not any("may stay empty" in each for each in labels)
    (loud,) = [each for each in app.radio if "rerun-" in str(each.key)]
    assert loud.value is False
    (lines,) = [each for each in app.text_area if str(each.key).endswith("-n")]
    (text,) = [each for each in app.text_area if str(each.key).endswith("-text")]
    text.set_value(flow.replace("f(", "g("))
    lines.set_value("many")
    app.button(key="run-change").click()
    wrong = again(app)
    assert "whole number" in said(wrong) and wrong.button(key="rerun-now").disabled
    (text,) = [each for each in wrong.text_area if str(each.key).endswith("-text")]
    assert text.value.startswith("flow g(")
    press(app, "run-change", "rerun-back")
    app = again(app)
    app.button(key="run-change").click()
    (text,) = [each for each in again(app).text_area if str(each.key).endswith("-text")]
    assert text.value == flow


# --- markup ---


def unmarked(text: object) -> str:
    """A label without what makes it safe."""
    return str(text).replace("\\", "").replace("\u2060", "")


def is_plain(text: str) -> bool:
    """Whether nothing of `MARKUP` is read as anything but letters."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", text)
    return not any(sign in bare for sign in ("<img", "**bold", "(http", "$x", ":material/home:", ":red["))


def test_markup_in_inputs_files_and_what_is_asked_stays_text(works: Works, server: Server, tmp_path: Path) -> None:
    tools = tmp_path / "tools.py"
    tools.write_text(TOOLS.replace("-> text", "-> str").replace("times: int", "times: str"), encoding="utf-8")
    app = opened()
    app.file_uploader(key="solve-files").upload(f"{MARKUP.replace('/', '')}.csv", f"{MARKUP}\n{MARKUP}\n".encode())
    app.file_uploader(key="solve-files").upload(f"{MARKUP.replace('/', '')}.json", b"{")
    app.button(key="solve-add").click()
    again(app)
    app.text_input(key="solve-name-1").set_value(MARKUP)
    pages = [again(app)]
    asking = [
        RunFlow(f"flow f() -> text {{ a = ask user {json.dumps(MARKUP)} answer a }}"),
        RunFlow(f"flow f() -> text {{ a: {json.dumps(MARKUP)} | 'b' = ask user 'Which?' answer a }}".replace("'", '"')),
        RunFlow("flow f(x: text) -> text { answer ring(x) }", Terms(tools=tools, approve=True), {"x": MARKUP}),
    ]
    for order in asking:
        live = works.start(order)
        until(lambda live=live: live.asked or live.over)
        assert live.asked, live.error
        pages.append(opened("run", run=live.id))
    for page in pages:
        read = [*page.title, *page.header, *page.markdown, *page.caption, *page.error, *page.warning, *page.info]
        labels = [each.label for each in [*page.button, *page.expander, *page.radio, *page.text_area]]
        for text in [*(str(each.value) for each in read), *map(str, labels)]:
            assert is_plain(text), text


def test_markup_in_questions_answers_errors_and_files_stays_text(works: Works, server: Server) -> None:
    server._answer = MARKUP
    live = ended(works.start(Solve(MARKUP, Terms(works.connection), method="direct")))
    failed = ended(works.start(RunFlow(f"flow f() -> text {{ fail {MARKUP!r} }}", name=MARKUP)))
    pages: list[Any] = [opened("run", run=live.run), opened("run", run=failed.run or failed.id), opened("runs")]
    pages.append(opened("compare", left=live.run, right=failed.run or failed.id))
    for app in pages:
        read = [*app.title, *app.header, *app.markdown, *app.caption, *app.error, *app.warning, *app.info]
        texts = [str(each.value) for each in read] + [str(each.label) for each in app.button]
        for text in texts:
            assert is_plain(text), text
    assert MARKUP in [each.value for each in pages[0].text]


# --- how a run ended, and what can be made of it ---


def test_a_loop_that_its_limit_ended_is_told_above_the_answer(works: Works) -> None:
    text = "flow f(n: int = 0) -> int {{\n  while `n < {most}` max 3 {{ n = `n + 1` }}\n  answer n\n}}"
    for most, told in ((9, True), (2, False)):
        live = ended(works.start(RunFlow(text.format(most=most))))
        app = opened("run", run=live.run)
        assert ("stopped at its limit of 3 rounds" in said(app)) == told, said(app)
        assert "No model was asked" in said(app)


def test_the_ways_to_another_run_say_what_each_does(works: Works) -> None:
    app = opened("run", run=played(works, "reviews").run)
    text = said(app)
    for told in ("Only what depends on that step", "only what you change", "this run stays as it is"):
        assert told in text


def test_a_long_answer_is_folded_and_copied_whole(works: Works) -> None:
    live = ended(works.start(RunFlow('flow f() -> text { answer `"word " * 500` }')))
    app = opened("run", run=live.run)
    (toggle,) = [each for each in app.toggle if each.label == "Show all"]
    assert "word " * 499 in said(app)
    toggle.set_value(True)
    assert "word " * 499 in said(again(app))
