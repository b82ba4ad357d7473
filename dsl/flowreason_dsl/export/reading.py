"""Reads the grammar file into parts, with the grammar that lark has of grammar files.

Invariant: what the file says is kept whole; only what shapes the syntax tree (aliases, `?`) is dropped.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

from flowreason_dsl.export.expressions import read_expression
from flowreason_dsl.export.parts import Grammar, Many, Named, Part, Text, either, row

if TYPE_CHECKING:
    from lark import Lark

_MARKS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


@cache
def _reader() -> Lark:
    from lark import Lark

    return Lark.open_from_package("lark", "lark.lark", ("grammars",), parser="lalr", maybe_placeholders=False)


def read_grammar(text: str) -> Grammar:
    """The grammar that a lark file describes. Raises `ValueError` for what other notations do not have."""
    rules: dict[str, Part] = {}
    terminals: dict[str, Part] = {}
    ignored: list[str] = []
    items: list[Any] = _reader().parse(text).children
    for item in items:
        if item.data in ("rule", "token"):
            found = rules if item.data == "rule" else terminals
            found[str(item.children[0]).lstrip("?!")] = _part(item.children[-1])
        elif item.data == "ignore" and isinstance(part := _part(item.children[0]), Named):
            ignored.append(part.name)
        else:
            raise ValueError(f"`%{item.data}` has no counterpart in other notations")
    return Grammar(rules, terminals, tuple(ignored))


def _part(tree: Any) -> Part:
    match tree.data:
        case "expansions":
            return either(*map(_part, tree.children))
        case "alias":
            return _part(tree.children[0])
        case "expansion":
            return row(*map(_part, tree.children))
        case "expr":
            return Many(_part(tree.children[0]), *_times([str(each) for each in tree.children[1:]]))
        case "maybe":
            return Many(_part(tree.children[0]), 0, 1)
        case "name":
            return Named(str(tree.children[0]))
        case "literal":
            return _literal(str(tree.children[0]))
    raise ValueError(f"`{tree.data}` has no counterpart in other notations")


def _times(marks: list[str]) -> tuple[int, int | None]:
    return _MARKS[marks[0]] if marks[0] in _MARKS else (int(marks[0]), int(marks[-1]))


def _literal(written: str) -> Part:
    if written.startswith("/"):
        if not written.endswith("/"):
            raise ValueError(f"a regular expression with flags has no counterpart in other notations: {written}")
        return read_expression(written[1:-1].replace("\\/", "/"))
    return Text(ast.literal_eval(written))
