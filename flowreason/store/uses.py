"""Which answers and texts each run refers to: so that deleting one need not look through all others.

Invariant: what a run refers to stands among its uses in the same transaction in which the reference is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""What answers and texts are referred to by, wherever it stands."""
_REFERRING = ("flow", "inputs", "settings", "standing", "new_standing", "events", "value")
"""The columns in which that may be."""


def names_in(texts: Iterable[str]) -> set[int]:
    """All names in what is written of a run, each as the number that its first half is: it takes eight bytes. Two names
    that begin alike would be kept for one another's sake, and nothing else."""
    return {_number(name) for text in texts for name in _NAME.findall(text)}


def _number(name: str) -> int:
    return int.from_bytes(bytes.fromhex(name[:16]), "big", signed=True)


def bounds(number: int) -> tuple[str, str]:
    """Between which names, these included, those are that a number stands for."""
    begins = number.to_bytes(8, "big", signed=True).hex()
    return begins + 48 * "0", begins + 48 * "f"


def uses(run: str, values: Mapping[str, Any], known: set[int]) -> Iterator[dict[str, Any]]:
    """The rows for what another row of a run refers to; those that are `known` are written already."""
    found = names_in(values[column] for column in _REFERRING if column in values)
    for number in sorted(found - known):
        known.add(number)
        yield {"name": number, "run": run}
