"""What shape of reply a type asks for: as a JSON Schema that servers can force, and in plain words.

Invariant: a schema made here stays inside the strict subset of structured outputs (every property required, no
additional ones, the root an object), and any reply that follows it is read by `reply.parse_reply`.
"""

from __future__ import annotations

import json
from typing import Any

from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

DEEPEST = 5
"""Levels of nesting that strict structured outputs are sure to take."""

MOST_OPTIONS = 250

_SCALARS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
}
_WORDS = {
    "text": "the answer itself",
    "int": "one whole number, in digits",
    "number": "one number, in digits, without a unit",
    "bool": "yes or no",
    "any": "the answer itself",
    "graph": (
        'the graph as a JSON object {"nodes": ["…", …], "edges": [{"from": "…", "relation": "…", "to": "…"}, …]}'
        ' (relation "" where an edge has none)'
    ),
}
_SHAPES = {"text": "text", "int": "whole number", "number": "number", "bool": "true or false", "any": "any value"}


def json_schema(type: Type, *, think: bool = False) -> dict[str, Any] | None:
    """A strict JSON Schema with the reply under `answer`, or None where plain words do better.

    None for `text` (a plain reply is the best text), for `any` and for `dict[T]`, alone or inside: strict mode cannot
    say them. With `think`, a text `reasoning` comes before the answer.
    """
    if type == Scalar("text"):
        return None
    inner = _schema(type, 1)
    if inner is None:
        return None
    return _object({"reasoning": {"type": "string"}, "answer": inner} if think else {"answer": inner})


def _schema(type: Type, depth: int) -> dict[str, Any] | None:
    if depth > DEEPEST:
        return None
    match type:
        case Scalar(name="graph"):
            return _graph()
        case Scalar(name=name):
            return dict(_SCALARS[name]) if name in _SCALARS else None
        case Choice(options=options):
            return {"type": "string", "enum": list(dict.fromkeys(options))} if len(options) <= MOST_OPTIONS else None
        case ListOf(item=item):
            inner = _schema(item, depth + 1)
            return None if inner is None else {"type": "array", "items": inner}
        case Record(fields=fields):
            parts = {name: _schema(field, depth + 1) for name, field in fields}
            known = {name: part for name, part in parts.items() if part is not None}
            return _object(known) if len(known) == len(parts) else None
        case DictOf():
            return None


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _graph() -> dict[str, Any]:
    text = {"type": "string"}
    edge = _object({"from": text, "relation": text, "to": text})
    return _object({"nodes": {"type": "array", "items": text}, "edges": {"type": "array", "items": edge}})


def describe(type: Type) -> str:
    """What is wanted, as words that go on from "Reply with": `one whole number, in digits`."""
    match type:
        case Scalar(name=name):
            return _WORDS[name]
        case Choice(options=options):
            return "exactly one of these, spelled as here: " + ", ".join(_quoted(option) for option in options)
        case ListOf():
            return f"a JSON list: {shape(type)}"
        case Record():
            return f"a JSON object: {shape(type)}"
        case DictOf(value=value):
            return f"a JSON object from names to values: {{{_quoted('…')}: {shape(value)}, …}}"


def instruction(type: Type) -> str:
    """One sentence that asks for a reply of this type and nothing else; empty for `text` and `any`."""
    if type in (Scalar("text"), Scalar("any")):
        return ""
    return f"Reply with {describe(type)}; nothing else."


def shape(type: Type) -> str:
    """A type as the sketch of a JSON value: `[{"name": text, "year": whole number}, …]`."""
    match type:
        case Scalar(name="graph"):
            return '{"nodes": […], "edges": [{"from": text, "relation": text, "to": text}, …]}'
        case Scalar(name=name):
            return _SHAPES[name]
        case Choice(options=options):
            return " | ".join(_quoted(option) for option in options)
        case ListOf(item=item):
            return f"[{shape(item)}, …]"
        case DictOf(value=value):
            return f"{{{_quoted('…')}: {shape(value)}, …}}"
        case Record(fields=fields):
            return "{" + ", ".join(f"{_quoted(name)}: {shape(field)}" for name, field in fields) + "}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
