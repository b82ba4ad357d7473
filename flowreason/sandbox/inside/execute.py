"""`execute`: a program's text run in a namespace of its own, and what came of it as a record.

Invariant: whatever the program raises by itself is told in `error`. What the sandbox itself ends (its time, its memory
for output, a host that is gone) goes on and ends the piece. Names are copied: the program changes nothing of its
caller's.
"""

from __future__ import annotations

import copy
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from flowreason.sandbox.inside.output import Printed
from flowreason.sandbox.inside.piece import ANSWERS
from flowreason.sandbox.inside.records import Record, leave, settled
from flowreason.sandbox.inside.rewrite import PIECE, compiled
from flowreason.values import NotPlain

PROGRAM = "<program>"
MOST_PRINTED = 1_000_000
LONGEST_ERROR, LONGEST_LINE = 500, 120


def executing(builtins: Callable[[], Mapping[str, Any]], unfenced: Callable[[str], str]) -> Callable[..., Record]:
    """The function `execute`; `builtins` are what its programs find, `unfenced` gives the program in a text."""

    def execute(program: str, /, **names: Any) -> Record:
        text = unfenced(str(program))
        before = sys.stdout
        printed = Printed(before.most if isinstance(before, Printed) else MOST_PRINTED)
        space = {"__builtins__": dict(builtins()), "__name__": "__main__"}
        space |= {name: _copied(value) for name, value in names.items()}
        value, error = None, ""
        sys.stdout = printed
        try:
            value = _plain(_run(text, space))
        except (Exception, SystemExit, KeyboardInterrupt) as raised:  # noqa: BLE001 - the program's own
            error = said(raised, text)
        finally:
            sys.stdout = before
        return Record(value=value, output=printed.text(), error=error)

    return execute


def _run(text: str, space: dict[str, Any]) -> Any:
    code = compiled(text, PROGRAM)
    exec(code.body, space)
    value = eval(code.last, space) if code.last is not None else space[PIECE]() if code.wrapped else None
    if value is not None:
        return value
    if callable(space.get("solution")):
        return space["solution"]()
    return next((space[name] for name in ANSWERS if name in space), None)


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - what cannot be copied, such as an iterator, is handed on as it is
        return value


def _plain(value: Any) -> Any:
    """The value, with iterators inside as lists. Raises TypeError where it is none that a piece hands on."""
    try:
        settled_ = settled(value)
        leave(settled_)
    except NotPlain as error:
        raise TypeError(f"its value is none that can be handed on: {error}") from None
    except RecursionError:
        raise TypeError("its value is nested too deeply to be handed on") from None
    return settled_


def said(error: BaseException, text: str) -> str:
    """One line on an exception: its kind, what it says, and the line of the program."""
    kind = type(error).__name__
    try:
        message = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    except Exception:  # noqa: BLE001 - its `__str__` belongs to the program
        message = "its text cannot be read"
    if isinstance(error, MemoryError):
        message = message or "it needs more memory than is allowed"
    head = f"{kind}: {message}" if message else kind
    if len(head) > LONGEST_ERROR:
        head = head[: LONGEST_ERROR - 1] + "…"
    number = _line(error)
    lines = text.splitlines()
    if not 0 < number <= len(lines):
        return head
    source = lines[number - 1].strip()
    return f"{head} (line {number}: {source if len(source) <= LONGEST_LINE else source[: LONGEST_LINE - 1] + '…'})"


def _line(error: BaseException) -> int:
    if isinstance(error, SyntaxError) and error.filename == PROGRAM:
        return error.lineno or 0
    walked = traceback.walk_tb(error.__traceback__)
    lines = [number for frame, number in walked if frame.f_code.co_filename == PROGRAM]
    return lines[-1] if lines else 0
