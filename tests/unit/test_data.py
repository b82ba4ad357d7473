"""Data of files: its types, where it may stand, what is wrong with it, and that a run goes on with it as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason import used_files
from flowreason_dsl.check import check, find_all
from flowreason_dsl.check.data import MOST_DATA, type_of
from flowreason_dsl.diagnostics import errors
from flowreason_dsl.fixing import fix_all
from flowreason_dsl.parser import parse
from tests.keeping import Counting, events_of

WORKED = '{"question": "How deep is it?", "answer": "9 m"}\n\n{"question": "How long?", "answer": "3 km"}\n'


def folder(place: Path, **files: str) -> Path:
    """Files by name; `_` before the ending stands for the dot."""
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        (place / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return place


def run(text: str, root: Path, **inputs: Any) -> Any:
    result = fr.loads(text, root=root).run(inputs, provider=Counting(), store=None, unsafe_python=True)
    assert result.ok, result.error
    return result.value


def codes(text: str, **files: str) -> list[str]:
    held = {f"{name.rpartition('_')[0]}.{name.rpartition('_')[2]}": each for name, each in files.items()}

    def load(path: str) -> str:
        if path not in held:
            raise FileNotFoundError(2, "No such file")
        return held[path]

    return [each.code for each in find_all(text, load=load, name="main.flow")]


def message(text: str, root: Path) -> str:
    with pytest.raises(fr.FlowError) as caught:
        fr.loads(text, root=root)
    return str(caught.value)


# --- types ---


@pytest.mark.parametrize(
    ("value", "type"),
    [
        ("x", "text"), (3, "int"), (3.5, "number"), (True, "bool"), (None, "any"), ([], "list[any]"), ([1, 2.5], "list[number]"), ([1, "a"], "list[any]"),
        ([{"q": "a", "n": 1}, {"n": 2.5, "q": "b"}], "list[{q: text, n: number}]"), ([{"q": "a"}, {"q": "b", "more": 1}], "list[any]"),
        ([[1], []], "list[list[any]]"), ({"north": ["Oslo"]}, "{north: list[text]}"), ({"two words": 1, "b": 2}, "dict[int]"), ({}, "dict[any]"),
        ({f"k{n}": n for n in range(60)}, "dict[int]"), ([{"a": None}, {"a": 1}], "list[{a: any}]"), ([{"a": {"b": 1}}], "list[{a: {b: int}}]"),
    ],
)  # fmt: skip
def test_the_type_of_data_is_what_all_of_it_has_in_common(value: Any, type: str) -> None:
    assert str(type_of(value)) == type


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("d_jsonl", '"a"\r\n\r\n"b"\n', ["a", "b"]), ("d_ndjson", "1\n2", [1, 2]), ("d_jsonl", "", []), ("d_json", ' {"a": [1, null]} ', {"a": [1, None]}),
        ("d_txt", "Grüße\n  {x}\n", "Grüße\n  {x}\n"), ("d_md", "# Title", "# Title"), ("d_csv", "a,b\n1,2\n", "a,b\n1,2\n"), ("d_flow", "flow g() { }", "flow g() { }"), ("d_JSONL", "7", [7]),
        ("d_jsonl", '"one\\nline"\n"\u2028"\n', ["one\nline", "\u2028"]), ("d_txt", "\ufeffmark", "mark"),
    ],
)  # fmt: skip
def test_a_file_is_lines_of_json_json_or_text_by_its_ending(name: str, text: str, value: Any, tmp_path: Path) -> None:
    folder(tmp_path, **{name: text})
    assert run(f'use "{name.replace("_", ".")}" as d\nflow f() -> any {{ answer d }}', tmp_path) == value


# --- where it may stand ---


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("answer worked[1].answer", "3 km"), ('answer "{worked[0].question} {worked[-1].answer}"', "How deep is it? 3 km"), ("answer `[w.answer for w in worked]`", ["9 m", "3 km"]),
        ("xs = for w in worked yield w.answer answer xs", ["9 m", "3 km"]), ("n = `1` ensure `n < len(worked)` answer n", 1), ("x = `1 // 0` else worked[0].answer answer x", "9 m"),
        ('match worked[0].answer { "9 m" { answer "yes" } else { answer "no" } }', "yes"), ("n = 0 repeat 2 { n = `n + len(worked)` } answer n", 4), ("answer more()", "3 km!"),
        ("if `len(worked) > 1` { answer own(`[]`) } else { answer 0 }", 0), ("xs = sample 2 { yield worked[0].answer } answer xs", ["9 m", "9 m"]),
        ("worked = `[1]` worked = `worked + [2]` answer worked", [1, 2]), ("for worked in `[5]` { x = worked } answer 1", 1), ("answer few(worked)", 2), ("answer few()", 2),
        ("a = emulate `len(worked)` answer a", 2), ('p = "len(shown)" shown = worked a = emulate p given shown answer a', 2),
    ],
)  # fmt: skip
def test_data_is_there_in_every_flow_of_all_files_where_no_own_name_hides_it(
    body: str, value: Any, tmp_path: Path
) -> None:
    folder(
        tmp_path,
        worked_jsonl=WORKED,
        more_flow='flow more() -> text { answer "{worked[1].answer}!" }\nflow few(xs: list[any] = worked) -> int { answer `len(xs)` }',
    )
    text = (
        f'use "worked.jsonl" as worked\nuse "more.flow"\nflow f() -> any {{ {body} }}\n'
        "flow own(worked: list[any]) -> int { answer `len(worked)` }"
    )
    assert run(text, tmp_path) == value


def test_data_is_shown_to_an_ask_and_an_edge_brings_it(tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl=WORKED, manner_txt="In one word.")
    provider = Counting()
    text = 'use "worked.jsonl" as worked use "manner.txt" as manner flow f() -> any { a = ask "Q {manner}" given worked b = ask "R" manner -> b answer "{a}{b}" }'
    assert fr.loads(text, root=tmp_path).run(provider=provider, store=None).ok
    first, second = sorted(
        (request.messages[-1].content for request in provider.requests), key=lambda each: "9 m" not in each
    )
    assert "9 m" in first and "In one word." in first
    assert "In one word." in second and "9 m" not in second


def test_a_default_may_be_data_and_an_argument_wins(tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl=WORKED)
    text = 'use "worked.jsonl" as worked flow f(xs: list[{question: text, answer: text}] = worked) -> any { answer `len(xs)` }'
    assert run(text, tmp_path) == 2
    assert run(text, tmp_path, xs=[]) == 0
    flow = fr.loads(text, root=tmp_path)
    assert (flow.parameters[0].default, flow.parameters[0].data) == (flow.checked.data["worked"].value, "worked")
    assert "= worked" in str(flow.draw("mmd"))


def test_the_price_knows_how_long_data_is(tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl="\n".join(f'{{"q": "{n}"}}' for n in range(7)))
    text = 'use "worked.jsonl" as worked flow f(more: list[any] = worked) -> any { xs = for w in worked yield ask "{w.q}" ys = for w in more yield ask "again {w.q}" answer `[xs, ys]` }'
    flow = fr.loads(text, root=tmp_path)
    assert flow.price().as_json()["calls"] == {"fewest": 14, "most": 42}
    assert flow.price({"more": []}).as_json()["calls"]["fewest"] == 7


def test_a_picture_names_the_file_and_not_what_it_holds(tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl=WORKED)
    flow = fr.loads('use "worked.jsonl" as worked flow f() -> any { answer worked }', root=tmp_path)
    assert "worked.jsonl" in str(flow.draw("svg")) and "9 m" not in str(flow.draw("svg"))
    again = fr.loads_graph(str(flow.draw("json")), root=tmp_path)
    assert again.run(provider=Counting(), store=None).value == flow.run(provider=Counting(), store=None).value


def test_what_is_done_with_data_changes_it_for_nobody_else(tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl=WORKED)
    seen: list[int] = []

    @fr.tool
    def spoil(xs: Any) -> int:
        seen.append(len(xs))
        xs.clear()
        return 1

    text = 'use "worked.jsonl" as worked flow f() -> any { a = g() b = g() c = more() answer `[worked, a, b, c]` } flow g() -> any { spoil(worked) answer 0 } flow more(xs: any = worked) -> any { spoil(xs) answer 1 }'
    flow = fr.loads(text, tools=[spoil], root=tmp_path)
    for _ in range(2):
        result = flow.run(provider=Counting(), store=None)
        assert result.value[0] == [json.loads(line) for line in WORKED.splitlines() if line]
        result.value[0].clear()
    assert seen == [2] * 6
    assert len(fr.loads(text, tools=[spoil], root=tmp_path).checked.data["worked"].value) == 2


# --- what is wrong ---

USE = 'use "worked.jsonl" as worked\n'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{USE}flow f() -> any {{ answer worked }}", []), (f"{USE}{USE}flow f() -> any {{ answer worked }}", []), (f'{USE}use "./worked.jsonl" as worked flow f() -> any {{ answer worked }}', []),
        (f'{USE}use "note.txt" as worked flow f() -> any {{ answer worked }}', ["data-twice"]), (f"{USE}flow worked() -> any {{ answer 1 }}", ["data-twice"]), (f"{USE}tool worked() flow f() -> any {{ answer worked() }}", ["data-twice"]),
        (f"{USE}flow f() -> any {{ answer 1 }}", ["data-unused"]), ('use "worked.jsonl" as _worked flow f() -> any { answer 1 }', []), ('use "worked.jsonl" flow f() -> any { answer 1 }', ["use-unnamed"]),
        ('use "worked.jsonl" flow f() -> any { answer g() }', ["use-unnamed"]), ('use "note.txt" flow f() -> any { answer 1 }', ["use-unnamed"]), ('use "gone.jsonl" as worked flow f(a: text = worked) -> any { answer "{a} {worked[0].x}" }', ["use-missing"]),
        (f"{USE}flow f(a: list[{{question: text}}] = worked) -> any {{ answer a }}", []), (f"{USE}flow f(a: list[{{note: text}}] = worked) -> any {{ answer a }}", ["default-type"]),
        (f"{USE}flow f(a: text = worked) -> any {{ answer a }}", ["default-type"]), (f"{USE}flow f(a: text = wroked) -> any {{ answer a }}", ["data-unused", "default-unknown"]),
        ("flow f(a: text = b, b: text = \"x\") -> any { answer \"{a}{b}\" }", ["default-unknown"]), (f"{USE}flow f() -> int {{ answer worked }}", ["type-mismatch"]),
        (f"{USE}flow f() -> any {{ answer worked[0].answr }}", ["field-unknown"]), (f"{USE}flow f() -> any {{ x = worked worked = 1 answer x }}", ["name-too-early"]), (f"{USE}flow f() -> any {{ answer worked() }}", ["call-of-value"]),
        (f"{USE}flow f() -> any {{ near = `nearest(worked, 'x', 1)` answer near[0].quest }}", ["field-unknown"]), (f"{USE}flow f() -> any {{ done = `execute('1')` answer done.valu given worked }}", ["field-unknown"]),
        (f"{USE}flow f() -> any {{ answer wrked }}", ["name-unknown"]), ('use "note.txt" as note flow f() -> any { answer note.x }', ["field-of-scalar"]), ('use "sub.flow" as sub flow f() -> any { answer g(1) }', ["data-unused", "call-unknown"]),
        ('use "sub.flow" as sub flow f() -> any { answer run sub given `1` }', ["syntax-unexpected"]), ('use "sub.flow" as sub flow f() -> any { x = 1 answer run sub given x }', []), ('use "bad.jsonl" as worked flow f() -> any { answer worked[0].x }', ["data-broken"]),
        (f"{USE}use \"sub.flow\" flow f() -> any {{ answer g(worked) }}", []), (f"{USE}tool t(a: list[any] = worked) flow f() -> any {{ answer t() }}", []), (f"{USE}flow f() -> any {{ worked -> b b = ask \"x\" answer b }}", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_data_is_told_once(text: str, found: list[str]) -> None:
    files = {
        "worked_jsonl": WORKED,
        "note_txt": "hi",
        "bad_jsonl": "{",
        "sub_flow": "flow g(x: any) -> any { answer x }",
    }
    assert sorted(codes(text, **files)) == sorted(found)


@pytest.mark.parametrize(
    "use",
    [
        'use "worked.jsonl" as "worked"', "use worked.jsonl as worked", 'use worked from "worked.jsonl"', 'use "worked.jsonl" worked', 'use "worked.jsonl" = worked', 'use "worked.jsonl" -> worked',
        'use "worked.jsonl"', 'use "worked.jsonl" as worked;', "use ./worked.jsonl as worked",
    ],
)  # fmt: skip
def test_what_other_languages_write_is_mended_to_what_was_meant(use: str) -> None:
    def load(path: str) -> str:
        assert path in ("worked.jsonl", "./worked.jsonl")
        return WORKED

    flow = "flow f() -> any { answer worked[0].answer }"
    fixed = fix_all(f"{use}\n{flow}", lambda text: find_all(text, load=load))
    assert errors(fixed.diagnostics) == []
    assert fixed.text.replace("./", "") == f'use "worked.jsonl" as worked\n{flow}'


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("d_jsonl", '{"a": 1}\n\n{"a": }\n', "line 3, column 7 is no JSON: expecting value"), ("d_json", '{\n "a": 1,\n}', "line 3, column 1 is no JSON"), ("d_json", "", "it is empty"), ("d_json", "[1, NaN]", "NaN is no number"),
        ("d_json", "[1e999]", "a number that is too large"), ("d_json", "[" * 61 + "]" * 61, "nests deeper than 60 levels"), ("d_json", "[" * 100_000, "nests deeper than 60 levels"), ("d_json", "9" * 5_000, "a number of too many digits"),
        ("d_json", '["\\ud800"]', "half of a character"), ("d_jsonl", "yes\n", "line 1, column 1 is no JSON"), ("d_txt", "x" * (MOST_DATA + 1), "larger than 4,000,000 bytes"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_data_is_told_with_its_line(name: str, text: str, said: str, tmp_path: Path) -> None:
    folder(tmp_path, **{name: text})
    path = name.replace("_", ".")
    found = message(f'use "{path}" as d\nflow f() -> any {{ answer d }}', tmp_path)
    assert said in found and path in found


def test_a_file_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b'"a"\n"\xff"\n')
    assert "d.jsonl` cannot be used: line 2 holds bytes that are not UTF-8" in message(
        'use "d.jsonl" as d flow f() -> any { answer d }', tmp_path
    )


@pytest.mark.parametrize(
    ("type", "said"),
    [
        ("list[{question: text, note: text}]", "line 1 of worked.jsonl has no field `note`"), ( "list[{question: text, level: int}]", '`level` in line 3 of worked.jsonl is "high"' ),
        ("list[int]", "line 1 of worked.jsonl is"), ("{question: text}", "what worked.jsonl holds is list"), ('list[{kind: "a" | "b"}]', '`kind` in line 3 of worked.jsonl is "c"'),
        ("list[{maybe: text}]", "`maybe` in line 3 of worked.jsonl is null"),
    ],
)  # fmt: skip
def test_a_default_that_does_not_fit_is_told_with_the_line_of_its_file(type: str, said: str, tmp_path: Path) -> None:
    first = {"question": "a", "level": 1, "kind": "a", "maybe": "x"}
    second = {"question": "b", "level": "high", "kind": "c", "maybe": None}
    folder(tmp_path, worked_jsonl=f"{json.dumps(first)}\n\n{json.dumps(second)}\n")
    assert said in message(f'use "worked.jsonl" as w flow f(a: {type} = w) -> any {{ answer a }}', tmp_path)


def test_data_named_in_a_used_file_is_told_of_in_that_file() -> None:
    main = parse('use "sub.flow" flow f() -> any { answer g() }', "main.flow")
    files = {"sub.flow": 'use "d.json" as g\nflow g() -> any { answer 1 }', "d.json": "1"}
    with pytest.raises(fr.FlowCheckError) as caught:
        check(main, load=files.__getitem__)
    (found,) = [each for each in caught.value.diagnostics if each.severity == "error"]
    assert (found.code, found.source and found.source.name) == ("data-twice", "sub.flow")


# --- kept runs ---

KEPT = """use "worked.jsonl" as worked
use "more.flow"
flow f(few: list[{question: text, answer: text}] = worked) -> any {
  a = ask "Say it" given worked
  n = `sum(len(one.answer) for one in worked) + size()`
  xs = for one in few yield ask "Again {one.question}"
  u = ask user "Well {a}?"
  answer "{n} {xs} {u} {worked[1].answer}"
}
"""
MORE = "flow size() -> int { answer `len(worked) * 10` }"


def test_a_run_goes_on_replays_and_travels_with_the_data_as_it_was(tmp_path: Path) -> None:
    root, store = folder(tmp_path, worked_jsonl=WORKED, more_flow=MORE, main_flow=KEPT), str(tmp_path / "runs.db")
    provider = Counting()
    waiting = fr.load(root / "main.flow").run(provider=provider, store=store)
    assert (waiting.status, provider.count) == ("waiting", 3)
    folder(tmp_path, worked_jsonl='{"question": "Other?", "answer": "1"}\n')
    (root / "more.flow").unlink()
    ended = fr.resume(waiting.run_id, answers="yes", provider=provider, store=store)
    assert ended.ok, ended.error
    assert str(ended.value).startswith("27 [") and str(ended.value).endswith("yes 3 km")
    assert provider.count == 3
    assert events_of(fr.replay(ended.run_id, store=store)) == events_of(ended)
    assert fr.rerun(ended.run_id, provider=provider, store=store, ask_user=lambda *_: "yes").value == ended.value
    forked = fr.fork(ended.run_id, "n", 5, provider=provider, store=store)
    assert str(forked.value).startswith("5 [") and str(forked.value).endswith("yes 3 km")
    assert provider.count == 3
    fr.export_run(ended.run_id, tmp_path / "run.jsonl", store=store)
    theirs = str(tmp_path / "theirs.db")
    assert fr.replay(fr.import_run(tmp_path / "run.jsonl", store=theirs), store=theirs).value == ended.value


def test_a_flow_that_is_run_again_with_other_data_does_anew_what_depends_on_it(tmp_path: Path) -> None:
    root, store = folder(tmp_path, worked_jsonl=WORKED, more_flow=MORE), str(tmp_path / "runs.db")
    text = KEPT.replace('ask user "Well {a}?"', '"{a}"')
    provider = Counting(origin="")
    first = fr.loads(text, root=root).run(provider=provider, store=store)
    assert first.ok and provider.count == 3
    folder(tmp_path, worked_jsonl=WORKED.replace("9 m", "19 m"))
    again = fr.rerun(first.run_id, flow=fr.loads(text, root=root), provider=provider, store=store)
    assert (
        str(again.value).startswith("28 [") and provider.count == 4
    )  # the first ask was shown the data, the rest was not
    folder(tmp_path, worked_jsonl=WORKED + WORKED.splitlines()[0].replace("9 m", ""))
    third = fr.rerun(first.run_id, flow=fr.loads(text, root=root), provider=provider, store=store)
    assert str(third.value).startswith("37 [")  # `size` counts anew, though the text that calls it is the same


def test_the_files_of_many_runs_are_kept_once(tmp_path: Path) -> None:
    folder(tmp_path, worked_txt="".join(f"line {n}\n" for n in range(60_000)))
    flow = fr.loads('use "worked.txt" as worked flow f(n: int) -> any { answer `len(worked) + n` }', root=tmp_path)
    store = str(tmp_path / "runs.db")
    runs = [flow.run(n=n, provider=Counting(), store=store).run_id for n in range(8)]
    assert sum(each.stat().st_size for each in tmp_path.glob("runs.db*")) < 4 * (tmp_path / "worked.txt").stat().st_size
    fr.delete_runs(runs[1:], store=store)
    assert fr.replay(runs[0], store=store).value == flow.run(n=0, provider=Counting(), store=None).value


# --- the library ---


def test_files_of_the_library_are_used_from_anywhere(tmp_path: Path) -> None:
    text = 'use "library:direct"\nflow f(question: text) -> text { answer direct(question) }'
    provider = Counting()
    for root in (None, tmp_path):
        flow = fr.loads(text, root=root)
        assert "library:direct" in flow.files
        assert flow.run(question="Why?", provider=provider, store=None).ok
    place = tmp_path / "main.flow"
    place.write_text(text)
    assert fr.load(place).run(question="Why?", provider=provider, store=None).ok


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of our own."""
    place = tmp_path / "library"
    (place / "exemplars").mkdir(parents=True)
    folder(
        place,
        one_flow='use "library:two"\nuse "library:exemplars/some.jsonl" as one_some\nflow one() -> any { answer `two() + len(one_some)` }',
        two_flow='use "library:one"\nflow two() -> int { answer 40 }',
    )
    folder(place / "exemplars", some_jsonl="1\n2\n")
    (tmp_path / "secret.flow").write_text("flow secret() -> int { answer 1 }")
    monkeypatch.setattr(used_files, "SHELF", place)
    return place


ONE = 'use "library:one"\nflow f() -> any { u = ask user "?" answer "{u} {x}" x = one() }'.replace(
    'u = ask user "?" answer "{u} {x}" x = one()', 'x = one() u = ask user "?" answer "{u} {x}"'
)


def test_a_run_goes_on_with_the_library_as_it_was(shelf: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    flow = fr.loads(ONE)
    assert sorted(flow.files) == ["library:exemplars/some.jsonl", "library:one", "library:two"]
    waiting = flow.run(provider=Counting(), store=store)
    folder(shelf, two_flow="flow two() -> int { answer 0 }")
    (shelf / "one.flow").unlink()
    ended = fr.resume(waiting.run_id, answers="yes", provider=Counting(), store=store)
    assert ended.value == "yes 42"
    assert events_of(fr.replay(ended.run_id, store=store)) == events_of(ended)


@pytest.mark.parametrize(
    "path",
    ["library:../secret", "library:../secret.flow", "library:/etc/hostname", "library:exemplars/../../secret.flow"],
)
def test_the_library_leads_nowhere_else(path: str, shelf: Path) -> None:
    assert "leads out of the library" in message(f'use "{path}" flow f() -> any {{ answer 1 }}', shelf.parent)


@pytest.mark.parametrize("path", ["library:none", "library:", "library:exemplars"])
def test_what_the_library_does_not_have_is_told(path: str, shelf: Path) -> None:
    assert f"the file `{path}` cannot be read" in message(f'use "{path}" flow f() -> any {{ answer 1 }}', shelf.parent)


def test_files_of_the_library_name_no_file_of_the_folder(shelf: Path) -> None:
    folder(shelf, one_flow='use "secret.flow"\nflow one() -> any { answer secret() }')
    assert "files of the library name one another as `library:…`" in message(ONE, shelf.parent)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('use "own.json" as one_some\nuse "library:one"\nflow f() -> any { answer `one() + one_some` }', "data-twice", "`one_some` is what `library:exemplars/some.jsonl` holds already"),
        ('use "library:one"\nflow f() -> any { answer one() }\nflow two() -> int { answer 1 }', "flow-twice", "two flows called `two`, in library:two too"),
    ],
)  # fmt: skip
def test_a_name_that_the_library_has_is_told_of_where_it_can_be_changed(
    text: str, code: str, said: str, shelf: Path
) -> None:
    folder(shelf.parent, own_json="1")
    with pytest.raises(fr.FlowCheckError) as caught:
        fr.loads(text, root=shelf.parent)
    (found,) = [each for each in caught.value.diagnostics if each.code == code]
    assert found.source is None and said in found.message


def test_a_text_without_a_folder_has_the_library_alone() -> None:
    with pytest.raises(fr.FlowError, match="a flow without a file of its own cannot use other files"):
        fr.loads('use "worked.jsonl" as worked\nflow f() -> any { answer worked }')


@pytest.mark.parametrize("use", ["library:direct", "worked.jsonl"])
def test_a_flow_that_is_run_inside_of_another_uses_no_file(use: str, tmp_path: Path) -> None:
    folder(tmp_path, worked_jsonl=WORKED)
    inner = f'use \\"{use}\\" as held\nflow g() -> any {{{{ answer held }}}}'
    flow = fr.loads(f'flow f() -> any {{ t = "{inner}" answer run t }}', root=tmp_path)
    result = flow.run(provider=Counting(), store=None)
    assert not result.ok and "cannot use other files" in str(result.error)
