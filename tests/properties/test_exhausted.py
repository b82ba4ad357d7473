"""Whatever limit is reached, and whenever: it holds, nothing happens after it, and nothing of the answer is made up."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.engine.scheduler import GRACE
from flowreason.ports import ModelInfo, Usage
from flowreason_dsl import parse
from tests.oracle import Oracle
from tests.programs import plain_question, programs, reckoned
from tests.unit.test_engine_ending import unended
from tests.virtual import deadlines_of_the_loop, now, virtual


class Watch:
    """What happened in a run, and what of it after the limit was reached."""

    def __init__(self) -> None:
        self.exhausted = False
        self.effects: list[Any] = []
        self.too_late: list[Any] = []

    def hear(self, event: fr.Event) -> None:
        self.exhausted = self.exhausted or event.kind == "run.exhausted"
        if self.exhausted and event.kind in ("node.request", "person.asked"):
            self.too_late.append(event)

    def act(self, what: Any) -> None:
        self.effects.append(what)
        if self.exhausted:
            self.too_late.append(what)


def agree(result: fr.Result, watch: Watch, provider: Any) -> None:
    """What holds for every run, whatever its limits."""
    assert not watch.too_late
    assert not unended(result.events)
    assert result.usage.calls == len(provider.requests)
    assert result.ok or result.partial or result.value is None
    assert result.partial <= isinstance(result.error, fr.LimitExceeded)
    assert watch.exhausted or result.status != "limit"
    if result.status == "limit":
        assert result.undone


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    programs(),
    st.integers(0, 5),
    st.integers(-3, 5),
    st.integers(0, 10_000),
    st.one_of(
        st.integers(0, 12).map(lambda most: {"calls": most}),
        st.integers(0, 1200).map(lambda most: {"calls": None, "tokens": most}),
        st.floats(0, 0.02).map(lambda most: {"calls": None, "seconds": most}),
    ),
)
def test_what_a_limited_run_says_and_does_is_what_the_whole_run_does(
    text: str, a: int, b: int, seed: int, most: dict[str, Any]
) -> None:
    oracle = Oracle(parse(text), reckoned)
    expected = oracle.run("main", {"a": a, "b": b})
    chance, watch = random.Random(seed), Watch()

    @fr.tool
    async def note(x: int) -> int:
        watch.act((x,))
        mine = len(watch.effects)
        await asyncio.sleep(chance.random() * 0.002)
        return mine

    def reply(request: fr.Request) -> fr.Reply:
        said = str(reckoned(plain_question(request.messages[-1].content)))
        return fr.Reply(
            said,
            Usage(
                1, len(request.messages[-1].content) // 4, chance.randint(0, min(1024, request.reply_tokens or 1024))
            ),
        )

    provider = fr.ScriptedProvider(reply, latency=lambda _: chance.random() * 0.002)
    limits, began = fr.Limits(**most), time.monotonic()
    flow = fr.loads(text, tools=[note])
    result = flow.run(a=a, b=b, provider=provider, limits=limits, on_event=watch.hear, confirm=lambda *_: True)
    agree(result, watch, provider)
    assert limits.calls is None or len(provider.requests) <= limits.calls
    assert limits.tokens is None or result.usage.tokens <= limits.tokens
    assert time.monotonic() - began < 5 + GRACE
    assert watch.effects == oracle.effects[: len(watch.effects)], "an effect that the whole run does not have"
    if result.ok or not watch.exhausted:
        assert result.ok, result.error
        assert (result.value, watch.effects) == (expected, oracle.effects), text


INNER = 'flow inner(n: int) -> list[any] {\n  xs = for k in `[1, 2, 3]` yield ask "In {n}: {k}?"\n  answer xs\n}'

RICH = """
flow main(ns: list[int]) -> any {
  found = for n in ns {
    votes = ask "Vote on {n}?" with vote=3
    several: list[text] = ask "Several for {n}?" with samples=2
    checked = ask "Checked {n}? {votes}" ensure fine(checked), "no" with tries=2
    deep = below(n)
    planned: any = solve "Plan {n}" given n
    yield "{votes} {several} {checked} {deep} {planned}"
  }
  draft = "none"
  for n in ns { draft = ask "Draft {n} after {draft}" }
  repeat 3 until ask "Is it fine? {draft}" {
    mark(1)
    for n in `[1, 2]` { draft = ask "Redraft {n} {draft}" }
  }
  answer `[found, draft]`
}
flow below(n: int) -> any {
  xs = for k in `[1, 2]` {
    while ask "More of {n} {k}?" max 2 { mark(n) }
    yield ask "Below {n}: {k}?" else "nothing"
  }
  answer xs
}
flow fine(x: text) -> bool { y: bool = ask "Fine: {x}?"  answer y }
"""


def rich(seed: int, items: int, limits: fr.Limits) -> tuple[fr.Result, Watch, Any, float]:
    chance, watch = random.Random(seed), Watch()

    @fr.tool
    async def mark(n: int) -> int:
        watch.act(n)
        await asyncio.sleep(chance.random())
        return n

    def reply(request: fr.Request) -> fr.Reply:
        text = INNER if "flow" in request.messages[0].content else str(chance.choice(["yes", "no"]))
        asked = sum(len(message.content) for message in request.messages) // 4
        return fr.Reply(text, Usage(1, asked, chance.randint(0, min(1024, request.reply_tokens or 1024))))

    class Priced(fr.ScriptedProvider):
        def model_info(self, model: str | None) -> ModelInfo:
            return ModelInfo("priced", 1.0, 2.0)

    provider = Priced(reply, latency=lambda _: chance.random() * 3)

    async def main() -> tuple[fr.Result, float]:
        flow = fr.loads(RICH, tools=[mark])
        inputs = {"ns": list(range(items))}
        with deadlines_of_the_loop():
            result = await flow.run_async(
                inputs, provider=provider, limits=limits, on_event=watch.hear, confirm=lambda *_: True
            )
        return result, now()

    result, took = virtual(main())
    return result, watch, provider, took


LIMITS = st.one_of(
    st.integers(0, 150).map(lambda most: ("calls", most)),
    st.integers(0, 60_000).map(lambda most: ("tokens", most)),
    st.floats(0, 0.2).map(lambda most: ("money", most)),
    st.floats(0, 30).map(lambda most: ("seconds", most)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.integers(0, 6), LIMITS)
def test_a_limit_holds_in_flows_within_flows_votes_checks_and_loops(
    seed: int, items: int, limit: tuple[str, float]
) -> None:
    name, most = limit
    limits: Any = {"calls": None, name: most}
    result, watch, provider, took = rich(seed, items, fr.Limits(**limits))
    agree(result, watch, provider)
    used = {"calls": result.usage.calls, "tokens": result.usage.tokens, "money": result.usage.money, "seconds": took}
    assert (used[name] or 0) <= most + (GRACE + 0.01 if name == "seconds" else 1e-9)


@pytest.mark.parametrize("limit", [("calls", 700), ("tokens", 900_000), ("money", 1.0), ("seconds", 12.0)])
def test_a_limit_holds_with_thousands_at_once(limit: tuple[str, float]) -> None:
    chance = random.Random(7)
    text = 'flow f(ns: list[int]) { xs = for n in ns yield ask "Is {n} prime?"\n answer xs }'

    def reply(request: fr.Request) -> fr.Reply:
        return fr.Reply(
            "yes",
            Usage(
                1, len(request.messages[-1].content) // 4, chance.randint(0, min(1024, request.reply_tokens or 1024))
            ),
        )

    class Priced(fr.ScriptedProvider):
        def model_info(self, model: str | None) -> ModelInfo:
            return ModelInfo("priced", 1.0, 2.0)

    provider, watch = Priced(reply, latency=lambda _: chance.random()), Watch()
    name, most = limit
    limits: Any = {"calls": None, name: most}

    async def main() -> tuple[fr.Result, float]:
        inputs = {"ns": list(range(3000))}
        with deadlines_of_the_loop():
            result = await fr.loads(text).run_async(
                inputs, provider=provider, limits=fr.Limits(**limits), on_event=watch.hear, confirm=lambda *_: True
            )
        return result, now()

    result, took = virtual(main())
    agree(result, watch, provider)
    used = {"calls": result.usage.calls, "tokens": result.usage.tokens, "money": result.usage.money, "seconds": took}
    assert (used[name] or 0) <= most + (GRACE + 0.01 if name == "seconds" else 1e-9)
    assert result.partial
    replied = sum(value is not None for value in result.value)
    assert 0 < replied < 3000
    assert sum(undone.count for undone in result.undone) == 3000 - replied
