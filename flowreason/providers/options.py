"""What `OpenAIProvider` may be given (see `wanted`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flowreason.wanted import CALLED, NAMES, PRICES, TEXT, TEXTS, Kind, maybe, number, one_of, whole


def _are_prices(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(PRICES.fits, value.values()))


OPENAI: Final[Mapping[str, Kind]] = {
    "model": TEXT,
    "base_url": maybe(TEXT),
    "api_key": maybe(TEXT),
    "headers": maybe(TEXTS),
    "api": one_of("auto", "chat", "responses"),
    "timeout": number(0.001),
    "concurrency": whole(1),
    "retries": whole(0),
    "max_wait": number(0),
    "requests_per_minute": maybe(whole(1)),
    "tokens_per_minute": maybe(whole(1)),
    "fallback_models": NAMES,
    "grammar": maybe(one_of("lark", "gbnf")),
    "prices": maybe(Kind("a mapping of models to two prices: {'gpt-*': (0.75, 4.5)}", _are_prices)),
    "sleep": CALLED,
    "clock": CALLED,
}
