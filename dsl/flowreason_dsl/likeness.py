"""How much texts are alike, by their words and their letters: for the nearest of many, and for groups of them.

A text is a vector of its words and of the trigrams of its words, each weighted by TF-IDF; two texts are as alike as
the cosine of their vectors (Salton and Buckley 1988). Groups are those of spherical k-means (Dhillon and Modha 2001),
begun as k-means++ does (Arthur and Vassilvitskii 2007). What a model of embeddings says of texts, a list of numbers for
each, takes the place of the vectors made of words. Invariant: the same texts give the same result on every
machine: draws have a fixed seed, sums a fixed order, and what differs by rounding alone is equal.
"""

from __future__ import annotations

import math
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

Vector = dict[str, float]
"""Weights by feature: a word, a trigram, or the position of a number. Its length is 1, or 0 where nothing is said."""

_WORD = re.compile(r"\w+")
LONGEST = 20_000
"""Characters of a text that are looked at."""
MOST_FEATURES = 96
"""How many features of a text groups look at: the heaviest of those that another text has as well."""
STARTS, MOST_TURNS = 4, 25
_DIGITS = 9


def likeness(texts: Sequence[str], text: str) -> list[float]:
    """How much each of the texts is like `text`, from 0 to 1."""
    weights, vectors = _learnt(tuple(texts))
    wanted = _vector(text, weights, len(texts))
    return [round(_cosine(wanted, each), _DIGITS) for each in vectors]


def closeness(places: Sequence[Sequence[float]], place: Sequence[float]) -> list[float]:
    """How much each embedding is like another one, from -1 to 1. Raises `ValueError` where models differ."""
    wanted, *vectors = _placed([place, *places])
    return [round(_cosine(wanted, each), _DIGITS) for each in vectors]


def groups(texts: Sequence[str], count: int) -> list[list[int]]:
    """At most `count` groups of the indices of alike texts, in each the one nearest to the centre first."""
    return _grouped(_shared(_learnt(tuple(texts))[1]), count)


def groups_of_places(places: Sequence[Sequence[float]], count: int) -> list[list[int]]:
    """The same for embeddings. Raises `ValueError` where they are of several models."""
    return _grouped(_placed(places), count)


def _grouped(vectors: list[Vector], count: int) -> list[list[int]]:
    count = min(count, len(vectors))
    if count < 1:
        return []
    draws = random.Random(0)
    found = min((_settled(vectors, _begin(vectors, count, draws)) for _ in range(STARTS)), key=lambda each: each[0])
    return _ordered(vectors, found[1], count)


# --- vectors ---


@lru_cache(maxsize=8)
def _learnt(texts: tuple[str, ...]) -> tuple[dict[str, float], list[Vector]]:
    """How rare each feature is among the texts, and their vectors."""
    counted = [_features(text) for text in texts]
    holders = Counter(feature for features in counted for feature in features)
    weights = {feature: _rarity(number, len(texts)) for feature, number in holders.items()}
    return weights, [_weighted(features, weights, len(texts)) for features in counted]


def _vector(text: str, weights: dict[str, float], size: int) -> Vector:
    return _weighted(_features(text), weights, size)


def _rarity(holders: int, size: int) -> float:
    return math.log((1 + size) / (1 + holders)) + 1


def _features(text: str) -> Counter[str]:
    """Words, marked by a blank before them, and trigrams of words."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(unicodedata.normalize("NFKC", text[:LONGEST]).casefold()):
        found[f" {word}"] += 1
        padded = f"^{word}$"
        found.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return found


def _weighted(features: Counter[str], weights: dict[str, float], size: int) -> Vector:
    """Words and trigrams weigh the same as a whole, however many there are of each."""
    strange = _rarity(0, size)
    parts: tuple[Vector, Vector] = ({}, {})
    for feature, number in features.items():
        part = parts[0] if feature.startswith(" ") else parts[1]
        part[feature] = (1 + math.log(number)) * weights.get(feature, strange)
    return _unit(_unit(parts[0]) | _unit(parts[1]))


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(math.fsum(weight * weight for weight in vector.values()))
    return {feature: weight / length for feature, weight in vector.items()} if length else {}


def _cosine(one: Vector, other: Vector) -> float:
    if len(one) > len(other):
        one, other = other, one
    return math.fsum(weight * other[feature] for feature, weight in one.items() if feature in other)


def _placed(places: Sequence[Sequence[float]]) -> list[Vector]:
    """Embeddings as vectors whose features are the positions of their numbers."""
    lengths = sorted({len(place) for place in places})
    if len(lengths) > 1:
        raise ValueError(f"embeddings of {lengths[0]} and of {lengths[-1]} numbers are of different models")
    return [_unit({str(at): float(number) for at, number in enumerate(place) if number}) for place in places]


# --- groups ---


def _shared(vectors: Iterable[Vector]) -> list[Vector]:
    """Vectors without features that no other text has: they tell nothing apart, and cost time."""
    every = list(vectors)
    holders = Counter(feature for vector in every for feature in vector)
    return [_unit(_heaviest({key: weight for key, weight in each.items() if holders[key] > 1})) for each in every]


def _heaviest(vector: Vector) -> Vector:
    if len(vector) <= MOST_FEATURES:
        return vector
    ranked = sorted(vector.items(), key=lambda item: -round(item[1], _DIGITS))
    return dict(ranked[:MOST_FEATURES])


def _begin(vectors: list[Vector], count: int, draws: random.Random) -> list[Vector]:
    """First centres: texts drawn one after the other, the likelier the less they are like those before."""
    centres = [vectors[draws.randrange(len(vectors))]]
    apart = [_distance(each, centres[0]) for each in vectors]
    while len(centres) < count:
        total = math.fsum(apart)
        if not total:
            break
        left, chosen = draws.random() * total, 0
        for at, distance in enumerate(apart):
            if distance:
                chosen, left = at, left - distance
                if left < 0:
                    break
        centres.append(vectors[chosen])
        apart = [min(distance, _distance(each, centres[-1])) for distance, each in zip(apart, vectors, strict=True)]
    return centres


def _distance(one: Vector, other: Vector) -> float:
    return max(0.0, round(1 - _cosine(one, other), _DIGITS))


def _settled(vectors: list[Vector], centres: list[Vector]) -> tuple[float, list[int]]:
    """How far the texts are from their centres altogether, and the group of each, once no text moves any more."""
    homes: list[int] = []
    total = 0.0
    for _ in range(MOST_TURNS):
        apart = [[_distance(each, centre) for centre in centres] for each in vectors]
        total = round(math.fsum(min(row) for row in apart), _DIGITS)
        before, homes = homes, [row.index(min(row)) for row in apart]
        if homes == before:
            break
        centres = [_centre(vectors, homes, number) or centres[number] for number in range(len(centres))]
    return total, homes


def _centre(vectors: list[Vector], homes: list[int], number: int) -> Vector:
    total: Vector = {}
    for vector, home in zip(vectors, homes, strict=True):
        if home == number:
            for feature, weight in vector.items():
                total[feature] = total.get(feature, 0.0) + weight
    return _unit(total)


def _ordered(vectors: list[Vector], homes: list[int], count: int) -> list[list[int]]:
    found: list[list[int]] = []
    for number in sorted(set(homes), key=homes.index):
        centre = _centre(vectors, homes, number)
        members = [at for at, home in enumerate(homes) if home == number]
        found.append(sorted(members, key=lambda at: _distance(vectors[at], centre)))
    return found[:count]
