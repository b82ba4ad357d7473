"""Which recorded request comes closest to one that was not recorded, and where the two part.

Invariant: the answer is one line of plain text, short however long the requests are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from flowreason.ports import Request
from flowreason.providers.scripted import last_user_text

AROUND = 60


def shorten(text: str, length: int = AROUND) -> str:
    """A text on one line, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length] + "…"


def closest(request: Request, recorded: Sequence[Request]) -> str:
    """One line about the recorded request most like this one."""
    if not recorded:
        return "The recording holds no request at all."
    nearest = max(recorded, key=lambda other: _likeness(request, other))
    return f"The closest recorded request differs in {_first_difference(nearest.as_json(), request.as_json())}."


def _likeness(one: Request, other: Request) -> tuple[float, int]:
    first, second = last_user_text(one), last_user_text(other)
    longest = max(len(first), len(second), 1)
    shared = min(_shared_beginning(first, second) + _shared_beginning(first[::-1], second[::-1]), longest)
    mine, theirs = one.as_json(), other.as_json()
    same_settings = sum(mine.get(name) == theirs.get(name) for name in mine.keys() | theirs.keys())
    return shared / longest, same_settings


def _shared_beginning(first: str, second: str) -> int:
    """How many characters two texts have in common at their beginning (by halving, for they may be long)."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low


def _first_difference(recorded: Any, asked: Any) -> str:
    where, before, now = next(_differences(recorded, asked, ""), ("nothing that is shown", None, None))
    if isinstance(before, str) and isinstance(now, str):
        start = _shared_beginning(before, now)
        before, now = before[start:], now[start:]
        where = f"{where} from character {start + 1}" if start else where
    return f"{where}: recorded {_shown(before)}, now {_shown(now)}"


def _differences(recorded: Any, asked: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in dict.fromkeys([*asked, *recorded]):
            yield from _differences(recorded.get(name), asked.get(name), f"{path}.{name}" if path else name)
    elif isinstance(recorded, list) and isinstance(asked, list):
        for index in range(max(len(recorded), len(asked))):
            before, now = (items[index] if index < len(items) else None for items in (recorded, asked))
            yield from _differences(before, now, f"{path}[{index}]")
    elif recorded != asked:
        yield path, recorded, asked


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(shorten(text), ensure_ascii=False)
