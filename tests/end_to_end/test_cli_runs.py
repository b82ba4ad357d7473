"""Kept runs through the real command: interrupted, killed, waiting, replayed, changed, handed on; nothing is paid twice."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND, KEY, Started, Terminal, asked_of, environment, flowreason, is_short
from tests.server import Server, error, ok

MANY = """flow many(towns: list[text]) -> list[text] {
  rivers = for town in towns yield ask "On which river lies {town}?"
  longest = ask "Which of these is longest?" given rivers
  if `len(longest) > 3` { answer `rivers + [longest]` }
  answer rivers
}
"""
TOWNS = 'towns=["Bonn", "Basel", "Worms"]'
PERSON = """tool put(thing: text) -> text "Put a thing on the table."
flow greet() -> text {
  name = ask user "What is your name?"
  n: int = ask user "How many rivers?"
  line = ask "Say one line to {name}"
  put(line)
  answer "{name}: {n}, {line}"
}
"""
TABLE = """from flowreason import tool

@tool
def put(thing: str) -> str:
    with open("table.log", "a") as log:
        log.write(thing + "\\n")
    return "done"
"""


def model(body: dict[str, Any]) -> str:
    said = str(body.get("messages") or body.get("input"))
    return "Rhine" if "On which river" in said.rpartition("content")[2] else "Danube"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "many.flow").write_text(MANY)
    (tmp_path / "greet.flow").write_text(PERSON)
    (tmp_path / "table.py").write_text(TABLE)
    return tmp_path


def run_id(told: str) -> str:
    found = re.search(r"\d{6}-[0-9a-z]{8}", told)
    assert found, told
    return found[0]


def slow_after(count: int, server: Server) -> None:
    """The server answers so many requests at once, and lets the others hang."""

    def behave(exchange: Any) -> None:
        if len(server.requests) > count:
            time.sleep(30)
        ok()(exchange)

    server.always(behave)


def stopped(server: Server, folder: Path, sign: int, asked: int, *more: str) -> tuple[int, str, str]:
    """Run until so many requests have come, then send a signal."""
    process = Started(
        [*COMMAND, "run", "many.flow", TOWNS, *more], cwd=folder, env=environment(folder, **asked_of(server.url)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 30
    while len(server.requests) < asked and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)  # what was answered is durable by now
    process.send_signal(sign)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_an_answered_run_is_listed_shown_drawn_and_told_as_data(folder: Path) -> None:
    with Server(model) as server:
        ran = flowreason("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
    run = run_id(ran.err)
    assert f"flowreason runs show {run}" in ran.err
    listed = flowreason("runs", folder=folder)
    assert (listed.code, listed.err) == (0, "")
    assert run in listed.out and "answered" in listed.out and "4 calls" in listed.out
    assert flowreason("runs", "--search", "Danube?", folder=folder).out == ""
    shown = flowreason("runs", "show", run[:9], folder=folder)
    assert shown.code == 0, shown.err
    assert "many/rivers[1]" in shown.out and "[1] Basel" in shown.out
    assert "len(longest) > 3 → yes (longest = Danube)" in shown.out
    assert KEY not in shown.out and "\x1b" not in shown.out
    data = flowreason("runs", "show", "last", "--json", folder=folder).data
    assert (data["run"], data["calls"], data["value"][-1]) == (run, 4, "Danube")
    assert [s["status"] for s in data["steps"] if s["node"] == "longest"] == ["done"]
    assert flowreason("runs", "show", run, "--flow", folder=folder).out == MANY
    assert flowreason("runs", "show", run, "--draw", "run.svg", folder=folder).code == 0
    assert "18 tokens" in (folder / "run.svg").read_text()
    events = flowreason("runs", "show", run, "--events", folder=folder).out.splitlines()
    assert json.loads(events[-1])["kind"] == "run.finished"


def test_ctrl_c_keeps_what_was_paid_for_and_resume_pays_only_for_the_rest(folder: Path) -> None:
    with Server(model) as server:
        slow_after(2, server)
        code, out, err = stopped(server, folder, signal.SIGINT, 3)
        assert (code, out) == (130, "")
        assert f"go on with: flowreason runs resume {run_id(err)}" in err
        server.always(ok())
        before = len(server.requests)
        again = flowreason("runs", "resume", run_id(err), folder=folder, **asked_of(server.url))
        assert (again.code, json.loads(again.out)) == (0, ["Rhine", "Rhine", "Rhine", "Danube"]), again.err
        assert len(server.requests) - before == 2
    assert "2 free" in again.err


def test_a_run_that_was_killed_goes_on_where_it_stood_and_asks_its_own_server(folder: Path) -> None:
    with Server(model) as server:
        slow_after(2, server)
        assert stopped(server, folder, signal.SIGKILL, 3)[0] == -signal.SIGKILL
        listed = flowreason("runs", "--json", folder=folder).data
        assert [each["status"] for each in listed] == ["interrupted"]
        server.always(ok())
        before = len(server.requests)
        again = flowreason("runs", "resume", "last", "--json", folder=folder, OPENAI_API_KEY=KEY)
        assert (again.code, again.data["value"][-1]) == (0, "Danube"), again.err
        assert again.data["run"] == listed[0]["run"]
        assert len(server.requests) - before == 2
        assert server.requests[-1].body["model"] == "heron"


def test_a_question_to_nobody_suspends_the_run_and_answers_bring_it_on(folder: Path) -> None:
    with Server("Hello.") as server:
        env = asked_of(server.url)
        first = flowreason("run", "greet.flow", "--tools", "table.py", folder=folder, **env)
        assert (first.code, first.out) == (4, "")
        assert "asks you (name): What is your name?" in first.err
        run = run_id(first.err)
        assert f"runs resume {run} --answer TEXT --tools table.py" in first.err
        assert "? name  asks you: What is your name?" in flowreason("runs", "show", run, folder=folder).out
        given = ["--tools", "table.py", "--json"]
        second = flowreason("runs", "resume", run, "--answer", "Ada = me", *given, folder=folder, **env)
        assert (second.code, second.data["status"], second.data["pending"][0]["node"]) == (4, "waiting", "n")
        third = flowreason("runs", "resume", run, "--answer", "n=3", *given, folder=folder, **env)
        assert (third.code, third.data["answer"]) == (0, "Ada = me: 3, Hello."), third.err
    assert (folder / "table.log").read_text() == "Hello.\n"
    shown = flowreason("runs", "show", run, folder=folder).out
    assert "known from before" in shown or "✓ name  = Ada = me" in shown


def test_consent_is_asked_before_an_effect_and_no_means_no(folder: Path) -> None:
    with Server("Hello.") as server:
        terminal = Terminal(
            "run", "greet.flow", "--tools", "table.py", "--approve", folder=folder, env=asked_of(server.url)
        )
        terminal.wait_for("What is your name?")
        terminal.type("Ada\n")
        terminal.wait_for("How many rivers?")
        terminal.type("3\n")
        terminal.wait_for("May the flow do this?")
        terminal.wait_for("yes or no")
        terminal.type("n\n")
        ran = terminal.end()
    assert (ran.code, ran.out) == (1, "")
    assert "did not agree" in ran.err
    assert not (folder / "table.log").exists()


def test_a_question_that_is_left_unanswered_stops_the_run_which_can_go_on(folder: Path) -> None:
    with Server("Hello.") as server:
        terminal = Terminal("run", "greet.flow", "--tools", "table.py", folder=folder, env=asked_of(server.url))
        terminal.wait_for("What is your name?")
        terminal.type("\x04")
        ran = terminal.end()
    assert (ran.code, ran.out) == (130, "")
    assert "left unanswered" in ran.err and "go on with: flowreason runs resume" in ran.err


def test_a_run_that_is_at_work_is_shown_and_left_alone(folder: Path) -> None:
    with Server("Hello.") as server:
        env = asked_of(server.url)
        terminal = Terminal("run", "greet.flow", "--tools", "table.py", folder=folder, env=env)
        terminal.wait_for("What is your name?")
        shown = flowreason("runs", "show", "last", folder=folder)
        assert (shown.code, "running" in shown.out, "at work" in shown.err) == (0, True, True)
        for command in (["resume", "last", "--tools", "table.py"], ["delete", "last", "--yes"]):
            refused = flowreason("runs", *command, folder=folder, **env)
            assert refused.code == 2 and "at work" in refused.err
        terminal.interrupt()
        assert terminal.end().code == 130


def test_a_replay_is_the_run_again_without_a_server(folder: Path) -> None:
    with Server(model) as server:
        ran = flowreason("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
    again = flowreason("runs", "replay", "last", "--pace", "0", folder=folder)
    assert (again.code, again.out) == (0, ran.out)
    assert "replayed at no cost" in again.err
    told = [line for line in ran.err.splitlines() if ": " in line and "kept as" not in line]
    assert [line for line in again.err.splitlines() if ": " in line] == told
    live = Terminal("runs", "replay", "last", "--pace", "0", folder=folder, env={}).end()
    assert (live.code, live.out) == (0, ran.out)
    assert "4 calls" in live.err


def test_rerun_and_fork_ask_only_for_what_their_change_touches(folder: Path) -> None:
    with Server(model) as server:
        env = asked_of(server.url)
        ran = flowreason("run", "many.flow", TOWNS, folder=folder, **env)
        run, before = run_id(ran.err), len(server.requests)
        more = flowreason("runs", "rerun", run, 'towns=["Bonn", "Ulm"]', folder=folder, **env)
        assert (more.code, json.loads(more.out)) == (0, ["Rhine", "Rhine", "Danube"]), more.err
        assert len(server.requests) - before == 2
        forked = flowreason("runs", "fork", run, "longest=Po", folder=folder, **env)
        assert (forked.code, json.loads(forked.out)) == (0, ["Rhine"] * 3), forked.err
        assert len(server.requests) - before == 2
        listed = flowreason("runs", "fork", run, 'rivers=["Po", "Ob"]', folder=folder, **env)
        assert (json.loads(listed.out), len(server.requests) - before) == (["Po", "Ob", "Danube"], 3), listed.err
        before += 1
        one = flowreason("runs", "fork", run, "yield#1=Ob", "--frame", "many/rivers[1]", folder=folder, **env)
        assert (json.loads(one.out)[:3], len(server.requests) - before) == (["Rhine", "Ob", "Rhine"], 3), one.err
        before += 1
        idle = flowreason("runs", "fork", run, 'answer#2=["x"]', folder=folder, **env)
        assert (json.loads(idle.out), "did not come to answer#2 in many" in idle.err) == (json.loads(ran.out), True)
        (folder / "changed.flow").write_text(MANY.replace("> 3", "> 30"))
        edited = flowreason("runs", "rerun", run, "--flow", "changed.flow", folder=folder, **env)
        assert (edited.code, len(json.loads(edited.out)), len(server.requests) - before) == (0, 3, 2), edited.err
        wrong = flowreason("runs", "fork", run, "shortest=Po", folder=folder, **env)
        assert wrong.code == 2 and "longest" in wrong.err and is_short(wrong.err)


def test_a_run_goes_on_where_the_files_that_its_flow_uses_are_not(folder: Path) -> None:
    (folder / "lib.flow").write_text('flow river(town: text) -> text { answer ask "On which river lies {town}?" }\n')
    (folder / "uses.flow").write_text('use "lib.flow"\nflow f(town: text) -> text { r = river(town) answer "{r}!" }\n')
    away = folder / "away"
    away.mkdir()
    with Server("Rhine") as server:
        env = {**asked_of(server.url), "FLOWREASON_STORE": str(folder / "runs.db")}
        ran = flowreason("run", "uses.flow", "town=Bonn", folder=folder, **env)
        run = run_id(ran.err)
        (folder / "lib.flow").unlink()
        assert flowreason("runs", "replay", run, "--pace", "0", folder=away, **env).out == "Rhine!\n"
        assert flowreason("runs", "export", run, "-o", "run.jsonl", folder=away, **env).code == 0
        env["FLOWREASON_STORE"] = "theirs.db"
        flowreason("runs", "import", "run.jsonl", folder=away, **env)
        forked = flowreason("runs", "fork", run, "answer#1=Po", "--frame", "f/r/river", folder=away, **env)
        assert (forked.code, forked.out) == (0, "Po!\n"), forked.err
        text = flowreason("runs", "show", run, "--flow", folder=away, **env).out
        (away / "changed.flow").write_text(text.replace("!", "?"))
        changed = flowreason("runs", "rerun", run, "--flow", "changed.flow", folder=away, **env)
        assert (changed.code, changed.out, len(server.requests)) == (0, "Rhine?\n", 1), changed.err
        assert "taken as kept with the run: lib.flow" in changed.err
        (away / "lib.flow").write_text('flow river(town: text) -> text { answer "Ob" }\n')
        other = flowreason("runs", "rerun", run, "--flow", "changed.flow", folder=away, **env)
        assert (other.out, "taken as kept" in other.err) == ("Ob?\n", False)


def test_answers_of_earlier_runs_are_free_unless_they_are_not_wanted(folder: Path) -> None:
    with Server("the Rhine") as server:
        (folder / "bonn.flow").write_text('flow f() -> text { a = ask "On?" with temperature=0 answer a }')
        env = asked_of(server.url)
        told: list[str] = []
        for more, asked in ([], 1), ([], 1), (["--no-cache"], 2), (["--store", "none"], 3), (["--store", "o.db"], 4):
            ran = flowreason("run", "bonn.flow", *more, folder=folder, **env)
            assert (ran.out, len(server.requests)) == ("the Rhine\n", asked), more
            told.append(ran.err)
    assert ["1 free" in each for each in told] == [False, True, False, False, False]
    assert ["kept as" in each for each in told] == [True, True, True, False, True]
    assert "--store o.db" in told[-1]
    assert len(flowreason("runs", "--json", folder=folder).data) == 3
    assert len(flowreason("runs", "--json", "--store", "o.db", folder=folder).data) == 1


def test_a_run_that_fails_says_how_it_goes_on_in_words_and_as_data(folder: Path) -> None:
    with Server().always(error(401, "who are you")) as server:
        ran = flowreason("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
        assert ran.code == 2
        assert f"go on with: flowreason runs resume {run_id(ran.err)}" in ran.err
        data = flowreason("solve", "Who?", "--json", folder=folder, **asked_of(server.url)).data
    assert (data["status"], bool(data["run"])) == ("failed", True)


def test_an_exported_run_goes_to_another_store_and_replays_there(folder: Path) -> None:
    with Server(model) as server:
        ran = flowreason("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
        port = str(server.port)
    run = run_id(ran.err)
    assert flowreason("runs", "export", run, "-o", "run.jsonl", folder=folder).code == 0
    text = (folder / "run.jsonl").read_text()
    assert KEY not in text and port not in text and str(folder) not in text
    taken = flowreason("runs", "import", "run.jsonl", "--store", "theirs.db", folder=folder)
    assert run_id(taken.err) == run and "--store theirs.db" in taken.err
    events = [
        flowreason("runs", "show", run, "--events", *more, folder=folder).out for more in ([], ["--store", "theirs.db"])
    ]
    assert events[0] == events[1] != ""
    again = flowreason("runs", "import", "run.jsonl", "--json", folder=folder)
    assert again.data["run"] != run
    (folder / "bad.jsonl").write_text(text.replace('"status":"answered"', '"status":"owned"'))
    for bad, told in ("bad.jsonl", "status"), ("many.flow", "no exported run"), ("none", "there is no file"):
        refused = flowreason("runs", "import", bad, folder=folder)
        assert (refused.code, refused.out) == (2, "") and told in refused.err and is_short(refused.err)
    assert len(flowreason("runs", "--json", folder=folder).data) == 2


def test_runs_are_deleted_only_when_that_is_meant(folder: Path) -> None:
    with Server(model) as server:
        for _ in range(3):
            flowreason("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
    first, *_ = [each["run"] for each in flowreason("runs", "--json", folder=folder).data]
    asked = flowreason("runs", "delete", first, folder=folder)
    assert asked.code == 2 and "--yes" in asked.err
    assert flowreason("runs", "delete", "--older-than", "1h", "--yes", folder=folder).err.startswith(
        "there is no such run"
    )
    terminal = Terminal("runs", "delete", first, folder=folder, env={})
    terminal.wait_for("[y/N]")
    terminal.type("n\n")
    assert terminal.end().code == 1
    assert flowreason("runs", "delete", first, "--yes", folder=folder).code == 0
    assert flowreason("runs", "delete", "--status", "answered", "--yes", folder=folder).code == 0
    assert flowreason("runs", "--json", folder=folder).data == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "nothing"], "there is no run 'nothing'"),
        (["show", "last"], "there is no run yet"),
        (["resume", "last"], "there is no run yet"),
        (["list", "--status", "happy"], "no run stands as"),
        (["delete"], "say which runs"),
        (["delete", "--older-than", "soon"], "is no age"),
        (["--store", "x.db", "show", "last"], "behind the command"),
        (["list", "--store", "none"], "nothing is kept"),
        (["list", "--store", "ftp://x"], "there is no store of the kind"),
        (["export", "last", "-o", "nowhere/run"], "there is no folder"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_what_is_typed_wrong_is_told_in_a_few_lines(arguments: list[str], told: str, folder: Path) -> None:
    ran = flowreason("runs", *arguments, folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert is_short(ran.err)


def test_examples_keep_nothing_and_an_empty_store_says_what_fills_it(folder: Path) -> None:
    assert flowreason("examples", "play", "coins", "--pace", "0", folder=folder).code == 0
    listed = flowreason("runs", folder=folder)
    assert (listed.code, listed.out) == (0, "")
    assert "no run is kept yet" in listed.err
