"""Requests under way, in virtual time: limits hold, nothing leaks, whoever came first goes first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason.errors import ProviderError
from flowreason.providers.answers import Answer
from flowreason.providers.traffic import Bounds, Lane, Traffic
from tests.virtual import now, virtual

PERIOD = 60.0


def traffic(**bounds: Any) -> Traffic:
    return Traffic(Bounds(**bounds), lambda: asyncio.get_running_loop().time(), asyncio.sleep)


def answer(tokens: int = 10) -> Answer:
    return Answer("Rhine", "stop", tokens // 2, tokens - tokens // 2, "heron")


class Sent:
    """Sends requests that take time, and writes down when each was sent."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.log: list[tuple[float, int]] = []
        self.names: list[Any] = []

    async def send(self, size: int, took: float, *, name: Any = None, used: int | None = None) -> None:
        permit = await self.lane.enter(size, None)
        self.log.append((asyncio.get_running_loop().time(), size if used is None else used))
        self.names.append(name)
        found = None
        try:
            await asyncio.sleep(took)
            found = answer(size if used is None else used)
        finally:
            self.lane.leave(permit, found, size)

    def most(self, weigh: Callable[[int], int]) -> int:
        """The most that was sent within a period that begins with one of them."""
        most = total = first = 0
        for moment, used in self.log:
            total += weigh(used)
            while self.log[first][0] <= moment - PERIOD:
                total -= weigh(self.log[first][1])
                first += 1
            most = max(most, total)
        return most


@pytest.mark.parametrize("limit", [7, 500])
def test_thousands_of_requests_at_once_keep_to_the_requests_of_a_minute(limit):
    count = 40 * limit if limit < 100 else 3000

    async def main() -> tuple[Sent, float]:
        sent = Sent(traffic(requests_per_minute=limit).lane("heron"))
        await asyncio.gather(*(sent.send(1, 0.5, name=number) for number in range(count)))
        return sent, now()

    sent, took = virtual(main())
    assert sent.most(lambda size: 1) == limit
    assert sent.names == list(range(count))
    assert took < 62 * (count / limit)  # nor is it slower than the limit makes it


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(50, 400),
    requests=st.integers(3, 60),
    sizes=st.lists(st.tuples(st.integers(1, 120), st.floats(0, 1), st.floats(0, 90)), min_size=1, max_size=120),
)
def test_no_minute_holds_more_than_the_limits_whatever_is_asked(limit, requests, sizes):
    async def main() -> tuple[Sent, Traffic]:
        own = traffic(tokens_per_minute=limit, requests_per_minute=requests)
        sent = Sent(own.lane("heron"))
        asked = (sent.send(size, took, used=max(1, int(size * part))) for size, part, took in sizes)
        await asyncio.gather(*asked)
        return sent, own

    sent, own = virtual(main())
    alone = max(size for size, _, _ in sizes)
    assert sent.most(lambda size: 1) <= requests
    assert own.busy == 0 and own.lane("heron").line.empty
    # One that is larger than the limit goes alone.
    assert sent.most(lambda used: used) <= max(limit, alone)


def test_tokens_that_were_not_used_let_others_go_at_once():
    async def main() -> list[float]:
        sent = Sent(traffic(tokens_per_minute=100).lane("heron"))
        await asyncio.gather(*(sent.send(100, 1.0, used=10) for _ in range(3)), sent.send(20, 1.0))
        return [moment for moment, _ in sent.log]

    assert virtual(main()) == [0.0, 61.0, 122.0, 123.0]


@settings(max_examples=150, deadline=None)
@given(
    places=st.integers(1, 4),
    limit=st.none() | st.integers(1, 6),
    plans=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5), st.none() | st.floats(0, 70)), min_size=1, max_size=25),
)
def test_whoever_is_called_off_at_whatever_moment_leaves_everything_to_the_others(places, limit, plans):
    async def one(sent: Sent, start: float, took: float, until: float | None) -> None:
        await asyncio.sleep(start)
        try:
            async with asyncio.timeout(until):
                await sent.send(1, took)
        except TimeoutError:
            pass

    async def main() -> None:
        own = traffic(concurrency=places, requests_per_minute=limit)
        sent = Sent(own.lane("heron"))
        await asyncio.gather(*(one(sent, *plan) for plan in plans))
        assert sent.most(lambda size: 1) <= (limit or 10**9)
        assert own.busy == own.lane("heron").busy == 0 and own.lane("heron").line.empty
        await asyncio.sleep(61)
        began = now()
        await asyncio.gather(*(sent.send(1, 1.0) for _ in range(min(places, limit or places))))
        assert now() == pytest.approx(began + 1.0)

    virtual(main())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["good", "crowded", "cancelled", "broken", "down"]), max_size=150), st.integers(1, 9))
def test_places_are_from_one_to_the_most_whatever_becomes_of_requests(ends, places):
    found = {
        "good": answer(),
        "crowded": ProviderError("slow down", kind="rate", status=429),
        "cancelled": None,
        "broken": ProviderError("no", kind="request", status=400),
        "down": ProviderError("oh", kind="server", status=503),
    }

    async def one(lane: Lane, end: str) -> None:
        try:
            permit = await lane.enter(1, None)
        except ProviderError:  # left alone for long
            return
        assert lane.busy <= places
        await asyncio.sleep(1)
        lane.leave(permit, found[end], 1)
        assert 1 <= lane.width.width <= places

    async def main() -> None:
        own = traffic(concurrency=places)
        await asyncio.gather(*(one(own.lane("heron"), end) for end in ends))
        assert own.busy == 0

    virtual(main())


def test_models_share_the_places_and_none_is_starved():
    async def main() -> list[Any]:
        own = traffic(concurrency=1)
        order: list[Any] = []

        async def one(model: str) -> None:
            lane = own.lane(model)
            permit = await lane.enter(1, None)
            order.append(model)
            await asyncio.sleep(1)
            lane.leave(permit, answer(), 1)

        await asyncio.gather(*(one("heron") for _ in range(6)), *(one("stork") for _ in range(3)))
        return order

    order = virtual(main())
    assert sorted(order[1:7]) == ["heron"] * 3 + ["stork"] * 3


# --- what a server tells ---


def headers(left: float, limit: int, period: float) -> dict[str, str]:
    """As OpenAI sends them: `reset` is when all is there again."""
    reset = (limit - left) / limit * period
    return {
        "x-ratelimit-limit-requests": str(limit),
        "x-ratelimit-remaining-requests": str(int(left)),
        "x-ratelimit-reset-requests": f"{reset:.3f}s",
    }


class Metered:
    """A server with a bucket of requests; those for which there is nothing left are turned away."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit, self.period = limit, period
        self.left, self.moment = float(limit), 0.0
        self.turned_away = self.taken = 0

    def ask(self) -> tuple[bool, dict[str, str]]:
        moment = asyncio.get_running_loop().time()
        self.left = min(self.limit, self.left + (moment - self.moment) * self.limit / self.period)
        self.moment = moment
        fine = self.left >= 1
        self.left -= fine
        self.taken += fine
        self.turned_away += not fine
        return fine, headers(self.left, self.limit, self.period)


@pytest.mark.parametrize("late", [False, True], ids=["counted on arrival", "counted at the end"])
@pytest.mark.parametrize(("limit", "period", "took"), [(60, 60.0, 1.0), (500, 60.0, 20.0), (1000, 3600.0, 2.0)])
def test_what_headers_tell_keeps_requests_from_being_turned_away(late, limit, period, took):
    """A limit nobody named, of a minute or an hour, is found out from the replies and kept, and nearly used up."""
    count = limit + 200

    async def one(lane: Lane, server: Metered) -> None:
        permit = await lane.enter(1, None)
        _, told = server.ask() if not late else (True, {})
        await asyncio.sleep(took)
        if late:
            _, told = server.ask()
        lane.hear(permit, told)
        lane.leave(permit, answer(), 1)

    async def main() -> tuple[Metered, float]:
        server, own = Metered(limit, period), traffic(concurrency=64)
        await asyncio.gather(*(one(own.lane("heron"), server) for _ in range(count)))
        return server, now()

    server, seconds = virtual(main())
    assert server.turned_away <= 64
    assert seconds < 1.5 * max(200 * period / limit, count / 64 * took) + 3 * took + 1


def test_headers_that_forbid_for_longer_than_is_allowed_stop_nobody():
    """A proxy that always says that nothing is left would be the end of all work; only a refusal stops a request."""

    async def main() -> float:
        sent = Sent(traffic(max_wait=60).lane("heron"))
        permit = await sent.lane.enter(1, None)
        sent.lane.hear(permit, headers(0, 10, 86400))
        sent.lane.leave(permit, answer(), 1)
        await asyncio.gather(*(sent.send(1, 1.0) for _ in range(20)))
        return now()

    assert virtual(main()) == 1.0


# --- a time to wait ---


def held(error: ProviderError, then: Callable[[Traffic], Awaitable[Any]], **bounds: Any) -> Any:
    async def main() -> Any:
        own = traffic(**bounds)
        lane = own.lane("heron")
        lane.leave(await lane.enter(1, None), error, 1)
        return await then(own)

    return virtual(main())


def test_a_time_to_wait_is_everybodys_of_that_model_and_told():
    told: list[Any] = []

    async def then(own: Traffic) -> list[float]:
        async def one(model: str) -> float:
            await own.lane(model).enter(1, lambda kind, about: told.append((kind, about)))
            return now()

        return list(await asyncio.gather(one("heron"), one("heron"), one("stork")))

    error = ProviderError("slow down", kind="rate", status=429, retry_after=7.0)
    assert held(error, then) == [7.0, 7.0, 0.0]
    assert told == [("wait", {"for": "retry-after", "seconds": 7.0})] * 2


def test_an_hour_to_wait_is_an_error_for_everybody_at_once_until_little_of_it_is_left():
    async def then(own: Traffic) -> float:
        lane = own.lane("heron")
        with pytest.raises(ProviderError, match="1 hours|60 minutes") as caught:
            await lane.enter(1, None)
        assert caught.value.kind == "rate" and caught.value.retry_after == 3600
        await asyncio.sleep(3550)
        await lane.enter(1, None)
        return now()

    assert held(ProviderError("slow down", kind="rate", status=429, retry_after=3600.0), then) == 3600.0


# --- a server that is left alone ---


def test_a_probe_that_is_called_off_lets_another_look():
    async def main() -> None:
        lane = traffic(concurrency=20).lane("heron")
        down = ProviderError("oh", kind="server", status=503)
        for permit in [await lane.enter(1, None) for _ in range(10)]:
            lane.leave(permit, down, 1)
        probe = await lane.enter(1, None)
        other = asyncio.ensure_future(lane.enter(1, None))
        await asyncio.sleep(3)
        assert now() == 4.0 and probe.probe and not other.done()
        lane.leave(probe, None, 1)
        assert (await asyncio.wait_for(other, 1)).probe

    virtual(main())


# --- what is told of waiting ---


def test_whoever_waits_is_told_once_for_what_and_about_how_long():
    told: list[Any] = []

    async def main() -> None:
        own = traffic(requests_per_minute=1, concurrency=2)
        lane = own.lane("heron")

        async def one() -> None:
            permit = await lane.enter(1, lambda kind, about: told.append((kind, about["for"], about["seconds"])))
            lane.leave(permit, answer(), 1)

        await asyncio.gather(*(one() for _ in range(3)))

    virtual(main())
    assert told == [("wait", "rate", 61.0), ("wait", "rate", 122.0)]


def test_waiting_for_a_place_is_told_as_such():
    told: list[Any] = []

    async def main() -> None:
        sent = Sent(traffic(concurrency=1).lane("heron"))
        first = asyncio.ensure_future(sent.send(1, 2.0))
        await asyncio.sleep(0)
        permit = await sent.lane.enter(1, lambda kind, about: told.append((kind, dict(about))))
        sent.lane.leave(permit, None, 1)
        await first

    virtual(main())
    assert told == [("wait", {"for": "place", "seconds": 1.0})]


def test_nothing_belongs_to_an_event_loop():
    """A loop that ended in the middle leaves its places and its line to the next."""
    moments = iter(range(10**6))
    own = Traffic(Bounds(concurrency=1), lambda: float(next(moments)), asyncio.sleep)

    async def first() -> None:
        lane = own.lane("heron")
        permit = await lane.enter(1, None)
        task = asyncio.ensure_future(lane.enter(1, None))
        await asyncio.sleep(0)
        lane.leave(permit, None, 1)
        task.cancel()

    async def second() -> None:
        lane = own.lane("heron")
        lane.leave(await asyncio.wait_for(lane.enter(1, None), 5), None, 1)

    asyncio.run(first())
    asyncio.run(second())
    assert own.busy == 0 and own.lane("heron").line.empty


def test_a_loop_that_was_closed_in_the_middle_blocks_nobody():
    own = Traffic(Bounds(concurrency=1), time.monotonic, asyncio.sleep)
    lane = own.lane("heron")
    broken = asyncio.new_event_loop()
    permit = broken.run_until_complete(lane.enter(1, None))
    waiting = broken.create_task(lane.enter(1, None))
    broken.run_until_complete(asyncio.sleep(0))
    broken.close()
    lane.leave(permit, None, 1)

    async def second() -> None:
        lane.leave(await asyncio.wait_for(lane.enter(1, None), 5), None, 1)
        lane.leave(await asyncio.wait_for(lane.enter(1, None), 5), None, 1)

    asyncio.run(second())
    waiting._log_destroy_pending = False  # type: ignore[attr-defined]
    assert own.busy == 0 and lane.line.empty
