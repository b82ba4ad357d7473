"""Flows and tools, in the words of the language: their first line, for people to read."""

from __future__ import annotations

import json

from flowreason_dsl.syntax import FlowDef, Literal, Name, Parameter, ToolDef


def signature(target: FlowDef | ToolDef) -> str:
    """`flow trip(start: text, goal: text) -> text`."""
    word = "flow" if isinstance(target, FlowDef) else "pure tool" if target.pure else "tool"
    inside = ", ".join(map(parameter, target.parameters))
    returns = f" -> {target.returns.type}" if target.returns is not None else ""
    return f"{word} {target.name}({inside}){returns}"


def parameter(each: Parameter) -> str:
    """`words: int = 20`."""
    written = f"{each.name}: {each.type.type}"
    match each.default:
        case Literal(value=value):
            return f"{written} = {json.dumps(value, ensure_ascii=False, default=str)}"
        case Name(text=data):
            return f"{written} = {data}"
    return written
