"""The user's settings: from the command line or the caller, the environment, and a config file.

Invariant: each setting comes from the most specific place that has it: the caller, `FLOWREASON_…`, the config file,
`OPENAI_…`. A key is never sent to another server than the one it was set with, and never shown.

The config file is TOML, `flowreason/config.toml` in the user's config folder, or where `FLOWREASON_CONFIG` points:

    model = "qwen3:8b"
    base_url = "http://localhost:11434/v1"
    api_key = "…"            # only with file mode 600
    timeout = 600            # seconds for one answer
    requests_per_minute = 500
    tokens_per_minute = 200000
    fallback_models = ["qwen3:4b"]   # asked in this order when a model cannot answer
    grammar = "gbnf"         # forced on flows that are written: gbnf for llama.cpp, vLLM, SGLang; lark for llguidance
    [headers]
    X-Team = "rivers"
    [prices]                 # US dollars per million tokens: prompt, completion
    "qwen3:8b" = [0, 0]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from flowreason.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Settings:
    """What is known of the model to use and how to reach it. See `providers.OpenAIProvider` for what each means."""

    model: str | None = None
    base_url: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    api: Literal["auto", "chat", "responses"] = "auto"
    grammar: Literal["lark", "gbnf"] | None = None
    timeout: float = 600.0
    concurrency: int = 64
    retries: int = 5
    max_wait: float = 60.0
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    fallback_models: tuple[str, ...] = ()
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)


NAMES = tuple(each.name for each in fields(Settings))


def load_settings(*, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings in force. Overrides that are None count as not given.

    Raises `ConfigError` for a value that cannot be, a name that does not exist, and a file with a key that others can
    read.
    """
    environ = os.environ if environ is None else environ
    path = config_path(environ)
    sources = (
        _read({name: value for name, value in overrides.items() if value is not None}, ""),
        _read(_from_environment(environ), "environment variable FLOWREASON_"),
        _from_file(path, asked=bool(environ.get("FLOWREASON_CONFIG"))),
        _read(_openai(environ), "environment variable OPENAI_"),
    )
    found: dict[str, Any] = {}
    for source in sources:
        found = _without_stray_key(source, found) | found
    return Settings(**found)


def _without_stray_key(source: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """What a less specific source adds. Its key and headers belong to its own base URL, if it names one."""
    elsewhere = "base_url" in source and found.get("base_url", source["base_url"]) != source["base_url"]
    hidden = {"api_key", "headers"} if elsewhere else set()
    return {name: value for name, value in source.items() if name not in hidden}


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """Where the config file is, or would be."""
    asked = (os.environ if environ is None else environ).get("FLOWREASON_CONFIG")
    if asked:
        return Path(asked).expanduser()
    import platformdirs

    return platformdirs.user_config_path("flowreason", appauthor=False) / "config.toml"


def data_path() -> Path:
    """The folder for what is kept of the user's runs."""
    import platformdirs

    return platformdirs.user_data_path("flowreason", appauthor=False)


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    named = {name: environ.get(f"FLOWREASON_{name.upper()}", "") for name in NAMES if name not in ("headers", "prices")}
    return {name: value for name, value in named.items() if value}


def _openai(environ: Mapping[str, str]) -> dict[str, str]:
    named = {"base_url": environ.get("OPENAI_BASE_URL", ""), "api_key": environ.get("OPENAI_API_KEY", "")}
    return {name: value for name, value in named.items() if value}


def _from_file(path: Path, asked: bool) -> dict[str, Any]:
    import tomllib

    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if asked:
            raise ConfigError(f"there is no config file {path} (FLOWREASON_CONFIG points to it)") from None
        return {}
    except UnicodeDecodeError:
        raise ConfigError(f"the config file {path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the config file {path} is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"the config file {path} cannot be read: {error.strerror}") from None
    if "api_key" in data or "headers" in data:
        _check_mode(path)
    return _read(data, f"config file {path}: ")


def _check_mode(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ConfigError(
            f"the config file {path} holds a key and can be read by others\nclose it with: chmod 600 {path}"
        )


# --- values ---


def _read(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The values of one source, checked."""
    found = {}
    for name, value in data.items():
        if name not in _READERS:
            import difflib

            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
            raise ConfigError(f"{where}there is no setting {name}\n{hint}")
        try:
            found[name] = _READERS[name](value)
        except (TypeError, ValueError) as error:
            shown = name.upper() if where.startswith("environment") else name
            raise ConfigError(f"{where}{shown} must be {error}") from None
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas between them."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValueError("a list of names, or names with commas between them")
    return tuple(part.strip() for part in parts)


def _one_of(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return read


def _number(least: float, whole: bool) -> Callable[[Any], float]:
    wanted = f"a {'whole ' if whole else ''}number from {least:g}"

    def read(value: Any) -> float:
        try:
            number = int(value) if whole else float(value)
        except (TypeError, ValueError):
            raise ValueError(wanted) from None
        if isinstance(value, bool) or not least <= number < float("inf") or (whole and number != float(value)):
            raise ValueError(wanted)
        return number

    return read


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError("a table of texts")
    return {str(name): text for name, text in value.items()}


def _prices(value: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(value, Mapping):
        raise ValueError("a table of prices")
    return {str(name): _price(name, pair) for name, pair in value.items()}


def _price(name: str, pair: Any) -> tuple[float, float]:
    fine = isinstance(pair, list | tuple) and len(pair) == 2
    if not fine or not all(isinstance(part, int | float) and part >= 0 for part in pair):
        raise ValueError(
            f'a table of prices like "{name}" = [0.75, 4.50] (dollars per million tokens: prompt, completion)'
        )
    return float(pair[0]), float(pair[1])


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "model": _text,
    "base_url": _text,
    "api_key": _text,
    "headers": _headers,
    "api": _one_of("auto", "chat", "responses"),
    "grammar": _one_of("lark", "gbnf"),
    "timeout": _number(0.001, whole=False),
    "concurrency": _number(1, whole=True),
    "retries": _number(0, whole=True),
    "max_wait": _number(0, whole=False),
    "requests_per_minute": _number(1, whole=True),
    "tokens_per_minute": _number(1, whole=True),
    "fallback_models": _texts,
    "prices": _prices,
}
