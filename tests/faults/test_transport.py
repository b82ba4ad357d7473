"""What goes wrong between us and a model server: each fault, made by a real server on loopback, and what comes of it."""

from __future__ import annotations

import asyncio
import email.utils
import time
from typing import Any

import pytest

from flowreason.errors import ProviderError
from flowreason.ports import Message, Reply, Request
from flowreason.providers import OpenAIProvider
from tests import server as faults
from tests.server import Behaviour, Server, chat_reply, error, ok, raw, responses_reply

KEY = "sk-canary-" + "0123456789abcdef"
HIDDEN = "team-secret-header"


def ask(text: str = "Which river?") -> Request:
    return Request((Message("user", text),))


class Client:
    """A provider whose waits take no time; what it would have waited is in `waits`, what it told in `told`.

    With `streams`, it is asked by `stream`, and `pieces` holds what was handed over since the last retry.
    """

    def __init__(self, url: str, *, streams: bool = False, **options: Any) -> None:
        self.streams = streams
        self.pieces: list[str] = []
        self.waits: list[float] = []
        self.told: list[dict[str, Any]] = []
        self.heard: list[tuple[str, dict[str, Any]]] = []
        headers = {"X-Team": HIDDEN}
        options = {"api_key": KEY, "headers": headers, "timeout": 5.0, "api": "chat"} | options
        self.provider = OpenAIProvider("heron", base_url=url, sleep=self._sleep, clock=self._clock, **options)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def _clock(self) -> float:
        return time.monotonic() + sum(self.waits)

    def _tell(self, kind: str, about: Any) -> None:
        assert kind in ("retry", "wait", "fallback")
        if kind == "retry":
            self.told.append(dict(about))
        self.heard.append((kind, dict(about)))
        self.pieces.clear()

    async def send(self, request: Request) -> Reply:
        if not self.streams:
            return await self.provider.complete(request, self._tell)
        reply = await self.provider.stream(request, self.pieces.append, self._tell)
        assert "".join(self.pieces) == reply.text
        return reply

    def ask(self, *requests: Request) -> list[Reply | BaseException]:
        async def go() -> list[Reply | BaseException]:
            asked = map(self.send, requests or (ask(),))
            try:
                return await asyncio.gather(*asked, return_exceptions=True)
            finally:
                await self.provider.close()

        return asyncio.run(go())

    def fail(self) -> ProviderError:
        (found,) = self.ask()
        assert isinstance(found, ProviderError), found
        return found


AGAIN = {
    "rate limit": (error(429, "slow down"), "rate"),
    "rate limit with a time": (error(429, "slow down", {"Retry-After": "0.01"}), "rate"),
    "server error": (error(500), "server"),
    "bad gateway page": (faults.html(502), "server"),
    "overloaded": (error(529, "overloaded"), "server"),
    "unavailable without a body": (raw(b"", 503), "server"),
    "conflict": (error(409), "server"),
    "reset before a word": (faults.reset(), "network"),
    "closed before a word": (faults.silent(), "network"),
    "body cut off": (faults.cut(), "reply"),
    "empty body": (raw(b""), "reply"),
    "JSON cut off": (raw(b'{"choices": [{"mess'), "reply"),
    "an empty object": (raw({}), "reply"),
    "a list": (raw([1]), "reply"),
    "no choices": (raw({"choices": []}), "reply"),
    "choices null": (raw({"choices": None}), "reply"),
    "a choice that is a text": (raw({"choices": ["Rhine"]}), "reply"),
    "no message": (raw({"choices": [{}]}), "reply"),
    "content null": (raw(chat_reply(None)), "reply"),
    "content a number": (raw(chat_reply(7)), "reply"),
    "content empty": (raw(chat_reply(" ")), "reply"),
    "reasoning and no answer": (raw(chat_reply("<think>Rivers…</think>")), "reply"),
    "an error with status 200": (raw({"error": {"message": "try later"}}), "reply"),
    "an error in the choice": (raw({"choices": [{"error": {"code": 502, "message": "upstream"}}]}), "server"),
    "a rate limit with status 200": (raw({"error": {"code": 429, "message": "slow"}}), "rate"),
    "not UTF-8": (raw(b'{"choices": "\xff\xfe"}'), "reply"),
    "bytes that are not JSON": (raw(b"\x00\x01\x02"), "reply"),
    "too long to be a reply": (faults.huge(33), "reply"),
}


both = pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])


@both
@pytest.mark.parametrize("name", AGAIN)
def test_a_fault_that_passes_is_tried_again_and_told(name, streams):
    behaviour, kind = AGAIN[name]
    with Server() as server:
        client = Client(server.then(behaviour).url, streams=streams)
        (reply,) = client.ask()
    assert isinstance(reply, Reply) and reply.text == "It is the Rhine."
    assert [(told["kind"], told["attempt"]) for told in client.told] == [(kind, 1)]
    assert [told["wait"] for told in client.told] == client.waits


BOUNDS = {"rate": 6, "server": 6, "network": 4, "reply": 3}


@pytest.mark.parametrize("name", ["rate limit", "server error", "reset before a word", "body cut off", "content null"])
def test_a_fault_that_stays_is_tried_a_bounded_number_of_times(name):
    behaviour, kind = AGAIN[name]
    with Server() as server:
        found = Client(server.always(behaviour).url).fail()
        assert len(server.requests) == BOUNDS[kind]
    assert found.kind == kind and not found.hopeless
    assert f"tried {BOUNDS[kind]} times" in str(found)


AT_ONCE: dict[str, tuple[Behaviour, str, str]] = {
    "no quota": (error(429, "You exceeded your current quota", code="insufficient_quota"), "quota", "credit"),
    "payment required": (error(402, "Payment Required"), "quota", "credit"),
    "wrong key": (error(401, f"Incorrect API key provided: {KEY}"), "key", "Check the key"),
    "key not allowed": (error(403, f"Project of {KEY} has no access"), "key", "Check the key"),
    "wrong key with 400": (error(400, "API key not valid. Please pass a valid API key."), "key", "Check the key"),
    "a header sent back": (error(401, f"X-Team was {HIDDEN}"), "key", "Check the key"),
    "unknown model": (error(404, "The model `heron` does not exist", code="model_not_found"), "model", "heron"),
    "unknown model with 400": (error(400, "heron is not a valid model ID"), "model", "heron"),
    "model not allowed": (error(403, "no access to heron", code="model_not_found"), "model", "heron"),
    "model not pulled": (error(404, 'model "heron" not found, try pulling it first'), "model", "ollama pull heron"),
    "too long": (error(400, "This model's maximum context length is 8192 tokens"), "context", "shorten"),
    "too long by code": (error(400, "Too long", code="context_length_exceeded"), "context", "shorten"),
    "too large at the door": (raw("Payload Too Large", 413), "context", "shorten"),
    "too large for a minute": (error(429, "Request too large for heron on tokens per min"), "context", "shorten"),
    "content not wanted": (error(400, "flagged by the content management policy"), "refused", "put it differently"),
    "refusal in the reply": (raw(chat_reply(None, refusal="I will not")), "refused", "I will not"),
    "content filter": (raw(chat_reply("", finish="content_filter")), "refused", "content filter"),
    "a message that paints the terminal": (error(400, "\x1b[2J\x07no"), "request", "[2J no"),
    "a bad request": (error(400, "messages: too short"), "request", "too short"),
    "HTML with 200": (faults.html(), "url", "not an OpenAI-compatible endpoint"),
    "HTML with 404": (faults.html(404), "url", "/v1"),
    "not found": (raw({"detail": "Not Found"}, 404), "url", "/v1"),
    "a redirect": (raw("", 301, Location="https://elsewhere.example/v1/"), "url", "elsewhere.example"),
    "no HTTP": (faults.no_http(), "url", "HTTP"),
}


@both
@pytest.mark.parametrize("name", AT_ONCE)
def test_a_hopeless_fault_fails_at_once_and_says_what_to_do(name, streams):
    behaviour, kind, told = AT_ONCE[name]
    with Server() as server:
        found = Client(server.always(behaviour).url, streams=streams).fail()
        assert len(server.requests) == 1
    assert found.kind == kind and told in str(found)
    assert len(str(found).splitlines()) <= 3 and max(map(len, str(found).splitlines())) < 500
    assert "\x1b" not in str(found) and KEY not in str(found) and HIDDEN not in str(found)


@both
def test_nothing_that_is_printed_of_an_error_shows_the_key(streams):
    import traceback

    with Server() as server:
        found = Client(server.always(error(401, f"key {KEY}")).url, streams=streams).fail()
    assert KEY not in "".join(traceback.format_exception(found)) + repr(found) + str(vars(found))
    assert found.__cause__ is None and found.__context__ is None


@both
@pytest.mark.parametrize("slowness", [faults.slow(0.6), faults.drips(0.05, 100)], ids=["silent", "dripping"])
def test_a_hang_is_paid_for_twice_at_most(slowness, streams):
    with Server() as server:
        found = Client(server.always(slowness).url, timeout=0.2, streams=streams).fail()
        assert len(server.requests) == 2
    assert found.kind == "timeout" and "within 0.2 seconds" in str(found)


@both
def test_a_reply_without_end_is_not_read_to_its_end(streams):
    with Server() as server:
        found = Client(server.always(faults.huge(200)).url, retries=0, streams=streams).fail()
    assert found.kind == "reply" and "longer than 32 MB" in str(found)


@both
def test_a_connection_that_the_server_closed_meanwhile_is_replaced(streams):
    with Server() as server:
        client = Client(server.always(faults.closes_afterwards("Elbe")).url, streams=streams)

        async def go() -> list[str]:
            texts = []
            for _ in range(5):
                texts.append((await client.send(ask())).text)
                client.pieces.clear()
                await asyncio.sleep(0.02)
            await client.provider.close()
            return texts

        assert asyncio.run(go()) == ["Elbe"] * 5
        assert len(server.requests) == 5


def test_nobody_listening_is_told_quickly_with_the_address():
    with faults.nobody() as url:
        client = Client(url)
        found = client.fail()
    assert found.kind == "url" and found.hopeless
    assert url in str(found) and "Check the base URL" in str(found)
    assert len(client.waits) == 3 and sum(client.waits) < 2


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://no-such-host.invalid/v1", "name is not known"),
        ("https://127.0.0.1:{port}/v1", "http:// instead of https://"),
    ],
)
def test_a_wrong_address_is_told(url, told):
    with Server() as server:
        found = Client(url.format(port=server.port)).fail()
    assert found.kind == "url" and told in str(found)


# --- Retry-After ---


def test_the_time_to_wait_is_honoured_as_seconds_milliseconds_and_date():
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    told = [{"Retry-After": "7"}, {"retry-after-ms": "2500", "Retry-After": "9"}, {"Retry-After": date}]
    with Server() as server:
        client = Client(server.then(*(error(429, headers=each) for each in told)).url)
        client.ask()
    seconds, milliseconds, until = client.waits
    assert 7 <= seconds < 8 and 2.5 <= milliseconds < 3 and 25 < until < 34


def test_an_unreadable_time_to_wait_falls_back_to_our_own():
    with Server() as server:
        client = Client(server.then(*(error(503, headers={"Retry-After": each}) for each in ("soon", "-5", "nan"))).url)
        (reply,) = client.ask()
    assert isinstance(reply, Reply) and all(0 < wait < 5 for wait in client.waits) and len(client.waits) == 3


def test_a_time_longer_than_allowed_is_an_error_that_says_so():
    with Server() as server:
        client = Client(server.always(error(429, headers={"Retry-After": "7200"})).url, max_wait=60)
        found = client.fail()
        assert len(server.requests) == 1
    assert found.kind == "rate" and found.retry_after == 7200
    assert "2 hours" in str(found) and "60 seconds" in str(found) and not client.waits


def test_waits_grow_and_differ():
    with Server() as server:
        client = Client(server.always(error(500)).url)
        client.fail()
    assert len(set(client.waits)) == 5
    assert all(later > earlier / 1.01 for earlier, later in zip(client.waits, client.waits[1:], strict=False))


def test_no_retries_means_none():
    with Server() as server:
        found = Client(server.always(error(500)).url, retries=0).fail()
        assert len(server.requests) == 1
    assert "tried" not in str(found)


# --- the Responses API ---


@pytest.mark.parametrize(
    ("reply", "kind", "requests"),
    [
        ({}, "reply", 3),
        ({"status": "completed", "output": []}, "reply", 3),
        (responses_reply(None), "reply", 3),
        (responses_reply("x", output="none"), "reply", 3),
        (responses_reply("x", status="queued"), "reply", 3),
        (responses_reply("", status="failed", error={"code": "server_error", "message": "oh"}), "server", 6),
        (responses_reply("", status="failed", error={"code": "rate_limit_exceeded", "message": "oh"}), "rate", 6),
        (responses_reply("x", status="incomplete", incomplete_details={"reason": "content_filter"}), "refused", 1),
        (
            responses_reply("", output=[{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]),
            "refused",
            1,
        ),
    ],
)
def test_a_broken_reply_of_the_responses_api_is_never_an_answer(reply, kind, requests):
    with Server() as server:
        found = Client(server.always(raw(reply)).url, api="responses").fail()
        assert (found.kind, len(server.requests)) == (kind, requests)


def test_what_was_cut_off_at_its_limit_says_so():
    chat = raw(chat_reply("It is the", finish="length"))
    responses = raw(responses_reply("It is", status="incomplete", incomplete_details={"reason": "max_output_tokens"}))
    nothing_yet = raw(chat_reply(None, finish="length"))
    for behaviour, api, text in (
        (chat, "chat", "It is the"),
        (responses, "responses", "It is"),
        (nothing_yet, "chat", ""),
    ):
        with Server() as server:
            (reply,) = Client(server.always(behaviour).url, api=api).ask()
        assert isinstance(reply, Reply) and (reply.text, reply.finish) == (text, "length")


def test_faults_of_some_requests_leave_the_others_alone():
    def some(exchange: faults.Exchange) -> None:
        number = int(exchange.prompt)
        (error(400, "no") if number % 10 == 0 else ok(str(number)))(exchange)

    with Server() as server:
        found = Client(server.always(some).url).ask(*(ask(str(n)) for n in range(100)))
    assert [isinstance(each, ProviderError) for each in found] == [n % 10 == 0 for n in range(100)]
    assert [each.text for each in found if isinstance(each, Reply)] == [str(n) for n in range(100) if n % 10]
