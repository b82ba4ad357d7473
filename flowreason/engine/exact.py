"""Values that are of their type already, told by their class alone: the common case, which need not be converted."""

from __future__ import annotations

from flowreason_dsl.types import ANY, BOOL, INT, TEXT, Type

_CLASSES: dict[Type, type] = {ANY: object, TEXT: str, INT: int, BOOL: bool}


def class_of(kind: Type) -> type | None:
    """The class whose values are of a type as they are: `object` where all are, None where no class says so."""
    return _CLASSES.get(kind)
