"""Flows and tools, in the words of the language: their first line, for people to read."""

from __future__ import annotations

import json

from flowreason_dsl.syntax import FlowDef, Parameter, ToolDef


def signature(target: FlowDef | ToolDef) -> str:
    """`flow trip(start: text, goal: text) -> text`."""
    word = "flow" if isinstance(target, FlowDef) else "pure tool" if target.pure else "tool"
    inside = ", ".join(map(parameter, target.parameters))
    returns = f" -> {target.returns.type}" if target.returns is not None else ""
    return f"{word} {target.name}({inside}){returns}"


def parameter(each: Parameter) -> str:
    """`words: int = 20`."""
    default = "" if each.default is None else f" = {json.dumps(each.default.value, ensure_ascii=False, default=str)}"
    return f"{each.name}: {each.type.type}{default}"
