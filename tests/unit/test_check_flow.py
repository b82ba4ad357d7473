"""What a checked flow holds, what is known of its names, and how files and tools come together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowreason_dsl.check import check, diagnose
from flowreason_dsl.check.kinds import NoStep, fits, join, step
from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError
from flowreason_dsl.expected import ask_type, covers, items_type, match_type, sample_type
from flowreason_dsl.names import nearest
from flowreason_dsl.parser import parse
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Literal, Name, Parameter, ToolDef, TypeRef
from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

YES_NO = Choice(("yes", "no"))
PERSON = Record((("name", TEXT), ("born", INT)))


def codes(text: str, **given: object) -> list[str]:
    return [each.code for each in diagnose(parse(text), **given)]  # type: ignore[arg-type]


def types(body: str, parameters: str = "x: text", returns: str = "") -> dict[str, Type]:
    flow = parse(f"flow f({parameters}) {returns} {{ {body} }}")
    return dict(check(flow).types["f"])


def one(text: str, code: str) -> Diagnostic:
    """The one finding of a code."""
    (found,) = [each for each in diagnose(parse(text)) if each.code == code]
    return found


# --- types that are handed down -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "name", "type"),
    [
        ('a = ask "{x}?" answer a', "a", TEXT),
        ('a: int = ask "{x}?" answer a', "a", INT),
        ('a: any = ask "{x}?" answer a', "a", ANY),
        ('a = ask "{x}?" with samples=3 answer a', "a", ListOf(TEXT)),
        ('a: list[int] = ask "{x}?" with samples=3 answer a', "a", ListOf(INT)),
        ('a: list[bool] = for y in `words(x)` yield ask "{y}?" answer a', "a", ListOf(BOOL)),
        ('a = for y in `words(x)` yield ask "{y}?" answer a', "a", ListOf(TEXT)),
        ('a = sample 3 { yield ask "{x}?" } answer a', "a", ListOf(TEXT)),
        ("a = `len(x)` answer a", "a", INT),
        ("a = `x > 'm'` answer a", "a", BOOL),
        ("a = `x.splitlines()` b = a[0] answer b", "b", TEXT),
        ("a = `x.strip()` answer a", "a", ANY),
        ('a = "{x}!" answer a', "a", TEXT),
        ('a: {name: text, born: int} = ask "{x}?" b = a.born answer b', "b", INT),
        ('a = f("{x}") answer a', "a", ANY),
        ("a = 3 if `x` { a = 4.5 } answer a", "a", NUMBER),
        ('a: int = `len(x)` else ask "how long is {x}?" answer a', "a", INT),
    ],
)
def test_the_type_of_a_name_comes_from_what_stands_around_it(body: str, name: str, type: Type) -> None:
    returns = "-> any" if " = f(" in body else ""
    guarded = "if `x` { answer 1 } " if returns else ""
    assert types(guarded + body, returns=returns)[name] == type


def test_the_answer_takes_the_return_type() -> None:
    assert codes('flow f(x: text) -> int { answer ask "How long is {x}?" }') == []
    assert codes('flow f(x: text) -> int { a = ask "How long is {x}?" answer a }') == ["type-mismatch"]


def test_an_argument_takes_the_type_of_its_parameter() -> None:
    second = "flow g(n: int, ok: bool) -> int { if ok { answer n } answer 0 }"
    assert codes('flow f() -> int { answer g(ask "How many?", ok=ask "Really?") } ' + second) == []
    assert codes('flow f() -> int { answer g("three", ok=true) } ' + second) == ["type-mismatch"]


def test_an_ask_is_never_of_any_type() -> None:
    assert [ask_type(None), ask_type(ANY), ask_type(YES_NO)] == [TEXT, TEXT, YES_NO]
    assert [sample_type(ListOf(INT)), sample_type(None), sample_type(ANY)] == [INT, TEXT, TEXT]
    assert [items_type(), items_type(2)] == [ListOf(TEXT), ListOf(ListOf(TEXT))]


def test_the_cases_of_a_match_are_the_type_of_its_question() -> None:
    def cases(*values: object) -> list[tuple[Literal]]:
        return [(Literal(value),) for value in values]  # type: ignore[arg-type]

    assert match_type(cases("a", "b"), has_else=False) == Choice(("a", "b"))
    assert match_type(cases("a", "b"), has_else=True) == Choice(("a", "b", "other"))
    assert match_type(cases(True, False), has_else=False) == BOOL
    assert match_type(cases(1, 2), has_else=True) == INT
    assert match_type(cases(1, 2.5), has_else=True) == NUMBER
    assert match_type(cases("a", 2), has_else=True) == TEXT
    assert covers(cases("No ", "yes"), YES_NO)
    assert covers(cases(True, False), BOOL)
    assert not covers(cases(True), BOOL)
    assert not covers(cases("yes", "no"), TEXT)


@pytest.mark.parametrize(
    ("wanted", "given", "fit"),
    [
        (TEXT, INT, True),
        (TEXT, ListOf(TEXT), False),
        (INT, NUMBER, True),
        (INT, TEXT, False),
        (INT, BOOL, False),
        (INT, Choice(("12",)), True),
        (BOOL, Choice(("yes",)), False),
        (YES_NO, Choice(("YES", "maybe")), True),
        (YES_NO, Choice(("maybe",)), False),
        (YES_NO, TEXT, False),
        (ListOf(INT), ListOf(ANY), True),
        (ListOf(INT), ListOf(TEXT), False),
        (ListOf(INT), INT, False),
        (PERSON, Record((("name", TEXT), ("born", NUMBER), ("died", INT))), True),
        (PERSON, Record((("name", TEXT),)), False),
        (PERSON, DictOf(ANY), True),
        (DictOf(TEXT), PERSON, True),
        (DictOf(BOOL), PERSON, False),
        (GRAPH, TEXT, True),
        (GRAPH, INT, False),
        (Record((("nodes", ListOf(TEXT)),)), GRAPH, True),
        (PERSON, GRAPH, False),
        (TEXT, GRAPH, False),
        (ANY, GRAPH, True),
        (INT, ANY, True),
    ],
)
def test_a_type_fits_where_a_run_could_make_it_fit(wanted: Type, given: Type, fit: bool) -> None:
    assert fits(wanted, given) is fit


def test_what_is_not_known_on_one_way_is_not_known_after_both() -> None:
    assert join(ANY, INT) == ANY
    assert join(ListOf(ANY), ListOf(INT)) == ListOf(ANY)
    assert join(Choice(("a",)), Choice(("b",))) == Choice(("a", "b"))
    assert join(Choice(("a",)), TEXT) == TEXT


def test_a_step_leads_somewhere_or_says_why_not() -> None:
    assert step(PERSON, "born", "p") == INT
    assert step(ListOf(PERSON), 0, "p") == PERSON
    assert step(DictOf(INT), "any key", "d") == INT
    assert step(GRAPH, "nodes", "g") == ListOf(TEXT)
    assert step(ANY, "what", "x") == ANY
    for type, taken, code in (
        (PERSON, "age", "field-unknown"),
        (ListOf(INT), "first", "field-of-list"),
        (INT, 0, "field-of-scalar"),
        (TEXT, "name", "field-of-scalar"),
        (GRAPH, "links", "field-unknown"),
    ):
        with pytest.raises(NoStep) as caught:
            step(type, taken, "x")
        assert caught.value.code == code


# --- where a name is not set ------------------------------------------------------------------------------------


def labels(text: str, code: str) -> list[str]:
    source = Source(text)
    return [source.slice(label.span) for label in one(text, code).labels]


def test_the_labels_of_an_unset_name_are_the_paths_on_which_it_is_not_set() -> None:
    text = "flow f(n: int) -> int { if `n > 1` { a = 1 } else if `n > 0` { } else { a = 2 } answer a }"
    assert labels(text, "name-unset") == ["`n > 0`"]
    text = "flow f(n: int) -> int { if `n > 1` { if `n > 2` { a = 1 } } answer a }"
    assert labels(text, "name-unset") == ["`n > 2`", "`n > 1`"]
    text = "flow f(xs: list[int]) -> int { for x in xs { if `x > 2` { break } a = x } answer a }"
    assert labels(text, "name-unset") == ["xs", "break"]
    text = "flow f(n: int) -> int { repeat n { a = 1 } answer a }"
    assert labels(text, "name-unset") == ["n"]


def test_a_name_is_set_after_a_loop_that_surely_runs() -> None:
    for loop in ("repeat 2 { a = 1 }", "for x in `[1]` { a = x }", "for x in `range(2)` { a = x }"):
        assert codes(f"flow f() -> int {{ {loop} answer a }}") == []
    for loop in ("for x in `range(0)` { a = x }", "for x in `[]` { a = x }"):
        assert codes(f"flow f() -> int {{ {loop} answer a }}") == ["name-unset"]


def test_a_way_that_ends_does_not_count() -> None:
    assert codes("flow f(n: int) -> int { if `n > 1` { answer 1 } else { a = 2 } answer a }") == []
    assert codes("flow f(n: int) -> int { repeat 3 { if `n > 1` { break } answer n } answer 0 }") == []


def test_the_item_of_a_loop_does_not_change_the_outer_name() -> None:
    assert codes('flow f(x: int, xs: list[text]) -> int { for x in xs { _y = ask "{x.y}" } answer x }') == [
        "field-of-scalar"
    ]
    assert codes("flow f(x: int, xs: list[text]) -> int { for x in xs { } answer x }") == []


def test_names_of_a_sample_and_of_an_arm_stay_apart() -> None:
    text = "flow f() -> any { if `1 < n` { a = 1 } n = 2 answer n }"
    assert codes(text) == ["name-too-early", "value-unused"]


# --- files and tools --------------------------------------------------------------------------------------------

TIDES = 'use "moon.flow" flow tide(port: text) -> text { answer phase(port) }'
MOON = 'use "tides.flow" flow phase(place: text) -> text { answer ask "Which moon in {place}?" }'
MAIN = 'use "tides.flow" flow main(port: text) -> text { answer tide(port) }'


def test_files_may_use_one_another_and_are_read_once() -> None:
    read: list[str] = []

    def load(path: str) -> str:
        read.append(path)
        return {"tides.flow": TIDES, "moon.flow": MOON}[path]

    found = check(parse(MAIN, "main.flow"), load=load)
    assert list(found.flows) == ["main", "tide", "phase"]
    assert {name: source.name for name, source in found.sources.items()} == {
        "main": "main.flow",
        "tide": "tides.flow",
        "phase": "moon.flow",
    }
    assert read == ["tides.flow", "moon.flow"]
    assert found.diagnostics == ()


def test_a_mistake_in_a_used_file_is_reported_in_that_file() -> None:
    wrong = 'flow tide(port: text) -> text { answer ask "When in {prt}?" }'
    (found,) = diagnose(parse(MAIN, "main.flow"), load=lambda path: wrong)
    assert found.source is not None
    assert (found.code, found.source.name, found.source.slice(found.span)) == ("name-unknown", "tides.flow", "prt")


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (FileNotFoundError(2, "No such file or directory"), "use-missing", "No such file"),
        (ValueError("it lies outside of the folder"), "use-missing", "outside"),
        (PermissionError(13, "Permission denied"), "use-missing", "denied"),
    ],
)
def test_a_file_that_cannot_be_had_is_a_finding(error: Exception, code: str, word: str) -> None:
    def load(path: str) -> str:
        raise error

    found = diagnose(parse(MAIN), load=load)
    assert found[0].code == code
    assert word in found[0].message


def test_a_used_file_that_does_not_parse_brings_its_own_findings() -> None:
    found = diagnose(parse(MAIN, "main.flow"), load=lambda path: "flow tide( { }")
    assert "use-broken" in {each.code for each in found}
    assert {each.source.name for each in found if each.source} == {"tides.flow"}


def test_a_flow_of_two_files_is_reported() -> None:
    used = "flow main(a: text) -> text { answer a }"
    found = diagnose(parse('use "x.flow" flow main(a: text) -> text { answer a }'), load=lambda path: used)
    assert [(each.code, each.source.name if each.source else "") for each in found] == [("flow-twice", "x.flow")]


WEATHER = ToolDef(Name("weather"), (Parameter(Name("place"), TypeRef(TEXT)),), TypeRef(INT), "degrees", pure=True)


def test_tools_of_the_caller_count_over_their_declaration() -> None:
    text = 'tool weather(place: text) -> text flow f() -> int { answer weather("Oslo") }'
    assert codes(text) == ["type-mismatch"]
    found = check(parse(text), tools={"weather": WEATHER})
    assert found.tools["weather"] is WEATHER
    assert codes(text, tools={"weather": replace(WEATHER, parameters=())}) == ["tool-differs", "argument-extra"]


def test_python_may_call_pure_tools_and_flows_of_python() -> None:
    text = (
        "flow f(xs: list[text]) -> any { answer `[weather(x) + g(1) for x in xs]` } flow g(n: int) -> int { answer n }"
    )
    assert codes(text, tools={"weather": WEATHER}) == []
    assert codes(text, tools={"weather": replace(WEATHER, pure=False)}) == ["python-calls-tool"]
    assert codes(text.replace("g(1)", "g()"), tools={"weather": WEATHER}) == ["argument-missing"]
    assert codes(text.replace("g(1)", "g(1, k=2)"), tools={"weather": WEATHER}) == ["argument-unknown"]
    assert codes(text.replace("g(1)", "g(*x)"), tools={"weather": WEATHER}) == []


def test_a_flow_that_asks_through_another_cannot_be_called_from_python() -> None:
    text = 'flow f() -> any { answer `g()` } flow g() -> any { answer h() } flow h() -> text { answer ask "Why?" }'
    assert codes(text) == ["python-calls-ask"]


# --- what a checked flow is ---------------------------------------------------------------------------------------


def test_a_checked_flow_holds_flows_tools_and_warnings() -> None:
    flow = parse('tool ring(bell: text) flow f(a: int) { ring("x") } flow g() -> int { answer 1 }')
    found = check(flow)
    assert found.flow is flow
    assert list(found.flows) == ["f", "g"]
    assert list(found.tools) == ["ring"]
    assert [each.code for each in found.diagnostics] == ["parameter-unused", "flow-unused"]


def test_all_findings_come_at_once_in_the_order_of_the_text() -> None:
    text = 'flow f(a: int) -> int { b = `x` c = `y +` d = g(1) repeat 0 { } answer "{a.b}" }'
    with pytest.raises(FlowCheckError) as caught:
        check(parse(text))
    found = caught.value.diagnostics
    assert [each.code for each in found if each.severity == "error"] == [
        "name-unknown",
        "python-syntax",
        "call-unknown",
        "bound-impossible",
        "type-mismatch",
        "field-of-scalar",
    ]
    assert [each.span for each in found] == sorted(each.span for each in found)


def test_a_mistake_is_reported_once_however_often_it_is_read() -> None:
    assert codes('flow f() -> text { answer ask "{x} {x} {x.y}" with model=x }') == ["name-unknown"]


# --- spelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "candidates", "found"),
    [
        ("artcle", ["article", "particle"], "article"),
        ("poeple", ["people", "person"], "people"),
        ("riverLength", ["river_length", "river"], "river_length"),
        ("year", ["birth_year", "name"], "birth_year"),
        ("x", ["y", "z"], None),
        ("total", ["name", "city"], None),
        ("n", [], None),
        ("ab", ["ba"], "ba"),
    ],
)
def test_the_nearest_name_is_one_that_could_have_been_meant(
    name: str, candidates: list[str], found: str | None
) -> None:
    assert nearest(name, candidates) == found
