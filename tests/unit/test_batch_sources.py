"""Where questions come from: each kind of source gives its rows one at a time, and never before they are wanted."""

from __future__ import annotations

import asyncio
import datetime
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.batch import files, frames
from flowreason.batch.item import Item

TWICE = fr.loads("flow twice(n: int) -> int { answer `n * 2` }")
ECHO = fr.loads('flow echo(question: text, tone: text = "plain") -> text { answer "{tone}: {question}" }')


def run(questions: Any, flow: fr.Flow = TWICE, **options: Any) -> list[fr.Row]:
    return list(fr.batch(questions, flow=flow, store=None, provider=fr.ScriptedProvider({}), in_order=True, **options))


# --- in memory ---


def test_texts_and_records_are_rows() -> None:
    rows = run(["a", {"question": "b", "tone": "low", "page": 7}, {"question": "c", "tone": None}], ECHO)
    assert [row.value for row in rows] == ["plain: a", "low: b", "plain: c"]
    assert [dict(row.given) for row in rows][:2] == [{"question": "a"}, {"question": "b", "tone": "low", "page": 7}]
    assert [row.question for row in rows] == ["a", "b", "c"] and rows[1].inputs == {"question": "b", "tone": "low"}


def test_rows_have_the_id_of_their_column_or_their_place() -> None:
    rows = run([{"n": 1, "id": "q-7"}, {"n": 2}, {"n": 3, "id": 44}, {"n": 4, "id": None}])
    assert [row.id for row in rows] == ["q-7", "2", "44", "4"] and [row.index for row in rows] == [0, 1, 2, 3]
    assert [row.id for row in run([{"n": 1, "key": "k"}], id="key")] == ["k"]


def test_a_plain_text_goes_to_the_one_parameter_that_needs_it() -> None:
    assert run(["21"])[0].value == 42
    two = fr.loads("flow two(a: int, b: int) -> int { answer `a + b` }")
    with pytest.raises(fr.UsageError, match="two takes a: int, b: int, so a plain text is no row for it"):
        run(["21"], two)


def test_cells_are_read_in_the_type_of_the_parameter() -> None:
    flow = fr.loads(
        "flow f(n: number, ok: bool, xs: list[int], kind: 'a' | 'b', t: text) -> text "
        "{ answer `f'{n} {ok} {sum(xs)} {kind} {t}'` }".replace("'a' | 'b'", '"a" | "b"')
    )
    rows = run([{"n": "1.5", "ok": "yes", "xs": "[1, 2]", "kind": "B", "t": "7"}], flow)
    assert rows[0].value == "1.5 True 3 b 7", rows[0].error
    bad = run([{"n": "1.5", "ok": "maybe", "xs": "[1, 2]", "kind": "B", "t": "7"}], flow)[0]
    assert (bad.reason, bad.status) == ("input", "failed") and "ok must be bool" in bad.error


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("what is a river?", "is one text;\nput it into a list"),
        ({"question": "a"}, "one record; put it into a list"),
        (b"abc", "of the type bytes"),
        (17, "of the type int"),
        ("no.jsonl", "there is no file no.jsonl"),
        (Path("notes.txt"), "its ending should be one of: .jsonl, .ndjson, .csv, .tsv"),
    ],
)
def test_what_is_no_source_is_refused(given: Any, words: str) -> None:
    with pytest.raises(fr.UsageError) as raised:
        run(given)
    assert words in str(raised.value)


def test_rows_that_cannot_be_used_say_where_and_why() -> None:
    rows = run([{"n": 1}, 5, None, {"m": 2}, {"n": "x"}, ["n"], {"n": object()}])
    assert [row.status for row in rows] == ["answered"] + ["failed"] * 6
    assert all(row.reason == "input" and row.error.startswith(f"question {row.index + 1}: ") for row in rows[1:])


# --- iterators ---


class Counted:
    """An iterator that counts what is taken from it."""

    def __init__(self, most: int) -> None:
        self.taken = 0
        self.closed = False
        self.threads: set[str] = set()
        self._most = most

    def rows(self) -> Iterator[dict[str, int]]:
        try:
            for n in range(self._most):
                self.taken += 1
                self.threads.add(threading.current_thread().name)
                yield {"n": n}
        finally:
            self.closed = True

    async def slowly(self) -> AsyncIterator[dict[str, int]]:
        for row in self.rows():
            await asyncio.sleep(0)
            yield row


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("kind", ["rows", "slowly", "list"])
def test_nothing_is_taken_that_cannot_be_given_out(kind: str, in_order: bool) -> None:
    source, width = Counted(500), 4
    most = width * (4 if in_order else 2) + 2
    given: Any = [{"n": n} for n in range(500)] if kind == "list" else getattr(source, kind)()
    seen = 0
    rows = fr.batch(
        given, flow=TWICE, store=None, provider=fr.ScriptedProvider({}), concurrency=width, in_order=in_order
    )
    for row in rows:
        if seen % 50 == 0:
            time.sleep(0.02)  # whoever looks at rows slowly holds up what is taken
        assert source.taken <= seen + most
        assert row.ok
        seen += 1
    assert seen == 500 and (kind == "list" or (source.taken == 500 and source.closed))
    assert kind != "rows" or source.threads == {"flowreason-source"}


def test_an_iterator_that_waits_holds_up_no_answer() -> None:
    goes_on = threading.Event()

    def questions() -> Iterator[dict[str, int]]:
        yield {"n": 1}
        assert goes_on.wait(10)  # until the first answer was seen
        yield {"n": 2}

    rows = fr.batch(questions(), flow=TWICE, store=None, provider=fr.ScriptedProvider({}))
    assert next(rows).value == 2
    goes_on.set()
    assert [row.value for row in rows] == [4]


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
def test_what_an_iterator_raises_is_raised_after_what_was_under_way(kind: str) -> None:
    def plain() -> Iterator[dict[str, int]]:
        yield from ({"n": n} for n in range(7))
        raise KeyError("no further page")

    async def asynchronous() -> AsyncIterator[dict[str, int]]:
        for row in plain():
            yield row

    found: list[int] = []
    questions: Any = plain() if kind == "plain" else asynchronous()
    with pytest.raises(KeyError, match="no further page"):
        found.extend(row.value for row in fr.batch(questions, flow=TWICE, store=None, provider=fr.ScriptedProvider({})))
    assert sorted(found) == [0, 2, 4, 6, 8, 10, 12]


# --- files ---


def items(path: Path) -> list[Item]:
    return list(files.rows_of(path, "question").items)


def test_lines_of_json_with_everything_that_may_be_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_LINE", 1000)
    lines = [
        b'\xef\xbb\xbf{"question": "a"}\r', b"", b"  ", b'"b"', b'{"question": NaN}', b'{"question": Infinity}',
        b"[" * 900, b"x" * 5000, b'"\xff"', b'{"q": 1} extra', b'{"n": ' + b"9" * 5000 + b"}", b'{"question": "last"}',
    ]  # fmt: skip
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    found = items(tmp_path / "in.jsonl")
    good = [dict(each.given) for each in found if not each.fault]
    assert good == [{"question": "a"}, {"question": "b"}, {"question": None}, {"question": "last"}]
    faults = [each.fault for each in found if each.fault]
    for fault, (line, words) in zip(
        faults,
        [(6, "Infinity"), (7, "JSON"), (8, "longer than"), (9, "UTF-8"), (10, "extra data"), (11, "longer than")],
        strict=True,
    ):
        assert fault.startswith(f"{tmp_path / 'in.jsonl'}, line {line}: ") and words in fault, fault


def test_tables_with_everything_that_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(
        b'\xef\xbb\xbfquestion,town\r\nplain,Basel\r\n"two\nlines","a ""b"""\r\n\r\nshort\r\na,b,c\r\n\xff,x\r\nlast,\r\n'
    )
    rows = files.rows_of(path, "question")
    found = list(rows.items)
    assert rows.columns == ("question", "town")
    assert [dict(each.given) for each in found if not each.fault] == [
        {"question": "plain", "town": "Basel"}, {"question": "two\nlines", "town": 'a "b"'},
        {"question": "last", "town": ""},
    ]  # fmt: skip
    assert [each.fault.removeprefix(f"{path}, ") for each in found if each.fault] == [
        "line 6: it has 1 field, and the header has 2", "line 7: it has 3 fields, and the header has 2",
        "line 8: it is not UTF-8 text",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "columns"), [("a;b\n1;2\n", ("a", "b")), ("a\tb\n1\t2\n", ("a", "b")), ("a\n1;2\n", ("a",))]
)
def test_a_table_says_itself_what_stands_between_cells(tmp_path: Path, text: str, columns: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text(text)
    rows = files.rows_of(tmp_path / "t.csv", "question")
    assert rows.columns == columns
    assert [list(each.given.values()) for each in rows.items] == [["1", "2"] if len(columns) == 2 else ["1;2"]]


def test_a_file_is_closed_when_the_rows_are_left(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(100)))
    rows = files.rows_of(tmp_path / "in.jsonl", "question").items
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert [row.value for row in run(tmp_path / "in.jsonl")] == [2 * n for n in range(100)]


# --- frames, of which there is no library here: what they can do is all that counts ---


class Number:
    """A number of numpy, as far as frames show it."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def tolist(self) -> Any:
        return self._value


class NAType:
    def __eq__(self, other: object) -> Any:
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = object.__hash__


@dataclass
class Timestamp:
    moment: datetime.datetime

    def to_pydatetime(self) -> datetime.datetime:
        return self.moment


class Frame:
    """A data frame: `pandas` has `itertuples`, `polars` has `iter_rows`."""

    def __init__(self, columns: list[Any], rows: list[tuple[Any, ...]], way: str) -> None:
        self.columns = columns
        self._rows = rows
        if way == "pandas":
            self.itertuples = lambda index, name: iter(rows)
        else:
            self.iter_rows = lambda: iter(rows)

    def __len__(self) -> int:
        return len(self._rows)


@pytest.mark.parametrize("way", ["pandas", "polars"])
def test_a_frame_gives_its_rows_as_plain_values(way: str) -> None:
    moment = datetime.datetime(2020, 1, 2)
    rows: list[tuple[Any, ...]] = [
        (Number(3), "Basel", float("nan")),
        (4, NAType(), Timestamp(moment)),
        (None, "x", [Number(1)]),
    ]
    found = run(Frame(["n", "town", 7], rows, way))
    assert [row.value for row in found] == [6, 8, None]
    assert [dict(row.given) for row in found] == [
        {"n": 3, "town": "Basel", "7": None}, {"n": 4, "town": None, "7": moment}, {"n": None, "town": "x", "7": [1]},
    ]  # fmt: skip
    assert found[2].error == "row 3: twice needs the input n: int"
    json.dumps([row.as_json() for row in found])


def test_a_frame_of_pandas_gives_plain_cells_and_its_labels_and_becomes_a_frame_with_the_answers() -> None:
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "half": [0.5, np.nan, 1.5],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "town": pd.Categorical(["Basel", None, "Bonn"]),
            "moment": [pd.Timestamp("2020-01-02 03:04"), pd.NaT, pd.Timestamp("2020-01-02", tz="UTC")],
            "span": pd.to_timedelta(["1D", None, "90min"]),
            "many": [np.array([1, 2]), [np.float64("nan")], {"k": np.int64(3)}],
            "sure": np.array([True, False, True]),
        },
        index=["first", "second", "third"],
    )
    utc, minute = datetime.UTC, datetime.timedelta(minutes=1)
    found = run(frame)
    assert [row.id for row in found] == ["first", "second", "third"]
    first, second, third = (dict(row.given) for row in found)
    assert first == {
        "n": 1, "half": 0.5, "whole": 1, "town": "Basel", "moment": datetime.datetime(2020, 1, 2, 3, 4),
        "span": 1440 * minute, "many": [1, 2], "sure": True,
    }  # fmt: skip
    assert [second[name] for name in ("half", "whole", "town", "moment", "span", "many")] == [None] * 5 + [[None]]
    assert (third["moment"], third["span"]) == (datetime.datetime(2020, 1, 2, tzinfo=utc), 90 * minute)
    exact = (int, float, str, bool, list, dict, datetime.datetime, datetime.timedelta, type(None))
    assert {type(value) for row in (first, second, third) for value in row.values()} <= set(exact)
    made = pd.DataFrame(row.record() for row in found).set_index("id")
    joined = frame.join(made[["value", "status"]])
    assert list(joined["value"]) == [2, 4, 6]
    assert list(joined["status"]) == ["answered"] * 3
    json.dumps([row.as_json() for row in found])


def test_a_part_of_a_frame_of_pandas_keeps_its_numbers_and_a_whole_one_counts_from_one() -> None:
    import pandas as pd

    frame = pd.DataFrame({"n": [1, 2, 3, 4]})
    assert [row.id for row in run(frame)] == ["1", "2", "3", "4"]
    assert [row.id for row in run(frame[frame["n"] > 2])] == ["2", "3"]
    assert [row.id for row in run(frame.assign(id=["a", "b", "c", "d"]).tail(2))] == ["c", "d"]
    assert run(frame.head(0)) == []
    with pytest.raises(fr.UsageError, match="two columns of the frame"):
        run(pd.concat([frame, frame], axis=1))


def test_a_frame_without_the_column_is_refused_as_a_whole() -> None:
    with pytest.raises(fr.UsageError, match="twice needs the input n: int;\nthe columns are: m"):
        run(Frame(["m"], [(1,)], "pandas"))
    with pytest.raises(fr.UsageError, match="two columns of the frame are called 'm'"):
        run(Frame(["m", "m"], [(1, 2)], "pandas"))
    assert frames.plain_cell({"a": Number([Number(2)])}) == {"a": [2]}
