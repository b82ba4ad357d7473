"""Which answer most of several draws agree on, and when that can no longer change.

Invariant: the winner depends on the values and their sample numbers alone, never on the order in which they came. Ties
go to the answer that the lowest sample number gave. Draws that gave nothing usable do not vote.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flowreason_dsl.types import ANY, Choice, DictOf, ListOf, Record, Scalar, Type


@dataclass(frozen=True, slots=True)
class Winner:
    """The value as the lowest sample number that gave it wrote it, that number, and how many agree."""

    value: Any
    sample: int
    count: int


def winner(votes: Mapping[int, Any]) -> Winner | None:
    """The answer with most votes; `votes` are values by sample number. None where there are none."""
    ranked = _ranked(votes)
    return ranked[0] if ranked else None


def decided(votes: Mapping[int, Any], waiting: Collection[int], type: Type = ANY) -> Winner | None:
    """The winner, once no outcome of the samples still `waiting` (their numbers) can change it; else None.

    With nothing waiting it is the same as `winner`. Where equal answers of `type` may be spelled differently (texts, 6
    and 6.0), an earlier sample that is still out is waited for, because the lowest sample number gives the spelling.
    """
    ranked = _ranked(votes)
    if not ranked or not waiting:
        return ranked[0] if ranked else None
    first, earliest = ranked[0], min(waiting)
    if earliest < first.sample and not _one_spelling(type):
        return None
    rivals = [Winner(None, earliest, len(waiting))]
    rivals += [Winner(None, min(r.sample, earliest), r.count + len(waiting)) for r in ranked[1:]]
    return first if all(_beats(first, rival) for rival in rivals) else None


def _one_spelling(type: Type) -> bool:
    match type:
        case Scalar(name=name):
            return name in ("bool", "int")
        case Choice():
            return True
        case ListOf(item=item) | DictOf(value=item):
            return _one_spelling(item)
        case Record(fields=fields):
            return all(_one_spelling(field) for _, field in fields)


def _beats(first: Winner, other: Winner) -> bool:
    return (-first.count, first.sample) < (-other.count, other.sample)


def _ranked(votes: Mapping[int, Any]) -> list[Winner]:
    groups: dict[Hashable, list[int]] = {}
    for sample in sorted(votes):
        groups.setdefault(vote_key(votes[sample]), []).append(sample)
    found = [Winner(votes[samples[0]], samples[0], len(samples)) for samples in groups.values()]
    return sorted(found, key=lambda w: (-w.count, w.sample))


def vote_key(value: Any) -> Hashable:
    """What two answers share when they say the same: numbers equal as numbers, texts but for case, blanks and a last
    full stop, lists item by item, records field by field."""
    match value:
        case bool() | None:
            return ("bool", value)
        case int() | Fraction():
            return ("number", Fraction(value))
        case float() | Decimal():
            finite = value == value and abs(value) != float("inf")
            return ("number", Fraction(value) if finite else str(float(value)))
        case str():
            squeezed = " ".join(unicodedata.normalize("NFC", value).split()).casefold()
            return ("text", squeezed[:-1].rstrip() if squeezed.endswith(".") else squeezed)
        case list() | tuple():
            return ("list", tuple(vote_key(item) for item in value))
        case set() | frozenset():
            return ("set", frozenset(vote_key(item) for item in value))
        case Mapping():
            return ("record", frozenset((vote_key(key), vote_key(item)) for key, item in value.items()))
        case date() | time() | timedelta():
            return ("time", str(value))
        case _:
            return ("other", repr(value))
