"""The attributes of calls to models and tools, by OpenTelemetry's conventions for generative AI (in development).

Invariant: what was said stands in an attribute only where `content` is True.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flowreason.values import encode

Attributes: TypeAlias = dict[str, str | int | float | bool | Sequence[str]]

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_YES = frozenset({"true", "1", "span_only", "span_and_event"})


def content_wanted() -> bool:
    """Whether the user opted in to what was asked and answered being in spans."""
    return os.environ.get(CAPTURE, "").strip().lower() in _YES


def asked(data: Mapping[str, Any], provider: str, content: bool) -> Attributes:
    """Of a `node.request`."""
    made: Attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider}
    if data.get("model"):
        made["gen_ai.request.model"] = str(data["model"])
    made["gen_ai.output.type"] = "json" if data.get("schema") else "text"
    made |= {f"flowreason.{name}": int(data[name]) for name in ("sample", "attempt") if data.get(name) is not None}
    if content:
        messages = data.get("messages") or ()
        made["gen_ai.system_instructions"] = _json(_parts(m["content"]) for m in messages if m["role"] == "system")
        made["gen_ai.input.messages"] = _json(
            {"role": m["role"], "parts": [_parts(m["content"])]} for m in messages if m["role"] != "system"
        )
    return made


def answered(data: Mapping[str, Any], content: bool) -> Attributes:
    """Of a `node.reply` or `node.unanswered`."""
    made: Attributes = {
        "gen_ai.usage.input_tokens": int(data.get("prompt_tokens") or 0),
        "gen_ai.usage.output_tokens": int(data.get("completion_tokens") or 0),
    }
    if data.get("model"):
        made["gen_ai.response.model"] = str(data["model"])
    if data.get("money") is not None:
        made["flowreason.money"] = float(data["money"])
    if content and "text" in data:
        said = {"role": "assistant", "parts": [_parts(data["text"])], "finish_reason": "stop"}
        made["gen_ai.output.messages"] = _json([said])
    return made


def executed(data: Mapping[str, Any], content: bool) -> Attributes:
    """Of a `node.tool`."""
    made: Attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.type": "function"}
    made["gen_ai.tool.name"] = str(data.get("tool") or "")
    if content:
        made["gen_ai.tool.call.arguments"] = json.dumps(encode(dict(data.get("arguments") or {})), ensure_ascii=False)
    return made


def _parts(text: Any) -> dict[str, str]:
    return {"type": "text", "content": str(text)}


def _json(items: Iterator[Any] | list[Any] | Any) -> str:
    return json.dumps(list(items), ensure_ascii=False)
