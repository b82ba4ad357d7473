"""The model that the app asks: what the user's environment and config file name, or what they enter in the app.

Invariant: a key is held in the memory of the app, and is written to one place only, the user's own config file, when
they ask for that; it stands in no URL, event, log, page or message.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flowreason.config import Settings, config_path, load_settings
from flowreason.errors import ConfigError, FlowreasonError, ProviderError, UsageError
from flowreason.ports import Message, Provider, Request
from flowreason.providers.choose import DEFAULT_MODEL, provider_from
from flowreason.providers.openai import OpenAIProvider
from flowreason.providers.prices import Price
from flowreason.view.progress import seconds_text

_NEAR = re.compile(r"(localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\])(:\d+)?(/|$)")
SECONDS = 30.0
"""How long a test of the connection may take."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a model. Empty fields are those of the environment and the config file. `price`: US dollars per
    million tokens, in and out."""

    model: str = ""
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    price: Price | None = None

    def provider(self) -> Provider:
        """Who answers. Raises `ConfigError` where no model is named."""
        return provider_from(self.settings())

    def settings(self) -> Settings:
        """All that is known of it. Raises `ConfigError` for what cannot be."""
        found = load_settings(
            model=self.model or None, base_url=_whole(self.base_url) or None, api_key=self.api_key or None
        )
        if self.price is None:
            return found
        return replace(found, prices={**found.prices, found.model or DEFAULT_MODEL: self.price})

    @property
    def name(self) -> str:
        """What the model is called; empty where there is none."""
        try:
            return self.provider().model_info(None).name
        except ConfigError:
            return ""

    @property
    def known_price(self) -> Price | None:
        """What the model costs; None where that is not known."""
        try:
            info = self.provider().model_info(None)
        except ConfigError:
            return None
        if info.prompt_price is None or info.completion_price is None:
            return None
        return info.prompt_price, info.completion_price

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
        except ConfigError:
            return ""
        if not (name := self.name):
            return ""
        host = urlsplit(settings.base_url or "https://api.openai.com").netloc.rpartition("@")[2]
        return f"{name} at {host}"


def _whole(address: str) -> str:
    """An address of a machine near by, typed without `http://`, with it."""
    return f"http://{address}" if _NEAR.match(address) else address


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test: whether the model answered, in words how, the models that the server says it has, and of
    which kind the error is."""

    ok: bool
    text: str
    models: tuple[str, ...] = ()
    kind: str = ""


async def tested(connection: Connection) -> Tested:
    """Ask the model one short question, and the server for its models. Costs one call of a few tokens."""
    try:
        provider = provider_from(_brief(connection))
    except FlowreasonError as error:
        return Tested(False, advised(error), (), getattr(error, "kind", ""))
    question = "Reply with the one word: ready"
    models: tuple[str, ...] = ()
    try:
        models = await _models(provider)
        began = time.monotonic()
        reply = await provider.complete(Request((Message("user", question),), max_tokens=200), None)
    except FlowreasonError as error:
        return Tested(False, advised(error), models, getattr(error, "kind", ""))
    else:
        took = seconds_text(time.monotonic() - began)
        name = reply.model or connection.model
        return Tested(True, f"{name} answered in {took}, with {reply.usage.tokens:,} tokens in all.", models)
    finally:
        await provider.close()


ENDING: Final = "/v1"
"""What the address of an OpenAI-compatible server mostly ends in, and is often left out."""


async def tested_with_ending(connection: Connection) -> tuple[Connection, Tested]:
    """Test a connection; where its address leads nowhere and lacks `/v1`, with that as well. Gives that which answers,
    or else what was entered, and what came of it."""
    found = await tested(connection)
    if found.ok or found.kind != "url" or not _lacks_ending(connection.base_url):
        return connection, found
    whole = replace(connection, base_url=connection.base_url.rstrip("/") + ENDING)
    again = await tested(whole)
    if again.kind in ("url", "network"):
        return connection, found
    told = f"The address had to end in {ENDING}, which was added."
    return whole, replace(again, text=f"{again.text} {told}" if again.ok else f"{again.text}\n{told}")


def _lacks_ending(address: str) -> bool:
    return bool(address) and urlsplit(_whole(address)).path.strip("/") == ""


async def listed(connection: Connection) -> Tested:
    """Ask the server for its models; no model is asked, and nothing is paid for."""
    try:
        provider = provider_from(_brief(replace(connection, model=connection.model or "any")))
    except FlowreasonError as error:
        return Tested(False, advised(error))
    try:
        found = await provider.listed() if isinstance(provider, OpenAIProvider) else []
    except FlowreasonError as error:
        return Tested(False, advised(error))
    else:
        return Tested(True, f"{len(found):,} models", tuple(sorted(found)))
    finally:
        await provider.close()


def _brief(connection: Connection) -> Settings:
    return replace(connection.settings(), retries=0, timeout=SECONDS)


async def _models(provider: Provider) -> tuple[str, ...]:
    """The models that a server says it has; none where it does not say. Raises `ProviderError` where there is none."""
    try:
        return tuple(sorted(await provider.listed())) if isinstance(provider, OpenAIProvider) else ()
    except ProviderError as error:
        if error.kind in ("network", "timeout"):
            raise
        return ()


_ADVICE: Final[Mapping[str, str]] = {
    "key": "The server does not accept the key. Enter the key again; one belongs to one server, and a new one is made "
    "at the provider.",
    "quota": "The account has no credit left. Top it up at the provider, or connect another model.",
    "model": "The server does not have this model. Choose one below, or enter the name of one that it has.",
    "url": "This address leads to no server of models. It mostly ends in /v1, as in http://localhost:11434/v1 for "
    "Ollama.",
    "network": "The server does not answer. Look whether it runs and whether its address is right.",
    "timeout": "The server was reached, and the model did not answer. One that is being loaded may need a minute: test "
    "it again then.",
    "rate": "The server takes no more for now. Test it again in a moment.",
    "server": "The server had trouble. Test it again in a moment.",
    "reply": "The server sent something that is no answer. Try another model, or look whether the address is that of a "
    "server which speaks as OpenAI's does.",
}
"""What is wrong and what to do here, by the kind of an error; instead of what is said of the command line."""
_PULL: Final = re.compile(r"Get the model with: (ollama pull .*)")


def advised(error: FlowreasonError) -> str:
    """An error of a test: what is wrong and what to do about it on the page of the settings, then what the server
    said."""
    said = str(error).partition("\n")[0]
    advice = _ADVICE.get(getattr(error, "kind", ""))
    if advice is None:
        return str(error)
    pull = _PULL.search(str(error))
    return f"{advice}{f' Ollama gets it with: {pull[1]}' if pull else ''}\nMore exactly: {said}"


# --- kept in the user's config file ---


def keep(connection: Connection, environ: Mapping[str, str] | None = None) -> Path:
    """Write the connection to the user's config file, readable by them alone; other settings in it stay.

    Raises `UsageError` where it cannot be written.
    """
    named = {"model": connection.model, "base_url": _whole(connection.base_url), "api_key": connection.api_key}
    return _rewritten(lambda text: _changed(text, {name: value for name, value in named.items() if value}), environ)


def keep_price(model: str, price: Price, environ: Mapping[str, str] | None = None) -> Path:
    """Write what a model costs to the user's config file. Raises `UsageError` where it cannot be written."""
    return _rewritten(lambda text: _priced(text, model, price), environ)


def _rewritten(change: Callable[[str], str], environ: Mapping[str, str] | None) -> Path:
    path = config_path(os.environ if environ is None else environ)
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.new")
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(change(before))
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


def _priced(text: str, model: str, price: Price) -> str:
    """A config file in which a model has this price."""
    line, lines = f"{_quoted(model)} = [{price[0]:g}, {price[1]:g}]", text.rstrip("\n").splitlines()
    at = next((i for i, each in enumerate(lines) if each.strip() == "[prices]"), None)
    if at is None:
        return "\n".join([*lines, "[prices]", line, ""])
    end = next((i for i, each in enumerate(lines[at + 1 :], at + 1) if each.lstrip().startswith("[")), len(lines))
    mine = (_quoted(model), model, f"'{model}'")
    others = [each for each in lines[at + 1 : end] if each.partition("=")[0].strip() not in mine]
    return "\n".join([*lines[: at + 1], line, *others, *lines[end:], ""])


def _quoted(value: str) -> str:
    """A basic string of TOML."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def offered() -> bool:
    """Whether the user's environment or config file already names a model. Raises `ConfigError` for a broken file."""
    settings = load_settings()
    return bool(settings.base_url or settings.api_key)
