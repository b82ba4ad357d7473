"""Servers that answer in ways that no server should: headers that cannot be read, bodies that are packed or streamed
though nobody asked for it, refusals in other words."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from flowreason.errors import ConfigError, ProviderError
from flowreason.ports import Reply
from flowreason.providers import OpenAIProvider
from tests.faults.test_transport import Client
from tests.server import Behaviour, Exchange, Server, chat_reply, error

WHOLE = json.dumps(chat_reply("It is the Rhine.")).encode()


def answers(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """The bytes of a body under the headers that are given."""

    def behave(exchange: Exchange) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        exchange.start(status, {"Content-Length": str(len(body))} | named)
        exchange.handler.wfile.write(body)

    return behave


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("charset", ["idna", "zlib_codec", "undefined", "rot13", "nonsense", "utf-8", "ascii"])
def test_a_reply_is_read_whatever_charset_its_header_names(charset: str, streams: bool) -> None:
    with Server() as server:
        server.always(answers(WHOLE, Content_Type=f"application/json; charset={charset}"))
        (reply,) = Client(server.url, streams=streams, retries=0).ask()
    assert isinstance(reply, Reply)
    assert reply.text == "It is the Rhine."


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, None])
def test_a_reply_that_is_packed_or_marked_though_nobody_asked_is_read(pack: Any, mark: bytes, streams: bool) -> None:
    body = mark + WHOLE
    name = {gzip.compress: "gzip", zlib.compress: "deflate", None: "identity"}[pack]
    with Server() as server:
        server.always(answers(pack(body) if pack else body, Content_Encoding=name, Content_Type="application/json"))
        (reply,) = Client(server.url, streams=streams, retries=0).ask()
    assert isinstance(reply, Reply)
    assert reply.text == "It is the Rhine."


@pytest.mark.parametrize("streams", [False, True])
def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked_to_its_end(streams: bool) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = packer.compress(b'{"a":"') + b"".join(packer.compress(b"a" * 2**20) for _ in range(400)) + packer.flush()
    assert len(body) < 2**20
    with Server() as server:
        server.always(answers(body, Content_Encoding="gzip", Content_Type="application/json"))
        failed = Client(server.url, streams=streams, retries=0).fail()
    assert "longer than" in str(failed)


@pytest.mark.parametrize("packing", ["br", "gzip, gzip", "rot13"])
def test_a_reply_that_cannot_be_unpacked_is_told(packing: str) -> None:
    with Server() as server:
        server.always(answers(b"abc", Content_Encoding=packing))
        failed = Client(server.url, retries=0).fail()
    assert failed.kind == "reply"
    assert "cannot be unpacked" in str(failed)


def test_a_reply_that_is_streamed_though_nobody_asked_is_read() -> None:
    events = "".join(
        f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}, 'finish_reason': finish}]})}\n\n"
        for text, finish in (("It is ", None), ("the Rhine.", None), ("", "stop"))
    )
    with Server() as server:
        server.always(answers(f"{events}data: [DONE]\n\n".encode(), Content_Type="text/event-stream"))
        (reply,) = Client(server.url, retries=0).ask()
    assert isinstance(reply, Reply)
    assert reply.text == "It is the Rhine."


@pytest.mark.parametrize(
    "when", ["Fri, 31 Dec 99999999 23:59:59 GMT", "Fri, 31 Dec 2026 23:59:59 +999999", "nan", "-1"]
)
def test_a_time_to_wait_that_no_clock_knows_is_passed_over(when: str) -> None:
    with Server() as server:
        server.always(error(429, "slow down", headers={"Retry-After": when}))
        failed = Client(server.url, retries=1).fail()
    assert failed.kind == "rate"
    assert failed.retry_after is None


TOO_LONG = {
    "llama.cpp": (
        500,
        {"error": {"message": "the request exceeds the available context size", "type": "server_error"}},
    ),
    "Ollama": (500, {"error": {"message": "the input length exceeds the context length", "type": "api_error"}}),
    "vLLM": (400, {"error": {"message": "The prompt (length 9000) is longer than the maximum model length of 4096."}}),
    "TGI": (
        422,
        {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000", "error_type": "validation"},
    ),
    "Gemini": (
        400,
        [{"error": {"code": 400, "message": "The input token count exceeds the maximum number of tokens"}}],
    ),
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_request_that_is_too_long_is_told_in_the_words_of_any_server(name: str) -> None:
    status, body = TOO_LONG[name]
    with Server() as server:
        server.always(answers(json.dumps(body).encode(), status, Content_Type="application/json"))
        failed = Client(server.url).fail()
        sent = len(server.requests)
    assert failed.kind == "context"
    assert "shorten the inputs" in str(failed)
    assert sent == 1 or name == "TGI"  # 422 may also mean a setting that it does not take


@pytest.mark.parametrize(
    "url",
    [
        "http://a..b/v1",
        f"http://{'a' * 64}.example/v1",
        "http://host\x1b]0;x/v1",
        "http://h\ud800st/v1",
        "http://a b/v1",
    ],
)
def test_an_address_that_no_host_can_have_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="this is no base URL"):
        OpenAIProvider("heron", base_url=url)


def test_a_server_that_fails_is_not_taken_for_a_request_that_is_too_long() -> None:
    with Server() as server:
        server.always(error(500, "internal error"))
        failed = Client(server.url, retries=0).fail()
    assert isinstance(failed, ProviderError)
    assert failed.kind == "server"


def test_what_a_stream_says_after_its_end_is_none_of_the_reply() -> None:
    events = "".join(
        f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}, 'finish_reason': 'stop'}]})}\n\n"
        for text in ("It is the Rhine.", "13")
    )
    with Server() as server:
        server.always(answers(f"{events}data: [DONE]\n\n".encode(), Content_Type="text/event-stream"))
        assert Client(server.url, streams=True).ask()[0].text == "It is the Rhine."


def test_of_several_choices_the_one_with_number_0_counts_wherever_it_stands() -> None:
    choices = chat_reply("Elbe")["choices"] + chat_reply("It is the Rhine.")["choices"]
    choices[0]["index"] = 1
    with Server() as server:
        server.always(answers(json.dumps(chat_reply("") | {"choices": choices}).encode()))
        assert Client(server.url).ask()[0].text == "It is the Rhine."


@pytest.mark.parametrize("spell", [lambda c: f"\\u{ord(c):04x}", lambda c: f"\\\\u{ord(c):04X}", lambda c: f"%{ord(c):02x}", lambda c: f"&#{ord(c)};"], ids=["json", "json in json", "percent", "html"])  # fmt: skip
@pytest.mark.parametrize("status", [200, 400])
def test_a_key_is_hidden_however_its_characters_are_written(spell: Any, status: int) -> None:
    key = "Ab1+Cd2/Ef3=Gh4-Ij5_Kl6"
    said = "".join(spell(c) if c in "+/=-_AbK" else c for c in key)
    whole = json.dumps(chat_reply("SAID") if status == 200 else {"error": {"message": "SAID is no key"}})
    with Server() as server:
        server.always(answers(whole.replace("SAID", said).encode(), status=status))
        client = Client(server.url, api_key=key, retries=0)
        told = client.ask()[0].text if status == 200 else str(client.fail())
    assert "[key]" in told and "Cd2" not in told
