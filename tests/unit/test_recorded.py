"""Recordings: what is replayed, what counts as the same request, and what a missing one is told."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from flowreason.errors import ProviderError, RecordingError
from flowreason.ports import Grammar, Message, ModelInfo, Reply, Request, Usage
from flowreason.providers import Recorded, Recorder, ScriptedProvider


def ask(text: str, **settings) -> Request:
    return Request((Message("system", "Answer."), Message("user", text)), **settings)


def record(path: Path, *requests: Request, replies=None, **options) -> list[Reply]:
    script = replies or (lambda request: f"reply to {request.messages[-1].content} {request.sample}")
    provider = Recorder(ScriptedProvider(script, model="heron", prices=(1.0, 2.0)), path, **options)

    async def go() -> list[Reply]:
        answers = await asyncio.gather(*(provider.complete(r) for r in requests), return_exceptions=True)
        await provider.close()
        return answers

    return asyncio.run(go())


def replay(path: Path, *requests: Request) -> list[Reply]:
    provider = Recorded(path)

    async def go() -> list[Reply]:
        return [await provider.complete(r) for r in requests]

    return asyncio.run(go())


def test_a_replay_gives_the_same_replies_and_usage_whatever_the_order(tmp_path):
    requests = [
        ask("a river", temperature=0.7, max_tokens=5, stop=("x",)),
        ask("a recipe", schema={"type": "object", "properties": {}}, grammar=Grammar("lark", "start: /a/")),
        ask("a river", temperature=0.7, max_tokens=5, stop=("x",), sample=3),
        ask("ümläute \u2028 and \ud800 halves"),
    ]
    replies = record(tmp_path / "r.jsonl", *requests)
    assert len({reply.text for reply in replies}) == 4
    assert replay(tmp_path / "r.jsonl", *requests[::-1]) == replies[::-1]


def test_the_default_model_has_no_name_in_the_key_and_others_have(tmp_path):
    record(tmp_path / "r.jsonl", ask("?"), ask("??", model="heron"), ask("?", model="stork"))
    named = replay(tmp_path / "r.jsonl", ask("?", model="heron"), ask("??"), ask("?", model="stork"))
    assert [reply.model for reply in named] == ["heron", "heron", "stork"]
    with pytest.raises(RecordingError, match=r'model.*recorded "heron", now "crane"'):
        replay(tmp_path / "r.jsonl", ask("??", model="crane"))


def test_the_same_request_replays_in_recorded_order_and_the_last_repeats(tmp_path):
    path = tmp_path / "r.jsonl"
    record(path, ask("?"), ask("?"), replies=["first", "second"])
    assert [r.text for r in replay(path, *[ask("?")] * 4)] == ["first", "second", "second", "second"]


def test_a_refusal_replays_as_a_refusal_and_a_hopeless_error_is_not_recorded(tmp_path):
    path = tmp_path / "r.jsonl"
    errors = [ProviderError("no", kind="refused", status=400), ProviderError("key", kind="key")]
    record(path, ask("a"), ask("b"), replies=errors)
    with pytest.raises(ProviderError, match=r"^no$") as caught:
        replay(path, ask("a"))
    assert (caught.value.kind, caught.value.status) == ("refused", 400)
    with pytest.raises(RecordingError):
        replay(path, ask("b"))


def test_a_missing_request_is_told_with_the_closest_and_the_first_difference(tmp_path):
    record(tmp_path / "r.jsonl", ask("How long is the Rhine in kilometres?"), ask("Name a cake."))
    with pytest.raises(RecordingError) as caught:
        replay(tmp_path / "r.jsonl", ask("How long is the Elbe in kilometres?" + "!" * 500))
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 and "How long is the Elbe" in lines[0] and len(lines[0]) < 400
    assert 'messages[1].content from character 17: recorded "Rhine in' in lines[1] and 'now "Elbe in' in lines[1]
    assert caught.value.hopeless


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"temperature": 0.5}, 'temperature: recorded nothing, now "0.5"'),
        ({"sample": 2}, 'sample: recorded nothing, now "2"'),
    ],
)
def test_a_difference_in_the_settings_is_named(tmp_path, changed, told):
    record(tmp_path / "r.jsonl", ask("?"))
    with pytest.raises(RecordingError) as caught:
        replay(tmp_path / "r.jsonl", ask("?", **changed))
    assert told in str(caught.value)


def test_many_requests_at_once_are_whole_lines_and_nothing_else_is_written(tmp_path):
    path = tmp_path / "r.jsonl"
    requests = [ask(f"question {n} " + "x" * 20_000) for n in range(50)]
    record(path, *requests)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 51
    assert {frozenset(line) for line in lines[1:]} == {frozenset({"request", "reply", "seconds"})}
    assert all(line["request"]["model"] == "heron" for line in lines[1:])


def test_money_can_be_shown_in_a_replay(tmp_path):
    replies = record(tmp_path / "r.jsonl", ask("?"))
    info = Recorded(tmp_path / "r.jsonl").model_info(None)
    assert info == ModelInfo("heron", 1.0, 2.0)
    assert replies[0].usage.money > 0


def test_a_recording_is_begun_anew_with_the_first_answer_and_continued_on_wish(tmp_path):
    path = tmp_path / "r.jsonl"
    record(path, ask("old"))
    record(path, ask("b"), replies=[ProviderError("key", kind="key")])
    assert replay(path, ask("old"))[0].text == "reply to old 0"
    record(path, ask("more"), append=True)
    assert [r.text for r in replay(path, ask("old"), ask("more"))] == ["reply to old 0", "reply to more 0"]
    record(path, ask("new"))
    assert [r.messages[-1].content for r in Recorded(path).requests] == ["new"]


def test_a_run_that_asked_nothing_leaves_a_recording_of_nothing(tmp_path):
    record(tmp_path / "r.jsonl")
    assert Recorded(tmp_path / "r.jsonl").requests == ()


HEADER = '{"recording":"flowreason","version":1,"model":{"name":"heron"}}\n'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no recording"),
        (b"", "is empty"),
        (b"Dear diary\n", "line 1 .* is not JSON"),
        (b'{"questions": []}\n', "is not a recording"),
        (HEADER.replace('version":1', 'version":9').encode(), "has version 9"),
        (HEADER.encode() + b'\n{"request":{"mess', "line 3 .* cut off or damaged"),
        (HEADER.encode() + b'{"reply":{"text":"x"}}\n', "line 2 .* 'request' is missing"),
        (HEADER.encode() + b'{"request":{"messages":[]},"reply":{"text":7}}\n', "line 2 .* a text was expected, not 7"),
        (HEADER.encode() + b"[]\n", "line 2 .* damaged"),
        (HEADER.encode() + b"\xff\xfe\n", "line 2 .* is not UTF-8"),
    ],
)
def test_an_unreadable_recording_is_told_with_its_line(tmp_path, content, told):
    path = tmp_path / "r.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=told):
        Recorded(path)


def test_a_recording_that_cannot_be_written_fails_before_anything_is_paid(tmp_path):
    inner = ScriptedProvider(["x"])
    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(inner, tmp_path / "missing" / "r.jsonl")
    assert inner.requests == []


def test_a_replay_may_keep_the_pace_of_the_model(tmp_path):
    path = tmp_path / "r.jsonl"
    request = json.dumps(ask("?").as_json())
    path.write_text(HEADER + f'{{"request":{request},"reply":{{"text":"x","money":0.5}},"seconds":0.2}}\n')

    async def seconds(pace: float) -> float:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        assert (await Recorded(path, pace=pace).complete(ask("?"))).usage == Usage(1, 0, 0, 0.5)
        return loop.time() - begin

    assert asyncio.run(seconds(1.0)) >= 0.19
    assert asyncio.run(seconds(0.0)) < 0.1


def stream(provider, *requests: Request) -> list[tuple[Reply | BaseException, list[str]]]:
    async def one(request: Request) -> tuple[Reply | BaseException, list[str]]:
        pieces: list[str] = []
        (found,) = await asyncio.gather(provider.stream(request, pieces.append), return_exceptions=True)
        return found, pieces

    async def go() -> list[tuple[Reply | BaseException, list[str]]]:
        found = [await one(request) for request in requests]
        await provider.close()
        return found

    return asyncio.run(go())


def test_what_was_streamed_is_recorded_and_replayed_like_any_other(tmp_path):
    script = ["The Rhine and the Elbe.", ProviderError("no", kind="refused")]
    record(tmp_path / "whole.jsonl", ask("a"), ask("b"), replies=script)
    recorder = Recorder(ScriptedProvider(script, model="heron", prices=(1.0, 2.0)), tmp_path / "streamed.jsonl")
    stream(recorder, ask("a"), ask("b"))
    lines = [
        re.sub(r'"seconds":[\d.]+', "", (tmp_path / name).read_text()) for name in ("whole.jsonl", "streamed.jsonl")
    ]
    assert lines[0] == lines[1]
    (reply, pieces), (refused, none) = stream(Recorded(tmp_path / "streamed.jsonl"), ask("a"), ask("b"))
    assert reply.text == "".join(pieces) == script[0] and len(pieces) > 2
    assert isinstance(refused, ProviderError) and refused.kind == "refused" and none == []


def test_a_streamed_replay_may_keep_the_pace_of_the_model(tmp_path):
    path = tmp_path / "r.jsonl"
    request = json.dumps(ask("?").as_json())
    path.write_text(HEADER + f'{{"request":{request},"reply":{{"text":"{"x" * 60}"}},"seconds":0.3}}\n')

    async def moments() -> list[float]:
        loop = asyncio.get_running_loop()
        begin, found = loop.time(), []
        await Recorded(path, pace=1.0).stream(ask("?"), lambda piece: found.append(loop.time() - begin))
        return found

    found = asyncio.run(moments())
    assert found[0] < 0.2 and found[-1] >= 0.29
