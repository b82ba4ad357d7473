"""What looks like a key, and how it is taken out of texts.

Invariant: nothing here knows where a text comes from; what is taken out cannot be read off what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KEY_LIKE = re.compile(r"\b(sk|pk|rk|gsk|xai|nvapi|hf|AIza)[-_]?[A-Za-z0-9_*.…-]{12,}|(?<=Bearer )\S+")
MARK = "[key]"


def blacked_out(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without secrets, in which every other letter keeps its place. A word without any digit is no key."""
    for secret in secrets:
        text = text.replace(secret, _bar(secret))
    return KEY_LIKE.sub(lambda found: _bar(found[0]) if any(map(str.isdigit, found[0])) else found[0], text)


def _bar(secret: str) -> str:
    return (MARK + "*" * len(secret))[: len(secret)]
