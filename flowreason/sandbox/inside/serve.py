"""The loop of a worker: take a message, run the piece, answer; ask the host in between, and run what it sends then.

Invariant: pieces are nested like calls; the innermost one runs, those below wait for an answer of the host. Answers
that come while a piece above still runs are kept. A piece that may change what outlives it (see `tame`) runs only where
the host says that it is alone; elsewhere it is sent back.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flowreason.sandbox.inside.clock import OutOfTime, count_down
from flowreason.sandbox.inside.names import Names
from flowreason.sandbox.inside.output import Printed, Stop
from flowreason.sandbox.inside.piece import HostError, Piece
from flowreason.sandbox.inside.pieces import Pieces, failure, line
from flowreason.sandbox.inside.records import leave
from flowreason.sandbox.inside.tame import look
from flowreason.sandbox.inside.wire import Wire, write
from flowreason.sandbox.inside.worn import Worn
from flowreason.values import MOST_DEEP, NotPlain, TooMuch, too_deep

DEEPEST = 5_000
"""How deep calls may go. Python's own 1,000 is too few for recursion that people write; the stack is made for this."""

STACK = 64 * 1024 * 1024


class Ended(Stop):
    """Nobody waits for this piece any more. No `except Exception` of a piece catches it."""


class Server:
    """Serves one session on a wire."""

    def __init__(self, wire: Wire, names: Names, limits: dict[str, Any]) -> None:
        self.wire = wire
        self.limits = limits
        self.pieces = Pieces(names, self)
        self._random = names.random
        self._worn = Worn()
        self._depth = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._count = 0

    def serve(self) -> None:
        """Until the host is gone."""
        self.wire.send({"is": "ready"})
        while True:
            self._take(self.wire.receive())

    def _take(self, message: dict[str, Any]) -> None:
        if message["do"] == "run":
            self._run(message)
        else:
            self._answers[message["call"]] = message

    def ask(self, question: dict[str, Any]) -> Any:
        """What the host answers; it may send further pieces first."""
        self._count += 1
        number = self._count
        left = count_down(0)
        self.wire.send({**question, "call": number})
        while number not in self._answers:
            self._take(self.wire.receive())
        count_down(left)
        answer = self._answers.pop(number)
        if "end" in answer:
            raise Ended
        if "error" in answer:
            raise HostError(answer["error"], number)
        return answer["value"]

    def _run(self, message: dict[str, Any]) -> None:
        printed = Printed(self.limits["output"])
        before, sys.stdout = sys.stdout, printed
        left, self._depth = 0.0, self._depth + 1
        try:
            count_down(self.limits["seconds"])
            outcome = self._looked_at(message)
            left = count_down(0)
        except OutOfTime as error:
            outcome = self._too_long(error)
        finally:
            count_down(0)
            sys.stdout = before
            self._depth -= 1
        worn = ',"worn":true' if self._depth == 0 and self._worn(self.limits["seconds"] - left) else ""
        self._answer(message["run"], outcome + worn if worn else outcome, printed)

    def _looked_at(self, message: dict[str, Any]) -> str:
        known = look(message["code"])
        if not known.tame and not message["alone"]:
            return _inner({"is": "wild"})
        if not known.chance:
            return self._outcome(message)
        state = self._random.getstate() if self._depth > 1 else None
        self._random.seed(message["seed"])
        try:
            return self._outcome(message)
        finally:
            if state is not None:
                self._random.setstate(state)  # a piece that waits below goes on with its own numbers

    def _outcome(self, message: dict[str, Any]) -> str:
        """The fields of the answer as JSON text, without the braces."""
        asked = self._count
        try:
            value, more = self.pieces.run(Piece.read(message))
            return self._done(value, more)
        except OutOfTime as error:
            return self._too_long(error)
        except MemoryError as error:
            if message["alone"] or self._count > asked:
                return _inner(failure(error))
            return _inner({"is": "wild", "worn": True})  # earlier pieces may have left too little
        except BaseException as error:  # noqa: BLE001 - whatever a piece does, the worker answers
            return _inner(failure(error, error.number if isinstance(error, HostError) else 0))

    def _too_long(self, error: OutOfTime) -> str:
        text = f"it ran longer than the {self.limits['seconds']:g} seconds it may"
        return _inner({"is": "failed", "kind": "timeout", "text": text, "line": line(error)})

    def _done(self, value: Any, more: dict[str, Any]) -> str:
        try:
            data = leave(value)
            text = write(data)
            if text.count("[") + text.count("{") > MOST_DEEP and too_deep(data):
                raise RecursionError
        except RecursionError:
            return _inner({"is": "failed", "kind": "size", "text": "the value is nested too deeply to be handed on"})
        except NotPlain as error:
            kind = "size" if isinstance(error, TooMuch) else "NotPlain"
            return _inner({"is": "failed", "kind": kind, "text": str(error)})
        most = self.limits["value"]
        if len(text) > most:
            message = f"the value is too big to be handed on: {len(text):,} characters of JSON, {most:,} allowed"
            return _inner({"is": "failed", "kind": "size", "text": message})
        return f'{_inner({"is": "done", **more})},"value":{text}'

    def _answer(self, run: int, fields: str, printed: Printed) -> None:
        self.wire.send_text(f'{{"run":{run},{fields},"printed":{write(printed.text())}}}')


def _inner(fields: dict[str, Any]) -> str:
    return write(fields)[1:-1]


def alone(limits: dict[str, Any], names: Names) -> None:
    """Serve on standard input and output, unconfined; what pieces print does not get in between."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limits["memory"], limits["memory"]))
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        if hard == resource.RLIM_INFINITY or hard >= STACK:
            resource.setrlimit(resource.RLIMIT_STACK, (STACK, hard))
            sys.setrecursionlimit(DEEPEST)
    wire = Wire(os.dup(0), os.dup(1))
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    Server(wire, names, limits).serve()
