"""`flowreason runs why` through the real command: what decides an answer, at the cost that was said before."""

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
from tests.server import Server, ok

OLDER = """tool put(thing: text) -> text "Put a thing on the table."
flow older(first: text) -> text {
  born: int = ask "In which year was {first} born?"
  sure: bool = ask "Is that sure?"
  town = ask "In which town?"
  idle = ask "Which weather?"
  if `born < 1850` { age = "old" } else { age = "young" }
  put("table")
  answer `f"{age}" if len(town) > 2 or sure else "nobody"`
}
"""
TABLE = """from flowreason import tool

@tool
def put(thing: str) -> str:
    with open("table.log", "a") as log:
        log.write(thing + "\\n")
    return "done"
"""
SAID = {"which year": "1849", "that sure": "yes", "which town": "Lon\x1b[Kdon", "weather": "mild"}


def model(body: dict[str, Any]) -> str:
    asked = str(body.get("messages") or body.get("input")).rpartition("content")[2]
    return next(said for key, said in SAID.items() if key in asked)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "older.flow").write_text(OLDER)
    (tmp_path / "table.py").write_text(TABLE)
    return tmp_path


GIVEN = ["first=Ada", "--tools", "table.py"]


def run_id(told: str) -> str:
    found = re.search(r"\d{6}-[0-9a-z]{8}", told)
    assert found, told
    return found[0]


def test_the_step_on_which_an_answer_hangs_is_named_at_the_cost_that_was_said(folder: Path) -> None:
    with Server(model) as server:
        env = asked_of(server.url)
        ran = flowreason("run", "older.flow", *GIVEN, folder=folder, **env)
        assert (ran.code, ran.out) == (0, "old\n"), ran.err
        run, before = run_id(ran.err), len(server.requests)
        found = flowreason("runs", "why", run, "--calls", "3", folder=folder, **env)
        assert found.code == 0, found.err
        assert found.err.startswith("tries other values of 3 steps; at most 3 calls to heron\n")
        assert (
            "The answer hangs on `born` (line 3): had it been 1850, the answer would be “young”; 3 of 3 draws agree."
            in found.out
        )
        assert "`idle` (line 6) has no influence on the answer." in found.out
        assert "It does not hang on" in found.out and "3 of 3 calls" in found.out
        assert len(server.requests) - before == 3
        assert "\x1b" not in found.out + found.err and KEY not in found.out + found.err
        again = flowreason("runs", "why", "last", "--calls", "3", "--quiet", folder=folder, **env)
        assert (again.code, again.err, len(server.requests) - before) == (0, "", 3)
    assert [each["run"] for each in flowreason("runs", "--json", folder=folder).data] == [run]
    assert (folder / "table.log").read_text() == "table\n"


def test_it_is_told_as_data_without_a_call_and_of_one_step(folder: Path) -> None:
    with Server(model) as server:
        env = asked_of(server.url)
        flowreason("run", "older.flow", *GIVEN, folder=folder, **env)
        before = len(server.requests)
        data = flowreason("runs", "why", "last", "--calls", "0", "--json", folder=folder, **env).data
        assert len(server.requests) == before
        assert (data["status"], data["answer"], data["usage"]["calls"]) == ("answered", "old", 0)
        assert {step["name"] for step in data["depends"]} == {"born", "sure", "town"}
        assert [step["name"] for step in data["without"]] == ["idle"]
        assert [(b["condition"], b["way"], b["seen"]) for b in data["branches"]] == [
            ("born < 1850", "yes", [["born", 1849]])
        ]
        assert {each["step"]["name"] for each in data["untried"]} == {"town"}
        one = flowreason("runs", "why", "last", "-n", "0", "--node", "sure", "--json", folder=folder, **env).data
        assert [(p["step"]["name"], p["outcome"]) for p in one["probes"]] == [("sure", "same")]


def test_without_a_server_what_needs_none_is_told_all_the_same(folder: Path) -> None:
    with Server(model) as server:
        flowreason("run", "older.flow", *GIVEN, folder=folder, **asked_of(server.url))
    found = flowreason("runs", "why", "last", folder=folder, FLOWREASON_RETRIES="0")
    assert found.code == 0, found.err
    assert "the answer would be “young”" in found.out and "the model cannot be asked" in found.out
    assert "what the answer depends on" in found.out and "the costliest steps" in found.out


def test_runs_that_failed_wait_or_were_killed_say_why_there_is_no_answer(folder: Path) -> None:
    (folder / "fails.flow").write_text('flow f() -> text { n: int = ask "In which town?" m = `n + 1` answer "{m}" }')
    (folder / "waits.flow").write_text('flow f() -> text { n = ask user "Your name?" answer n }')
    with Server(model) as server:
        env = asked_of(server.url)
        assert flowreason("run", "fails.flow", folder=folder, **env).code == 1
        failed = flowreason("runs", "why", "last", "--calls", "2", folder=folder, **env)
        assert failed.code == 0, failed.err
        assert "It failed at `n` (line 1)" in failed.out and "failed with it: `m` (line 1)" in failed.out
        assert flowreason("run", "waits.flow", folder=folder, **env).code == 4
        waits = flowreason("runs", "why", "last", folder=folder, **env)
        assert "it asks you: Your name?" in waits.out and "--answer TEXT" in waits.out

        def hang(exchange: Any) -> None:
            time.sleep(20)
            ok()(exchange)

        server.always(hang)
        before = len(server.requests)
        process = Started(
            [*COMMAND, "run", "fails.flow"], cwd=folder, env=environment(folder, **env, FLOWREASON_CACHE="no"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 20
        while len(server.requests) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        killed = flowreason("runs", "why", "last", folder=folder, **env)
    assert killed.code == 0, killed.err
    assert "interrupted" in killed.out and "runs resume" in killed.out


def test_ctrl_c_keeps_what_was_answered_and_says_so(folder: Path) -> None:
    with Server(model) as server:
        env = asked_of(server.url)
        flowreason("run", "older.flow", *GIVEN, folder=folder, **env)

        def hang(exchange: Any) -> None:
            time.sleep(20)
            ok()(exchange)

        server.always(hang)
        before = len(server.requests)
        terminal = Terminal("runs", "why", "last", folder=folder, env=env)
        terminal.wait_for("draws `town`")
        until = time.monotonic() + 20
        while len(server.requests) == before and time.monotonic() < until:
            time.sleep(0.02)
        terminal.interrupt()
        ran = terminal.end()
    assert (ran.code, ran.out) == (130, "")
    assert "stopped; what was answered by then is kept" in ran.err and "Traceback" not in ran.err


def test_a_run_from_elsewhere_is_looked_at(folder: Path) -> None:
    with Server(model) as server:
        flowreason("run", "older.flow", *GIVEN, folder=folder, **asked_of(server.url))
    assert flowreason("runs", "export", "last", "-o", "run.jsonl", folder=folder).code == 0
    taken = flowreason("runs", "import", "run.jsonl", "--store", "theirs.db", folder=folder)
    with Server(model) as server:
        found = flowreason(
            "runs", "why", run_id(taken.err), "--store", "theirs.db", "--calls", "5", "--json", folder=folder,
            **asked_of(server.url),
        )  # fmt: skip
        assert len(server.requests) <= 5
    data = json.loads(found.out)
    assert [(p["step"]["name"], p["answer"]) for p in data["probes"] if p["outcome"] == "changed"] == [
        ("born", "young")
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["why", "nothing"], "there is no run 'nothing'"),
        (["why", "last", "--calls", "-1"], "calls"),
        (["why"], "RUN"),
        (["why", "last", "--store", "none"], "nothing is kept"),
        (["why", "last", "--tools", "none.py"], "none.py"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_what_is_typed_wrong_is_told_in_a_few_lines(arguments: list[str], told: str, folder: Path) -> None:
    ran = flowreason("runs", *arguments, folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert is_short(ran.err)


def test_a_step_that_there_is_not_is_told_with_those_that_there_are(folder: Path) -> None:
    with Server(model) as server:
        env = asked_of(server.url)
        flowreason("run", "older.flow", *GIVEN, folder=folder, **env)
        wrong = flowreason("runs", "why", "last", "--node", "height", folder=folder, **env)
    assert (wrong.code, wrong.out) == (2, "")
    assert "height" in wrong.err and "born" in wrong.err and is_short(wrong.err)
