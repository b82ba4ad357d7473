"""How many parts the items of a list have, where the Python that makes it shows that.

Invariant: a number is only given where the items surely have so many parts.
"""

from __future__ import annotations

import ast

from flowreason_dsl.python import PythonFacts


def parts_of(known: PythonFacts) -> int | None:
    """The parts of each item: of pairs that stand in the text, of `enumerate`, `zip`, `.items()`."""
    tree = known.tree
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    match tree.body[0].value:
        case (
            ast.List(elts=[ast.Tuple() | ast.List(), *_] as items)
            | ast.Tuple(elts=[ast.Tuple() | ast.List(), *_] as items)
        ):
            sizes = {_size(item) for item in items}
            return sizes.pop() if len(sizes) == 1 else None
        case ast.ListComp(elt=ast.Tuple() | ast.List() as item):
            return _size(item)
        case ast.Call(func=ast.Name(id="enumerate")) if "enumerate" not in known.bound:
            return 2
        case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as several) if "zip" not in known.bound:
            return None if any(isinstance(each, ast.Starred) for each in several) else len(several)
    return None


def _size(item: ast.expr) -> int | None:
    if not isinstance(item, ast.Tuple | ast.List) or any(isinstance(part, ast.Starred) for part in item.elts):
        return None
    return len(item.elts)
