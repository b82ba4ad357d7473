"""Replies that are read while they are written: what is sent, what is learnt, and what of a text is certain when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason.errors import ProviderError
from flowreason.ports import Grammar, Message, ModelInfo, Notify, Reply, Request, streamed
from flowreason.providers import OpenAIProvider, chat, chat_stream, responses, responses_stream
from flowreason.providers.answers import spoken
from flowreason.providers.events import Event, EventReader, begins_events
from flowreason.providers.speech import Speech
from tests.server import Exchange, Server, chat_reply, error, ok, only, raw, refuses, responses_reply
from tests.streams import DONE, chunk, responses_events, sends
from tests.streams import event as sent

LARK = Grammar("lark", 'start: "a"+')


def ask(text: str = "In which year?", **settings: Any) -> Request:
    return Request((Message("system", "Answer briefly."), Message("user", text)), **settings)


def heard(server: Server, *requests: Request, model: str = "heron", **options: Any) -> list[tuple[Reply, list[str]]]:
    """The streamed replies of one provider, one after the other, with their pieces."""
    provider = OpenAIProvider(model, base_url=server.url, **options)

    async def go() -> list[tuple[Reply, list[str]]]:
        found = []
        for request in requests:
            pieces: list[str] = []
            found.append((await provider.stream(request, pieces.append), pieces))
        await provider.close()
        return found

    return asyncio.run(go())


def sent_fields(server: Server, *names: str) -> list[tuple[bool, ...]]:
    return [tuple(name in seen.body for name in names) for seen in server.requests]


# --- what is sent and learnt ---


def test_a_streamed_request_is_the_same_but_for_its_wish_to_be_streamed():
    with Server() as server:
        provider = OpenAIProvider("heron", base_url=server.url, api="chat")

        async def go() -> None:
            request = ask(temperature=0.3, max_tokens=9, stop=("END",), schema={"type": "object"}, seed=3)
            await provider.complete(request)
            await provider.stream(request, lambda piece: None)
            await provider.close()

        asyncio.run(go())
        whole, written = (seen.body for seen in server.requests)
    assert written == whole | {"stream": True, "stream_options": {"include_usage": True}}


NO = "Extra inputs are not permitted"


@pytest.mark.parametrize(
    "refusal",
    [
        refuses("stream_options"),
        refuses("stream_options", f"[{{'loc': ['body', 'stream_options', 'include_usage'], 'msg': '{NO}'}}]", 422),
        refuses("stream_options", NO, 422),
    ],
    ids=["named", "nested", "not named"],
)
def test_a_server_that_cannot_count_while_it_streams_is_asked_once(refusal):
    with Server("It was in 1815.") as server:
        found = heard(server.always(refusal), ask(), ask("again"))
        assert sent_fields(server, "stream", "stream_options") == [(True, True), (True, False), (True, False)]
    for reply, pieces in found:
        assert len(pieces) > 2 and "".join(pieces) == reply.text == "It was in 1815."
        assert reply.usage.completion_tokens == 4, "estimated, where the server does not count"


@pytest.mark.parametrize(
    ("api", "refusal"),
    [
        ("chat", refuses("stream", "Streaming is not supported by this model.")),
        ("chat", refuses("stream", "'stream' must be set to false")),
        ("chat", refuses("stream", "not implemented", 501)),
        ("responses", refuses("stream", "Your organization must be verified to stream this model.")),
    ],
)
def test_a_server_that_cannot_stream_is_asked_for_the_whole_and_that_is_remembered(api, refusal):
    with Server("It was in 1815.") as server:
        found = heard(server.always(refusal), ask(), ask("again"), api=api)
        asked = [seen.streams for seen in server.requests]
        assert asked[-2:] == [False, False] and all(asked[:-2]) and len(asked) <= 4
    assert [(reply.text, pieces) for reply, pieces in found] == [("It was in 1815.", ["It was in 1815."])] * 2


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_server_that_takes_no_notice_is_read_as_a_whole_and_not_asked_again(api):
    whole = raw(chat_reply("1815") if api == "chat" else responses_reply("1815"))
    with Server() as server:
        found = heard(server.always(whole), ask(), ask("again"), api=api)
        assert [seen.streams for seen in server.requests] == [True, False]
    assert [(reply.text, pieces) for reply, pieces in found] == [("1815", ["1815"])] * 2


def test_an_error_that_comes_as_one_body_does_not_end_streaming():
    with Server() as server:
        server.then(raw({"error": {"message": "try later"}}), error(500, "upstream connect error"))
        heard(server, ask(), ask("again"), retries=5)
        assert all(seen.streams for seen in server.requests) and len(server.requests) == 4


def test_what_else_is_refused_is_still_learnt():
    with Server() as server:
        server.always(refuses("temperature"))
        heard(server, ask(temperature=0.1), ask(temperature=0.2))
        fields = sent_fields(server, "temperature", "stream", "stream_options")
    assert fields == [(True, True, True), (False, True, True), (False, True, True)]


def test_the_other_api_is_found_by_a_stream_too():
    with Server() as server:
        ((reply, pieces),) = heard(server.always(only("responses")), ask())
    assert reply.text == "It is the Rhine." and len(pieces) > 2


# --- forced grammars ---


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_what_is_handed_to_the_forced_tool_is_the_text(api):
    with Server("aaaaaaaaaa") as server:
        provider = OpenAIProvider("gpt-5-mini", base_url=server.url, api=api, api_key="sk-x")
        provider._openai = True
        pieces: list[str] = []

        async def go() -> Reply:
            reply = await provider.stream(ask(grammar=LARK), pieces.append)
            await provider.close()
            return reply

        reply = asyncio.run(go())
        assert "tools" in server.requests[0].body
    assert "".join(pieces) == reply.text == "aaaaaaaaaa" and len(pieces) > 2


def test_a_remark_before_the_forced_tool_is_called_is_not_handed_over():
    said = chunk({"role": "assistant", "content": "I write it down."})
    calls = [chunk({"tool_calls": [{"index": 0, "custom": {"input": piece}}]}) for piece in ("aa", "a")]
    gathered = chat_stream.Chunks(forced=True)
    pieces = [gathered.take(Event("", data)) for data in map(_data, [said, *calls, chunk({}, "stop")])]
    assert "".join(pieces) == "aaa"
    written = responses_stream.ResponseEvents(forced=True)
    assert not any(written.take(Event("", _data(each))) for each in responses_events("I write"))


def _data(data: Any) -> str:
    return sent(data).decode().removeprefix("data: ").strip()


# --- what is said ---


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([chunk({"content": "<thi"}), chunk({"content": "nk>hm</think>\n\n"}), chunk({"content": "The Rhine."})], "The Rhine."),
        ([chunk({"reasoning_content": "hm"}), chunk({"content": "The "}), chunk({"content": "Rhine."})], "The Rhine."),
        ([chunk({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "The "}]}), chunk({"content": "Rhine."})], "The Rhine."),
        ([chunk({"content": "a \ud83c"}), chunk({"content": "\udf75 cup"})], "a 🍵 cup"),
    ],
    ids=["thought in the text", "thought apart", "content in parts", "a character in two halves"],
)  # fmt: skip
def test_reasoning_is_no_part_of_what_is_handed_over(events, text):
    with Server() as server:
        ((reply, pieces),) = heard(server.always(sends(events, chunk({}, "stop"), DONE)), ask(), api="chat")
    assert "".join(pieces) == reply.text == text


@pytest.mark.parametrize(
    ("model", "deltas", "pieces"),
    [
        ("heron", [{"content": "The "}, {"content": "Rhine."}], ["The ", "Rhine."]),
        ("deepseek-r1", [{"content": "hm</thi"}, {"content": "nk>The "}, {"content": "Rhine."}], ["The ", "Rhine."]),
        ("deepseek-r1", [{"content": "The "}, {"content": "Rhine."}], ["The Rhine."]),
        ("deepseek-r1", [{"reasoning": "hm"}, {"content": "The "}, {"content": "Rhine."}], ["The ", "Rhine."]),
    ],
    ids=["no reasoning", "opened by the prompt", "not certain before the end", "apart"],
)
def test_a_model_that_may_have_begun_inside_a_thought_is_heard_when_that_is_certain(model, deltas, pieces):
    behaviour = sends(map(chunk, deltas), chunk({}, "stop"), DONE)
    with Server() as server:
        ((reply, found),) = heard(server.always(behaviour), ask(), model=model, api="chat")
    assert found == pieces and reply.text == "The Rhine."


def test_a_commentary_is_not_handed_over():
    added = [
        {"type": "response.output_item.added", "output_index": place, "item": {"type": "message", "phase": phase}}
        for place, phase in enumerate(("commentary", "final_answer"))
    ]
    deltas = [
        {"type": "response.output_text.delta", "output_index": place, "delta": text}
        for place, text in enumerate(("I look it up.", "The Rhine."))
    ]
    end = {"type": "response.completed", "response": responses_reply("", output=[])}
    with Server() as server:
        ((reply, pieces),) = heard(server.always(sends(added, deltas, end)), ask(), api="responses")
    assert pieces == ["The Rhine."] and reply.text == "The Rhine."


@pytest.mark.parametrize("left_out", ["response.output_item.done", "response.output_item.added", "nothing"])
def test_a_last_event_without_its_output_is_filled_in_from_those_before(left_out):
    events = [
        each for each in responses_events("The Rhine.", responses_reply("", output=[])) if each["type"] != left_out
    ]
    with Server() as server:
        ((reply, pieces),) = heard(server.always(sends(events)), ask(), api="responses")
    assert "".join(pieces) == reply.text == "The Rhine." and reply.usage.completion_tokens == 7


# --- where there is nothing to stream ---


def test_a_provider_that_does_not_stream_hands_its_text_over_in_one_piece():
    class Plain:
        async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
            return Reply(request.messages[-1].content)

        def model_info(self, model: str | None) -> ModelInfo:
            return ModelInfo("plain")

        async def close(self) -> None:
            """There is nothing to give back."""

    for text, pieces in (("Rhine", ["Rhine"]), ("", [])):
        found: list[str] = []
        assert asyncio.run(streamed(Plain(), ask(text), found.append)).text == text
        assert found == pieces


# --- properties ---

lines = st.sampled_from(["data: Rhine", "data:", "data", "data:  two ", ": ping", "event: named", "id: 1", "", "retry: 3", "ä 🍵"])  # fmt: skip


def read(raw: bytes, cuts: list[int]) -> list[Event]:
    reader = EventReader()
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    found = [event for a, b in pairwise(places) for event in reader.feed(raw[a:b])]
    return [*found, *reader.end()]


@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 500), max_size=20))
def test_events_are_the_same_however_their_bytes_are_cut(given_lines, ending, cuts):
    expected, data, name = [], [], ""
    for line in [*given_lines, ""]:
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
        elif not line:
            expected += [Event(name, "\n".join(data))] if data else []
            data, name = [], ""
    assert read("".join(line + ending for line in given_lines).encode(), cuts) == expected


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=10))
def test_any_bytes_give_the_same_events_whole_and_in_pieces(raw, cuts):
    assert read(raw, cuts) == read(raw, [])


@pytest.mark.parametrize(
    ("head", "events"),
    [(b"data: {", True), (b"\xef\xbb\xbf: hi", True), (b"\n\nevent: x", True), (b"{", False), (b"<html", False)]
    + [(b"", None), (b"eve", None), (b" \n", None), (b"\xef\xbb", None), (b"data {", False), (b" " * 70_000, False)],
)
def test_a_stream_of_events_is_told_by_its_beginning(head, events):
    assert begins_events(head) is events


texts = st.lists(
    st.sampled_from(
        ["<think>", "<thinking>", "</think>", "</thinking>", "<thi", " ", "\n", "Rhine", "END", "EN", "ND", "🍵", "x"]
    ),
    max_size=8,
).map("".join)


@given(
    texts,
    st.lists(st.integers(0, 60), max_size=12),
    st.booleans(),
    st.sets(st.sampled_from(["END", "Rhine\n", "x", ""])),
)
@settings(max_examples=500)
def test_what_is_handed_over_is_always_a_prefix_of_the_reply(text, cuts, thinks, stop):  # fmt: skip
    stops = sorted(stop)
    whole = spoken(text, "length", stops, thinks)
    units = text.encode("utf-16-le")
    places = [0, *sorted(2 * (cut % (len(units) // 2 + 1)) for cut in cuts), len(units)]
    pieces = [units[a:b].decode("utf-16-le", "surrogatepass") for a, b in pairwise(places)]
    speech, said = Speech(stops, thinks), ""
    for piece in pieces:
        said += speech.take(piece)
        assert whole.startswith(said)
    if not thinks and not stops and not text.endswith((" ", "\n")) and "<" not in text:
        assert said == whole, "nothing is held back that is certain"


leaves = st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=4) | st.just("message")
names = st.sampled_from(["type", "delta", "content", "choices", "error", "item", "output_index", "response", "tool_calls", "custom", "input", "index"])  # fmt: skip
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4))
GOOD: Mapping[str, list[Any]] = {
    "chat": [chunk({"role": "assistant"}), chunk({"content": "a"}), chunk({}, "stop"), chunk(usage={})],
    "responses": responses_events("aaa"),
}


def paths(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(path for key, value in inside for path in paths(value, (*at, key)))]


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(data[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("api", ["chat", "responses"])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_events_with_anything_in_any_place_are_checked(api, data):
    events = replaced(GOOD[api], data.draw(st.sampled_from(paths(GOOD[api])[1:])), data.draw(anything))
    provider = OpenAIProvider("heron", base_url="http://localhost:1/v1", api=api)
    gathering = {"chat": chat_stream.Chunks, "responses": responses_stream.ResponseEvents}[api](forced=False)
    try:
        text = "".join(gathering.take(Event("", _data(each))) for each in events)
        found = provider._read(chat if api == "chat" else responses, ask(), "heron", 200, gathering.whole(), {})
    except ProviderError as failed:
        assert failed.kind in ("reply", "refused")
        return
    assert isinstance(text, str) and found is not None


def test_a_stream_is_handed_over_while_the_server_still_writes():
    pieces: list[str] = []
    seen: list[int] = []

    def look(exchange: Exchange) -> None:
        time.sleep(0.1)
        seen.append(len(pieces))

    steps = [step for n in range(5) for step in (chunk({"content": f"{n} "}), look)]
    with Server() as server:
        server.then(ok(), sends(steps, chunk({}, "stop"), DONE))
        heard(server, ask(), api="chat")
        provider = OpenAIProvider("heron", base_url=server.url, api="chat")

        async def go() -> None:
            await provider.stream(ask(), pieces.append)
            await provider.close()

        asyncio.run(go())
    assert seen == [1, 2, 3, 4, 5]
