"""What a worker may say, checked: a piece of Python shares the process with the worker and can forge any message.

Invariant: a message that gets past here is of a known form and its values are plain and of bounded size; a forged
one can at worst falsify the result of the piece itself, or make a call that the piece could make anyway.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowreason.values import MOST_DEEP, NotPlain, decode, encode, too_deep

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_parse = json.JSONDecoder().decode

MOST_CONTAINERS = 1_000_000
"""Lists and records in one message; each costs the host sixty bytes and more, however short it is written."""

AROUND = 5
"""How deep a value stands in a message, at most: that of a variable in a trace."""


class Misbehaved(Exception):
    """A worker said what it must not."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is confined and waits for work."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker cannot be used at all."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """`worn`: the process is not to be used again."""

    value: Any
    printed: str
    more: dict[str, Any]
    worn: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    kind: str
    text: str
    line: int
    cause: int
    worn: bool = False


@dataclass(frozen=True, slots=True)
class Wild:
    """The piece needs a process of its own: it might change what outlives it, and was not begun; or it found too little
    memory here."""

    worn: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the host; `number` goes into the answer."""

    kind: str
    number: int
    fields: dict[str, Any]


Message: TypeAlias = Ready | Broken | Done | Failed | Wild | Asked


def pack(message: dict[str, Any]) -> bytes:
    """A message to a worker, as it goes over the wire."""
    data = _write(message).encode("utf-8", "surrogatepass")
    return len(data).to_bytes(4, "big") + data


def read(data: bytes) -> tuple[int, Message]:
    """The piece that a message belongs to, and the message. Raises `Misbehaved`."""
    containers = data.count(b"[") + data.count(b"{")
    if containers > MOST_CONTAINERS:
        raise Misbehaved(f"it handed on more than {MOST_CONTAINERS:,} lists and records at once")
    try:
        raw = _parse(data.decode("utf-8", "surrogatepass"))
        if containers > MOST_DEEP and too_deep(raw, AROUND):
            raise RecursionError
        return _read(_of(raw, dict))
    except RecursionError as error:
        raise Misbehaved("it handed on what is nested too deeply") from error
    except NotPlain as error:
        raise Misbehaved(str(error)) from error
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
        raise Misbehaved(f"it sent what is no message: {type(error).__name__}") from error


def _read(raw: dict[str, Any]) -> tuple[int, Message]:
    run = _of(raw.get("run", 0), int)
    match raw["is"]:
        case "done":
            more = {name: value for name, value in raw.items() if name not in ("is", "run", "value", "printed", "worn")}
            return run, Done(decode(raw["value"]), _of(raw["printed"], str), more, raw.get("worn") is True)
        case "failed":
            text, kind = _of(raw["text"], str)[:2000], _of(raw["kind"], str)[:100]
            worn = raw.get("worn") is True or kind == "memory"  # what it took may not come back
            return run, Failed(kind, text, _of(raw.get("line", 0), int), _of(raw.get("cause", 0), int), worn)
        case "wild":
            return run, Wild(raw.get("worn") is True)
        case "ready":
            return run, Ready()
        case "broken":
            return run, Broken(_of(raw["text"], str)[:500])
        case "call" | "unknown" | "state" as kind:
            return run, Asked(kind, _positive(raw["call"]), raw)
    raise ValueError("unknown message")


def _positive(value: Any) -> int:
    number: int = _of(value, int)
    if number <= 0:
        raise ValueError("not positive")
    return number


def _of(value: Any, type_: type) -> Any:
    if type(value) is not type_:
        raise TypeError(f"not {type_.__name__}")
    return value


def call_of(fields: dict[str, Any]) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Name, arguments and keyword arguments of a call. Raises `Misbehaved`."""
    try:
        args, kwargs = _of(fields["args"], list), _of(fields["kwargs"], dict)
        return _of(fields["name"], str), tuple(map(decode, args)), {key: decode(value) for key, value in kwargs.items()}
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, AttributeError) as error:
        raise Misbehaved(f"it sent what is no call: {type(error).__name__}") from error


def piece(run: int, task: Any, *, emulate: bool, alone: bool = False) -> dict[str, Any]:
    """The message that starts a piece, `alone`: in a process of its own. Raises `NotPlain`."""
    return {
        "do": "run",
        "run": run,
        "code": task.code,
        "names": {name: encode(value) for name, value in task.names.items()},
        "functions": list(task.functions),
        "seed": task.seed,
        "emulate": emulate,
        "written": task.written,
        "alone": alone,
    }
