"""`flowreason batch`, as a person or a script meets it: through the real command, against a server that counts."""

from __future__ import annotations

import csv
import json
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND, Outcome, Started, Terminal, asked_of, environment, flowreason, is_short
from tests.server import Behaviour, Exchange, Server, error, ok, slow

TWO_STEPS = """\
flow counted(question: text) -> text {
  a = ask "first {question}"
  b = ask "second {question} after {a}"
  answer "{a}-{b}"
}
"""
ONE_STEP = 'flow one(question: text) -> text { answer ask "{question}" with temperature=0 }\n'
NO_STEP = "flow twice(n: int) -> int { answer `n * 2` }\n"


def said(body: dict[str, Any]) -> str:
    """A reply that is the same for the same question."""
    text = str(body["messages"][-1]["content"])
    return f"r{sum(map(ord, text)) % 997}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(said) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "two.flow").write_text(TWO_STEPS)
    (tmp_path / "one.flow").write_text(ONE_STEP)
    (tmp_path / "twice.flow").write_text(NO_STEP)
    return tmp_path


def questions(folder: Path, count: int, name: str = "in.jsonl", **more: Any) -> None:
    rows = [{"question": f"river {n}", "source": f"atlas {n}"} | more for n in range(count)]
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def batch(folder: Path, server: Server | None, *arguments: str, **env: str) -> Outcome:
    asked = asked_of("" if server is None else server.url, FLOWREASON_STORE=str(folder / "runs.db")) | env
    if server is None:
        asked = {"FLOWREASON_STORE": str(folder / "runs.db")}
    return flowreason("batch", *arguments, folder=folder, **asked)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- what is written ---


def test_rows_hold_what_was_given_and_what_came_of_it(folder: Path, server: Server) -> None:
    questions(folder, 12, answer="gold")
    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "two.flow")
    assert outcome.code == 0, outcome.err
    rows = sorted(rows_of(folder / "out.jsonl"), key=lambda row: row["row"])
    assert [row["row"] for row in rows] == list(range(1, 13))
    assert list(rows[0]) == [
        "row", "question", "source", "given_answer", "answer", "value", "status", "error", "reason", "run", "method",
        "way", "calls", "tokens", "money", "seconds",
    ]  # fmt: skip
    assert all(row["status"] == "answered" and row["calls"] == 2 and row["tokens"] == 36 for row in rows)
    assert rows[3]["source"] == "atlas 3" and rows[3]["given_answer"] == "gold" and rows[3]["answer"].startswith("r")
    assert "12 answered · 24 calls · 432 tokens" in outcome.err
    assert outcome.out == ""
    again = flowreason("runs", "show", rows[0]["run"], folder=folder, FLOWREASON_STORE=str(folder / "runs.db"))
    assert again.code == 0, again.err


def test_a_table_in_and_a_table_out(folder: Path) -> None:
    (folder / "in.csv").write_text('n,note\n1,"a, b"\n2,"two\nlines"\nseven,bad\n', encoding="utf-8")
    outcome = batch(folder, None, "in.csv", "-o", "out.csv", "--flow", "twice.flow", "--in-order")
    assert outcome.code == 1
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["n"], row["note"], row["value"], row["status"]) for row in rows] == [
        ("1", "a, b", "2", "answered"), ("2", "two\nlines", "4", "answered"), ("seven", "bad", "", "failed"),
    ]  # fmt: skip
    assert rows[2]["reason"] == "input" and "in.csv, line 5" in rows[2]["error"]


def test_rows_go_through_a_pipe_one_by_one(folder: Path, server: Server) -> None:
    process = Started(
        [*COMMAND, "batch", "-", "--flow", "one.flow", "--store", "none"], cwd=folder, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(folder, **asked_of(server.url)),
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    for n in range(3):  # each answer comes before the next question is known
        process.stdin.write(json.dumps({"question": f"lake {n}"}).encode() + b"\n")
        process.stdin.flush()
        row = json.loads(process.stdout.readline())
        assert (row["row"], row["question"], row["status"]) == (n + 1, f"lake {n}", "answered")
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


def test_a_reader_that_goes_away_ends_it_quietly(folder: Path) -> None:
    (folder / "in.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(5000)))
    command = f"{' '.join(COMMAND)} batch in.jsonl --flow twice.flow --store none | head -1"
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(folder), capture_output=True, timeout=60, check=False
    )
    assert len(ran.stdout.splitlines()) == 1 and b"Traceback" not in ran.stderr


def test_what_is_wrong_with_rows_is_said_in_rows(folder: Path, server: Server) -> None:
    lines = [b'{"question": "a"}', b"{broken", b"17", b'{"other": 1}', b'{"question": 5}', b"\xff\xfe", b"", b'"plain"']
    (folder / "in.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--method", "direct", "--in-order")
    assert outcome.code == 1
    rows = rows_of(folder / "out.jsonl")
    assert [row["reason"] for row in rows] == [None, "input", "input", "input", "input", "input", None]
    for row, line in zip(rows[1:6], (2, 3, 4, 5, 6), strict=True):
        assert row["error"].startswith(f"in.jsonl, line {line}: "), row["error"]
    assert "5 could not be used as they are (input)" in outcome.err


def test_equal_questions_in_flight_are_asked_once(folder: Path, server: Server) -> None:
    (folder / "in.jsonl").write_text('"the Rhine"\n' * 30)
    server.always(slow(0.2))
    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "one.flow", "-c", "10")
    assert outcome.code == 0, outcome.err
    assert len(server.requests) == 1
    assert Counter(row["calls"] for row in rows_of(folder / "out.jsonl")) == {0: 29, 1: 1}
    assert "29 of 30 took no call to the model" in outcome.err


# --- limits, refusals, failures ---


def test_the_limit_over_all_is_kept_and_the_rest_are_rows_and_a_higher_one_goes_on(
    folder: Path, server: Server
) -> None:
    questions(folder, 20)
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "4")
    outcome = batch(folder, server, *arguments, "-L", "calls=11")
    assert outcome.code == 3, outcome.err
    assert len(server.requests) == 11
    rows = rows_of(folder / "out.jsonl")
    assert len(rows) == 20
    counts = Counter((row["status"], row["reason"]) for row in rows)
    assert counts["answered", None] <= 5 and set(counts) == {("answered", None), ("limit", "limit")}
    assert all("--total-limit calls" in row["error"] for row in rows if row["status"] == "limit")
    same = batch(folder, server, *arguments, "-L", "calls=11")
    assert same.code == 3 and len(server.requests) == 11
    higher = batch(folder, server, *arguments, "-L", "calls=60", "--retry-failed")
    assert higher.code == 0, higher.err
    assert len(server.requests) == 40  # nothing is asked twice
    assert "20 answered · 40 calls" in higher.err


def test_a_limit_for_each_question_is_a_failure_of_each(folder: Path, server: Server) -> None:
    questions(folder, 5)
    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-l", "calls=1", "--yes")
    assert outcome.code == 1 and len(server.requests) == 5
    assert {(row["status"], row["reason"], row["calls"]) for row in rows_of(folder / "out.jsonl")} == {
        ("limit", "limit", 1)
    }
    assert "5 reached a limit (limit)" in outcome.err


@pytest.mark.parametrize(
    ("refused", "word"),
    [
        (error(401, "Incorrect API key provided", code="invalid_api_key"), "key"),
        (error(429, "You exceeded your current quota", code="insufficient_quota", type="insufficient_quota"), "quota"),
    ],
)
def test_what_no_question_could_escape_ends_it_at_once(
    folder: Path, server: Server, refused: Behaviour, word: str
) -> None:
    questions(folder, 200)
    server.then(*[ok()] * 40).always(refused)
    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "4")
    assert outcome.code in (1, 2) and word in outcome.err and "Traceback" not in outcome.err
    assert "nothing is lost: the same command goes on" in outcome.err
    assert len(server.requests) <= 48
    done = rows_of(folder / "out.jsonl")
    assert done and all(row["status"] == "answered" for row in done)
    server.always(ok())
    before = len(server.requests)
    assert batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "two.flow").code == 0
    good = 40 + len(server.requests) - before
    assert len(rows_of(folder / "out.jsonl")) == 200 and good == 400  # every answer was paid for once


def test_a_server_that_fails_again_and_again_ends_it(folder: Path, server: Server) -> None:
    questions(folder, 300)
    server.always(error(500, "down"))
    outcome = batch(
        folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "one.flow", "-c", "4", FLOWREASON_MAX_WAIT="1"
    )
    assert outcome.code == 1 and "Traceback" not in outcome.err
    assert len(rows_of(folder / "out.jsonl")) < 60


def test_odd_questions_fail_alone_and_are_tried_again(folder: Path, server: Server) -> None:
    questions(folder, 20)

    def refuses_some(exchange: Exchange) -> None:
        odd = any(f"river {n}" in exchange.prompt for n in (5, 13))
        (error(400, "The response was filtered", code="content_filter") if odd else ok())(exchange)

    server.always(refuses_some)
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "one.flow", "--in-order", "-c", "3")
    first = batch(folder, server, *arguments)
    assert first.code == 1 and "18 answered · 2 not" in first.err and "--retry-failed" in first.err
    asked = len(server.requests)
    assert batch(folder, server, *arguments).code == 1 and len(server.requests) == asked
    server.always(ok())
    again = batch(folder, server, *arguments, "--retry-failed")
    assert again.code == 0, again.err
    assert len(server.requests) == asked + 2
    assert [row["row"] for row in rows_of(folder / "out.jsonl")] == list(range(1, 21))
    assert not (folder / "out.jsonl.new").exists()


# --- stopping, being killed, going on ---


def begun(folder: Path, server: Server, *arguments: str) -> subprocess.Popen[bytes]:
    return Started(
        [*COMMAND, "batch", *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(folder, **asked_of(server.url, FLOWREASON_STORE=str(folder / "runs.db"))),
    )  # fmt: skip


def stuck_at_second(exchange: Exchange) -> None:
    """The second step of every question takes for ever."""
    (ok() if "first" in exchange.prompt else slow(30))(exchange)


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_first_ctrl_c_finishes_what_is_under_way_and_the_same_command_goes_on(folder: Path, server: Server) -> None:
    questions(folder, 30)
    server.always(slow(0.1))
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "4")
    process = begun(folder, server, *arguments)
    until(lambda: len(server.requests) >= 10)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"under way will be finished" in err and b"the same command goes on" in err
    asked, rows = len(server.requests), rows_of(folder / "out.jsonl")
    assert asked == 2 * len(rows) and 4 <= len(rows) < 30
    server.always(ok())
    assert batch(folder, server, *arguments).code == 0
    assert len(server.requests) == 60 and len(rows_of(folder / "out.jsonl")) == 30


def test_the_second_ctrl_c_stops_what_is_under_way_and_it_goes_on_where_it_was(folder: Path, server: Server) -> None:
    questions(folder, 6)
    server.always(stuck_at_second)
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "3")
    process = begun(folder, server, *arguments)
    until(lambda: len(server.requests) >= 6)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - began < 15, err
    assert b"Traceback" not in err and rows_of(folder / "out.jsonl") == []
    firsts = [seen.prompt for seen in server.requests if "first" in seen.prompt]
    server.always(ok())
    assert batch(folder, server, *arguments).code == 0
    again = [seen.prompt for seen in server.requests if "first" in seen.prompt]
    assert len(firsts) == 3 and len(again) == 6  # the first steps were kept, and not asked again


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_machine_that_goes_down_stops_it_in_good_order(folder: Path, server: Server, number: signal.Signals) -> None:
    questions(folder, 8)
    server.always(stuck_at_second)
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "3")
    process = begun(folder, server, *arguments)
    until(lambda: len(server.requests) >= 6)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number and b"Traceback" not in err, err
    assert b"the same command goes on" in err and rows_of(folder / "out.jsonl") == []
    server.always(ok())
    assert batch(folder, server, *arguments).code == 0
    assert len([seen for seen in server.requests if "first" in seen.prompt]) == 8


@pytest.mark.parametrize("seed", range(3))
def test_however_often_it_is_killed_nothing_is_paid_twice_but_what_was_in_flight(
    folder: Path, server: Server, seed: int
) -> None:
    chance, count, width = random.Random(seed), 40, 5
    questions(folder, count)
    server.always(lambda exchange: slow(chance.random() * 0.03)(exchange))  # noqa: PLW0108 - drawn for each
    arguments = ["in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", str(width)]
    kills = 0
    while kills < 5:
        seen = len(server.requests)
        process = begun(folder, server, *arguments)
        until(lambda seen=seen, more=chance.randint(1, 14), process=process:  # type: ignore[misc]
              len(server.requests) >= seen + more or process.poll() is not None)  # fmt: skip
        time.sleep(chance.random() * 0.05)
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
        if (folder / "out.jsonl").exists():
            with (folder / "out.jsonl").open("ab") as file:  # as if it had died in the middle of a line
                file.write(b'{"row": 7, "question": "ri')
    final = batch(folder, server, *arguments)
    assert final.code == 0, final.err
    rows = rows_of(folder / "out.jsonl")
    assert Counter(row["row"] for row in rows) == Counter(range(1, count + 1))
    assert all(row["status"] == "answered" for row in rows)
    told = sum(row["calls"] for row in rows)
    lost = kills * width  # in the moment of a kill, what was answered may be untold, and what was sent counts as used
    assert 2 * count - lost <= told <= 2 * count + lost
    paid = Counter(seen.prompt for seen in server.requests)
    assert len(paid) == 2 * count
    assert sum(paid.values()) - len(paid) <= kills * width, "more was paid twice than was in flight when it was killed"
    assert kills >= 2


def test_killed_while_flows_are_written_it_goes_on_with_each_where_it_was(folder: Path, server: Server) -> None:
    """The method that writes a flow for each question: no draft that was paid for is written again."""
    questions(folder, 12)

    def writes(exchange: Exchange) -> None:
        found = re.findall(r"river (\d+)", exchange.prompt)
        body = str(exchange.body)
        if "how deep" in exchange.prompt:
            slow(0.15, ok("7"))(exchange)
        else:
            assert "flow" in body
            flow = f'flow main() -> int {{ a: int = ask "how deep is river {found[-1]}?"  answer `a * 2` }}'
            slow(0.05, ok(f"```flow\n{flow}\n```"))(exchange)

    server.always(writes)
    arguments = ("in.jsonl", "-o", "out.jsonl", "-c", "3")
    kills = 0
    for more in (4, 5, 7):
        seen = len(server.requests)
        process = begun(folder, server, *arguments)
        until(lambda seen=seen, more=more: len(server.requests) >= seen + more)  # type: ignore[misc]
        process.kill()
        process.communicate()
        kills += 1
    final = batch(folder, server, *arguments)
    assert final.code == 0, final.err
    rows = rows_of(folder / "out.jsonl")
    assert sorted(row["row"] for row in rows) == list(range(1, 13))
    assert all(row["value"] == 14 and row["method"] == "graph" for row in rows)
    asked = Counter(
        ("how deep" in seen.prompt, re.findall(r"river (\d+)", seen.prompt)[-1]) for seen in server.requests
    )
    in_flight = 2 * 3 * kills  # of each question a draft, and the ask in it that is begun while it still arrives
    assert len(asked) == 24 and sum(asked.values()) - 24 <= in_flight


def test_other_questions_another_flow_and_foreign_files_are_refused(folder: Path, server: Server) -> None:
    questions(folder, 6)
    common = ("in.jsonl", "-o", "out.jsonl")
    assert batch(folder, server, *common, "--flow", "one.flow").code == 0
    asked, before = len(server.requests), (folder / "out.jsonl").read_bytes()

    def refused(*arguments: str, words: tuple[str, ...]) -> None:
        outcome = batch(folder, server, *arguments)
        assert outcome.code == 2 and is_short(outcome.err), outcome.err
        assert all(word in outcome.err for word in words), outcome.err
        assert len(server.requests) == asked and (folder / "out.jsonl").read_bytes() == before

    refused(*common, "--flow", "two.flow", words=("one.flow", "two.flow", "-o", "remove"))
    refused(*common, "--method", "direct", words=("one.flow", "direct"))
    (folder / "one.flow").write_text(ONE_STEP.replace("temperature=0", "temperature=1"))
    refused(*common, "--flow", "one.flow", words=("one.flow before it changed",))
    (folder / "one.flow").write_text(ONE_STEP)
    questions(folder, 5)
    refused(*common, "--flow", "one.flow", words=("6", "5", "remove"))
    questions(folder, 8)
    text = (folder / "in.jsonl").read_text()
    (folder / "in.jsonl").write_text(text.replace("river 3", "lake 3"))
    refused(*common, "--flow", "one.flow", words=("line 4", "row 4", "have changed"))
    (folder / "in.jsonl").write_text(text)
    assert batch(folder, server, *common, "--flow", "one.flow").code == 0  # more questions at the end are fine
    assert len(server.requests) == asked + 2 and len(rows_of(folder / "out.jsonl")) == 8
    (folder / "other.jsonl").write_text("{}\n")
    asked, before = len(server.requests), (folder / "out.jsonl").read_bytes()
    refused("in.jsonl", "-o", "other.jsonl", "--flow", "one.flow", words=("other.jsonl", "no batch has written it"))


def test_two_at_once_do_not_write_one_file(folder: Path, server: Server) -> None:
    questions(folder, 4)
    goes_on = threading.Event()
    server.always(lambda exchange: ok()(exchange) if goes_on.wait(60) else None)
    arguments = ("in.jsonl", "-o", "out.jsonl", "--flow", "one.flow")
    process = begun(folder, server, *arguments)
    until(lambda: len(server.requests) >= 4)
    outcome = batch(folder, server, *arguments)
    assert outcome.code == 2 and "being written by another flowreason" in outcome.err and is_short(outcome.err)
    goes_on.set()
    process.communicate(timeout=30)
    assert process.returncode == 0


MISTAKES = [
    (("no.jsonl", "-o", "out.jsonl"), "there is no file no.jsonl"),
    (("in.txt", "-o", "out.jsonl"), "its ending should be one of"),
    (("in.jsonl", "-o", "out.xlsx"), "use .jsonl, .csv or .tsv"),
    (("in.jsonl", "-o", "no/out.jsonl"), "there is no folder no"),
    (("in.jsonl", "-o", "in.jsonl"), "is the file of the questions"),
    (("in.jsonl", "--retry-failed"), "name it with -o"),
    (("in.jsonl", "-o", "out.jsonl", "-L", "depth=3"), "calls, tokens, money, seconds"),
    (("in.jsonl", "-o", "out.jsonl", "-L", "money=much"), "the limit money needs a number"),
    (("in.jsonl", "-o", "out.jsonl", "--method", "drect"), "did you mean direct?"),
    (("in.jsonl", "-o", "out.jsonl", "--flow", "one.flow", "--method", "direct"), "exclude each other"),
    (("table.csv", "-o", "out.jsonl", "--method", "direct"), "there is no column 'question'"),
    (("table.csv", "-o", "out.jsonl", "--flow", "one.flow"), "needs the input question: text"),
    (("table.csv", "-o", "out.jsonl", "--question", "name", "--inputs", "zip", "--method", "direct"), "'zip'"),
    (("empty.jsonl", "-o", "out.jsonl"), "there are no questions in empty.jsonl"),
    (("twice.csv", "-o", "out.jsonl"), "two columns are called 'a'"),
    (("in.jsonl", "-o", "out.jsonl", "-c", "0"), "--concurrency"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_told_before_anything_is_asked(
    folder: Path, server: Server, arguments: tuple[str, ...], words: str
) -> None:
    questions(folder, 2)
    (folder / "in.txt").write_text("x")
    (folder / "table.csv").write_text("name,town\nRhine,Basel\n")
    (folder / "empty.jsonl").write_text("\n\n")
    (folder / "twice.csv").write_text("a,a\n1,2\n")
    outcome = batch(folder, server, *arguments)
    assert outcome.code == 2 and is_short(outcome.err) and words in outcome.err, outcome.err
    assert server.requests == [] and not (folder / "out.jsonl").exists()


def test_without_a_model_a_flow_that_asks_says_what_is_missing(folder: Path) -> None:
    questions(folder, 2)
    outcome = batch(folder, None, "in.jsonl", "-o", "out.jsonl", "--flow", "one.flow")
    assert outcome.code == 2 and is_short(outcome.err) and "model" in outcome.err
    assert not (folder / "out.jsonl").exists()


# --- at a terminal ---


def test_at_a_terminal_a_panel_says_how_far_it_is(folder: Path, server: Server) -> None:
    questions(folder, 12)
    server.always(slow(0.3))
    env = asked_of(server.url, FLOWREASON_STORE=str(folder / "runs.db"), COLUMNS="140")
    terminal = Terminal("batch", "in.jsonl", "-o", "out.jsonl", "--flow", "two.flow", "-c", "2", folder=folder, env=env)
    terminal.wait_for("of 12 rows")
    terminal.wait_for("2 under way")
    terminal.wait_for("left")
    terminal.interrupt()
    terminal.wait_for("Ctrl-C once more stops them too")
    outcome = terminal.end()
    assert outcome.code == 130 and "the same command goes on" in outcome.err


def test_a_summary_on_stdout_does_not_come_among_the_rows(folder: Path) -> None:
    questions(folder, 2)
    outcome = batch(folder, None, "in.jsonl", "--json")
    assert outcome.code == 2 and "name a file for them with -o" in outcome.data["error"]["message"]


def test_a_summary_for_programs(folder: Path) -> None:
    (folder / "in.jsonl").write_text('{"n": 1}\n{"n": "x"}\n')
    outcome = batch(folder, None, "in.jsonl", "-o", "out.jsonl", "--flow", "twice.flow", "--json")
    assert outcome.code == 1 and outcome.err == ""
    found = outcome.data
    assert (found["rows"], found["answered"], found["failed"], found["reasons"]) == (2, 1, 1, {"input": 1})
    assert found["calls"] == 0 and found["without_calls"] == 1 and found["output"] == "out.jsonl"


def test_a_full_disk_is_told_and_nothing_is_lost(folder: Path, server: Server) -> None:
    questions(folder, 30)
    command = f"ulimit -f 2; exec {' '.join(COMMAND)} batch in.jsonl -o out.jsonl --flow one.flow --store none"
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(folder, **asked_of(server.url)), capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    err = ran.stderr.decode()
    assert ran.returncode == 1 and "out.jsonl cannot be written: file too large" in err and "Traceback" not in err, err
    assert "the same command goes on" in err

    outcome = batch(folder, server, "in.jsonl", "-o", "out.jsonl", "--flow", "one.flow", "--store", "none")
    assert outcome.code == 0, outcome.err
    assert Counter(row["row"] for row in rows_of(folder / "out.jsonl")) == Counter(range(1, 31))
