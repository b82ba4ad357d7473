"""Makes a piece ready for monty: imports that a flow need not write, fields of records, and lines told back.

Invariant: a line that monty names is mapped to the line that the author wrote.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowreason.errors import PythonError
from flowreason.sandbox.inside.piece import ANSWERS, NoValue
from flowreason.sandbox.inside.rewrite import FIELD, bound, own_nodes

_FIELD = f"""\
def {FIELD}(value, name):
    if isinstance(value, dict) and name in value:
        return value[name]
    return getattr(value, name)
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Code for monty: `offset` lines were added before it.

    `lines` maps its lines to the author's where it was rewritten; `shadowed` are names that hide those of the prelude.
    """

    text: str
    offset: int
    lines: Mapping[int, int] | None
    shadowed: frozenset[str]

    def line(self, number: int) -> int:
        """The author's line for one of monty's."""
        own = number - self.offset
        return max(0, own if self.lines is None else self.lines.get(own, 0))

    def line_at(self, offset: int) -> int:
        """The author's line for a place (in bytes) of the text."""
        return self.line(self.text.encode()[:offset].count(b"\n") + 1)


def prepared(code: str, names: Mapping[str, Any], *, emulate: bool = False, written: bool = False) -> Prepared:
    """The code that monty gets. Raises `PythonError` where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise PythonError(f"SyntaxError: {getattr(error, 'msg', error)}", kind="SyntaxError", line=line) from error
    binds = frozenset(bound(tree.body)) | set(names)
    head = "".join(f"import {module}\n" for module in _modules(tree, binds))
    lines: dict[int, int] | None = None
    text = code
    if any(_has_record(value) for value in names.values()) and any(_fields(tree)):
        head += _FIELD
        text = ast.unparse(ast.fix_missing_locations(_Fields().visit(tree)))
        lines = _lines(tree, ast.parse(text))
    if emulate and not any(isinstance(node, ast.Return) for node in own_nodes(tree.body)):
        text += _answered(tree) if written else _value(tree)
    return Prepared(head + text, head.count("\n"), lines, binds)


def _value(tree: ast.Module) -> str:
    """The line that gives an emulated program its value, where its last statement does not."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        return ""
    assigned = [name for name in bound(tree.body) if not name.startswith("_")]
    if not assigned:
        return ""
    return f"\n{'answer' if 'answer' in assigned else assigned[-1]}"


def _answered(tree: ast.Module) -> str:
    """The same for a program that a step wrote: `print(…)` and the like give nothing. Raises `PythonError`."""
    last = tree.body[-1] if tree.body else None
    prints = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) == "print"
    if isinstance(last, ast.Expr) and not prints:
        return ""
    assigned = set(bound(tree.body))
    named = next((name for name in ANSWERS if name in assigned), None)
    if named is None:
        raise PythonError(str(NoValue()), kind="value")
    return f"\n{named}"


def _modules(tree: ast.Module, binds: frozenset[str]) -> list[str]:
    world = importlib.import_module("flowreason_dsl.python_world")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return sorted((used & world.MODULES) - binds - world.PRELUDE)


def _has_record(value: Any) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list | tuple) and any(map(_has_record, value))


def _fields(tree: ast.Module) -> Iterator[ast.Attribute]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in called:
            yield node


class _Fields(ast.NodeTransformer):
    """Every field that is read and not called goes through `__field__`."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        else:
            node.func = self.visit(node.func)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        call = ast.Call(ast.Name(FIELD, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.copy_location(call, node)


def _lines(old: ast.Module, new: ast.Module) -> dict[int, int]:
    """From lines of the code written anew to the author's."""
    found: dict[int, int] = {}
    for before, after in zip(ast.walk(old), ast.walk(new), strict=True):
        if hasattr(before, "lineno") and hasattr(after, "lineno"):
            found.setdefault(after.lineno, before.lineno)
    return found
