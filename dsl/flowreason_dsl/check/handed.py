"""The one argument of a function or method that everybody knows, where it is of a kind that cannot be handed over.

Invariant: told is only what fails for every value of the kinds that are known; of lists, for every list with items.
"""

from __future__ import annotations

import ast

from flowreason_dsl.check.clash import NUMBERS, Clash, is_known, is_text, noun, text_of
from flowreason_dsl.types import TEXT, DictOf, ListOf, Record, Type

_GOES_THROUGH = frozenset(
    {"sum", "sorted", "max", "min", "list", "set", "tuple", "any", "all", "enumerate", "reversed"}
)
_CONVERTS = frozenset({"int", "float"})
_NUMERIC = frozenset({"range", "abs", "round"})


def handed(node: ast.Call, only: ast.expr, receiver: Type | None, kind: Type, item: Type) -> Clash | None:
    """What is wrong with the argument `only`, of type `kind`; where that is a list, of items of type `item`."""
    match node.func:
        case ast.Name(id="sum") if item == TEXT:
            return Clash("python-type", "`sum` adds numbers, and these are texts", node, text_of(only, TEXT))
        case ast.Name(id="len") if kind in NUMBERS:
            return Clash("python-type", f"`len` counts items, and this is {noun(kind)}", node)
        case ast.Name(id=name) if name in _GOES_THROUGH and kind in NUMBERS:
            return Clash("python-type", f"`{name}` goes through items, and this is {noun(kind)}", node)
        case ast.Name(id=name) if is_known(kind) and kind not in NUMBERS:
            return _no_number(node, name, only, kind)
        case ast.Attribute(attr="join") if receiver is not None and is_text(receiver):
            return _no_text(node, only, item)
    return None


def _no_number(node: ast.Call, name: str, only: ast.expr, kind: Type) -> Clash | None:
    """Something else where a function takes a number, or what becomes one."""
    shown = ast.unparse(only)
    if name in _CONVERTS and not is_text(kind):
        help_ = f"convert each item: `[{name}(each) for each in {shown}]`" if isinstance(kind, ListOf) else None
        return Clash("python-type", f"`{name}` converts one value, and this is {noun(kind)}", node, help=help_)
    if name in _NUMERIC:
        help_ = f"write `range(len({shown}))`" if name == "range" else None
        message = f"`{name}` takes a number, and this is {noun(kind)}"
        return Clash("python-type", message, node, text_of(only, kind), help=help_)
    return None


def _no_text(node: ast.Call, only: ast.expr, item: Type) -> Clash | None:
    if item not in NUMBERS and not isinstance(item, ListOf | Record | DictOf):
        return None
    right = f"map(str, {ast.unparse(only)})"
    message = f"`join` joins texts, and each of these is {noun(item)}"
    return Clash("python-type", message, node, help=f"write `{right}`", change=(only, right))
