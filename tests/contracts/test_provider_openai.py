"""What is said to OpenAI-compatible servers, and how what they do not take is learnt once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from flowreason.errors import ConfigError, ProviderError
from flowreason.ports import Grammar, Message, ModelInfo, Reply, Request
from flowreason.providers import OpenAIProvider
from tests.server import Exchange, Server, chat_reply, error, nobody, ok, only, raw, refuses, responses_reply, slow

SCHEMA = {
    "type": "object",
    "properties": {"year": {"type": "integer"}},
    "required": ["year"],
    "additionalProperties": False,
}
OTHER_SCHEMA = SCHEMA | {"title": "another"}
LARK = Grammar("lark", 'start: "a"+')


def ask(text: str = "In which year?", **settings: Any) -> Request:
    return Request((Message("system", "Answer briefly."), Message("user", text)), **settings)


def answers(
    server: Server, *requests: Request, model: str = "heron", at_once: bool = False, **options: Any
) -> list[Reply]:
    """The replies of one provider, the waits between tries left out."""

    async def nothing(seconds: float) -> None:
        await asyncio.sleep(0)

    provider = OpenAIProvider(model, base_url=server.url, sleep=nothing, **options)

    async def go() -> list[Reply]:
        try:
            if at_once:
                return list(await asyncio.gather(*map(provider.complete, requests)))
            return [await provider.complete(request) for request in requests]
        finally:
            await provider.close()

    return asyncio.run(go())


def bodies(server: Server) -> list[dict[str, Any]]:
    return [seen.body for seen in server.requests]


def test_the_models_of_a_server_are_listed_and_nothing_is_asked():
    async def listed(url: str) -> list[str]:
        provider = OpenAIProvider("heron", base_url=url)
        try:
            return await provider.listed()
        finally:
            await provider.close()

    with Server(models=("stork", "heron")) as server:
        assert asyncio.run(listed(server.url)) == ["stork", "heron"]
        assert not server.requests
    with nobody() as url, pytest.raises(ProviderError) as nowhere:
        asyncio.run(listed(url))
    assert nowhere.value.kind == "network"


# --- what is sent ---


def test_a_chat_request_holds_what_was_asked_and_nothing_else():
    with Server() as server:
        answers(server, ask(temperature=0.3, max_tokens=9, stop=("END",), schema=SCHEMA, sample=4), api="chat")
        (body,) = bodies(server)
    assert server.requests[0].path == "/v1/chat/completions"
    form = body.pop("response_format")
    assert form["type"] == "json_schema" and form["json_schema"]["strict"] and form["json_schema"]["schema"] == SCHEMA
    assert body == {
        "model": "heron",
        "messages": [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "In which year?"}],
        "temperature": 0.3,
        "max_tokens": 9,
        "stop": ["END"],
    }


def test_a_responses_request_is_not_stored_and_cuts_at_stop_sequences_itself():
    with Server("1815. END of story") as server:
        (reply,) = answers(server, ask(temperature=0, max_tokens=900, stop=("END",), schema=SCHEMA), api="responses")
        (body,) = bodies(server)
    assert server.requests[0].path == "/v1/responses" and reply.text == "1815. "
    form = body.pop("text")["format"]
    assert form["type"] == "json_schema" and form["strict"] and form["schema"] == SCHEMA
    assert body.pop("input")[1] == {"role": "user", "content": "In which year?"}
    assert body == {"model": "heron", "store": False, "temperature": 0, "max_output_tokens": 900}


def test_a_model_that_reasons_is_asked_for_max_completion_tokens_at_once():
    with Server() as server:
        answers(server, ask(max_tokens=9), api="chat", model="openai/o3-mini")
        (body,) = bodies(server)
    assert body["max_completion_tokens"] == 9 and "max_tokens" not in body


def test_the_key_and_headers_are_sent_and_the_account_of_openai_is_not(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with Server() as server:
        answers(server, ask(), api_key="sk-mine", headers={"X-Team": "rivers"})
        answers(server, ask())
        mine, none = (seen.headers for seen in server.requests)
    assert mine["Authorization"] == "Bearer sk-mine" and mine["X-Team"] == "rivers"
    assert none["Authorization"] == "Bearer none"
    assert "org-1" not in str(mine) and "project-1" not in str(mine)


# --- grammars ---


def test_a_lark_grammar_is_a_custom_tool_of_the_responses_api():
    call = {"type": "custom_tool_call", "call_id": "1", "name": "write", "input": "aaa"}
    with Server() as server:
        server.always(raw(responses_reply("", output=[call])))
        (reply,) = answers(server, ask(grammar=LARK, schema=SCHEMA), api="responses", grammar="lark")
        (body,) = bodies(server)
    assert reply.text == "aaa" and "text" not in body
    assert body["tools"][0]["format"] == {"type": "grammar", "syntax": "lark", "definition": LARK.definition}
    assert body["tool_choice"] == {"type": "custom", "name": body["tools"][0]["name"]}


@pytest.mark.parametrize(
    ("syntax", "fields"),
    [
        ("lark", {"structured_outputs", "guided_grammar"}),
        ("gbnf", {"structured_outputs", "guided_grammar", "grammar", "ebnf"}),
    ],
)
def test_other_servers_get_the_grammar_in_the_field_they_know(syntax, fields):
    with Server() as server:
        answers(server, ask(grammar=Grammar(syntax, "root ::= x")), grammar=syntax)
        (body,) = bodies(server)
    assert {name for name, value in body.items() if "root ::= x" in str(value)} == fields


def test_a_grammar_is_left_out_where_the_server_has_none_or_another_syntax():
    with Server() as server:
        answers(server, ask(grammar=LARK))
        answers(server, ask(grammar=LARK), grammar="gbnf")
        assert not any("grammar" in str(body) for body in bodies(server))


def test_a_refused_grammar_gives_way_to_the_schema_for_good():
    with Server() as server:
        server.always(refuses("structured_outputs", "grammar backend is not available"))
        answers(server, *[ask(grammar=LARK, schema=SCHEMA)] * 2, grammar="lark")
        sent = ["structured_outputs" in body for body in bodies(server)]
        assert sent == [True, False, False] and "response_format" in bodies(server)[1]


# --- what a server does not take ---


@pytest.mark.parametrize(
    ("field", "settings", "refusal"),
    [
        ("response_format", {"schema": SCHEMA}, {}),
        ("response_format", {"schema": SCHEMA}, {"message": "json_schema is not supported", "status": 422}),
        ("response_format", {"schema": SCHEMA}, {"message": "Extra inputs are not permitted", "status": 422}),
        ("response_format", {"schema": SCHEMA}, {"message": "failed to parse grammar", "status": 500}),
        ("temperature", {"temperature": 0.3}, {"message": "'temperature' does not support 0.3 with this model"}),
        ("stop", {"stop": ("END",)}, {}),
    ],
)
def test_what_is_refused_is_left_out_and_remembered(field, settings, refusal):
    with Server() as server:
        server.always(refuses(field, **refusal))
        answers(server, ask(**settings), ask("again", **settings))
        assert [field in body for body in bodies(server)] == [True, False, False]


def test_a_stop_sequence_holds_where_the_server_does_not_take_it():
    with Server("1815. END of story") as server:
        (reply,) = answers(server.always(refuses("stop")), ask(stop=("END",)))
    assert reply.text == "1815. "


def test_a_limit_of_tokens_changes_its_name():
    with Server() as server:
        server.always(refuses("max_tokens", "'max_tokens' is not supported. Use 'max_completion_tokens' instead."))
        answers(server, *[ask(max_tokens=9)] * 2)
        assert ["max_completion_tokens" in body for body in bodies(server)] == [False, True, True]


def test_a_limit_that_is_too_large_is_left_out_and_smaller_ones_are_not():
    def behave(exchange: Exchange) -> None:
        large = exchange.body.get("max_tokens", 0) > 4096
        (error(400, "max_tokens is too large: it can be at most 4096") if large else ok())(exchange)

    with Server() as server:
        answers(server.always(behave), ask(max_tokens=100_000), ask(max_tokens=100), ask(max_tokens=200_000))
        assert [body.get("max_tokens") for body in bodies(server)] == [100_000, None, 100, None]


def test_a_schema_that_is_refused_for_itself_does_not_end_schemas():
    def behave(exchange: Exchange) -> None:
        bad = "another" in str(exchange.body.get("response_format"))
        told = error(400, "Invalid schema for response_format 'reply': no", code="invalid_json_schema")
        (told if bad else ok())(exchange)

    with Server() as server:
        requests = [ask(schema=OTHER_SCHEMA), ask(schema=OTHER_SCHEMA), ask(schema=SCHEMA)]
        answers(server.always(behave), *requests)
        assert ["response_format" in body for body in bodies(server)] == [True, False, False, True]


def test_a_model_without_a_system_role_is_told_in_the_users_message():
    def behave(exchange: Exchange) -> None:
        roles = [message["role"] for message in exchange.body["messages"]]
        (error(400, "System role not supported") if "system" in roles else ok())(exchange)

    with Server() as server:
        answers(server.always(behave), ask("In which year?"))
        assert bodies(server)[1]["messages"] == [{"role": "user", "content": "Answer briefly.\n\nIn which year?"}]


def test_what_one_model_does_not_take_another_may():
    def behave(exchange: Exchange) -> None:
        (refuses("temperature") if exchange.body["model"] == "heron" else ok())(exchange)

    with Server() as server:
        answers(server.always(behave), ask(temperature=0), ask(temperature=0, model="stork"), ask(temperature=0))
        sent = [(body["model"], "temperature" in body) for body in bodies(server)]
    assert sent == [("heron", True), ("heron", False), ("stork", True), ("heron", False)]


def test_several_refusals_one_after_the_other_and_many_requests_at_once():
    def behave(exchange: Exchange) -> None:
        refused = [name for name in ("response_format", "temperature", "max_tokens") if name in exchange.body]
        (refuses(refused[0]) if refused else ok())(exchange)

    settings = {"schema": SCHEMA, "temperature": 0.1, "max_tokens": 5}
    with Server() as server:
        replies = answers(server.always(behave), *(ask(str(n), **settings) for n in range(40)), at_once=True)
        sent = len(server.requests)
        answers(server, ask(temperature=0.1))
    assert len(replies) == 40 and sent <= 40 * 4


# --- two APIs ---


@pytest.mark.parametrize(
    "missing", [raw({"detail": "Not Found"}, 404), error(404, "Unknown request URL: POST /v1/responses"), raw("", 405)]
)
def test_auto_takes_the_api_that_is_there_and_remembers_it(missing):
    def behave(exchange: Exchange) -> None:
        (ok() if exchange.responses else missing)(exchange)

    with Server() as server:
        answers(server.always(behave), ask(), ask(schema=SCHEMA))
        paths = [seen.path.removeprefix("/v1/") for seen in server.requests]
    assert paths == ["chat/completions", "responses", "responses"]
    assert "text" in server.requests[-1].body


def test_a_model_that_only_the_other_api_has_is_found_there():
    told = "This model is only supported in v1/responses and not in v1/chat/completions."

    def behave(exchange: Exchange) -> None:
        (ok() if exchange.responses else error(404, told))(exchange)

    with Server() as server:
        assert answers(server.always(behave), ask())[0].text == "It is the Rhine."


def test_many_requests_at_once_find_the_other_api_without_losing_the_schema():
    with Server() as server:
        answers(server.always(only("responses")), *(ask(str(n), schema=SCHEMA) for n in range(30)), at_once=True)
        fine = [seen.body for seen in server.requests if seen.responses]
    assert len(fine) == 30 and all("text" in body for body in fine)


def test_where_neither_api_is_there_it_is_the_address():
    with Server() as server:
        server.always(raw("404 page not found", 404))
        with pytest.raises(ProviderError, match="it mostly ends in /v1") as caught:
            answers(server, ask(schema=SCHEMA))
        assert caught.value.kind == "url" and len(server.requests) == 2
        server.always(ok())
        answers(server, ask(schema=SCHEMA))
        assert "response_format" in server.requests[-1].body


def test_an_api_that_was_asked_for_is_not_exchanged():
    with Server() as server:
        server.always(only("responses"))
        with pytest.raises(ProviderError, match="/v1"):
            answers(server, ask(), api="chat")
        assert not any(seen.responses for seen in server.requests)


# --- what a reply says ---


@pytest.mark.parametrize(
    ("text", "model", "said"),
    [
        ("<think>Rivers, let me see…</think>\n\nThe Rhine.", "heron", "The Rhine."),
        ("\n<thinking>\nhm\n</thinking>The Rhine.", "heron", "The Rhine."),
        ("The prompt opened it.</think>The Rhine.", "deepseek-r1:8b", "The Rhine."),
        ("The tag </think> ends a thought.", "heron", "The tag </think> ends a thought."),
        ("Write <think>so</think>.", "heron", "Write <think>so</think>."),
    ],
)
def test_reasoning_at_the_beginning_is_no_part_of_the_reply(text, model, said):
    with Server(text) as server:
        assert answers(server, ask(), model=model)[0].text == said


def test_a_content_in_pieces_is_put_together_without_its_reasoning():
    pieces = [
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "The "},
        {"type": "text", "text": "Rhine."},
    ]
    with Server() as server:
        assert answers(server.always(raw(chat_reply(pieces))), ask())[0].text == "The Rhine."


def test_a_commentary_is_no_part_of_the_final_answer():
    def message(phase: str, text: str) -> dict[str, Any]:
        return {"type": "message", "phase": phase, "content": [{"type": "output_text", "text": text}]}

    output = [message("commentary", "I look it up."), message("final_answer", "The Rhine.")]
    with Server() as server:
        server.always(raw(responses_reply("", output=output)))
        assert answers(server, ask(), api="responses")[0].text == "The Rhine."


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "many", "completion_tokens": -1}, [1], "some"])
def test_tokens_that_the_server_does_not_count_are_estimated(usage):
    with Server() as server:
        server.always(raw(chat_reply("x" * 40) | {"usage": usage}))
        (reply,) = answers(server, ask("y" * 40), prices={"heron": (1.0, 10.0)})
    assert reply.usage.completion_tokens == 10 and 10 < reply.usage.prompt_tokens < 30
    assert reply.usage.money == pytest.approx((reply.usage.prompt_tokens + 100) / 1e6)


def test_money_is_none_where_the_price_is_not_known_and_the_model_asked_for_counts():
    with Server() as server:
        unknown, known = answers(server, ask(), ask(model="stork"), prices={"stork": (1.0, 1.0)})
    assert unknown.usage.money is None and known.usage.money == pytest.approx(18 / 1e6)


# --- the object ---


def test_no_more_requests_run_at_once_than_allowed():
    import threading

    running, most, lock = [0], [0], threading.Lock()

    def behave(exchange: Exchange) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        slow(0.02)(exchange)
        with lock:
            running[0] -= 1

    with Server() as server:
        answers(server.always(behave), *(ask(str(n)) for n in range(20)), at_once=True, concurrency=4)
    assert most[0] == 4


def test_waiting_for_a_place_is_not_counted_as_waiting_for_an_answer():
    with Server() as server:
        requests = [ask(str(n)) for n in range(5)]
        replies = answers(server.always(slow(0.25)), *requests, at_once=True, concurrency=1, timeout=1.0, retries=0)
    assert len(replies) == 5


def test_openai_itself_needs_a_key_and_a_base_url_must_be_one(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        OpenAIProvider("gpt-5.4-mini")
    for url in ("localhost:11434", "ftp://example.org", "http://", "http://host:port/v1"):
        with pytest.raises(ConfigError, match="no base URL"):
            OpenAIProvider("heron", base_url=url)


def test_the_address_of_an_api_is_as_good_as_the_base_url():
    provider = OpenAIProvider("heron", base_url=" http://localhost:1/v1/chat/completions/ ")
    assert repr(provider) == "OpenAIProvider('heron', base_url='http://localhost:1/v1')"


def test_printing_a_provider_shows_no_key():
    provider = OpenAIProvider("heron", base_url="http://anna:secret@example.org/v1", api_key="sk-canary-123456")
    assert repr(provider) == "OpenAIProvider('heron', base_url='http://example.org/v1')"


def test_what_is_known_of_openai_models():
    provider = OpenAIProvider("gpt-5-mini", api_key="sk-x")
    assert provider.model_info(None) == ModelInfo("gpt-5-mini", 0.25, 2.0, True, "lark", 128_000)
    assert provider.model_info("gpt-4o-2024-08-06") == ModelInfo("gpt-4o-2024-08-06", 2.5, 10.0, False, None, 16_384)
    elsewhere = OpenAIProvider("gpt-5-mini", base_url="http://localhost:8000/v1")
    assert elsewhere.model_info(None).grammar is None


@pytest.mark.parametrize("end", ["del provider", "pass"])
def test_a_provider_that_nobody_closed_ends_in_silence(end):
    code = (
        "import asyncio, sys\n"
        "from flowreason.providers import OpenAIProvider\n"
        "from flowreason.ports import Message, Request\n"
        "from tests.server import Server\n"
        "with Server() as server:\n"
        "    provider = OpenAIProvider('heron', base_url=server.url)\n"
        "    for n in range(2):\n"
        "        print(asyncio.run(provider.complete(Request((Message('user', str(n)),)))).text)\n"
        f"    {end}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "It is the Rhine.\n" * 2 and done.stderr == ""


def test_what_is_held_for_a_loop_that_has_ended_is_given_back_when_the_provider_is_closed():
    with Server() as server:
        provider = OpenAIProvider("heron", base_url=server.url)
        asyncio.run(provider.complete(ask("one")))
        assert len(provider._connections) == 1
        asyncio.run(provider.close())
        assert provider._connections == {}


def test_importing_the_providers_loads_no_client():
    code = "import sys, flowreason.providers, flowreason.providers.choose\nprint([n for n in ('openai', 'httpx2', 'aiohttp', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_seed_is_sent_with_the_number_of_the_sample_and_given_up_where_it_is_refused() -> None:
    async def ask() -> list[int | None]:
        with Server() as server:
            server.then(ok("one"), refuses("seed"), ok("two"))
            provider = OpenAIProvider("heron", base_url=server.url, api_key="none", api="chat")
            message = (Message("user", "Which river?"),)
            await provider.complete(Request(message, seed=7, sample=2))
            await provider.complete(Request(message, seed=7))
            await provider.close()
            return [request.body.get("seed") for request in server.requests]

    assert asyncio.run(ask()) == [9, 7, None]
