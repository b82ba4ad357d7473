"""Whatever order things finish in, a run gives what the flow says when its statements are run one after the other."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason_dsl import parse
from tests.oracle import Oracle
from tests.programs import DATA, FILES, plain_question, programs, reckoned


def run_text(text: str, seed: int, a: int, b: int, root: Path | None = None) -> tuple[fr.Result, list[Any]]:
    chance, effects = random.Random(seed), []

    @fr.tool
    async def note(x: int) -> int:
        effects.append((x,))
        mine = len(effects)
        await asyncio.sleep(chance.random() * 0.002)
        return mine

    def reply(request: fr.Request) -> str:
        return str(reckoned(plain_question(request.messages[-1].content)))

    provider = fr.ScriptedProvider(reply, latency=lambda _: chance.random() * 0.002)
    limits = fr.Limits(calls=None, seconds=20)
    return fr.loads(text, tools=[note], root=root).run(a=a, b=b, provider=provider, limits=limits), effects


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 5), st.integers(-3, 5), st.integers(0, 10_000))
def test_a_run_in_any_order_gives_what_the_statements_say_one_after_the_other(
    text: str, a: int, b: int, seed: int
) -> None:
    oracle = Oracle(parse(text), reckoned)
    expected = oracle.run("main", {"a": a, "b": b})
    result, effects = run_text(text, seed, a, b)
    assert result.ok, f"{result.error}\n{text}"
    assert (result.value, effects) == (expected, oracle.effects), text


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(data=True), st.integers(0, 5), st.integers(-3, 5), st.integers(0, 10_000))
def test_a_run_with_the_data_of_files_gives_what_its_statements_say(
    tmp_path_factory: pytest.TempPathFactory, text: str, a: int, b: int, seed: int
) -> None:
    root = tmp_path_factory.getbasetemp() / "data of programs"
    root.mkdir(exist_ok=True)
    for name, held in FILES.items():
        (root / name).write_text(held)
    oracle = Oracle(parse(text), reckoned, DATA)
    expected = oracle.run("main", {"a": a, "b": b})
    result, effects = run_text(text, seed, a, b, root)
    assert result.ok, f"{result.error}\n{text}"
    assert (result.value, effects) == (expected, oracle.effects), text
