"""The pages beside a run: the kept runs, two of them compared, many questions, the settings; run without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import flowreason as fr
from flowreason.examples_catalog import find
from flowreason.resuming import the_store
from flowreason_ui import measuring
from flowreason_ui.batches import Plan, start
from flowreason_ui.connection import Connection
from flowreason_ui.lasting import folder_of
from flowreason_ui.live import Live
from flowreason_ui.orders import RunFlow, Solve, Terms, example
from flowreason_ui.pages.runs import PAGE
from flowreason_ui.preferences import default_limits
from flowreason_ui.questions import item_of
from flowreason_ui.saving import exported
from flowreason_ui.whole_list import bytes_text, size_of
from flowreason_ui.works import Works
from tests.apps import MARKUP, again, click, ended, opened, press, said, turned, until
from tests.server import Behaviour, Server, error, nobody, ok, slow


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


def test_what_is_looked_for_and_chosen_is_still_there_after_another_page(works: Works) -> None:
    run, _ = played(works, "coins").run, played(works, "universities")
    app = opened("runs")
    app.text_input(key="runs-search").set_value("EUROS two")
    app.selectbox(key="runs-order").set_value("oldest")
    app.selectbox(key="runs-state").set_value("answered")
    again(app).checkbox(key=f"mark-{run}").check()
    again(app)
    back = turned(turned(app, "settings"), "runs")
    assert back.text_input(key="runs-search").value == "EUROS two" and back.checkbox(key=f"mark-{run}").value
    assert (back.selectbox(key="runs-order").value, back.selectbox(key="runs-state").value) == ("oldest", "answered")
    assert "How many years lie between" not in said(back)
    back.text_input(key="runs-search").set_value("nowhere")
    assert "No such run is kept" in said(again(back))
    back.button(key="runs-clear-all").click()
    again(back)
    assert "How many years lie between" in said(back) and back.text_input(key="runs-search").value == ""


def test_what_runs_cost_stands_in_the_filter_as_it_is(works: Works) -> None:
    played(works, "coins")
    assert "$0.01 and more" in opened("runs").selectbox(key="runs-cost").options


def test_runs_are_chosen_by_their_state(works: Works) -> None:
    played(works, "coins")
    ended(works.start(RunFlow("flow failing() -> int { answer `1 // 0` }")))
    app = opened("runs")
    app.selectbox(key="runs-state").set_value("failed")
    text = said(again(app))
    assert "failing" in text and "two euros" not in text


def test_a_page_holds_a_part_of_the_runs(works: Works) -> None:
    for number in range(PAGE + 2):
        ended(works.start(RunFlow(f"flow n{number}() -> int {{ answer 1 }}")))
    app = opened("runs")
    assert len(chosen(app)) == PAGE and f"1 to {PAGE}" in said(app)
    click(app, "Next")
    assert len(chosen(app)) == 2 and f"{PAGE + 1} to {PAGE + 2} of {PAGE + 2}" in said(app)


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
    raw = exported(played(works, "coins").run)
    fr.delete_runs(["last"], store=works.store)
    app = opened("runs")
    files = [("coins.jsonl", raw, ""), ("again.jsonl", raw, ""), ("no_run.jsonl", b"rubbish", "")]
    app.file_uploader(key="runs-import-0").set_value(files)
    again(app)
    app.button(key="runs-import-now").click()
    text = said(again(app))
    assert "1 run imported" in text and "Here already: In how many" in text
    assert "no_run.jsonl: this is no exported run; Export under Runs" in text
    text = said(opened("runs"))
    assert text.count("two euros") == 1 and "Imported today" in text and "from coins.jsonl" in text


def test_the_runs_of_a_batch_are_one_line_that_leads_to_it(works: Works, server: Server) -> None:
    played(works, "coins")
    plan = Plan("rivers.csv", "questions.csv", 3, method="direct")
    batch = start(works, plan, b"question\nWhich river?\nWhich one?\nAnd which?\n")
    until(lambda: batch.over)
    app = opened("runs")
    text = said(app)
    assert "rivers.csv: 3 questions" in text and "3 answered" in text and "two euros" in text
    assert "Which river?" not in text and len(chosen(app)) == 1
    click(app, "Show its 3 runs")
    text = said(again(app))
    assert "Which river?" in text and "Only the runs of **rivers.csv**" in text and "two euros" not in text
    click(app, "Show all runs")
    app.text_input(key="runs-search").set_value("which one")
    assert "Which one?" in said(again(app)), "what is looked for is found within a batch"


def test_a_batch_and_a_comparison_are_deleted_after_a_word(works: Works, server: Server) -> None:
    batch = start(works, Plan("rivers.csv", "questions.csv", 1, method="direct"), b"question\nWhich river?\n")
    until(lambda: batch.over)
    app = opened("answers", batch=batch.id)
    app.button(key="batch-delete").click()
    assert "every step, prompt and reply" in str([each.label for each in again(app).checkbox])
    again(press(app, "batch-delete", "delete-not"))
    assert batch.folder.exists()
    app.button(key="batch-delete").click()
    again(app)
    press(app, "batch-delete", "delete-now")
    again(app)
    assert not batch.folder.exists() and not works.ask(the_store(works.store).runs())
    items = [item_of(f"questions/{n}", "Which river?", {}, "Rhine", "each") for n in range(2)]
    made = measuring.start(works, items, ["direct", "tot_24"], fr.Limits(calls=2), 2)
    until(lambda: made.over)
    led = opened("batch", evaluation=made.id)
    assert "Methods compared" in said(led), "an address of earlier versions"
    app = opened("answers", evaluation=made.id)
    text = said(app)
    assert "ToT (game of 24)" in text and "how often chance alone" in text and "tot_24" not in text
    app.button(key="measuring-delete").click()
    again(app)
    again(press(app, "measuring-delete", "delete-now"))
    assert not made.folder.exists()


def test_a_run_that_was_stopped_is_resumed_from_the_list(works: Works, server: Server) -> None:
    server.then(error(400, "not now", code="invalid_prompt"))
    live = ended(works.start(Solve("Which river?", Terms(works.connection), method="direct")))
    assert live.ended == "failed"
    app = opened("runs")
    app.checkbox(key=f"mark-{live.run}").check()
    click(again(app), "Resume")
    until(lambda: works.ask(works.kept(live.run)).status == "answered")


def test_two_runs_stand_side_by_side_with_what_differs(works: Works) -> None:
    one = ended(works.start(RunFlow("flow f(n: int) -> int { m = `n * 2` answer m }", inputs={"n": 2})))
    two = ended(works.start(RunFlow("flow f(n: int) -> int { m = `n * 2` answer m }", inputs={"n": 3})))
    app = opened("compare", left=one.run, right=two.run)
    assert [each.value for each in app.text][:2] == ["4", "6"]
    assert app.query_params["left"] in (one.run, [one.run])
    rows = app.table[0].value
    assert list(rows["Step"]) == ["n", "m", "answer"] and list(rows["Second run"]) == ["3", "6", "6"]
    assert [each.value for each in app.title] == ["Two runs compared"]
    other = ended(works.start(RunFlow("flow f(n: int) -> int { m = `n * 5` answer m }", inputs={"n": 2})))
    written = opened("compare", left=one.run, right=other.run).table[0].value
    assert list(written["First run"]) == ["n \\* 2"] and list(written["Second run"]) == ["n \\* 5"]


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


def test_a_question_in_the_first_line_of_a_file_is_asked_too(works: Works, server: Server) -> None:
    app = opened("batch")
    app.file_uploader(key="batch-file").upload("asks.csv", b"Which river is it?\nWhich one?\n", "text/csv")
    again(app)
    assert "begin with a question" in said(app) and "Answer 2 questions" in said(app)
    app.checkbox(key="batch-nameless").uncheck()
    assert "Answer 1 question" in said(again(app))


def test_a_batch_tells_in_the_list_how_it_is_answered_and_what_was_right(works: Works, server: Server) -> None:
    raw = b"question,known\nWhich river?,It is the Rhine.\nWhich one?,It is the Elbe.\n"
    plan = Plan("rivers.csv", "questions.csv", 2, method="direct", gold="known", kind="text")
    batch = start(works, plan, raw)
    until(lambda: batch.over)
    assert "Direct · 1 of 2 right" in said(opened("runs"))
    page = opened("answers", batch=batch.id)
    assert "How it is answered: Direct" in said(page) and "1 of 2 right: 50 % (" in said(page)
    page.button(key="back").click()
    assert "A file with a question in each row" in str([each.label for each in again(page).get("file_uploader")])


def test_a_file_that_holds_no_questions_is_told_in_words(works: Works) -> None:
    app = opened("batch")
    app.file_uploader(key="batch-file").upload("empty.csv", b"", "text/csv")
    assert "empty" in said(again(app))


# --- Settings ---


def test_a_server_without_an_address_is_not_taken_for_another(works: Works) -> None:
    app = opened("settings")
    app.selectbox(key="server").set_value("Another server")
    for pressed in ("Connect and test", "Which models are there?"):
        assert [each.value for each in click(again(app), pressed).error] == ["Enter the address of the server\\."]


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


def test_what_a_test_found_is_told_and_the_models_can_be_chosen_from(works: Works) -> None:
    with Server("ready", models=("stork", "heron")) as server:
        app = opened("settings")
        app.selectbox(key="server").set_value("Another server")
        again(app)
        app.text_input(key="address-Another server-0").set_value(server.url)
        app.button(key="connect-list").click()
        again(app)
        assert not server.requests, "no model is asked which models there are"
        app.selectbox(key="chosen-Another server-0").set_value("stork")
        assert again(app).text_input(key="model-Another server-0").value == "stork"
        app.button(key="connect-now").click()
        text = said(again(app))
        assert "heron-2 answered in" in text and "18 tokens" in text and "heron\nstork" in text
        click(app, "Test it")
        assert "answered in" in said(app)


@pytest.mark.parametrize(
    ("behaviour", "advice"),
    [
        (error(401, "wrong key", code="invalid_api_key"), "Enter the key again"),
        (error(404, "model not found", code="model_not_found"), "name of one that it has"),
        (error(404, "no such page"), "ends in /v1"),
        (slow(2), "may need a minute"),
        (error(429, "no credit", code="insufficient_quota"), "no credit left"),
    ],
)
def test_a_test_that_fails_says_what_to_do_here(
    works: Works, behaviour: Behaviour, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowreason_ui.connection.SECONDS", 0.5)
    with Server().always(behaviour) as server:
        works.connection = Connection("heron", server.url, "key-for-tests")
        text = said(click(opened("settings"), "Test it"))
        assert advice in text and "FLOWREASON" not in text and "OPENAI" not in text and "--" not in text


def test_an_address_without_its_ending_is_mended(works: Works) -> None:
    nothing, there = error(404, "no such page"), ok("ready")
    with Server().always(lambda asked: (there if asked.path.startswith("/v1/") else nothing)(asked)) as server:
        app = opened("settings")
        app.selectbox(key="server").set_value("Another server")
        again(app)
        app.text_input(key="address-Another server-0").set_value(server.url.removesuffix("/v1"))
        app.text_input(key="model-Another server-0").set_value("heron")
        app.button(key="connect-now").click()
        assert "which was added" in said(again(app))
        assert works.connection.base_url == server.url


def test_an_address_where_nobody_is_says_what_to_do_here(works: Works) -> None:
    with nobody() as url:
        works.connection = Connection("heron", url, "key-for-tests")
        text = said(click(opened("settings"), "Test it"))
    assert "cannot be reached" in text and "its address is right" in text


def test_a_price_that_is_entered_is_told_in_money_and_kept_where_that_is_asked(
    works: Works, server: Server, tmp_path: Path
) -> None:
    app = opened("settings")
    assert "Its price is not known" in said(app)
    for key, amount in (("price-in", 1000.0), ("price-out", 2000.0)):
        app.number_input(key=key).set_value(amount)
    app.button(key="price-now").click()
    assert "cost $1000 as sent and $2000 as they come back" in said(again(app))
    live = ended(works.start(Solve("Which river?", Terms(works.connection), method="direct")))
    assert live.result is not None and live.result.usage.money == pytest.approx((11 * 1000 + 7 * 2000) / 1e6)
    app.checkbox(key="price-keep").check()
    app.button(key="price-now").click()
    again(app)
    assert '"heron" = [1000, 2000]' in (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert works.connection.price is None and works.connection.known_price == (1000, 2000)


def test_limits_that_are_kept_are_those_of_the_next_question(works: Works, server: Server) -> None:
    app = opened("settings")
    app.number_input(key="default-calls").set_value(7)
    app.number_input(key="default-seconds").set_value(60.0)
    app.button(key="default-keep").click()
    again(app)
    assert opened().number_input(key="solve-limits-calls").value == 7
    assert default_limits().seconds == 60
    (tmp := folder_of(works, "app.json")).write_text("rubbish", encoding="utf-8")
    assert default_limits() == fr.Limits() and tmp.exists()


def test_old_runs_are_counted_and_deleted_after_a_word(works: Works) -> None:
    played(works, "coins")
    app = opened("settings")
    assert "1 run, " in said(app) and "kB" in said(app)
    app.button(key="old").click()
    assert "0 runs of 1" in said(again(app))
    app.button(key="old").click()
    app.selectbox(key="old-age").set_value(0)
    assert "1 run of 1" in said(again(app))
    app.button(key="old").click()
    app.selectbox(key="old-age").set_value(0)
    app.button(key="old-now").click()
    again(app)
    assert "0 runs" in said(again(app)) and not works.ask(the_store(works.store).runs())


def test_sizes_and_ages_are_told_in_words() -> None:
    assert [bytes_text(each) for each in (0, 999, 1_500, 12_345_678)] == ["0 bytes", "999 bytes", "1.5 kB", "12 MB"]
    assert size_of("postgresql://somewhere/db") is None


# --- markup ---


def test_markup_in_files_columns_and_rows_stays_text(works: Works, server: Server) -> None:
    server._answer = MARKUP
    raw = f"question,{MARKUP}\n{MARKUP},{MARKUP}\n,x\n".encode()
    app = opened("batch")
    app.file_uploader(key="batch-file").upload(f"{MARKUP.replace('/', '_')}.csv", raw, "text/csv")
    again(app)
    app.selectbox(key="batch-method").set_value("direct")
    again(app)
    app.button(key="batch-start").click()
    again(app)
    (batch,) = works.tasks.values()
    until(lambda: batch.over)  # type: ignore[attr-defined]
    pages = [again(app), opened("batch"), opened("runs")]
    pages[2].selectbox(key="runs-origin").set_value("batch")
    again(pages[2]).checkbox(key="mark-all").check()
    again(pages[2]).button(key="runs-delete").click()
    for each in (*pages[:2], again(pages[2])):
        for text in written(each):
            bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", text)
            assert "<img" not in bare and "**bold" not in bare and "(http" not in bare and "$" not in bare, text
            assert ":material/home:" not in bare and ":red[" not in bare, text
    table = pages[0].dataframe[0].value
    assert table["question"][0] == MARKUP and table["answer"][0] == MARKUP and MARKUP in table.columns


def written(app: AppTest) -> list[str]:
    """Everything on a page that Streamlit reads as Markdown."""
    read = [*app.title, *app.header, *app.markdown, *app.caption, *app.error, *app.warning, *app.info, *app.success]
    named = [*app.button, *app.checkbox, *app.expander, *app.tabs]
    return [str(each.value) for each in read] + [str(each.label) for each in named]
