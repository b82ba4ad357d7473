"""Drafts of the editor: what is opened, and what the browser says of it."""

from __future__ import annotations

from typing import Any

import pytest

import flowreason as fr
from flowreason.errors import UsageError
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui.drafting import Draft, begun, flow_of, from_example, from_files, from_library, new, taken

TEXT = 'flow f() -> text {\n  answer "x"\n}\n'


def test_what_is_typed_is_taken_in_order() -> None:
    draft = new()
    later = taken(draft, {"epoch": draft.epoch, "version": 3, "text": "a"})
    assert (later.text, later.version) == ("a", 3)
    assert taken(later, {"epoch": draft.epoch, "version": 2, "text": "old"}) is later


@pytest.mark.parametrize("said", [None, 1, [], {}, {"epoch": "other", "version": 9, "text": "x"}, {"version": "9"}])
def test_what_is_about_another_text_is_passed_over(said: Any) -> None:
    draft = new()
    assert taken(draft, said) is draft
    if isinstance(said, dict):
        assert taken(draft, {"epoch": draft.epoch, "version": "1", "text": 2}) is draft


def test_only_a_fresh_session_takes_what_was_there_before_a_reload() -> None:
    before = {"name": "mine", "origin": "example:letter", "files": {"a.flow": "x"}}
    for draft, name in ((begun(), "mine"), (new(), "flow")):
        found = taken(draft, {"epoch": draft.epoch, "version": 1, "text": "a", "restored": before})
        assert found.name == name
        assert not found.fresh
        assert dict(found.files) == (before["files"] if name == "mine" else {})
    wrong = {"name": 3, "origin": ["x"], "files": {"a": 1}}
    draft = begun()
    found = taken(draft, {"epoch": draft.epoch, "version": 1, "text": "a", "restored": wrong})
    assert (found.name, found.origin, dict(found.files)) == ("flow", "", {})


def test_a_draft_that_the_browser_kept_is_opened_as_another_one() -> None:
    draft = new()
    kept = {"name": "mine", "origin": "example:letter", "files": {"a.flow": "x"}}
    found = taken(draft, {"epoch": draft.epoch, "version": 1, "text": TEXT, "opened": kept})
    assert found.epoch != draft.epoch
    assert (found.text, found.name, found.origin, dict(found.files)) == (TEXT, "mine", kept["origin"], kept["files"])
    assert (found.version, found.fresh) == (0, False)
    assert taken(found, {"epoch": draft.epoch, "version": 2, "text": "late"}) is found
    assert taken(draft, {"epoch": draft.epoch, "version": 1, "text": TEXT, "opened": {"files": 3}}).name == "flow"


def test_what_stood_in_the_fields_comes_back_with_the_text() -> None:
    said = {"name": "mine", "form": {"letter": "half a sen", "loud": True, "bad": [1], "n": 3}}
    draft = begun()
    found = taken(draft, {"epoch": draft.epoch, "version": 1, "text": draft.text, "restored": said})
    assert dict(found.filled) == {"letter": "half a sen", "loud": True}
    again = taken(new(), {"epoch": "other", "version": 1, "text": TEXT, "opened": said})
    assert not again.filled
    for wrong in (3, [1], {str(n): "x" for n in range(999)}):
        draft = begun()
        kept = {"form": wrong}
        assert not taken(draft, {"epoch": draft.epoch, "version": 1, "text": "a", "restored": kept}).filled


def test_an_origin_that_names_no_example_brings_nothing() -> None:
    assert Draft("", origin="example:../../etc").example is None
    assert from_example("letter").example is not None


def test_a_flow_is_uploaded_with_the_files_it_uses() -> None:
    main = 'use "b.flow"\n' + TEXT
    for order in (
        [("b.flow", b"flow g() {\n answer 1\n}"), ("a.flow", main.encode())],
        [("a.flow", main.encode()), ("b.flow", b"")],
    ):
        draft = from_files(order)
        assert (draft.name, draft.text, list(draft.files)) == ("a", main, ["b.flow"])


def test_a_graph_is_uploaded() -> None:
    document = fr.loads(TEXT).draw("json")
    draft = from_files([("f.json", str(document).encode())])
    assert fr.loads(draft.text).text
    assert draft.name == "f"


@pytest.mark.parametrize(
    ("given", "told"),
    [([("a.png", b"\xff\xfe")], "UTF-8"), ([("a.txt", b"hello")], "none of these"), ([("a.json", b"[")], "a.json"),
     ([("a.json", b"{}")], "a.json"), ([("a.json", b"[" * 100_000)], "a.json"),
     ([("a.flow", b"#" * 2_000_001)], "longer than"),
     ([(f"{n}.flow", b"") for n in range(99)], "more than")],
)  # fmt: skip
def test_what_cannot_be_opened_is_told_in_words(given: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        from_files(given)


def test_a_flow_keeps_the_files_that_it_read() -> None:
    flow = flow_of(from_library("few_shot").text, {"unused.flow": ""}, {})
    assert "library:exemplars/general.jsonl" in flow.files
    assert all(name.startswith("library:") for name in flow.files)
    with pytest.raises(FlowError):
        flow_of('use "other.flow"\n' + TEXT, {}, {})
