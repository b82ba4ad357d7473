"""What type a call is expected to give, as far as the program around it says.

Invariant: a hint is text of a Python type, found by the exact place of a call; where nothing is said there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Place: TypeAlias = tuple[int | None, int | None, int | None, int | None]
"""Line, last line, column, last column, as in `co_positions`."""

_CONVERTED = frozenset({"int", "float", "str", "bool"})


def place(node: ast.expr) -> Place:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


@dataclass
class Hints:
    """Hints by place; and the names that are called, or handed on to be called."""

    types: dict[Place, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tree: ast.Module) -> Hints:
        found = cls()
        for node in ast.walk(tree):
            for call, type_ in _expected(node):
                if isinstance(call, ast.Call):
                    found.types.setdefault(place(call), type_)
            found.called.update(_called(node))
        return found


def _expected(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Expressions inside a node, and what type they should have."""
    match node:
        case ast.AnnAssign(annotation=annotation, value=ast.expr() as value):
            yield value, ast.unparse(annotation)
        case ast.FunctionDef(returns=ast.expr() as returns, body=body):
            yield from ((value, ast.unparse(returns)) for value in _returned(body))
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            yield from ((each, "bool") for each in _operands(test))
        case ast.comprehension(iter=iterated, ifs=tests):
            yield iterated, "list"
            yield from ((each, "bool") for test in tests for each in _operands(test))
        case ast.For(iter=iterated):
            yield iterated, "list"
        case ast.Call(func=ast.Name(id="any" | "all"), args=[ast.GeneratorExp(elt=elt) | ast.ListComp(elt=elt)]):
            yield from ((each, "bool") for each in _operands(elt))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _CONVERTED:
            yield argument, name
        case ast.Compare(left=left, comparators=[ast.Constant(value=value)], ops=[ast.cmpop() as op]):
            if isinstance(value, bool):
                yield left, "bool"
            elif isinstance(value, str) and isinstance(op, ast.Eq | ast.NotEq):
                yield left, "str"
            elif isinstance(value, int | float):
                yield left, "float"


def _operands(test: ast.expr) -> Iterator[ast.expr]:
    match test:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _operands(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _operands(operand)
        case _:
            yield test


def _returned(body: list[ast.stmt]) -> Iterator[ast.expr]:
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))


_HIGHER = frozenset({
    "map", "filter", "reduce", "partial", "starmap", "takewhile", "dropwhile", "filterfalse", "accumulate", "groupby",
    "defaultdict",
})  # fmt: skip


def _called(node: ast.AST) -> Iterator[str]:
    """Names that stand where a function is wanted."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name):
        yield node.func.id
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    wanted = list(node.args) if name in _HIGHER else []
    wanted += [word.value for word in node.keywords if word.arg in ("key", "func", "function")]
    yield from (each.id for each in wanted if isinstance(each, ast.Name))
