"""The builtins and methods that trivially safe Python may call, each kept to bounded time.

Invariant: each gives what the builtin of the same name gives, or raises what it raises, or `NotTrivial`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flowreason.engine.evaluate_values import BIGGEST, NUMBERS, NotTrivial, alike, bounded, flat

TYPES: dict[str, type] = {
    "bool": bool, "dict": dict, "float": float, "int": int, "list": list, "str": str, "tuple": tuple,
}  # fmt: skip


def _many(values: Any) -> list[Any]:
    """The items of a list, tuple or comprehension; for others the sandbox is asked."""
    if type(values) in (list, tuple):
        return list(values)
    if isinstance(values, Iterator):
        return list(values)
    raise NotTrivial


def _abs(value: Any) -> Any:
    return abs(value)


def _all(values: Any) -> bool:
    return all(_walkable(values))


def _any(values: Any) -> bool:
    return any(_walkable(values))


def _walkable(values: Any) -> Any:
    """As it is, so that the first item that decides ends it."""
    if type(values) in (list, tuple) or isinstance(values, Iterator):
        return values
    raise NotTrivial


def _bool(*values: Any) -> bool:
    return bool(*values)


def _float(*values: Any) -> float:
    return float(*map(_scalar, values))


def _int(*values: Any) -> Any:
    return bounded(int(*map(_scalar, values)))


def _str(*values: Any) -> Any:
    return bounded(str(*map(_scalar, values)))


def _scalar(value: Any) -> Any:
    if type(value) in NUMBERS or type(value) is str or value is None:
        return value
    raise NotTrivial


def _len(value: Any) -> int:
    return len(value)


def _max(*values: Any) -> Any:
    return max(alike(_many(values[0]))) if len(values) == 1 else max(alike(list(values)))


def _min(*values: Any) -> Any:
    return min(alike(_many(values[0]))) if len(values) == 1 else min(alike(list(values)))


def _round(*values: Any) -> Any:
    if len(values) == 2 and type(values[1]) is int and abs(values[1]) > 300:
        raise NotTrivial
    return bounded(round(*values))


def _sorted(values: Any, reverse: bool = False) -> list[Any]:
    return sorted(alike(_many(values)), reverse=reverse)


def _sum(values: Any) -> Any:
    items = _many(values)
    if not set(map(type, items)) <= NUMBERS:
        raise NotTrivial
    return bounded(sum(items))


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "abs": (_abs, 1, 1), "all": (_all, 1, 1), "any": (_any, 1, 1), "bool": (_bool, 0, 1), "float": (_float, 0, 1),
    "int": (_int, 0, 1), "len": (_len, 1, 1), "list": (_many, 1, 1), "max": (_max, 1, 20), "min": (_min, 1, 20),
    "round": (_round, 1, 2), "sorted": (_sorted, 1, 1), "str": (_str, 0, 1), "sum": (_sum, 1, 1),
    "tuple": (lambda values: tuple(_many(values)), 1, 1),
}  # fmt: skip
"""By name: the function, and the fewest and the most arguments it may be given."""


# --- methods ---


def _replace(text: str, *arguments: Any) -> str:
    if len(arguments) == 2 and all(type(each) is str for each in arguments):
        old, new = arguments
        if (len(text) // max(1, len(old)) + 1) * len(new) > 2 * BIGGEST:
            raise NotTrivial
    return text.replace(*arguments)


def _join(text: str, *arguments: Any) -> str:
    if len(arguments) == 1:
        items = _many(arguments[0])
        if set(map(type, items)) <= {str} and sum(map(len, items)) + len(text) * len(items) > 2 * BIGGEST:
            raise NotTrivial
        return text.join(items)
    return text.join(*arguments)


def _count(value: Any, *arguments: Any) -> int:
    return value.count(*arguments) if type(value) is str else int(flat(value).count(*arguments))


def _index(value: Any, *arguments: Any) -> int:
    return value.index(*arguments) if type(value) is str else int(flat(value).index(*arguments))


_TEXT_METHODS = (
    str.capitalize, str.casefold, str.endswith, str.find, str.isalnum, str.isalpha, str.isdecimal, str.isdigit,
    str.islower, str.isnumeric, str.isspace, str.istitle, str.isupper, str.lower, str.lstrip, str.partition,
    str.removeprefix, str.removesuffix, str.rfind, str.rpartition, str.rstrip, str.split, str.splitlines,
    str.startswith, str.strip, str.swapcase, str.title, str.upper,
)  # fmt: skip

_TEXT: tuple[type, ...] = (str,)

METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    **{method.__name__: (method, _TEXT) for method in _TEXT_METHODS},
    "replace": (_replace, _TEXT),
    "join": (_join, _TEXT),
    "get": (dict.get, (dict,)),
    "count": (_count, (str, list)),
    "index": (_index, (str, list)),
}
"""By name: the method, and the types that may have it here. Its cost and result grow with its texts alone."""
