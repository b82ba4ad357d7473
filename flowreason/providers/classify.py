"""What a server's refusal means: from status, body and headers to a `ProviderError` that says what to do.

Invariant: a message has at most three lines and never shows a key, not even one that the server sends back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flowreason.errors import ProviderError
from flowreason.providers.answers import one_line
from flowreason.providers.secrets import HIDDEN, Secrets
from flowreason.redaction import KEY_LIKE


@dataclass(frozen=True, slots=True)
class Place:
    """Which server was asked, for which model, and what must not be shown. `keyed`: a key was sent."""

    url: str = field(repr=False)
    model: str
    secrets: Secrets = field(default_factory=Secrets)
    keyed: bool = True

    @property
    def shown(self) -> str:
        """The address without a name and password that may stand in it."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}{parts.path}".rstrip("/")

    @property
    def ollama(self) -> bool:
        """Whether this looks like an Ollama, by its usual port."""
        return ":11434" in self.url

    def clean(self, text: str) -> str:
        """A server's words on one line, shortened, with keys taken out."""
        return one_line(KEY_LIKE.sub(HIDDEN, self.secrets.hide(text)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's answer that is no reply. `words` is all it said, in small letters, to look for what it means."""

    status: int
    message: str
    code: str = ""
    param: str = ""
    retry_after: float | None = None

    @property
    def words(self) -> str:
        return f"{self.code} {self.param} {self.message}".lower()


class Unreachable(ProviderError):
    """No connection came about. Worth a few quick tries; after them it is the address that is wrong."""


def refusal(status: int, body: Any, headers: Mapping[str, str]) -> Refusal:
    """A refusal out of a response: `body` is its JSON, or its text where that is none."""
    if 300 <= status < 400:
        return Refusal(status, f"a redirect to {headers.get('location', 'nowhere')}")
    if isinstance(body, list) and len(body) == 1:  # as Gemini wraps it
        body = body[0]
    inner = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(inner, dict):
        return Refusal(status, _text(inner), retry_after=retry_after(headers))
    message = next((inner[name] for name in ("message", "detail", "msg", "error") if inner.get(name)), inner)
    code = " ".join(str(inner[name]) for name in ("code", "type") if inner.get(name))
    return Refusal(status, _text(message), code, str(inner.get("param") or ""), retry_after(headers))


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value if value is not None else "")
    return "an HTML page" if looks_like_html(text) else text


def looks_like_html(text: str) -> bool:
    return text.lstrip()[:15].lower().startswith(("<!doctype", "<html", "<head", "<body", "<?xml"))


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds a server asks to wait: `retry-after-ms`, or `retry-after` as seconds or as a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    import email.utils

    try:
        moment = email.utils.parsedate_to_datetime(headers.get("retry-after", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now is None else now))


_CONTEXT = re.compile(
    r"context.?length|context (window|size)|maximum context|too many (input )?tokens|prompt is too long"
    r"|request too large|input is too long|reduce the length|payload too large|maximum model length"
    r"|exceeds the maximum number of tokens|max_new_tokens` must be|exceed_context_size"
)
_CONTEXT_OF_500 = re.compile(r"exceed\w* (the )?(available |maximum )?context|exceed_context_size")
_QUOTA = re.compile(
    r"insufficient.?quota|insufficient.?(balance|credit|fund)|billing|exceeded your current quota|credits"
)
_RATE = re.compile(r"rate.?limit|too many requests|overloaded")
_CONTENT = re.compile(r"content.?(policy|filter|management)|moderation|safety system|flagged|invalid_prompt")
_MODEL = re.compile(
    r"model.{0,80}(not|n't|no such|unknown)|(not|no such|unknown).{0,40}model|model_not_found|try pulling", re.S
)
_BAD_MODEL = re.compile(r"model_not_found|invalid model|valid model|model not exist|(unknown|no such) model")
_KEY = re.compile(r"invalid.?api.?key|api key not valid|incorrect api key")


def classify(found: Refusal, place: Place) -> ProviderError:
    """The error that a refusal means."""
    kind = _kind(found)
    told = place.clean(found.message) or f"status {found.status}"
    lines = [f"{place.shown} answered {found.status}: {told}", _advice(kind, place, found)]
    return ProviderError(
        "\n".join(line for line in lines if line), kind=kind, status=found.status, retry_after=found.retry_after
    )


def _kind(found: Refusal) -> str:
    words = found.words
    match found.status:
        case 401 | 403:
            return "model" if "model_not_found" in words else "key"
        case 402:
            return "quota"
        case 404:
            return "model" if _MODEL.search(words) else "url"
        case 405 | 300 | 301 | 302 | 303 | 307 | 308:
            return "url"
        case 408:
            return "timeout"
        case 413:
            return "context"
        case 429:
            return _kind_of_429(words)
        case 409 | 425:
            return "server"
        case 200:
            return _kind_inside(words)
        case status if status >= 500:
            return "context" if _CONTEXT_OF_500.search(words) else "server"
    return _kind_of_400(words)


def _kind_of_429(words: str) -> str:
    if _QUOTA.search(words):
        return "quota"
    return "context" if _CONTEXT.search(words) else "rate"


def _kind_inside(words: str) -> str:
    """An error that came as if it were a reply."""
    if _RATE.search(words):
        return "rate"
    if "server_error" in words:
        return "server"
    kind = _kind_of_400(words)
    return "reply" if kind == "request" else kind


def _kind_of_400(words: str) -> str:
    for kind, pattern in (("key", _KEY), ("context", _CONTEXT), ("refused", _CONTENT), ("quota", _QUOTA)):
        if pattern.search(words):
            return kind
    return "model" if _BAD_MODEL.search(words) else "request"


def _advice(kind: str, place: Place, found: Refusal) -> str:
    match kind:
        case "key" if not place.keyed:
            return "This server wants a key: set FLOWREASON_API_KEY, or OPENAI_API_KEY for OpenAI."
        case "key":
            return "Check the key (FLOWREASON_API_KEY or OPENAI_API_KEY) and what it may use."
        case "quota":
            return "There is no credit left: look at billing and limits at the provider, or use another key or model."
        case "model" if place.ollama or "try pulling" in found.words:
            return f"Get the model with: ollama pull {place.model}"
        case "model":
            return f"Check the model's name ({place.model}); {place.shown}/models lists what the server has."
        case "context":
            return "The request is longer than the model takes: shorten the inputs, or use a model that takes more."
        case "url":
            return "Is this an OpenAI-compatible endpoint? Check the base URL; it mostly ends in /v1."
        case "rate":
            return "The server takes no more requests for now: wait, or run fewer at once (concurrency)."
        case "refused":
            return "The provider does not answer this; put it differently, or use another model."
    return ""


def no_endpoint(place: Place, told: str = "an HTML page") -> ProviderError:
    """The server answered something that no OpenAI-compatible server would."""
    return ProviderError(
        f"this is not an OpenAI-compatible endpoint: {place.shown} (it answered with {told})\n"
        "Does the base URL end in /v1? A local Ollama is http://localhost:11434/v1",
        kind="url",
        status=200,
    )
