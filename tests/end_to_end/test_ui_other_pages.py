"""The pages beside a run: the kept runs, two of them compared, many questions, the settings; run without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowreason.examples_catalog import find
from flowreason_ui.connection import Connection
from flowreason_ui.live import Live
from flowreason_ui.orders import RunFlow, Solve, Terms, example
from flowreason_ui.saving import exported
from flowreason_ui.works import Works
from tests.apps import again, alone, ended, opened, said, until
from tests.server import Server, error


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    with alone(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def server(works: Works) -> Iterator[Server]:
    """A model, connected."""
    with Server() as made:
        works.connection = Connection("heron", made.url, "key-for-tests")
        yield made


def click(app: AppTest, words: str) -> AppTest:
    """Press the button that is called so."""
    (button,) = [each for each in app.button if words in str(each.label).replace("\\", "")]
    button.click()
    return again(app)


def press(app: AppTest, opener: str, inside: str) -> AppTest:
    """Press a button of a dialog. The page runs anew as a whole here, so that what opens it is pressed once more."""
    app.button(key=opener).click()
    app.button(key=inside).click()
    return app


def played(works: Works, name: str) -> Live:
    return ended(works.start(example(find(name), pace=0.0)))


# --- Runs, Compare ---


def test_runs_are_found_opened_and_deleted(works: Works) -> None:
    first, second = played(works, "universities"), played(works, "coins")
    app = opened("runs")
    assert "How many years lie between" in said(app) and "two euros" in said(app)
    app.text_input(key="runs-search").set_value("euros")
    assert "How many years lie between" not in said(again(app))
    app.checkbox(key=f"mark-{second.run}").check()
    again(app)
    app.button(key="runs-delete").click()
    again(app)
    press(app, "runs-delete", "delete-now")
    assert "No such run is kept" in said(again(app))
    app.text_input(key="runs-search").set_value("")
    assert "How many years lie between" in said(again(app))
    assert works.find(first.run) is first


def test_runs_are_chosen_by_their_state(works: Works) -> None:
    played(works, "coins")
    ended(works.start(RunFlow("flow failing() -> int { answer `1 // 0` }")))
    app = opened("runs")
    app.selectbox(key="runs-state").set_value("failed")
    text = said(again(app))
    assert "failing" in text and "two euros" not in text


def test_fifty_runs_stand_on_a_page(works: Works) -> None:
    for number in range(52):
        ended(works.start(RunFlow(f"flow n{number}() -> int {{ answer 1 }}")))
    app = opened("runs")
    assert len(chosen(app)) == 50 and "1 to 50" in said(app)
    click(app, "Next")
    assert len(chosen(app)) == 2 and "51 to 52 of 52" in said(app)


def chosen(app: AppTest) -> list[bool]:
    """Whether each run that is shown is chosen."""
    return [each.value for each in app.checkbox if str(each.key).startswith("mark-2")]


def test_runs_are_ordered_and_narrowed_down(works: Works) -> None:
    played(works, "coins")
    ended(works.start(RunFlow("flow last() -> int { answer 1 }")))
    app = opened("runs")
    text = said(app)
    assert text.index("flow last") < text.index("two euros") and "60" in text
    app.selectbox(key="runs-order").set_value("calls")
    text = said(again(app))
    assert text.index("two euros") < text.index("flow last")
    app.selectbox(key="runs-origin").set_value("flow")
    assert "two euros" not in said(again(app))
    click(app, "Clear the filters")
    assert "two euros" in said(app)


def test_all_on_a_page_are_chosen_at_once_and_a_deletion_can_be_called_off(works: Works) -> None:
    for number in range(10):
        ended(works.start(RunFlow(f"flow n{number}{'x' * 200}() -> int {{ answer 1 }}")))
    app = opened("runs")
    app.checkbox(key="mark-all").check()
    assert chosen(again(app)) == [True] * 10 and "10 runs chosen" in said(app)
    app.button(key="runs-delete").click()
    again(app)
    named = [each.value for each in app.text]
    assert len(named) == 8 and all(each.endswith("…") for each in named) and "and 2 more" in said(app)
    again(press(app, "runs-delete", "delete-not"))
    assert len(chosen(again(app))) == 10


def test_a_run_goes_out_as_a_file_and_comes_back_marked(works: Works) -> None:
    live = played(works, "coins")
    app = opened("runs")
    files = [("coins.jsonl", exported(live.run), ""), ("no_run.jsonl", b"rubbish", "")]
    app.file_uploader(key="runs-import").set_value(files)
    again(app)
    app.button(key="runs-import-now").click()
    text = said(again(app))
    assert "1 run taken in" in text and "no_run.jsonl: this is no exported run" in text
    text = said(opened("runs"))
    assert text.count("two euros") == 2 and "Imported today" in text and "from coins.jsonl" in text


def test_a_run_that_was_stopped_is_resumed_from_the_list(works: Works, server: Server) -> None:
    server.then(error(400, "not now", code="invalid_prompt"))
    live = ended(works.start(Solve("Which river?", Terms(works.connection), method="direct")))
    assert live.ended == "failed"
    app = opened("runs")
    app.checkbox(key=f"mark-{live.run}").check()
    click(again(app), "Resume")
    again(press(app, "runs-resume", "resume-now"))
    until(lambda: works.ask(works.kept(live.run)).status == "answered")


def test_two_runs_stand_side_by_side_with_what_differs(works: Works) -> None:
    one = ended(works.start(RunFlow("flow f(n: int) -> int { m = `n * 2` answer m }", inputs={"n": 2})))
    two = ended(works.start(RunFlow("flow f(n: int) -> int { m = `n * 2` answer m }", inputs={"n": 3})))
    app = opened("compare", left=one.run, right=two.run)
    assert [each.value for each in app.text][:2] == ["4", "6"]
    assert app.query_params["left"] in (one.run, [one.run])
    rows = app.table[0].value
    assert list(rows["Step"]) == ["n", "m", "answer"] and list(rows["Second run"]) == ["3", "6", "6"]


# --- Batch ---


def test_questions_of_a_file_are_answered(works: Works, server: Server) -> None:
    app = opened("batch")
    app.file_uploader(key="batch-file").upload("rivers.csv", b"question\nWhich river?\nWhich one?\n", "text/csv")
    again(app)
    app.selectbox(key="batch-method").set_value("direct")
    again(app)
    assert "For each of 2 questions" in said(app)
    app.button(key="batch-start").click()
    again(app)
    (batch,) = works.tasks.values()
    until(lambda: batch.over)  # type: ignore[attr-defined]
    text = said(again(app))
    assert "Done" in text and "2 answered" in text
    assert list(app.dataframe[0].value["answer"]) == ["It is the Rhine."] * 2


def test_a_file_that_holds_no_questions_is_told_in_words(works: Works) -> None:
    app = opened("batch")
    app.file_uploader(key="batch-file").upload("empty.csv", b"", "text/csv")
    assert "empty" in said(again(app))


# --- Settings ---


def test_a_model_is_connected_after_it_has_answered_and_its_key_is_shown_nowhere(works: Works) -> None:
    with Server("ready") as server:
        app = opened("settings")
        app.selectbox(key="server").set_value("Another server")
        again(app)
        for part, value in (("address", server.url), ("model", "heron"), ("key", "key-for-tests")):
            app.text_input(key=f"{part}-Another server-0").set_value(value)
        app.button(key="connect-now").click()
        again(app)
        assert works.connection.told.startswith("heron at 127.0.0.1")
        assert "answered" in said(app)
        assert "key-for-tests" not in said(app)
        assert all(each.value != "key-for-tests" for each in app.text_input)
        click(app, "Forget what was entered")
        assert works.connection == Connection()


def test_a_server_that_refuses_is_told_and_not_connected(works: Works) -> None:
    with Server().always(error(401, "wrong key", code="invalid_api_key")) as server:
        app = opened("settings")
        app.selectbox(key="server").set_value("Another server")
        again(app)
        app.text_input(key="address-Another server-0").set_value(server.url)
        app.text_input(key="model-Another server-0").set_value("heron")
        app.text_input(key="key-Another server-0").set_value("wrong-key-for-tests")
        app.button(key="connect-now").click()
        text = said(again(app))
        assert "key" in text and "wrong-key-for-tests" not in text
        assert works.connection == Connection()


def test_a_connection_is_kept_in_the_config_file_when_that_is_asked_for(works: Works, tmp_path: Path) -> None:
    with Server("ready") as server:
        app = opened("settings")
        app.selectbox(key="server").set_value("Another server")
        again(app)
        app.text_input(key="address-Another server-0").set_value(server.url)
        app.text_input(key="model-Another server-0").set_value("heron")
        app.checkbox(key="keep").check()
        app.button(key="connect-now").click()
        again(app)
    assert 'model = "heron"' in (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert "the config file" in said(app)
