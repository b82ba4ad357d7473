"""What goes wrong while a reply is being written: it is never taken for a whole one, and what begins anew is told."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from flowreason.errors import ProviderError
from flowreason.ports import Reply
from tests import server as faults
from tests import streams
from tests.faults.test_transport import HIDDEN, KEY, Client, ask
from tests.server import Behaviour, Server, chat_reply, error, ok, raw, responses_reply
from tests.streams import DONE, chat_events, chunk, cut, event, reset, responses_events, sends

TEXT = "It is the Rhine."
CHAT, RESPONSES = chat_events(TEXT), responses_events(TEXT)
BEGUN = [chunk({"role": "assistant", "content": ""}), chunk({"content": "It is the Elbe"})]
TOLD = [*RESPONSES[:3], RESPONSES[3]]


def failed(code: str) -> dict[str, object]:
    return {"type": "response.failed", "response": responses_reply("", "failed", error={"code": code, "message": "oh"})}


AGAIN: dict[str, tuple[Behaviour, str, str]] = {
    "cut before the first event": (sends(cut), "chat", "reply"),
    "cut after a comment": (sends(b": ping\n\n", cut), "chat", "reply"),
    "cut in the first event": (sends(event(CHAT[1])[:20], cut), "chat", "reply"),
    "cut in the text": (sends(BEGUN, cut), "chat", "reply"),
    "cut in an event of the text": (sends(BEGUN, event(CHAT[3])[:-20], cut), "chat", "reply"),
    "cut before the end is told": (sends(RESPONSES[:-1], cut), "responses", "reply"),
    "cut in the event of the end": (sends(RESPONSES[:-1], event(RESPONSES[-1])[:200], cut), "responses", "reply"),
    "reset in the text": (sends(BEGUN, reset), "chat", "reply"),
    "ended in good order in the text": (sends(BEGUN), "chat", "reply"),
    "ended in good order before the end": (sends(RESPONSES[:-1]), "responses", "reply"),
    "ended with DONE and no response": (sends(RESPONSES[:-1], DONE), "responses", "reply"),
    "an event that is cut off": (sends(BEGUN, event('{"choices": [{"del'), DONE), "chat", "reply"),
    "an event that is no object": (sends(BEGUN, event("[1]"), DONE), "chat", "reply"),
    "an event made to harm": (sends(event("[" * 100_000), DONE), "chat", "reply"),
    "a content that is a number": (sends(chunk({"content": 7}), DONE), "chat", "reply"),
    "a delta that is a text": (sends(chunk() | {"choices": [{"delta": "Rhine"}]}, DONE), "chat", "reply"),
    "a delta of the text that is a number": (sends(TOLD[3] | {"delta": 7}), "responses", "reply"),
    "nothing but comments": (sends(b": ping\n\n" * 3), "chat", "reply"),
    "nothing but DONE": (sends(DONE), "chat", "reply"),
    "no body": (sends(), "chat", "reply"),
    "nothing but reasoning": (sends(chunk({"reasoning_content": "hm"}), chunk({}, "stop"), DONE), "chat", "reply"),
    "failed while it wrote": (sends(BEGUN, chunk({}, "error"), DONE), "chat", "reply"),
    "an error inside": (sends(BEGUN, {"error": {"message": "worker died"}}), "chat", "reply"),
    "a server error inside": (sends(BEGUN, {"error": {"message": "oh", "type": "server_error"}}), "chat", "server"),
    "a rate limit inside": (sends(BEGUN, {"error": {"message": "slow down", "code": 429}}), "chat", "rate"),
    "an event named error": (sends(event('{"message": "rate limit"}', "error")), "chat", "rate"),
    "an object that is an error": (sends({"object": "error", "message": "oh", "code": 503}), "chat", "server"),
    "an error of a choice": (sends(chunk() | {"choices": [{"error": {"code": 502}}]}), "chat", "server"),
    "an error of the responses API": (sends(TOLD, {"type": "error", "code": "server_error"}), "responses", "server"),
    "a response that failed": (sends(TOLD, failed("server_error")), "responses", "server"),
    "a response that was too fast": (sends(TOLD, failed("rate_limit_exceeded")), "responses", "rate"),
    "a response without an output": (
        sends({"type": "response.completed", "response": responses_reply("", output=[])}),
        "responses",
        "reply",
    ),
    "slowed down, then fine": (error(429, "slow down", {"Retry-After": "0.01"}), "chat", "rate"),
}


@pytest.mark.parametrize("name", AGAIN)
def test_a_stream_that_breaks_is_begun_anew_and_that_is_told(name):
    behaviour, api, kind = AGAIN[name]
    with Server(TEXT) as server:
        client = Client(server.then(behaviour).url, streams=True, api=api)
        (reply,) = client.ask()
        assert len(server.requests) == 2
    assert isinstance(reply, Reply) and reply.text == TEXT, reply
    assert [(told["kind"], told["attempt"]) for told in client.told] == [(kind, 1)]


@pytest.mark.parametrize(
    ("name", "requests"), [("cut in the text", 3), ("reset in the text", 3), ("an error inside", 3)]
)
def test_a_stream_that_breaks_every_time_is_an_error_after_as_few_tries_as_a_whole_reply(name, requests):
    behaviour, _, kind = AGAIN[name]
    with Server() as server:
        found = Client(server.always(behaviour).url, streams=True).fail()
        assert len(server.requests) == requests
    assert found.kind == kind and f"tried {requests} times" in str(found)


HOPELESS: dict[str, tuple[Behaviour, str, str]] = {
    "a refusal in pieces": (sends(chunk({"refusal": "I will "}), chunk({"refusal": "not"}, "stop"), DONE), "chat", "I will not"),
    "a content filter": (sends(BEGUN, chunk({}, "content_filter"), DONE), "chat", "content filter"),
    "a filter's error inside": (sends(BEGUN, {"error": {"message": "flagged", "code": 400}}), "chat", "differently"),
    "a refusal of the responses API": (
        sends(
            {"type": "response.refusal.delta", "output_index": 0, "delta": "I will not"},
            responses_events("", responses_reply("", output=[{"type": "message", "content": [{"type": "refusal", "refusal": "I will not"}]}]))[-1:],
        ),
        "responses",
        "I will not",
    ),
    "a filter of the responses API": (
        sends(responses_events("It", responses_reply("It", "incomplete", incomplete_details={"reason": "content_filter"}))),
        "responses",
        "content filter",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOPELESS)
def test_a_refusal_in_a_stream_is_a_refusal_at_once(name):
    behaviour, api, told = HOPELESS[name]
    with Server() as server:
        found = Client(server.always(behaviour).url, streams=True, api=api).fail()
        assert len(server.requests) == 1
    assert found.kind == "refused" and told in str(found)


def test_an_error_in_a_stream_shows_no_key():
    told = {"error": {"message": f"key {KEY} of {HIDDEN} ran out", "code": 401}}
    with Server() as server:
        found = Client(server.always(sends(BEGUN, told)).url, streams=True, retries=0).fail()
    assert KEY not in str(found) + str(vars(found)) and HIDDEN not in str(found) and "[key]" in str(found)


FINE: dict[str, Behaviour] = {
    "no DONE": sends(CHAT[:-1]),
    "no DONE and no usage": sends(chat_events(TEXT, usage=False)[:-1]),
    "cut after its last word": sends(chat_events(TEXT, usage=False)[:-1], cut),
    "cut in the count of tokens": sends(chat_events(TEXT, usage=False)[:-1], event(CHAT[-2])[:30], cut),
    "no finish but DONE": sends(*chat_events(TEXT)[:-3], DONE),
    "no empty line at the end": sends(*CHAT[:-1], b"data: [DONE]"),
    "cut after DONE": sends(CHAT, cut),
    "unknown events": sends(b"event: ping\ndata: {}\n\n", CHAT[:3], {"type": "ping"}, b"id: 7\nretry: 9\n\n", CHAT[3:]),
    "comments between events": sends(*(part for each in CHAT for part in (b": keep-alive\n\n", each))),
    "lines that end in CRLF": sends(*(_raw.replace(b"\n", b"\r\n") for _raw in map(event, CHAT[:-1])), DONE),
    "lines that end in CR": sends(*(_raw.replace(b"\n", b"\r") for _raw in map(event, CHAT[:-1])), DONE),
    "another type of content": sends(CHAT, content_type="text/plain"),
    "a mark of the byte order": sends(b"\xef\xbb\xbf", CHAT),
    "byte for byte": sends(*(bytes([byte]) for each in (*map(event, CHAT[:-1]), DONE) for byte in each)),
    "a message instead of deltas": sends(chat_reply(TEXT), DONE),
    "one JSON body": raw(chat_reply(TEXT)),
    "an error after DONE": sends(CHAT, {"error": {"message": "too late"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_a_strange_stream_that_is_whole_is_a_reply_at_once(name):
    with Server() as server:
        client = Client(server.always(FINE[name]).url, streams=True)
        (reply,) = client.ask()
        assert len(server.requests) == 1
    assert isinstance(reply, Reply) and (reply.text, reply.finish) == (TEXT, "stop"), reply
    assert reply.model == "heron-2"


def test_a_stream_that_was_cut_at_its_limit_says_so():
    short = responses_reply("It is", "incomplete", incomplete_details={"reason": "max_output_tokens"})
    cases = ((chat_events("It is", "length"), "chat"), (responses_events("It is", short), "responses"))
    for events, api in cases:
        with Server() as server:
            (reply,) = Client(server.always(sends(events)).url, streams=True, api=api).ask()
        assert isinstance(reply, Reply) and (reply.text, reply.finish) == ("It is", "length")


@pytest.mark.parametrize(
    "stall",
    [
        sends(BEGUN, streams.pause(1.0), CHAT),
        sends([b": ping\n\n"] * 40, CHAT, pause=0.02),
        sends([chunk({"content": "x"})] * 40, CHAT, pause=0.02),
    ],
    ids=["silent", "pinging", "dripping"],
)
def test_a_stream_that_takes_longer_than_the_time_for_an_answer_is_paid_for_twice_at_most(stall):
    with Server() as server:
        found = Client(server.always(stall).url, streams=True, timeout=0.3).fail()
        assert len(server.requests) == 2
    assert found.kind == "timeout" and "within 0.3 seconds" in str(found)


def test_a_server_that_keeps_the_line_open_after_the_end_is_not_waited_for():
    with Server() as server:
        server.always(sends(CHAT, streams.pause(5.0)))
        begin = time.monotonic()
        (reply,) = Client(server.url, streams=True).ask()
    assert isinstance(reply, Reply) and reply.text == TEXT and time.monotonic() - begin < 4


@pytest.mark.parametrize(
    "flood",
    [
        [chunk({"content": "x" * 2**20})] * 40,
        [b"data: " + b"x" * 2**20] * 40,
        [(b"data: " + b"x" * 1000 + b"\n") * 2**10] * 40,
        [b":" + b"x" * 2**20] * 40,
    ],
    ids=["text", "line", "event", "comment"],
)
def test_a_stream_without_end_is_not_read_to_its_end(flood):
    with Server() as server:
        found = Client(server.always(sends(flood)).url, streams=True, retries=0, timeout=60).fail()
    assert found.kind == "reply" and "longer than 32 MB" in str(found)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stream_that_is_given_up_in_its_middle_gives_its_place_back(api):
    """With one place for requests, the next one goes through at once, and the server is not listened to any longer."""
    gone = threading.Event()

    def endless(exchange: faults.Exchange) -> None:
        try:
            sends((CHAT if api == "chat" else RESPONSES)[:4], *([b": ping\n\n"] * 500), pause=0.01)(exchange)
        except ConnectionError:
            gone.set()
            raise

    async def go(client: Client) -> str:
        begun = asyncio.Event()
        asked = client.provider.stream(ask(), lambda piece: begun.set(), None)
        task = asyncio.ensure_future(asked)
        await asyncio.wait_for(begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        reply = await asyncio.wait_for(client.provider.stream(ask(), lambda piece: None), 3)
        await client.provider.close()
        return reply.text

    with Server(TEXT) as server:
        client = Client(server.then(endless).url, api=api, concurrency=1)
        assert asyncio.run(go(client)) == TEXT
        assert gone.wait(3)


def test_an_error_of_whoever_listens_is_theirs_and_gives_the_place_back():
    """Not even an error that looks like one of the network is taken for the server's."""

    def broken(piece: str) -> None:
        raise BrokenPipeError("the screen is gone")

    async def go(client: Client) -> Reply:
        for _ in range(3):
            with pytest.raises(BrokenPipeError, match="screen"):
                await client.provider.stream(ask(), broken)
        reply = await asyncio.wait_for(client.provider.complete(ask()), 3)
        await client.provider.close()
        return reply

    with Server(TEXT) as server:
        client = Client(server.url, concurrency=1)
        assert asyncio.run(go(client)).text == TEXT
        assert len(server.requests) == 4


def test_faults_of_some_streams_leave_the_others_alone():
    def some(exchange: faults.Exchange) -> None:
        number = int(exchange.prompt)
        (sends(BEGUN, {"error": {"message": "no", "code": 400}}) if number % 10 == 0 else ok(str(number)))(exchange)

    async def go(client: Client) -> list[Reply | BaseException]:
        asked = (client.provider.stream(ask(str(n)), lambda piece: None) for n in range(60))
        found = await asyncio.gather(*asked, return_exceptions=True)
        await client.provider.close()
        return found

    with Server() as server:
        found = asyncio.run(go(Client(server.always(some).url)))
    assert [isinstance(each, ProviderError) for each in found] == [n % 10 == 0 for n in range(60)]
    assert [each.text for each in found if isinstance(each, Reply)] == [str(n) for n in range(60) if n % 10]
