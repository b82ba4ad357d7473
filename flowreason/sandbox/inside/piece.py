"""What the host wants to be run, and the way back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class Piece:
    """What the host wants to be run."""

    run: int
    code: str
    names: dict[str, Any]
    functions: tuple[str, ...]
    seed: int
    emulate: bool
    written: bool = False

    @classmethod
    def read(cls, message: dict[str, Any]) -> Piece:
        names, functions = dict(message["names"]), tuple(message["functions"])
        kind = message["emulate"], message["written"]
        return cls(message["run"], message["code"], names, functions, message["seed"], *kind)


ANSWERS = ("answer", "ans", "result")
"""Variables that hold the value of a program which ends without one, the first that is there."""


class NoValue(Exception):
    """A program that was written by a step came to its end without a value."""

    def __init__(self) -> None:
        super().__init__(
            f"the program gives no value: it ends without an expression, and sets none of {', '.join(ANSWERS)}"
        )


class HostError(RuntimeError):
    """A function outside failed; `number` is the call's."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number


class Asking(Protocol):
    """The way to the host."""

    def ask(self, question: dict[str, Any]) -> Any: ...
