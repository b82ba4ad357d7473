"""What can be told of a model from its name.

Invariant: a guess from a name only ever spares a needless request or a needless hint; where it is wrong, the server's
answer mends it.
"""

from __future__ import annotations

import re

_REASONS = re.compile(
    r"""
    o\d(-|$) | gpt-[5-9](?!.*chat) | gpt-oss
    | deepseek-(r\d|reasoner) | .*-r1(-|:|$)
    | qwq | qvq | qwen3(?!.*(instruct|coder))
    | grok-(3-mini|[4-9]) | gemini-(2\.5-pro|[3-9]) | magistral | glm-(4\.[5-9]|[5-9]|z)
    | .*thinking | .*reason
    """,
    re.VERBOSE,
)
_ANSWERS_AT_ONCE = re.compile(r"non-?(reason|think)|no-?think")
_OPENAI_REASONS = re.compile(r"o\d(-|$)|gpt-[5-9]")
_WRITES_GRAMMARS = re.compile(r"gpt-[5-9](?!.*(chat|nano))")
_MOST_TOKENS = (
    (re.compile(r"gpt-[5-9](?!.*chat)"), 128_000),
    (re.compile(r"o[134](-|$)"), 100_000),
    (re.compile(r"gpt-4\.1"), 32_768),
    (re.compile(r"gpt-4o|gpt-5.*chat"), 16_384),
)


def reasons(model: str) -> bool:
    """Whether a model reasons by itself before it answers."""
    name = _bare(model)
    return bool(_REASONS.match(name)) and not _ANSWERS_AT_ONCE.search(name)


def counts_reasoning(model: str) -> bool:
    """Whether a model wants `max_completion_tokens`, which counts what it reasons too."""
    return bool(_OPENAI_REASONS.match(_bare(model)))


def writes_grammars(model: str) -> bool:
    """Whether OpenAI's server can force this model to follow a Lark grammar."""
    return bool(_WRITES_GRAMMARS.match(_bare(model)))


def most_tokens(model: str) -> int | None:
    """The most tokens a model may write in one reply, where known."""
    name = _bare(model)
    return next((tokens for pattern, tokens in _MOST_TOKENS if pattern.match(name)), None)


def _bare(model: str) -> str:
    return model.lower().rpartition("/")[2]
