"""Walking the tree of a piece of Python, quickly: what stands in a node, without operators and contexts.

Invariant: children come in the order in which they stand in the node's fields.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_BARE = frozenset(
    {"ctx", "op", "ops", "type_ignores", "type_comment", "kind", "id", "attr", "arg", "level", "conversion"}
)


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes directly in a node."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, list):
            for each in value:
                if isinstance(each, ast.AST):
                    yield each
        elif isinstance(value, ast.AST):
            yield value


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all nodes in it, in no order that matters."""
    todo: list[ast.AST] = [node]
    pop, known = todo.pop, _KNOWN
    while todo:
        each = pop()
        yield each
        kind = type(each)
        for name in known[kind] if kind in known else _fields(kind):
            value = getattr(each, name)
            if type(value) is list:
                todo += [inner for inner in value if isinstance(inner, ast.AST)]
            elif isinstance(value, ast.AST):
                todo.append(value)


def deeper(tree: ast.AST, most: int) -> bool:
    """Whether a tree has more than so many levels."""
    level = [tree]
    for _ in range(most):
        level = [inner for each in level for inner in children(each)]
        if not level:
            return False
    return True


_KNOWN: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: ()}


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    found = _KNOWN.get(kind)
    if found is None:
        found = _KNOWN[kind] = tuple(name for name in kind._fields if name not in _BARE)
    return found
