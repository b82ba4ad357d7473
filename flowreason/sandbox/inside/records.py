"""Records inside Python, and the way of values into a piece and out of it.

A record reads `p.name` and `p["name"]` alike. A field whose name is also a method of dict (`items`, `get`, …) is
reached by `p["items"]` always, by `p.items` where it is not called, while `p.items()` stays the method.
Invariant: what leaves is plain again: no Record, no iterator, no object.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
from typing import Any

from flowreason.values import TAG, NotPlain, TooMuch, encode, too_deep, untag

METHODS = frozenset(name for name in dir(dict) if not name.startswith("_"))


class Record(dict[Any, Any]):
    """A dict whose fields are attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(missing(self, name), name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(missing(self, name), name=name, obj=self)
        del self[name]

    def copy(self) -> Record:
        return Record(self)


Record.__module__ = "builtins"
Record.__name__ = Record.__qualname__ = "dict"  # what people know it as, and messages of Python tell


def missing(record: Record, name: str) -> str:
    """What to say of a field that is not there."""
    fields = ", ".join(str(key) for key in list(record)[:20])
    return f"this record has no field {name!r}" + (f"; it has {fields}" if fields else "; it is empty")


def field(value: Any, name: str) -> Any:
    """`value.name` where it is not called: a field first, if the value is a record."""
    if isinstance(value, Record) and name in value:
        return value[name]
    return getattr(value, name)


def revive(data: dict[str, Any]) -> Any:
    """The hook of `json.loads`: a tagged value, or a record. What stands inside is decoded already."""
    if TAG in data:
        value = untag(data[TAG], data["of"])
        return Record(value) if type(value) is dict else value
    return Record(data)


def leave(value: Any) -> Any:
    """A value as JSON data. Raises `NotPlain` or `RecursionError`."""
    try:
        return encode(value)
    except TooMuch:
        raise
    except NotPlain:
        return encode(settled(value))


def given(value: Any) -> Any:
    """An argument of a call of the host, as JSON data. Raises `NotPlain`."""
    try:
        data = leave(value)
        deep = too_deep(data)
    except RecursionError:
        deep = True
    if deep:
        raise NotPlain("a value that is nested so deeply cannot be handed on")
    return data


_LISTED = (
    list,
    collections.deque,
    collections.abc.Iterator,
    collections.abc.KeysView,
    collections.abc.ItemsView,
    collections.abc.ValuesView,
)


def settled(value: Any) -> Any:
    """A value with iterators, data classes and enum members inside made plain."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_asdict"):
        return tuple(settled(item) for item in value)
    if isinstance(value, _LISTED):
        return [settled(item) for item in value]
    if isinstance(value, enum.Enum):
        return settled(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: settled(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value
