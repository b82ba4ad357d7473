"""Chat Completions: the body of a request, and what its reply says.

Invariant: nothing here waits or remembers; the same request and dialect give the same body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from flowreason.ports import Grammar, Request
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
from flowreason.providers.dialect import Dialect, messages_for

PATH = "/chat/completions"
TOOL = "write"
ABOUT_TOOL = "Hand in what you were asked to write."


def body(request: Request, model: str, dialect: Dialect, *, openai: bool, grammar: str | None) -> dict[str, Any]:
    """What is sent. `openai`: the server is OpenAI's own; `grammar`: the syntax that the server can force."""
    out: dict[str, Any] = {"model": model, "messages": messages_for(request, dialect)}
    if request.temperature is not None and dialect.takes("temperature"):
        out["temperature"] = request.temperature
    if dialect.takes_limit(request.reply_tokens) and (name := _limit_name(model, dialect, openai)):
        out[name] = request.reply_tokens
    if request.seed is not None and dialect.takes("seed"):
        out["seed"] = request.seed + request.sample
    if request.stop and dialect.takes("stop"):
        out["stop"] = list(request.stop)
    if request.grammar and request.grammar.syntax == grammar and dialect.takes("grammar"):
        out |= _openai_grammar(request.grammar) if openai else _server_grammar(request.grammar)
    elif dialect.takes_schema(request):
        form = {"name": "reply", "schema": request.schema, "strict": True}
        out["response_format"] = {"type": "json_schema", "json_schema": form}
    return out


def _limit_name(model: str, dialect: Dialect, openai: bool) -> str | None:
    names = ["max_completion_tokens", "max_tokens"]
    if not (openai or models.counts_reasoning(model)):
        names.reverse()
    return next((name for name in names if dialect.takes(name)), None)


def _openai_grammar(grammar: Grammar) -> dict[str, Any]:
    form = {"type": "grammar", "grammar": {"syntax": grammar.syntax, "definition": grammar.definition}}
    return {
        "tools": [{"type": "custom", "custom": {"name": TOOL, "description": ABOUT_TOOL, "format": form}}],
        "tool_choice": {"type": "custom", "custom": {"name": TOOL}},
    }


def _server_grammar(grammar: Grammar) -> dict[str, Any]:
    """Each server reads the field it knows: vLLM, older vLLM, llama.cpp, SGLang."""
    text = grammar.definition
    fields: dict[str, Any] = {"structured_outputs": {"grammar": text}, "guided_grammar": text}
    return fields if grammar.syntax == "lark" else fields | {"grammar": text, "ebnf": text}


def read(data: Mapping[str, Any], request: Request) -> Answer:
    """The answer in a reply. Raises `ProviderError` of kind `reply` or `refused`."""
    choices = as_list(data.get("choices"), "choices")
    if not choices:
        bad_reply("choices is an empty list")
    first = next((each for each in choices if isinstance(each, dict) and each.get("index") == 0), choices[0])
    choice = as_dict(first, "the first choice")
    message = as_dict(choice.get("message"), "its message")
    if choice.get("finish_reason") == "content_filter" or message.get("refusal"):
        refused(str(message.get("refusal") or "its content filter stopped the reply"))
    if choice.get("finish_reason") == "error":
        bad_reply("the model failed while it wrote")
    finish: Literal["stop", "length"] = "length" if choice.get("finish_reason") == "length" else "stop"
    usage, model = data.get("usage"), data.get("model")
    thinks = models.reasons(request.model or "")
    text = spoken(_text(message, finish), finish, request.stop, thinks)
    name = model if isinstance(model, str) else ""
    return Answer(text, finish, tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens"), name)


def _text(message: Mapping[str, Any], finish: str) -> str:
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls and isinstance(calls[0], dict) and "custom" in calls[0]:
        return as_text(as_dict(calls[0]["custom"], "the tool call").get("input"), "the tool call's input")
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part_text(part) for part in content)
    if content is None and finish == "length":
        return ""
    return as_text(content, "content")


def part_text(part: Any) -> str:
    """A piece of a content that comes in pieces; pieces of reasoning are left out."""
    piece = as_dict(part, "a part of content")
    return as_text(piece.get("text"), "a part's text") if piece.get("type") in ("text", "output_text") else ""
