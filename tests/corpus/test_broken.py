"""Flows as models really get them wrong: each file says in its first line which codes are found, no more and no fewer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from flowreason_dsl.check import check, diagnose, find_all
from flowreason_dsl.codes import CODES, severity_of
from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, as_json, errors, render
from flowreason_dsl.fixing import apply_fixes
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.source import Source

FILES = sorted((Path(__file__).parent / "broken").glob("*.flow"))
MARK = "# expect:"


def expected(path: Path) -> list[str]:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first.startswith(MARK), f"{path.name} begins with `{MARK} code, code`"
    return sorted(code.strip() for code in first.removeprefix(MARK).split(",") if code.strip())


def findings(path: Path) -> tuple[Source, list[Diagnostic]]:
    text = path.read_text(encoding="utf-8")
    return Source(text, path.name), find_all(text, name=path.name)


def spans(found: list[Diagnostic]) -> Iterator[tuple[int, int]]:
    for each in found:
        yield each.span.start, each.span.end
        yield from ((label.span.start, label.span.end) for label in each.labels)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_flow_is_reported_with_exactly_its_codes(path: Path) -> None:
    source, found = findings(path)
    assert sorted(each.code for each in found) == expected(path), render(found, source)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_found_can_be_shown(path: Path) -> None:
    source, found = findings(path)
    assert all(0 <= start <= end <= len(source.text) for start, end in spans(found))
    shown = render(found, source)
    for each in found:
        assert f"[{each.code}]" in shown
        assert each.severity == severity_of(each.code)
        assert as_json(each, source)["line"] >= 1
        assert len(each.message) < 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fix_mends_what_it_stands_with(path: Path) -> None:
    source, found = findings(path)
    for each in found:
        if each.fix is None or each.severity == "hint":
            continue
        mended = apply_fixes(source.text, [each])
        left = find_all(mended, name=path.name)
        before = sum(other.code == each.code for other in found)
        assert sum(other.code == each.code for other in left) < before, (each.code, mended)


def test_the_corpus_is_large_and_varied() -> None:
    assert len(FILES) >= 60
    assert len({code for path in FILES for code in expected(path)}) >= 50
    assert {code for path in FILES for code in expected(path)} <= CODES.keys()


def test_texts_with_faults_of_both_kinds_are_many() -> None:
    kinds = [{code.startswith("syntax") for code in expected(path)} for path in FILES if len(expected(path)) > 1]
    assert sum(len(kind) == 2 for kind in kinds) >= 25


def test_a_flow_with_errors_is_no_checked_flow() -> None:
    for path in FILES:
        flow, _ = parse_lenient(path.read_text(encoding="utf-8"), path.name)
        if flow is None or not errors(diagnose(flow)):
            continue
        with pytest.raises(FlowCheckError) as caught:
            check(flow)
        assert list(caught.value.diagnostics) == diagnose(flow)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_fixes_of_a_flow_can_be_made_together(path: Path) -> None:
    source, found = findings(path)
    changed = sorted(span for each in found if each.fix for span, _ in each.fix.changes)
    text = apply_fixes(source.text, found)
    assert all(first.end <= second.start for first, second in pairwise(changed))
    before, after = errors(found), errors(find_all(text, name=path.name))
    assert len(after) <= len(before)
    if not any(each.code.startswith("syntax") for each in before):  # else a line that is mended is looked at anew
        assert len(after) <= len(before) - len({each.code for each in before if each.fix})
