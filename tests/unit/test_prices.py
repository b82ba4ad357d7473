"""What a model costs, and what its name tells of it."""

import pytest

from flowreason.ports import Message, ModelInfo, Request, Usage
from flowreason.providers import models
from flowreason.providers.estimate import estimated
from flowreason.providers.prices import builtin, price_of


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4o", (2.5, 10.0)),
        ("gpt-4o-2024-08-06", (2.5, 10.0)),
        ("GPT-4o-mini", (0.15, 0.6)),
        ("openai/gpt-4o-mini-2024-07-18", (0.15, 0.6)),
        ("gpt-5-chat-latest", (1.25, 10.0)),
        ("gpt-5-pro", (15.0, 120.0)),
        ("claude-opus-4-5-20251101", (5.0, 25.0)),
        ("claude-opus-4-1-20250805", (15.0, 75.0)),
        ("anthropic/claude-opus-4.5", (5.0, 25.0)),
        ("gemini-2.5-pro-preview-05-06", (1.25, 10.0)),
    ],
)
def test_a_model_is_found_by_name_vendor_and_edition(model, price):
    assert price_of(model) == price


@pytest.mark.parametrize(
    "model", ["", "heron", "claude-opus-4-9", "gpt-5.9", "gpt-4o-turbo-max", "my-gpt-4o", "qwen3:8b", "o3-", "*"]
)
def test_a_model_that_is_not_in_the_table_has_no_price(model):
    assert price_of(model) is None


def test_the_users_prices_win_and_the_longest_pattern_counts():
    own = {"Company/*": (1.0, 2.0), "company/heron-*": (3.0, 4.0), "gpt-4o": (0.0, 0.0)}
    assert price_of("company/stork", own) == (1.0, 2.0)
    assert price_of("company/heron-7", own) == (3.0, 4.0)
    assert price_of("openai/gpt-4o-2024-08-06", own) == (0.0, 0.0)
    assert price_of("gpt-4o-mini", own) == (0.15, 0.6)


def test_every_price_in_the_table_is_a_sound_pair():
    assert len(builtin()) > 30
    for name, (prompt, completion) in builtin().items():
        writes = not name.startswith("text-embedding")
        assert (
            0 <= prompt <= 200 and (prompt <= completion <= 200 if writes else completion == 0) and name == name.lower()
        )


def test_usage_is_estimated_at_four_characters_a_token():
    request = Request((Message("user", "x" * 41),))
    assert estimated(request, "y" * 7, ModelInfo("heron", 1.0, 10.0)) == Usage(1, 15, 2, pytest.approx(35 / 1e6))
    assert estimated(request, "", ModelInfo("heron")).money is None


REASONS = "o1 o3-mini o4-mini-2025-04-16 gpt-5 gpt-5.4-mini openai/gpt-5-nano gpt-6-sol gpt-oss:20b deepseek-r1:8b deepseek-reasoner"
REASONS += " deepseek/deepseek-r1-distill-qwen-7b qwq:32b qwen3:8b kimi-k2-thinking magistral-small phi-4-reasoning grok-4 gemini-2.5-pro"
AT_ONCE = (
    "gpt-4o gpt-4.1 gpt-5-chat-latest gpt-5.1-chat-latest llama3.2 qwen3-coder:30b qwen3-4b-instruct-2507 mistral-small"
)
AT_ONCE += " claude-sonnet-4-5 deepseek-chat grok-4-fast-non-reasoning omni gemma3:4b gemini-2.0-flash"


@pytest.mark.parametrize("model", REASONS.split())
def test_models_that_reason_by_themselves_are_known_by_name(model):
    assert models.reasons(model)


@pytest.mark.parametrize("model", AT_ONCE.split())
def test_models_that_answer_at_once_are_not_taken_for_others(model):
    assert not models.reasons(model)
