"""Graph → plain JSON data, versioned: what the program says, and beside it the picture that is made from it.

`statements` are the program itself (`flowreason_dsl.plain`, which publishes the schema); `nodes`, `regions` and `edges`
are derived, and a node names the statement that it comes from.

Invariant: equal programs give equal data; nothing is left out, bookkeeping nodes included (`hidden` tells them apart).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node, Region
from flowreason.values import encode
from flowreason_dsl.parser import parse
from flowreason_dsl.plain import document_of, statement_spans
from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.syntax import Code, Flow, Literal, Name, Parameter, Path, Template, ToolDef
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar

Data: TypeAlias = dict[str, Any]
Named: TypeAlias = Callable[[Span], str | None]
"""The id of the statement in which a place stands."""


def graph_json(graph: Graph) -> Data:
    """The whole program: what it says, its picture, and what it uses of other files and of its caller."""
    document = document_of(graph.source.text, graph.source.name)
    tree = parse(graph.source.text, graph.source.name)
    named = _Statements(statement_spans(tree)).id_at
    document["flows"] = [each | _picture(graph.flows[each["name"]], named) for each in document["flows"]]
    used = _used(graph, tree)
    return document | ({"used": used} if used else {})


def _used(graph: Graph, tree: Flow) -> Data:
    """The flows of other files, as pictures; and the tools that the text does not declare."""
    own, declared = {flow.name.text for flow in tree.flows}, {tool.name.text for tool in tree.tools}
    flows = [
        {"name": flow.name, "file": flow.source.name, **_picture(flow, lambda _span: None)}
        for name, flow in graph.flows.items()
        if name not in own
    ]
    tools = [_tool(tool) for name, tool in graph.tools.items() if name not in declared]
    return {key: items for key, items in (("flows", flows), ("tools", tools)) if items}


class _Statements:
    """Where the statements of a text stand, and which stands in which."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self.starts = [span.start for span in spans]
        self.around: list[int] = []
        for number, span in enumerate(spans):
            self.around.append(self._holding(number - 1, span))

    def id_at(self, span: Span) -> str | None:
        """The innermost statement around a place."""
        number = -1 if span == NOWHERE else self._holding(bisect_right(self.starts, span.start) - 1, span)
        return f"s{number + 1}" if number >= 0 else None

    def _holding(self, number: int, span: Span) -> int:
        while number >= 0 and self.spans[number].end < span.end:
            number = self.around[number]
        return number


def _picture(flow: FlowGraph, named: Named) -> Data:
    return {
        "effects": flow.effects,
        "nodes": [_node(node, named) for node in flow.nodes.values()],
        "regions": [_region(region) for region in flow.regions.values()],
        "edges": [{"from": a, "to": b, "kind": kind, "label": label} for a, b, kind, label in flow.edges()],
    }


def _node(node: Node, named: Named) -> Data:
    made: Data = {
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
    }
    if (statement := named(node.span)) is not None:
        made["statement"] = statement
    if node.name is not None:
        made["name"] = node.name
    if node.label:
        made["label"] = node.label
    if node.checks:
        made["checks"] = [plain(check) for check in node.checks]
    return made


def _region(region: Region) -> Data:
    return {
        "id": region.id,
        "kind": region.kind,
        "parent": region.parent,
        "owner": region.owner,
        "label": region.label,
    }


def _tool(tool: ToolDef) -> Data:
    made: Data = {"name": tool.name.text}
    made["parameters"] = [{"name": p.name.text, "type": str(p.type.type)} | _default(p) for p in tool.parameters]
    if tool.returns:
        made["returns"] = str(tool.returns.type)
    if tool.doc:
        made["doc"] = tool.doc
    return made | ({"pure": True} if tool.pure else {})


def _default(parameter: Parameter) -> Data:
    match parameter.default:
        case Literal(value=value):
            return {"default": value}
        case Name(text=data):
            return {"default": {"name": data}}
    return {}


def _word(op: ops.Op) -> str:
    """`CallFlow` → `call_flow`."""
    name = type(op).__name__
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


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
