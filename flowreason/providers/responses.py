"""The Responses API: the body of a request, and what its reply says.

Invariant: nothing here waits or remembers; nothing is stored at the server (`store` is false).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flowreason.ports import Request
from flowreason.providers import models
from flowreason.providers.answers import (
    Answer,
    as_dict,
    as_list,
    as_text,
    bad_reply,
    refused,
    spoken,
    tokens,
)
from flowreason.providers.chat import ABOUT_TOOL, TOOL
from flowreason.providers.dialect import Dialect, messages_for

PATH = "/responses"
FEWEST_TOKENS = 16


def body(request: Request, model: str, dialect: Dialect, *, openai: bool, grammar: str | None) -> dict[str, Any]:
    """What is sent. Stop sequences do not exist here; they are applied when the reply is read."""
    out: dict[str, Any] = {"model": model, "input": messages_for(request, dialect), "store": False}
    if request.temperature is not None and dialect.takes("temperature"):
        out["temperature"] = request.temperature
    if dialect.takes("max_tokens") and dialect.takes_limit(request.reply_tokens):
        out["max_output_tokens"] = max(FEWEST_TOKENS, request.reply_tokens or 0)
    if request.grammar and request.grammar.syntax == grammar == "lark" and dialect.takes("grammar"):
        form = {"type": "grammar", "syntax": "lark", "definition": request.grammar.definition}
        out["tools"] = [{"type": "custom", "name": TOOL, "description": ABOUT_TOOL, "format": form}]
        out["tool_choice"] = {"type": "custom", "name": TOOL}
    elif dialect.takes_schema(request):
        out["text"] = {"format": {"type": "json_schema", "name": "reply", "schema": request.schema, "strict": True}}
    return out


def read(data: Mapping[str, Any], request: Request) -> Answer:
    """The answer in a reply. Raises `ProviderError` of kind `reply` or `refused`."""
    finish = _finish(data)
    output = [as_dict(item, "an item of output") for item in as_list(data.get("output"), "output")]
    text = _text(output)
    if text is None:
        if finish != "length":
            bad_reply("its output holds no message")
        text = ""
    usage, model = data.get("usage"), data.get("model")
    said = spoken(text, finish, request.stop, models.reasons(request.model or ""))
    name = model if isinstance(model, str) else ""
    return Answer(said, finish, tokens(usage, "input_tokens"), tokens(usage, "output_tokens"), name)


def _finish(data: Mapping[str, Any]) -> Literal["stop", "length"]:
    match data.get("status"):
        case "completed" | None:
            return "stop"
        case "incomplete":
            reason = as_dict(data.get("incomplete_details"), "incomplete_details").get("reason")
            if reason == "content_filter":
                refused("its content filter stopped the reply")
            return "length"
    return bad_reply(f"its status is {data.get('status')!r}")


def _text(output: Sequence[Mapping[str, Any]]) -> str | None:
    """What the messages say, or what was handed to the tool; None where there is neither."""
    for item in output:
        if item.get("type") == "custom_tool_call":
            return as_text(item.get("input"), "the tool call's input")
    messages = [item for item in output if item.get("type") == "message"]
    final = [item for item in messages if item.get("phase") != "commentary"] or messages
    if not final:
        return None
    parts = [as_dict(part, "a part of content") for item in final for part in as_list(item.get("content"), "content")]
    for part in parts:
        if part.get("type") == "refusal":
            refused(str(part.get("refusal") or ""))
    return "".join(as_text(part.get("text"), "a text") for part in parts if part.get("type") == "output_text")
