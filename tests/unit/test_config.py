"""Settings: where each comes from, which key goes where, and what is said of a bad one."""

import os
from pathlib import Path

import pytest

from flowreason.config import Settings, config_path, load_settings
from flowreason.errors import ConfigError
from flowreason.providers import OpenAIProvider
from flowreason.providers.choose import DEFAULT_MODEL, provider_from

KEY = "sk-canary-0123456789"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose config file is `config(text)`'s, empty at first."""
    return {"FLOWREASON_CONFIG": str(config(tmp_path, ""))}


def config(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_nothing_set_is_the_default(environ):
    assert load_settings(environ=environ) == Settings()


def test_the_most_specific_place_wins(environ, tmp_path):
    config(tmp_path, 'model = "from file"\nbase_url = "http://file/v1"\ntimeout = 5\nretries = 2')
    environ |= {
        "FLOWREASON_MODEL": "from environment",
        "FLOWREASON_TIMEOUT": "7.5",
        "OPENAI_BASE_URL": "http://openai/v1",
    }
    found = load_settings(environ=environ, model="from caller", timeout=None)
    assert (found.model, found.timeout, found.retries, found.base_url) == ("from caller", 7.5, 2, "http://file/v1")
    assert load_settings(environ=environ).model == "from environment"


def test_an_empty_variable_is_not_set(environ):
    assert load_settings(environ=environ | {"FLOWREASON_MODEL": "", "OPENAI_API_KEY": ""}) == Settings()


def test_openais_variables_serve_where_nothing_else_is_set(environ):
    found = load_settings(environ=environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://proxy/v1"})
    assert (found.api_key, found.base_url) == (KEY, "http://proxy/v1")


def test_a_key_stays_with_the_server_it_was_set_with(environ, tmp_path):
    config(tmp_path, f'base_url = "http://file/v1"\napi_key = "{KEY}"\n[headers]\nX-Team = "rivers"')
    assert load_settings(environ=environ).api_key == KEY
    elsewhere = load_settings(environ=environ, base_url="http://elsewhere/v1")
    assert elsewhere.api_key is None and not elsewhere.headers
    both = environ | {"OPENAI_API_KEY": "sk-other", "OPENAI_BASE_URL": "http://proxy/v1"}
    assert load_settings(environ=both).api_key == KEY
    assert load_settings(environ=both, base_url="http://elsewhere/v1").api_key is None
    assert (
        load_settings(environ=environ | {"OPENAI_API_KEY": "sk-other"}, base_url="http://elsewhere/v1").api_key
        == "sk-other"
    )


def test_printing_settings_shows_no_key(environ, tmp_path):
    config(tmp_path, f'api_key = "{KEY}"\n[headers]\nAuthorization = "{KEY}"')
    found = load_settings(environ=environ)
    assert found.api_key == KEY and KEY not in repr(found) + str(found)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("text", [f'api_key = "{KEY}"', f'[headers]\nAuthorization = "{KEY}"'])
def test_a_file_with_a_key_must_be_closed_to_others(environ, tmp_path, text):
    path = config(tmp_path, text, 0o644)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}") as caught:
        load_settings(environ=environ)
    assert KEY not in str(caught.value) and len(str(caught.value).splitlines()) <= 3
    config(tmp_path, 'model = "heron"', 0o644)
    assert load_settings(environ=environ).model == "heron"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model = ", "not valid TOML"),
        ('modell = "heron"', "did you mean model"),
        ("model = 7", "model must be a text"),
        ("retries = -1", "retries must be a whole number from 0"),
        ("retries = 1.5", "retries must be a whole number"),
        ("concurrency = true", "concurrency must be"),
        ('timeout = "soon"', "timeout must be a number"),
        ("timeout = inf", "timeout must be a number"),
        ('api = "soap"', "api must be one of auto, chat, responses"),
        ('[prices]\n"heron" = 3', "prices must be a table of prices like"),
        ('[prices]\n"heron" = [-1, 2]', "prices must be"),
        ("headers = 1", "headers must be a table of texts"),
    ],
)
def test_a_bad_value_is_named_with_its_file(environ, tmp_path, text, told):
    path = config(tmp_path, text)
    with pytest.raises(ConfigError, match=told) as caught:
        load_settings(environ=environ)
    assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) <= 3


def test_a_bad_variable_is_named(environ):
    with pytest.raises(ConfigError, match="FLOWREASON_RETRIES must be a whole number"):
        load_settings(environ=environ | {"FLOWREASON_RETRIES": "many"})


def test_a_config_file_that_was_asked_for_must_be_there_and_readable(environ, tmp_path):
    with pytest.raises(ConfigError, match="there is no config file"):
        load_settings(environ={"FLOWREASON_CONFIG": str(tmp_path / "other.toml")})
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(environ=environ)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(environ={"FLOWREASON_CONFIG": str(tmp_path)})


def test_the_default_config_file_need_not_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path({}).name == "config.toml" and "flowreason" in str(config_path({}))
    assert load_settings(environ={}) == Settings()


def test_no_model_at_all_is_told_with_what_to_do():
    with pytest.raises(ConfigError) as caught:
        provider_from(Settings())
    told = str(caught.value)
    assert "OPENAI_API_KEY" in told and "--base-url" in told and "flowreason examples" in told
    assert len(told.splitlines()) <= 3


def test_a_server_without_a_model_is_told_and_openai_has_a_default():
    with pytest.raises(ConfigError, match="--model NAME") as caught:
        provider_from(Settings(base_url="http://anna:secret@localhost:8080/v1"))
    assert "secret" not in str(caught.value)
    for base_url in (None, "https://api.openai.com/v1", "https://eu.api.openai.com/v1"):
        assert provider_from(Settings(api_key=KEY, base_url=base_url)).model_info(None).name == DEFAULT_MODEL


def test_settings_reach_the_provider():
    settings = Settings("heron", "http://localhost:1/v1", prices={"heron": (1.0, 2.0)}, grammar="gbnf")
    provider = provider_from(settings)
    assert isinstance(provider, OpenAIProvider)
    info = provider.model_info(None)
    assert (info.name, info.prompt_price, info.grammar) == ("heron", 1.0, "gbnf")


def test_limits_and_other_models_are_settings(environ, tmp_path):
    config(tmp_path, 'requests_per_minute = 500\ntokens_per_minute = 200000\nfallback_models = ["stork", "crane"]')
    found = load_settings(environ=environ)
    assert (found.requests_per_minute, found.tokens_per_minute) == (500, 200_000)
    assert found.fallback_models == ("stork", "crane")
    named = environ | {"FLOWREASON_FALLBACK_MODELS": "crane, stork", "FLOWREASON_REQUESTS_PER_MINUTE": "60"}
    found = load_settings(environ=named)
    assert found.fallback_models == ("crane", "stork") and found.requests_per_minute == 60


@pytest.mark.parametrize(
    "text", ["fallback_models = 3", 'fallback_models = ["a", ""]', "requests_per_minute = 0", "tokens_per_minute = 1.5"]
)
def test_limits_and_models_that_cannot_be_are_told(environ, tmp_path, text):
    config(tmp_path, text)
    with pytest.raises(ConfigError, match=text.split()[0]):
        load_settings(environ=environ)


def test_the_provider_is_given_limits_and_other_models(environ):
    settings = load_settings(
        environ=environ, base_url="http://local/v1", model="heron", requests_per_minute=7, fallback_models="stork,crane"
    )
    provider = provider_from(settings)
    assert isinstance(provider, OpenAIProvider)
    bounds = provider._traffic.bounds
    assert (bounds.requests_per_minute, bounds.tokens_per_minute, bounds.last) == (7, None, "crane")
