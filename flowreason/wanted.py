"""What callers may give to the functions of the API: looked at before anything is done with it.

Invariant: whatever else is given is a `UsageError` that names the function, the argument and what it may be, and never
shows what was given, which may be a key.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from typing import Any, ParamSpec, TypeVar

from flowreason.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument may be, in words and as a test."""

    what: str
    fits: Callable[[Any], bool]
    named: bool = False
    """Whether it is one of a few names, so that another one may be shown."""


def maybe(kind: Kind) -> Kind:
    """The same, or None."""
    return Kind(f"{kind.what}, or None", lambda value: value is None or kind.fits(value), kind.named)


def whole(least: int) -> Kind:
    """A whole number from `least`."""
    return Kind(f"a whole number from {least}", lambda value: type(value) is int and value >= least)


def number(least: float) -> Kind:
    """A number from `least`, and not infinite."""
    return Kind(f"a number from {least:g}", lambda value: _is_number(value) and least <= value < float("inf"))


def one_of(*texts: str) -> Kind:
    return Kind(
        f"one of {', '.join(map(repr, texts))}", lambda value: isinstance(value, str) and value in texts, named=True
    )


def having(what: str, *methods: str) -> Kind:
    """An object with these methods, and not its class."""
    return Kind(what, lambda value: not isinstance(value, type) and all(callable(_of(value, each)) for each in methods))


def several(what: str, item: Callable[[Any], bool]) -> Kind:
    """A list of such items, or something else that can be gone through, and not one text, which can be as well."""

    def fits(value: Any) -> bool:
        single = isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable)
        return not single and (not isinstance(value, list | tuple | set | frozenset) or all(map(item, value)))

    return Kind(what, fits)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_path(value: Any) -> bool:
    text = value.__fspath__() if isinstance(value, PathLike) and not isinstance(value, type) else value
    return isinstance(text, str) and "\0" not in text


def _is_store(value: Any) -> bool:
    return value is None or _is_path(value) or _STORE.fits(value)


def _of(value: Any, name: str) -> Any:
    return getattr(value, name, None)


TEXT = Kind("a text", is_text)
PATH = Kind("a path: a text or a pathlib.Path", _is_path)
FLAG = Kind("True or False", lambda value: isinstance(value, bool))
CALLED = Kind("a function", callable)
NAMES = several("a list of texts", is_text)
RUN = Kind("the id of a run: a text, or 'last'", is_text)
RUNS = several("a list of ids of runs: ['last']", is_text)
TOOLS = several("a list of functions: [distance]", callable)
PROVIDER = having("a provider, such as fr.OpenAIProvider(…)", "complete", "model_info")
SANDBOX = having("a sandbox, with the methods `session` and `close`", "session", "close")
_STORE = having("a store", "begin", "claim", "commit", "note", "run", "runs", "answer", "keep")
STORE = Kind("a path, a URL, None, or an object that keeps runs", _is_store)
TEXTS = Kind("texts by name", lambda value: isinstance(value, Mapping) and all(map(is_text, [*value, *value.values()])))
ANSWERS = Kind(
    "a text, or texts by the name of the step that asks: {'age': '36'}",
    lambda value: isinstance(value, str) or TEXTS.fits(value),
)
PRICES = Kind(
    "two prices, in dollars per million tokens: (prompt, completion)",
    lambda value: isinstance(value, tuple | list) and len(value) == 2 and all(map(number(0).fits, value)),
)


def checked(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Look at the arguments of a function, or of a class by its `__init__`, when it is called."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        looking = _Looking(function, kinds)
        if inspect.iscoroutinefunction(function):
            return _waiting(function, looking)  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            looking.at(args, kwargs)
            return function(*args, **kwargs)

        return call

    return decorate


def _waiting(function: Callable[..., Awaitable[Any]], looking: _Looking) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        looking.at(args, kwargs)
        return await function(*args, **kwargs)

    return call


class _Looking:
    """Looks at what one function is given."""

    def __init__(self, function: Callable[..., Any], kinds: Mapping[str, Kind]) -> None:
        self._name = function.__qualname__.removesuffix(".__init__").removesuffix("_async")
        self._signature = inspect.signature(function)
        self._kinds = kinds
        parameters = self._signature.parameters.values()
        self._open = any(each.kind is each.VAR_KEYWORD for each in parameters)
        self._named = [each.name for each in parameters if each.name != "self" and each.kind is not each.VAR_KEYWORD]

    def at(self, args: Any, kwargs: Mapping[str, Any]) -> None:
        """Raises `UsageError` for what the function does not take."""
        if not self._open:
            known(self._name, kwargs, self._named)
        try:
            given = self._signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise UsageError(f"{self._name}: {error}; it takes {', '.join(self._named)}") from None
        check(self._name, given, self._kinds)


def known(function: str, given: Iterable[str], names: list[str]) -> None:
    """Raises `UsageError` for an option that there is not."""
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            raise UsageError(f"{function} has no option {name!r}; {hint}")


def check(function: str, given: Mapping[str, Any], kinds: Mapping[str, Kind]) -> None:
    """Raises `UsageError` for an argument that is not of its kind."""
    for name, kind in kinds.items():
        if name in given and not kind.fits(given[name]):
            raise UsageError(f"{function}: `{name}` must be {kind.what}, and this is {_shown(given[name], kind)}")


def _shown(value: Any, kind: Kind) -> str:
    """What a value is; itself only where it is a number, or one name of several."""
    if isinstance(value, type):
        return f"the class {value.__name__}; make one: {value.__name__}(…)"
    if value is None or _is_number(value) or (isinstance(value, str) and kind.named):
        return repr(value)
    if isinstance(value, list | tuple | set | frozenset):
        return f"a {type(value).__name__} with {', '.join(sorted({type(each).__name__ for each in value}))} in it"
    return {"str": "a text", "bool": f"{value!r}"}.get(type(value).__name__, f"of the type {type(value).__name__}")
