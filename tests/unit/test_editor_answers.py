"""What an editor is told: on hover, of definitions, in completion, of findings, and with which tools and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowreason.editor.analysis import Analysis, Surroundings
from flowreason.editor.completion import Completion, complete
from flowreason.editor.files import Files, nothing_open
from flowreason.editor.hover import hover
from flowreason.editor.places import definitions, references, symbols
from flowreason.editor.problems import problems
from flowreason.editor.session import Session
from flowreason.editor.settings import Settings, settings_from
from flowreason.errors import UsageError
from flowreason_dsl.syntax import Name, Parameter, ToolDef, TypeRef
from flowreason_dsl.types import TEXT

RIVER = """flow river(name: text, deep: bool = true) -> text {
  "Says something about a river."
  facts: {length: int, towns: list[text]} = ask "Facts about {name}"
  note = "short"
  if `facts.length > 500` {
    note = ask "Say more about {name}." given facts
  }
  kind: "calm" | "wild" = ask "How is {name}?"
  match kind {
    "calm" { mood = "quiet" }
    "wild" { mood = "loud" }
  }
  for town in `facts["towns"]` {
    note = "{note}, {town}"
  }
  answer "{note} {mood} {facts.length} {deep}"
}
"""


def cursor(text: str) -> tuple[str, int]:
    """A text without its `^`, and where that stood."""
    return text.replace("^", ""), text.index("^")


def said(text: str, surroundings: Surroundings | None = None) -> str:
    plain, offset = cursor(text)
    found = hover(Analysis(plain, surroundings=surroundings or Surroundings()), offset)
    return found.markdown if found is not None else ""


def offered(text: str) -> dict[str, Completion]:
    plain, offset = cursor(text)
    return {each.label: each for each in complete(Analysis(plain), offset)}


def lines(text: str) -> list[int]:
    """The lines of the definitions of what stands at the cursor."""
    plain, offset = cursor(text)
    analysis = Analysis(plain)
    return [analysis.source.position(target.span.start)[0] for target in definitions(analysis, offset)]


# --- hover --------------------------------------------------------------------------------------------------


def test_a_name_is_told_with_its_type_its_step_its_edges_and_its_cost() -> None:
    text = said(RIVER.replace("facts: {", "fac^ts: {"))
    assert "facts: {length: int, towns: list[text]}" in text
    assert "Line 3:" in text and "Waits for `name` (line 1)." in text
    assert "Then: `if` (line 5), `note` (line 6), `for` (line 13), the answer (line 16)." in text
    assert "Takes 1 to 3 calls" in text


def test_a_name_that_several_steps_set_is_told_with_each_of_them() -> None:
    text = said(RIVER.replace('"{note}, ', '"{no^te}, '))
    assert [part[:2] for part in text.split("Line ")[1:]] == ["4:", "6:", "14"]


@pytest.mark.parametrize(
    ("place", "marked", "type"),
    [
        ("`facts.length", "`fac^ts.length", "facts: {length: int"),
        ('`facts["towns"]', '`fac^ts["towns"]', "facts: {length: int"),
        ("{town}", "{^town}", "town: text"),
        ("{mood}", "{mo^od}", 'mood: "quiet" | "loud"'),
        ("match kind", "match k^ind", 'kind: "calm" | "wild"'),
        ("given facts", "given facts^", "facts: {length: int"),
    ],
)
def test_names_are_told_in_python_texts_and_headers(place: str, marked: str, type: str) -> None:
    assert type in said(RIVER.replace(place, marked))


def test_a_flow_is_told_with_its_signature_its_purpose_and_its_price() -> None:
    text = said(RIVER.replace("flow river", "flow ri^ver"))
    assert "flow river(name: text, deep: bool = true) -> text" in text
    assert "Says something about a river." in text and "A run takes 2 to 9 calls" in text


def test_money_is_told_where_the_price_of_the_model_is_known() -> None:
    assert "at most about $" in said(RIVER.replace("facts: {", "fac^ts: {"), Surroundings(prices=(1.0, 2.0)))


def test_words_types_settings_and_functions_of_the_prelude_are_explained() -> None:
    assert "Puts one question to the model" in said(RIVER.replace("= ask", "= a^sk", 1))
    assert said('flow f() -> text { answer ask "a" with temp^erature=1 }').startswith("`temperature=")
    assert "`str` in Python" in said(RIVER.replace("-> text", "-> te^xt"))
    assert "occurs most often" in said("flow f(a: list[text]) -> any { answer `maj^ority(a)` }")
    assert said("flow f(letter: any) -> any { answer letter.ans^wer }") == ""


def test_a_finding_is_explained_where_it_stands() -> None:
    text = said("flow f() -> text { answer to^wn }")
    assert "**name-unknown**" in text and "Fix:" in text


def test_a_tool_is_told_with_what_it_does() -> None:
    text = said(
        'pure tool weigh(thing: text) -> number "grams of a thing"\nflow f() -> number { answer we^igh("pea") }'
    )
    assert "pure tool weigh(thing: text) -> number" in text and "grams of a thing" in text


# --- places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "marked", "found"),
    [
        ("{note} {mood}", "{note^} {mood}", [4, 6, 14]),
        ("{note} {mood}", "{note} {mo^od}", [10, 11]),
        ("{name}?", "{na^me}?", [1]),
        ("{town}", "{to^wn}", [13]),
        ('"{note}, ', '"{n^ote}, ', [4, 6, 14]),
        ("flow river", "flow rive^r", [1]),
    ],
)
def test_a_definition_is_every_assignment_that_reaches_the_place(place: str, marked: str, found: list[int]) -> None:
    assert lines(RIVER.replace(place, marked, 1)) == found


def test_what_a_way_out_leaves_behind_reaches_nothing() -> None:
    text = """flow f(n: int) -> int {
      total = `0`
      while `n > 0` max 5 {
        total = `1`
        if `n > 3` { total = `2` break }
        if `n > 2` { total = `3` answer total }
      }
      sample 3 { total = `4` yield total }
      answer to^tal
    }"""
    assert lines(text) == [2, 4, 5]


def test_an_ensure_means_the_step_itself_and_an_edge_the_step_it_leads_to() -> None:
    text = 'flow f() -> int {\n  a: int = ask "1?"\n  a: int = ask "2?"\n    ensure `A > 1`\n  b = ask "3?"\n  A -> b\n  answer a\n}'
    first, second = (text.replace("A >", "^a >").replace("A ->", "a ->"), text.replace("A >", "a >").replace("A ->", "^a ->"))  # fmt: skip
    assert lines(first) == [3] and lines(second) == [3]


def test_files_that_are_used_lead_to_their_flows_and_stay_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "far.flow").write_text("flow far(a: text) -> int { answer `len(a)` }\n")
    text = 'use "far.flow"\nuse "../out.flow"\nflow main() -> int { answer far(a="Rome") }\n'
    files = Files(tmp_path, nothing_open)
    analysis = Analysis(text, "main.flow", Surroundings(files=files))
    for mark, start in (("far(", 5), ("a=", 9), ('"far.flow"', 0)):
        (target,) = definitions(analysis, text.index(mark))
        assert target.file == tmp_path / "far.flow" and target.span.start == start
    assert definitions(analysis, text.index("../out")) == []
    open_text = "flow far(a: text, b: text) -> int { answer `len(a + b)` }\n"
    edited = Analysis(text, "main.flow", Surroundings(files=Files(tmp_path, lambda path: open_text)))
    assert "argument-missing" in {each.code for each in edited.findings} - {each.code for each in analysis.findings}


def test_what_is_wrong_in_a_used_file_is_told_at_its_use(tmp_path: Path) -> None:
    (tmp_path / "far.flow").write_text("flow far(a: text) -> int { answer lenn }\n")
    text = 'use "far.flow"\nflow main() -> int { answer far("Rome") }\n'
    found = [each for each in problems(Analysis(text, "main.flow", Surroundings(files=Files(tmp_path)))) if each.severity == "error"]  # fmt: skip
    assert [each.span.start for each in found] == [0]
    assert [place.file for place in found[0].related] == [tmp_path / "far.flow"]


def test_an_outline_has_flows_with_their_names() -> None:
    (flow,) = symbols(Analysis(RIVER))
    assert [each.name for each in flow.inside] == ["name", "deep", "facts", "note", "kind", "mood", "town"]
    assert len(references(Analysis(RIVER), RIVER.index("note ="))) == 5


def test_a_text_with_faults_still_has_names() -> None:
    broken = RIVER.replace('  note = "short"\n', '  note = "short"\n  x = = 3\n  if {{\n')
    offset = broken.index("{town}") + 1
    assert hover(Analysis(broken), offset) is not None
    assert [each.name for each in symbols(Analysis(broken))] == ["river"]


# --- completion ---------------------------------------------------------------------------------------------


def test_a_statement_may_begin_with_words_names_flows() -> None:
    found = offered(RIVER.replace("  kind:", "  ^\n  kind:"))
    assert {"answer", "if", "for", "ask", "note", "facts", "river"} <= found.keys()
    assert not {"mood", "town", "kind", "until", "in"} & found.keys()


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("flow f(a: ^", {"text", "int", "list"}, {"a", "answer"}),
        ("flow f(a: text) -> ^", {"text", "bool", "dict"}, {"a", "answer"}),
        ('flow f(a: text) { b = ask "x" with ^', {"temperature", "vote"}, {"a", "answer"}),
        ('flow f(a: text) { b = ask "x" with think=^', {"true", "false"}, {"temperature"}),
        ('flow f(a: text) { b = ask "x" given ^', {"a"}, {"b", "answer", "f"}),
        ('flow f(a: text) { b = ask "{^', {"a"}, {"b", "answer", "majority"}),
        ('flow f(a: text) { b = ask "{{^', set(), {"a"}),
        ('flow f(a: text) { b = ask "x ^', set(), {"a"}),
        ("flow f(a: text) { # ^", set(), {"a"}),
        ("flow f(a: text) { b = `^", {"a", "majority", "math", "len"}, {"b", "answer"}),
        ("flow f(a: text) { b = ```\n  x = 1\n  ^", {"a", "majority"}, {"answer"}),
        ("flow f(a: {x: int, y: int}) { b = a.^", {"x", "y"}, {"a", "answer"}),
        ("flow f(a: {x: {deep: int}}) { b = `a.x.^", {"deep", "get"}, {"a", "x"}),
        ("flow f(a: list[{x: int}]) { b = ask \"{a[0].^", {"x"}, {"a"}),
        ("flow f(a: text) { b = `math.^", {"sqrt"}, {"a"}),
        ("flow f(a: text) { for c in `[1]` { d = c } ^", {"a", "d"}, {"c"}),
        ("flow f(a: text) { sample 3 { d = a } ^", {"a"}, {"d"}),
        ("flow f(a: text) { b = g(^\nflow g(m: int) { answer m }", {"m=", "a"}, {"b"}),
        ('flow f(a: "x" | "y") { match a { ^', {'"x"', '"y"'}, {"a"}),
        ('flow f(a: "x" | "y") { match a { "^', {"x", "y"}, {"a"}),
        ('flow f(a: text) { b: int = ask "n"\n ensure `^', {"b", "a"}, set()),
        ("flow f(a: text) { b = ask ^", {"user"}, {"a"}),
        ("flow ^", set(), {"flow", "answer"}),
        ("^", {"flow", "tool", "use"}, {"answer"}),
        ("flow f(a: text) {\n  b = = nothing\n  c = a\n  ^", {"a", "c", "answer"}, set()),
    ],
)  # fmt: skip
def test_what_may_stand_at_the_cursor_is_offered(text: str, wanted: set[str], unwanted: set[str]) -> None:
    found = offered(text)
    assert wanted <= found.keys()
    assert not unwanted & found.keys()


def test_the_word_that_is_typed_is_replaced() -> None:
    plain, offset = cursor("flow f(answer_text: text) { b = ask answe^")
    assert all(plain[each.span.start : each.span.end] == "answe" for each in complete(Analysis(plain), offset))


def test_files_beside_the_flow_are_offered_after_use(tmp_path: Path) -> None:
    for name in ("far.flow", "main.flow", "worked.jsonl", "notes.txt", "secret.key"):
        (tmp_path / name).write_text("")
    plain, offset = cursor('use "^"\n')
    found = complete(Analysis(plain, "main.flow", Surroundings(files=Files(tmp_path))), offset)
    assert [each.label for each in found][:3] == ["far.flow", "notes.txt", "worked.jsonl"]
    assert {each.label for each in found[3:]} >= {"library:direct", "library:graph"}


# --- data ---------------------------------------------------------------------------------------------------

DATA = """use "worked.jsonl" as worked
use "more.flow"
flow main(question: text, few: list[{q: text, a: int}] = worked) -> any {
  near = `nearest(worked, question, 1, "q")`
  for one in worked { question = "{question} {one.q}" }
  answer "{worked[0].a} {near} {few} {notes} {question}" given worked
}
flow own(worked: text) -> text { answer worked }
"""


@pytest.fixture
def beside(tmp_path: Path) -> Surroundings:
    (tmp_path / "worked.jsonl").write_text('{"q": "x", "a": 1}\n{"q": "y", "a": 2}\n')
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "more.flow").write_text('use "notes.txt" as notes\nflow more() -> text { answer notes }\n')
    return Surroundings(files=Files(tmp_path))


def seen(text: str, beside: Surroundings) -> tuple[Analysis, int]:
    plain, offset = cursor(text)
    return Analysis(plain, "main.flow", beside), offset


def test_data_is_explained_with_its_type_and_its_file(beside: Surroundings) -> None:
    found = hover(*seen(DATA.replace("in worked", "in wor^ked"), beside))
    assert found is not None
    assert "worked: list[{q: text, a: int}]" in found.markdown and "`worked.jsonl` holds: 2 items" in found.markdown
    assert hover(*seen(DATA.replace(" as worked", " a^s worked", 1), beside)).markdown.startswith("Gives what a file")  # type: ignore[union-attr]


def test_data_leads_to_where_it_is_named_and_from_there_to_its_file(beside: Surroundings) -> None:
    analysis, offset = seen(DATA.replace("{worked[0]", "{wor^ked[0]"), beside)
    (target,) = definitions(analysis, offset)
    assert (target.file, analysis.source.slice(target.span)) == (None, "worked")
    assert len(references(analysis, offset)) == 6
    (file,) = definitions(*seen(DATA.replace('"worked.jsonl"', '"wor^ked.jsonl"'), beside))
    assert file.file is not None and file.file.name == "worked.jsonl"
    (other,) = definitions(*seen(DATA.replace("{notes}", "{no^tes}"), beside))
    assert other.file is not None and other.file.name == "more.flow"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (DATA.replace('answer "', 'answer ask "{^'), {"worked", "notes"}),
        (DATA.replace("  near", "  a = worked[0].^\n  near"), {"q", "a"}),
        (DATA.replace("= worked) ->", "= ^) ->"), {"worked", "notes"}),
        ('use "worked.jsonl" ^\n', {"as", "flow"}),
    ],
)
def test_data_is_offered(text: str, wanted: set[str], beside: Surroundings) -> None:
    assert wanted <= {each.label for each in complete(*seen(text, beside))}


def test_data_stands_in_the_outline_with_its_name(beside: Surroundings) -> None:
    first = symbols(Analysis(DATA, "main.flow", beside))[0]
    assert (first.name, first.kind, first.detail) == ("worked.jsonl", "file", "use … as worked")


# --- settings and tools -------------------------------------------------------------------------------------

PUT = ToolDef(Name("put"), (Parameter(Name("thing"), TypeRef(TEXT)),), None, "puts")
TIDY = 'flow tidy() { put("peel") }\n'


def test_settings_are_read_with_and_without_their_section_and_nonsense_is_passed_over() -> None:
    default = Settings("a.py")
    assert settings_from({"flowreason": {"tools": "b.py", "model": "m"}}, default) == Settings("b.py", "m")
    assert settings_from({"model": "m"}, default) == Settings("a.py", "m")
    assert (
        settings_from(["x"], default) == settings_from({"tools": 3}, default) == settings_from(None, default) == default
    )


def test_tools_are_read_anew_when_their_file_changes_and_a_fault_in_it_is_told_once(tmp_path: Path) -> None:
    place = tmp_path / "tools.py"
    place.write_text("1")
    loads: list[Path] = []

    def load(path: Path) -> dict[str, ToolDef]:
        loads.append(path)
        if path.read_text() == "broken":
            raise UsageError("tools.py cannot be loaded")
        return {"put": PUT}

    session = Session(load, lambda model: None, Settings("tools.py"))

    def codes() -> list[str]:
        analysis = session.analysis("u", TIDY, tmp_path / "tidy.flow", nothing_open)
        return [each.code for each in problems(analysis) if each.severity == "error"]

    assert codes() == codes() == [] and len(loads) == 1
    place.write_text("broken")
    codes()
    codes()
    assert len(loads) == 2 and session.complaints == ["tools.py cannot be loaded"]


def test_a_call_of_an_unknown_tool_is_a_remark_without_a_file_of_tools_and_an_error_with_one() -> None:
    text = TIDY.replace("put", "lift")
    (found,) = [each for each in problems(Analysis(text)) if each.code == "call-unknown"]
    assert found.severity == "information"
    (found,) = [each for each in problems(Analysis(text, surroundings=Surroundings({"put": PUT}))) if each.code == "call-unknown"]  # fmt: skip
    assert found.severity == "error"
