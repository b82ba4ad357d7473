"""What the place where a value stands wants of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flowreason_dsl.diagnostics import Label
from flowreason_dsl.types import ANY, BOOL, Type


@dataclass(frozen=True, slots=True)
class Wanted:
    """The type that a place wants, `what` the place is in a message, and where the type is written."""

    type: Type = ANY
    what: str = "this place"
    label: Label | None = None


NOTHING = Wanted()
CONDITION = Wanted(BOOL, "a condition")
CONDITION_OF_ANY = replace(NOTHING, what="a condition")
NOTHING_NEEDED = replace(NOTHING, what="nothing")
