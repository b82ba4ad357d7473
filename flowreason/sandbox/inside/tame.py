"""Whether a piece of Python can be told, from its text alone, to change nothing that outlives it.

Tame pieces share a process; every other piece gets one of its own, which ends with it. What is tame is plain: names,
numbers, texts, lists and records, loops, functions, and what `tame_names` lists; everything else is refused, classes
and generators among it, and every attribute that is set. So a piece never holds anything with a mind of its own, nor
anything of others that can be changed. Invariant: whatever a tame piece computes, the next piece finds the process as
if it had not been.
"""

from __future__ import annotations

import ast
import builtins
import re
import string
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flowreason.sandbox.inside.tame_names import (
    BUILTINS,
    COPIERS,
    MODULES,
    THERE,
    all_tame,
    made_of_python,
    tame_attribute,
    tame_names,
)

LONGEST = 50_000
"""Characters of a piece that is looked at."""

_NODES = (
    *(ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Pass, ast.Assert, ast.Raise),
    *(ast.For, ast.While, ast.If, ast.Break, ast.Continue, ast.Return, ast.Try, ast.ExceptHandler),
    *(ast.FunctionDef, ast.Lambda, ast.arguments, ast.arg, ast.keyword, ast.Global, ast.Nonlocal),
    *(ast.Import, ast.ImportFrom, ast.alias, ast.Match, ast.match_case, ast.pattern),
    *(ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Call, ast.Constant, ast.Name),
    *(ast.Dict, ast.Set, ast.List, ast.Tuple, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.comprehension, ast.FormattedValue, ast.JoinedStr, ast.Attribute, ast.Subscript),
    *(ast.Starred, ast.Slice, ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop),
)
_BUILT_IN = frozenset(dir(builtins)) | {"execute"}


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
    modules: dict[str, str] = {name: name for name in THERE}
    copiers: set[str] = set()
    classes: set[str] = set()
    for node in nodes:
        _require(isinstance(node, _NODES) and not getattr(node, "type_params", None))
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            copiers |= {alias.asname or alias.name for alias in node.names if node.module == "copy"}
            classes |= {alias.asname or alias.name for alias in node.names if _is_class(node.module, alias.name)}
    bound = {name for node in nodes for name in _names(node)}
    _require(not any(name.startswith("__") or name in modules for name in bound))
    apart = copiers | classes
    _require(not bound & apart and not modules.keys() & apart)
    fine = {part for node in nodes for part in (*_fine(node, modules, copiers), *_classes(node, modules, classes))}
    for node in nodes:
        if node not in fine:
            _look_at(node, modules, apart)


def _require(held: bool) -> None:
    if not held:
        raise _Wild


def _names(node: ast.AST) -> Iterator[str]:
    """The names that a place binds, but for those that it imports."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def _is_class(module: str | None, name: str) -> bool:
    return module in MODULES and made_of_python(str(module), name)


def _look_at(node: ast.AST, modules: dict[str, str], apart: set[str]) -> None:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            _require(name in BUILTINS or (name not in _BUILT_IN and not name.startswith("__")))
            _require(name not in modules and name not in apart)
        case ast.Attribute(attr=name, ctx=context):
            _require(isinstance(context, ast.Load) and tame_attribute(name))
        case ast.Import(names=names):
            _require(all(alias.name in MODULES and "." not in alias.name for alias in names))
            _require(all(alias.asname is None or _is_free(alias.asname) for alias in names))
        case ast.ImportFrom(module=module, names=names, level=level):
            _require(level == 0 and module in MODULES)
            known = tame_names(str(module))
            _require(all(alias.name in known or (alias.name == "*" and all_tame(str(module))) for alias in names))
            _require(all(_is_free(alias.asname or alias.name) or alias.asname is None for alias in names))
        case ast.MatchClass(cls=kind, kwd_attrs=names):
            _require(not names and isinstance(kind, ast.Name) and kind.id in BUILTINS)
        case ast.comprehension(is_async=is_async):
            _require(not is_async)


def _is_free(name: str) -> bool:
    """Whether an import may be known by a name: it is nothing else's."""
    return not name.startswith("__") and name not in _BUILT_IN and name not in THERE


# --- what is allowed in one place only ---


def _fine(node: ast.AST, modules: dict[str, str], copiers: set[str]) -> Iterator[ast.AST]:
    """Parts of a place that are allowed there, though not elsewhere."""
    match node:
        case ast.Attribute(value=ast.Name(id=name, ctx=ast.Load()) as base, attr=attr, ctx=ast.Load()) if (
            name in modules and modules[name] in MODULES
        ):
            apart = (modules[name] == "copy" and attr in COPIERS) or _is_class(modules[name], attr)
            if attr in tame_names(modules[name]) and not apart:
                yield from (base, node)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name) as base, attr=attr) as called, args=[_], keywords=[]):
            if modules.get(name) == "copy" and attr in COPIERS and not isinstance(node.args[0], ast.Starred):
                yield from (base, called)
            yield from _formatted(called)
        case ast.Call(func=ast.Name(id=name) as called, args=[arg], keywords=[]) if name in copiers:
            if not isinstance(arg, ast.Starred):
                yield called
        case ast.Call(func=ast.Attribute() as called):
            yield from _formatted(called)
        case ast.Call(func=ast.Name(id="getattr" | "hasattr") as called, args=[_, ast.Constant(value=str(field)), *_]):
            if tame_attribute(field) and not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args):
                yield called
        case ast.Attribute(attr="__name__", value=ast.Call() as call) if (kind := _type_call(call)) is not None:
            yield from (kind, node)
        case ast.Compare():
            yield from _compared_types(node)


def _classes(node: ast.AST, modules: dict[str, str], classes: set[str]) -> Iterator[ast.AST]:
    """Classes that are written in Python, where they are called, or asked for what is one of them."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            places = [kinds, *(kinds.elts if isinstance(kinds, ast.Tuple) else ())]
        case ast.Call(func=called):
            places = [called]
        case _:
            return
    for place in places:
        match place:
            case ast.Name(id=name) if name in classes:
                yield place
            case ast.Attribute(value=ast.Name(id=name) as base, attr=attr) if _is_class(modules.get(name), attr):
                if attr in tame_names(modules[name]):
                    yield from (base, place)


def _formatted(node: ast.Attribute) -> Iterator[ast.AST]:
    """`"…".format`, of a text whose fields reach for nothing."""
    match node:
        case ast.Attribute(attr="format", value=ast.Constant(value=str(text))) if _plain_format(text):
            yield node


def _plain_format(text: str) -> bool:
    """Whether the fields of a text to be filled are names and numbers alone, and reach for no attribute."""
    for _, field, spec, _ in string.Formatter().parse(text):
        if (field is not None and not re.fullmatch(r"\w*", field)) or (spec and not _plain_format(spec)):
            return False
    return True


def _type_call(node: ast.AST) -> ast.Name | None:
    """The name `type` of `type(x)`; with more arguments it makes classes."""
    match node:
        case ast.Call(func=ast.Name(id="type") as name, args=[arg], keywords=[]) if not isinstance(arg, ast.Starred):
            return name
    return None


def _compared_types(node: ast.Compare) -> Iterator[ast.AST]:
    """`type(x) is int`, `type(x) == type(y)`, `type(x) in (int, str)`: the type goes nowhere else."""
    parts = [node.left, *node.comparators]
    if all(map(_is_type, parts)):
        yield from filter(None, map(_type_call, parts))


def _is_type(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name in BUILTINS
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return all(map(_is_type, elts))
    return _type_call(node) is not None
