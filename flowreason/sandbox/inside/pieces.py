"""Runs one piece: fresh names, its functions answered by the host, its value or what went wrong and where.

Invariant: a piece sees its own names, the functions it was given, and `Names`; what it binds goes with it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from flowreason.sandbox.inside.emulator import emulate
from flowreason.sandbox.inside.names import Names
from flowreason.sandbox.inside.output import OutputFull, Stop
from flowreason.sandbox.inside.piece import Asking, NoValue, Piece
from flowreason.sandbox.inside.records import given
from flowreason.sandbox.inside.rewrite import FILE, PIECE, Compiled, compiled
from flowreason.values import NotPlain

MOST_KEPT = 256
LONGEST, LONGEST_KIND = 500, 100
"""Characters of an error's text, and of its name."""


class Pieces:
    """Runs pieces, one inside the other at most."""

    def __init__(self, names: Names, host: Asking) -> None:
        self._names = names
        self._host = host
        self._kept: dict[str, Compiled] = {}

    def run(self, piece: Piece) -> tuple[Any, dict[str, Any]]:
        """The value of a piece, and what else the host shall know. Raises whatever the piece raises."""
        if piece.emulate:
            return emulate(piece, self._builtins(piece), self._host)
        code = self._code(piece.code)
        space = {"__builtins__": self._builtins(piece), "__name__": "__main__", **piece.names}
        exec(code.body, space)
        if code.last is not None:
            return eval(code.last, space), {}
        return space[PIECE]() if code.wrapped else None, {}

    def _code(self, text: str) -> Compiled:
        found = self._kept.get(text)
        if found is None:
            found = compiled(text)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[text] = found
        return found

    def _builtins(self, piece: Piece) -> dict[str, Any]:
        return self._names.builtins | {name: self._outside(piece.run, name) for name in piece.functions}

    def _outside(self, run: int, name: str) -> Callable[..., Any]:
        """A function that the host answers."""

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                handed, named = [given(each) for each in args], {key: given(each) for key, each in kwargs.items()}
            except NotPlain as error:
                raise TypeError(f"{name}: {error}") from None
            return self._host.ask({"is": "call", "run": run, "name": name, "args": handed, "kwargs": named})

        call.__name__ = call.__qualname__ = name
        return call


def failure(error: BaseException, cause: int = 0) -> dict[str, Any]:
    """What the host is told of an exception: its kind, a short text, and the line of the piece."""
    kind = type(error).__name__[:LONGEST_KIND]
    if isinstance(error, MemoryError):
        return {"is": "failed", "kind": "memory", "text": "it needs more memory than is allowed", "line": line(error)}
    if isinstance(error, OutputFull):
        return {"is": "failed", "kind": "output", "text": str(error), "line": line(error)}
    if isinstance(error, NoValue):
        return {"is": "failed", "kind": "value", "text": str(error), "line": 0}
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return {"is": "failed", "kind": kind, "text": _short(f"{kind}: {error.msg}"), "line": error.lineno or 0}
    said = _said(error)
    text = _short(f"{kind}: {said}" if said else kind)
    return {"is": "failed", "kind": kind, "text": text, "line": line(error), "cause": cause}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _said(error: BaseException) -> str:
    """The text of an exception, on one line; its `__str__` belongs to the piece and may fail."""
    try:
        return " ".join(str(error).split())
    except Stop:
        raise
    except BaseException:  # noqa: BLE001 - a piece may raise whatever it likes, and fails for what it was about
        return "its text cannot be read"


def line(error: BaseException) -> int:
    """The innermost line of the piece that an exception passed, 0 where there is none."""
    lines = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == FILE]
    return lines[-1] if lines else 0
