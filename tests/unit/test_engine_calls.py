"""What is sent to the model: equal calls once, samples each for itself, and never more than the limits allow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.caller import Caller
from flowreason.engine.gate import Gate
from flowreason.engine.limits import Budget
from flowreason.ports import Message, ModelInfo, Reply, Request, Usage
from tests.virtual import Work, echo, now, virtual


def request(text: str = "How deep is the lake?", sample: int = 0, max_tokens: int | None = 10) -> Request:
    return Request((Message("user", text),), sample=sample, max_tokens=max_tokens)


def quiet(kind: str, data: object) -> None:
    """Nobody listens."""


# --- equal calls ---


def test_equal_questions_in_flight_are_one_call() -> None:
    provider = echo(latency=3)
    result = Work().run(
        'flow f(ns: list[int]) { xs = for n in ns yield ask "About {n}?"\n answer xs }',
        provider=provider,
        inputs={"ns": [n % 5 for n in range(100)]},
        limits=fr.Limits(calls=None),
    )
    assert (len(result.value), len(provider.requests), result.usage.calls) == (100, 5, 5)
    replies = [e for e in result.events if e.kind == "node.reply"]
    assert sum(not e.data["shared"] for e in replies) == 5


def test_an_equal_question_later_in_the_run_is_answered_from_the_first() -> None:
    provider = echo(latency=3)
    result = Work().run(
        'flow f() { a = ask "Same?"\n w = work("w", 9)\n b = ask "Same?" given w\n c = ask "Same?"\n answer "{a}{b}{c}" }',
        provider=provider,
    )
    assert result.ok
    assert len(provider.requests) == 2


def test_samples_and_rounds_of_sample_are_never_merged() -> None:
    provider = echo()
    text = 'flow f() { a = ask "Guess." with samples=3\n b = sample 3 { yield ask "Say." }\n answer "{a}{b}" }'
    assert Work().run(text, provider=provider).ok
    assert sorted(r.sample for r in provider.requests) == [0, 0, 1, 1, 2, 2]
    assert {r.temperature for r in provider.requests} == {0.7}


def test_draws_of_samples_in_samples_are_all_different() -> None:
    provider = echo()
    text = 'flow f() { a = sample 3 { yield ask "Guess." with samples=2 }\n answer "{a}" }'
    assert Work().run(text, provider=provider).ok
    assert sorted(r.sample for r in provider.requests) == [0, 1, 2, 3, 4, 5]


def test_a_shared_call_survives_the_cancelling_of_one_who_waits() -> None:
    async def main() -> None:
        provider = echo(latency=5)
        caller = Caller(provider, Budget(fr.Limits()), Gate(4))
        first = asyncio.create_task(caller.complete(request(), quiet, {}))
        second = asyncio.create_task(caller.complete(request(), quiet, {}))
        await asyncio.sleep(1)
        first.cancel()
        assert (await second).text == "yes"
        assert (first.cancelled(), len(provider.requests), now()) == (True, 1, 5)

    virtual(main())


def abandoned(caller: Caller, asked: fr.Request, count: int) -> Any:
    async def ask_and_go() -> None:
        tasks = [asyncio.create_task(caller.complete(asked, quiet, {})) for _ in range(count)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return ask_and_go()


def test_a_call_that_was_sent_is_not_paid_for_again_though_nobody_waited_for_it() -> None:
    async def main() -> None:
        provider = echo(latency=5)
        caller = Caller(provider, Budget(fr.Limits()), Gate(4))
        await abandoned(caller, request(), 2)
        await asyncio.gather(*(caller.complete(request(), quiet, {}) for _ in range(2)))
        assert (len(provider.requests), now()) == (1, 5)

    virtual(main())


def test_a_call_that_nobody_waits_for_keeps_nobody_from_its_place() -> None:
    async def main() -> None:
        provider = echo(latency=5)
        caller = Caller(provider, Budget(fr.Limits()), Gate(1))
        await abandoned(caller, request(), 1)
        await caller.complete(request("other"), quiet, {})
        assert now() == 6
        await caller.complete(request(), quiet, {})
        assert (len(provider.requests), now()) == (3, 11)

    virtual(main())


@pytest.mark.parametrize("limits", [fr.Limits(tokens=100_000), fr.Limits(money=1)])
def test_a_call_that_nobody_waits_for_holds_no_room_where_its_size_is_limited(limits: fr.Limits) -> None:
    async def main() -> None:
        budget = Budget(limits)
        caller = Caller(echo(latency=5), budget, Gate(4))
        await abandoned(caller, request(), 1)
        await asyncio.sleep(0.1)
        assert (budget.calls, budget.used.calls) == (0, 1)

    virtual(main())


def test_a_failed_call_is_not_kept() -> None:
    async def main() -> None:
        replies = iter([fr.ProviderError("busy", kind="rate"), "fine"])
        caller = Caller(fr.ScriptedProvider(lambda r: next(replies)), Budget(fr.Limits()), Gate(4))
        with pytest.raises(fr.ProviderError):
            await caller.complete(request(), quiet, {})
        assert (await caller.complete(request(), quiet, {})).text == "fine"

    virtual(main())


# --- the gate ---


def test_the_gate_holds_its_width_and_orders_by_priority() -> None:
    async def main() -> None:
        gate, entered, inside, most = Gate(2), [], 0, 0

        async def visit(name: str, priority: float) -> None:
            nonlocal inside, most
            async with gate.at(priority):
                entered.append(name)
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(1)
                inside -= 1

        names = [("a", 0), ("b", 0), ("low", 1), ("high", 5), ("also high", 5), ("last", 0)]
        tasks = [asyncio.create_task(visit(*each)) for each in names]
        await asyncio.sleep(0.5)
        cancelled = asyncio.create_task(visit("cancelled", 9))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(*tasks)
        assert entered == ["a", "b", "high", "also high", "low", "last"]
        assert most == 2

    virtual(main())


# --- limits ---


def test_a_limit_of_calls_ends_the_run_with_what_was_reached() -> None:
    provider = echo(latency=1)
    result = Work().run(
        'flow f(ns: list[int]) { xs = for n in ns yield ask "About {n}?" with tries=1\n answer xs }',
        provider=provider,
        inputs={"ns": list(range(30))},
        limits=fr.Limits(calls=10),
        confirm=lambda price, limits: True,
    )
    assert (result.status, len(provider.requests)) == ("limit", 10)
    assert isinstance(result.error, fr.LimitExceeded)
    assert (result.error.limit, result.error.allowed) == ("calls", 10)


def test_a_run_over_its_limits_is_refused_before_anything_is_sent() -> None:
    provider = echo()
    result = Work().run('flow f() { answer ask "a" }', provider=provider, limits=fr.Limits(calls=0))
    assert (result.status, provider.requests) == ("limit", [])


def test_what_calls_under_way_reserve_is_waited_for_and_not_refused() -> None:
    """Each call reserves 1,000 tokens and uses few: with room for two at a time, all ten are answered."""
    provider = echo(latency=1)
    work = Work()
    result = work.run(
        'flow f(ns: list[int]) { xs = for n in ns yield ask "About {n}?" with max_tokens=1000\n answer xs }',
        provider=provider,
        inputs={"ns": list(range(10))},
        limits=fr.Limits(tokens=4000),
        confirm=lambda price, limits: True,
    )
    assert result.ok, result.error
    assert result.usage.tokens < 4000
    assert work.took > 1


def test_an_answer_inside_the_limit_counts_though_more_was_wanted() -> None:
    provider = fr.ScriptedProvider(default="yes", latency=lambda r: 1 if "first" in str(r) else 5)
    text = """
      flow f(ns: list[int]) {
        first = ask "The first?"
        xs = for n in ns yield ask "About {n}?"
        if `first == "yes"` { answer "enough" }
        answer xs
      }
    """
    result = Work().run(
        text,
        provider=provider,
        inputs={"ns": list(range(20))},
        limits=fr.Limits(calls=10),
        confirm=lambda price, limits: True,
    )
    assert result.value == "enough"


def test_a_call_that_was_sent_and_cancelled_counts() -> None:
    async def main() -> None:
        budget = Budget(fr.Limits(calls=2))
        caller = Caller(echo(latency=9), budget, Gate(4))
        await abandoned(caller, request(), 1)
        await caller.close()
        assert (budget.used.calls, budget.calls, now()) == (1, 0, 1)

    virtual(main())


@pytest.mark.parametrize(
    ("limits", "fits"),
    [
        (fr.Limits(tokens=26), True),
        (fr.Limits(tokens=25), False),
        (fr.Limits(money=0.000_036), True),
        (fr.Limits(money=0.000_035), False),
        (fr.Limits(calls=1), True),
        (fr.Limits(calls=0), False),
    ],
)
def test_a_call_is_reserved_at_its_worst(limits: fr.Limits, fits: bool) -> None:
    """22 letters and what stands around them are reckoned as 16 tokens in, at $1; 10 may come out, at $2."""
    budget = Budget(limits)
    call = request("x" * 22)
    info = ModelInfo("m", 1.0, 2.0)
    if not fits:
        with pytest.raises(fr.LimitExceeded):
            budget.reserve(call, info, 1024)
        return
    reserved = budget.reserve(call, info, 1024)
    budget.settle(reserved, Usage(1, 5, 2, 0.000_009))
    assert budget.used == Usage(1, 5, 2, 0.000_009)


def test_money_is_reckoned_from_the_price_where_the_provider_names_none() -> None:
    provider = fr.ScriptedProvider(default=Reply("yes", Usage(1, 1_000_000, 500_000, None)), prices=(1.0, 4.0))
    result = Work().run('flow f() { answer ask "a" }', provider=provider)
    assert result.usage.money == 3.0


class Wordy:
    """Writes as many tokens as it was going to, or as it may; and says when it was cut off."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.rooms: list[int | None] = []

    async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
        self.rooms.append(request.reply_tokens)
        written = min(self.tokens, request.reply_tokens or self.tokens)
        return fr.Reply("x" * written, Usage(1, 5, written), finish="stop" if written == self.tokens else "length")

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo("wordy")

    async def close(self) -> None:
        return None


ESSAY = fr.loads('flow f() { answer ask "a" }')


def test_where_no_tokens_are_limited_a_reply_is_as_long_as_it_likes() -> None:
    provider = Wordy(5000)
    assert len(ESSAY.run(provider=provider).answer) == 5000
    assert provider.rooms == [None]


def test_a_reply_that_was_cut_off_for_what_was_reserved_is_asked_for_again_with_more_room() -> None:
    provider = Wordy(3000)
    result = ESSAY.run(provider=provider, limits=fr.Limits(tokens=20_000), confirm=lambda *_: True)
    assert (len(result.answer), provider.rooms) == (3000, [1024, 4096])
    assert (result.usage.calls, result.usage.completion_tokens) == (2, 4024)


@pytest.mark.parametrize("tokens", [200, 1500, 4000])
def test_a_long_reply_never_takes_a_run_over_its_tokens(tokens: int) -> None:
    result = ESSAY.run(provider=Wordy(90_000), limits=fr.Limits(tokens=tokens), confirm=lambda *_: True)
    assert (result.status, result.error.limit if isinstance(result.error, fr.LimitExceeded) else "") == (
        "limit",
        "tokens",
    )
    assert 0 < result.usage.tokens <= tokens


def test_a_try_of_the_provider_that_may_have_been_paid_for_counts_and_the_limit_ends_it() -> None:
    class Stubborn(Wordy):
        async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
            for attempt in range(1, 9):
                self.rooms.append(attempt)
                notify("retry", {"kind": "reply", "wait": 0.0, "attempt": attempt})
            return await super().complete(request, notify)

    provider = Stubborn(5)
    result = ESSAY.run(provider=provider, limits=fr.Limits(calls=3), confirm=lambda *_: True)
    assert (result.status, result.usage.calls, len(provider.rooms)) == ("limit", 3, 3)
