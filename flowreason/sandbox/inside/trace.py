"""What an emulated program did, line by line: who answered, and what changed.

Invariant: lines that the model answered are all kept; of those that Python ran, the first two thousand.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowreason.sandbox.inside.records import leave
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
    """The lines so far. `asked` are lines with a call that the model answered and that have not ended yet."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.asked: set[int] = set()
        self.last = ""
        self._python = 0

    def ran(self, statement: Statement, values: tuple[Any, ...]) -> None:
        """A statement came to its end."""
        node = statement.part or statement.node
        by = "python"
        if self.asked:
            answered = {line for line in self.asked if node.lineno <= line <= (node.end_lineno or node.lineno)}
            self.asked -= answered
            by = "model" if answered else by
        if by == "python":
            if statement.part is not None or self._python >= MOST_LINES:
                return
            self._python += 1
        elif len(self.lines) >= MOST_ANSWERED:
            return
        roots = dict.fromkeys(target.root for target in statement.targets)
        names = [statement.named] if statement.named else roots
        changed = {name: value for name, value in zip(names, values, strict=False) if not _is_code(value)}
        self._add(node.lineno, by, changed)

    def answered(self, statement: Statement, new: Mapping[str, Any]) -> None:
        """A statement was answered by a new state."""
        node = statement.part or statement.node
        if len(self.lines) < MOST_ANSWERED:
            self._add(node.lineno, "state", new)

    def _add(self, line: int, by: str, changed: Mapping[str, Any]) -> None:
        named = {name: snapshot(value) for name, value in changed.items() if name != "__fr_value__"}
        if changed.get("__fr_value__") is not None:
            named["value"] = snapshot(changed["__fr_value__"])
        self.lines.append({"line": line, "by": by, "changed": named})


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
            data = leave(value)
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
