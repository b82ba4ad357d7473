"""Any bytes give a flow or findings, through the real command, and a flow that is formatted stays what it is."""

from __future__ import annotations

import contextlib
import io
import random
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowreason.cli.app import run_command
from flowreason_dsl import format_flow
from flowreason_dsl.check import check
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.parser import decode, parse, parse_lenient

ROOT = Path(__file__).parents[2]
TEXTS = [
    path.read_bytes().decode()
    for folder in ("tests/corpus", "examples", "flowreason/compiler/examples")
    for path in sorted((ROOT / folder).rglob("*.flow"))
]
PIECES = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|```(?:.|\n)*?```|`[^`\n]*`|[A-Za-z_]\w*|\d+|->|\s+|.')
CUT = [PIECES.findall(text) for text in TEXTS]
ODD = ["\x00", "\ufeff", "\r", "\u2028", "“", "‘", "\\u", "```", '"""', "{{", "{a}", "9" * 5000, "1e999", "`9**9**9`"]
ODD += ["`(yield)`", "`await x`", "`lambda: (yield)`", "`f'{x!r:>{y}}'`", "`*a, b`", "`x[1:2, ...]`", "`b'a'`", "`-`"]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A text of the corpus with pieces left out, doubled, exchanged, taken from elsewhere, or odd."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    parts = list(dice.choice(CUT))
    for _ in range(dice.choice([1, 1, 2, 4])):
        at = dice.randrange(len(parts) + 1)
        end = at + dice.choice([0, 1, 1, 2, 8])
        other = dice.choice(CUT)
        start = dice.randrange(len(other))
        taken = [[], parts[at:end] * 2, other[start : start + dice.choice([1, 1, 5, 40])], [dice.choice(ODD)]]
        parts[at:end] = dice.choice(taken)
    return "".join(parts)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400) | mutants().map(str.encode) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_checked_without_a_traceback(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        file = Path(folder) / "any.flow"
        file.write_bytes(data)
        with contextlib.redirect_stderr(io.StringIO()):
            code = run_command(["check", str(file)])
        assert code == (0 if runs(data) else 2), out.getvalue()


def runs(data: bytes) -> bool:
    """Whether bytes are a flow without errors."""
    try:
        check(parse(decode(data)))
    except FlowError:
        return False
    return True


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants())
def test_a_flow_that_is_formatted_is_still_the_flow(text: str) -> None:
    flow, _ = parse_lenient(text)
    if flow is not None:
        formatted = format_flow(flow)
        assert parse(formatted) == flow
        assert format_flow(parse(formatted)) == formatted
