"""From a question to an answer through the real command, against a local model server; and a person at a terminal."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND, KEY, Started, Terminal, asked_of, environment, flowreason
from tests.server import Server, cut, error, slow

FLOW = """flow older(question: text) -> text {
  a: int = ask "In which year was Goethe born?"
  b: int = ask "In which year was Schiller born?"
  answer `"Goethe" if a < b else "Schiller"`
}
"""
QUESTION = "Who was older, Goethe or Schiller?"
MANY = 'flow many(towns: list[text]) -> list[text] {\n  answer for town in towns yield ask "On which river lies {town}?"\n}\n'
TOWNS = 'towns=["Bonn", "Basel", "Worms"]'


def model(body: dict) -> str:
    """Writes the flow when asked for one, and answers its questions."""
    said = str(body.get("messages") or body.get("input"))
    asked = said.rpartition("In which year was ")[2]
    if "Who was older" in said and "flow" in said:
        return f"```flow\n{FLOW}```"
    return "1749" if asked.startswith("Goethe") else "1759"


def test_a_question_is_answered_through_a_flow_that_is_kept(tmp_path: Path) -> None:
    with Server(model) as server:
        ran = flowreason("solve", QUESTION, "--flow-out", "older.flow", folder=tmp_path, **asked_of(server.url))
        asked = len(server.requests)
    assert (ran.code, ran.out) == (0, "Goethe\n"), ran.err
    assert asked == 3
    assert "3 calls" in ran.err
    assert "flow older" in (tmp_path / "older.flow").read_text()
    assert KEY not in ran.err


def test_json_is_one_object_with_answer_flow_and_cost(tmp_path: Path) -> None:
    with Server(model) as server:
        ran = flowreason("solve", "-", "--json", folder=tmp_path, stdin=QUESTION.encode(), **asked_of(server.url))
    assert ran.code == 0, ran.err
    assert ran.data["answer"] == "Goethe"
    assert ran.data["calls"] == 3
    assert "flow older" in ran.data["flow"]


def test_a_recorded_question_replays_without_a_server(tmp_path: Path) -> None:
    with Server(model) as server:
        flowreason("solve", QUESTION, "--record", "older.jsonl", folder=tmp_path, **asked_of(server.url))
    ran = flowreason("solve", QUESTION, "--replay", "older.jsonl", folder=tmp_path)
    assert (ran.code, ran.out) == (0, "Goethe\n"), ran.err


def test_an_input_reaches_the_flow_and_is_not_copied_through_the_model(tmp_path: Path) -> None:
    passage = "".join(f"line {n}\n" for n in range(5000))
    (tmp_path / "passage.txt").write_text(passage)
    flow = "flow count(passage: text) -> int {\n  answer `len(passage.splitlines())`\n}\n"
    with Server(f"```flow\n{flow}```") as server:
        given = ["--input", "passage=@passage.txt"]
        ran = flowreason("solve", "How many lines has the passage?", *given, folder=tmp_path, **asked_of(server.url))
        sent = sum(len(str(seen.body)) for seen in server.requests)
    assert (ran.code, ran.out) == (0, "5000\n"), ran.err
    assert sent < len(passage)


def test_a_server_that_stumbles_is_asked_again(tmp_path: Path) -> None:
    with Server(model) as server:
        server.then(error(429, "slow down", headers={"Retry-After": "0.01"}), cut(), error(500))
        ran = flowreason("solve", QUESTION, folder=tmp_path, **asked_of(server.url, FLOWREASON_RETRIES="5"))
    assert (ran.code, ran.out) == (0, "Goethe\n"), ran.err


def test_a_model_that_writes_no_flow_still_answers(tmp_path: Path) -> None:
    with Server("Goethe was older.") as server:
        ran = flowreason("solve", QUESTION, folder=tmp_path, **asked_of(server.url))
    assert ran.code == 0, ran.err
    assert "Goethe" in ran.out


# --- Ctrl-C ---


def interrupted(arguments: list[str], folder: Path, url: str, server: Server) -> tuple[int, str, str, float]:
    """Run until the server has been asked, then press Ctrl-C; code, output and the seconds it took to end."""
    process = Started(
        [*COMMAND, *arguments], cwd=folder, env=environment(folder, **asked_of(url)), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not server.requests and time.monotonic() < until:
        time.sleep(0.02)
    begin = time.monotonic()
    process.send_signal(2)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err, time.monotonic() - begin


@pytest.mark.parametrize("command", ["run", "solve"])
def test_ctrl_c_ends_the_run_at_once_and_says_what_is_kept(command: str, tmp_path: Path) -> None:
    (tmp_path / "many.flow").write_text(MANY)
    arguments = ["run", "many.flow", TOWNS] if command == "run" else ["solve", QUESTION]
    with Server(model).always(slow(20)) as server:
        code, out, err, seconds = interrupted([*arguments, "--record", "kept.jsonl"], tmp_path, server.url, server)
    assert (code, out) == (130, "")
    assert "kept.jsonl" in err
    assert "Traceback" not in err
    assert seconds < 5


# --- at a terminal ---


def test_at_a_terminal_the_nodes_are_shown_live_and_the_answer_goes_to_stdout(tmp_path: Path) -> None:
    with Server(model) as server:
        ran = Terminal("solve", QUESTION, folder=tmp_path, env=asked_of(server.url)).end()
    assert (ran.code, ran.out) == (0, "Goethe\n"), ran.err
    assert "Goethe" in ran.err
    assert "3 calls" in ran.err


@pytest.mark.parametrize("how", [("--no-color", {}), ("--yes", {"NO_COLOR": "1"})], ids=["option", "environment"])
def test_without_colour_no_colour_is_sent(how, tmp_path: Path) -> None:
    (tmp_path / "double.flow").write_text("flow double(n: int) -> int {\n  answer `2 * n`\n}\n")
    ran = Terminal("run", "double.flow", "n=2", how[0], folder=tmp_path, env=how[1]).end()
    assert ran.code == 0, ran.err
    assert "\x1b[3" not in ran.err


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("\n", 3), ("n\n", 3)])
def test_at_a_terminal_a_costly_flow_is_run_only_if_agreed_to(said: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "many.flow").write_text(MANY)
    with Server("the Rhine") as server:
        terminal = Terminal("run", "many.flow", TOWNS, "--limit", "calls=4", folder=tmp_path, env=asked_of(server.url))
        terminal.wait_for("[y/N]")
        terminal.type(said)
        ran = terminal.end()
        assert (ran.code, bool(server.requests)) == (code, said == "y\n"), ran.err


PERSON = 'flow greet() -> text {\n  name = ask user "What is your name?"\n  n: int = ask user "How many rivers?"\n  answer "{name}: {n}"\n}\n'


def test_the_person_is_asked_at_the_terminal_and_again_when_the_answer_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "greet.flow").write_text(PERSON)
    terminal = Terminal("run", "greet.flow", folder=tmp_path, env={})
    terminal.wait_for("What is your name?")
    terminal.type("Ada\n")
    terminal.wait_for("How many rivers?")
    terminal.type("several\n")
    terminal.wait_for("(", 10)
    terminal.type("3\n")
    ran = terminal.end()
    assert (ran.code, ran.out) == (0, "Ada: 3\n"), ran.err


def test_ctrl_c_at_a_question_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "greet.flow").write_text(PERSON)
    terminal = Terminal("run", "greet.flow", folder=tmp_path, env={})
    terminal.wait_for("What is your name?")
    terminal.interrupt()
    ran = terminal.end()
    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in ran.err


def test_without_a_terminal_a_flow_that_asks_a_person_says_so(tmp_path: Path) -> None:
    (tmp_path / "greet.flow").write_text(PERSON)
    ran = flowreason("run", "greet.flow", folder=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "nobody is there to answer" in ran.err
