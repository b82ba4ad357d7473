"""Python functions as tools of flows: their signatures in the words of the language.

Invariant: a tool's definition says what its function takes and gives; nothing of it is guessed from its body.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from flowreason.engine.environment import KEY, BoundTool
from flowreason.errors import UsageError
from flowreason.wanted import FLAG, checked
from flowreason_dsl.syntax import Literal, Name, Parameter, ToolDef, TypeRef
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN: dict[Any, Type] = {str: TEXT, int: INT, float: NUMBER, bool: BOOL, Any: ANY, object: ANY}


class Tool(Generic[P, R]):
    """A Python function that flows may call. It can still be called as before.

    `pure`: it has no effect on the world and gives the same for the same arguments; then its calls may run in any
    order, and Python in a flow may call it. Others keep the order in which the flow writes them. `waits`: it is slow
    (pure tools are otherwise called in place). `repeatable`: its effect may happen twice without harm; otherwise a run
    that was interrupted while the tool was at work asks before it is called again. A parameter `idempotency_key` is no
    parameter to flows: it is given a text that is the same whenever the same call of the same run is made, so that
    the tool can make sure by itself that it acts once.
    """

    @checked(pure=FLAG, waits=FLAG, repeatable=FLAG)
    def __init__(
        self, function: Callable[P, R], *, pure: bool = False, waits: bool = False, repeatable: bool = False
    ) -> None:
        self.function = function
        self.definition = definition_of(function, pure)
        self.waits = waits
        self.repeatable = repeatable
        self.__doc__ = function.__doc__
        self.__name__ = self.definition.name.text

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def bound(self) -> BoundTool:
        keyed = KEY in inspect.signature(self.function).parameters
        return BoundTool(self.definition, self.function, self.waits, self.repeatable, keyed)


@overload
def tool(function: Callable[P, R]) -> Tool[P, R]: ...


@overload
def tool(
    *, pure: bool = False, waits: bool = False, repeatable: bool = False
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...


@checked(pure=FLAG, waits=FLAG, repeatable=FLAG)
def tool(function: Any = None, *, pure: bool = False, waits: bool = False, repeatable: bool = False) -> Any:
    """Make a Python function a tool, from its name, type hints and the first line of its docstring.

    Use as `@tool` or `@tool(pure=True)`. Hints may be `str`, `int`, `float`, `bool`, `list[…]`, `dict[str, …]`,
    `Literal["a", "b"]`, a dataclass or TypedDict; what has no hint takes any value. Raises `UsageError` for a
    function whose parameters have no names (`*args`).
    """
    if function is not None:
        return Tool(function, pure=pure, waits=waits, repeatable=repeatable)
    return lambda f: Tool(f, pure=pure, waits=waits, repeatable=repeatable)


def bind(tools: Iterable[Tool[..., Any] | Callable[..., Any]]) -> dict[str, BoundTool]:
    """Tools by name. A plain function counts as a tool with effects."""
    found: dict[str, BoundTool] = {}
    for each in tools:
        made = each if isinstance(each, Tool) else Tool(each)
        name = made.definition.name.text
        if name in found:
            raise UsageError(f"two tools are called {name!r}; give one of them another name")
        found[name] = made.bound()
    return found


def definition_of(function: Callable[..., Any], pure: bool = False) -> ToolDef:
    """The signature of a function in the words of the language."""
    if not callable(function):
        raise UsageError(f"a tool must be a function, and this is {type(function).__name__}")
    name = getattr(function, "__name__", type(function).__name__)
    hints = _hints(function)
    parameters = []
    for each in inspect.signature(function).parameters.values():
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
            raise UsageError(
                f"the tool {name} has the parameter {each}, which has no name to call it by; name its parameters"
            )
        if each.name == KEY:
            continue
        kind = type_of_hint(hints.get(each.name, Any))
        default = None if each.default is each.empty else Literal(each.default)
        parameters.append(Parameter(Name(each.name), TypeRef(kind), default))
    returns = hints.get("return", Any)
    doc = (inspect.getdoc(function) or "").split("\n")[0] or None
    return ToolDef(Name(name), tuple(parameters), TypeRef(type_of_hint(returns)), doc, pure)


def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError):
        return {}


def type_of_hint(hint: Any) -> Type:
    """The type of a Python type hint; `any` for what the language has no word for."""
    if hint in _PLAIN if isinstance(hint, type) or hint is Any else False:
        return _PLAIN[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal and all(isinstance(option, str) for option in args):
        return Choice(tuple(args))
    if hint in (list, tuple, set, frozenset) or origin in (list, tuple, set, frozenset, Sequence, Iterable):
        return ListOf(type_of_hint(args[0]) if args else ANY)
    if hint is dict or origin in (dict, Mapping):
        return DictOf(type_of_hint(args[1]) if len(args) == 2 else ANY)
    if origin in (typing.Union, types.UnionType):
        return ANY
    if dataclasses.is_dataclass(hint) or typing.is_typeddict(hint):
        fields = typing.get_type_hints(hint)
        return Record(tuple((name, type_of_hint(each)) for name, each in fields.items()))
    return ANY
