"""Which names a piece of Python reads from outside: a walk over its tree in the order it runs.

Invariant: a read that is not `maybe` surely finds nothing that the piece itself bound before it; a name that the
piece surely bound before every read is not reported at all.

Pieces run as a module whose globals are the flow's variables. So what stands at top level is followed in order
(`x = x + 1` reads x first), while functions see the top level as it is when they are called.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flowreason_dsl.python_bindings import (
    FUNCTIONS,
    bound_names,
    captures,
    catches_all,
    catches_names,
    declared_global,
    import_names,
    outer_declared,
    parameters,
    targets,
    walrus,
)
from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.python_ways import Names, State, meet

_ALWAYS = frozenset(
    {"__name__", "__doc__", "__annotations__", "__builtins__", "__class__", "__qualname__", "__module__"}
)


@dataclass(slots=True)
class Read:
    """All reads of one outer name. `fields` are what is taken from it by attribute or text key, with the nodes."""

    name: str
    node: ast.Name
    maybe: bool
    calls: list[ast.Call] = field(default_factory=list)
    fields: list[tuple[str, ast.Attribute | ast.Subscript]] = field(default_factory=list)
    changed: bool = False


Locals = tuple[frozenset[str], ...]


def free_reads(tree: ast.Module) -> tuple[list[Read], frozenset[str]]:
    """The names that a module reads from outside, in the order of first read, and those that it binds itself."""
    walked = _Walk(tree)
    return list(walked.reads.values()), walked.bound


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self.reads: dict[str, Read] = {}
        declared = declared_global(tree)
        self.bound = bound_names(tree.body) | declared
        self.state = State(definite=Names(_ALWAYS), possible=Names(declared))
        self.deferred = False
        self.unsure = False
        self.forgiven = False
        self.guarded = 0
        self.block(tree.body)

    # --- the top level, in order ---

    def block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                self.expression(test, ())
                self.branches([body, orelse])
            case ast.For() | ast.AsyncFor():
                self.expression(node.iter, ())
                self.loop(node.body, node.orelse, before=lambda: self.bind(node.target))
            case ast.While():
                self.expression(node.test, ())
                self.loop(node.body, node.orelse)
            case ast.Try() | ast.TryStar():
                self.attempt(node)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.expression(item.context_expr, ())
                    if item.optional_vars:
                        self.bind(item.optional_vars)
                self.block(node.body)
            case ast.Match():
                self.match(node)
            case ast.Return(value=value):
                if value:
                    self.expression(value, ())
                self.state.alive = False
            case ast.Raise() | ast.Break() | ast.Continue():
                self.inside(node, ())
                self.state.alive = False
            case _:
                self.simple(node)

    def simple(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self.expression(value, ())
                for target in targets:
                    self.bind(target)
            case ast.AugAssign(target=target, value=value):
                if isinstance(target, ast.Name):
                    self.read(target, ())
                self.expression(value, ())
                self.bind(target)
            case ast.AnnAssign(target=target, annotation=annotation, value=given):
                self.expression(annotation, ())
                if given:
                    self.expression(given, ())
                    self.bind(target)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.unbind(target)
            case ast.Import() | ast.ImportFrom():
                self.define(*import_names(node))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.define(node.name)
                self.function(node, ())
            case ast.ClassDef():
                self.class_(node, ())
                self.define(node.name)
            case _:
                self.inside(node, ())

    def branches(self, bodies: list[list[ast.stmt]]) -> None:
        start = self.state
        ends = []
        self.guarded += 1
        for body in bodies:
            self.state = start.copy(start.later)
            self.block(body)
            ends.append(self.state)
        self.guarded -= 1
        self.state = start
        meet(start, ends).into(start)

    def loop(self, body: list[ast.stmt], orelse: list[ast.stmt], before: Callable[[], None] | None = None) -> None:
        start = self.state
        inside = bound_names(body)
        self.state = start.copy()
        self.state.later = (*start.later, inside)
        if before:
            before()
        self.block(body)
        start.possible.take(self.state.possible, start.later)
        start.possible.add(*inside)
        self.state = start
        self.block(orelse)

    def attempt(self, node: ast.Try | ast.TryStar) -> None:
        start = self.state
        self.state = start.copy()
        forgiven, self.forgiven = self.forgiven, self.forgiven or any(catches_names(h) for h in node.handlers)
        self.guarded += 1
        self.block(node.body)
        self.guarded -= 1
        self.forgiven = forgiven
        self.block(node.orelse)
        ends = [self.state]
        risky = bound_names(node.body)
        for handler in node.handlers:
            self.state = start.copy(start.later)
            self.state.possible.add(*risky)
            if handler.type:
                self.expression(handler.type, ())
            if handler.name:
                self.define(handler.name)
            self.block(handler.body)
            if handler.name:
                self.state.definite.discard(handler.name)
            ends.append(self.state)
        met = meet(start, ends)
        start.possible.take(met.possible)
        self.state = start
        self.block(node.finalbody)
        alive = start.alive
        met.definite = {name: there or name in start.definite for name, there in met.definite.items()}
        met.into(start)
        start.alive = met.alive and alive

    def match(self, node: ast.Match) -> None:
        self.expression(node.subject, ())
        start = self.state
        ends = [] if any(catches_all(case) for case in node.cases) else [start]
        for case in node.cases:
            self.state = start.copy(start.later)
            self.inside(case.pattern, ())
            self.define(*captures(case.pattern))
            if case.guard:
                self.expression(case.guard, ())
            self.block(case.body)
            ends.append(self.state)
        self.state = start
        meet(start, ends).into(start)

    # --- binding ---

    def define(self, *names: str) -> None:
        self.state.definite.add(*names)
        self.state.possible.add(*names)

    def bind(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.define(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.bind(part)
            case ast.Starred(value=value):
                self.bind(value)
            case _:
                self.inside(target, ())

    def unbind(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.read(target, ())
            self.state.definite.discard(target.id)
            self.state.possible.add(target.id)
        else:
            self.inside(target, ())

    # --- expressions, and what opens a scope of its own ---

    def expression(self, node: ast.AST, inner: Locals) -> None:
        match node:
            case ast.Name():
                self.read(node, inner)
            case ast.Call(func=ast.Name() as func):
                self.read(func, inner, call=node)
                self.inside(node, inner, skip=func)
            case ast.Attribute(value=ast.Name() as name, attr=attr, ctx=ast.Load()):
                self.read(name, inner, taken=(attr, node), changes=attr in ("update", "setdefault"))
            case ast.Subscript(value=ast.Name() as name, slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                self.read(name, inner, taken=(key, node))
            case ast.Subscript(value=ast.Name() as name) | ast.Attribute(value=ast.Name() as name) if not isinstance(
                node.ctx, ast.Load
            ):
                self.read(name, inner, changes=True)
                self.inside(node, inner, skip=name)
            case ast.NamedExpr(target=target, value=value):
                self.expression(value, inner)
                if self.unsure:
                    self.state.possible.add(target.id)
                elif not self.deferred:
                    self.define(target.id)
            case ast.BoolOp(values=[first, *rest]):
                self.expression(first, inner)
                self.perhaps(rest, inner)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.expression(test, inner)
                self.perhaps([body, orelse], inner)
            case ast.Lambda():
                self.lambda_(node, inner)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self.comprehension(node, inner)
            case _:
                self.inside(node, inner)

    def inside(self, node: ast.AST, inner: Locals, skip: ast.AST | None = None) -> None:
        for child in children(node):
            if child is not skip:
                self.expression(child, inner)

    def perhaps(self, nodes: list[ast.expr], inner: Locals) -> None:
        """Parts that may not run: what only an earlier round of a loop bound may well be there."""
        unsure, self.unsure = self.unsure, True
        self.guarded += 1
        for node in nodes:
            self.expression(node, inner)
        self.guarded -= 1
        self.unsure = unsure

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, inner: Locals) -> None:
        own = frozenset(name for part in node.generators for name in targets(part.target))
        self.expression(node.generators[0].iter, inner)
        inside = (*inner, own)
        for index, part in enumerate(node.generators):
            if index:
                self.expression(part.iter, inside)
            self.target(part.target, inside)
            for test in part.ifs:
                self.expression(test, inside)
        for value in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.expression(value, inside)

    def target(self, node: ast.expr, inner: Locals) -> None:
        """A target in a scope of its own: only what stands inside `x[…]` and before `.` is read."""
        for child in walk(node):
            if isinstance(child, ast.Attribute | ast.Subscript):
                self.inside(child, inner)

    def lambda_(self, node: ast.Lambda, inner: Locals) -> None:
        self.defaults(node.args, inner)
        self.later([node.body], (*inner, parameters(node.args) | walrus(node.body)))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, inner: Locals) -> None:
        for decorator in node.decorator_list:
            self.expression(decorator, inner)
        self.defaults(node.args, inner)
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        for argument in every:
            if argument and argument.annotation:
                self.expression(argument.annotation, inner)
        if node.returns:
            self.expression(node.returns, inner)
        own = (bound_names(node.body) | parameters(node.args)) - outer_declared(node.body)
        self.later(node.body, (*inner, own))

    def defaults(self, arguments: ast.arguments, inner: Locals) -> None:
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default:
                self.expression(default, inner)

    def later(self, body: list[ast.stmt] | list[ast.expr], inner: Locals) -> None:
        """Code that runs when it is called."""
        deferred, self.deferred = self.deferred, True
        for node in body:
            self.nested(node, inner)
        self.deferred = deferred

    def nested(self, node: ast.AST, inner: Locals) -> None:
        """A statement inside a function or class: its own bindings are in `inner` already."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node, inner)
            case ast.ClassDef():
                self.class_(node, inner)
            case ast.AnnAssign(target=target, value=value):
                self.target(target, inner)
                if value:
                    self.nested(value, inner)
            case ast.Name(ctx=ast.Store()):
                return
            case ast.AugAssign(target=ast.Name() as target, value=value):
                self.read(target, inner)
                self.nested(value, inner)
            case ast.stmt() | ast.excepthandler() | ast.match_case() | ast.withitem() | ast.pattern():
                for child in children(node):
                    self.nested(child, inner)
            case _:
                self.expression(node, inner)

    def class_(self, node: ast.ClassDef, inner: Locals) -> None:
        for part in [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]:
            self.expression(part, inner)
        own = bound_names(node.body)
        for statement in node.body:
            # Methods do not see the names of their class.
            method = isinstance(statement, FUNCTIONS)
            self.nested(statement, inner if method else (*inner, own))

    # --- reading ---

    def read(
        self,
        node: ast.Name,
        inner: Locals,
        *,
        call: ast.Call | None = None,
        taken: tuple[str, ast.Attribute | ast.Subscript] | None = None,
        changes: bool = False,
    ) -> None:
        name = node.id
        if isinstance(node.ctx, ast.Store) and inner:
            return
        if any(name in own for own in inner) or not self.state.alive or name in self.state.definite:
            return
        maybe = self.forgiven or name in self.state.possible or (self.deferred and name in self.bound)
        maybe = maybe or (self.unsure and any(name in names for names in self.state.later))
        found = self.reads.get(name)
        if found is None:
            found = self.reads[name] = Read(name, node, maybe)
        elif found.maybe and not maybe:
            found.node, found.maybe = node, False
        found.changed |= changes
        if call:
            found.calls.append(call)
        if taken and not maybe and not self.guarded:
            found.fields.append(taken)
