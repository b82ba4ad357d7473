"""Flows of the corpora with a few lines or words moved, dropped or doubled: whatever comes of it, nothing is raised."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowreason_dsl.check import check, diagnose
from flowreason_dsl.diagnostics import errors, render
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.syntax import Flow

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*/*.flow"))]
WORD = re.compile(r"```.*?```|`[^`]*`|\"[^\"]*\"|\w+|->|[^\s\w]|\s+", re.DOTALL)
ROUNDS = 80


def mutant(rng: random.Random) -> str:
    """One text, changed in one to three places."""
    text, other = rng.choice(TEXTS), rng.choice(TEXTS)
    by_line = rng.random() < 0.5
    mine, theirs = (text.split("\n"), other.split("\n")) if by_line else (WORD.findall(text), WORD.findall(other))
    for _ in range(rng.randint(1, 3)):
        at, source = rng.randrange(len(mine)), rng.randrange(len(mine))
        match rng.randrange(4):
            case 0 if len(mine) > 1:
                del mine[at]
            case 1:
                mine.insert(at, rng.choice(theirs))
            case 2:
                mine[at] = mine[source]
            case _:
                mine[at], mine[source] = mine[source], mine[at]
    return ("\n" if by_line else "").join(mine)


def flows(seed: int) -> Iterator[Flow]:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        flow, _ = parse_lenient(mutant(rng))
        if flow is not None:
            yield flow


@pytest.mark.parametrize("seed", range(12))
def test_a_mutant_is_checked_without_an_exception(seed: int) -> None:
    for flow in flows(seed):
        found = diagnose(flow)
        for each in found:
            source = each.source or flow.source
            assert 0 <= each.span.start <= each.span.end <= len(source.text)
        assert render(found, flow.source).count("[") >= len(found)
        assert diagnose(flow) == found


@pytest.mark.parametrize("seed", range(6))
def test_a_flow_is_checked_exactly_when_no_error_is_found(seed: int) -> None:
    seen = 0
    for flow in (*flows(seed + 1000), *flows(seed + 2000)):  # of the flows of one seed, perhaps none is sound
        if not errors(diagnose(flow)):
            assert check(flow).flow is flow
            seen += 1
    assert seen
