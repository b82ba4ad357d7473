"""Calls of Python's own functions and methods, and of those that a flow adds, with arguments that they cannot take.

Invariant: a call is only told of where Python would refuse it before the function begins, whatever the values are.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from functools import cache
from typing import Any

from flowreason_dsl import prelude
from flowreason_dsl.names import nearest
from flowreason_dsl.python_world import BUILTINS, PRELUDE
from flowreason_dsl.types import TEXT, Choice, DictOf, ListOf, Record, Type

_COUNTS = {
    "range": (1, 3), "int": (0, 2), "float": (0, 1), "bool": (0, 1), "str": (0, 3), "set": (0, 1), "frozenset": (0, 1),
    "filter": (2, 2), "getattr": (2, 3), "iter": (1, 2), "next": (1, 2), "slice": (1, 3), "min": (1, None),
    "max": (1, None), "map": (2, None),
    "str.count": (1, 3), "str.endswith": (1, 3), "str.find": (1, 3), "str.index": (1, 3), "str.rfind": (1, 3),
    "str.rindex": (1, 3), "str.startswith": (1, 3), "str.format_map": (1, 1),
    "dict.clear": (0, 0), "dict.copy": (0, 0), "dict.items": (0, 0), "dict.keys": (0, 0), "dict.values": (0, 0),
    "dict.pop": (1, 2),
}  # fmt: skip
"""How many arguments without names are taken where Python does not tell; whether names are taken is not known."""
_NO_NAMES = frozenset({"range", "filter", "getattr", "iter", "next", "slice", "map"})
_NEWER = frozenset({"count"})
"""Names of arguments that a newer Python takes where this one does not."""


def misuse(call: ast.Call, receiver: Type | None) -> tuple[str, str | None] | None:
    """What is wrong with a call, and the name that was meant; `receiver` is the type whose method it is.

    Without a receiver the function is the one that everybody knows by its name.
    """
    found = _function(call, receiver)
    spread = any(isinstance(each, ast.Starred) for each in call.args) or any(word.arg is None for word in call.keywords)
    if found is None or spread:
        return None
    full, function = found
    names = [word.arg for word in call.keywords if word.arg]
    if full in _COUNTS:
        return _counted(full, len(call.args), names)
    signature = _signature(function)
    return _bound(full, signature, len(call.args) + (receiver is not None), names) if signature else None


def _function(call: ast.Call, receiver: Type | None) -> tuple[str, Any] | None:
    match call.func:
        case ast.Name(id=name) if receiver is None and name in PRELUDE:
            return name, getattr(prelude, name)
        case ast.Name(id=name) if receiver is None and name in BUILTINS:
            return name, getattr(builtins, name)
        case ast.Attribute(attr=name) if receiver is not None:
            owner = _class(receiver)
            if owner is not None and hasattr(owner, name) and not name.startswith("_"):
                return f"{owner.__name__}.{name}", getattr(owner, name)
    return None


def _class(type: Type) -> type[Any] | None:
    if type == TEXT or isinstance(type, Choice):
        return str
    if isinstance(type, ListOf):
        return list
    return dict if isinstance(type, DictOf | Record) else None


@cache
def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _counted(full: str, given: int, names: list[str]) -> tuple[str, str | None] | None:
    least, most = _COUNTS[full]
    name = full.rpartition(".")[2]
    if names and name in _NO_NAMES:
        return f"`{name}` takes its arguments without names", None
    if most is not None and given > most:
        return f"`{name}` takes {_many(most)}, and {given} are given", None
    if given < least and not names:
        return f"`{name}` needs {_many(least)}{_found(given)}", None
    return None


def _bound(full: str, signature: inspect.Signature, given: int, names: list[str]) -> tuple[str, str | None] | None:
    name, parameters = full.rpartition(".")[2], list(signature.parameters.values())
    kinds = {each.kind for each in parameters}
    takes = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    for word in names if inspect.Parameter.VAR_KEYWORD not in kinds else ():
        if word not in takes and word not in _NEWER:
            return _no_such(name, word, takes, full)
    method = "." in full
    placed = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if given > len(placed) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        most = len(placed) - method
        unnamed = " without a name" if inspect.Parameter.KEYWORD_ONLY in kinds else ""
        return f"`{name}` takes {_many(most)}{unnamed}, and {given - method} are given", None
    needed = [each for each in placed[given:] if each.default is each.empty and each.name not in names]
    if needed and not set(names) & _NEWER:
        least = sum(each.default is each.empty for each in placed) - method
        return f"`{name}` needs {_many(least)}{_found(given - method + len(names))}", None
    return None


def _no_such(name: str, word: str, takes: list[str], full: str) -> tuple[str, str | None]:
    near = nearest(word, takes) or ("by" if word == "key" and "by" in takes else None)
    if near is None and full in ("list.sort", "sorted") and word in ("desc", "descending"):
        near = "reverse"
    return f"`{name}` has no argument `{word}`", near


def _many(count: int) -> str:
    return {0: "no arguments", 1: "1 argument"}.get(count, f"{count} arguments")


def _found(given: int) -> str:
    return "" if given == 0 else f", and {given} {'is' if given == 1 else 'are'} given"
