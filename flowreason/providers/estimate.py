"""What a request and its reply cost: tokens by length where the server does not say, money from prices.

Invariant: an estimate is decided by the texts alone, so that equal requests are always counted alike.
"""

from __future__ import annotations

from flowreason.ports import ModelInfo, Request, Usage

CHARACTERS_A_TOKEN = 4
TOKENS_A_MESSAGE = 4


def tokens_of(text: str) -> int:
    """About how many tokens a text takes: one for every four characters, rounded up."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


def prompt_tokens(request: Request) -> int:
    """About how many tokens the messages of a request take."""
    return sum(tokens_of(message.content) + TOKENS_A_MESSAGE for message in request.messages)


def money(prompt: int, completion: int, info: ModelInfo) -> float | None:
    """US dollars for so many tokens; None where a price is unknown."""
    if info.prompt_price is None or info.completion_price is None:
        return None
    return (prompt * info.prompt_price + completion * info.completion_price) / 1e6


def usage(prompt: int, completion: int, info: ModelInfo) -> Usage:
    """The usage of one answered call."""
    return Usage(1, prompt, completion, money(prompt, completion, info))


def estimated(request: Request, text: str, info: ModelInfo) -> Usage:
    """The usage of one answered call whose tokens nobody counted."""
    return usage(prompt_tokens(request), 0 if request.embed else tokens_of(text), info)
