"""Runs a program as Chain of Code: Python does what it can, the host answers for the rest, in place.

A call of a function that does not exist asks for its value; a statement that fails otherwise asks for the variables
that it would have changed, and execution goes on after it (Li et al. 2023, "Chain of Code"). Invariant: no statement
runs twice; what the program raises or catches by itself, and what the host could not answer, is not asked for.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from flowreason.sandbox.inside import instrument as made
from flowreason.sandbox.inside.hints import Place
from flowreason.sandbox.inside.instrument import Instrumented, Statement
from flowreason.sandbox.inside.piece import ANSWERS, Asking, HostError, NoValue, Piece
from flowreason.sandbox.inside.records import given
from flowreason.sandbox.inside.rewrite import FILE, PIECE, fields, finished
from flowreason.sandbox.inside.trace import Trace, shown
from flowreason.sandbox.inside.unknown import Unknown, UnknownModule
from flowreason.values import NotPlain

_NEVER = (MemoryError, RecursionError, HostError)
"""What the host is not asked about."""

_ANONYMOUS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
MOST_VARIABLES = 200


def emulate(piece: Piece, builtins: dict[str, Any], host: Asking) -> tuple[Any, dict[str, Any]]:
    """The value of a program, and its trace."""
    program = made.instrument(fields(ast.parse(piece.code, FILE)))
    run = _Run(piece, program, host)
    names = _Builtins(builtins | run.hooks())
    names.unknown = {
        name: Unknown(name, run.unknown)
        for name in program.hints.called
        if name not in names and name not in piece.names
    }
    names.update({name: Unknown(name, run.known) for name in piece.functions})
    code = finished(program.tree)
    space = run.space = {"__builtins__": names, "__name__": "__main__", **piece.names}
    exec(code.body, space)
    returned = space[PIECE]() if code.wrapped else None
    return run.value(returned), {"trace": run.trace.over()}


class _Builtins(dict[str, Any]):
    """Builtins that also know the functions that do not exist."""

    unknown: Mapping[str, Unknown] = types.MappingProxyType({})

    def __missing__(self, name: str) -> Any:
        return self.unknown[name]


class _Run:
    """One program under way."""

    def __init__(self, piece: Piece, program: Instrumented, host: Asking) -> None:
        self.piece = piece
        self.program = program
        self.host = host
        self.trace = Trace()
        self.space: dict[str, Any] = {}
        self.guards: list[tuple[types.FrameType, Callable[[], tuple[Any, ...]]]] = []
        self.extents = {statement.lines for statement in program.statements}
        self.raised = {
            (node.lineno, node.col_offset)
            for node in ast.walk(program.tree)
            if isinstance(node, ast.Raise) and node.exc
        }
        self.asserted = {
            line
            for node in ast.walk(program.tree)
            if isinstance(node, ast.Assert)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }

    def hooks(self) -> dict[str, Any]:
        """What the instrumented program calls."""
        return {
            made.DONE: self.done,
            made.FAILED: self.failed,
            made.GUARD: self.guard,
            made.UNGUARD: self.guards.remove,
            made.UNKNOWN: lambda name, type_=None: Unknown(name, self.unknown, type_),
            made.MODULE: lambda name: UnknownModule(name, self.unknown),
            "__fr_Exception__": Exception,
            "__fr_BaseException__": BaseException,
            "__fr_ImportError__": ImportError,
        }

    # --- statements ---

    def done(self, number: int, *values: Any) -> None:
        """A statement ran; `values` are those of the variables that it may have changed."""
        statement = self.program.statements[number]
        self._remember(statement)
        self.trace.ran(statement, values)

    def failed(self, number: int, error: Exception) -> Mapping[str, Any] | None:
        """The new values of variables after a statement that failed; None: let the exception go on."""
        statement = self.program.statements[number]
        frame = sys._getframe(1)
        if isinstance(error, _NEVER) or self._own(error) or self._guarded(error, frame):
            self.trace.raised(statement)
            return None
        state = self._variables(frame)
        targets = tuple(dict.fromkeys(_wanted(statement, state)))
        said = self.host.ask(self._failed_line(statement, error, state, targets))
        new = {
            made.VALUE if name == "value" and statement.targets[:1] == _LAST else name: v for name, v in said.items()
        }
        self._apply(new, frame, statement)
        self.trace.answered(statement, new)
        return new

    def _failed_line(
        self, statement: Statement, error: Exception, state: Mapping[str, Any], targets: tuple[str, ...]
    ) -> dict[str, Any]:
        node = statement.part or statement.node
        if statement.targets[:1] == _LAST and isinstance(statement.node, ast.Assign):
            node, named = statement.node.value, "value"
        else:
            named = statement.named
        assert not isinstance(node, ast.match_case)  # which only tells that it was executed
        source = ast.get_source_segment(self.piece.code, node) or ast.unparse(node)
        said = " ".join(str(error).split())[:500]
        return {
            "is": "state",
            "run": self.piece.run,
            "line": node.lineno,
            "end_line": node.end_lineno or node.lineno,
            "source": f"{named} = {source}" if named else source,
            "error": f"{type(error).__name__}: {said}",
            "state": _texts(state),
            "targets": list(targets),
        }

    def _apply(self, new: Mapping[str, Any], frame: types.FrameType, statement: Statement) -> None:
        """Set what the statement's own handler cannot: globals, and variables of functions around."""
        local = frame.f_code.co_varnames if frame.f_code.co_name not in ("<module>", PIECE) else ()
        for name, value in new.items():
            if name in local or name == statement.named or not name.isidentifier():
                continue
            if name in frame.f_code.co_freevars:
                _replace(frame.f_locals.get(name), value)
            else:
                self.space[name] = value
        self._remember(statement)

    def _remember(self, statement: Statement) -> None:
        """Which variable was set last at top level."""
        if statement.top and statement.targets and statement.targets[0].root in self.space:
            root = statement.targets[0].root
            self.trace.last = root if root != made.VALUE else self.trace.last

    # --- whose exception it is ---

    def _own(self, error: Exception) -> bool:
        """Whether the program raised it by itself."""
        innermost = None
        trace = error.__traceback__
        while trace is not None:
            innermost = trace if trace.tb_frame.f_code.co_filename == FILE else innermost
            trace = trace.tb_next
        if innermost is None:
            return False
        if isinstance(error, AssertionError) and innermost.tb_lineno in self.asserted:
            return True
        line, _, column, _ = _position(innermost.tb_frame.f_code, innermost.tb_lasti)
        return (line, column) in self.raised

    def guard(self, kinds: Callable[[], tuple[Any, ...]]) -> tuple[types.FrameType, Callable[[], tuple[Any, ...]]]:
        """The program has entered a `try` that catches these kinds."""
        self.guards.append((sys._getframe(1), kinds))
        return self.guards[-1]

    def _guarded(self, error: Exception, frame: types.FrameType | None) -> bool:
        """Whether a `try` of the program around this place catches it."""
        around = set()
        while frame is not None:
            around.add(frame)
            frame = frame.f_back
        return any(place in around and _catches(kinds, error) for place, kinds in self.guards)

    # --- calls ---

    def unknown(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], type_: str | None) -> Any:
        return self._ask(name, args, kwargs, type_, known=False)

    def known(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], type_: str | None) -> Any:
        return self._ask(name, args, kwargs, type_, known=True)

    def _ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], type_: str | None, known: bool) -> Any:
        frame = _program_frame(sys._getframe(2))
        line, hint = 0, None
        if frame is not None:
            line = frame.f_lineno
            hint = self.program.hints.types.get(_position(frame.f_code, frame.f_lasti))
        state = self._variables(frame)
        value = self.host.ask({
            "is": "unknown",
            "run": self.piece.run,
            "name": name,
            "args": [_handed(each) for each in args],
            "kwargs": {key: _handed(each) for key, each in kwargs.items()},
            "line": line,
            "state": _texts(state),
            "ret_type": type_ or hint,
            "known": known,
        })  # fmt: skip
        if not known:
            self.trace.called(line, self._ends(frame, line))
        return value

    def _ends(self, frame: types.FrameType | None, line: int) -> bool:
        """Whether a call on a line belongs to the statement that is under way, so that its end tells of it."""
        while frame is not None and frame.f_code.co_name in _ANONYMOUS:
            frame = _program_frame(frame.f_back)
        if frame is None:
            return False
        here = frame.f_lineno
        return any(first <= min(line, here) and max(line, here) <= last for first, last in self.extents)

    def _variables(self, frame: types.FrameType | None) -> dict[str, Any]:
        """The variables in sight, outer ones first: values, not functions and modules."""
        inner: list[Mapping[str, Any]] = []
        while frame is not None and frame.f_code.co_filename == FILE:
            inner.append(frame.f_locals)
            if frame.f_code.co_name not in _ANONYMOUS:
                break
            frame = _program_frame(frame.f_back)
        found = dict(self.space)
        for names in reversed(inner):
            found |= names
        plain = {name: value for name, value in found.items() if name.isidentifier() and _is_value(name, value)}
        return dict(list(plain.items())[:MOST_VARIABLES])

    # --- the value ---

    def value(self, returned: Any) -> Any:
        """The last expression or what was returned; else the variable `answer`; else what was assigned last.

        Of a program that a step wrote, not just any variable is the value. Raises `NoValue`.
        """
        for value in (returned, self.space.get(made.VALUE)):
            if value is not None:
                return value
        if self.piece.written:
            for name in ANSWERS:
                if name in self.space:
                    return self.space[name]
            raise NoValue
        if "answer" in self.space:
            return self.space["answer"]
        return self.space.get(self.trace.last)


_LAST = (made.Target(made.VALUE, made.VALUE),)


def _wanted(statement: Statement, state: Mapping[str, Any]) -> list[str]:
    """The names that the host is asked for."""
    wanted = [statement.named] if statement.named else []
    for target in statement.targets:
        if target.root == made.VALUE:
            wanted.append("value")
        elif target.root == target.text or isinstance(state.get(target.root), _CONTAINERS):
            wanted.append(target.root)
        elif not target.text.endswith("."):
            wanted.append(target.text)
    return wanted


_CONTAINERS = (list, dict, set)


def _is_value(name: str, value: Any) -> bool:
    if name.startswith("__"):
        return False
    return not (callable(value) or isinstance(value, types.ModuleType | UnknownModule))


def _texts(state: Mapping[str, Any]) -> dict[str, str]:
    return {name: shown(value) for name, value in state.items()}


def _handed(value: Any) -> Any:
    """An argument for the host: plain, or shown as text."""
    try:
        return given(value)
    except NotPlain:
        return shown(value)


def _replace(old: Any, new: Any) -> None:
    """Give a list, record or set that a function around holds its new content."""
    if isinstance(old, list) and isinstance(new, list):
        old[:] = new
    elif isinstance(old, dict | set) and isinstance(new, type(old)):
        old.clear()
        old.update(new)


def _catches(kinds: Callable[[], tuple[Any, ...]], error: Exception) -> bool:
    for kind in kinds():
        every = kind if isinstance(kind, tuple) else (kind,)
        if isinstance(error, tuple(each for each in every if isinstance(each, type))):
            return True
    return False


def _program_frame(frame: types.FrameType | None) -> types.FrameType | None:
    while frame is not None and frame.f_code.co_filename != FILE:
        frame = frame.f_back
    return frame


def _position(code: types.CodeType, last: int) -> Place:
    return next(islice(code.co_positions(), last // 2, None), (None, None, None, None))
