"""From the user's settings to a provider.

Invariant: nothing is sent here; what is missing is told before anything is paid for.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flowreason.config import Settings
from flowreason.errors import ConfigError
from flowreason.ports import Provider
from flowreason.providers.address import checked_url
from flowreason.providers.classify import Place
from flowreason.providers.openai import OpenAIProvider

DEFAULT_MODEL = "gpt-5.4-mini"
"""The model at OpenAI, where none is named."""


def provider_from(settings: Settings) -> Provider:
    """The provider that the settings name. Raises `ConfigError` where they name none."""
    if settings.base_url is None and settings.api_key is None:
        raise ConfigError(
            "no model is configured: set OPENAI_API_KEY,\n"
            "or --base-url http://localhost:11434/v1 --model NAME for a local server,\n"
            "or try the recorded examples: flowreason examples"
        )
    return OpenAIProvider(
        settings.model or _default_model(settings.base_url),
        base_url=settings.base_url,
        api_key=settings.api_key,
        headers=settings.headers,
        api=settings.api,
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        retries=settings.retries,
        max_wait=settings.max_wait,
        requests_per_minute=settings.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
        fallback_models=settings.fallback_models,
        grammar=settings.grammar,
        prices=settings.prices,
    )


def _default_model(base_url: str | None) -> str:
    if base_url is None or (urlsplit(checked_url(base_url)).hostname or "").endswith(".openai.com"):
        return DEFAULT_MODEL
    shown = Place(base_url, "").shown
    raise ConfigError(
        f"no model is named for the server {shown}: add --model NAME, or set FLOWREASON_MODEL\n"
        f"{shown}/models lists what the server has"
    )
