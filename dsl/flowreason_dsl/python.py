"""What is known of a piece of Python before it runs: the names it reads, whether it gives a value, its faults.

Invariant: the code is read, never run; every span points into the text of the flow, inside the backticks.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.python_faults import faults, misplaced, syntax_error
from flowreason_dsl.python_nodes import children, deeper
from flowreason_dsl.python_place import locate
from flowreason_dsl.python_scope import Read, free_reads
from flowreason_dsl.python_world import BUILTINS, IMPORTABLE, MODULES, PRELUDE
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code

__all__ = [
    "BUILTINS",
    "IMPORTABLE",
    "MODULES",
    "PRELUDE",
    "NameUse",
    "PythonFacts",
    "Taken",
    "facts",
    "locate",
    "reads",
]

KNOWN = BUILTINS | MODULES | PRELUDE

MOST_DEPTH = 200
"""How many levels the tree of a piece may have: far from where Python itself runs out of stack."""
MOST_FAULTS = 100
"""How many faults of one piece are told."""


@dataclass(frozen=True, slots=True)
class Taken:
    """`value.name`, or with `key`, `value["name"]`."""

    name: str
    key: bool
    span: Span


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name that a piece reads from outside, at its first read.

    `called`: it is called as a function somewhere, at `calls`. `fields` are what is surely taken from it, by attribute
    or by a text as key. `maybe`: the piece may have bound it by then, so it need not exist outside.
    """

    name: str
    span: Span
    called: bool
    fields: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    calls: tuple[ast.Call, ...] = ()
    maybe: bool = False


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """What is known of one piece.

    `uses` are the outer names that only the flow can provide; `all_names` are all outer names, those of builtins,
    modules and the prelude included, because a variable of the flow may hide one of them. `gives_value`: the last
    statement is an expression, or there is a `return` at top level. `faults` would stop the piece when it runs.
    `bound` are the names that the piece binds at its top level.
    """

    uses: tuple[NameUse, ...]
    error: Diagnostic | None
    gives_value: bool
    is_expression: bool
    tree: ast.Module | None
    all_uses: tuple[NameUse, ...] = ()
    faults: tuple[Diagnostic, ...] = ()
    bound: frozenset[str] = frozenset()

    @property
    def all_names(self) -> tuple[str, ...]:
        return tuple(use.name for use in self.all_uses)


def facts(code: Code) -> PythonFacts:
    """What is known of a piece; computed once for every text and place."""
    return _facts(code, code.span, code.lines)


def reads(code: Code, scope: Container[str]) -> tuple[NameUse, ...]:
    """The outer names of a piece that a flow with the names in `scope` must provide."""
    return tuple(use for use in facts(code).all_uses if use.name in scope or use.name not in KNOWN)


@lru_cache(maxsize=16_384)
def _facts(code: Code, span: Span, lines: tuple[int, ...]) -> PythonFacts:
    try:
        tree = _parse(code.text)
        if deeper(tree, MOST_DEPTH):
            return _broken(_too_deep(code))
        problem = misplaced(code, tree)
        if problem:
            return _broken(problem)
        found, bound = free_reads(tree)
        every = tuple(_use(code, read) for read in found)
        return PythonFacts(
            uses=tuple(use for use in every if use.name not in KNOWN),
            error=None,
            gives_value=_gives_value(tree),
            is_expression=len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr),
            tree=tree,
            all_uses=every,
            faults=tuple(islice(faults(code, tree), MOST_FAULTS)),
            bound=bound,
        )
    except SyntaxError as error:
        return _broken(syntax_error(code, error))
    except (RecursionError, MemoryError):
        return _broken(_too_deep(code))
    except ValueError as error:  # null characters, lone surrogates
        return _broken(Diagnostic("python-syntax", f"this is not Python text: {error}", code.span))


def _too_deep(code: Code) -> Diagnostic:
    message = f"this Python is nested too deeply to be read: at most {MOST_DEPTH} levels"
    return Diagnostic("python-too-deep", message, code.span)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _broken(error: Diagnostic) -> PythonFacts:
    return PythonFacts((), error, gives_value=True, is_expression=False, tree=None)


def _gives_value(tree: ast.Module) -> bool:
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        return True
    return any(_returns(statement) for statement in tree.body)


def _returns(node: ast.AST) -> bool:
    """Whether a value is returned at top level, in whatever branch."""
    if isinstance(node, ast.Return):
        return node.value is not None
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
        return False
    return any(_returns(child) for child in children(node))


def _use(code: Code, read: Read) -> NameUse:
    fields = [] if read.changed else read.fields
    return NameUse(
        read.name,
        locate(code, read.node),
        bool(read.calls),
        tuple(name for name, _ in fields),
        tuple(Taken(name, isinstance(node, ast.Subscript), locate(code, node)) for name, node in fields),
        tuple(read.calls),
        read.maybe,
    )
