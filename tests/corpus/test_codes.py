"""Every code is documented, every documented example yields its code, and the page is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flowreason_dsl.check import find_all
from flowreason_dsl.codes import CODES, GROUPS, severity_of
from flowreason_dsl.codes.document import document
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.syntax import Name, Parameter, ToolDef, TypeRef
from flowreason_dsl.types import TEXT

LANGUAGE = Path(__file__).parents[2] / "dsl"
WEATHER = ToolDef(Name("weather"), (Parameter(Name("place"), TypeRef(TEXT)),), TypeRef(TEXT), None, pure=True)


FILES = {
    "broken.flow": "flow broken( { answer 1 }",
    "broken.jsonl": '{"question": "When?", "answer": "At noon."}\n{"question": ',
    "worked.jsonl": '{"question": "When?", "answer": "At noon."}\n',
}


def load(path: str) -> str:
    """A folder with a few files."""
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[path]


def findings(code: str) -> list[Diagnostic]:
    """What is found in the example of a code."""
    return find_all(CODES[code].example, tools={"weather": WEATHER}, load=load if code != "use-impossible" else None)


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_code_yields_it_in_its_text_and_no_other_error(code: str) -> None:
    entry, told = CODES[code], findings(code)  # some examples are long: each is looked at once
    found = [each for each in told if each.code == code]
    assert found, [each.code for each in told]
    assert {each.severity for each in found} == {entry.severity}
    allowed = {code, "syntax-parameters", "syntax-unexpected"} if code == "use-broken" else {code}
    if entry.severity == "error":
        assert {each.code for each in told if each.severity == "error"} <= allowed
    for each in told:
        if each.source is None:
            spans = [each.span, *(label.span for label in each.labels)]
            assert all(0 <= span.start <= span.end <= len(entry.example) for span in spans), each


def test_the_page_is_up_to_date() -> None:
    assert (LANGUAGE / "DIAGNOSTICS.md").read_text(encoding="utf-8") == document()


def test_no_code_stands_in_two_groups() -> None:
    assert len(CODES) == sum(len(entries) for entries in GROUPS.values())
    assert len(CODES) >= 60


def test_every_code_in_the_sources_is_documented() -> None:
    pattern = re.compile(r'(?:Diagnostic|add|hint|_no_field|NoStep|Clash)\(\s*"([a-z]+(?:-[a-z0-9]+)+)"')
    files = [path for path in (LANGUAGE / "flowreason_dsl").rglob("*.py") if "codes" not in path.parts]
    used = {code for path in files for code in pattern.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 60
    assert used - CODES.keys() == set()


def test_severities_come_from_the_entries() -> None:
    assert severity_of("name-unknown") == "error"
    assert severity_of("value-unused") == "warning"
