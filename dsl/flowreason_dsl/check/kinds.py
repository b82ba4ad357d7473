"""What the checker does with types: what surely cannot fit, what two ways have in common, what a step of a path gives.

Invariant: `fits` says no only where every run would fail, but for a text that stands where a number or a choice is
wanted: there a reply that was never parsed is about to be used as one.
"""

from __future__ import annotations

import json
from builtins import type as type_

from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type, accepts

_NUMBERS = (INT, NUMBER)
_LEAVES = (INT, NUMBER, BOOL)


def fits(wanted: Type, given: Type) -> bool:
    """Whether a value of type `given` may be put where `wanted` is declared, with the conversions that a run does."""
    if accepts(wanted, given):
        return True
    match wanted, given:
        case Choice(options=wide), Choice(options=narrow):
            return bool({_folded(option) for option in wide} & {_folded(option) for option in narrow})
        case Choice(), _ if given in _LEAVES:
            return True
        case _, Choice(options=options) if wanted in _NUMBERS:
            return any(_is_numeral(option) for option in options)
        case ListOf(item=a), ListOf(item=b):
            return fits(a, b)
        case DictOf(value=a), DictOf(value=b):
            return fits(a, b)
        case DictOf(value=a), Record(fields=fields):
            return all(fits(a, b) for _, b in fields)
        case Record(fields=fields), DictOf(value=b):
            return all(fits(a, b) for _, a in fields)
        case Record(fields=fields), Record():
            return all((have := given.field(name)) is not None and fits(a, have) for name, a in fields)
    if GRAPH in (wanted, given):
        return _fits_graph(wanted, given)
    return (wanted == TEXT and given in _LEAVES) or (wanted == INT and given == NUMBER)


def _fits_graph(wanted: Type, given: Type) -> bool:
    """A graph is read from edges in any form, and is itself a record of `nodes` and `edges`."""
    if wanted == GRAPH:
        return given not in _LEAVES
    if isinstance(wanted, Record):
        return all(name in ("nodes", "edges") for name, _ in wanted.fields)
    return isinstance(wanted, DictOf)


def _folded(option: str) -> str:
    return option.strip().casefold()


def _is_numeral(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def join(first: Type, second: Type) -> Type:
    """What is known of a value that is one or the other; `any` where either is not known."""
    if first == second:
        return first
    match first, second:
        case Choice(options=a), Choice(options=b):
            return Choice(tuple(dict.fromkeys(a + b)))
        case ListOf(item=a), ListOf(item=b):
            return ListOf(join(a, b))
        case DictOf(value=a), DictOf(value=b):
            return DictOf(join(a, b))
    if TEXT in (first, second) and (isinstance(first, Choice) or isinstance(second, Choice)):
        return TEXT
    return NUMBER if {first, second} == set(_NUMBERS) else ANY


def loosened(type: Type) -> Type:
    """What is known of a value that Python gives: of its texts a run reads numbers and choices."""
    match type:
        case ListOf(item=item):
            return ListOf(loosened(item))
        case DictOf(value=value):
            return DictOf(loosened(value))
        case Record(fields=fields):
            return Record(tuple((name, loosened(inner)) for name, inner in fields))
    return ANY if type == TEXT else type


def show(type: Type) -> str:
    """A type as it is named in a message; a long choice is cut."""
    text = str(type)
    return text if len(text) <= 60 else f"{text[:57]}…"


# --- steps of a path -------------------------------------------------------------------------------------


class NoStep(Exception):
    """A step of a path leads nowhere. `code` is the finding's; `names` are the fields that there are."""

    def __init__(self, code: str, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.names = names


def step(type: Type, taken: str | int, shown: str) -> Type:
    """The type of `shown.taken`. Raises `NoStep` where every run would fail."""
    match type:
        case Record(fields=fields):
            found = type.field(str(taken))
            if found is None:
                names = tuple(name for name, _ in fields)
                raise NoStep("field-unknown", f"`{shown}` has no field `{taken}`; it has {listed(names)}", names)
            return found
        case DictOf(value=value):
            return value
        case ListOf(item=item):
            if isinstance(taken, str):
                raise NoStep("field-of-list", f"`{shown}` is a list and has no field {json.dumps(taken)}")
            return item
    if type == GRAPH:
        if taken not in ("nodes", "edges"):
            raise NoStep("field-unknown", f"`{shown}` is a graph: it has `nodes` and `edges`", ("nodes", "edges"))
        return ListOf(TEXT) if taken == "nodes" else ListOf(ListOf(TEXT))
    if type == TEXT or isinstance(type, Choice):
        if isinstance(taken, str):
            raise NoStep("field-of-scalar", f"`{shown}` is text and has no field {json.dumps(taken)}")
        return TEXT
    if type in _LEAVES:
        what = f"field {json.dumps(taken)}" if isinstance(taken, str) else "items"
        raise NoStep("field-of-scalar", f"`{shown}` is {_article(type)} and has no {what}")
    return ANY


def _article(type: Type) -> str:
    return {"int": "a whole number", "number": "a number", "bool": "true or false"}.get(str(type), str(type))


def listed(names: tuple[str, ...]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names[:12]]
    if len(quoted) < 2:
        return "".join(quoted) or "none"
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]


_CLASSES: dict[str, tuple[type_, ...]] = {"text": (str,), "int": (int,), "number": (int, float), "bool": (bool,)}


def classes_of(type: Type) -> tuple[type_, ...]:
    """What a value of this type is in Python; nothing where that is not sure."""
    if isinstance(type, ListOf):
        return (list,)
    return (str,) if isinstance(type, Choice) else _CLASSES.get(str(type), ())


def item_of(type: Type) -> Type:
    """What a `for` takes from a value of this type, one at a time."""
    if isinstance(type, ListOf):
        return type.item
    return TEXT if isinstance(type, DictOf | Record) else ANY


_WORDS = frozenset({"yes", "no", "true", "false", "y", "n"})


def says_yes_or_no(option: str) -> bool:
    """Whether a choice is one of those that decide a condition."""
    return option.strip().rstrip(".!").casefold() in _WORDS
