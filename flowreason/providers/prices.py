"""What a model costs, by its name: the table in prices.toml, and the user's own prices before it.

Invariant: a price that is not known is None, never a guess and never nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import TypeAlias

Price: TypeAlias = tuple[float, float]
"""US dollars per million tokens: prompt, completion."""

_EDITION = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{2}-\d{2}|latest|preview|\d{3}|exp)$")


def price_of(model: str, own: Mapping[str, Price] | None = None) -> Price | None:
    """The price of a model, None where it is not known. `own` are the user's prices by name or pattern; they win."""
    names = _names(model)
    for table in (own or {}, builtin()):
        fitting = [pattern for pattern in table if any(fnmatchcase(name, pattern.lower()) for name in names)]
        if fitting:
            return table[max(fitting, key=len)]
    return None


def _names(model: str) -> list[str]:
    """What a model may be called in a table: as it stands, without its vendor, without its edition."""
    name = model.lower()
    names = [name, name.rpartition("/")[2]]
    while (shorter := _EDITION.sub("", names[-1])) != names[-1]:
        names.append(shorter)
    return names


@cache
def builtin() -> Mapping[str, Price]:
    """The table that comes with the program."""
    import tomllib
    from importlib import resources

    text = resources.files("flowreason.providers").joinpath("prices.toml").read_text("utf-8")
    return {name: (float(prompt), float(completion)) for name, (prompt, completion) in tomllib.loads(text).items()}
