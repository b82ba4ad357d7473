"""Functions that do not exist: called, they are answered by the host; used otherwise, they are missing names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

Ask = Callable[[str, tuple[Any, ...], dict[str, Any], str | None], Any]


class Unknown:
    """A function by its name. `ret_type` in a call says what type is wanted, and is not handed on."""

    __slots__ = ("__name__", "_ask", "_type")

    def __init__(self, name: str, ask: Ask, type_: str | None = None) -> None:
        self.__name__ = name
        self._ask = ask
        self._type = type_

    def __call__(self, *args: Any, ret_type: Any = None, **kwargs: Any) -> Any:
        return self._ask(self.__name__, args, kwargs, type_text(ret_type) or self._type)

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self  # as a method it would need to hand on `self`, which is no plain value

    def __getattr__(self, name: str) -> Any:
        _missing(self)

    def _used(self, *_: Any) -> NoReturn:
        _missing(self)

    __bool__ = __iter__ = __len__ = __str__ = __int__ = __float__ = __index__ = __contains__ = __getitem__ = _used
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __mod__ = _used
    __lt__ = __le__ = __gt__ = __ge__ = _used


def _missing(unknown: Unknown) -> NoReturn:
    raise NameError(f"name {unknown.__name__!r} is not defined", name=unknown.__name__)


class UnknownModule:
    """A module that is not there: whatever it has is an unknown function."""

    def __init__(self, name: str, ask: Ask) -> None:
        self.__name = name
        self.__ask = ask

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return UnknownPart(f"{self.__name}.{name}", self.__ask)


class UnknownPart(Unknown):
    """A function of a module that is not there, or a module inside it."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return UnknownPart(f"{self.__name__}.{name}", self._ask)


def type_text(hint: Any) -> str | None:
    """A type as text: `bool` for the class, the text itself for a text."""
    if hint is None or isinstance(hint, str):
        return hint
    if isinstance(hint, type) and not hasattr(hint, "__args__"):
        return hint.__name__
    return str(hint).replace("typing.", "")
