"""Whatever JSON a server sends, it becomes an answer that was checked or a `ProviderError`, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowreason.errors import ProviderError
from flowreason.ports import Message, Request
from flowreason.providers import OpenAIProvider, chat, responses
from flowreason.providers.answers import Answer
from flowreason.providers.classify import Place, classify, refusal
from tests.server import chat_reply, responses_reply

REQUEST = Request((Message("user", "Which river?"),), model="heron")
PLACE = Place("http://localhost:1/v1", "heron")

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["message", "text"])
)
names = st.sampled_from(["type", "text", "content", "message", "refusal", "error", "code", "custom", "input", "reason"])
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)


def paths(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a piece of JSON."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(path for key, value in inside for path in paths(value, (*at, key)))]


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(data[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize(("api", "good"), [(chat, chat_reply("It is.")), (responses, responses_reply("It is."))])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_reply_with_anything_in_any_place_is_checked(api, good, data):
    reply = replaced(good, data.draw(st.sampled_from(paths(good))), data.draw(anything))
    if not isinstance(reply, dict):
        return
    try:
        answer = api.read(reply, REQUEST)
    except ProviderError as error:
        answer = error
    if isinstance(answer, ProviderError):
        assert answer.kind in ("reply", "refused") and len(str(answer).splitlines()) == 1
        return
    assert isinstance(answer, Answer) and isinstance(answer.text, str) and isinstance(answer.model, str)
    assert answer.text.encode() and answer.finish in ("stop", "length")
    assert all(count is None or count >= 0 for count in (answer.prompt_tokens, answer.completion_tokens))


@given(status=st.integers(200, 599), body=anything, header=st.text(max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_refusal_becomes_an_error_of_at_most_three_lines(status, body, header):
    error = classify(refusal(status, body, {"retry-after": header}), PLACE)
    assert 1 <= len(str(error).splitlines()) <= 3 and all(char.isprintable() or char == "\n" for char in str(error))
    assert error.retry_after is None or error.retry_after >= 0


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, "\ufeff{}", "NaN", '"\\ud800"'])
def test_json_made_to_harm_is_a_reply_that_cannot_be_used(text):
    provider = OpenAIProvider("heron", base_url="http://localhost:1/v1")
    with pytest.raises(ProviderError) as caught:
        provider._read(chat, REQUEST, "heron", 200, text, {})
    assert caught.value.kind == "reply"
