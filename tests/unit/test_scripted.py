"""The scripted provider: what a script may be, and what happens where it has nothing to say."""

import asyncio
import re

import pytest

from flowreason.errors import ProviderError
from flowreason.ports import Message, Provider, Reply, Request, Streaming, Usage
from flowreason.providers import ScriptedProvider


def ask(text: str, **settings) -> Request:
    return Request((Message("system", "Answer."), Message("user", text)), **settings)


def texts(provider: Provider, *questions: str) -> list[str]:
    async def all_of_them() -> list[str]:
        return [(await provider.complete(ask(question))).text for question in questions]

    return asyncio.run(all_of_them())


def test_a_list_is_used_in_order_and_then_the_default_answers():
    assert texts(ScriptedProvider(["Rhine", "Elbe"], default="none left"), "1", "2", "3") == [
        "Rhine",
        "Elbe",
        "none left",
    ]


def test_a_mapping_answers_by_what_the_last_user_message_holds():
    provider = ScriptedProvider({"river": "Rhine", re.compile(r"^how \w+", re.I): ["very", "not at all"], "": "else"})
    asked = ("Which river?", "How long?", "How deep?", "How wide?")
    assert texts(provider, *asked) == ["Rhine", "very", "not at all", "else"]


def test_a_function_may_be_async_and_sees_the_whole_request():
    async def reply(request: Request) -> str:
        await asyncio.sleep(0)
        return f"{request.model} {request.temperature}"

    provider = ScriptedProvider(reply)
    assert asyncio.run(provider.complete(ask("?", model="large", temperature=0.5))).text == "large 0.5"


def test_an_exception_in_the_script_is_raised():
    provider = ScriptedProvider([ProviderError("busy", kind="rate")])
    with pytest.raises(ProviderError, match="busy"):
        texts(provider, "?")


def test_a_request_without_a_reply_shows_the_prompt_and_stops_the_run():
    with pytest.raises(ProviderError, match="Where is the timetable") as caught:
        texts(ScriptedProvider({"river": "Rhine"}), "Where is the timetable?" + " please" * 200)
    assert caught.value.hopeless
    assert len(str(caught.value)) < 300


def test_requests_are_kept_and_usage_is_estimated_with_prices():
    provider = ScriptedProvider(["x" * 400], prices=(1.0, 10.0), model="small")
    reply = asyncio.run(provider.complete(ask("y" * 40)))
    assert reply.usage == Usage(1, 2 + 4 + 10 + 4, 100, (20 * 1.0 + 100 * 10.0) / 1e6)
    assert reply.model == "small"
    assert [r.messages[-1].content for r in provider.requests] == ["y" * 40]


def test_a_whole_reply_is_given_as_it_is():
    whole = Reply("cut o", Usage(1, 5, 7), "small", "length")
    assert asyncio.run(ScriptedProvider([whole]).complete(ask("?"))) is whole


def streamed(provider: Streaming, request: Request) -> tuple[Reply, list[str]]:
    pieces: list[str] = []
    return asyncio.run(provider.stream(request, pieces.append)), pieces


def test_a_stream_hands_over_the_reply_in_pieces_and_is_a_request_like_others():
    provider = ScriptedProvider(["The Rhine, and then the Elbe.", ""])
    assert isinstance(provider, Streaming)
    reply, pieces = streamed(provider, ask("1"))
    assert "".join(pieces) == reply.text and len(pieces) > 3 and all(pieces)
    assert reply == asyncio.run(ScriptedProvider([reply.text]).complete(ask("1")))
    assert streamed(provider, ask("2"))[1] == [] and len(provider.requests) == 2


def test_others_get_their_turn_between_two_pieces_of_a_stream():
    pieces: list[str] = []
    seen: list[int] = []

    async def go() -> None:
        task = asyncio.ensure_future(ScriptedProvider(["x" * 60], pause=0.001).stream(ask("?"), pieces.append))
        while not task.done():
            seen.append(len(pieces))
            await asyncio.sleep(0)

    asyncio.run(go())
    assert set(seen) == set(range(len(pieces) + 1)) and len(pieces) > 5


def test_an_exception_in_the_script_hands_over_nothing():
    with pytest.raises(ProviderError, match="busy"):
        streamed(ScriptedProvider([ProviderError("busy", kind="rate")]), ask("?"))
