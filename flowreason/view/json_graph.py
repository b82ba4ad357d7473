"""Graph → plain JSON data, versioned, with everything that another tool needs to read, draw or analyse a program.

Invariant: equal graphs give equal data; nothing is left out, bookkeeping nodes included (`hidden` tells them apart).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node, Region
from flowreason.values import encode
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Code, Name, Path, Template, ToolDef
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar

VERSION = "flowreason-graph/1"


def graph_json(graph: Graph) -> dict[str, Any]:
    """The whole program: its flows with their nodes, regions and edges, its tools, and the text they came from."""
    return {
        "format": VERSION,
        "entry": graph.entry,
        "text": graph.source.text,
        "file": graph.source.name,
        "flows": [_flow(flow) for flow in graph.flows.values()],
        "tools": [_tool(tool) for tool in graph.tools.values()],
    }


def _flow(flow: FlowGraph) -> dict[str, Any]:
    return {
        "name": flow.name,
        "doc": flow.doc,
        "parameters": list(flow.parameters),
        "returns": str(flow.returns),
        "effects": flow.effects,
        "file": flow.source.name,
        "nodes": [_node(node, flow.source) for node in flow.nodes.values()],
        "regions": [_region(region, flow.source) for region in flow.regions.values()],
        "edges": [{"from": a, "to": b, "kind": kind, "label": label} for a, b, kind, label in flow.edges()],
    }


def _node(node: Node, source: Source) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": node.id,
        "kind": _word(node.op),
        "region": node.region,
        "type": str(node.type),
        "hidden": isinstance(node.op, ops.HIDDEN),
        "operation": {each.name: plain(getattr(node.op, each.name)) for each in fields(node.op)},
        "reads": [
            {"name": read.name, "from": read.source, "role": read.role, "steps": list(read.steps)}
            for read in node.reads
        ],
        "after": list(node.after),
        "guard": list(node.guard) if node.guard else None,
        "span": _span(node.span, source),
    }
    if node.name is not None:
        made["name"] = node.name
    if node.label:
        made["label"] = node.label
    if node.checks:
        made["checks"] = [plain(check) for check in node.checks]
    return made


def _region(region: Region, source: Source) -> dict[str, Any]:
    return {
        "id": region.id,
        "kind": region.kind,
        "parent": region.parent,
        "owner": region.owner,
        "label": region.label,
        "span": _span(region.span, source),
    }


def _tool(tool: ToolDef) -> dict[str, Any]:
    return {
        "name": tool.name.text,
        "doc": tool.doc or "",
        "pure": tool.pure,
        "returns": str(tool.returns.type) if tool.returns else "any",
        "parameters": [
            {"name": p.name.text, "type": str(p.type.type)} | ({"default": p.default.value} if p.default else {})
            for p in tool.parameters
        ],
    }


def _word(op: ops.Op) -> str:
    """`CallFlow` → `call_flow`."""
    name = type(op).__name__
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _span(span: Span, source: Source) -> dict[str, int]:
    line, column = source.position(span.start)
    return {"start": span.start, "end": span.end, "line": line, "column": column}


def plain(value: Any) -> Any:
    """What stands in an operation, as JSON data."""
    match value:
        case Template(parts=parts):
            return {"template": [plain(part) for part in parts]}
        case Code(text=text, block=block):
            return {"code": text, "block": block}
        case Path(name=name, steps=steps):
            return {"name": name.text, "steps": list(steps)}
        case Name(text=text):
            return text
        case Scalar() | ListOf() | DictOf() | Record() | Choice():
            return str(value)
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return encode(value)
