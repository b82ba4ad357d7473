"""Rewrites a program for Chain of Code: every simple statement tells that it ran, or asks what it would have done.

A statement becomes `try: … except Exception: apply what the host says … else: tell`. What stands in the head of an
`if`, `while`, `for`, `match` or `return` is computed in a statement of its own first. Invariant: a program in which
nothing fails does what it did before; names that are added begin and end with two underscores.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from flowreason.sandbox.inside.hints import Hints
from flowreason.sandbox.inside.rewrite import bound, own_nodes

DONE, FAILED, GUARD, UNGUARD = "__fr_done__", "__fr_failed__", "__fr_guard__", "__fr_unguard__"
UNKNOWN, MODULE = "__fr_unknown__", "__fr_module__"
VALUE = "__fr_value__"
ERROR, NEW = "__fr_error__", "__fr_new__"

_Node = TypeVar("_Node", bound=ast.AST)
Placed: TypeAlias = ast.stmt | ast.ExceptHandler | ast.match_case


@dataclass(frozen=True, slots=True)
class Target:
    """What a statement may change: the variable `root`, through it what `text` says (`self.total`, `table["x"]`)."""

    root: str
    text: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One place that is executed, and can fail. `named` is what a head is called when the host is asked (`condition`,
    `returned`)."""

    node: Placed
    part: ast.expr | None = None
    named: str = ""
    targets: tuple[Target, ...] = ()
    top: bool = False

    @property
    def lines(self) -> tuple[int, int]:
        """Its first line and its last; of what has a body, those of its head."""
        place = self.part or (self.node.pattern if isinstance(self.node, ast.match_case) else self.node)
        body = getattr(place, "body", None)
        if isinstance(body, list) and body:
            return place.lineno, max(place.lineno, body[0].lineno - 1)
        return place.lineno, place.end_lineno or place.lineno


@dataclass
class Scope:
    """`names` are the local variables of a function; at top level there are none, all are global."""

    names: tuple[str, ...] = ()
    top: bool = True
    returns: ast.expr | None = None


@dataclass
class Instrumented:
    """A program ready to run, and what its places are."""

    tree: ast.Module
    statements: list[Statement] = field(default_factory=list)
    hints: Hints = field(default_factory=Hints)


def instrument(tree: ast.Module) -> Instrumented:
    """The program with its statements watched; its last expression goes into `__fr_value__`."""
    made = Instrumented(tree, hints=Hints.of(tree))
    tree.body = _Instrument(made).block(_last_named(tree.body), Scope())
    ast.fix_missing_locations(tree)
    return made


def _last_named(body: list[ast.stmt]) -> list[ast.stmt]:
    if body and isinstance(body[-1], ast.Expr):
        last = body[-1]
        return [*body[:-1], _at(ast.Assign([ast.Name(VALUE, ast.Store())], last.value), last)]
    return body


def _at(node: _Node, place: ast.AST) -> _Node:
    return ast.copy_location(node, place)


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_load(name), list(arguments), [])


class _Instrument:
    def __init__(self, made: Instrumented) -> None:
        self.made = made
        self.count = 0

    def temporary(self) -> str:
        self.count += 1
        return f"__fr_{self.count}__"

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> list[ast.stmt]:
        return [new for node in body for new in self.statement(node, scope)]

    def statement(self, node: ast.stmt, scope: Scope) -> list[ast.stmt]:
        match node:
            case ast.Expr(value=ast.Constant()):
                return [node]
            case ast.Assign() | ast.AugAssign() | ast.Expr() | ast.Delete():
                return [self.watched(node, Statement(node, targets=tuple(_targets(node)), top=scope.top), scope)]
            case ast.AnnAssign(value=ast.expr()):
                return [self.watched(node, Statement(node, targets=tuple(_targets(node)), top=scope.top), scope)]
            case ast.Return(value=ast.expr() as value):
                return self.head(node, "value", value, "returned", scope)
            case ast.If(test=test):
                node.body, node.orelse = self.block(node.body, scope), self.block(node.orelse, scope)
                return self.head(node, "test", test, "condition", scope)
            case ast.While():
                return [self.while_(node, scope)]
            case ast.For():
                return self.for_(node, scope)
            case ast.Match(subject=subject):
                for case in node.cases:
                    case.body = [self.told(case), *self.block(case.body, scope)]
                return self.head(node, "subject", subject, "subject", scope)
            case ast.With():
                told = self.told(node)
                node.body = [told, *self.block(node.body, scope)]
            case ast.Try() | ast.TryStar():
                return [self.try_(node, scope)]
            case ast.Import() | ast.ImportFrom():
                told = self.told(node)
                return [node] if _future(node) else [self.import_(node), told]
            case ast.FunctionDef():
                told = self.told(node)
                return [self.function(node), told]
            case ast.ClassDef():
                told = self.told(node)
                node.body = [self.method(each) for each in node.body]
                return [node, told]
            case ast.Assert():
                return [node, self.told(node)]
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Return() | ast.Raise():
                return [self.told(node), node]
        return [node]

    def told(self, node: Placed, part: ast.expr | None = None, targets: tuple[Target, ...] = ()) -> ast.stmt:
        """A statement that only tells that a place was executed."""
        statement = Statement(node, part, targets=targets)
        self.made.statements.append(statement)
        number = ast.Constant(len(self.made.statements) - 1)
        place = part or (node.pattern if isinstance(node, ast.match_case) else node)
        made = _at(ast.Expr(_call(DONE, number, *(_load(each.root) for each in targets))), place)
        return ast.fix_missing_locations(made)

    # --- simple statements and heads ---

    def watched(self, node: ast.stmt, statement: Statement, scope: Scope) -> ast.Try:
        number = ast.Constant(len(self.made.statements))
        self.made.statements.append(statement)
        caught: list[ast.stmt] = [
            ast.Assign([ast.Name(NEW, ast.Store())], _call(FAILED, number, _load(ERROR))),
            ast.If(ast.Compare(_load(NEW), [ast.Is()], [ast.Constant(None)]), [ast.Raise()], []),
            *self.applied(statement, node, scope),
        ]
        handler = ast.ExceptHandler(_load("__fr_Exception__"), ERROR, caught)
        shown = [_load(name) for name in dict.fromkeys(_shown(node))]
        told: list[ast.stmt] = [ast.Expr(_call(DONE, number, *shown))]
        made = ast.Try([node], [handler], told, [])
        for part in ast.walk(made):
            if "lineno" in part._attributes and not hasattr(part, "lineno"):
                _at(part, node)
        return made

    def applied(self, statement: Statement, node: ast.stmt, scope: Scope) -> Iterator[ast.stmt]:
        """`if "x" in new: x = new["x"]` for everything that the host may change here."""
        names = dict.fromkeys([*scope.names, *(t.root for t in statement.targets if t.root == t.text)])
        if statement.named and isinstance(node, ast.Assign):
            yield self.given(statement.named, node.targets[0])
        for name in names:
            yield self.given(name, ast.Name(name, ast.Store()))
        for target in _assigned(node):
            if not isinstance(target, ast.Name):
                yield self.given(ast.unparse(target), target)

    @staticmethod
    def given(name: str, target: ast.expr) -> ast.If:
        key = ast.Constant(name)
        value = ast.Subscript(_load(NEW), key, ast.Load())
        return ast.If(ast.Compare(key, [ast.In()], [_load(NEW)]), [ast.Assign([target], value)], [])

    def computed(self, node: ast.stmt, part: ast.expr, named: str, scope: Scope) -> tuple[ast.stmt, ast.expr]:
        """A watched statement that computes a head, and where its value is."""
        name = self.temporary()
        first = _at(ast.Assign([ast.Name(name, ast.Store())], part), part)
        return self.watched(first, Statement(node, part, named, top=scope.top), scope), _at(_load(name), part)

    def head(self, node: ast.stmt, field_: str, part: ast.expr, named: str, scope: Scope) -> list[ast.stmt]:
        first, value = self.computed(node, part, named, scope)
        setattr(node, field_, value)
        return [first, node]

    def while_(self, node: ast.While, scope: Scope) -> ast.stmt:
        """`while True:`, with the condition computed first in each round."""
        leaves = any(isinstance(each, ast.Break | ast.Continue) for each in own_nodes(node.orelse))
        told = self.told(node, node.test) if leaves else None
        node.body = self.block(node.body, scope)
        orelse = self.block(node.orelse, scope)
        if told is not None:
            node.body, node.orelse = [told, *node.body], orelse
            return node
        first, value = self.computed(node, node.test, "condition", scope)
        out = _at(ast.If(ast.UnaryOp(ast.Not(), value), [*orelse, _at(ast.Break(), node)], []), node)
        return _at(ast.While(ast.Constant(True), [first, out, *node.body], []), node)

    def for_(self, node: ast.For, scope: Scope) -> list[ast.stmt]:
        body = self.block(node.body, scope)
        if not isinstance(node.target, ast.Name):
            name = self.temporary()
            unpack = _at(ast.Assign([node.target], _load(name)), node.target)
            body = [*self.statement(ast.fix_missing_locations(unpack), scope), *body]
            node.target = _at(ast.Name(name, ast.Store()), node.target)
        else:
            name = node.target.id
            body = [self.told(node, node.target, (Target(name, name),)), *body]
        node.body, node.orelse = body, self.block(node.orelse, scope)
        return self.head(node, "iter", node.iter, "items", scope)

    # --- what is not simple ---

    def try_(self, node: ast.Try | ast.TryStar, scope: Scope) -> ast.stmt:
        """What the program catches by itself is its own business."""
        body = self.block(node.body, scope)
        for handler in node.handlers:
            handler.body = [self.told(handler), *self.block(handler.body, scope)]
        node.orelse, node.finalbody = self.block(node.orelse, scope), self.block(node.finalbody, scope)
        if node.handlers:
            kinds = [handler.type or _load("__fr_BaseException__") for handler in node.handlers]
            nothing = ast.arguments([], [], None, [], [], None, [])
            name = self.temporary()
            caught = ast.Lambda(nothing, ast.Tuple(kinds, ast.Load()))
            enter = ast.Assign([ast.Name(name, ast.Store())], _call(GUARD, caught))
            leave = ast.Expr(_call(UNGUARD, _load(name)))
            body = [_at(enter, node), _at(ast.Try(body, [], [], [leave]), node)]
        node.body = body
        return node

    def import_(self, node: ast.Import | ast.ImportFrom) -> ast.stmt:
        """What cannot be imported is unknown: its functions are asked for like any other."""
        instead: list[ast.stmt] = []
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            made = MODULE if isinstance(node, ast.Import) else UNKNOWN
            instead.append(ast.Assign([ast.Name(name, ast.Store())], _call(made, ast.Constant(name))))
        if any(alias.name == "*" for alias in node.names):
            return node
        return _at(ast.Try([node], [ast.ExceptHandler(_load("__fr_ImportError__"), None, instead)], [], []), node)

    def function(self, node: ast.FunctionDef) -> ast.stmt:
        if is_stub(node):
            returns = ast.Constant(ast.unparse(node.returns) if node.returns else None)
            return _at(
                ast.Assign([ast.Name(node.name, ast.Store())], _call(UNKNOWN, ast.Constant(node.name), returns)), node
            )
        outer = frozenset(
            name for each in own_nodes(node.body) if isinstance(each, ast.Nonlocal | ast.Global) for name in each.names
        )
        names = dict.fromkeys([*_parameters(node.args), *bound(node.body)])
        local = tuple(name for name in names if name not in outer)
        node.body = self.block(node.body, Scope((*local, *outer), top=False))
        return node

    def method(self, node: ast.stmt) -> ast.stmt:
        """Methods are watched, but those that Python calls, whose exceptions may mean something to it."""
        called = isinstance(node, ast.FunctionDef) and node.name.startswith("__") and node.name.endswith("__")
        if isinstance(node, ast.FunctionDef) and (not called or node.name in ("__init__", "__call__")):
            return node if is_stub(node) else self.function(node)
        return node


def _future(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether it is an import that must stand before everything else."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def is_stub(node: ast.FunctionDef) -> bool:
    """Whether a function says what it is for and not how: only a docstring, `...`, or `raise NotImplementedError`."""
    said = False
    for each in node.body:
        match each:
            case ast.Expr(value=ast.Constant(value=value)) if isinstance(value, str) or value is ...:
                said = True
            case ast.Raise(exc=ast.Name(id="NotImplementedError")):
                said = True
            case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
                said = True
            case ast.Pass():
                continue
            case _:
                return False
    return said


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from (each.arg for each in every if each)


# --- what a statement changes ---


def _assigned(node: ast.stmt) -> Iterator[ast.expr]:
    """The places that a statement assigns, tuples taken apart."""
    todo: list[ast.expr] = []
    match node:
        case ast.Assign(targets=targets):
            todo = list(targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            todo = [target]
    while todo:
        each = todo.pop(0)
        if isinstance(each, ast.Tuple | ast.List):
            todo = [*each.elts, *todo]
        elif isinstance(each, ast.Starred):
            todo = [each.value, *todo]
        else:
            yield each


def _targets(node: ast.stmt) -> Iterator[Target]:
    for place in _assigned(node):
        root = _root(place)
        if root is not None and root != VALUE:
            yield Target(root, ast.unparse(place))
        elif root == VALUE:
            yield Target(VALUE, VALUE)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        root = _root(node.value.func.value)
        if root is not None:
            yield Target(root, f"{root}.")
    for each in own_nodes([node]):
        if isinstance(each, ast.NamedExpr):
            yield Target(each.target.id, each.target.id)


def _root(node: ast.expr) -> str | None:
    """The variable that an attribute or an item belongs to."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _shown(node: ast.stmt) -> Iterator[str]:
    """Variables that surely exist after a statement, and may have changed by it."""
    for place in _assigned(node):
        root = _root(place)
        if root is not None:
            yield root
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        root = _root(node.value.func.value)
        if root is not None:
            yield root
