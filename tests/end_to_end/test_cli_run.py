"""`run`, `check`, `format`, `draw`, `price` and `examples`, through the real command."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND, KEY, asked_of, environment, flowreason, is_short
from tests.server import Server, error, ok, slow

DOUBLE = "flow double(n: int) -> int {\n  answer `2 * n`\n}\n"
BONN = """flow bonn(city: text) -> text {
  river: text = ask "Which river flows through {city}?"
  answer `river.upper()`
}
"""
LINES = """flow lines(passage: text, wanted: list[text], exact: bool) -> any {
  answer `[passage.count("\\n"), wanted, exact]`
}
"""
MANY = """flow many(towns: list[text]) -> list[text] {
  answer for town in towns yield ask "On which river lies {town}?"
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"double": DOUBLE, "bonn": BONN, "lines": LINES, "many": MANY}.items():
        (tmp_path / f"{name}.flow").write_text(text)
    return tmp_path


def test_python_alone_needs_no_key_and_only_the_answer_is_on_stdout(folder: Path) -> None:
    ran = flowreason("run", "double.flow", "n=21", folder=folder)
    assert (ran.code, ran.out) == (0, "42\n"), ran.err
    assert "0 calls" in ran.err


def test_quiet_says_the_answer_and_nothing_else(folder: Path) -> None:
    ran = flowreason("run", "double.flow", "n=21", "--quiet", folder=folder)
    assert (ran.code, ran.out, ran.err) == (0, "42\n", "")


def test_inputs_are_read_by_the_type_of_their_parameter(folder: Path) -> None:
    (folder / "passage.txt").write_text("one\ntwo\n", encoding="utf-8")
    (folder / "wanted.json").write_text('["Rhine", "007"]')
    arguments = ["passage=@passage.txt", "wanted=@wanted.json", "exact=yes"]
    ran = flowreason("run", "lines.flow", *arguments, "--json", folder=folder)
    assert ran.data["value"] == [2, ["Rhine", "007"], True], ran.err


def test_a_json_file_gives_several_inputs_and_single_ones_win(folder: Path) -> None:
    (folder / "inputs.json").write_text('{"passage": "a\\nb", "wanted": ["Rhine"], "exact": false}')
    ran = flowreason("run", "lines.flow", "@inputs.json", "exact=true", "--json", folder=folder)
    assert ran.data["value"] == [1, ["Rhine"], True], ran.err


def test_a_value_that_begins_with_two_at_signs_is_a_text_with_one(folder: Path) -> None:
    (folder / "echo.flow").write_text("flow echo(t: text) -> text {\n  answer t\n}\n")
    assert flowreason("run", "echo.flow", "t=@@home", "-q", folder=folder).out == "@home\n"


def test_a_model_answers_and_json_tells_what_it_cost(folder: Path) -> None:
    with Server("the Rhine") as server:
        ran = flowreason("run", "bonn.flow", "city=Bonn", "--json", folder=folder, **asked_of(server.url))
    assert ran.code == 0, ran.err
    found = ran.data
    assert (found["status"], found["answer"], found["calls"]) == ("answered", "THE RHINE", 1)
    assert (found["prompt_tokens"], found["completion_tokens"]) == (11, 7)
    assert KEY not in ran.out + ran.err


def test_progress_names_the_nodes_on_stderr(folder: Path) -> None:
    with Server("the Rhine") as server:
        ran = flowreason("run", "bonn.flow", "city=Bonn", folder=folder, **asked_of(server.url))
    assert (ran.code, ran.out) == (0, "THE RHINE\n"), ran.err
    assert "river" in ran.err
    assert "1 call · 18 tokens" in ran.err
    assert "\x1b" not in ran.err


def test_a_flow_that_fails_exits_with_one_and_says_where(folder: Path) -> None:
    (folder / "zero.flow").write_text("flow zero(n: int) -> number {\n  share = `1 / n`\n  answer share\n}\n")
    ran = flowreason("run", "zero.flow", "n=0", folder=folder)
    assert (ran.code, ran.out) == (1, "")
    assert "ZeroDivisionError" in ran.err or "division by zero" in ran.err
    assert "line 2" in ran.err or "share" in ran.err
    assert "Traceback" not in ran.err


def test_a_worst_case_over_the_limits_is_refused_before_any_call(folder: Path) -> None:
    with Server("the Rhine") as server:
        towns = 'towns=["Bonn", "Basel", "Worms"]'
        ran = flowreason("run", "many.flow", towns, "--limit", "calls=2", folder=folder, **asked_of(server.url))
        assert (ran.code, ran.out) == (3, "")
        assert server.requests == []
    assert "--yes" in ran.err


def test_with_yes_the_run_begins_and_the_limit_still_holds(folder: Path) -> None:
    with Server("the Rhine") as server:
        towns = 'towns=["Bonn", "Basel", "Worms"]'
        limited = ["--limit", "calls=2", "--yes"]
        ran = flowreason("run", "many.flow", towns, *limited, folder=folder, **asked_of(server.url))
        assert ran.code == 3
        assert len(server.requests) == 2
    assert "calls" in ran.err
    assert ran.out.count("Rhine") == 2, "the best answer so far"
    assert "best answer so far" in ran.err
    assert "left undone: ask" in ran.err


def test_a_limit_of_seconds_ends_the_run_in_time(folder: Path) -> None:
    with Server().always(slow(20)) as server:
        limited = ["--limit", "seconds=0.5"]
        ran = flowreason("run", "bonn.flow", "city=Bonn", *limited, folder=folder, timeout=15, **asked_of(server.url))
    assert (ran.code, ran.out) == (3, "")
    assert "seconds" in ran.err


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    piped = f"{shlex.join(COMMAND)} draw bonn.flow --format svg | head -c 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", piped], cwd=folder, env=environment(folder), capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("<0\n", "")


def test_an_item_that_failed_is_told_and_the_others_are_answered(folder: Path) -> None:
    def answer(body: dict) -> str:
        return "the Rhine"

    def behave(exchange) -> None:
        (error(400, "no") if "Atlantis" in exchange.prompt else ok())(exchange)

    with Server(answer).always(behave) as server:
        towns = 'towns=["Bonn", "Atlantis"]'
        ran = flowreason("run", "many.flow", towns, "--json", folder=folder, **asked_of(server.url))
    if ran.code == 0:
        assert ran.data["value"] == ["the Rhine", None]
        assert [item["index"] for item in ran.data["failed_items"]] == [1]
    else:  # a request that the server calls malformed ends the run, as every further one would
        assert ran.data["error"]["kind"] == "ProviderError"


def test_what_was_recorded_replays_without_a_server_or_a_key(folder: Path) -> None:
    with Server("the Rhine") as server:
        first = flowreason(
            "run", "bonn.flow", "city=Bonn", "--record", "bonn.jsonl", "--json", folder=folder, **asked_of(server.url)
        )
    again = flowreason("run", "bonn.flow", "city=Bonn", "--replay", "bonn.jsonl", "--json", folder=folder)
    assert again.code == 0, again.err
    assert again.data["answer"] == first.data["answer"] == "THE RHINE"
    assert again.data["calls"] == 1
    assert KEY not in (folder / "bonn.jsonl").read_text()


def test_another_input_is_not_in_the_recording(folder: Path) -> None:
    with Server("the Rhine") as server:
        flowreason("run", "bonn.flow", "city=Bonn", "--record", "bonn.jsonl", folder=folder, **asked_of(server.url))
    ran = flowreason("run", "bonn.flow", "city=Basel", "--replay", "bonn.jsonl", "-q", folder=folder)
    assert (ran.code, ran.out) == (1, "")
    assert "not in the recording" in ran.err


def test_tools_of_a_file_are_called_with_the_users_rights(folder: Path) -> None:
    (folder / "table.py").write_text(
        "from flowreason import tool\n\n"
        '@tool\ndef put(thing: str) -> str:\n    """Put a thing on the table."""\n'
        '    open("table.log", "a").write(thing + "\\n")\n    return "done: " + thing\n'
    )
    (folder / "serve.flow").write_text(
        'tool put(thing: text) -> text "Put a thing on the table."\n'
        'flow serve() -> text {\n  put("plate")\n  answer put("eggs")\n}\n'
    )
    ran = flowreason("run", "serve.flow", "--tools", "table.py", folder=folder)
    assert (ran.code, ran.out) == (0, "done: eggs\n"), ran.err
    assert (folder / "table.log").read_text() == "plate\neggs\n"


def test_tools_of_a_file_need_no_declaration_in_the_flow(folder: Path) -> None:
    (folder / "table.py").write_text(
        "from flowreason import tool\n\n@tool(pure=True)\ndef twice(n: int) -> int:\n    return 2 * n\n"
    )
    (folder / "four.flow").write_text("flow four() -> int {\n  answer twice(2)\n}\n")
    given = ["four.flow", "--tools", "table.py"]
    assert flowreason("run", *given, "-q", folder=folder).out == "4\n"
    assert [flowreason(command, *given, folder=folder).code for command in ("check", "price", "draw")] == [0, 0, 0]
    assert flowreason("check", "four.flow", folder=folder).code == 2


def test_a_flow_without_its_tool_is_refused_before_it_runs(folder: Path) -> None:
    (folder / "serve.flow").write_text(
        'tool put(thing: text) -> text "Put."\nflow serve() -> text {\n  answer put("eggs")\n}\n'
    )
    ran = flowreason("run", "serve.flow", folder=folder)
    assert ran.code in (1, 2)
    assert "put" in ran.err
    assert "Traceback" not in ran.err


# --- texts ---


def test_check_of_a_good_flow_says_what_it_can_take(folder: Path) -> None:
    ran = flowreason("check", "bonn.flow", "double.flow", folder=folder)
    assert ran.code == 0, ran.out
    assert "bonn.flow: fine" in ran.out


def test_check_reports_as_json_with_places(folder: Path) -> None:
    (folder / "wrong.flow").write_text('flow wrong() -> text {\n  answer ask "How long is {rvier}?"\n}\n')
    ran = flowreason("check", "wrong.flow", "double.flow", "--json", folder=folder)
    assert ran.code == 2
    assert ran.data["ok"] is False
    assert [(d["file"], d["line"]) for d in ran.data["diagnostics"]] == [("wrong.flow", 2)]


def test_format_writes_the_one_style_and_then_changes_nothing(folder: Path) -> None:
    (folder / "messy.flow").write_text("flow messy( n:int )->int{   # twice\nanswer `2 * n` }")
    assert flowreason("format", "messy.flow", "--check", folder=folder).code == 1
    assert flowreason("format", "messy.flow", folder=folder).code == 0
    text = (folder / "messy.flow").read_text()
    assert text.startswith("flow messy(n: int) -> int {")
    assert "# twice" in text
    assert flowreason("format", "messy.flow", "--check", folder=folder).code == 0
    piped = flowreason("format", "-", folder=folder, stdin=b"flow f()->int{answer 1}")
    assert piped.out.startswith("flow f() -> int {"), piped.err


def test_format_does_what_it_can_says_what_it_did_and_keeps_line_ends(folder: Path) -> None:
    (folder / "wrong.flow").write_text("flow wrong() -> text {\n  answer == 1\n}\n")
    (folder / "messy.flow").write_bytes(b"flow f()->int{\r\nanswer 1 }\r\n")
    ran = flowreason("format", "wrong.flow", "messy.flow", "double.flow", folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert "wrong.flow:2" in ran.err
    assert "Formatted: messy.flow\n" in ran.err
    assert (folder / "messy.flow").read_bytes() == b"flow f() -> int {\r\n  answer 1\r\n}\r\n"
    assert flowreason("format", "none.flow", "messy.flow", folder=folder).err == "error: there is no file none.flow\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("draw", "-f", "mmd", "-"), "flowchart"), (("price", "-"), "no calls"), (("run", "-", "n=4", "--quiet"), "8")],
)
def test_a_flow_may_come_from_a_pipe(arguments, said, folder: Path) -> None:
    ran = flowreason(*arguments, folder=folder, stdin=(folder / "double.flow").read_bytes())
    assert ran.code == 0, ran.err
    assert said in ran.out


def test_without_a_command_the_help_is_shown(folder: Path) -> None:
    ran = flowreason(folder=folder)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: flowreason")
    listed = [ran.err.index(f"\n  {name} ") for name in ("solve", "run", "check", "draw", "grammar", "lsp")]
    assert listed == sorted(listed)


@pytest.mark.parametrize(
    ("format", "begins"), [("svg", "<svg"), ("dot", "digraph"), ("mmd", "flowchart"), ("json", "{")]
)
def test_a_flow_is_drawn_into_a_file_by_its_ending(format, begins, folder: Path) -> None:
    ran = flowreason("draw", "bonn.flow", "-o", f"bonn.{format}", folder=folder)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert begins in (folder / f"bonn.{format}").read_text(encoding="utf-8")[:400]


def test_price_counts_the_calls_without_a_key(folder: Path) -> None:
    ran = flowreason("price", "many.flow", 'towns=["Bonn", "Basel", "Worms"]', folder=folder)
    assert ran.code == 0, ran.err
    assert "3" in ran.out
    unknown = flowreason("price", "many.flow", folder=folder).out
    assert "one after the other: at most" in unknown
    assert "len(towns): the number of items in towns" in unknown
    assert json.loads(flowreason("price", "bonn.flow", "--json", folder=folder).out)["calls"]["fewest"] == 1


# --- examples ---


def examples() -> list[str]:
    root = Path(__file__).parents[2] / "examples"
    return sorted(path.parent.name for path in root.glob("*/replies.jsonl"))


def test_the_examples_are_listed_with_their_questions(tmp_path: Path) -> None:
    ran = flowreason("examples", "--json", folder=tmp_path)
    assert ran.code == 0, ran.err
    assert [row["name"] for row in ran.data] == examples()
    assert all(row["question"] for row in ran.data)


@pytest.mark.parametrize("name", examples())
def test_an_example_gives_the_same_answer_from_its_question_and_from_its_flow(name: str, tmp_path: Path) -> None:
    played = flowreason("examples", "play", name, "--pace", "0", "--json", folder=tmp_path)
    assert played.code == 0, played.err + played.out
    assert played.data["answer"]
    copied = flowreason("examples", "copy", name, folder=tmp_path)
    assert copied.code == 0, copied.err
    command = copied.err.splitlines()[-1].split()[1:]
    ran = flowreason(*command, "--json", folder=tmp_path)
    assert ran.code == 0, ran.err + ran.out
    assert ran.data["answer"] == played.data["answer"]
    assert 0 <= ran.data["calls"] < played.data["calls"]  # writing the flow took some


@pytest.mark.parametrize("name", examples())
def test_an_example_is_in_the_one_style_and_what_its_model_wrote(name: str, tmp_path: Path) -> None:
    assert flowreason("examples", "copy", name, folder=tmp_path).code == 0
    assert flowreason("format", f"{name}/flow.flow", "--check", folder=tmp_path).code == 0
    flowreason("examples", "play", name, "--pace", "0", "--quiet", "--flow-out", "again.flow", folder=tmp_path)
    assert (tmp_path / "again.flow").read_text() == (tmp_path / name / "flow.flow").read_text()


def test_there_are_eight_examples_and_none_is_overwritten_by_a_copy(tmp_path: Path) -> None:
    assert len(examples()) >= 8
    assert flowreason("examples", "copy", examples()[0], "mine", folder=tmp_path).code == 0
    again = flowreason("examples", "copy", examples()[0], "mine", folder=tmp_path)
    assert again.code == 2
    assert is_short(again.err)


def test_a_played_example_can_be_watched_and_does_not_keep_anyone_waiting(tmp_path: Path) -> None:
    ran = flowreason("examples", "play", "universities", folder=tmp_path, timeout=30)
    seconds = float(ran.err.rpartition("·")[2].removesuffix(" s\n"))
    assert ran.code == 0
    assert 1 < seconds < 15
