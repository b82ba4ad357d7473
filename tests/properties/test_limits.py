"""However many calls want to go at once, what was used never exceeds a limit, and the account comes out even."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.engine.caller import Caller
from flowreason.engine.gate import Gate
from flowreason.engine.limits import Budget
from flowreason.engine.reserving import prompt_most
from flowreason.engine.whole import Whole
from flowreason.ports import Message, ModelInfo, Reply, Request, Usage
from tests.virtual import now, virtual

PROMPT, PER_MILLION = 6, 1_000.0


class Market:
    """A model that uses at most what was reserved, fails now and then, and counts what it was paid."""

    def __init__(self, seed: int, failing: float) -> None:
        self.dice = random.Random(seed)
        self.failing = failing
        self.sent = 0
        self.inside = self.most_inside = 0
        self.paid = Usage()

    async def complete(self, request: Request, notify: Any = None) -> Reply:
        self.sent += 1
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(self.dice.random())
        finally:
            self.inside -= 1
        if self.dice.random() < self.failing:
            raise fr.ProviderError("busy", kind="rate")
        used = self.dice.randint(0, request.max_tokens or 0)
        usage = Usage(1, PROMPT, used, (PROMPT + used) * PER_MILLION / 1e6)
        self.paid += usage
        return Reply("bread", usage)

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo("market", PER_MILLION, PER_MILLION)

    async def close(self) -> None:
        """There is nothing to give back."""


def quiet(kind: str, data: Any) -> None:
    """Nobody listens."""


async def rush(market: Market, limits: fr.Limits, wanted: int, width: int, impatient: int) -> tuple[list[Any], Budget]:
    """All at once; every `impatient`th is cancelled after a while."""
    budget = Budget(limits)
    caller = Caller(market, budget, Gate(width))

    async def one(n: int) -> Any:
        request = Request((Message("user", "x" * 22),), max_tokens=10 + n % 7, sample=n)
        wait = 0.3 if n % impatient == impatient - 1 else None
        async with asyncio.timeout(wait):
            return await caller.complete(request, quiet, {})

    found = await asyncio.gather(*(one(n) for n in range(wanted)), return_exceptions=True)
    await caller.close()
    await asyncio.sleep(1)
    assert now() < 2 * wanted
    return found, budget


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([("calls", 50), ("tokens", 900), ("money", 0.9), ("calls", 0), ("tokens", 16)]),
    st.integers(1, 1000),
    st.sampled_from([3, 64, 2000]),
    st.sampled_from([3, 10**6]),
)
def test_a_rush_of_calls_stays_inside_the_limit(
    seed: int, failing: float, limit: tuple[str, float], wanted: int, width: int, impatient: int
) -> None:
    name, most = limit
    market = Market(seed, failing)
    found, budget = virtual(rush(market, fr.Limits(**{"calls": None, name: most}), wanted, width, impatient))  # type: ignore[arg-type]
    used = {"calls": budget.used.calls, "tokens": budget.used.tokens, "money": budget.used.money or 0.0}
    paid = {"calls": market.paid.calls, "tokens": market.paid.tokens, "money": market.paid.money or 0.0}
    assert paid[name] <= used[name] + 1e-9
    assert used[name] <= most + 1e-9
    assert market.most_inside <= width
    known = (Reply, fr.LimitExceeded, fr.ProviderError, TimeoutError)
    assert all(isinstance(each, known) for each in found), [e for e in found if not isinstance(e, known)]
    assert (budget.calls, budget._tokens) == (0, 0)
    assert abs(budget._money) < 1e-9
    if not any(isinstance(each, fr.LimitExceeded) for each in found):
        return
    most_of_one = prompt_most(Request((Message("user", "x" * 22),))) + 16
    with_room = {"calls": 1, "tokens": most_of_one, "money": most_of_one * PER_MILLION / 1e6}
    assert used[name] + with_room[name] > most - 1e-9, "a call was refused though there was room"


TEXT = """
flow f(ns: list[int]) {
  xs = for n in ns { a = ask "Price of {n}?" with tries=1  yield ask "And of {a} at {n}?" with tries=1 }
  answer `len(xs)`
}
"""


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.integers(0, 120), st.integers(0, 60))
def test_a_run_sends_at_most_its_calls_and_says_that_the_limit_ended_it(seed: int, calls: int, wanted: int) -> None:
    dice = random.Random(seed)
    provider = fr.ScriptedProvider(default="5", latency=lambda request: dice.random())
    flow = fr.loads(TEXT)
    limits = fr.Limits(calls=calls)
    result = virtual(flow.run_async(ns=list(range(wanted)), provider=provider, limits=limits, confirm=lambda *_: True))
    assert len(provider.requests) <= calls
    assert result.status == ("answered" if 2 * wanted <= calls else "limit")


# --- many runs with one account over all ---


async def crowd(
    market: Market, limits: fr.Limits, over_all: fr.Limits, runs: int, each: int
) -> tuple[list[Any], Whole]:
    """Several runs at once, each with several calls; every third run goes away in the middle."""
    whole = Whole(over_all, width=20)

    async def run(number: int) -> list[Any]:
        part = whole.join(limits, Usage(), number)
        caller = Caller(market, part, part.gate)
        asked = [
            caller.complete(Request((Message("user", "x" * 22),), max_tokens=10, sample=1000 * number + n), quiet, {})
            for n in range(each)
        ]
        try:
            async with asyncio.timeout(0.5 if number % 3 == 2 else None):
                return await asyncio.gather(*asked, return_exceptions=True)
        except TimeoutError:
            return []
        finally:
            await caller.close()
            whole.leave(part)
            used = {"calls": part.used.calls, "tokens": part.used.tokens, "money": part.used.money or 0.0}
            assert all(used[n] <= getattr(limits, n) for n in used if getattr(limits, n) is not None)

    found = [one for many in await asyncio.gather(*map(run, range(runs))) for one in many]
    return found, whole


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([("calls", 50), ("tokens", 900), ("money", 0.9), ("calls", 0)]),
    st.sampled_from([fr.Limits(), fr.Limits(calls=3), fr.Limits(calls=None, tokens=100)]),
    st.integers(1, 30),
    st.integers(1, 20),
)
def test_runs_together_stay_inside_the_limit_over_all(
    seed: int, failing: float, limit: tuple[str, float], own: fr.Limits, runs: int, each: int
) -> None:
    name, most = limit
    market = Market(seed, failing)
    over_all = fr.Limits(**{"calls": None, name: most})  # type: ignore[arg-type]
    found, whole = virtual(crowd(market, own, over_all, runs, each))
    used = {"calls": whole.used.calls, "tokens": whole.used.tokens, "money": whole.used.money or 0.0}
    paid = {"calls": market.paid.calls, "tokens": market.paid.tokens, "money": market.paid.money or 0.0}
    assert paid[name] <= used[name] + 1e-9
    assert used[name] <= most + 1e-9
    assert market.most_inside <= 20
    assert all(isinstance(each, Reply | fr.LimitExceeded | fr.ProviderError) for each in found)
    refused = [each for each in found if isinstance(each, fr.LimitExceeded) and each.over_all]
    assert bool(refused) <= (whole.over is not None)
    assert all("--total-limit" in str(each) for each in refused)
    assert (whole.calls, whole._tokens, whole.gate._places.free, whole._parts) == (0, 0, 20, {})
