"""Runs that are told to stop from outside: cancelled in good order, kept, and gone on with; a second signal ends at once."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND, Started, asked_of, environment, flowreason
from tests.server import Exchange, Server, ok

MANY = """flow many(towns: list[text]) -> list[text] {
  rivers = for town in towns yield ask "On which river lies {town}?"
  longest = ask "Which of these is longest?" given rivers
  answer `rivers + [longest]`
}
"""
TOWNS = 'towns=["Bonn", "Basel"]'
TOOLS = """import time
from flowreason import tool

@tool
def wait(thing: str) -> str:
    open("begun", "w").close()
    time.sleep(20)
    return "done"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "many.flow").write_text(MANY)
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "wait.flow").write_text('flow f() -> text { a = wait("x") answer a }\n')
    return tmp_path


def begun(*arguments: str, folder: Path, under: tuple[str, ...] = (), **env: str) -> subprocess.Popen[str]:
    return Started(
        [*under, *COMMAND, *arguments], cwd=folder, env=environment(folder, **env), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def until(there: Any) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str)
def test_a_run_that_is_told_to_stop_is_kept_and_goes_on(sign: signal.Signals, code: int, folder: Path) -> None:
    with Server("Rhine") as server:

        def behave(exchange: Exchange) -> None:
            if len(server.requests) > 2:
                time.sleep(30)
            ok()(exchange)

        server.always(behave)
        process = begun("run", "many.flow", TOWNS, folder=folder, **asked_of(server.url))
        until(lambda: len(server.requests) == 3)
        began = time.monotonic()
        process.send_signal(sign)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (code, ""), err
        assert time.monotonic() - began < 15
        assert "go on with: flowreason runs resume" in err and "Traceback" not in err
        listed = flowreason("runs", "--json", folder=folder).data
        assert [(each["status"], each["calls"]) for each in listed] == [("cancelled", 3)]
        server.always(ok())
        again = flowreason("runs", "resume", "last", folder=folder, **asked_of(server.url))
        assert (again.code, json.loads(again.out), len(server.requests)) == (0, ["Rhine"] * 3, 4), again.err


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_what_cannot_be_stopped_is_waited_for_until_the_second_signal(sign: signal.Signals, folder: Path) -> None:
    process = begun("run", "wait.flow", "--tools", "tools.py", "--store", "runs.db", folder=folder)
    until((folder / "begun").exists)
    process.send_signal(sign)
    assert process.stderr is not None
    told = next(line for line in process.stderr if "waited for" in line)
    assert "Ctrl-C once more leaves at once" in told
    assert process.poll() is None
    process.send_signal(sign)
    process.communicate(timeout=8)
    assert process.returncode == 128 + sign
    listed = flowreason("runs", "--json", "--store", "runs.db", folder=folder).data
    assert listed[0]["status"] == "cancelled"
    asked = flowreason("runs", "resume", "last", "--tools", "tools.py", "--store", "runs.db", folder=folder)
    assert asked.code == 4 and "nobody knows whether it happened" in asked.err


def test_a_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    with Server("Rhine").always(slowly) as server:
        process = begun(
            "run", "many.flow", TOWNS, folder=folder, under=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"),
            **asked_of(server.url),
        )  # fmt: skip
        until(lambda: server.requests)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)) == (0, ["Rhine"] * 3), err


def slowly(exchange: Exchange) -> None:
    time.sleep(0.5)
    ok()(exchange)


def test_an_evaluation_that_is_told_to_stop_keeps_what_was_answered_and_says_how_it_goes_on(folder: Path) -> None:
    rows = [{"id": f"q/{n}", "task": "q", "question": f"Question {n}?", "answer": "Rhine"} for n in range(6)]
    (folder / "q.jsonl").write_text("".join(json.dumps({**row, "answer_type": "text"}) + "\n" for row in rows))
    asked = ("evaluate", "q.jsonl", "--method", "direct", "-c", "1", "-o", "out")

    def third(exchange: Exchange) -> None:
        time.sleep(1.5 if len(server.requests) == 3 else 0)
        ok("Rhine")(exchange)

    with Server().always(third) as server:
        running = begun(*asked, folder=folder, **asked_of(server.url))
        kept = folder / "out" / "answers.jsonl"
        until(lambda: len(server.requests) == 3 and kept.exists() and len(kept.read_text().splitlines()) == 2)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=30)
        assert running.returncode == 143
        assert "the same command goes on" in said
        assert len((folder / "out" / "answers.jsonl").read_text().splitlines()) == 2
