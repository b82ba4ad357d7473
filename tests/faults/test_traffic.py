"""Many requests and a server that has too much, or fails for all: what reaches it, and what comes of each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from flowreason.errors import ProviderError
from flowreason.ports import Message, Reply, Request
from flowreason.providers import OpenAIProvider
from tests import server as faults
from tests.server import Exchange, Server, by_model, error, metered, ok, raw, slow

FASTER = 50
SPEEDS = (FASTER, 15, 4)


def undisturbed(holds: Callable[[float], bool]) -> bool:
    """Whether something holds at one of several speeds, the first that will do: on a machine that does other things at
    the same time, requests are late by the clock of the provider, and the less so the slower it goes.
    """
    return any(holds(faster) for faster in SPEEDS)


def ask(text: str = "Which river?", **settings: Any) -> Request:
    return Request((Message("user", text),), **settings)


class Client:
    """A provider whose time passes fifty times as fast, or stands still but for what is slept; what it told is in
    `told`."""

    def __init__(
        self, url: str, *, faster: float = FASTER, streams: bool = False, still: bool = False, **options: Any
    ) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.streams = streams
        slept = 100.0

        async def sleep(seconds: float) -> None:
            nonlocal slept
            slept += seconds
            await asyncio.sleep(seconds / faster)

        self.clock = lambda: slept if still else time.monotonic() * faster
        options = {"timeout": 5.0, "api": "chat"} | options
        self.provider = OpenAIProvider("heron", base_url=url, sleep=sleep, clock=self.clock, **options)

    async def send(self, request: Request) -> Reply | ProviderError:
        tell = lambda kind, about: self.told.append((kind, dict(about)))  # noqa: E731
        try:
            if self.streams:
                return await self.provider.stream(request, lambda piece: None, tell)
            return await self.provider.complete(request, tell)
        except ProviderError as failed:
            return failed

    def ask(self, *requests: Request) -> list[Reply | ProviderError]:
        """What came of requests that were sent at once."""

        async def go() -> list[Reply | ProviderError]:
            try:
                return list(await asyncio.gather(*map(self.send, requests or (ask(),))))
            finally:
                await self.provider.close()

        return asyncio.run(go())

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [about for told, about in self.told if told == kind]


def texts(found: list[Reply | ProviderError]) -> list[str]:
    return [each.text if isinstance(each, Reply) else each.kind for each in found]


def many(count: int) -> list[Request]:
    return [ask(str(number)) for number in range(count)]


# --- limits ---


def test_a_limit_that_only_the_server_knows_is_kept_after_the_first_replies():
    with Server() as server:
        client = Client(server.always(metered(40, 1.0)).url, faster=1)
        began = time.monotonic()
        found = client.ask(*many(120))
        took = time.monotonic() - began
        assert texts(found) == ["It is the Rhine."] * 120
        assert len(server.requests) <= 120 + 64  # those that were under way before the first reply
    assert 1.9 < took < 15


def test_requests_per_minute_are_kept_and_the_waiting_is_told():
    moments: list[float] = []

    def behave(exchange: Exchange) -> None:
        moments.append(client.clock())
        ok()(exchange)

    with Server() as server:
        client = Client(server.always(behave).url, requests_per_minute=10, faster=20)
        assert texts(client.ask(*many(15))) == ["It is the Rhine."] * 15
    moments.sort()
    assert all(later - earlier > 50 for earlier, later in zip(moments, moments[10:], strict=False))
    assert {about["for"] for about in client.kinds("wait")} == {"rate"} and len(client.kinds("wait")) == 5
    assert max(about["seconds"] for about in client.kinds("wait")) > 55


def test_tokens_per_minute_are_kept_by_what_replies_turn_out_to_take():
    """Each may take 1000 tokens and takes 18: estimates delay only until the replies are there."""
    with Server() as server:
        client = Client(server.url, tokens_per_minute=2200, faster=1)
        began = time.monotonic()
        found = client.ask(*(ask(str(number), max_tokens=1000) for number in range(20)))
        assert texts(found) == ["It is the Rhine."] * 20 and time.monotonic() - began < 10
    assert {about["for"] for about in client.kinds("wait")} == {"rate"}


@pytest.mark.parametrize("told", [{"Retry-After": "20"}, {"retry-after-ms": "20000"}], ids=["seconds", "milliseconds"])
def test_a_time_to_wait_is_waited_by_all_requests_and_not_only_by_the_one(told):
    moments: list[float] = []

    def behave(exchange: Exchange) -> None:
        moments.append(client.clock())
        (error(429, "slow down", told) if len(moments) == 1 else ok())(exchange)

    async def go() -> list[Reply | ProviderError]:
        first = asyncio.ensure_future(client.send(ask()))
        while len(moments) < 1 or not client.kinds("retry"):
            await asyncio.sleep(0.001)
        found = await asyncio.gather(first, *map(client.send, many(5)))
        await client.provider.close()
        return list(found)

    with Server() as server:
        client = Client(server.always(behave).url, faster=20)
        assert texts(asyncio.run(go())) == ["It is the Rhine."] * 6
    assert len(moments) == 7 and min(moments[1:]) - moments[0] >= 20
    waits = client.kinds("wait")
    assert len(waits) == 5 and all(about["for"] == "retry-after" and about["seconds"] <= 20 for about in waits)


def test_an_hour_to_wait_is_told_to_the_next_request_without_sending_it():
    with Server() as server:
        client = Client(server.always(error(429, "slow down", {"Retry-After": "3600"})).url)

        async def go() -> list[Reply | ProviderError]:
            found = [await client.send(ask()) for _ in range(3)]
            await client.provider.close()
            return found

        found = asyncio.run(go())
        assert len(server.requests) == 1
    assert texts(found) == ["rate"] * 3
    assert all("60 minutes" in str(each) or "59" in str(each) or "1 hours" in str(each) for each in found)
    assert not client.kinds("wait")


# --- too much at once ---


def test_fewer_requests_run_at_once_where_a_server_takes_fewer():
    def holds(faster: float) -> bool:
        width, turned_away, said = taken_by_few(faster)
        return said == ["It is the Rhine."] * 300 and 1 <= width < 40 and turned_away < 300

    assert undisturbed(holds)


def taken_by_few(faster: float) -> tuple[float, int, list[str]]:
    """How many requests go at once in the end to a server that takes eight, how many it turned away, and what came."""
    running, turned_away, lock = 0, 0, threading.Lock()

    def behave(exchange: Exchange) -> None:
        nonlocal running, turned_away
        with lock:
            running += 1
            mine = running
            turned_away += mine > 8
        if mine > 8:
            error(429, "too many at once")(exchange)
        else:
            slow(0.01)(exchange)
        with lock:
            running -= 1

    with Server() as server:
        client = Client(server.always(behave).url, retries=8, faster=faster)
        said = texts(client.ask(*many(300)))
        return client.provider._traffic.lane("heron").width.width, turned_away, said


def test_a_storm_of_failures_reaches_the_server_hardly_more_often_than_there_is_place():
    with Server() as server:
        client = Client(server.always(error(503, "overloaded")).url)
        found = client.ask(*many(200))
        assert texts(found) == ["server"] * 200
        assert len(server.requests) <= 64 + 8  # alone, each would have been tried six times: 1200
    resting = [str(each) for each in found if "left alone" in str(each)]
    assert resting and all("overloaded" in text and "asked again in" in text for text in resting)
    assert {about["for"] for about in client.kinds("wait")} <= {"breaker", "place"}


def test_a_short_outage_costs_no_request():
    first: list[float] = []

    def behave(exchange: Exchange) -> None:
        first.append(time.monotonic())
        down = first[-1] - first[0] < 6.0 / 10  # no timer: it may be late where the clock of the client is not
        (error(503, "restarting") if down else ok())(exchange)

    with Server() as server:
        client = Client(server.always(behave).url, faster=10)
        found = client.ask(*many(100))
        assert texts(found) == ["It is the Rhine."] * 100
        assert len(server.requests) < 100 + 64 + 10


def test_after_an_outage_one_request_looks_and_then_all_go():
    with Server() as server:
        client = Client(server.always(error(503, "overloaded")).url, faster=10)

        async def go() -> tuple[int, list[Reply | ProviderError]]:
            await asyncio.gather(*map(client.send, many(100)))
            before = len(server.requests)
            refused = await client.send(ask())
            assert isinstance(refused, ProviderError) and refused.retry_after and len(server.requests) == before
            server.always(slow(0.02))
            await asyncio.sleep((refused.retry_after - 5) / 10)
            found = await asyncio.gather(*map(client.send, many(10)))
            await client.provider.close()
            return len(server.requests) - before, list(found)

        sent, found = asyncio.run(go())
    assert texts(found) == ["It is the Rhine."] * 10 and sent == 10


def test_a_server_that_fails_every_other_time_is_not_asked_many_times_over():
    """Each failure by itself would be tried again up to five times; all together they are a tenth of the answers."""
    count = [0]
    lock = threading.Lock()

    def behave(exchange: Exchange) -> None:
        with lock:
            count[0] += 1
            bad = count[0] % 2
        (error(500, "oh") if bad else ok())(exchange)

    with Server() as server:
        client = Client(server.always(behave).url, concurrency=4, faster=20)
        found = client.ask(*many(400))
        good = sum(isinstance(each, Reply) for each in found)
        assert len(server.requests) < 400 + 10 + good / 10 + 30
    assert any("too many requests fail" in str(each) for each in found)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (error(401, "Incorrect API key provided"), "key"),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "quota"),
        (error(400, "This model's maximum context length is 8192 tokens"), "context"),
        (error(400, "flagged by the content management policy"), "refused"),
    ],
)
def test_hopeless_errors_are_each_sent_once_and_do_not_make_the_server_sick(behaviour, kind):
    with Server() as server:
        client = Client(server.always(behaviour).url, concurrency=4)
        assert texts(client.ask(*many(40))) == [kind] * 40
        assert len(server.requests) == 40
        server.always(ok())
        assert texts(client.ask()) == ["It is the Rhine."]
    assert not client.kinds("retry") and not [about for about in client.kinds("wait") if about["for"] != "place"]


def test_a_server_that_answered_before_and_is_gone_is_no_wrong_address():
    with Server() as server:
        client = Client(server.always(faults.closes_afterwards()).url)
        assert texts(client.ask()) == ["It is the Rhine."]
    (gone,) = client.ask()
    assert isinstance(gone, ProviderError) and gone.kind == "network" and not gone.hopeless


def test_a_wrong_address_is_told_quickly_to_many_as_to_one():
    with faults.nobody() as url:
        client = Client(url, faster=20)
        began = client.clock()
        assert texts(client.ask(*many(100))) == ["url"] * 100
        assert client.clock() - began < 60
    assert not [about for about in client.kinds("wait") if about["for"] == "breaker"]


def test_a_request_that_will_not_be_sent_again_does_not_wait_before_it_says_so():
    """The tries of those that fail last come when the server is left alone for long already."""

    def holds(faster: float) -> bool:
        with Server() as server:
            behaving = server.always(error(503, "overloaded"))
            client = Client(behaving.url, retries=3, fallback_models=["stork"], faster=faster)
            client.ask(*many(60))
            return len(client.kinds("retry")) < 60

    assert undisturbed(holds)


# --- other models ---

WHY = {
    "no credit": (error(429, "You exceeded your current quota", code="insufficient_quota"), 1),
    "unknown": (error(404, "The model `heron` does not exist", code="model_not_found"), 1),
    "too long": (error(400, "This model's maximum context length is 8192 tokens"), 1),
    "overloaded": (error(503, "overloaded"), 6),
    "an hour to wait": (error(429, "slow down", {"Retry-After": "3600"}), 1),
}


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", WHY)
def test_the_next_model_answers_where_one_cannot(name, streams):
    behaviour, requests = WHY[name]
    with Server() as server:
        client = Client(
            server.always(by_model(heron=behaviour)).url,
            fallback_models=["stork", "crane"],
            prices={"stork": (1.0, 1.0)},
            streams=streams,
        )
        (reply,) = client.ask()
        assert [seen.body["model"] for seen in server.requests] == ["heron"] * requests + ["stork"]
    assert isinstance(reply, Reply) and reply.text == "stork answers"
    assert reply.usage.money == pytest.approx(18 / 1e6)  # at the price of the model that answered
    (about,) = client.kinds("fallback")
    assert (about["from"], about["to"]) == ("heron", "stork") and "answered" in about["why"]


def test_the_reply_names_the_model_that_answered():
    def answers(exchange: Exchange) -> None:
        exchange.send(faults.chat_reply("yes") | {"model": exchange.body["model"]})

    with Server() as server:
        behaviour = by_model(heron=error(402, "no credit"), stork=answers)
        (reply,) = Client(server.always(behaviour).url, fallback_models=["stork"]).ask()
        (own,) = Client(server.always(answers).url, fallback_models=["stork"]).ask(ask(model="crane"))
    assert isinstance(reply, Reply) and reply.model == "stork"
    assert isinstance(own, Reply) and own.model == "crane"


@pytest.mark.parametrize(
    "behaviour", [error(401, "no key"), error(400, "flagged by content policy"), raw("Not Found", 404)]
)
def test_no_other_model_is_asked_where_it_would_not_help(behaviour):
    with Server() as server:
        client = Client(server.always(by_model(heron=behaviour)).url, fallback_models=["stork"])
        (found,) = client.ask()
        assert isinstance(found, ProviderError) and len(server.requests) == 1
    assert not client.kinds("fallback")


def test_where_no_model_answers_the_error_is_of_the_last():
    with Server() as server:
        client = Client(server.always(error(402, "no credit")).url, fallback_models=["stork", "crane"])
        (found,) = client.ask()
        assert [seen.body["model"] for seen in server.requests] == ["heron", "stork", "crane"]
    assert isinstance(found, ProviderError) and found.kind == "quota"


def test_while_a_model_is_left_alone_the_next_is_asked_at_once():
    with Server() as server:
        client = Client(server.always(by_model(heron=error(503, "overloaded"))).url, fallback_models=["stork"])
        assert texts(client.ask(*many(100))) == ["stork answers"] * 100
        before = len(server.requests)
        assert texts(client.ask(*many(20))) == ["stork answers"] * 20
        assert len(server.requests) <= before + 20 + 3  # one may look now and then whether it is well
        assert not client.kinds("wait") or {about["for"] for about in client.kinds("wait")} == {"place"}
        asked = [seen.body["model"] for seen in server.requests].count("heron")
        assert asked <= 64 + 8


def test_places_and_limits_outlive_the_event_loop():
    with Server() as server:
        client = Client(server.url, requests_per_minute=3, concurrency=2, still=True)
        for _ in range(3):
            assert texts(client.ask(ask())) == ["It is the Rhine."]
        assert not client.kinds("wait")
        assert texts(client.ask(ask())) == ["It is the Rhine."]
    assert [about["for"] for about in client.kinds("wait")] == ["rate"]
