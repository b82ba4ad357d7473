"""Findings as people and models read them: every mark under its characters, every line once, nothing that moves a cursor."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from flowreason_dsl.diagnostics import Diagnostic, Fix, Label, render
from flowreason_dsl.source import Source, Span

LINES = st.text(st.sampled_from("ab {}\t川é🚣\u0301\u200b\x1b\x07\u202e\r"), max_size=12)
TEXTS = st.lists(LINES, min_size=1, max_size=5).map("\n".join)


def shown(text: str, at: str, *labels: tuple[str, str], fix: Fix | None = None, help: str | None = None) -> list[str]:
    """The rows below the heading for a finding at the first place where `at` stands."""
    span = place(text, at)
    related = tuple(Label(place(text, where), what) for where, what in labels)
    finding = Diagnostic("name-unknown", "there is none", span, labels=related, fix=fix, help=help)
    return render([finding], Source(text, "a.flow")).split("\n")[2:]


def place(text: str, part: str) -> Span:
    return Span(text.index(part), text.index(part) + len(part))


def test_labels_on_the_line_of_the_finding_stand_beside_its_carets() -> None:
    rows = shown("a = bb + ccc", "ccc", ("a", "it is set here"), ("bb", "so is this"))
    assert rows == ["1 | a = bb + ccc", "  | -   --   ^^^", "  |     so is this", "  | it is set here"]


def test_marks_that_overlap_get_rows_of_their_own() -> None:
    rows = shown("f(a, b)", "f(a, b)", ("b", "this one"))
    assert rows == ["1 | f(a, b)", "  | ^^^^^^^", "  |      - this one"]


def test_lines_stand_in_the_order_of_the_text_and_gaps_are_told() -> None:
    rows = shown("one\ntwo\nthree\nfour", "four", ("one", "first"), ("two", "second"))
    assert rows == ["1 | one", "  | --- first", "2 | two", "  | --- second", "...", "4 | four", "  | ^^^^"]


def test_a_finding_over_several_lines_shows_where_it_begins_and_ends() -> None:
    rows = shown("x = [\n  1,\n  2\n]  # so", "[\n  1,\n  2\n]")
    assert rows == ["1 | x = [", "  |     ^", "...", "4 | ]  # so", "  | ^"]


def test_a_finding_that_ends_with_its_line_is_shown_on_that_line() -> None:
    assert shown("one\ntwo", "one\n") == ["1 | one", "  | ^^^"]


def test_tabs_and_wide_characters_keep_the_caret_in_place() -> None:
    assert shown("\tx = rivr", "rivr") == ["1 |     x = rivr", "  |         ^^^^"]
    assert shown("日本 = rivr", "rivr") == ["1 | 日本 = rivr", "  |        ^^^^"]
    assert shown("🚣e\u0301 = 川", "川") == ["1 | 🚣e\u0301 = 川", "  |       ^^"]


def test_what_would_move_the_cursor_is_shown_as_a_picture() -> None:
    assert shown("\x1b[31m\u202e rivr\x7f", "rivr")[0] == "1 | ␛[31m\ufffd rivr␡"


def test_a_fix_is_shown_as_the_line_that_comes_of_it() -> None:
    text = 'a = ask "{rivr}"'
    rows = shown(text, "rivr", fix=Fix("write `river`", place(text, "rivr"), "river"), help="did you mean `river`?")
    assert rows[2:] == ["  = help: did you mean `river`?", '1 | a = ask "{river}"', "  |           ~~~~~"]
    after = Span(len(text), len(text))
    rows = shown(text, "ask", fix=Fix("close it here", after, "\n}"))
    assert rows[2:] == ["  = help: close it here", "2 | }", "  | +"]


def test_a_fix_that_leaves_nothing_of_a_line_is_told_in_words() -> None:
    text = "```flow\nflow f() { }"
    assert shown(text, "```flow", fix=Fix("take it out", place(text, "```flow"), ""), help="pass it over")[2:] == [
        "  = help: pass it over", "  = help: take it out",
    ]  # fmt: skip


def test_of_a_long_line_the_part_with_the_fault_is_shown() -> None:
    rows = shown("a" * 500 + " rivr " + "b" * 500, "rivr")
    assert len(rows[0]) < 180
    assert rows[0].startswith("1 | …a")
    assert rows[0].endswith("b…")
    assert rows[0].index("rivr") == rows[1].index("^^^^")


def test_colours_change_nothing_but_colour() -> None:
    source = Source("a = rivr", "a.flow")
    finding = Diagnostic("name-unknown", "there is none", Span(4, 8), labels=(Label(Span(0, 1), "set here"),))
    said: list[tuple[str, str]] = []
    painted = render([finding], source, lambda text, role: said.append((text, role)) or text)  # type: ignore[func-returns-value]
    assert painted == render([finding], source)
    assert {("^^^^", "error"), ("-", "label"), ("error[name-unknown]", "error")} <= set(said)


@given(TEXTS, st.data())
def test_whatever_stands_in_a_text_its_findings_can_be_shown(text: str, data: st.DataObject) -> None:
    ends = st.integers(0, len(text))
    spans = st.tuples(ends, ends).map(lambda pair: Span(min(pair), max(pair)))
    labels = tuple(Label(each, "here") for each in data.draw(st.lists(spans, max_size=3)))
    fix = data.draw(st.none() | st.builds(Fix, st.just("write it"), spans, TEXTS))
    made = render([Diagnostic("name-unknown", "none", data.draw(spans), labels=labels, fix=fix)], Source(text))
    assert not [c for c in made if (c != "\n" and unicodedata.category(c) in ("Cc", "Zl", "Zp")) or c in "\u202e\r"]
    body = made.split("  = help")[0]
    numbers = [row.split(" |")[0] for row in body.split("\n")[2:] if row[:1].isdigit()]
    assert len(numbers) == len(set(numbers)) == len({*numbers})
    assert numbers == sorted(numbers, key=int)
    assert made.count("^") >= 1
