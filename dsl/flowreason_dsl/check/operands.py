"""Python that puts values together which do not go together: a text plus a number, a choice and what is none of it.

Invariant: an operation is only reported where it surely runs when its piece does and fails (or never holds) for every
value of the types that are known. What stands under a condition or in a `try` is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flowreason_dsl.check.inferred import Lookup, infer
from flowreason_dsl.check.kinds import listed
from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

_NUMBERS = (INT, NUMBER, BOOL)
_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_TESTS_OF_TYPES = frozenset({"isinstance", "type", "hasattr", "callable", "locals", "globals"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BRANCHING = (ast.BoolOp, ast.IfExp, ast.If, ast.While, ast.Try, ast.TryStar, ast.Match)
_BARE = (ast.Name, ast.Constant)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


@dataclass(frozen=True, slots=True)
class Clash:
    """An operation that cannot work.

    `text` is the name of a text in it that should perhaps have been a number; `options` are what there is instead of
    what was `meant`.
    """

    code: str
    message: str
    node: ast.expr
    text: str | None = None
    options: tuple[str, ...] = ()
    meant: str = ""


class Operands:
    """Looks through one piece. `lookup` and `shadowed` are those of `infer`."""

    def __init__(self, lookup: Lookup, shadowed: Callable[[str], bool]) -> None:
        self.outer = lookup
        self.shadowed = shadowed
        self.fixed = True

    def clashes(self, tree: ast.Module) -> Iterator[Clash]:
        """All operations of a piece that cannot work, unless it looks at types itself."""
        nodes = list(walk(tree))
        self.fixed = not any(_changes(node) for node in nodes)
        if not any(isinstance(node, ast.Name) and node.id in _TESTS_OF_TYPES for node in nodes):
            for statement in tree.body:
                yield from self._look(statement, {})

    def _look(self, node: ast.AST, local: Mapping[str, Type]) -> Iterator[Clash]:
        if isinstance(node, _SCOPES):
            return
        if isinstance(node, _COMPREHENSIONS):
            yield from self._comprehension(node, local)
            return
        if isinstance(node, ast.expr):
            yield from self._expression(node, local)
        for child in self._certain(node) if isinstance(node, _BRANCHING) else children(node):
            if not isinstance(child, _BARE):
                yield from self._look(child, local)

    def _certain(self, node: ast.AST) -> Iterator[ast.AST]:
        """What surely runs when a node does that chooses what runs."""
        match node:
            case ast.BoolOp(values=[first, *_]):
                yield first
            case ast.IfExp(test=test):
                yield test
            case ast.If(test=test) | ast.While(test=test):
                yield test
            case ast.Try() | ast.TryStar():
                return
            case ast.Match(subject=subject):
                yield subject

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        inside = dict(local)
        checked = True
        for part in node.generators:
            kind = self._type(part.iter, inside)
            yield from self._iterated(part.iter, kind)
            yield from self._look(part.iter, inside)
            for name in walk(part.target):
                if isinstance(name, ast.Name):
                    inside[name.id] = ANY
            if isinstance(part.target, ast.Name) and isinstance(kind, ListOf):
                inside[part.target.id] = kind.item
            for test in part.ifs:
                yield from self._look(test, inside)
            checked = checked and not part.ifs
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for value in parts if checked else ():
            yield from self._look(value, inside)

    def _expression(self, node: ast.expr, local: Mapping[str, Type]) -> Iterator[Clash]:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                yield from self._operation(node, left, op, right, local)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                yield from self._comparison(node, left, op, right, local)
            case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if not self.shadowed(name):
                yield from self._call(node, name, only, local)
            case ast.Attribute(value=inner, attr=str(key), ctx=ast.Load()):
                yield from self._field(node, inner, key, False, local)
            case ast.Subscript(value=inner, slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                yield from self._field(node, inner, key, True, local)

    # --- three kinds of operations ---

    def _operation(
        self, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        a, b = self._type(left, local), self._type(right, local)
        if op.__class__ in _SIGNS and _fails(a, op, b):
            message = f"Python cannot compute {_noun(a)} {_SIGNS[op.__class__]} {_noun(b)}"
            yield Clash("python-type", message, node, _text_of(left, a) or _text_of(right, b))

    def _comparison(
        self, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        a, b = self._type(left, local), self._type(right, local)
        if isinstance(op, _ORDER) and _unordered(a, b):
            message = f"Python cannot compare {_noun(a)} with {_noun(b)}"
            yield Clash("python-type", message, node, _text_of(left, a) or _text_of(right, b))
        elif isinstance(op, ast.Eq | ast.NotEq):
            for side, other in ((a, b), (b, a)):
                found = _never_equal(side, other)
                if found:
                    options = side.options if isinstance(side, Choice) else ()
                    meant = other.options[0] if isinstance(other, Choice) else ""
                    yield Clash("python-never-equal", found, node, None, options, meant)
                    return

    def _call(self, node: ast.expr, name: str, only: ast.expr, local: Mapping[str, Type]) -> Iterator[Clash]:
        kind = self._type(only, local)
        if name == "sum" and _item(only, kind, self, local) in (TEXT,):
            yield Clash("python-type", "`sum` adds numbers, and these are texts", node, _text_of(only, TEXT))
        elif name == "len" and kind in _NUMBERS:
            yield Clash("python-type", f"`len` counts items, and this is {_noun(kind)}", node)

    def _field(
        self, node: ast.expr, inner: ast.expr, key: str, as_key: bool, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        """A field of a record that is no name of the flow: an item of a list, the target of a comprehension."""
        if not self.fixed or (isinstance(inner, ast.Name) and inner.id not in local):
            return
        kind = self._type(inner, local)
        if isinstance(kind, Record) and kind.field(key) is None and (as_key or not hasattr(dict, key)):
            names = tuple(name for name, _ in kind.fields)
            message = f"there is no field `{key}` in this record; it has {listed(names)}"
            yield Clash("field-unknown", message, node, None, names, key)

    def _iterated(self, node: ast.expr, kind: Type) -> Iterator[Clash]:
        if kind in _NUMBERS:
            yield Clash("python-type", f"Python cannot go through {_noun(kind)}; to count, write `range(…)`", node)

    def _type(self, node: ast.expr, local: Mapping[str, Type]) -> Type:
        def lookup(name: str) -> Type:
            return local[name] if name in local else self.outer(name)

        return infer(node, lookup, self.shadowed)


def _changes(node: ast.AST) -> bool:
    """Whether a node may put a field into a record."""
    match node:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            return True
        case ast.Attribute(attr="update" | "setdefault"):
            return True
    return False


def _item(node: ast.expr, kind: Type, looking: Operands, local: Mapping[str, Type]) -> Type:
    """What the items of a list are: `sum(scores)`, `sum(s for s in scores)`."""
    if isinstance(kind, ListOf) and not isinstance(node, ast.ListComp):
        return kind.item
    match node:
        case (
            ast.GeneratorExp(elt=ast.Name(id=name), generators=[part])
            | ast.ListComp(elt=ast.Name(id=name), generators=[part])
        ) if isinstance(part.target, ast.Name) and part.target.id == name:
            found = looking._type(part.iter, local)
            return found.item if isinstance(found, ListOf) else ANY
    return ANY


def _is_text(type: Type) -> bool:
    return type == TEXT or isinstance(type, Choice)


def _is_known(type: Type) -> bool:
    return type in _NUMBERS or _is_text(type) or isinstance(type, ListOf | Record | DictOf)


def _fails(a: Type, op: ast.operator, b: Type) -> bool:
    """Whether an operation raises TypeError for all values of these types."""
    if not (_is_known(a) and _is_known(b)):
        return False
    if a in _NUMBERS and b in _NUMBERS:
        return False
    match op:
        case ast.Add():
            return not (_is_text(a) and _is_text(b)) and not (isinstance(a, ListOf) and isinstance(b, ListOf))
        case ast.Mult():
            return not any(each in _NUMBERS for each in (a, b)) or isinstance(a, Record) or isinstance(b, Record)
        case ast.Mod():
            return not _is_text(a)
    return True


def _unordered(a: Type, b: Type) -> bool:
    return (_is_text(a) and b in _NUMBERS) or (a in _NUMBERS and _is_text(b))


def _never_equal(side: Type, other: Type) -> str | None:
    """Why two values are different whatever they are."""
    if isinstance(side, Choice) and isinstance(other, Choice) and len(side.options) > 1 == len(other.options):
        only = other.options[0]
        return None if only in side.options else f'this is never "{only}": it is {side}'
    if side in _NUMBERS and _is_text(other):
        return f"{_noun(side)} never equals a text"
    if isinstance(side, ListOf) and (other in _NUMBERS or _is_text(other)):
        return f"a list never equals {_noun(other)}"
    return None


def _text_of(node: ast.expr, type: Type) -> str | None:
    return node.id if isinstance(node, ast.Name) and _is_text(type) else None


def _noun(type: Type) -> str:
    if _is_text(type):
        return "a text"
    if isinstance(type, ListOf):
        return "a list"
    if isinstance(type, Record | DictOf):
        return "a record"
    return {"int": "a whole number", "number": "a number", "bool": "true or false"}[str(type)]
