"""Data of files that flows use: what a file holds as a value, its type, and whether it fits where it is wanted.

Invariant: a value is what JSON can say, of bounded size and depth, with whole characters and finite numbers; its type
holds of every part of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from flowreason_dsl.check.kinds import fits, show
from flowreason_dsl.check.reach import parts
from flowreason_dsl.python import facts
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Assign, Code, Edge, FlowDef, For, Path
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type
from flowreason_dsl.unread import Unread

MOST_DATA = 4_000_000
"""Bytes of a data file."""
DEEPEST = 60
"""How deep lists and records of a data file may nest."""
MOST_FIELDS = 50
"""Fields of a record; what has more is a dictionary."""
MOST_TYPED = 8
LINES, WHOLE = (".jsonl", ".ndjson"), (".json",)
NO_FLOWS = (*LINES, *WHOLE, ".txt", ".md", ".csv", ".tsv", ".yaml", ".yml", ".xml", ".html")
"""Ends of the names of files that hold no flows, whatever else they hold."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a file holds, by the name that a `use` gives it, which stands in `source` at `span`.

    `rows` are the lines on which the items of a list of lines stand.
    """

    name: str
    path: str
    value: Any
    type: Type
    source: Source
    span: Span
    rows: tuple[int, ...] = ()


class DataError(Exception):
    """Why a file holds no data."""


def is_data(path: str) -> bool:
    """Whether a file surely holds no flows."""
    return path.casefold().endswith(NO_FLOWS)


@lru_cache(maxsize=8)
def read_data(path: str, text: str) -> tuple[Any, tuple[int, ...], Type]:
    """The value that a file's text stands for, the lines of its items, and its type. Raises `DataError`.

    It is read once: whoever gets it must not change it.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_DATA:
        raise DataError(f"it has {size:,} bytes, and {MOST_DATA:,} are the most")
    ends = path.casefold()
    if ends.endswith(LINES):
        value, rows = _lines(text)
    elif ends.endswith(WHOLE):
        value, rows = _parsed(text, 1), ()
    else:
        return text, (), TEXT
    _bounded(value)
    if "\\u" in text:
        _whole(value)
    return value, rows, type_of(value)


def _lines(text: str) -> tuple[list[Any], tuple[int, ...]]:
    values, rows = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            values.append(_parsed(line.rstrip("\r"), number))
            rows.append(number)
    return values, tuple(rows)


def _parsed(text: str, line: int) -> Any:
    if not text.strip():
        raise DataError("it is empty, and JSON is needed")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {line + error.lineno - 1}, column {error.colno}"
        raise DataError(f"{where} is no JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise DataError(f"line {line} nests deeper than {DEEPEST} levels") from None
    except DataError as error:
        raise DataError(f"line {line} is no JSON: {error}") from None
    except ValueError:
        raise DataError(f"line {line} holds a number of too many digits") from None


def _no_number(name: str) -> NoReturn:
    raise DataError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _bounded(value: Any) -> None:
    """Raises `DataError` for what nests too deeply, and for numbers without end."""
    todo = [(value, 0)]
    while todo:
        each, depth = todo.pop()
        if isinstance(each, float) and not math.isfinite(each):
            raise DataError("it holds a number that is too large")
        if isinstance(each, dict | list):
            if depth >= DEEPEST:
                raise DataError(f"it nests deeper than {DEEPEST} levels")
            held = each.values() if isinstance(each, dict) else each
            todo += [(inner, depth + 1) for inner in held if isinstance(inner, dict | list | float)]


def _whole(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise DataError("it holds half of a character (a lone surrogate)") from None


# --- types ------------------------------------------------------------------------------------------------


def type_of(value: Any, depth: int = 0) -> Type:
    """What is known of a value: the type that all items of a list, and all values of a dictionary, have in common.

    What stands deeper than types are written is `any`.
    """
    if depth > MOST_TYPED:
        return ANY
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return NUMBER
        case str():
            return TEXT
        case list():
            return ListOf(_common(value, depth))
        case dict() if 0 < len(value) <= MOST_FIELDS and all(key.isidentifier() for key in value):
            return Record(tuple((key, type_of(inner, depth + 1)) for key, inner in value.items()))
        case dict():
            return DictOf(_common(value.values(), depth))
    return ANY


def _common(values: Any, depth: int) -> Type:
    found: Type | None = None
    for each in values:
        type = type_of(each, depth + 1)
        found = type if found is None or found == type else _merged(found, type)
        if found == ANY:
            break
    return ANY if found is None else found


def _merged(first: Type, second: Type) -> Type:
    match first, second:
        case _ if first == second:
            return first
        case ListOf(item=a), ListOf(item=b):
            return ListOf(_merged(a, b))
        case DictOf(value=a), DictOf(value=b):
            return DictOf(_merged(a, b))
        case Record(fields=a), Record(fields=b) if {name for name, _ in a} == {name for name, _ in b}:
            other = dict(b)
            return Record(tuple((name, _merged(type, other[name])) for name, type in a))
    return NUMBER if {first, second} == {INT, NUMBER} else ANY


def misfit(wanted: Type, data: Data) -> str | None:
    """Why a value cannot be what a place wants, in words that name its line; None where it can."""
    if isinstance(wanted, ListOf) and isinstance(data.value, list) and data.rows:
        for row, item in zip(data.rows, data.value, strict=True):
            why = _misfit(wanted.item, item, f"line {row} of {data.path}")
            if why is not None:
                return why
        return None
    return _misfit(wanted, data.value, f"what {data.path} holds")


def _misfit(wanted: Type, value: Any, what: str) -> str | None:
    match wanted, value:
        case _ if wanted == ANY:
            return None
        case _, None:
            return f"{what} is null"
        case ListOf(item=item), list():
            tried = (_misfit(item, each, f"item {at} in {what}") for at, each in enumerate(value, 1))
            return next((why for why in tried if why is not None), None)
        case DictOf(value=inner), dict():
            tried = (_misfit(inner, each, f'"{key}" in {what}') for key, each in value.items())
            return next((why for why in tried if why is not None), None)
        case Record(fields=fields), dict():
            return _lacking(fields, value, what)
    given = Choice((value,)) if isinstance(value, str) else type_of(value)
    return None if fits(wanted, given) else f"{what} is {show(given)}"


def _lacking(fields: tuple[tuple[str, Type], ...], value: dict[str, Any], what: str) -> str | None:
    for name, type in fields:
        if name not in value:
            return f"{what} has no field `{name}`"
        why = _misfit(type, value[name], f"`{name}` in {what}")
        if why is not None:
            return why
    return None


# --- where data is read -----------------------------------------------------------------------------------


def data_read(flow: FlowDef, names: Container[str]) -> list[tuple[str, Span]]:
    """The names among those of data that a flow reads, each with its first place; names that it sets are its own."""
    own, found = {parameter.name.text for parameter in flow.parameters}, dict[str, Span]()
    for each in parts(flow.body):
        match each:
            case Assign(name=name):
                own.add(name.text)
            case For(targets=targets):
                own.update(target.text for target in targets)
            case Unread(sets=sets):
                own.update(sets)
        for name_, span in _mentioned(each):
            if name_ in names:
                found.setdefault(name_, span)
    return [(name, span) for name, span in found.items() if name not in own]


def _mentioned(part: object) -> Iterator[tuple[str, Span]]:
    match part:
        case Path(name=name):
            yield name.text, part.span
        case Code():
            yield from ((use.name, use.span) for use in facts(part).all_uses)
        case Edge(groups=groups):
            yield from ((name.text, name.span) for group in groups for name in group)
