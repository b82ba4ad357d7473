"""From the text of a piece to code objects: where its value comes from, and fields that dict has methods for.

Invariant: line numbers stay those of the piece, and every name that the piece binds at top level is a global.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from flowreason.sandbox.inside.records import METHODS

FILE = "<python>"
FIELD, PIECE = "__field__", "__piece__"


@dataclass(frozen=True)
class Compiled:
    """`body` is executed; then the value is what `last` evaluates to, or what `__piece__()` gives where `wrapped`."""

    body: CodeType
    last: CodeType | None = None
    wrapped: bool = False


def compiled(code: str, file: str = FILE) -> Compiled:
    """The code of a piece. Raises SyntaxError."""
    tree = ast.parse(code, file)
    return finished(fields(tree), file)


def finished(tree: ast.Module, file: str = FILE) -> Compiled:
    """Code from a tree: its last expression is its value, or a `return` at top level."""
    if any(returns(tree.body)):
        return Compiled(compile(wrapped(tree, file), file, "exec"), wrapped=True)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return Compiled(compile(tree, file, "exec"))
    body = compile(ast.Module(tree.body[:-1], []), file, "exec")
    return Compiled(body, compile(ast.Expression(last.value), file, "eval"))


# --- return at top level ---

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def returns(body: list[ast.stmt]) -> Iterator[ast.Return]:
    """The `return`s that stand at top level, in whatever branch."""
    for node in own_nodes(body):
        if isinstance(node, ast.Return):
            yield node


def own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a scope, without those of functions and classes inside it (but the definitions themselves)."""
    todo: list[ast.AST] = list(reversed(body))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _SCOPES):
            todo.extend(reversed(list(ast.iter_child_nodes(node))))


def wrapped(tree: ast.Module, file: str = FILE) -> ast.Module:
    """The piece as one function whose every name is a global."""
    for node in own_nodes(tree.body):
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
            word = "await" if isinstance(node, ast.Await) else "yield"
            raise SyntaxError(f"'{word}' outside function", (file, node.lineno, node.col_offset + 1, None))
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Return(last.value), last)
    names = sorted(set(bound(tree.body)))
    body = [plain_annotation(node) for node in tree.body]
    shell = ast.parse(f"def {PIECE}(): pass")
    function = shell.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*([ast.Global(names)] if names else []), *(node for node in body if node is not None)]
    return ast.fix_missing_locations(shell)


class _Annotations(ast.NodeTransformer):
    """`x: int = 5` at top level becomes `x = 5`: a global of a function cannot be annotated."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def skip(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = skip


def plain_annotation(node: ast.stmt) -> ast.stmt:
    changed: ast.stmt = _Annotations().visit(node)
    return changed


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Every name that a scope's own statements bind."""
    for node in own_nodes(body):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name.split(".")[0] for alias in aliases if alias.name != "*")


# --- fields that are named like methods of dict ---


class _Fields(ast.NodeTransformer):
    """`p.items` becomes `__field__(p, "items")` where it is not called."""

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
        if node.attr not in METHODS or not isinstance(node.ctx, ast.Load):
            return node
        call = ast.Call(ast.Name(FIELD, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def fields(tree: ast.Module) -> ast.Module:
    """The tree with such fields found; most pieces have none and stay as they are."""
    names = (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    if METHODS.isdisjoint(names):
        return tree
    changed: ast.Module = _Fields().visit(tree)
    return changed
