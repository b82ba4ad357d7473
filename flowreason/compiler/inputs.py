"""What a run is given besides the question: names, types, sizes and beginnings, for the one who writes the flow.

Invariant: an input is described, never copied: at most a short beginning of it is shown, between tags it cannot close.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowreason.asking.kinds import type_of
from flowreason.asking.misfit import cut_middle
from flowreason.asking.prompt import fences
from flowreason.errors import InputError
from flowreason.values import show
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.types import TEXT, Type

QUESTION = "question"
"""The parameter that holds the question itself."""

BEGINNING = 300
"""Characters of an input that are shown."""

FEW = 20
"""Items of a list that are shown, as far as they fit."""


def parameters(inputs: Mapping[str, Any]) -> dict[str, Type]:
    """The parameters that a flow may have, with their types, the question first. Raises `InputError` for a bad name."""
    for name in inputs:
        if name == QUESTION:
            raise InputError("an input cannot be called `question`: that is the question itself; give it another name")
        if not is_name(name):
            raise InputError(
                f"an input cannot be called {name!r}: use letters, digits and _, and no word of the language"
            )
    return {QUESTION: TEXT} | {name: type_of(value) for name, value in inputs.items()}


def is_name(word: str) -> bool:
    """Whether the language takes a word as the name of a value."""
    plain = word.isidentifier() and word.isascii()
    return plain and parse_lenient(f"flow f({word}: text) {{ answer {word} }}")[0] is not None


def described(inputs: Mapping[str, Any]) -> str:
    """Every input as `name: type, size`, and the beginnings of the long ones below; empty where there are none."""
    rows = [f"- {name}: {type_of(value)}, {size_of(value)}" for name, value in inputs.items()]
    shown = [(name, beginning(value)) for name, value in inputs.items()]
    return "\n".join(rows) + "\n\n" + fences(shown) if rows else ""


def size_of(value: Any) -> str:
    """How much a value is, in words: `12,400 characters`, `140 items`."""
    if isinstance(value, str):
        return _count(len(value), "character")
    if isinstance(value, Mapping):
        return _count(len(value), "entry", "entries")
    if isinstance(value, list | tuple | set | frozenset):
        return _count(len(value), "item")
    return "one value"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def beginning(value: Any) -> str:
    """The first characters of a value as people write it."""
    few = value[:FEW] if isinstance(value, list | tuple) else value
    text = show(few)
    more = len(text) > BEGINNING or (few is not value and len(value) > FEW)
    return text[:BEGINNING].rstrip() + (" …" if more else "")


def shortened(question: str, limit: int) -> str:
    """A question of any length in at most about `limit` characters; it says where all of it is."""
    if len(question) <= limit:
        return question
    note = "\n(All of it is in the parameter `question`; take it from there with Python, do not copy it.)"
    return cut_middle(question, limit) + note
