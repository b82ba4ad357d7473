"""Any text in a database: PostgreSQL keeps no NUL, and neither it nor SQLite keeps half of a character.

Invariant: whatever text Python has comes back as it was; one without such characters is kept as it is, and can be
searched.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Dialect, UnicodeText
from sqlalchemy.types import TypeDecorator

_MARK = "\x1a"
"""The old control character for what cannot be shown; four hexadecimal digits follow it."""
_ODD = re.compile("[\x00\x1a\ud800-\udfff]")
_KEPT = re.compile(f"{_MARK}([0-9a-f]{{4}})")


def to_kept(text: str) -> str:
    """A text as it is kept."""
    return _ODD.sub(lambda found: f"{_MARK}{ord(found.group()):04x}", text)


def from_kept(text: str) -> str:
    """The text that `to_kept` was given."""
    return _KEPT.sub(lambda found: chr(int(found.group(1), 16)), text) if _MARK in text else text


class AnyText(TypeDecorator[str]):
    """A column that takes any text."""

    impl = UnicodeText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else to_kept(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else from_kept(value)
