"""Where texts stand among meanings, from servers that speak OpenAI's Embeddings API, and from those that do not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import flowreason as fr
from flowreason.errors import ProviderError
from flowreason.ports import Message, Reply, Request
from flowreason.providers import OpenAIProvider, Recorded, Recorder
from tests.server import Behaviour, Exchange, Server, error, nobody, raw


def texts(*said: str, embed: str = "each") -> Request:
    return Request(tuple(Message("user", each) for each in said), "em", temperature=0.0, embed=embed)  # type: ignore[arg-type]


def numbers(*rows: Any, **more: Any) -> Behaviour:
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    return raw({"object": "list", "model": "em-2", "data": data, "usage": {"prompt_tokens": 5}} | more)


def embedded(server: Server, request: Request, **options: Any) -> Reply:
    async def nothing(seconds: float) -> None:
        await asyncio.sleep(0)

    async def go() -> Reply:
        provider = OpenAIProvider("heron", base_url=server.url, sleep=nothing, **options)
        try:
            return await provider.complete(request)
        finally:
            await provider.close()

    return asyncio.run(go())


def test_all_texts_go_in_one_request_and_the_reply_is_a_list_for_each_with_what_it_cost():
    with Server().then(numbers([1, 0.5], [0.12345678901, -2])) as server:
        reply = embedded(server, texts("Po", "Rhine"), prices={"em": (2.0, 0.0)})
    (seen,) = server.requests
    assert (seen.path, seen.body) == ("/v1/embeddings", {"model": "em", "input": ["Po", "Rhine"]})
    assert json.loads(reply.text) == [[1.0, 0.5], [0.1234568, -2.0]]
    assert reply.usage == fr.Usage(1, 5, 0, 5 * 2.0 / 1e6)
    assert reply.model == "em-2"


def test_one_text_is_one_list_and_rows_are_put_into_the_order_of_the_texts():
    rows = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    with Server().then(numbers([3, 4]), raw({"data": rows})) as server:
        assert json.loads(embedded(server, texts("Po", embed="one")).text) == [3.0, 4.0]
        assert json.loads(embedded(server, texts("a", "b")).text) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    "bad",
    [{"data": []}, {"data": [{"embedding": []}]}, {"data": [{"embedding": ["x"]}]}, {"data": "no"}, {}, [],
     {"data": [{"embedding": [1]}, {"embedding": [1]}]}, {"data": [{"embedding": "AAAA"}]}, {"data": [None]}],
)  # fmt: skip
def test_what_is_no_embedding_is_tried_again_and_then_told(bad: Any):
    with Server().always(raw(bad)) as server, pytest.raises(ProviderError) as told:
        embedded(server, texts("Po", embed="one"), retries=1)
    assert told.value.kind == "reply"
    assert "cannot be used" in str(told.value)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        error(404, "no such path"),
        error(404, "model em not found"),
        error(400, "heron does not support embeddings"),
        error(405, "not allowed"),
        error(501, "not implemented"),
    ],
)
def test_a_server_without_embeddings_is_told_with_the_way_out_and_asked_no_other_way(refusal: Behaviour):
    with Server().always(refusal) as server, pytest.raises(ProviderError) as told:
        embedded(server, texts("Po"), retries=0, fallback_models=["other"])
    assert "compared by their words" in str(told.value)
    assert len(str(told.value).splitlines()) <= 3
    assert {seen.path for seen in server.requests} == {"/v1/embeddings"}
    assert {seen.body["model"] for seen in server.requests} == {"em"}


def test_a_server_that_cannot_be_reached_is_told_as_such():
    with nobody() as url, pytest.raises(ProviderError) as told:
        asyncio.run(OpenAIProvider("heron", base_url=url, retries=0).complete(texts("Po")))
    assert "cannot be reached" in str(told.value)
    assert "embeddings" not in str(told.value)


def test_a_busy_server_is_asked_again_and_what_is_written_goes_on_by_its_own_api():
    def both(exchange: Exchange) -> None:
        (numbers([1]) if exchange.path.endswith("/embeddings") else raw_chat)(exchange)

    def raw_chat(exchange: Exchange) -> None:
        exchange.send({"choices": [{"message": {"content": "Po"}, "finish_reason": "stop"}]})

    async def go(server: Server) -> list[str]:
        async def nothing(seconds: float) -> None:
            await asyncio.sleep(0)

        provider = OpenAIProvider("em", base_url=server.url, sleep=nothing)
        asked = [texts("a", embed="one"), Request((Message("user", "Which?"),)), texts("b", embed="one")]
        try:
            return [(await provider.complete(request)).text for request in asked]
        finally:
            await provider.close()

    with Server().then(error(503, "busy")).always(both) as server:
        assert asyncio.run(go(server)) == ["[1.0]", "Po", "[1.0]"]
    paths = [seen.path.rpartition("/v1")[2] for seen in server.requests]
    assert paths == ["/embeddings", "/embeddings", "/chat/completions", "/embeddings"]


def test_a_recording_holds_embeddings_and_plays_them_back(tmp_path: Any):
    async def go(server: Server) -> tuple[str, str]:
        recording = Recorder(OpenAIProvider("heron", base_url=server.url), tmp_path / "replies.jsonl")
        first = await recording.complete(texts("Po", embed="one"))
        await recording.close()
        second = await Recorded(tmp_path / "replies.jsonl").complete(texts("Po", embed="one"))
        return first.text, second.text

    with Server().then(numbers([1, 2])) as server:
        assert asyncio.run(go(server)) == ("[1.0,2.0]", "[1.0,2.0]")


def test_a_flow_of_the_library_asks_a_server_for_embeddings_and_then_for_the_answer():
    def behave(exchange: Exchange) -> None:
        if exchange.path.endswith("/embeddings"):
            rows = [[float(text.count(letter)) for letter in "aeiou"] for text in exchange.body["input"]]
            numbers(*rows)(exchange)
        else:
            exchange.send({"choices": [{"message": {"content": "(B)"}, "finish_reason": "stop"}]})

    with Server().always(behave) as server:
        asked = {"question": "Which river?", "embeddings": "em"}
        result = fr.library.few_shot.run(asked, model="heron", base_url=server.url, store=None)
    assert result.value == "(B)"
    assert sorted(len(seen.body.get("input", ())) for seen in server.requests) == [0, 1, 16]
