"""The tools that a flow hands on to the flows that are written or run inside of it (`solve`, `run`).

Invariant: what a model writes while a run goes on, perhaps after it has read what somebody else wrote, reaches no tool
with effects which the flow does not itself call or declare. Pure tools, which change nothing, are for all.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowreason.graph.model import Graph
from flowreason.graph.ops import CallTool, Emulate
from flowreason_dsl.check import CheckedFlow
from flowreason_dsl.syntax import ToolDef


def handed_on(checked: CheckedFlow, graph: Graph) -> dict[str, ToolDef]:
    """The tools, by name, that flows inside of this one may call."""
    own = {tool.name.text for tool in checked.flow.tools} | set(_called(graph))
    return {name: tool for name, tool in checked.tools.items() if tool.pure or name in own}


def _called(graph: Graph) -> Iterator[str]:
    for flow in graph.flows.values():
        for node in flow.nodes.values():
            match node.op:
                case CallTool(tool=name):
                    yield name
                case Emulate(functions=names):
                    yield from names
