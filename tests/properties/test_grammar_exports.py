"""Whatever the exported grammars let through is a flow, and flows as people write them get through.

`FLOWREASON_SAMPLES` says how many random texts of each are drawn (1,200 where it is not set), in parts that run at once.
"""

from __future__ import annotations

import os
import random
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from flowreason_dsl import format_flow, grammar_for
from flowreason_dsl.parser import parse_lenient
from tests.sampling import Gbnf, accepts, forced_text, matcher

ROOT = Path(__file__).parents[2]
SAMPLES = int(os.environ.get("FLOWREASON_SAMPLES", "1200"))
PARTS = 4
SLIPS = 400
FLOWS = [
    path
    for folder in ("tests/corpus/valid", "tests/corpus/clean", "examples", "flowreason/compiler/examples")
    for path in sorted((ROOT / folder).rglob("*.flow"))
]
NOT_CANONICAL = {"crlf_and_tabs": "a model ends its lines with a newline alone"}
"""Flows of the corpus that no model should write so, each with the reason."""


@cache
def _lark() -> Any:
    return matcher(grammar_for("lark"))


def lark() -> Any:
    """llguidance, at the beginning of a flow."""
    return _lark().deep_copy()


def parsed(text: str) -> bool:
    """Whether the parser takes a text as it is, with nothing mended in it."""
    return not parse_lenient(text)[1]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_text_that_the_masks_allow_is_a_flow(part: int) -> None:
    drawn = (forced_text(lark(), random.Random(seed)) for seed in range(part, SAMPLES * 2, PARTS))
    finished = list(islice(filter(None, drawn), SAMPLES // PARTS))
    assert len(finished) == SAMPLES // PARTS
    assert len(set(finished)) > 0.9 * len(finished)
    assert [text for text in finished if not parsed(text)] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_every_text_of_the_gbnf_is_a_flow_and_a_text_of_the_lark_grammar(part: int) -> None:
    gbnf = Gbnf(grammar_for("gbnf"))
    texts = [gbnf.text(random.Random(seed)) for seed in range(part, SAMPLES, PARTS)]
    assert [text for text in texts if not parsed(text)] == []
    assert [text for text in texts if accepts(lark(), text) is not None] == []


def test_every_text_of_the_ebnf_is_a_flow() -> None:
    ebnf = Gbnf(grammar_for("ebnf"))
    texts = [ebnf.text(random.Random(seed)) for seed in range(SAMPLES // 4)]
    assert [text for text in texts if not parsed(text)] == []


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_flow_is_accepted_as_it_is_and_as_it_is_formatted(path: Path) -> None:
    text = path.read_bytes().decode()
    flow, _ = parse_lenient(text)
    assert flow is not None
    assert (accepts(lark(), text) is not None) == (path.stem in NOT_CANONICAL), NOT_CANONICAL.get(path.stem)
    assert accepts(lark(), format_flow(flow)) is None


def test_flows_with_a_slip_in_them_are_accepted_only_where_they_still_are_flows() -> None:
    draw = random.Random(1)
    slipped = [slip(draw.choice(FLOWS).read_bytes().decode(), draw) for _ in range(SLIPS)]
    accepted = [text for text in slipped if accepts(lark(), text) is None]
    refused = [text for text in slipped if parse_lenient(text)[0] is None]
    assert len(accepted) > SLIPS / 8
    assert len(refused) > SLIPS / 8
    assert [text for text in accepted if not parsed(text)] == []


def slip(text: str, draw: random.Random) -> str:
    """A text with a piece of it left out, doubled or moved."""
    start = draw.randrange(len(text))
    end = min(len(text), start + draw.choice([1, 1, 1, 2, 3, 8]))
    to = draw.randrange(len(text))
    without = text[:start] + text[end:]
    return draw.choice([without, text[:end] + text[start:], without[:to] + text[start:end] + without[to:]])
