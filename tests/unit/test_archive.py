"""A run goes out as one file and comes back the same, without secrets; a hostile file is refused and changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.view.run_tree import run_tree
from flowreason.view.terminal import plain_line
from tests.keeping import Counting, events_of
from tests.unit.test_kept_runs import CUT, EARLY, EMULATED, EVERYTHING, said, tools

KEY = "sk-canary-0123456789abcdef-0123456789"
SECRET_FLOW = """
flow f(q: text) -> any {
  a = ask "Say {q}"
  b = ask "Again {a}" with temperature=1
  c = `[b] * 3`
  answer c
}
"""


@pytest.fixture
def stores(tmp_path: Path) -> tuple[str, str]:
    return str(tmp_path / "mine.db"), str(tmp_path / "theirs.db")


@pytest.mark.parametrize("calls", [7, 200])
@pytest.mark.parametrize("text", [EVERYTHING, EMULATED, CUT, EARLY], ids=["everything", "emulated", "cut", "early"])
def test_an_imported_run_replays_as_the_one_that_was_exported(text, calls, stores, tmp_path: Path) -> None:
    _, given = tools()
    flow = fr.loads(text, tools=given if "tool" in text else [])
    live = flow.run(
        n=4, provider=Counting(said), store=stores[0], limits=fr.Limits(calls=calls), confirm=lambda *_: True,
        ask_user=lambda *_: "fine",
    )  # fmt: skip
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    run = fr.import_run(tmp_path / "run.jsonl", store=stores[1])
    again = fr.replay(run, store=stores[1])
    assert events_of(again) == events_of(live)
    assert (run, again.status, again.value, again.partial) == (live.run_id, live.status, live.value, live.partial)


def test_an_imported_run_is_forked_and_run_again_without_asking_what_it_knows(stores, tmp_path: Path) -> None:
    flow = fr.loads('flow f(n: int) -> any { a = ask "A{n}" b = ask "B {a}" with temperature=1 answer `[a, b]` }')
    live = flow.run(n=1, provider=Counting(), store=stores[0])
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    run = fr.import_run(tmp_path / "run.jsonl", store=stores[1])
    provider = Counting()
    assert fr.rerun(run, provider=provider, store=stores[1]).value == live.value
    assert provider.count == 0
    assert fr.fork(run, "a", "other", provider=provider, store=stores[1]).ok
    assert provider.count == 1


def test_the_answers_of_a_stranger_are_nobody_elses(stores, tmp_path: Path) -> None:
    flow = fr.loads('flow f() -> text { a = ask "A" with temperature=0 answer a }')
    live = flow.run(provider=Counting(lambda _: "poison"), store=stores[0])
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    fr.import_run(tmp_path / "run.jsonl", store=stores[1])
    mine = Counting(lambda _: "mine")
    assert flow.run(provider=mine, store=stores[1]).value == "mine"
    assert mine.count == 1


def test_a_run_that_is_there_is_never_overwritten(stores, tmp_path: Path) -> None:
    live = fr.loads('flow f() -> text { a = ask "A" answer a }').run(provider=Counting(), store=stores[0])
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    runs = {fr.import_run(tmp_path / "run.jsonl", store=stores[0]) for _ in range(3)}
    assert len(runs | {live.run_id}) == 4
    assert {info.id for info in fr.runs(store=stores[0])} == runs | {live.run_id}
    assert all(events_of(fr.replay(run, store=stores[0])) == events_of(live) for run in runs)


def test_no_key_no_address_and_no_path_leaves_the_machine(stores, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("FLOWREASON_API_KEY", "mykey-of-this-server")
    long = f"{'x' * 300} {KEY} mykey-of-this-server {'y' * 900}"
    provider = Counting(lambda _: long, origin="http://10.1.2.3:8080/v1")
    live = fr.loads(SECRET_FLOW).run(q=f"{KEY} at http://10.1.2.3:8080/v1", provider=provider, store=stores[0])
    path = tmp_path / "run.jsonl"
    fr.export_run(live.run_id, path, store=stores[0])
    text = path.read_text()
    for secret in (KEY, "canary", "mykey-of", "10.1.2.3", str(tmp_path)):
        assert secret not in text
    assert path.stat().st_mode & 0o077 == 0
    again = fr.replay(fr.import_run(path, store=stores[1]), store=stores[1])
    assert [len(each) for each in again.value] == [len(long)] * 3
    assert "[key]" in again.value[0]


def test_a_name_that_only_begins_like_a_key_stays(stores, tmp_path: Path) -> None:
    flow = fr.loads('flow f() -> text { skeleton_of_answer = ask "A" answer skeleton_of_answer }')
    live = flow.run(provider=Counting(), store=stores[0])
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    assert fr.replay(fr.import_run(tmp_path / "run.jsonl", store=stores[1]), store=stores[1]).ok


# --- hostile files ---


@pytest.fixture
def lines(stores, tmp_path: Path) -> list[dict[str, Any]]:
    _, given = tools()
    flow = fr.loads(EVERYTHING, tools=given)
    live = flow.run(n=2, provider=Counting(said), store=stores[0])
    fr.export_run(live.run_id, tmp_path / "run.jsonl", store=stores[0])
    return [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]


def first(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(line for line in lines if kind in line)


Spoil = Callable[[list[dict[str, Any]]], None]
HOSTILE: dict[str, tuple[Spoil, str]] = {
    "version": (lambda x: x[0].update(version=2), "version 2"),
    "no header": (lambda x: x.pop(0), "no exported run"),
    "no run": (lambda x: x.remove(first(x, "run")), "missing"),
    "two runs": (lambda x: x.append(first(x, "run")), "no part of a run"),
    "unknown line": (lambda x: x.append({"files": {"/etc/passwd": "x"}}), "no part of a run"),
    "unknown field": (lambda x: first(x, "run")["run"].update(owner="me"), "unknown"),
    "unknown setting": (lambda x: first(x, "run")["run"]["settings"].update(server="http://evil"), "unknown"),
    "limits": (lambda x: first(x, "run")["run"]["settings"].update(limits={"calls": "many"}), "limits"),
    "no flow": (lambda x: first(x, "run")["run"].update(flow="flow f( {"), "its flow"),
    "status": (lambda x: first(x, "run")["run"]["standing"].update(status="owned"), "status"),
    "inputs": (lambda x: first(x, "run")["run"].update(inputs={"n": {"$": "exec", "of": "x"}}), "inputs"),
    "a decimal that never ends": (
        lambda x: first(x, "run")["run"].update(inputs={"n": {"$": "decimal", "of": "1E999999999"}}), "inputs",
    ),
    "answer twice": (lambda x: x.append(first(x, "answer")), "twice"),
    "outcome twice": (lambda x: x.append(first(x, "outcome")), "twice"),
    "answer without text": (lambda x: first(x, "answer")["answer"].pop("text"), "lacks text"),
    "money": (lambda x: first(x, "answer")["answer"].update(money=-1), "money"),
    "key": (lambda x: first(x, "answer")["answer"].update(key="../../etc"), "key"),
    "answer missing": (lambda x: x.remove(first(x, "answer")), "answer"),
    "text missing": (
        lambda x: first(x, "events")["events"].append(["a", "", "", 1, {"b": {"$": "kept", "of": "0" * 64}}]), "missing",
    ),
    "part": (lambda x: first(x, "outcome")["outcome"].update(part=2**63), "part"),
    "outcome": (lambda x: first(x, "outcome")["outcome"].update(value={"read": 5}), "value"),
    "session": (lambda x: first(x, "events").update(session=7), "order"),
    "seq": (lambda x: first(x, "events").update(seq=1), "order"),
    "event": (lambda x: first(x, "events")["events"].append(5), "form"),
    "event time": (lambda x: first(x, "events")["events"].append(["a", "", "", "soon"]), "form"),
    "event type": (
        lambda x: first(x, "events")["events"].append(["node.failed", "f", "a", 1, {"error": 5, "error_kind": "x"}]),
        "another type",
    ),
    "event lacks": (lambda x: first(x, "events")["events"].append(["node.reply", "f", "a", 1, {}]), "lacks"),
}  # fmt: skip


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_file_is_refused_with_one_clear_error(how: str, lines, stores, tmp_path: Path) -> None:
    spoil, told = HOSTILE[how]
    spoil(lines)
    path = tmp_path / "hostile.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(fr.UsageError, match=told) as raised:
        fr.import_run(path, store=stores[1])
    assert len(str(raised.value).splitlines()) <= 3
    assert fr.runs(store=stores[1]) == []


RAW: dict[str, bytes] = {
    "nothing": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "deep": b'{"flowreason":"run","version":1}\n{"run":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "half deep": b'{"flowreason":"run","version":1}\n{"run":' + b'{"a":' * 100_000,
    "infinite": b'{"flowreason":"run","version":1}\n{"run":{"created":1e999}}\n',
    "not a number": b'{"flowreason":"run","version":1}\n{"run":{"created":NaN}}\n',
    "long number": b'{"flowreason":"run","version":1}\n{"run":{"created":' + b"9" * 10_000 + b"}}\n",
    "a list": b"[]\n",
    "a bare text": b'{"flowreason":"run","version":1}\n"run"\n',
    "not UTF-8": b'{"flowreason":"run","version":1}\n{"text":"\xff"}\n',
}


@pytest.mark.parametrize("how", RAW)
def test_what_is_no_export_at_all_is_told_as_such(how: str, stores, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(RAW[how])
    with pytest.raises(fr.UsageError):
        fr.import_run(path, store=stores[1])


def test_files_that_cannot_be_read_or_written_are_told(stores, tmp_path: Path) -> None:
    with pytest.raises(fr.UsageError, match="there is no file"):
        fr.import_run(tmp_path / "none", store=stores[1])
    with pytest.raises(fr.UsageError, match="cannot be read"):
        fr.import_run(tmp_path, store=stores[1])
    live = fr.loads('flow f() -> text { a = ask "A" answer a }').run(provider=Counting(), store=stores[0])
    with pytest.raises(fr.UsageError, match="cannot be written"):
        fr.export_run(live.run_id, tmp_path / "no folder" / "run", store=stores[0])
    assert sorted(os.listdir(tmp_path)) == sorted(
        name for name in os.listdir(tmp_path) if "mine" in name or "theirs" in name
    )


def test_a_file_whose_events_do_not_fit_its_flow_is_told_when_it_is_looked_at(lines, stores, tmp_path: Path) -> None:
    first(lines, "run")["run"]["flow"] = "flow other() -> int { answer 1 }"
    first(lines, "run")["run"]["inputs"] = {}
    path = tmp_path / "hostile.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = fr.import_run(path, store=stores[1])
    with pytest.raises(fr.JournalMismatch):
        fr.replay(run, store=stores[1])


JUNK: list[Any] = [
    None, True, -1, 0, 2**40, 1.5, "", "f", "a", "\x1b[2J", [], {}, [1], {"$": "set", "of": [[1]]}, {"$": "dict", "of": [1]},
    {"$": "kept", "of": "z"}, {"$": "timedelta", "of": [10**9, 1, 1]}, {"$": "reply", "of": ["a" * 64, 0, 5]}, {"is": 1},
    {"read": "a" * 64, "think": True, "structured": False}, "node.done", {"a": {"b": [None]}},
]  # fmt: skip


def places(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in JSON data but the whole."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, each in inner:
        yield (*place, name)
        yield from places(each, (*place, name))


def spoiled(lines: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """An export in which one place is something else, gone, or there twice."""
    made: Any = json.loads(json.dumps(lines))
    *way, last = chance.choice(list(places(made)))
    inner = made
    for name in way:
        inner = inner[name]
    match chance.choice(["other", "other", "gone", "twice"]):
        case "gone":
            del inner[last]
        case "twice" if isinstance(inner, list):
            inner.insert(last, chance.choice(inner))
        case _:
            inner[last] = chance.choice(JUNK)
    return made


@pytest.mark.parametrize("seed", range(4))
def test_a_spoiled_export_is_refused_or_every_use_of_it_is_told_without_a_traceback(
    seed: int, lines, stores, tmp_path: Path
) -> None:
    chance, path = random.Random(seed), tmp_path / "spoiled.jsonl"
    _, given = tools()
    taken = 0
    for _ in range(60):
        path.write_text("".join(json.dumps(line) + "\n" for line in spoiled(lines, chance)))
        try:
            run = fr.import_run(path, store=stores[1])
        except fr.UsageError as error:
            assert len(str(error).splitlines()) <= 3
            continue
        taken += 1
        with contextlib.suppress(fr.FlowreasonError):
            again = fr.replay(run, store=stores[1])
            assert run_tree(again.graph, again.events)
            assert [plain_line(event) for event in again.events] and again.draw("svg")
        for use in fr.rerun, fr.resume:
            with contextlib.suppress(fr.FlowreasonError):
                use(run, provider=Counting(said), tools=given, store=stores[1])
    assert taken


def test_what_is_no_file_is_written_to_and_not_replaced(stores, tmp_path: Path) -> None:
    """An export into a pipe (or a device) goes through it; what stood there stands there still."""
    live = fr.loads("flow f() -> int { answer `6 * 7` }").run(provider=Counting(), store=stores[0])
    pipe, box = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: box.append(pipe.read_text(encoding="ascii")))
    reader.start()
    fr.export_run(live.run_id, pipe, store=stores[0])
    reader.join(timeout=20)
    assert pipe.is_fifo()
    (tmp_path / "run.jsonl").write_text(box[0], encoding="ascii")
    run = fr.import_run(tmp_path / "run.jsonl", store=stores[1])
    assert fr.replay(run, store=stores[1]).value == 42


PAYS = """
tool pay(amount: int) -> bool "pays"
flow f() -> any {
  paid = pay(5)
  more = ask user "More?"
  answer [paid, more]
}
"""


def test_what_somebody_else_agreed_to_and_allowed_counts_for_nobody_here(stores, tmp_path: Path) -> None:
    paid: list[int] = []
    asked: list[str] = []

    @fr.tool
    def pay(amount: int) -> bool:
        """pays"""
        paid.append(amount)
        return True

    def says(text: str, type: str) -> str:
        asked.append(text.partition("\n")[0])
        return "no" if type == "bool" else "nothing"

    text = PAYS.replace("answer [paid, more]", "answer more")
    theirs = fr.loads(text, tools=[pay]).run(
        provider=Counting(), store=stores[0], approve=True, limits=fr.Limits(calls=10**6), model="dear",
        ask_user=lambda text, type: "yes" if type == "bool" else (_ for _ in ()).throw(fr.Cancelled("later")),
    )  # fmt: skip
    assert (theirs.status, paid) == ("cancelled", [5])
    fr.export_run(theirs.run_id, tmp_path / "run.jsonl", store=stores[0])
    lines = [line for line in (tmp_path / "run.jsonl").read_text().splitlines() if '"kind":"tool"' not in line and '"begun"' not in line]  # fmt: skip
    assert any('"kind":"consent"' in line for line in lines)
    (tmp_path / "evil.jsonl").write_text("\n".join(lines))
    run = fr.import_run(tmp_path / "evil.jsonl", store=stores[1])
    settings = fr.run_info(run, store=stores[1]).plan.settings
    assert "limits" not in settings and "model" not in settings
    fr.resume(run, provider=Counting(), tools=[pay], store=stores[1], approve=True, ask_user=says)
    assert (paid, asked[0]) == ([5], "May the flow do this?")


@pytest.mark.parametrize(
    ("line", "told"),
    [(b'{"text": "it was cut', "it is no JSON, or a part of it is missing"), (b"\xff", "not UTF-8 text")],
)
def test_a_damaged_line_is_told_in_words_for_somebody_who_did_not_write_it(
    line: bytes, told: str, stores, tmp_path: Path
) -> None:
    (tmp_path / "cut.jsonl").write_bytes(b'{"flowreason":"run","version":1}\n' + line + b"\n")
    with pytest.raises(fr.UsageError, match="line 2 of the exported run is damaged") as raised:
        fr.import_run(tmp_path / "cut.jsonl", store=stores[1])
    assert told in str(raised.value) and "char" not in str(raised.value)


@pytest.mark.parametrize("line", [b'"' + b'\\"' * 500_000, b'{"a": "' + b"\\" * 999_999, b"[" * 50 + b'"' * 999_999])
def test_a_line_that_is_made_to_take_long_is_refused_at_once(line: bytes, stores, tmp_path: Path) -> None:
    (tmp_path / "long.jsonl").write_bytes(b'{"flowreason":"run","version":1}\n' + line + b"\n")
    with pytest.raises(fr.UsageError, match="line 2 of the exported run is damaged"):
        fr.import_run(tmp_path / "long.jsonl", store=stores[1])


def test_an_empty_first_line_is_no_header(lines, stores, tmp_path: Path) -> None:
    path = tmp_path / "later.jsonl"
    path.write_text("\n" + "\n".join(json.dumps(each) for each in [{"flowreason": "run", "version": 99}, *lines[1:]]))
    with pytest.raises(fr.UsageError, match="no exported run"):
        fr.import_run(path, store=stores[1])
