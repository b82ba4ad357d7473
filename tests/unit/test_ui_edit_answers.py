"""The editor's questions about a text, as functions and over their routes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from flowreason import library
from flowreason.examples_catalog import catalog
from flowreason_dsl import format_text
from flowreason_ui import edit_routes
from flowreason_ui.edit_routes import EDIT, LONGEST
from flowreason_ui.editing import (
    ANSWERS,
    MOST,
    Asked,
    Misasked,
    asked_from,
    define,
    draw,
    fix,
    form,
    look,
    offer,
    setup,
    tell,
)
from flowreason_ui.guard import Guard

GOOD = 'flow reply(letter: text, words: int = 20) -> text {\n  kind: "a" | "b" = ask "What is it? {letter}"\n  answer kind\n}\n'
MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


def made(text: str, edits: list[list[Any]]) -> str:
    """A text with edits made, from the last to the first."""
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


# --- findings ---


def test_a_flow_without_mistakes_says_what_it_is_and_what_it_takes() -> None:
    found = look(Asked(GOOD))
    assert found["ok"]
    assert not found["problems"] or all(each["severity"] != "error" for each in found["problems"])
    assert found["main"] == "flow reply(letter: text, words: int = 20) -> text"
    assert found["parameters"] == ["letter: text", "words: int = 20"]
    assert "call" in found["price"]


def test_a_mistake_stands_at_its_place_with_words_a_code_and_help() -> None:
    text = GOOD.replace("answer kind", "answer knd")
    (found,) = [each for each in look(Asked(text))["problems"] if each["severity"] == "error"]
    assert text[found["from"] : found["to"]] == "knd"
    assert found["message"]
    assert found["code"] in look(Asked(text))["codes"]
    mended = made(text, found["fix"]["changes"])
    assert mended == GOOD


def test_offsets_count_characters_also_behind_an_emoji() -> None:
    text = '# 🦉🦉 owls\nflow f() -> text {\n  x = "🦉"\n  answer knd\n}\n'
    (found,) = [each for each in look(Asked(text))["problems"] if each["severity"] == "error"]
    assert text[found["from"] : found["to"]] == "knd"
    at = text.index("x = ")
    told = tell(Asked(text, at=at))["told"]
    assert text[told["from"] : told["to"]] == "x"


def test_prices_of_the_model_are_part_of_what_it_takes() -> None:
    assert "$" in look(Asked(GOOD, prices=(100.0, 100.0)))["price"]
    assert "$" not in look(Asked(GOOD))["price"]


def test_tools_are_known_by_the_lines_that_declare_them() -> None:
    text = "flow f(a: text) -> text {\n  b = frob(a)\n  answer b\n}\n"
    assert not look(Asked(text))["ok"]
    assert look(Asked(text, tools=("tool frob(a: text) -> text",)))["ok"]
    with pytest.raises(Misasked, match="tools"):
        look(Asked(text, tools=("tool frob(",)))


# --- files that a flow uses ---


def test_only_files_that_were_opened_are_read(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more.flow").write_text('flow more() -> text {\n  answer "x"\n}\n')
    monkeypatch.chdir(tmp_path)
    text = 'use "more.flow"\nflow f() -> text {\n  answer more()\n}\n'
    for named in (
        text,
        text.replace("more.flow", str(tmp_path / "more.flow")),
        text.replace("more.flow", "../../etc/passwd"),
    ):
        found = look(Asked(named))
        assert not found["ok"]
        assert any("open it together" in each["message"] + each["help"] for each in found["problems"])
    assert look(Asked(text, files=(("more.flow", (tmp_path / "more.flow").read_text()),)))["ok"]


def test_a_mistake_in_an_opened_file_is_told_where_it_is_used() -> None:
    text = 'use "more.flow"\nflow f() -> text {\n  answer more()\n}\n'
    broken = "flow more() -> text {\n  answer nothing_known\n}\n"
    (found,) = [
        each for each in look(Asked(text, files=(("more.flow", broken),)))["problems"] if each["code"] == "use-broken"
    ]
    assert text[found["from"] : found["to"]].startswith("use")
    assert "more.flow, line 2" in found["help"]


def test_the_librarys_files_may_be_used() -> None:
    assert look(Asked(library.describe("few_shot").text))["ok"]
    assert not look(Asked('use "library:../../../etc/passwd" as x\nflow f() {\n  answer 1\n}\n'))["ok"]


@pytest.mark.parametrize("text", [each.flow for each in catalog()], ids=[each.name for each in catalog()])
def test_examples_are_drawn(text: str) -> None:
    tools = ("tool forward(n: int) -> text",) if "tool" in text else ()
    found = draw(Asked(text, tools=tools))
    assert found["chart"] is not None or not look(Asked(text, tools=tools))["ok"]


# --- pictures ---


def test_the_picture_names_places_in_the_text() -> None:
    chart = draw(Asked(GOOD))["chart"]
    spans = {each["title"]: GOOD[slice(*each["span"])] for each in chart["things"] if each["span"]}
    assert spans["kind"] == 'ask "What is it? {letter}"'
    json.dumps(chart)


def test_there_is_no_picture_of_a_text_with_mistakes_and_none_is_needed() -> None:
    assert draw(Asked("flow f( {")) == {"chart": None, "why": ""}


def test_markup_in_a_flow_is_text_in_the_picture() -> None:
    text = 'flow f() -> text {\n  answer ask "' + MARKUP.replace('"', '\\"') + '"\n}\n'
    chart = draw(Asked(text))["chart"]

    def tags(element: Any) -> set[str]:
        return {element[0]}.union(*(tags(child) for child in element[2:] if isinstance(child, list)))

    assert not set().union(*map(tags, chart["elements"])) - {
        "g",
        "rect",
        "path",
        "text",
        "tspan",
        "title",
        "circle",
        "line",
        "ellipse",
        "polygon",
    }
    assert "<img" in json.dumps(chart)


# --- completion, hover, definition ---


def test_offers_replace_what_was_typed() -> None:
    at = GOOD.index("answer kind") + len("answer ki")
    offers = {each["label"]: each for each in offer(Asked(GOOD, at=at))["offers"]}
    assert GOOD[offers["kind"]["from"] : offers["kind"]["to"]] == "ki"
    assert offers["kind"]["insert"] == "kind"


def test_opened_files_are_offered_behind_use() -> None:
    text = 'use "'
    offers = [each["label"] for each in offer(Asked(text, files=(("more.flow", ""),), at=5))["offers"]]
    assert offers[0] == "more.flow"
    assert "library:direct" in offers


def test_a_hover_says_the_type() -> None:
    told = tell(Asked(GOOD, at=GOOD.index("letter}")))["told"]
    assert "letter: text" in told["markdown"]
    assert tell(Asked("   ", at=1)) == {"told": None}


def test_a_name_leads_to_where_it_is_set() -> None:
    assert define(Asked(GOOD, at=GOOD.rindex("kind")))["spans"] == [[GOOD.index("kind"), GOOD.index("kind") + 4]]


# --- format and fixes ---


def test_format_gives_edits_that_lead_to_the_one_style() -> None:
    text = "# 🦉\nflow f( a:text )->text{\nanswer   a}\n"
    found = form(Asked(text))
    assert made(text, found["edits"]) == format_text(text)
    assert form(Asked(format_text(text))) == {"edits": [], "why": ""}


def test_what_cannot_be_formatted_says_why() -> None:
    assert "line 2" in form(Asked("flow f() {\n  answer (\n}\n"))["why"]


def test_all_certain_fixes_are_made_at_once() -> None:
    text = GOOD.replace("answer kind", "answer knd")
    assert look(Asked(text))["fixable"] == 1
    assert made(text, fix(Asked(text))["edits"]) == GOOD


# --- whatever the text ---


@pytest.mark.parametrize(
    "text",
    ["", "\n", "}" * 500, "(" * 3000, "`" * 3000, '"' * 999, "flow", "flow f() {" * 300, "\x00\u2028\r\r\n", "🦉" * 400,
     MARKUP * 20, "x" * (MOST + 1)],
    ids=lambda text: f"{text[:6]!r}…{len(text)}",
)  # fmt: skip
def test_any_text_has_answers(text: str) -> None:
    for name, answer in ANSWERS.items():
        for at in (-5, 0, len(text) // 2, len(text) + 7):
            json.dumps(answer(replace(Asked(text), at=at)))
            if name not in ("offer", "tell", "define"):
                break


def test_a_text_that_is_too_long_says_so() -> None:
    assert f"{MOST:,}" in look(Asked("x" * (MOST + 1)))["note"]


def test_halves_of_surrogate_pairs_become_one_character_each() -> None:
    assert asked_from({"text": "a\ud83eb"}).text == "a\ufffdb"


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"text": 1}, {"text": "", "files": [1]}, {"text": "", "files": {"a": 1}}, {"text": "", "tools": "x"},
     {"text": "", "at": "1"}, {"text": "", "prices": [1]}, {"text": "", "closed": [1]},
     {"text": "", "files": {str(n): "" for n in range(1000)}}],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(data: Any) -> None:
    with pytest.raises(Misasked):
        asked_from(data)


def test_an_editor_learns_the_words_from_the_grammar() -> None:
    words = setup()["words"]
    assert {"flow", "tool"} <= set(words["defining"])
    assert "ask" in words["acting"]
    assert "text" in words["types"]
    json.dumps(setup())


# --- over the routes ---


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        Starlette(routes=edit_routes.routes(), middleware=[Middleware(Guard)]), base_url="http://127.0.0.1:8501"
    )


def test_a_request_is_answered(client: TestClient) -> None:
    assert client.post(f"{EDIT}/look", json={"text": GOOD}).json()["ok"]
    assert "words" in client.get(f"{EDIT}/setup").json()


def test_requests_are_refused_with_a_reason(client: TestClient) -> None:
    assert client.post(f"{EDIT}/nothing", json={"text": ""}).status_code == 404
    assert client.post(f"{EDIT}/look", content="{", headers={"content-type": "application/json"}).status_code == 400
    assert (
        client.post(f"{EDIT}/look", content="[" * 100_000, headers={"content-type": "application/json"}).status_code
        == 400
    )
    assert client.post(f"{EDIT}/look", json={"text": 1}).json()["error"]
    assert client.post(f"{EDIT}/look", json={"text": "x" * (LONGEST + 1)}).status_code == 413


def test_other_sites_are_refused(client: TestClient) -> None:
    assert (
        client.post(f"{EDIT}/look", json={"text": GOOD}, headers={"origin": "http://evil.example"}).status_code == 403
    )
    assert client.post(f"{EDIT}/look", json={"text": GOOD}, headers={"host": "evil.example"}).status_code == 403
    plain = client.post(f"{EDIT}/look", content=json.dumps({"text": GOOD}), headers={"content-type": "text/plain"})
    assert plain.status_code == 415


def test_a_fault_is_told_in_words(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_asked: Asked) -> dict[str, Any]:
        raise RuntimeError("boom")

    monkeypatch.setitem(ANSWERS, "look", broken)
    said = client.post(f"{EDIT}/look", json={"text": GOOD})
    assert said.status_code == 500
    assert "boom" not in said.text


# --- renaming ---

OWLS = '# 🦉🦉\nflow f(x: text) -> text {\n  owl = ask "🦉 {x}"\n  answer `owl + "🦉"`\n}\n'


def test_a_name_is_renamed_in_all_its_places_whatever_stands_before() -> None:
    at = OWLS.index("owl =")
    assert ANSWERS["rename"](Asked(OWLS, at=at)) == {"name": "owl", "edits": [], "why": ""}
    said = ANSWERS["rename"](Asked(OWLS, at=at, name="bird"))
    assert made(OWLS, said["edits"]) == OWLS.replace("owl", "bird")


@pytest.mark.parametrize(
    ("name", "why"), [("x", "There is a `x`"), ("2", "is no name"), ("answer", "word of the language")]
)
def test_a_name_that_may_not_stand_there_is_refused_with_the_reason(name: str, why: str) -> None:
    said = ANSWERS["rename"](Asked(OWLS, at=OWLS.index("owl ="), name=name))
    assert why in said["why"]
    assert not said["edits"]


def test_formatting_changes_words_and_no_whole_lines() -> None:
    text = "flow f(x: int) -> int {\n\ty = `x + 1`\n\tanswer    y\n}\n"
    edits = ANSWERS["form"](Asked(text))["edits"]
    assert made(text, edits) == "flow f(x: int) -> int {\n  y = `x + 1`\n  answer y\n}\n"
    assert all("y" not in text[start:end] for start, end, _ in edits), "a cursor in a word stays in it"
