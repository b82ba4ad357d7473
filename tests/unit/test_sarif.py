"""SARIF as other tools read it: valid, every place right, and a fix that mends the text when it is carried out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flowreason_dsl.check import diagnose
from flowreason_dsl.codes import CODES
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.fixing import apply_fixes
from flowreason_dsl.parser import parse, parse_lenient
from flowreason_dsl.sarif import sarif
from flowreason_dsl.source import Source, Span

SCHEMA = json.loads((Path(__file__).parent / "sarif.schema.json").read_text("utf-8"))
BROKEN = sorted((Path(__file__).parents[1] / "corpus/broken").glob("*.flow"))


def found(path: Path) -> tuple[Source, list[Diagnostic]]:
    text = path.read_text("utf-8")
    flow, findings = parse_lenient(text, path.name)
    return Source(text, f"flows/{path.name}"), findings if flow is None else [*findings, *diagnose(flow)]


def the_run(log: dict[str, Any]) -> dict[str, Any]:
    (run,) = log["runs"]
    return run  # type: ignore[no-any-return]


def cut(text: str, region: dict[str, int]) -> tuple[int, int]:
    """The offsets of a region, reckoned as the standard says: lines from 1, columns in characters from 1."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) + 1)]
    return (
        starts[region["startLine"] - 1] + region["startColumn"] - 1,
        starts[region["endLine"] - 1] + region["endColumn"] - 1,
    )


def test_all_findings_of_the_corpus_are_one_valid_log() -> None:
    reports = [found(path) for path in BROKEN]
    log = json.loads(json.dumps(sarif(reports, "0.1.0")))
    jsonschema.validate(log, SCHEMA, cls=jsonschema.Draft7Validator)
    run = the_run(log)
    assert len(run["results"]) == sum(len(each) for _, each in reports)
    assert len(run["artifacts"]) == len(BROKEN)
    rules = run["tool"]["driver"]["rules"]
    assert {each["id"] for each in rules} == {d.code for _, each in reports for d in each}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[result["ruleIndex"]]["shortDescription"]["text"] == CODES[result["ruleId"]].cause


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_region_is_the_place_and_its_fix_the_fix(path: Path) -> None:
    source, findings = found(path)
    for result, each in zip(the_run(sarif([(source, findings)], "0.1.0"))["results"], findings, strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert cut(source.text, place["region"]) == (each.span.start, each.span.end)
        assert len(result.get("relatedLocations", ())) == len(each.labels)
        if each.fix:
            (change,) = result["fixes"][0]["artifactChanges"]
            made = source.text
            for part in reversed(change["replacements"]):
                start, end = cut(source.text, part["deletedRegion"])
                made = made[:start] + part.get("insertedContent", {}).get("text", "") + made[end:]
            assert made == apply_fixes(source.text, [each])


def test_places_are_relative_to_the_root_unless_they_lead_elsewhere(tmp_path: Path) -> None:
    used = Source("x", "other/a b.flow")
    findings = [
        Diagnostic("name-unknown", "here", Span(0, 1)),
        Diagnostic("name-unknown", "there", Span(0, 1), source=used),
    ]
    near, there = (
        each["locations"][0]["physicalLocation"]["artifactLocation"]
        for each in the_run(sarif([(Source("x", "a.flow"), findings)], "0.1.0"))["results"]
    )
    assert near == {"uri": "a.flow", "uriBaseId": "SRCROOT"}
    assert there == {"uri": "other/a%20b.flow", "uriBaseId": "SRCROOT"}
    far = the_run(sarif([(Source("x", str(tmp_path / "b.flow")), findings[:1])], "0.1.0"))["artifacts"][0]["location"]
    assert far["uri"].startswith("file:/" + "/")
    assert "uriBaseId" not in far


def test_no_findings_are_a_run_with_empty_results() -> None:
    source = parse("flow f() -> int { answer 1 }").source
    log = sarif([(source, [])], "0.1.0")
    jsonschema.validate(log, SCHEMA, cls=jsonschema.Draft7Validator)
    assert the_run(log)["results"] == []


def test_levels_are_those_of_the_standard() -> None:
    findings = [
        Diagnostic(code, "m", Span(0, 0), severity=CODES[code].severity)
        for code in ("name-unknown", "value-unused", "mended-quotes", "flow-missing")
        if code in CODES
    ]
    levels = [each["level"] for each in the_run(sarif([(Source("x"), findings)], "0.1.0"))["results"]]
    assert levels == ["error", "warning", "note"]
