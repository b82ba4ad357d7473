"""What is known of names and of what is taken from them, where something is being written.

Invariant: only what is set above a place counts there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flowreason.editor.analysis import Analysis
from flowreason_dsl.check.kinds import NoStep, step
from flowreason_dsl.types import Choice, ListOf, Record, Type

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[\s*(?:(-?\d+)|\"([^\"\n]*)\"|'([^'\n]*)')\s*\]")
_CLASSES: dict[str, Any] = {"text": str, "int": int, "number": float}


def type_at(analysis: Analysis, flow: str | None, name: str, offset: int) -> Type | None:
    """The type of a name of a flow before an offset: of the last place above it that sets it."""
    found = None
    for each in analysis.names.all:
        if each.span.start >= offset:
            break
        if each.name == name and each.owner == flow and each.role in ("set", "parameter"):
            found = each
    if found is None and name in analysis.seen.data:
        return analysis.seen.data[name].type
    return analysis.type_of(found) if found is not None else None


def type_of_path(root: Type, steps: str) -> Type | None:
    """The type of what is taken from a value by `.name`, `[0]`, `["name"]`."""
    type = root
    for found in _STEP.finditer(steps):
        taken = int(found[2]) if found[2] else next(part for part in (found[1], found[3], found[4]) if part is not None)
        try:
            type = step(type, taken, "")
        except NoStep:
            return None
    return type


def fields_of(type: Type) -> Iterator[tuple[str, Type]]:
    """The fields of a record that may stand after a dot."""
    if isinstance(type, Record):
        yield from ((name, inner) for name, inner in type.fields if name.isidentifier())


def methods_of(type: Type) -> list[str]:
    """What Python offers on a value of this type."""
    if isinstance(type, ListOf):
        made: Any = list
    elif isinstance(type, Choice):
        made = str
    else:
        made = _CLASSES.get(str(type), dict if isinstance(type, Record) else object)
    return [name for name in dir(made) if not name.startswith("_")]
