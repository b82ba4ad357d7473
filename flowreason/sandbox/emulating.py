"""The host's side of an emulated program: its questions checked and handed to the one who answers, and its trace.

Invariant: whatever the worker sends, the host of the emulation sees requests of the right types and bounded size.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from flowreason.ports import EmulateHost, FailedLine, PythonTask, TraceLine, UnknownCall
from flowreason.sandbox.messages import Asked, Misbehaved, call_of
from flowreason.values import decode

MOST_TRACED = 12_000


def answering(task: PythonTask, host: EmulateHost) -> Callable[[Asked], Awaitable[Any]]:
    """Answers the questions of one program."""

    async def answer(asked: Asked) -> Any:
        try:
            request = unknown_call(asked.fields) if asked.kind == "unknown" else failed_line(asked)
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, AttributeError) as error:
            raise Misbehaved(f"it sent what is no question: {type(error).__name__}") from error
        if isinstance(request, FailedLine):
            changed = await host.state(request)
            return {str(name): value for name, value in changed.items()}
        if request.known and request.name not in task.functions:
            raise Misbehaved(f"it called {request.name[:100]!r}, which it was not given")
        return await host.call(request)

    return answer


def unknown_call(fields: Mapping[str, Any]) -> UnknownCall:
    """A call of a function that does not exist, or of one that the task was given."""
    name, args, kwargs = call_of(dict(fields))
    hint = fields.get("ret_type")
    return UnknownCall(
        name=name,
        args=args,
        kwargs=kwargs,
        line=_int(fields["line"]),
        state=_texts(fields["state"]),
        ret_type=None if hint is None else _text(hint)[:500],
        known=fields["known"] is True,
    )


def failed_line(asked: Asked) -> FailedLine:
    """A statement that failed."""
    if asked.kind != "state":
        raise ValueError("not a question of an emulated program")
    fields = asked.fields
    return FailedLine(
        line=_int(fields["line"]),
        end_line=_int(fields["end_line"]),
        source=_text(fields["source"]),
        error=_text(fields["error"])[:1000],
        state=_texts(fields["state"]),
        targets=tuple(_text(name)[:200] for name in fields["targets"][:100]),
    )


def trace_of(more: Mapping[str, Any]) -> tuple[TraceLine, ...]:
    """The trace that came with the value. Raises `Misbehaved`."""
    try:
        return tuple(map(_line, more["trace"][:MOST_TRACED]))
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, AttributeError) as error:
        raise Misbehaved(f"it sent what is no trace: {type(error).__name__}") from error


def _line(raw: Mapping[str, Any]) -> TraceLine:
    by = raw["by"]
    if by not in ("python", "model", "state"):
        raise ValueError("unknown answerer")
    changed = {_text(name): decode(value) for name, value in raw["changed"].items()}
    return TraceLine(_int(raw["line"]), by, changed, _int(raw["end"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value


def _texts(state: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in state.items()}
