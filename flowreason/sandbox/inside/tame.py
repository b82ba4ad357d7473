"""Whether a piece of Python can be told, from its text alone, to change nothing that outlives it.

Tame pieces share a process; every other piece gets one of its own, which ends with it. Allowed is what is listed, here
and in `tame_names`; everything else is refused: setting attributes (of a module, a function, a class), names that lead
to the insides of Python, classes that pass for another type, code that would run when the garbage of a piece is
collected. Invariant: whatever a tame piece computes, the next piece finds the process as if it had not been.
"""

from __future__ import annotations

import ast
import builtins
import re
import string
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from flowreason.sandbox.inside.tame_names import (
    BASES,
    BUILTINS,
    DECORATORS,
    MODULES,
    all_tame,
    tame_attribute,
    tame_names,
    words,
)

LONGEST = 50_000
"""Characters of a piece that is looked at."""

_NODES = (
    *(ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Pass, ast.Assert, ast.Raise),
    *(ast.For, ast.While, ast.If, ast.Break, ast.Continue, ast.Return, ast.Try, ast.ExceptHandler),
    *(ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.arguments, ast.arg, ast.keyword, ast.Global, ast.Nonlocal),
    *(ast.Import, ast.ImportFrom, ast.alias, ast.Match, ast.match_case, ast.pattern),
    *(ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Call, ast.Constant, ast.Name),
    *(ast.Dict, ast.Set, ast.List, ast.Tuple, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.comprehension, ast.Yield, ast.YieldFrom, ast.FormattedValue, ast.JoinedStr, ast.Attribute, ast.Subscript),
    *(ast.Starred, ast.Slice, ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop),
)

_MEANING = words("""
    abs add and bool call contains delitem divmod eq float floordiv format ge getitem gt iadd index init int invert iter
    isub le len length_hint lshift lt mod mul ne neg next or pos post_init pow radd repr reversed rfloordiv rmod rmul
    round rshift rsub rtruediv setitem str sub truediv xor
    """)
METHODS = frozenset(f"__{name}__" for name in _MEANING)
"""Methods with a meaning to Python that a class may define. `__hash__` is none: an object that is equal to another one,
and behaves differently, would take its place in the caches of the standard library. `__del__` is none, nor is anything
that rules attributes, classes and copies."""

LIMITED = DECORATORS | BASES | {"deepcopy"}
"""Names of modules that are allowed in certain places only."""

_BUILT_IN = frozenset(dir(builtins)) | {"execute"}
_RESERVED = _BUILT_IN | frozenset(MODULES) | LIMITED | {"NamedTuple", "TypedDict"}
_GONE = frozenset({"close", "throw"})
"""What is called of an iterator that nobody goes on with, perhaps long after."""


class _Wild(Exception):
    """A place that is not known to be tame."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a piece: whether it is tame, and whether it may draw numbers by chance."""

    tame: bool
    chance: bool


_UNKNOWN = Look(tame=False, chance=True)
_CHANCE = ("random", "sample")
"""Parts of the names by which tame Python comes to what draws numbers."""


@lru_cache(maxsize=1024)
def look(code: str) -> Look:
    """What is certain of a piece, whatever the values of its names."""
    if len(code) > LONGEST:
        return _UNKNOWN
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(code)))
        _look(nodes)
    except (SyntaxError, ValueError, MemoryError, RecursionError, _Wild):
        return _UNKNOWN
    words = {value for node in nodes for _, value in ast.iter_fields(node) if isinstance(value, str)}
    return Look(tame=True, chance=any(part in word for word in words for part in _CHANCE))


def _look(nodes: list[ast.AST]) -> None:
    """Raises `_Wild`."""
    bound = _Bound(nodes)
    fine: set[ast.AST] = set()
    for node in nodes:
        _require(isinstance(node, _NODES) and not getattr(node, "type_params", None))
        match node:
            case ast.ClassDef():
                fine |= _Class(node, bound).looked_at()
            case ast.Compare():
                fine.update(_compared_types(node, bound))
            case ast.Attribute() | ast.Call():
                fine.update(_special(node))
            case ast.Try():
                _require(not any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node)))
    for node in nodes:
        if node not in fine:
            _look_at(node, bound)


def _look_at(node: ast.AST, bound: _Bound) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            _require(name in BUILTINS or name not in _BUILT_IN or name == "__name__")
            _require(name not in bound.limited and (not name.startswith("__") or name == "__name__"))
        case ast.Attribute(attr=name, ctx=context):
            _require(isinstance(context, ast.Load) and tame_attribute(name) and name not in LIMITED)
        case ast.Import(names=names):
            _require(all(alias.name in MODULES for alias in names))
        case ast.ImportFrom(module=module, names=names, level=level):
            _require(level == 0 and module in MODULES)
            known = tame_names(str(module))
            _require(all(alias.name in known or (alias.name == "*" and all_tame(str(module))) for alias in names))
        case ast.MatchClass(kwd_attrs=names):
            _require(all(map(tame_attribute, names)))
        case ast.FunctionDef(name=name, decorator_list=decorators) if name.startswith("__"):
            _require(name in METHODS and not decorators)
        case ast.comprehension(is_async=is_async):
            _require(not is_async)


def _require(held: bool) -> None:
    if not held:
        raise _Wild


class _Bound:
    """The names that a piece binds, anywhere."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        self.classes: dict[str, ast.ClassDef] = {}
        self.imported: set[str] = set()
        self.others: set[str] = set()
        self.limited: set[str] = set()
        again: set[str] = set()
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                again |= {node.name} & self.classes.keys()
                self.classes[node.name] = node
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self._imports(node)
            elif isinstance(node, ast.FunctionDef):
                self.others.add(node.name)
            else:
                for name in _names(node):
                    _require(not name.startswith("__"))
                    self.others.add(name)
        if self.classes:
            _require(not (_GONE & (self.others | self.imported)) and not again)
            _require(not (_RESERVED | self.others | self.imported) & self.classes.keys())

    def _imports(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            _require(alias.asname is None or (name not in _RESERVED and not name.startswith("__")))
            self.imported.add(name)
            if isinstance(node, ast.ImportFrom) and alias.name in LIMITED:
                self.limited.add(name)
                _require(alias.asname is None)


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


# --- what is allowed in one place only ---


def _special(node: ast.Attribute | ast.Call) -> Iterator[ast.AST]:
    """Parts of a place that are allowed there, though not elsewhere."""
    match node:
        case ast.Attribute(attr="__name__", value=ast.Attribute(attr="__class__", ctx=ast.Load()) as inner):
            yield inner
        case ast.Attribute(attr="__name__", value=ast.Call() as call) if (name := _type_call(call)) is not None:
            yield name
        case ast.Attribute(attr="format", value=ast.Constant(value=str(text))) if _plain_format(text):
            yield node
        case ast.Call(args=args, keywords=keywords) if keywords or any(isinstance(each, ast.Starred) for each in args):
            return
        case ast.Call(func=ast.Name(id="deepcopy") | ast.Attribute(attr="deepcopy") as copier, args=[_]):
            yield copier  # what it takes beside is its own
        case ast.Call(func=ast.Name(id="getattr" | "hasattr") as name, args=[_, ast.Constant(value=str(field)), *_]):
            if tame_attribute(field) and field not in LIMITED:
                yield name
        case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super") as name) as call)):
            if not call.args and not call.keywords:
                yield from (name, node.func)


def _type_call(node: ast.AST) -> ast.Name | None:
    """The name `type` of `type(x)`; with more arguments it makes classes."""
    match node:
        case ast.Call(func=ast.Name(id="type") as name, args=[arg], keywords=[]) if not isinstance(arg, ast.Starred):
            return name
    return None


def _compared_types(node: ast.Compare, bound: _Bound) -> Iterator[ast.AST]:
    """`type(x) is int`, `type(x) == type(y)`: no `__eq__` of the piece gets hold of the type of a type."""
    parts = [node.left, *node.comparators]
    if all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops) or all(_is_type(each, bound) for each in parts):
        yield from filter(None, map(_type_call, parts))


def _is_type(node: ast.expr, bound: _Bound) -> bool:
    match node:
        case ast.Name(id=name):
            known = name in bound.classes or isinstance(getattr(builtins, name, None), type)
            return known and name not in bound.others | bound.imported
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return all(_is_type(each, bound) for each in elts)
    return _type_call(node) is not None


def _plain_format(text: str) -> bool:
    """Whether the fields of a text to be filled are names and numbers alone, and reach for no attribute."""
    for _, field, spec, _ in string.Formatter().parse(text):
        if (field is not None and not re.fullmatch(r"\w*", field)) or (spec and not _plain_format(spec)):
            return False
    return True


# --- classes ---

_OPTIONS = frozenset({"init", "repr", "order", "frozen", "kw_only"})
"""Of `dataclass`. Those that would give a class its hash, or another equality, are none."""


class _Class:
    """A class of the piece: one of its own kind, that passes for nothing else."""

    def __init__(self, node: ast.ClassDef, bound: _Bound) -> None:
        self.node = node
        self.bound = bound
        self.methods = {each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef)}

    def looked_at(self) -> set[ast.AST]:
        """The parts that are allowed above it. Raises `_Wild`."""
        node = self.node
        _require(not node.keywords)
        fine: set[ast.AST] = {self._decorator(each) for each in node.decorator_list}
        special = [name for base in node.bases if (name := self._special_base(base)) is not None]
        if not special:
            _require(all(map(self._plain_base, node.bases)))
            return fine
        _require(len(node.bases) == 1)
        self._named(special[0])
        return fine | {node.bases[0]}

    def _decorator(self, node: ast.expr) -> ast.expr:
        core = node.func if isinstance(node, ast.Call) else node
        name = self._limited(core)
        _require(name in DECORATORS)
        if isinstance(node, ast.Call):
            given = {keyword.arg for keyword in node.keywords if isinstance(keyword.value, ast.Constant)}
            _require(not node.args and len(given) == len(node.keywords) and given <= _OPTIONS)
            _require("__eq__" not in self.methods)
        return core

    def _limited(self, node: ast.expr) -> str | None:
        """`dataclass`, where it is the one of the module."""
        if isinstance(node, ast.Name):
            return node.id if node.id in self.bound.imported - self.bound.others else None
        return self._of_module(node)

    def _special_base(self, base: ast.expr) -> str | None:
        """`Enum` and the like, and `NamedTuple`."""
        name = self._limited(base)
        return name if name in BASES or name in ("NamedTuple", "TypedDict") else None

    def _named(self, base: str) -> None:
        """Members are values: methods that change what a number or a tuple does are not allowed."""
        dunder = {name for name in self.methods if name.startswith("__")}
        if base == "Enum":
            _require(dunder <= {"__str__", "__repr__"})
        elif base in ("NamedTuple", "TypedDict"):
            _require(not dunder and not self.node.decorator_list)
        else:
            _require(not any(isinstance(each, ast.FunctionDef | ast.Lambda) for each in ast.walk(self.node)))
        if base in BASES:
            _require(all(self._limited(each) == "unique" for each in self.node.decorator_list))

    def _plain_base(self, base: ast.expr) -> bool:
        """`object`, an exception, or a class of the piece that has no other kind of base."""
        if not isinstance(base, ast.Name) or base.id in self.bound.others | self.bound.imported:
            return False
        if base.id in self.bound.classes:
            inner = _Class(self.bound.classes[base.id], self.bound)
            return base.id != self.node.name and all(map(inner._plain_base, inner.node.bases))
        kind = getattr(builtins, base.id, None)
        return kind is object or (isinstance(kind, type) and issubclass(kind, Exception) and "Group" not in base.id)

    def _of_module(self, node: ast.expr) -> str | None:
        """`Enum` of `enum.Enum`, where `enum` is the module."""
        match node:
            case ast.Attribute(value=ast.Name(id="enum" | "dataclasses" | "functools" | "typing" as module), attr=name):
                return name if module not in self.bound.others and name in tame_names(module) else None
        return None
