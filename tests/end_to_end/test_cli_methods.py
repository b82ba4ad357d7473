"""Methods through the real command: answering by one, listing them, flows of the library as files, inputs from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.command import Terminal, asked_of, flowreason, is_short
from tests.server import Server

FACT = "Which river flows through Bonn?"
LIST = """flow total(rows: list[{name: text, year: int}], more: any = 0, note: text = "") -> text {
  sum_ = `sum(row.year for row in rows)`
  answer "{sum_} {more} {note}"
}
"""


def test_a_question_is_answered_by_a_method_which_is_told_and_kept(tmp_path: Path) -> None:
    kept = ("--store", "runs.db")
    with Server("the Rhine") as server:
        env = asked_of(server.url)
        ran = flowreason("solve", FACT, "--method", "zero-shot-cot", *kept, folder=tmp_path, **env)
        assert (ran.code, ran.out, len(server.requests)) == (0, "the Rhine\n", 2), ran.err
        assert "method zero_shot_cot\n" in ran.err
        assert "price: 2 to 6 calls" in ran.err
    listed = flowreason("runs", *kept, folder=tmp_path)
    assert f"zero_shot_cot  {FACT}" in listed.out
    shown = flowreason("runs", "show", "last", *kept, folder=tmp_path)
    assert "\nmethod zero_shot_cot\n" in shown.out
    assert "reasoning" in shown.out
    again = flowreason("runs", "replay", "last", *kept, folder=tmp_path)
    assert (again.code, again.out) == (0, "the Rhine\n")
    assert "method zero_shot_cot" in again.err
    data = flowreason("runs", "show", "last", "--json", *kept, folder=tmp_path).data
    assert (data["method"], data["title"], data["kind"]) == ("zero_shot_cot", FACT, "run")


def test_auto_says_why_and_needs_nobody_to_agree(tmp_path: Path) -> None:
    with Server("the Rhine") as server:
        given = ("--method", "auto", "--limit", "calls=1", "--store", "runs.db")
        ran = flowreason("solve", FACT, *given, folder=tmp_path, **asked_of(server.url))
        assert (ran.code, ran.out, len(server.requests)) == (0, "the Rhine\n", 1), ran.err
        assert "method direct: it asks for one fact, so it is asked as it is\n" in ran.err
        data = flowreason("solve", FACT, *given, "--json", folder=tmp_path, **asked_of(server.url)).data
    assert (data["method"], data["reason"]) == ("direct", "it asks for one fact, so it is asked as it is")
    shown = flowreason("runs", "show", "last", "--store", "runs.db", folder=tmp_path)
    assert "method direct: it asks for one fact, so it is asked as it is" in shown.out


def test_a_flow_of_ones_own_is_a_method_and_needs_no_model_where_it_asks_nothing(tmp_path: Path) -> None:
    (tmp_path / "shout.flow").write_text("flow shout(question: text) -> text { answer `question.upper()` }")
    ran = flowreason("solve", "who {is} it?", "--method", "shout.flow", "-q", folder=tmp_path)
    assert (ran.code, ran.out) == (0, "WHO {IS} IT?\n"), ran.err


def test_a_person_at_the_terminal_sees_the_method(tmp_path: Path) -> None:
    with Server("the Rhine") as server:
        screen = Terminal("solve", FACT, "--method", "auto", folder=tmp_path, env=asked_of(server.url))
        screen.wait_for("method direct: it asks for one fact")
        assert screen.end().code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", "Who?", "--method", "dirct"),
        ("solve", "Who?", "--method", "nowhere.flow"),
        ("solve", "Who?", "--method", ""),
        ("run", "library:dirct", "question=x"),
        ("price", "library:../direct"),
        ("methods", "dirct"),
        ("methods", "--flow"),
        ("methods", "auto", "--flow"),
        ("format", "library:direct"),
        ("check", "--fix", "library:nothing"),
    ],
    ids=" ".join,
)
def test_what_is_typed_wrong_is_told_in_a_few_lines(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ran = flowreason(*arguments, folder=tmp_path, **asked_of("http://127.0.0.1:9/v1"))
    if arguments[0] == "format":  # it has the one style already
        assert ran.code == 0
        return
    assert ran.code == 2
    assert is_short(ran.err)


def test_flows_of_the_library_are_run_checked_priced_and_drawn_by_name(tmp_path: Path) -> None:
    with Server("the Rhine") as server:
        ran = flowreason("run", "library:direct", f"question={FACT}", "-q", folder=tmp_path, **asked_of(server.url))
    assert (ran.code, ran.out) == (0, "the Rhine\n"), ran.err
    checked = flowreason("check", "library:direct", "library:zero-shot-cot", folder=tmp_path)
    assert (checked.code, checked.out.count("fine")) == (0, 2)
    assert flowreason("price", "library:direct", folder=tmp_path).out.startswith("1 to 3 calls")
    assert "<svg" in flowreason("draw", "library:direct", folder=tmp_path).out
    assert flowreason("check", "--fix", "library:direct", folder=tmp_path).code == 0


def test_methods_are_listed_and_shown_without_a_key(tmp_path: Path) -> None:
    listed = flowreason("methods", folder=tmp_path)
    assert listed.code == 0
    assert listed.out.startswith("auto ")
    for row in flowreason("methods", "--json", folder=tmp_path).data:
        assert f"\n{row['name']} " in listed.out
        assert row["summary"] in listed.out
    shown = flowreason("methods", "zero-shot-cot", folder=tmp_path)
    assert "arXiv" in shown.out
    assert "question: text" in shown.out
    assert shown.out.rstrip().endswith("}")
    assert flowreason("methods", "auto", folder=tmp_path).out.count("\n- ") > 10


def test_a_methods_flow_can_be_taken_and_changed(tmp_path: Path) -> None:
    (tmp_path / "mine.flow").write_text(flowreason("methods", "direct", "--flow", folder=tmp_path).out)
    assert flowreason("check", "mine.flow", folder=tmp_path).code == 0


def test_inputs_are_read_by_the_ending_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "total.flow").write_text(LIST)
    (tmp_path / "rows.csv").write_bytes('\ufeffname;year\r\nAda;1815\r\n"B; b\r\nc";5\r\n'.encode())
    (tmp_path / "rows.tsv").write_text("name\tyear\nAda\t1815\n")
    (tmp_path / "rows.jsonl").write_text('{"name": "a\u2028b", "year": 1}\n\n{"name": "c", "year": 2}\n')
    (tmp_path / "rows.json").write_text('[{"name": "a", "year": 7}]')

    def total(*inputs: str) -> str:
        ran = flowreason("run", "total.flow", *inputs, "-q", folder=tmp_path)
        assert ran.code == 0, ran.err
        return ran.out.strip()

    assert total("rows=@rows.csv") == "1820 0"
    assert total("rows=@rows.tsv") == "1815 0"
    assert total("rows=@rows.jsonl", "more=@rows.jsonl").startswith('3 [{"name": "a')
    assert total("rows=@rows.json", "note=@rows.tsv") == "7 0 name\tyear\nAda\t1815"
    assert json.loads(total("rows=[]", "more=@rows.csv").partition(" ")[2])[1] == {"name": "B; b\r\nc", "year": "5"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rows.jsonl", '{"name": "a", "year": 1}\n{"name"\n', "line 2 of rows.jsonl is not JSON"),
        ("rows.csv", "name,year\na\n", "line 2 of rows.csv has 1 cell,"),
        ("rows.csv", "name,name\na,b\n", "first line of rows.csv"),
        ("rows.csv", "", "first line of rows.csv"),
        ("rows.csv", "name,age\na,b\n", '"year" is missing'),
        ("rows.txt", "name,year\n", "@file.json, .jsonl or .csv"),
    ],
)
def test_files_that_are_no_lists_are_told_with_their_line(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "total.flow").write_text(LIST)
    (tmp_path / name).write_text(text)
    ran = flowreason("run", "total.flow", f"rows=@{name}", folder=tmp_path)
    assert ran.code == 2
    assert told in ran.err
    assert is_short(ran.err)
