"""What a step was given: values that events tell, and those that follow from them without being told.

An item of a loop, a name at the start of a round, or after a branch, has no event of its own. Invariant: such a value
is found only where it is certain; else there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Node
from flowreason_ui.view.told import Told

Found: TypeAlias = tuple[bool, Any]
"""Whether a value is known, and the value."""

UNKNOWN: Found = (False, None)
DEEPEST = 200
"""Steps that a value is followed back over."""


def value_of(told: Told, flow: FlowGraph, frame: str, id: str, left: int = DEEPEST) -> Found:
    """The value that a step has for one in this frame."""
    node = flow.nodes.get(id)
    if node is None or left <= 0:
        return UNKNOWN
    place = _place(told, flow, frame, node)
    if (place, id) in told.values:
        return True, told.values[place, id]
    match node.op:
        case ops.Pass() if node.reads:
            return value_of(told, flow, place, node.reads[0].source, left - 1)
        case ops.Join():
            return _joined(told, flow, place, node, left)
        case ops.Item(part=part):
            return _item(told, flow, place, node, part, left)
        case ops.Head(name=name):
            return _head(told, flow, place, node, name, left)
        case ops.Out(loop=loop, name=name):
            return _out(told, flow, place, loop, name, left)
    return UNKNOWN


def _place(told: Told, flow: FlowGraph, frame: str, node: Node) -> str:
    """The frame, this one or one around it, in which a step of the flow runs."""
    body = flow.body_of(node.region)
    while told.indexes.get(frame) is not None and told.regions.get(frame) != body:
        frame = frame.rpartition("/")[0]
    return frame


def _joined(told: Told, flow: FlowGraph, frame: str, join: Node, left: int) -> Found:
    """The value of the way that was taken."""
    for read in join.reads:
        source = flow.nodes.get(read.source)
        if source is not None and _taken(told, flow, frame, source):
            found = value_of(told, flow, frame, read.source, left - 1)
            if found[0]:
                return found
    return UNKNOWN


def _taken(told: Told, flow: FlowGraph, frame: str, node: Node) -> bool:
    """Whether the decisions before a step went its way."""
    guards = [] if node.guard is None else [node.guard]
    region = flow.regions[node.region]
    while region.kind == "arm" and region.parent is not None:
        guards += [(region.owner, region.label)] if region.owner else []
        region = flow.regions[region.parent]
    return all(_went(told, frame, owner) == label for owner, label in guards)


def _went(told: Told, frame: str, decision: str) -> str | None:
    if (frame, decision) not in told.values:
        return None
    value = told.values[frame, decision]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _loop_of(flow: FlowGraph, node: Node) -> tuple[Node, ops.Loop] | None:
    """The loop in whose rounds a step runs."""
    owner = flow.regions[flow.body_of(node.region)].owner
    loop = flow.nodes.get(owner) if owner else None
    return (loop, loop.op) if loop is not None and isinstance(loop.op, ops.Loop) else None


def _item(told: Told, flow: FlowGraph, frame: str, node: Node, part: int | None, left: int) -> Found:
    found, index = _loop_of(flow, node), told.indexes.get(frame)
    if found is None or index is None or found[1].kind != "for":
        return UNKNOWN
    source = next((read.source for read in found[0].reads if read.role == "items"), "")
    known, items = value_of(told, flow, frame.rpartition("/")[0], source, left - 1)
    item = _at(items, index) if known else UNKNOWN
    return item if part is None or not item[0] else _at(item[1], part)


def _at(values: Any, index: int) -> Found:
    if isinstance(values, Sequence) and not isinstance(values, str) and 0 <= index < len(values):
        return True, values[index]
    return UNKNOWN


def _head(told: Told, flow: FlowGraph, frame: str, node: Node, name: str, left: int) -> Found:
    """What a name holds at the start of a round: what the round before left in it, or what it held before the loop."""
    found, index = _loop_of(flow, node), told.indexes.get(frame)
    carried = None if found is None else next((each for each in found[1].carried if each.name == name), None)
    if carried is None or index is None:
        return UNKNOWN
    outer, _, last = frame.rpartition("/")
    if index == 0:
        return value_of(told, flow, outer, carried.initial, left - 1) if carried.initial else UNKNOWN
    before = f"{outer}/{last.rpartition('[')[0]}[{index - 1}]"
    if before not in told.regions or not carried.next:
        return UNKNOWN
    return value_of(told, flow, before, carried.next, left - 1)


def _out(told: Told, flow: FlowGraph, frame: str, loop: str, name: str, left: int) -> Found:
    """What a name holds after a loop: what its last round left in it, at its end or where it was left."""
    node = flow.nodes.get(loop)
    if node is None or not isinstance(node.op, ops.Loop) or (frame, loop) not in told.values:
        return UNKNOWN
    carried = next((each for each in node.op.carried if each.name == name), None)
    if carried is None:
        return UNKNOWN
    rounds = told.rounds(frame, loop)
    if not rounds:
        return value_of(told, flow, frame, carried.initial, left - 1) if carried.initial else UNKNOWN
    last = max(rounds, key=lambda path: told.indexes.get(path, 0))
    ends = [each for each in flow.nodes.values() if flow.body_of(each.region) == node.op.body]
    left_early = [_taken(told, flow, last, each) for each in ends if isinstance(each.op, ops.Leave)]
    went_on = [_taken(told, flow, last, each) for each in ends if isinstance(each.op, ops.Next)]
    certain = any(left_early) or not went_on or any(went_on)
    source = carried.leave if any(left_early) else carried.next
    return value_of(told, flow, last, source, left - 1) if certain and source else UNKNOWN
