"""What a user gets wrong: each a message of at most three lines that says what to do, and the right exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.command import KEY, asked_of, flowreason, is_short
from tests.server import Server, error, nobody

DOUBLE = "flow double(n: int) -> int {\n  answer `2 * n`\n}\n"
ASKS = 'flow asks() -> text {\n  answer ask "Which river flows through Bonn?"\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "double.flow").write_text(DOUBLE)
    (tmp_path / "asks.flow").write_text(ASKS)
    (tmp_path / "latin.flow").write_bytes('flow f() -> text { answer "Grüße" }'.encode("latin-1"))
    (tmp_path / "large.txt").write_text("a river " * 131_072)
    (tmp_path / "maps").mkdir()
    (tmp_path / "broken.py").write_text("from flowreason import tool\n\n1 / 0\n")
    return tmp_path


MISTAKES = {
    "empty question": (["solve", ""], 2, "question is empty"),
    "blank question": (["solve", "  \n"], 2, "question is empty"),
    "no question": (["solve"], 2, "flowreason solve --help"),
    "question of 1 MB": (["solve", "@large.txt"], 2, "--input"),
    "question file missing": (["solve", "@nowhere.txt"], 2, "no file nowhere.txt"),
    "unknown command": (["slove", "x"], 2, "--help"),
    "unknown option": (["solve", "x", "--modle", "heron"], 2, "--model"),
    "bad limit": (["solve", "x", "--limit", "calls=many"], 2, "calls"),
    "unknown limit": (["solve", "x", "--limit", "pages=3"], 2, "calls"),
    "inputs that are no record": (["run", "double.flow", "@large.txt"], 2, "JSON"),
    "bad input": (["solve", "x", "--input", "rivers"], 2, "name=value"),
    "input given twice": (["solve", "x", "-i", "a=1", "-i", "a=2"], 2, "twice"),
    "input file missing": (["solve", "x", "-i", "a=@nowhere.txt"], 2, "nowhere.txt"),
    "no key": (["solve", "x"], 2, "OPENAI_API_KEY"),
    "no key for a flow that asks": (["run", "asks.flow"], 2, "OPENAI_API_KEY"),
    "flow file missing": (["run", "nowhere.flow"], 2, "nowhere.flow"),
    "flow is a folder": (["run", "maps"], 2, "folder"),
    "flow is not UTF-8": (["run", "latin.flow"], 2, "UTF-8"),
    "check of what is not UTF-8": (["check", "nowhere.flow"], 2, "nowhere.flow"),
    "missing input": (["run", "double.flow"], 2, "n: int"),
    "number that is none": (["run", "double.flow", "n=NaN"], 2, "int"),
    "input nested too deeply": (["run", "double.flow", "n=" + "[" * 100_000], 2, "int"),
    "unknown input": (["run", "double.flow", "m=3"], 2, "n"),
    "input of the wrong type": (["run", "double.flow", "n=many"], 2, "int"),
    "input file is a folder": (["run", "double.flow", "n=@maps"], 2, "folder"),
    "recording missing": (["run", "asks.flow", "--replay", "nowhere.jsonl"], 2, "nowhere.jsonl"),
    "recording and replaying": (["run", "asks.flow", "--replay", "a", "--record", "b"], 2, "one of them"),
    "flow-out in a folder that is not there": (["solve", "x", "--flow-out", "nowhere/f.flow"], 2, "no folder"),
    "flow-out is a folder": (["solve", "x", "--flow-out", "maps"], 2, "folder"),
    "record is a folder": (["run", "asks.flow", "--record", "maps"], 2, "folder"),
    "unknown picture format": (["draw", "double.flow", "-o", "double.gif"], 2, "svg"),
    "picture into a folder that is not there": (["draw", "double.flow", "-o", "nowhere/d.svg"], 2, "no folder"),
    "picture without an ending": (["draw", "double.flow", "-o", "double"], 2, "no ending"),
    "picture in place of a folder": (["draw", "double.flow", "-o", "maps"], 2, "is a folder"),
    "grammar for nobody": (["grammar"], 2, "openai, llguidance, gbnf, ebnf"),
    "grammar for somebody unknown": (["grammar", "--for", "abc"], 2, "'--for': 'abc' is not one of"),
    "limit without a number": (["solve", "x", "--limit", "calls"], 2, "calls=50"),
    "unknown example": (["examples", "show", "nowhere"], 2, "no example nowhere"),
    "tools that do not load": (["run", "double.flow", "n=1", "--tools", "broken.py"], 2, "line 3"),
    "tools without a tool": (["run", "double.flow", "n=1", "--tools", "large.txt"], 2, ".py"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_three_lines_that_say_what_to_do(arguments, code, said, folder: Path) -> None:
    ran = flowreason(*arguments, folder=folder)
    assert (ran.code, ran.out) == (code, "")
    assert is_short(ran.err), ran.err
    assert said in ran.err


def test_with_json_a_mistake_is_an_object_on_stdout(folder: Path) -> None:
    ran = flowreason("run", "double.flow", "n=many", "--json", folder=folder)
    assert ran.code == 2
    assert ran.data["error"]["kind"] == "InputError"
    assert "int" in ran.data["error"]["message"]


def test_a_flow_with_mistakes_shows_each_with_its_line(folder: Path) -> None:
    (folder / "wrong.flow").write_text("flow wrong() -> int {\n  answer `1 +`\n}\n")
    ran = flowreason("run", "wrong.flow", folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert "wrong.flow:2:" in ran.err
    assert "Traceback" not in ran.err


def test_a_question_that_is_not_utf8_is_refused(folder: Path) -> None:
    ran = flowreason("solve", "-", folder=folder, stdin="Wie groß?".encode("latin-1"))
    assert ran.code == 2
    assert is_short(ran.err)
    assert "UTF-8" in ran.err


REFUSALS = {
    "a wrong key": (error(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), 2, "key"),
    "an unknown model": (error(404, "The model `heron` does not exist", code="model_not_found"), 2, "heron"),
    "an empty account": (error(429, "You exceeded your quota", code="insufficient_quota"), 1, "quota"),
}


@pytest.mark.parametrize(("behaviour", "code", "said"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize(
    "command", [["run", "asks.flow"], ["solve", "Which river flows through Bonn?"]], ids=["run", "solve"]
)
def test_a_refusal_of_the_server_is_told_without_the_key(behaviour, code, said, command, folder: Path) -> None:
    with Server().always(behaviour) as server:
        ran = flowreason(*command, "--quiet", folder=folder, **asked_of(server.url))
    assert (ran.code, ran.out) == (code, "")
    assert is_short(ran.err), ran.err
    assert said in ran.err


@pytest.mark.parametrize(
    "command", [["run", "asks.flow"], ["solve", "Which river flows through Bonn?"]], ids=["run", "solve"]
)
def test_a_wrong_base_url_is_told(command, folder: Path) -> None:
    with nobody() as url:
        ran = flowreason(
            *command, "--quiet", "--base-url", url, "--model", "heron", folder=folder, FLOWREASON_RETRIES="0"
        )
    assert ran.code in (1, 2)
    assert is_short(ran.err), ran.err
    assert url.removesuffix("/v1") in ran.err


def test_a_base_url_that_is_none_is_told(folder: Path) -> None:
    ran = flowreason("run", "asks.flow", "--base-url", "localhost:11434", "--model", "heron", folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert is_short(ran.err), ran.err
    assert "http://" in ran.err
