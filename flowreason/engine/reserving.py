"""What one call may use at worst, so that it can be reserved before it is sent.

Invariant: a prompt is reckoned at no less than tokenizers make of it; where tokens or money are limited, a reply has a
greatest length, which is sent along.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flowreason.ports import ModelInfo, Request, Usage

FIRST_REPLY = 1024
"""Tokens that are reserved for a reply of which nobody says how long it may be."""
FIRST_OF_REASONERS = 8192
LONGER = 4
"""A reply that was cut off for what was reserved is asked for again with so many times the room."""
FEWEST_FOR_REPLY = 16
_ASCII_PER_TOKEN = 3
_AROUND_MESSAGE = 8


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one call under way may use at worst, and what it has used if it is sent and never answered.

    `room`: the most tokens that its reply may have, where that is not the request's own bound.
    """

    tokens: int
    money: float
    sent: Usage
    room: int | None = None


def prompt_most(request: Request) -> int:
    """The tokens of a prompt, on the safe side: one for three letters of ASCII, one for any other character."""
    texts = [message.content for message in request.messages]
    if request.schema is not None:
        texts.append(json.dumps(request.schema))
    if request.grammar is not None:
        texts.append(request.grammar.definition)
    return sum(_tokens(text) + _AROUND_MESSAGE for text in texts)


def _tokens(text: str) -> int:
    if text.isascii():
        return len(text) // _ASCII_PER_TOKEN + 1
    other = sum(not letter.isascii() for letter in text)
    return (len(text) - other) // _ASCII_PER_TOKEN + 2 * other + 1


def first_room(info: ModelInfo) -> int:
    """The tokens that are reserved at first for a reply; a model that reasons needs more before it says a word."""
    return min(FIRST_OF_REASONERS if info.reasons else FIRST_REPLY, info.output_tokens or FIRST_OF_REASONERS)


def worst(
    request: Request, info: ModelInfo, room: int, tokens_left: float | None = None, money_left: float | None = None
) -> Reserved:
    """The most that a call may use. `tokens_left`, `money_left`: what a limit leaves for it alone; None: no limit."""
    prompt = prompt_most(request)
    asked = prompt * (info.prompt_price or 0) / 1e6
    price = (info.completion_price or 0) / 1e6
    reply, bound = 0 if request.embed else request.max_tokens or room, None
    if not request.embed and request.max_tokens is None and (tokens_left is not None or money_left is not None):
        most = [float(room)]
        if tokens_left is not None:
            most.append(tokens_left - prompt)
        if money_left is not None and price:
            most.append((money_left - asked) / price)
        reply = bound = max(FEWEST_FOR_REPLY, int(min(most)))
    return Reserved(prompt + reply, asked + reply * price, Usage(1, prompt, 0, asked), bound)
