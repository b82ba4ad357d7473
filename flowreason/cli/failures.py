"""From an error to what the user is told and the exit code.

Invariant: what a user did wrong is told in at most three lines on stderr, without a traceback. Codes: 0 an
answer, 1 the flow failed, 2 bad usage or a bad flow, 3 a limit, 4 the run waits for a person, 130 cancelled (after
SIGTERM 143, after SIGHUP 129).
"""

from __future__ import annotations

import json
from typing import Any

from flowreason.errors import Cancelled, CompileError, FlowreasonError, LimitExceeded, ProviderError, UsageError
from flowreason_dsl.diagnostics import FlowError, as_json

ANSWERED, FAILED, MISUSED, LIMITED, WAITING, CANCELLED = 0, 1, 2, 3, 4, 130
MOST_LINES = 3

_USER_CAN_MEND = frozenset({"key", "model", "url"})


def exit_code(error: BaseException) -> int:
    """The exit code that an error stands for."""
    match error:
        case FlowError() | UsageError() | OSError():
            return MISUSED
        case ProviderError(kind=kind) if kind in _USER_CAN_MEND:
            return MISUSED
        case LimitExceeded():
            return LIMITED
        case Cancelled() | KeyboardInterrupt():
            return CANCELLED
        case _:
            return FAILED


def told(error: BaseException) -> str:
    """An error in the words for a person; a flow's findings in full, all else in at most three lines."""
    if isinstance(error, FlowError):
        return str(error) if not _is_no_text(error) else _of_text(error)
    if isinstance(error, OSError):
        return _of_system(error)
    return "\n".join(line for line in str(error).splitlines() if line.strip()) or type(error).__name__


def _is_no_text(error: FlowError) -> bool:
    """Whether a flow could not even be read as text: then there is no line to show."""
    return [d.code for d in error.diagnostics] == ["encoding-utf8"]


def _of_text(error: FlowError) -> str:
    found = error.diagnostics[0]
    return f"{error.source.name}: {found.message}; {found.help}"


def short(text: str) -> str:
    """A text cut to three lines."""
    lines = text.splitlines()
    return "\n".join(lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[-1]])


def _of_system(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def error_json(error: BaseException) -> dict[str, Any]:
    """An error as plain data, for `--json`."""
    data: dict[str, Any] = {"kind": type(error).__name__, "message": short(told(error))}
    if isinstance(error, FlowError):
        data["message"] = error.diagnostics[0].message if error.diagnostics else str(error)
        data["diagnostics"] = [as_json(diagnostic, error.source) for diagnostic in error.diagnostics]
    elif isinstance(error, CompileError) and error.draft:
        data["draft"] = error.draft
    return data


def print_error(error: BaseException, *, as_data: bool, **more: Any) -> None:
    """Tell an error: on stderr for people, as an object on stdout with `--json`, `more` beside it."""
    from flowreason.cli.output import complain, emit

    if isinstance(error, KeyboardInterrupt):
        complain("stopped", prefix="")
    elif as_data:
        emit(json.dumps({"status": "failed", "error": error_json(error), **more}, ensure_ascii=False))
    elif isinstance(error, FlowError) and not _is_no_text(error):
        complain(told(error), prefix="")
    else:
        complain(short(told(error)))


def is_expected(error: BaseException) -> bool:
    """Whether an error is one that users meet, and not a bug of ours."""
    return isinstance(error, FlowreasonError | OSError | KeyboardInterrupt)
