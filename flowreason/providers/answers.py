"""What the two APIs have in common when a reply is read: nothing is taken on trust.

Invariant: an `Answer` is made of values that were checked; everything else is a `ProviderError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from flowreason.errors import ProviderError

_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.S)
OPEN_THOUGHT = re.compile(r"\s*<think(?:ing)?>")
CLOSE_THOUGHT = re.compile(r"</think(?:ing)?>\s*")

MOST_TOKENS = 2**40
LARGEST_REPLY = 32 * 1024 * 1024
"""The most bytes, or characters, that a reply may have."""

TOO_LARGE = f"the reply is longer than {LARGEST_REPLY // 2**20} MB"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as the server gave it; tokens are None where it did not count them."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str


def bad_reply(what: str) -> NoReturn:
    """A reply that cannot be used, though the server says that all is well. Worth another try."""
    raise ProviderError(f"the model server sent a reply that cannot be used: {what}", kind="reply")


def too_large() -> NoReturn:
    raise ProviderError(TOO_LARGE, kind="reply")


def refused(why: str) -> NoReturn:
    raise ProviderError(f"the model refused to answer: {one_line(why) or 'it gave no reason'}", kind="refused")


def one_line(text: str, length: int = 300) -> str:
    """What somebody else wrote, fit to be printed: on one line, without control characters, shortened."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 20 * length]).split())
    return line if len(line) <= length else line[:length] + "…"


def sendable(text: str) -> str:
    """The text, with halves of surrogate pairs, which UTF-8 cannot carry, as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def joined_halves(text: str) -> str:
    """The text, with the halves of surrogate pairs that came in two pieces put together."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def tokens(usage: Any, name: str) -> int | None:
    """A count of tokens, None where the server sent none that makes sense."""
    count = usage.get(name) if isinstance(usage, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < MOST_TOKENS else None


def error_inside(data: Mapping[str, Any]) -> Any:
    """An error that came with status 200, of the whole reply or of its first choice."""
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return data.get("error") or (first.get("error") if isinstance(first, dict) else None)


def status_inside(error: Any) -> int:
    """The status that an error names which came with status 200."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 200


def as_dict(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        bad_reply(f"{what} is {_type(value)}, not an object")
    return value


def as_list(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, list):
        bad_reply(f"{what} is {_type(value)}, not a list")
    return value


def as_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        bad_reply(f"{what} is {_type(value)}, not a text")
    return value


def _type(value: Any) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"


def spoken(text: str, finish: str, stop: Sequence[str], thinks: bool) -> str:
    """What a reply says: without the reasoning that some servers leave at its beginning, and up to a stop sequence.

    A reply that was cut off while it reasoned says nothing. An empty text is only accepted where it was cut off.
    `thinks`: the model is one that reasons, so that a lone end of a thought is one.
    """
    said = _without_thought(sendable(text), thinks)
    for sequence in stop:
        said = said.split(sequence, 1)[0] if sequence else said
    if not said.strip() and finish != "length" and not stop:
        bad_reply("its text is empty" if not text.strip() else "it holds reasoning and no answer")
    return said


def _without_thought(text: str, thinks: bool) -> str:
    whole = _THOUGHT.match(text)
    if whole:
        return text[whole.end() :]
    if OPEN_THOUGHT.match(text):
        return ""
    # Some chat templates open the thought in the prompt, so that the reply only closes it.
    closing = CLOSE_THOUGHT.search(text) if thinks else None
    return text[closing.end() :] if closing else text
