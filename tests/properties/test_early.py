"""A head start changes nothing but when things happen: neither the answer, nor the effects, nor what is asked."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason_dsl import parse
from tests.oracle import Oracle
from tests.programs import plain_question, programs, reckoned

COMPILER = "# The flow language"


def is_for_compiler(request: fr.Request) -> bool:
    return COMPILER in request.messages[0].content


class Writes(fr.ScriptedProvider):
    """A model that writes a flow piece by piece, and answers questions while it does."""

    def __init__(self, text: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.text = text
        self.while_writing = 0
        self.writing = False
        super().__init__(self.answer, latency=lambda _: self.chance.random() * 0.001)

    def answer(self, request: fr.Request) -> str:
        if is_for_compiler(request):
            return self.text
        self.while_writing += self.writing
        return str(reckoned(plain_question(request.messages[-1].content)))

    async def stream(self, request: fr.Request, on_text: Any, notify: Any = None) -> fr.Reply:
        reply = await self.complete(request, notify)
        self.writing, at = True, 0
        while at < len(reply.text):
            size = self.chance.choice((1, 3, 8, 30))
            on_text(reply.text[at : at + size])
            at += size
            await asyncio.sleep(self.chance.random() * 0.0005)
        self.writing = False
        return reply


def solved(text: str, seed: int, a: int, b: int, early: bool) -> tuple[fr.Result, list[Any], Writes]:
    effects: list[Any] = []

    @fr.tool
    async def note(x: int) -> int:
        effects.append((x,))
        return len(effects)

    provider = Writes(text, seed)
    result = fr.solve(
        "How many?", inputs={"a": a, "b": b}, provider=provider, tools=[note], rounds=0, early=early,
        limits=fr.Limits(calls=None, seconds=30), confirm=lambda price, limits: True,
    )  # fmt: skip
    return result, effects, provider


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 5), st.integers(-3, 5), st.integers(0, 10_000))
def test_a_head_start_gives_the_same_answer_and_the_same_effects(text: str, a: int, b: int, seed: int) -> None:
    oracle = Oracle(parse(text), reckoned)
    expected = oracle.run("main", {"a": a, "b": b})
    result, effects, provider = solved(text, seed, a, b, True)
    if result.flow.startswith("flow solve_it"):
        return  # the text was refused as an answer to this question, and the plain flow stands in
    assert result.ok, f"{result.error}\n{text}"
    assert (result.value, effects) == (expected, oracle.effects), text
    asked = [request.key() for request in provider.requests if not is_for_compiler(request)]
    assert len(asked) == len(set(asked)), f"the same was asked twice\n{text}"
    told = [event for event in result.events if event.kind in ("node.reply", "node.unanswered")]
    paid = sum(event.data["calls"] for event in told)
    assert paid == result.usage.calls <= len(provider.requests)
