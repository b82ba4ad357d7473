"""Files of rows that are cut off, gone on with, and tidied."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.batch.beside import Made
from flowreason.batch.item import Item
from flowreason.batch.output import FAILED, Output
from flowreason.ports import Usage

MADE = Made("a.flow", "0123", "question")
COLUMNS = ("question", "note")


def row(index: int, text: str = "", **more: Any) -> fr.Row:
    given = {"question": f"q{index}", "note": text}
    known = {"status": "answered", "answer": text, "value": text, "usage": Usage(2, 3, 4, 0.5)} | more
    return fr.Row(index, str(index + 1), f"q{index}", {}, given, **known)


def opened(path: Path, made: Made = MADE, **options: Any) -> Output:
    return Output(path, made, COLUMNS, **{"in_order": False, "retry": False, **options})


TEXTS = ["plain", 'quo"te, and comma', "two\nlines\n", "", "käse \u2028 𝄞", 'ends with quote"', "half \ud83d of it"]


def told(path: Path) -> list[tuple[int, str]]:
    """The rows of a file, as a stranger reads them."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [(int(each["row"]), each["answer"]) for each in csv.DictReader(file)]
    lines = path.read_bytes().decode("utf-8").split("\n")[:-1]
    return [(each["row"], each["answer"] or "") for each in map(json.loads, lines)]


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_a_file_that_is_cut_off_anywhere_goes_on_with_its_whole_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    output, ends = opened(path), []
    for index, text in enumerate(TEXTS):
        output.write(row(index, text))
        ends.append(path.stat().st_size)
    output.close()
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1 if ending == ".csv" else 0
    expected = told(path)
    assert [index for index, _ in expected] == list(range(1, len(TEXTS) + 1))
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        output = opened(path)
        there = sum(end <= cut for end in ends)
        assert [output.skip(index) for index in range(len(TEXTS))] == [n < there for n in range(len(TEXTS))], cut
        assert output.used.calls == 2 * there and output.name
        for index in range(there, len(TEXTS)):
            output.write(row(index, TEXTS[index]))
        output.close()
        assert path.read_bytes() == whole, cut
    assert start < ends[0]


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_what_was_answered_is_held_against_what_is_asked(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    output = opened(path)
    for index, text in enumerate(TEXTS):
        output.write(row(index, text))
    output.write(row(len(TEXTS), "x", status="failed", reason="model", error="no"))
    output.close()
    output = opened(path)
    for index, text in enumerate(TEXTS):
        output.check(index, Item("here", {"question": f"q{index}", "note": text}))
        with pytest.raises(fr.UsageError, match="the questions have changed"):
            output.check(index, Item("here", {"question": f"q{index}", "note": text + "!"}))
    output.check(len(TEXTS), Item("here", {"question": "another"}))  # it failed, and may be mended
    output.check_end(len(TEXTS))
    with pytest.raises(fr.UsageError, match="there are 3 now"):
        output.check_end(3)
    output.close()


@pytest.mark.parametrize("in_order", [False, True])
def test_rows_that_are_made_again_take_the_place_of_the_failed_ones(tmp_path: Path, in_order: bool) -> None:
    path = tmp_path / "out.jsonl"
    output = opened(path, in_order=in_order)
    for index in (0, 1, 2, 3):
        output.write(
            row(index, f"a{index}", **({"status": "failed", "reason": "flow", "error": "no"} if index % 2 else {}))
        )
    output.close()
    assert opened(path).skip(1) is True
    output = opened(path, retry=True, in_order=in_order)
    assert [output.skip(index) for index in range(5)] == [True, False, True, False, False]
    output.write(row(3, "again"))
    output.write(row(1, "once more", status="failed", reason="limit", error="no", run_id="r1"))
    assert (output.answered, dict(output.reasons())) == (3, {"limit": 1})
    output.close()
    assert [(each["row"], each["status"]) for each in map(json.loads, path.read_text().splitlines())] == [
        (1, "answered"), (2, "failed"), (3, "answered"), (4, "answered"),
    ]  # fmt: skip
    assert json.loads(path.read_text().splitlines()[3])["answer"] == "again"
    assert opened(path).state(1) >= FAILED


def test_rows_that_were_never_begun_are_not_done(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    output = opened(path)
    output.write(row(0, status="limit", reason="limit", error="no", usage=Usage()))
    output.write(row(1, status="limit", reason="limit", error="no", usage=Usage(1), run_id="r"))
    output.close()
    output = opened(path)
    assert (output.skip(0), output.skip(1), output.unbegun) == (False, True, 1)
    output.close()


def test_a_file_without_its_companion_a_damaged_one_and_a_foreign_line_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    output = opened(path)
    output.write(row(0))
    output.close()
    beside = tmp_path / "out.jsonl.batch"
    text = beside.read_text()
    for damaged in ("{", "[]", '{"name": 3}', text.replace('"version": 1', '"version": 9')):
        beside.write_text(damaged)
        with pytest.raises(fr.UsageError, match="damaged|newer"):
            opened(path)
    beside.write_text(text)
    path.write_text(path.read_text() + '{"row": 0}\n[]\n')
    with pytest.raises(fr.UsageError, match="a line that is no row of this batch"):
        opened(path)
    beside.unlink()
    with pytest.raises(fr.UsageError, match="no batch has written it"):
        opened(path)
    assert not beside.exists()


def test_machines_that_lost_their_power_leave_zeros(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    output = opened(path)
    output.write(row(0))
    output.close()
    good = path.read_bytes()
    path.write_bytes(good + b"\0" * 500)
    opened(path).close()
    assert path.read_bytes() == good
