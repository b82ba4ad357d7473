"""The model that the app asks: what the user's environment and config file name, or what they enter in the app.

Invariant: a key is held in the memory of the app, and is written to one place only, the user's own config file, when
they ask for that; it stands in no URL, event, log, page or message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from flowreason.config import Settings, config_path, load_settings
from flowreason.errors import ConfigError, FlowreasonError, UsageError
from flowreason.ports import Message, Provider, Request
from flowreason.providers.choose import provider_from

_NEAR = re.compile(r"(localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\])(:\d+)?(/|$)")
SECONDS = 30.0
"""How long a test of the connection may take."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a model. Empty fields are those of the environment and the config file."""

    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)

    def provider(self) -> Provider:
        """Who answers. Raises `ConfigError` where no model is named."""
        return provider_from(self.settings())

    def settings(self) -> Settings:
        """All that is known of it. Raises `ConfigError` for what cannot be."""
        return load_settings(
            model=self.model or None, base_url=_whole(self.base_url) or None, api_key=self.api_key or None
        )

    @property
    def missing(self) -> str:
        """Why no model can be asked; empty where one can."""
        try:
            self.provider()
        except ConfigError as error:
            return str(error)
        return ""

    @property
    def told(self) -> str:
        """The model and its server, as people are told of them; empty where there is none."""
        try:
            settings = self.settings()
            name = self.provider().model_info(None).name
        except ConfigError:
            return ""
        host = urlsplit(settings.base_url or "https://api.openai.com").netloc.rpartition("@")[2]
        return f"{name} at {host}"


def _whole(address: str) -> str:
    """An address of a machine near by, typed without `http://`, with it."""
    return f"http://{address}" if _NEAR.match(address) else address


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test: whether the model answered, and in words how."""

    ok: bool
    text: str


async def tested(connection: Connection) -> Tested:
    """Ask the model one short question. Costs one call of a few tokens."""
    try:
        settings = replace(connection.settings(), retries=0, timeout=SECONDS)
        provider = provider_from(settings)
    except FlowreasonError as error:
        return Tested(False, str(error))
    question = "Reply with the one word: ready"
    try:
        reply = await provider.complete(Request((Message("user", question),), max_tokens=200), None)
    except FlowreasonError as error:
        return Tested(False, str(error))
    finally:
        await provider.close()
    usage = reply.usage
    return Tested(True, f"{reply.model or connection.model} answered, with {usage.tokens:,} tokens in all.")


# --- kept in the user's config file ---


def keep(connection: Connection, environ: Mapping[str, str] | None = None) -> Path:
    """Write the connection to the user's config file, readable by them alone; other settings in it stay.

    Raises `UsageError` where it cannot be written.
    """
    path = config_path(os.environ if environ is None else environ)
    named = {"model": connection.model, "base_url": _whole(connection.base_url), "api_key": connection.api_key}
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.new")
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(_changed(before, {name: value for name, value in named.items() if value}))
        aside.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return path


def _changed(text: str, named: Mapping[str, str]) -> str:
    """A config file in which these settings have these values."""
    lines = text.splitlines()
    table = next((i for i, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    top = [line for line in lines[:table] if line.partition("=")[0].strip() not in named]
    return "\n".join([*top, *(f"{name} = {_quoted(value)}" for name, value in named.items()), *lines[table:], ""])


def _quoted(value: str) -> str:
    """A basic string of TOML."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def offered() -> bool:
    """Whether the user's environment or config file already names a model. Raises `ConfigError` for a broken file."""
    settings = load_settings()
    return bool(settings.base_url or settings.api_key)
