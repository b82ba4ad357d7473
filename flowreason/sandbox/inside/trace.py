"""What an emulated program did, line by line: who executed it, and what changed.

A call that the model answered belongs to the line where it stands, be it inside of a function, a comprehension or a
key to sort by. Invariant: lines that the model answered are all kept; of those that Python ran, the first two thousand,
and each at least once.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowreason.sandbox.inside.records import given, leave
from flowreason.values import NotPlain

if TYPE_CHECKING:
    from flowreason.sandbox.inside.instrument import Statement

MOST_LINES = 2_000
MOST_ANSWERED = 10_000
LONGEST = 500
LONGEST_SHOWN = 4_000

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = LONGEST
_short.maxlist = _short.maxdict = _short.maxset = _short.maxtuple = _short.maxdeque = 20


class Trace:
    """The lines so far."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.last = ""
        self._asked: set[int] = set()
        self._seen: set[int] = set()
        self._python = 0

    def called(self, line: int, ends: bool) -> None:
        """The model answered a call; `ends`: it belongs to a statement whose end will be told."""
        if ends:
            self._asked.add(line)
        else:
            self._add(line, line, "model", {})

    def ran(self, statement: Statement, values: tuple[Any, ...]) -> None:
        """A statement came to its end."""
        roots = dict.fromkeys(target.root for target in statement.targets)
        names = [statement.named] if statement.named else roots
        self._ended(statement, {name: value for name, value in zip(names, values, strict=False) if not _is_code(value)})

    def raised(self, statement: Statement) -> None:
        """A statement ended with an exception that is the program's own business."""
        self._ended(statement, {})

    def answered(self, statement: Statement, new: Mapping[str, Any]) -> None:
        """A statement was answered by a new state."""
        first, last = statement.lines
        self._inner(first, last)
        self._add(first, last, "state", new)

    def over(self) -> list[dict[str, Any]]:
        """All lines; the program has ended, and with it every statement that an exception left."""
        for line in sorted(self._asked):
            self._add(line, line, "model", {})
        self._asked.clear()
        return self.lines

    def _ended(self, statement: Statement, changed: Mapping[str, Any]) -> None:
        first, last = statement.lines
        by = "model" if self._asked and self._inner(first, last) else "python"
        self._add(first, last, by, changed)

    def _inner(self, first: int, last: int) -> bool:
        """Tells the calls on further lines of a statement; whether its first line holds one."""
        answered = {line for line in self._asked if first <= line <= last}
        self._asked -= answered
        for line in sorted(answered - {first}):
            self._add(line, line, "model", {})
        return first in answered

    def _add(self, line: int, end: int, by: str, changed: Mapping[str, Any]) -> None:
        if by != "python":
            if len(self.lines) >= MOST_ANSWERED:
                return
        elif self._python >= MOST_LINES and line in self._seen:
            return
        else:
            self._python += 1
            self._seen.add(line)
        named = {name: snapshot(value) for name, value in changed.items() if name != "__fr_value__"}
        if changed.get("__fr_value__") is not None:
            named["value"] = snapshot(changed["__fr_value__"])
        self.lines.append({"line": line, "end": end, "by": by, "changed": named})


def _is_code(value: Any) -> bool:
    return callable(value) or type(value).__name__ == "module"


def snapshot(value: Any) -> Any:
    """A value as JSON data if it is small, else a short text of it; it may change later."""
    if value is None or isinstance(value, bool | int | float):
        return leave(value)
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    try:
        if isinstance(value, list | tuple | dict | set) and len(value) <= 100:
            data = given(value)
            if len(json.dumps(data)) <= 4 * LONGEST:
                return data
    except (NotPlain, RecursionError, ValueError):
        pass
    return short(value)


def short(value: Any) -> str:
    """A short text of any value; its `__repr__` belongs to the program and may fail."""
    return _without_places(lambda: _short.repr(value), value)


_PLACE = re.compile(r" (?:object )?at 0x[0-9a-f]+")


def _without_places(text: Callable[[], str], value: Any) -> str:
    """The text of a value, without places in memory, which differ on every run."""
    try:
        if getattr(type(value), "__repr__", None) is object.__repr__:
            parts = ", ".join(f"{name}={_short.repr(part)}" for name, part in vars(value).items())
            return _PLACE.sub("", f"{type(value).__name__}({parts})")
        return _PLACE.sub("", text())
    except Exception:  # noqa: BLE001
        return f"<{type(value).__name__}>"


def shown(value: Any) -> str:
    """A value as Python writes it, cut in the middle when it is long."""
    text = _without_places(lambda: repr(value), value)
    half = LONGEST_SHOWN // 2
    return text if len(text) <= LONGEST_SHOWN else f"{text[:half]} … {text[-half:]}"
