"""Mending a file: what is certain is made, the rest stays as it was written, and nothing gets worse."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from flowreason_dsl.check import diagnose
from flowreason_dsl.diagnostics import Diagnostic, Fix, errors
from flowreason_dsl.fixing import MOST_ROUNDS, fix_all
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.source import Span

BROKEN = sorted((Path(__file__).parents[1] / "corpus/broken").glob("*.flow"))
VALID = sorted((Path(__file__).parents[1] / "corpus/valid").glob("*.flow"))


def find(text: str) -> list[Diagnostic]:
    flow, found = parse_lenient(text)
    return found if flow is None else [*found, *diagnose(flow)]


def finding(code: str, start: int, end: int, replacement: str, message: str = "wrong") -> Diagnostic:
    return Diagnostic(code, message, Span(start, end), fix=Fix("mend it", Span(start, end), replacement))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_fixing_never_leaves_more_errors_and_is_done_once(path: Path) -> None:
    text = path.read_text("utf-8")
    fixed = fix_all(text, find)
    assert len(errors(fixed.diagnostics)) <= len(errors(find(text)))
    assert list(fixed.diagnostics) == find(fixed.text)
    again = fix_all(fixed.text, find)
    assert (again.text, again.made) == (fixed.text, ())
    assert (fixed.text != text) == bool(fixed.made)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_flow_without_faults_is_left_to_the_letter(path: Path) -> None:
    text = path.read_text("utf-8")
    assert fix_all(text, find).text == text


def test_fixes_touch_the_places_that_they_are_told_of_and_no_others() -> None:
    text = (
        "# the river\nflow  f( city :text )->text{\n\n    answer ask 'Where is {citi}?' ; # odd\n"
        "    # the end\n }\n"
    )  # fmt: skip
    fixed = fix_all(text, find)
    changed = [
        text[a:b] for kind, a, b, _, _ in SequenceMatcher(None, text, fixed.text).get_opcodes() if kind != "equal"
    ]
    assert errors(fixed.diagnostics) == []
    assert set("".join(changed)) <= set("i';")
    assert "# odd\n    # the end\n }\n" in fixed.text


def test_what_a_fix_uncovers_is_fixed_too_and_told_with_its_line_in_the_first_text() -> None:
    text = "flow f(a: text) -> text {\n  boat = ask a\n  // note\n  answer boaat\n}\n"
    fixed = fix_all(text, find)
    assert errors(fixed.diagnostics) == []
    assert [(line, each.code) for line, each in fixed.made][:2] == [(2, "syntax-question"), (3, "syntax-comment")]
    assert (4, "name-unknown") in [(line, each.code) for line, each in fixed.made]


def test_fixes_of_warnings_are_left_because_they_change_what_is_asked() -> None:
    text = 'flow f(a: text) -> text {\n  right = ask "Is {a} right?"\n  if right { answer "yes" }\n  answer "no"\n}\n'
    warned = [each for each in find(text) if each.fix]
    assert {each.severity for each in warned} == {"warning"}
    assert fix_all(text, find).text == text


def test_a_round_that_makes_it_worse_is_undone_and_its_good_fixes_made_alone() -> None:
    def judged(text: str) -> Sequence[Diagnostic]:
        bad = [finding("bad", text.index("?"), text.index("?") + 1, "!!")] if "?" in text else []
        good = [finding("good", text.index("a"), text.index("a") + 1, "b")] if "a" in text else []
        return [*bad, *good, *(Diagnostic("worse", "so", Span(0, 1)) for _ in range(2 * text.count("!")))]

    fixed = fix_all("? a", judged)
    assert fixed.text == "? b"
    assert [each.code for _, each in fixed.made] == ["good"]


def test_fixes_that_only_bring_the_same_fault_again_come_to_an_end() -> None:
    looked: list[str] = []

    def judged(text: str) -> Sequence[Diagnostic]:
        looked.append(text)
        return [finding("open", len(text), len(text), "}")]

    assert fix_all("{", judged).text == "{"
    assert len(looked) < 10

    def renamed(text: str) -> Sequence[Diagnostic]:
        return [finding("open", len(text), len(text), "}", f"{len(text)}")]

    assert len(fix_all("{", renamed).text) <= 1 + MOST_ROUNDS
