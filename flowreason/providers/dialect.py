"""What a server, or one of its models, turned out not to take, so that it is not sent again.

Invariant: a feature is only given up when a request that held it was refused, and each refusal gives up at least one;
so a request is sent at most once more than it has features.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowreason.ports import Message, Request
from flowreason.providers.answers import sendable
from flowreason.providers.classify import Refusal

_NOT = r"(?:\bnot\b|n't|\bno\b|unsupported|unknown|unrecogni[sz]ed|unexpected|invalid|extra|forbidden|verified|false)"
_SIGNS = {
    # Streaming comes first: to give it up costs least.
    "stream_options": re.compile(r"stream_options|include_usage"),
    "stream": re.compile(rf"\bstream(?:ing|ed)?\b.{{0,60}}{_NOT}|{_NOT}.{{0,60}}\bstream(?:ing|ed)?\b", re.S),
    "grammar": re.compile(r"grammar|tools?\b|tool_choice|custom|guided|structured_outputs|ebnf"),
    "schema": re.compile(r"response_?format|json.?schema|text\.format|structured.?output|guided|schema|grammar"),
    "temperature": re.compile(r"temperature"),
    "max_completion_tokens": re.compile(r"max_completion_tokens|max_output_tokens"),
    "max_tokens": re.compile(r"max_tokens|max_output_tokens"),
    "stop": re.compile(r"\bstop\b"),
    "seed": re.compile(r"\bseed\b"),
    "system": re.compile(r"system.{0,30}(role|message|instruction|prompt)|role.{0,30}system|alternate"),
}
_NAMED = frozenset({400, 404, 415, 422, 500, 501})
_UNNAMED = frozenset({404, 415, 422, 501})
_UNNAMED_STREAM = frozenset({415, 422, 501})
_LIMITS = frozenset({"max_tokens", "max_completion_tokens"})
_TOO_LARGE = re.compile(r"too (large|high|big|many)|at most|exceed|maximum|less than")
_THIS_SCHEMA = re.compile(r"invalid.{0,4}schema|invalid_json_schema|schema.{0,30}(too|exceed|invalid)")


@dataclass
class Dialect:
    """How one model of one server is spoken to: `api` once it is known, and what it does not take.

    `too_many`: a limit of tokens that was refused for being too large; none as large is sent again.
    """

    api: str | None = None
    refused: set[str] = field(default_factory=set)
    too_many: int | None = None

    def learn(self, found: Refusal, sent: frozenset[str], request: Request) -> bool:
        """Give up what a refusal is about. Whether there was something, so that another try is worth it."""
        if found.status not in _NAMED:
            return False
        named = [name for name in _SIGNS if name in sent and _SIGNS[name].search(found.words)]
        if not named and found.status in _UNNAMED_STREAM:
            named = [name for name in ("stream_options", "stream") if name in sent]
        if not named and found.status in _UNNAMED:
            named = [name for name in ("grammar", "schema") if name in sent]
        if not named:
            return False
        if named[0] in _LIMITS and request.reply_tokens is not None and _TOO_LARGE.search(found.words):
            self.too_many = request.reply_tokens
        else:
            self.refused.add(_this_schema(request) if named[0] == "schema" and _about_this(found) else named[0])
        return True

    def takes(self, name: str) -> bool:
        return name not in self.refused

    def takes_limit(self, tokens: int | None) -> bool:
        return tokens is not None and (self.too_many is None or tokens < self.too_many)

    def takes_schema(self, request: Request) -> bool:
        return request.schema is not None and not self.refused & {"schema", _this_schema(request)}


def _about_this(found: Refusal) -> bool:
    """Whether a refusal is about this schema and not about schemas."""
    return bool(_THIS_SCHEMA.search(found.words)) and "support" not in found.words


def _this_schema(request: Request) -> str:
    return "schema " + hashlib.sha256(json.dumps(request.schema, sort_keys=True).encode()).hexdigest()


def messages_for(request: Request, dialect: Dialect) -> list[dict[str, str]]:
    """The messages as both APIs take them. Where there is no system role, its text opens the first user message."""
    messages = request.messages
    if not dialect.takes("system"):
        messages = _without_system(messages)
    return [{"role": message.role, "content": sendable(message.content)} for message in messages]


def _without_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    opening = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    first = next((i for i, message in enumerate(others) if message.role == "user"), None)
    if first is None:
        return (Message("user", opening), *others)
    others[first] = Message("user", f"{opening}\n\n{others[first].content}")
    return tuple(others)


def features(body: Mapping[str, Any], request: Request) -> frozenset[str]:
    """What a request body holds that a server may not take."""
    plain = ("temperature", "stop", "seed", "max_tokens", "max_completion_tokens", "stream", "stream_options")
    found = {name for name in plain if name in body}
    if "max_output_tokens" in body:
        found.add("max_tokens")
    if "response_format" in body or "text" in body:
        found.add("schema")
    if "tools" in body or "grammar" in body or "structured_outputs" in body:
        found.add("grammar")
    if any(message["role"] == "system" for message in body.get("messages", body.get("input", ()))):
        found.add("system")
    return frozenset(found)
