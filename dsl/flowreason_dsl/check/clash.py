"""An operation in Python that cannot work, and the words for the values in it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type

NUMBERS = (INT, NUMBER, BOOL)


@dataclass(frozen=True, slots=True)
class Clash:
    """An operation that cannot work.

    `text` is the name of a text in it that should perhaps have been a number; `options` are what there is instead of
    what was `meant`.
    """

    code: str
    message: str
    node: ast.expr
    text: str | None = None
    options: tuple[str, ...] = ()
    meant: str = ""
    help: str | None = None
    change: tuple[ast.expr, str] | None = None
    """What mends it: in place of a part of the piece, another text."""


def is_text(type: Type) -> bool:
    """Whether values of a type are texts."""
    return type == TEXT or isinstance(type, Choice)


def is_known(type: Type) -> bool:
    """Whether it is known what Python makes of values of a type."""
    return type in NUMBERS or is_text(type) or isinstance(type, ListOf | Record | DictOf)


def text_of(node: ast.expr, type: Type) -> str | None:
    """The name of a text, where an expression is just that."""
    return node.id if isinstance(node, ast.Name) and is_text(type) else None


def noun(type: Type) -> str:
    """What a value of a type is called."""
    if is_text(type):
        return "a text"
    if isinstance(type, ListOf):
        return "a list"
    if isinstance(type, Record | DictOf):
        return "a record"
    return {"int": "a whole number", "number": "a number", "bool": "true or false"}[str(type)]
