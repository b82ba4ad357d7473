"""The nearest spelling of a name.

Invariant: a suggestion is one of the candidates, and near enough that a person would have guessed it too.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST_COMPARED = 1000


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was most likely meant, or None."""
    best: tuple[int, str] | None = None
    allowed = 1 if len(name) <= 3 else 2 if len(name) <= 7 else 3
    plain = _folded(name)
    for index, candidate in enumerate(sorted(candidates)):
        if index >= MOST_COMPARED:
            break
        if candidate == name:
            continue
        if _folded(candidate) == plain:
            return candidate
        distance = edits(name, candidate, allowed)
        if distance is not None and distance < min(len(name), len(candidate)) and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else _longer(name, candidates)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """A help that offers the nearest candidate, or None."""
    found = nearest(name, candidates)
    return f"did you mean `{found}`?" if found else None


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _longer(name: str, candidates: Iterable[str]) -> str | None:
    """`ages` for `age`, `birth_year` for `year`: the only candidate that holds the name as a whole word."""
    if len(name) < 3:
        return None
    found = [c for c in candidates if c != name and (name in c.split("_") or c in name.split("_")) and len(c) >= 3]
    return found[0] if len(found) == 1 else None


def edits(first: str, second: str, most: int) -> int | None:
    """The number of letters to insert, drop, change or swap with a neighbour; None where it is above `most`."""
    if abs(len(first) - len(second)) > most:
        return None
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
