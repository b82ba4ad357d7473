"""What Python statements bind: assigned names, parameters, imports, captures of patterns.

Invariant: nothing here looks at what is read; every function is decided by the tree that it is given.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator

from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.python_world import IMPORTABLE

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def bound_names(body: Iterable[ast.AST], *, changed: bool = True) -> frozenset[str]:
    """Every name that is bound in a scope's statements, not in the scopes nested in them.

    Without `changed`, `name += …` does not count.
    """
    return frozenset(name for node in body for name in binds(node, changed))


def binds(node: ast.AST, changed: bool = True) -> Iterator[str]:
    match node:
        case ast.AugAssign(target=ast.Name(), value=value) if not changed:
            yield from binds(value)
            return
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.Lambda():
            return
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from import_names(node)
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs() | ast.MatchStar() | ast.MatchMapping():
            yield from capture(node)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield from walrus(node)
            return
    for child in children(node):
        yield from binds(child, changed)


def import_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The names that an import binds; `*` gives what the module shows."""
    names = [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Import):
        return [name.split(".")[0] for name in names]
    return [each for name in names for each in (starred(node.module or "") if name == "*" else [name])]


def starred(module: str) -> list[str]:
    if module not in IMPORTABLE:
        return []
    found = importlib.import_module(module)
    shown = getattr(found, "__all__", None)
    return list(shown) if shown is not None else [name for name in dir(found) if not name.startswith("_")]


def walrus(node: ast.AST) -> frozenset[str]:
    return frozenset(inner.target.id for inner in walk(node) if isinstance(inner, ast.NamedExpr))


def targets(node: ast.expr) -> Iterator[str]:
    return (inner.id for inner in walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))


def parameters(arguments: ast.arguments) -> frozenset[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return frozenset(argument.arg for argument in every if argument)


def outer_declared(body: Iterable[ast.AST]) -> frozenset[str]:
    """Names that a scope's own statements declare as belonging to a scope around it."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.expr)):
            found |= outer_declared(children(node))
    return frozenset(found)


def declared_global(tree: ast.Module) -> frozenset[str]:
    """Names that some function assigns in the top level's place."""
    return frozenset(name for node in walk(tree) if isinstance(node, ast.Global) for name in node.names)


def captures(pattern: ast.pattern) -> list[str]:
    return [name for node in walk(pattern) for name in capture(node)]


def capture(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def catches_all(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None


def catches_names(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is there for names that are missing."""
    return handler.type is not None and any(
        isinstance(node, ast.Name) and node.id == "NameError" for node in walk(handler.type)
    )
