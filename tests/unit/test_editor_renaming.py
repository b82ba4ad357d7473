"""Renaming leaves the meaning of a flow as it was, or is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flowreason.editor.analysis import Analysis, Surroundings
from flowreason.editor.files import Files
from flowreason.editor.names import Occurrence
from flowreason.editor.renaming import Refused, rename
from flowreason_dsl.diagnostics import errors

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("examples/*/flow.flow"), *ROOT.glob("tests/corpus/valid/*.flow"), *ROOT.glob("tests/corpus/clean/*.flow")])  # fmt: skip


def looked_at(text: str, folder: Path | None = None) -> Analysis:
    return Analysis(text, surroundings=Surroundings(files=None if folder is None else Files(folder)))


def renamed(text: str, offset: int, new: str, folder: Path | None = None) -> str:
    spans = rename(looked_at(text, folder), offset, new)
    for span in reversed(spans):
        text = text[: span.start] + new + text[span.end :]
    return text


def at(text: str, mark: str, more: int = 0) -> int:
    return text.index(mark) + more


def shape(text: str, folder: Path | None = None) -> object:
    """What a graph is but for the names in it."""
    graph = looked_at(text, folder).graph
    assert graph is not None
    return [
        ([type(node.op).__name__ for node in flow.nodes.values()], len(list(flow.edges())))
        for flow in graph.flows.values()
    ]


def one_of_each(analysis: Analysis) -> list[Occurrence]:
    found = {(each.name, each.owner): each for each in analysis.names.all}
    return list(found.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_new_name_and_the_old_one_again_give_the_same_text_and_graph(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    analysis = looked_at(text, path.parent)
    if errors(analysis.findings):
        pytest.skip("needs tools of its own")
    before = shape(text, path.parent)
    for each in random.Random(path.name).sample(one_of_each(analysis), min(6, len(one_of_each(analysis)))):
        new = "_" * each.name.startswith("_") + "zebra_crossing"
        try:
            there = renamed(text, each.span.start, new, path.parent)
        except Refused as refused:
            assert "Python" in str(refused) or "another file" in str(refused)
            continue
        assert errors(looked_at(there, path.parent).findings) == []
        assert shape(there, path.parent) == before
        try:
            assert renamed(there, there.index(new), each.name) == text
        except Refused as refused:  # a comprehension has a target of the old name
            assert "as a name of its own" in str(refused)


TOWNS = """flow towns(count: int) -> text {
  names: list[text] = ask "Name {count} towns."
  long = `[name for name in names if len(name) > 5 and (lambda names: names)(1)]`
  check = ask "Are these towns: {names}?" given names
    ensure `len(check) < len(names) * 10`, "too long for {check}"
  names -> check
  shown = ```
    def show(names):
        return ", ".join(names)
    f"{show(names)} {names!r:>{count}}"
  ```
  answer "{names[0]}, {{names}}, {shown}, {long}, {check}"
}
"""


def test_a_name_is_changed_in_python_texts_givens_edges_and_checks_and_nowhere_else() -> None:
    after = renamed(TOWNS, at(TOWNS, "names:"), "places")
    expected = """flow towns(count: int) -> text {
  places: list[text] = ask "Name {count} towns."
  long = `[name for name in places if len(name) > 5 and (lambda names: names)(1)]`
  check = ask "Are these towns: {places}?" given places
    ensure `len(check) < len(places) * 10`, "too long for {check}"
  places -> check
  shown = ```
    def show(names):
        return ", ".join(names)
    f"{show(places)} {places!r:>{count}}"
  ```
  answer "{places[0]}, {{names}}, {shown}, {long}, {check}"
}
"""
    assert after == expected


def test_a_parameter_is_changed_with_the_keys_of_its_arguments_in_the_flow_and_in_python() -> None:
    text = (
        "flow main() -> int {\n  first = half(of=8)\n  answer `half(of=4) + first`\n}\n"
        "flow half(of: int) -> int { answer `of // 2` }\n"
    )
    for mark in ("of=8", "of=4", "of: int", "of // 2"):
        after = renamed(text, at(text, mark), "whole")
        assert after == text.replace("of=", "whole=").replace("of:", "whole:").replace("of //", "whole //")


def test_a_flow_is_changed_wherever_it_is_called() -> None:
    text = (
        "flow main() -> int {\n  a = half(8)\n  answer `half(a) + 1`\n}\nflow half(n: int) -> int { answer `n // 2` }\n"
    )
    after = renamed(text, at(text, "half(a)"), "halve")
    assert after == text.replace("half", "halve")


DATA = """use "worked.jsonl" as worked
flow main(few: list[text] = worked) -> any {
  near = `nearest(worked, "x", 1)`
  for one in worked { near = "{worked[0]} {one}" }
  answer ask "{few}" given worked, near
}
flow own(worked: text) -> int { answer `len(worked)` }
"""


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("main", "already"),
        ("near", "already"),
        ("nearest", "Python in `main` uses `nearest`"),
        ("len", "Python in `own` uses `len`"),
        ("pure", "word of the language"),
    ],
)
def test_data_is_changed_in_every_flow_that_reads_it(new: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "worked.jsonl").write_text('"a"\n"b"\n')
    for place in ("as worked", "= worked", "nearest(worked", "in worked", "{worked[0]", "given worked"):
        after = renamed(DATA, DATA.index(place) + place.index("worked"), "shown", tmp_path)
        before, _, own = DATA.partition("flow own")
        assert after == before.replace("worked", "shown").replace("shown.jsonl", "worked.jsonl") + f"flow own{own}"
        with pytest.raises(Refused, match=reason):
            renamed(DATA, DATA.index(place) + place.index("worked"), new, tmp_path)
    with pytest.raises(Refused, match="already"):
        renamed(DATA, DATA.index("near ="), "worked", tmp_path)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("answer", "word of the language"),
        ("None", "word of Python"),
        ("2nd", "is no name"),
        ("a b", "is no name"),
        ("check", "already"),
        ("count", "already"),
        ("len", "Python in this flow uses `len`"),
        ("name", "Python in this flow uses `name`"),
        ("show", "Python in this flow uses `show`"),
    ],
)
def test_a_name_that_means_something_else_is_refused(new: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        rename(Analysis(TOWNS), at(TOWNS, "names:"), new)


def test_what_a_piece_of_python_makes_for_itself_is_no_name_of_the_flow() -> None:
    text = "flow f(total: int) -> int {\n  a = ```\n    total = 1\n    total\n  ```\n  answer `a + total`\n}\n"
    assert renamed(text, at(text, "total:"), "sum_of_all") == text.replace("total:", "sum_of_all:").replace(
        "+ total", "+ sum_of_all"
    )


def test_a_tool_of_the_caller_and_a_flow_of_another_file_stay_as_they_are() -> None:
    text = "flow f() -> any {\n  answer look()\n}\n"
    with pytest.raises(Refused, match="another file"):
        rename(Analysis(text), at(text, "look"), "see")


def test_a_text_with_mistakes_of_writing_is_not_renamed_in() -> None:
    text = "flow f(a: text) -> text {\n  b = = a\n  answer a\n}\n"
    with pytest.raises(Refused, match="does not follow the grammar"):
        rename(Analysis(text), at(text, "a: text"), "c")
