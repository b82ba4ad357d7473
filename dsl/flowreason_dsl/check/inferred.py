"""The type of a piece of Python where it is plain to see; `any` for everything else.

Invariant: what is said here holds on every run that does not fail. A text that is computed counts as `any`, because a
run reads numbers and choices from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from flowreason_dsl.check.kinds import join
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

Lookup = Callable[[str], Type]
"""The type of a name of the flow; `any` where the piece binds the name itself."""

_CALLS: dict[str, Type] = {
    "len": INT,
    "int": INT,
    "ord": INT,
    "float": NUMBER,
    "bool": BOOL,
    "isinstance": BOOL,
    "any": BOOL,
    "all": BOOL,
    "clusters": ListOf(ListOf(INT)),
    "execute": Record((("value", ANY), ("output", ANY), ("error", ANY))),
}
_LIST_CALLS = frozenset({"sorted", "list"})
_PICKING = frozenset({"nearest", "top", "present"})
"""What gives some of the items of its first argument."""
_PARTS = frozenset({"split", "rsplit"})
_TEXT_LISTS = frozenset({"splitlines"})
_BOOL_METHODS = frozenset({"startswith", "endswith", "isdigit", "isalpha", "isupper", "islower", "isnumeric"})
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
MOST_NESTED = 40


def infer(node: ast.expr, lookup: Lookup, shadowed: Callable[[str], bool], depth: int = 0) -> Type:
    """The type of an expression. `shadowed` tells names that are not the builtins of that name."""
    if depth > MOST_NESTED:
        return ANY

    def of(inner: ast.expr) -> Type:
        return infer(inner, lookup, shadowed, depth + 1)

    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return lookup(name)
        case ast.JoinedStr():
            return TEXT
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return BOOL
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return kind if (kind := of(operand)) in (INT, NUMBER) else ANY
        case ast.BoolOp(values=values):
            return _all_alike([of(value) for value in values])
        case ast.IfExp(body=body, orelse=orelse):
            return join(of(body), of(orelse))
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(of(left), op, of(right))
        case ast.List(elts=parts):
            return ListOf(_all_alike([ANY if isinstance(p, ast.Starred) else of(p) for p in parts]))
        case ast.ListComp() | ast.GeneratorExp():
            return ListOf(_item(node, lookup, shadowed, depth))
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return kept if isinstance(kept := of(inner), ListOf) else ANY
        case ast.Dict(keys=keys, values=values):
            return _record(keys, [of(value) for value in values])
        case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as key)):
            return _part(of(inner), key)
        case ast.Attribute(value=inner, attr=attr):
            found = of(inner)
            return _part(found, attr) if isinstance(found, Record) else ANY
        case ast.Call(func=ast.Name(id=name)) if not shadowed(name):
            if name in _PICKING:
                return _listed([of(argument) for argument in node.args[:1]])
            return _listed([of(argument) for argument in node.args]) if name in _LIST_CALLS else _CALLS.get(name, ANY)
        case ast.Call(func=ast.Attribute(value=inner, attr=attr)):
            return ListOf(ANY) if attr in _PARTS and _is_text(of(inner)) else _method(attr)
    return ANY


def _is_text(type: Type) -> bool:
    return type == TEXT or isinstance(type, Choice)


def _part(type: Type, key: str | int) -> Type:
    """What stands at a key or index."""
    match type:
        case Record():
            return (type.field(key) if isinstance(key, str) else None) or ANY
        case DictOf(value=value) if isinstance(key, str):
            return value
        case ListOf(item=item) if isinstance(key, int):
            return item
    return ANY


def _listed(arguments: list[Type]) -> Type:
    """`sorted(xs)` and `list(xs)` hold what `xs` holds."""
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], ListOf) else ListOf(ANY)


def _item(node: ast.ListComp | ast.GeneratorExp, lookup: Lookup, shadowed: Callable[[str], bool], depth: int) -> Type:
    """What a comprehension puts into its list, where it has one target."""
    part = node.generators[0]
    if len(node.generators) > 1 or not isinstance(part.target, ast.Name):
        return ANY
    name = part.target.id
    items = infer(part.iter, lookup, shadowed, depth + 1)
    kind = items.item if isinstance(items, ListOf) else ANY
    bound = {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}

    def inside(each: str) -> Type:
        return kind if each == name else ANY if each in bound else lookup(each)

    return infer(node.elt, inside, shadowed, depth + 1)


def _constant(value: object) -> Type:
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return NUMBER
        case str():
            return Choice((value,))
    return ANY


def _all_alike(types: list[Type]) -> Type:
    if not types:
        return ANY
    found = types[0]
    for other in types[1:]:
        found = join(found, other)
    return found


def _arithmetic(left: Type, op: ast.operator, right: Type) -> Type:
    numbers = (INT, NUMBER)
    if left in numbers and right in numbers:
        if isinstance(op, ast.Div):
            return NUMBER
        if isinstance(op, _ARITHMETIC):
            return INT if left == right == INT else NUMBER
    return ANY


def _record(keys: list[ast.expr | None], values: list[Type]) -> Type:
    names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    if len(names) < len(keys) or len(set(names)) < len(names) or not names:
        return ANY
    return Record(tuple(zip(names, values, strict=True)))


def _method(attr: str) -> Type:
    if attr in _TEXT_LISTS:
        return ListOf(TEXT)
    return BOOL if attr in _BOOL_METHODS else ANY
