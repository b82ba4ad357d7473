"""No text of a megabyte, however it is shaped, crashes a command or takes it long; what is too much is refused by name.

Each shape is looked at twice: whole, where most are refused by a limit, and with as many rows as the limits allow, or a
part of them: `FLOWREASON_SHARE` says which (0.2 where it is not set).
Time is that of the processor. What is promised is five seconds; a machine that does other things at the same time has
twice as long.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowreason.cli.app import run_command
from flowreason_dsl import format_flow
from flowreason_dsl.check.limits import MOST_STEPS
from flowreason_dsl.check.reach import parts
from flowreason_dsl.lexer import MOST_TOKENS, tokenize
from flowreason_dsl.parser import MOST_BYTES, parse, parse_lenient
from flowreason_dsl.syntax import Expression
from tests.shapes import ROWS, WHOLE, text_of

SECONDS = 10.0
SHARE = float(os.environ.get("FLOWREASON_SHARE", "0.2"))


def fitting(name: str) -> str:
    """As many rows of a shape as the limits allow, or a share of them."""
    few, more = text_of(name, 20), text_of(name, 40)
    words, before = counted(few, more, lambda text: len(tokenize(text).tokens))
    steps, first = counted(few, more, steps_in)
    by_words = (MOST_TOKENS - before) / words if words else MOST_TOKENS
    by_steps = (MOST_STEPS - first) / steps if steps else MOST_TOKENS
    return text_of(name, int((min(by_words, by_steps) - 40) * SHARE))


def counted(few: str, more: str, count: Callable[[str], int]) -> tuple[float, float]:
    """How much a row of a shape counts, and how much what stands around its rows."""
    least, most = count(few), count(more)
    return (most - least) / 20, least - (most - least)


def steps_in(text: str) -> int:
    flow, _ = parse_lenient(text)
    return sum(isinstance(each, Expression) for one in flow.flows for each in parts(one.body)) if flow else 0


@pytest.mark.parametrize("name", [*WHOLE, *ROWS])
def test_a_megabyte_is_checked_in_seconds_and_never_with_a_traceback(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = text_of(name)
    assert len(text.encode()) <= MOST_BYTES
    taken, code = checked(text, tmp_path)
    assert code in (0, 1, 2)
    assert taken < SECONDS
    assert len(capfd.readouterr().out) < 10 * MOST_BYTES


@pytest.mark.parametrize("name", ROWS)
def test_what_the_limits_allow_goes_through_every_stage_in_seconds(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = fitting(name)
    taken, code = checked(text, tmp_path)
    assert taken < SECONDS * SHARE + 1
    assert not {"limit-size", "limit-steps"} & set(re.findall(r"\[([a-z-]+)\]", capfd.readouterr().out))
    if code == 0:
        begin = time.process_time()
        assert format_flow(parse(text))
        assert time.process_time() - begin < SECONDS * SHARE + 1


def checked(text: str, folder: Path) -> tuple[float, int]:
    """The seconds that `flowreason check` takes, and how it ends."""
    file = folder / "shape.flow"
    file.write_bytes(text.encode())
    begin = time.process_time()
    code = run_command(["check", str(file)])
    return time.process_time() - begin, code
