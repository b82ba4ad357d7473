"""Where no model is configured, flows that ask nothing run all the same, and others say what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowreason as fr


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "FLOWREASON_MODEL", "FLOWREASON_BASE_URL", "FLOWREASON_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("FLOWREASON_CONFIG", str(tmp_path / "config.toml"))


def test_a_flow_that_asks_nothing_needs_no_model() -> None:
    assert fr.loads("flow twice(n: int) -> int { answer `2 * n` }").run(n=21).value == 42


def test_a_flow_that_asks_says_what_is_missing_before_it_runs() -> None:
    with pytest.raises(fr.ConfigError, match="no model is configured"):
        fr.loads('flow capital() -> text { answer ask "What is the capital of Chile?" }').run()


def test_a_question_says_what_is_missing() -> None:
    with pytest.raises(fr.ConfigError, match="OPENAI_API_KEY"):
        fr.solve("What is the capital of Chile?")
