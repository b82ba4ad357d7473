"""The language reference: every example in it holds, its rules are numbered, and it names everything that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import flowreason as fr
from flowreason.engine.held import MOST_HELD
from flowreason.engine.limits import Limits
from flowreason.ports import SandboxLimits
from flowreason.used_files import MOST_USED
from flowreason.values import MOST_DEEP, MOST_TEXT
from flowreason_dsl import lexer, parse, parser, prelude
from flowreason_dsl.card import CARD, card
from flowreason_dsl.check import diagnose
from flowreason_dsl.check.data import MOST_DATA
from flowreason_dsl.check.limits import MOST_FLOWS, MOST_PIECE, MOST_PIECES, MOST_PYTHON, MOST_STEPS
from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.check.statements import MOST_ELSE_IFS
from flowreason_dsl.grammar import grammar
from flowreason_dsl.python import MOST_DEPTH
from flowreason_dsl.python_world import MODULES
from flowreason_dsl.types import SCALARS

TEXT = (Path(__file__).parents[2] / "dsl" / "REFERENCE.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^(?P<fence>`{3,})flow\n(?P<flow>.*?)^(?P=fence)\n(?:gives: `(?P<gives>[^\n]*)`\n)?", re.DOTALL | re.MULTILINE
)
EXAMPLES = [(found["flow"], found["gives"]) for found in EXAMPLE.finditer(TEXT)]
LIBRARY = 'flow distance(a: text, b: text) -> number { answer ask "How far is it from {a} to {b}, in km?" }'


def title(example: tuple[str, str | None]) -> str:
    return re.search(r"flow (\w+)", example[0])[1]  # type: ignore[index]


def load(path: str) -> str:
    return {"distances.flow": LIBRARY, "worked.jsonl": '{"question": "Are 9 km far?", "answer": "no"}\n'}[path]


@pytest.mark.parametrize("example", EXAMPLES, ids=map(title, EXAMPLES))
def test_every_example_parses_and_checks_without_a_finding(example: tuple[str, str | None]) -> None:
    assert diagnose(parse(example[0]), load=load) == []


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e[1]], ids=[title(e) for e in EXAMPLES if e[1]])
def test_an_example_gives_what_the_reference_says(example: tuple[str, str | None]) -> None:
    text, gives = example
    result = fr.loads(text).run(provider=fr.ScriptedProvider(), unsafe_python=True)
    assert result.ok, result.error
    assert result.value == json.loads(gives or "")


def test_there_are_enough_examples_that_run() -> None:
    assert len(EXAMPLES) >= 20
    assert sum(gives is not None for _, gives in EXAMPLES) >= 8


def test_every_fence_of_the_reference_is_an_example() -> None:
    assert len(re.findall(r"^`{3,}flow$", TEXT, re.MULTILINE)) == len(EXAMPLES)
    assert not re.search(r"^`{3,}(?!flow)\w+$", TEXT, re.MULTILINE)


def test_rules_are_numbered_in_order_within_their_sections() -> None:
    expected: list[tuple[int, int]] = []
    section = rule = 0
    for line in TEXT.partition("<!-- the card -->")[0].splitlines():
        if line.startswith("## "):
            section, rule = section + 1, 0
            assert line.startswith(f"## {section} ")
        elif line.startswith("**"):
            rule += 1
            expected.append((section, rule))
            assert line.startswith(f"**{section}.{rule}** ")
    assert len(expected) > 60


def test_every_rule_that_is_referred_to_exists() -> None:
    rules = set(re.findall(r"^\*\*(\d+\.\d+)\*\*", TEXT, re.MULTILINE))
    sections = set(re.findall(r"^## (\d+) ", TEXT, re.MULTILINE))
    for inside in re.findall(r"\(((?:\d+(?:\.\d+)?(?:, )?)+)\)", TEXT):
        for each in inside.split(", "):
            assert each in (rules if "." in each else sections), each


def test_the_card_is_what_the_reference_says_on_one_page() -> None:
    assert CARD.read_text(encoding="utf-8") == card(TEXT), "run `python -m flowreason_dsl.card`"
    assert TEXT.endswith("<!-- the end of the card -->\n")


def test_the_reference_is_read_in_twenty_minutes() -> None:
    assert len(re.findall(r"\w+", TEXT.partition("<!-- the card -->")[0])) < 20 * 220


def section(number: int) -> str:
    return TEXT.split(f"\n## {number} ")[1].split("\n## ")[0]


def test_all_reserved_words_are_listed_and_no_others() -> None:
    listed = " ".join(section(1).split()).split("**1.5**")[1].split("; neither")[0].split("are no names:")[1]
    known = grammar()
    words = {word for word, terminal in known.keywords.items() if terminal not in known.python}
    assert set(re.findall(r"`(\w+)`", listed)) == words


def test_all_types_settings_modules_and_functions_are_listed() -> None:
    assert all(f"`{name}`" in section(2) for name in SCALARS)
    settings = set(re.findall(r"^\| `(\w+)` \|", section(16), re.MULTILINE))
    assert settings == set(OPTIONS)
    assert set(re.findall(r"`(\w+)`", section(6).split("**6.4**")[1].split("**6.5**")[0])) == MODULES
    assert {name for name in prelude.__all__ if f"`{name}(" not in section(6)} == set()


def test_the_limits_are_those_of_the_code() -> None:
    limits, python = Limits(), SandboxLimits()
    words = section(17)
    assert (f"{parser.MOST_BYTES:,} bytes" in words, f"{lexer.MOST_TOKENS:,} words" in words) == (True, True)
    first = " ".join(words.split())
    assert f"at most {lexer.MOST_DEPTH} deep" in first
    assert f"at most {MOST_ELSE_IFS} `else if`" in first
    assert f"{MOST_FLOWS:,} flows and {MOST_STEPS:,} steps" in first
    assert (
        f"{MOST_PIECES:,} pieces, {MOST_PYTHON:,} characters, {MOST_PIECE:,} in one, and {MOST_DEPTH} levels deep"
        in first
    )
    for name, value in (("calls", limits.calls), ("depth", limits.depth), ("rounds", limits.rounds)):
        assert re.search(rf"\| `{name}` [^|]*\| {value:,} \|", words), name
    assert (limits.tokens, limits.money, limits.seconds) == (None, None, None)
    assert MOST_DATA == MOST_USED == 4_000_000 and "A file has 4 MB at most" in " ".join(section(1).split())
    assert f"{python.seconds:g} seconds and {python.memory >> 20} MB" in first
    assert python.value == MOST_TEXT and f"a template makes, at most {MOST_TEXT >> 20} MB" in first
    assert f"nest at most {MOST_DEEP} deep, and take {MOST_HELD >> 30} GB in a run" in first
