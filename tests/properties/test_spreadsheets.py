"""A table that somebody opens in a spreadsheet holds no formula, and gives back what stood in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.batch.columns import Cells
from flowreason.batch.files import rows_of
from flowreason.rows import rows
from flowreason.spreadsheets import as_text, as_was

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXTS = st.text("'=+-@\t\n 1.,%eEa;\"", max_size=7) | st.text(max_size=5)


def is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return any(letter.isdigit() for letter in cell)


@settings(max_examples=300)
@given(TEXTS)
def test_no_cell_is_a_formula_and_each_comes_back(text: str) -> None:
    cell = as_text(text)
    assert not cell.startswith(STARTS) or is_number(cell)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == f"'{text}"
    assert as_was(cell) == text


@pytest.mark.parametrize("cell", ["-5", "+3.5", "-1,200", "-.5", "-2e-3", "-50%", "'tis", "", "5 - 3", "x=1"])
def test_numbers_and_words_stay_as_they_are(cell: str) -> None:
    assert (as_text(cell), as_was(cell)) == (cell, cell)


@pytest.mark.parametrize("delimiter", [",", "\t"])
@settings(max_examples=60)
@given(note=TEXTS, answer=TEXTS, column=st.text("'=+-@ x1,\"", min_size=1, max_size=5))
def test_what_a_batch_writes_is_no_formula_and_is_read_back(
    note: str, answer: str, column: str, delimiter: str
) -> None:
    form = Cells(["question", f"{column}x"], delimiter)
    row = fr.Row(0, "1", "q", {}, {"question": note, f"{column}x": "-1+2"}, "answered", answer, answer)
    raw = (form.header + form.line(row)).decode("utf-8", "backslashreplace")
    cells = [cell for line in csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter) for cell in line]
    assert [cell for cell in cells if cell.startswith(STARTS) and not is_number(cell)] == []
    record, digest = form.read(cells[len(form.names) :])
    assert record["answer"] == answer.replace("\r\n", "\n").replace("\r", "\n") and digest == form.digest(row.given)


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@pytest.mark.parametrize("answer", ["=1+1", "'=1", "-", "@here", "\tx", "-5", "plain", "a\nb"])
def test_a_table_of_answers_is_questions_again(answer: str, ending: str) -> None:
    form = Cells(["question", "+n"], {".csv": ",", ".tsv": "\t"}[ending])
    row = fr.Row(0, "1", "q", {}, {"question": answer, "+n": "=n"}, "answered", answer, answer)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"out{ending}"
        path.write_bytes(form.header + form.line(row))
        (item,) = rows_of(path, "question").items
        (record,) = rows(path.read_text(encoding="utf-8"), path)
    assert (item.given["question"], item.given["answer"], item.given["+n"]) == (answer, answer, "=n")
    assert (record["question"], record["answer"], record["+n"]) == (answer, answer, "=n")
