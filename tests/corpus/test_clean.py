"""Flows in which nothing is wrong: no error, no warning, no hint. Each is a trap for a checker that guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowreason_dsl.check import check, find_all
from flowreason_dsl.diagnostics import errors, render
from flowreason_dsl.parser import parse, parse_lenient

HERE = Path(__file__).parent
CLEAN = sorted((HERE / "clean").glob("*.flow"))
VALID = sorted((HERE / "valid").glob("*.flow"))


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_flow_without_mistakes(path: Path) -> None:
    flow, found = parse_lenient(path.read_text(encoding="utf-8"), path.name)
    assert flow is not None, render(found, parse("flow a() {}").source)
    found += check(flow).diagnostics
    assert found == [], render(found, flow.source)
    assert find_all(path.read_text(encoding="utf-8"), name=path.name) == []


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_flow_has_no_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = check(parse(text, path.name), load=lambda used: (path.parent / used).read_text(encoding="utf-8"))
    assert errors(found.diagnostics) == []


def test_the_corpora_are_there() -> None:
    assert len(CLEAN) > 50
    assert VALID
