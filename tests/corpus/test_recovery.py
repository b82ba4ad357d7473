"""Faults put into sound flows: each is told, none hides another, and nothing is told that only follows from one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowreason_dsl.check import check_text, find_all
from flowreason_dsl.diagnostics import Diagnostic, FlowSyntaxError, errors, render
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.parser import parse, parse_partial
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import Block, Flow

HERE = Path(__file__).parent
CLEAN = [
    text for path in sorted((HERE / "clean").glob("*.flow")) if not find_all(text := path.read_text(encoding="utf-8"))
]
ANY = [path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*/*.flow"))]
ROUNDS = 50

SLIPS = (
    "zq_a = = 3",
    "zq_b = 4 + 5",
    "let zq_c = 5",
    "zq_d = 3 esle 4",
    "zq_e = 3 +",
    "if 1 == 2 { zq_f = 3 }",
    "for 3 in `[1]` { zq_h = 2 }",
    "zq_l = {1: 2}",
    "zq_i[0] = 3",
    "zq_j += 1",
    "return 3",
    "class = 3",
    "zq_k.append(3)",
)
"""Statements that are no statements, with names that stand nowhere else."""

MISTAKES = {
    "zq_x = `zq_none + 1`": "name-unknown",
    'zq_y: int = "three"': "type-mismatch",
    "zq_z = zq_nothing(3)": "call-unknown",
    "zq_w = `len(`": "python-syntax",
    'zq_v = "What is {zq_nobody}?"': "name-unknown",
    'zq_u = "What?" with temperature=9': "setting-range",
}


def places(flow: Flow) -> Iterator[int]:
    """Where a statement of a flow begins on a line of its own."""
    text = flow.source.text
    todo: list[Block] = [each.body for each in flow.flows]
    for block in todo:
        for statement in block.statements:
            line = text.rfind("\n", 0, statement.span.start) + 1
            if not text[line : statement.span.start].strip():
                yield line


def spoiled(text: str, faults: dict[int, str]) -> str:
    for place in sorted(faults, reverse=True):
        text = f"{text[:place]}{faults[place]}\n{text[place:]}"
    return text


def told(text: str, found: list[Diagnostic]) -> set[str]:
    """The lines on which there are errors."""
    return {Source(text).line(Source(text).position(each.span.start)[0]).strip() for each in errors(found)}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_wrong_in_several_statements_is_told_of_each_and_of_no_other(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        text = rng.choice(CLEAN)
        lines = sorted(set(places(parse(text))))
        chosen = rng.sample(lines, min(len(lines), rng.randint(1, 4)))
        faults = rng.sample([*SLIPS, *MISTAKES], len(chosen))
        broken = spoiled(text, dict(zip(chosen, faults, strict=True)))
        found = find_all(broken)
        assert told(broken, found) == set(faults), render(found, Source(broken))


@pytest.mark.parametrize("seed", range(6))
def test_a_mistake_of_meaning_is_told_beside_one_of_writing(seed: int) -> None:
    rng = random.Random(100 + seed)
    for _ in range(ROUNDS):
        text = rng.choice(CLEAN)
        lines = sorted(set(places(parse(text))))
        if len(lines) < 2:
            continue
        first, second = rng.sample(lines, 2)
        slip, mistake = rng.choice(SLIPS), rng.choice([*MISTAKES])
        found = find_all(spoiled(text, {first: slip, second: mistake}))
        assert MISTAKES[mistake] in {each.code for each in found}
        assert any(each.code.startswith("syntax") for each in found)


WORD = re.compile(r"```.*?```|`[^`]*`|\"[^\"]*\"|\w+|->|[^\s\w]|\s+", re.DOTALL)


def mutant(rng: random.Random) -> str:
    """A text with one to four words or lines dropped, doubled or swapped."""
    text = rng.choice(ANY)
    by_line = rng.random() < 0.4
    pieces = text.split("\n") if by_line else WORD.findall(text)
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        match rng.randrange(3):
            case 0 if len(pieces) > 1:
                del pieces[at]
            case 1:
                pieces.insert(at, pieces[at])
            case _:
                pieces[at], pieces[other] = pieces[other], pieces[at]
    return ("\n" if by_line else "").join(pieces)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_moved_everything_can_be_told(seed: int) -> None:
    rng = random.Random(200 + seed)
    for _ in range(ROUNDS):
        text = mutant(rng)
        found = find_all(text)
        assert found == find_all(text)
        for each in found:
            if each.source is None:
                spans = [each.span, *(label.span for label in each.labels), *([each.fix.span] if each.fix else [])]
                assert all(0 <= span.start <= span.end <= len(text) for span in spans)
        assert render(found, Source(text)).count("[") >= len(found)


def test_one_word_too_few_is_nearly_always_one_error() -> None:
    counts: list[int] = []
    for text in CLEAN:
        for token in tokenize(text).tokens[:-1:4]:
            broken = text[: token.start] + " " + text[token.end :]
            if errors(parse_partial(broken)[1]):
                counts.append(len(errors(find_all(broken))))
    assert len(counts) > 400
    assert sum(count == 1 for count in counts) > 0.9 * len(counts)


def test_a_text_that_is_cut_off_is_not_told_what_it_lacks() -> None:
    for text in CLEAN[::3]:
        for end in range(10, len(text) - 1, 23):
            found = find_all(text[:end])
            assert not {"answer-missing", "answer-none", "flow-unused"} & {each.code for each in found}


def test_a_text_with_errors_gives_no_flow_and_all_findings() -> None:
    text = 'flow tide(port: text) -> text {\n  x = = 3\n  answer ask "When, {prot}?"\n}\n'
    with pytest.raises(FlowSyntaxError) as caught:
        check_text(text)
    assert [each.code for each in caught.value.diagnostics] == ["syntax-unexpected", "name-unknown"]
    assert list(caught.value.diagnostics) == find_all(text)


def test_what_was_mended_is_told_of_a_flow_without_errors() -> None:
    checked = check_text('flow tide(port: str) -> text { answer ask "When, {port}?" }')
    assert [each.code for each in checked.diagnostics] == ["mended-type"]
