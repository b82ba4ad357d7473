"""The names in a piece of Python that mean the top level of the piece: variables of the flow, flows, tools.

Invariant: a place that is told holds the name itself; where a name also stands in a place that cannot be told apart
(`import x`, `global x`), it is among the `fixed`, and must not be renamed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from flowreason_dsl.python import facts
from flowreason_dsl.python_bindings import (
    FUNCTIONS,
    bound_names,
    declared_global,
    outer_declared,
    parameters,
    targets,
    walrus,
)
from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.python_place import locate, place
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Code


@dataclass(frozen=True, slots=True)
class Word:
    """A name at top level."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Keyword:
    """`key=` in a call of `function`."""

    function: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in one piece. `outer` are the names that it takes from outside; `every` is any identifier in it."""

    words: tuple[Word, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    outer: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    every: frozenset[str] = frozenset()


def words_of(code: Code, source: Source) -> Words:
    """The names of a piece; nothing where it does not parse."""
    known = facts(code)
    if known.tree is None:
        return Words()
    words, lost = [], set()
    stored = set()
    for node in _top_level(known.tree, ()):
        span = locate(code, node)
        if source.slice(span) == node.id:
            words.append(Word(node.id, span))
            if not isinstance(node.ctx, ast.Load):
                stored.add(node.id)
        else:
            lost.add(node.id)
    hidden = (bound_names(known.tree.body) - stored) | declared_global(known.tree)
    return Words(
        tuple(dict.fromkeys(words)),
        tuple(_keywords(code, known.tree, source)),
        frozenset(known.all_names),
        frozenset(lost | hidden),
        _every(known.tree),
    )


Scopes = tuple[frozenset[str], ...]


def _top_level(node: ast.AST, inner: Scopes) -> Iterator[ast.Name]:
    """All names in a tree that no scope inside of it binds."""
    match node:
        case ast.Name(id=name):
            if not any(name in own for own in inner):
                yield node
        case ast.Lambda():
            yield from _defaults(node.args, inner)
            yield from _top_level(node.body, (*inner, parameters(node.args) | walrus(node.body)))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from _function(node, inner)
        case ast.ClassDef():
            yield from _class(node, inner)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            own = frozenset(name for part in node.generators for name in targets(part.target))
            yield from _top_level(node.generators[0].iter, inner)
            for child in children(node):
                for each in _in_comprehension(child, first=child is node.generators[0]):
                    yield from _top_level(each, (*inner, own))
        case _:
            for child in children(node):
                yield from _top_level(child, inner)


def _in_comprehension(child: ast.AST, first: bool) -> list[ast.AST]:
    """What is read with the targets in sight; what the first `for` goes through is not."""
    if not isinstance(child, ast.comprehension):
        return [child]
    return [child.target, *child.ifs] if first else [child.target, child.iter, *child.ifs]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, inner: Scopes) -> Iterator[ast.Name]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    hints = [argument.annotation for argument in every if argument and argument.annotation]
    for outside in [*node.decorator_list, *hints, *([node.returns] if node.returns else [])]:
        yield from _top_level(outside, inner)
    yield from _defaults(node.args, inner)
    own = (bound_names(node.body) | parameters(node.args)) - outer_declared(node.body)
    for statement in node.body:
        yield from _top_level(statement, (*inner, own))


def _class(node: ast.ClassDef, inner: Scopes) -> Iterator[ast.Name]:
    for part in [*node.decorator_list, *node.bases, *(word.value for word in node.keywords)]:
        yield from _top_level(part, inner)
    own = bound_names(node.body)
    for statement in node.body:
        # Methods do not see the names of their class.
        yield from _top_level(statement, inner if isinstance(statement, FUNCTIONS) else (*inner, own))


def _defaults(arguments: ast.arguments, inner: Scopes) -> Iterator[ast.Name]:
    for default in [*arguments.defaults, *arguments.kw_defaults]:
        if default is not None:
            yield from _top_level(default, inner)


def _keywords(code: Code, tree: ast.Module, source: Source) -> Iterator[Keyword]:
    for node in walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for word in node.keywords:
                if word.arg is not None:
                    row = code.text.split("\n")[word.lineno - 1]
                    start = len(row.encode("utf-8", "replace")[: word.col_offset].decode("utf-8", "ignore"))
                    span = place(code, word.lineno - 1, start, start + len(word.arg))
                    if source.slice(span) == word.arg:
                        yield Keyword(node.func.id, word.arg, span)


def _every(tree: ast.Module) -> frozenset[str]:
    """Every identifier that may clash with a new one."""
    found = {node.id for node in walk(tree) if isinstance(node, ast.Name)}
    for node in walk(tree):
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            found |= parameters(node.args)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found |= bound_names(node.body) | {node.name}
    return frozenset(found) | bound_names(tree.body) | declared_global(tree)
