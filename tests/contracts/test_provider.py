"""What every provider keeps, whatever answers behind it: a server of either API, a script, a recording."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowreason.ports import Message, Provider, Reply, Request, Streaming, streamed
from flowreason.providers import OpenAIProvider, Recorded, Recorder, ScriptedProvider
from flowreason.running import _WithModel
from tests.server import Server, ok, slow

PRICES = {"heron": (2.0, 10.0)}


def ask(text: str, **settings: Any) -> Request:
    return Request((Message("system", "Answer briefly."), Message("user", text)), **settings)


def echo(text: str) -> str:
    return f"You asked: {text[:50]}"


@contextlib.contextmanager
def served(api: str, seconds: float) -> Iterator[Provider]:
    with Server(lambda body: echo((body.get("messages") or body["input"])[-1]["content"])) as server:
        server.always(slow(seconds, ok(pause=seconds / 10)) if seconds else ok())
        yield OpenAIProvider("heron", base_url=server.url, api=api, prices=PRICES)


@contextlib.contextmanager
def scripted(seconds: float) -> Iterator[ScriptedProvider]:
    def reply(request: Request) -> str:
        return echo(request.messages[-1].content)

    yield ScriptedProvider(reply, model="heron", prices=PRICES["heron"], latency=seconds, pause=seconds / 10)


@contextlib.contextmanager
def wrapped(path: Path, seconds: float) -> Iterator[Provider]:
    """A provider inside others: one that names a model, and one that writes down."""
    with scripted(seconds) as inner:
        yield Recorder(_WithModel(inner, "heron"), path)


@contextlib.contextmanager
def recorded(path: Path, seconds: float, requests: list[Request]) -> Iterator[Provider]:
    async def record() -> None:
        with scripted(0) as inner:
            recorder = Recorder(inner, path)
            for request in requests:
                await recorder.complete(request)
            await recorder.close()

    asyncio.run(record())
    path.write_text(path.read_text().replace('"seconds":0.0', f'"seconds":{seconds}'))
    yield Recorded(path, pace=1.0)


Opened = Callable[..., contextlib.AbstractContextManager[Provider]]


@pytest.fixture(params=["chat", "responses", "scripted", "recorded", "wrapped"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the provider that answers these requests after so many seconds."""

    def opened(*requests: Request, seconds: float = 0.0) -> contextlib.AbstractContextManager[Provider]:
        match request.param:
            case "scripted":
                return scripted(seconds)
            case "recorded":
                return recorded(tmp_path / "r.jsonl", seconds, list(requests))
            case "wrapped":
                return wrapped(tmp_path / "r.jsonl", seconds)
        return served(request.param, seconds)

    return opened


async def all_of(provider: Provider, *requests: Request) -> list[Reply]:
    try:
        return list(await asyncio.gather(*map(provider.complete, requests)))
    finally:
        await provider.close()


def test_a_reply_has_text_usage_model_and_finish(provider):
    with provider(ask("Which river?")) as adapter:
        assert isinstance(adapter, Provider)
        (reply,) = asyncio.run(all_of(adapter, ask("Which river?")))
    assert (reply.text, reply.finish, reply.usage.calls) == ("You asked: Which river?", "stop", 1)
    assert reply.model.startswith("heron") and reply.usage.prompt_tokens > 0
    expected = (reply.usage.prompt_tokens * 2.0 + reply.usage.completion_tokens * 10.0) / 1e6
    assert reply.usage.money == pytest.approx(expected) and expected > 0


def test_many_requests_at_once_each_get_their_own_reply(provider):
    requests = [ask(f"stop number {n}") for n in range(200)]
    with provider(*requests) as adapter:
        replies = asyncio.run(all_of(adapter, *requests))
    assert [reply.text for reply in replies] == [f"You asked: stop number {n}" for n in range(200)]


def test_one_object_serves_one_event_loop_after_another_and_closes_twice(provider):
    async def once(adapter: Provider) -> str:
        reply = await adapter.complete(ask("again"))
        await adapter.close()
        await adapter.close()
        return reply.text

    with provider(ask("again")) as adapter:
        assert [asyncio.run(once(adapter)) for _ in range(2)] == ["You asked: again"] * 2


def test_a_cancelled_request_ends_at_once_and_harms_no_other(provider):
    slow_one, other = ask("slow"), ask("other")

    async def cancel_one(adapter: Provider) -> tuple[float, str]:
        await adapter.complete(other)  # connections and libraries are there
        waiting = [asyncio.ensure_future(adapter.complete(request)) for request in (slow_one, other)]
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        waiting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
        seconds = time.monotonic() - begin
        text = (await waiting[1]).text
        await adapter.close()
        return seconds, text

    with provider(slow_one, other, seconds=0.3) as adapter:
        seconds, text = asyncio.run(cancel_one(adapter))
    assert seconds < 0.2 and text == "You asked: other"


def test_what_is_known_of_a_model_needs_no_event_loop_and_never_fails(provider):
    with provider() as adapter:
        assert adapter.model_info(None).name == "heron"
        assert (adapter.model_info(None).prompt_price, adapter.model_info(None).completion_price) == PRICES["heron"]
        assert adapter.model_info("no such model").name == "no such model"


@pytest.mark.parametrize(
    "text",
    ["Ärger im Café 🍵 \u2028 \x00 end", "half a pair: \ud83d", "x" * 1_000_000],
    ids=["unicode", "surrogate", "long"],
)
def test_any_text_can_be_asked(provider, text):
    with provider(ask(text)) as adapter:
        (reply,) = asyncio.run(all_of(adapter, ask(text)))
    assert reply.text.startswith("You asked: ") and reply.text[11:15] == text[:4]


def test_a_model_may_be_named_in_the_request(provider):
    request = ask("Which river?", model="stork")
    with provider(request) as adapter:
        (reply,) = asyncio.run(all_of(adapter, request))
    assert reply.text == "You asked: Which river?"


# --- replies handed over while they are written ---


async def both_of(provider: Provider, request: Request) -> tuple[Reply, Reply, list[str]]:
    """The reply whole, the reply streamed, and its pieces."""
    assert isinstance(provider, Streaming)
    pieces: list[str] = []
    try:
        return await provider.complete(request), await provider.stream(request, pieces.append), pieces
    finally:
        await provider.close()


@pytest.mark.parametrize("text", ["Which river?", "Ärger im Café 🍵 \u2028 \x00 end", "half a pair: \ud83d"])
def test_a_streamed_reply_is_the_same_as_a_whole_one_and_its_pieces_are_its_text(provider, text):
    with provider(ask(text)) as adapter:
        whole, written, pieces = asyncio.run(both_of(adapter, ask(text)))
    assert whole == written and whole.text.startswith("You asked: ")
    assert "".join(pieces) == whole.text and all(pieces) and len(pieces) > 2


def test_many_streams_at_once_each_hand_over_their_own_text(provider):
    requests = [ask(f"stop number {n}") for n in range(60)]
    heard: list[list[str]] = [[] for _ in requests]

    async def go(adapter: Provider) -> list[Reply]:
        try:
            asked = (streamed(adapter, each, heard[n].append) for n, each in enumerate(requests))
            return await asyncio.gather(*asked)
        finally:
            await adapter.close()

    with provider(*requests) as adapter:
        replies = asyncio.run(go(adapter))
    assert ["".join(pieces) for pieces in heard] == [reply.text for reply in replies]
    assert [reply.text for reply in replies] == [f"You asked: stop number {n}" for n in range(60)]


def test_pieces_arrive_while_the_reply_is_still_being_written(provider):
    moments: list[float] = []

    async def go(adapter: Provider) -> float:
        await streamed(adapter, ask("slow"), lambda piece: None)  # connections and libraries are there
        await streamed(adapter, ask("slow"), lambda piece: moments.append(time.monotonic()))
        await adapter.close()
        return time.monotonic()

    with provider(ask("slow"), seconds=0.3) as adapter:
        end = asyncio.run(go(adapter))
    assert moments == sorted(moments) and end - moments[0] > 0.05


def test_a_stream_that_is_cancelled_ends_at_once_and_harms_no_other(provider):
    slow_one, other = ask("slow"), ask("other")

    async def go(adapter: Provider) -> tuple[float, str]:
        await adapter.complete(other)
        begun = asyncio.Event()
        waiting = asyncio.ensure_future(streamed(adapter, slow_one, lambda piece: begun.set()))
        beside = asyncio.ensure_future(streamed(adapter, other, lambda piece: None))
        await begun.wait()
        begin = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        seconds = time.monotonic() - begin
        text = (await beside).text
        await adapter.close()
        return seconds, text

    with provider(slow_one, other, seconds=0.3) as adapter:
        seconds, text = asyncio.run(go(adapter))
    assert seconds < 0.2 and text == "You asked: other"
