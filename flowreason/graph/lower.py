"""CheckedFlow → Graph. It cannot fail: whatever could be wrong was found by the checker.

Invariant: two nodes with no path between them may run at once, in any order, and the answer is the same: every
assignment is a node of its own, names are joined after branches and carried around loops, and effects form a chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from flowreason.graph.builder import Builder, Way
from flowreason.graph.env import Env
from flowreason.graph.model import FlowGraph, Graph
from flowreason.graph.ops import Answer, Constant, Input
from flowreason.graph.scan import Effects, Names, effectful_flows, handed_on
from flowreason.graph.statements import Statements
from flowreason_dsl.check import CheckedFlow
from flowreason_dsl.check.data import Data, data_read
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import FlowDef, Literal, Name, Parameter, ToolDef
from flowreason_dsl.types import ANY

__all__ = ["lower"]


class Program:
    """What the lowering of every flow needs to know of all of them, and where hidden flows are put."""

    def __init__(
        self,
        flows: Mapping[str, FlowDef],
        tools: Mapping[str, ToolDef],
        sources: Mapping[str, Source],
        declared: Iterable[ToolDef] = (),
        data: Mapping[str, Data] | None = None,
    ) -> None:
        self.flows = flows
        self.tools = tools
        self.sources = sources
        self.data = data or {}
        self.effectful = effectful_flows(flows, tools)
        self.effects = Effects(self.effectful, tools)
        self.assigned = Names()
        self.callable = frozenset([*flows, *tools])
        self.handed_on = handed_on(flows, tools, declared)
        self.made: dict[str, FlowGraph] = {}


def lower(checked: CheckedFlow) -> Graph:
    """The graph of a checked flow, with those of all its sub-flows."""
    program = Program(checked.flows, checked.tools, checked.sources, checked.flow.tools, checked.data)
    for flow in checked.flows.values():
        program.made[flow.name.text] = lower_flow(flow, program)
    return Graph(
        entry=checked.flow.main.name.text,
        flows=program.made,
        tools=dict(checked.tools),
        source=checked.flow.source,
        data={name: data.value for name, data in checked.data.items()},
    )


def lower_flow(flow: FlowDef, program: Program) -> FlowGraph:
    """The graph of one flow."""
    name = flow.name.text
    builder = Builder(name)
    root = builder.region(name, kind="flow", span=flow.body.span, label=name)
    way = Way(root, None, Env())
    for parameter in flow.parameters:
        op = _input(parameter, program)
        way.env[parameter.name.text] = builder.add(
            op, way, base=parameter.name.text, name=parameter.name.text, type=op.type, span=parameter.span
        )
    for constant, span in data_read(flow, program.data):
        data = program.data[constant]
        way.env[constant] = builder.add(Constant(data.value, data.path), way, base=constant, name=constant, span=span)
    returns = flow.returns.type if flow.returns else ANY
    lowering = Statements(builder, program, returns)
    lowering.block(flow.body, way)
    if not way.dead:
        _fall_off(lowering, way)
    return FlowGraph(
        name=name,
        nodes=builder.nodes,
        regions=builder.regions,
        parameters=tuple(p.name.text for p in flow.parameters),
        returns=returns,
        doc=flow.doc or "",
        source=program.sources.get(name, Source("")),
        effects=name in program.effectful,
    )


def _input(parameter: Parameter, program: Program) -> Input:
    name, type = parameter.name.text, parameter.type.type
    match parameter.default:
        case None:
            return Input(name, type)
        case Name(text=data):
            return Input(name, type, program.data[data].value, required=False, data=data)
        case Literal(value=value):
            return Input(name, type, value, required=False)
        case _:
            assert_never(parameter.default)


def _fall_off(lowering: Statements, way: Way) -> None:
    """A flow that ends without an answer: null, after its effects."""
    nothing = lowering.builder.add(Constant(None), way, base="nothing#")
    lowering.answer(nothing, way, op=Answer(implicit=True))
