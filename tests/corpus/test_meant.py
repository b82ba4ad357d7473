"""Flows written as other languages would have it: the fixes, made together or one by one, give what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowreason_dsl import parse
from flowreason_dsl.check import find_all
from flowreason_dsl.diagnostics import errors
from flowreason_dsl.fixing import apply_fixes, fix_all

HERE = Path(__file__).parent
MEANT = sorted((HERE / "meant").glob("*.flow"))


def broken(path: Path) -> str:
    return (HERE / "broken" / path.name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MEANT, ids=lambda path: path.stem)
def test_the_fixes_made_together_give_what_was_meant(path: Path) -> None:
    fixed = fix_all(broken(path), find_all)
    assert not errors(fixed.diagnostics)
    assert parse(fixed.text) == parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MEANT, ids=lambda path: path.stem)
def test_the_fixes_made_one_by_one_give_what_was_meant(path: Path) -> None:
    text = broken(path)
    while found := [each for each in find_all(text) if each.fix and each.severity != "warning"]:
        before, text = text, apply_fixes(text, found[-1:])
        assert text != before
    assert parse(text) == parse(path.read_text(encoding="utf-8"))
