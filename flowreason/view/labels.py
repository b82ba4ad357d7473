"""What stands on the nodes, regions and edges of a picture, in the words of the language.

Invariant: a label is text made from the flow alone; it is escaped by whoever draws it, never here.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypeAlias, assert_never

from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Node, Read
from flowreason.values import show
from flowreason.view.text import one_line, shorten
from flowreason_dsl.syntax import Code, Path, Template
from flowreason_dsl.types import ANY

NodeKind: TypeAlias = Literal[
    "input",
    "ask",
    "person",
    "python",
    "emulate",
    "tool",
    "call",
    "solve",
    "run",
    "decision",
    "value",
    "answer",
    "yield",
    "loop",
]
"""A loop is a node only where it is closed, and all that is in it is not shown."""

WORDS: dict[str, str] = {
    "input": "input",
    "ask": "ask",
    "person": "ask user",
    "python": "Python",
    "emulate": "emulate",
    "tool": "tool",
    "call": "flow",
    "solve": "solve",
    "run": "run",
    "loop": "loop",
    "decision": "if",
    "value": "value",
    "answer": "answer",
    "yield": "yield",
}
"""What a kind of node is called where it has no name of its own."""


def node_kind(op: ops.Op) -> NodeKind | None:
    """The kind of a node in a picture; None for loops, which are regions, and for bookkeeping."""
    match op:
        case ops.Input():
            return "input"
        case ops.Ask(user=user):
            return "person" if user else "ask"
        case ops.Python():
            return "python"
        case ops.Emulate():
            return "emulate"
        case ops.CallTool():
            return "tool"
        case ops.CallFlow():
            return "call"
        case ops.Solve():
            return "solve"
        case ops.RunText():
            return "run"
        case ops.Decide():
            return "decision"
        case ops.Constant() | ops.Fill() | ops.Pick():
            return "value"
        case ops.Answer():
            return "answer"
        case ops.YieldValue():
            return "yield"
        case _:
            return None


def template_text(template: Template) -> str:
    """A question as it was written, with its values in braces."""
    return "".join("{" + path_text(part) + "}" if isinstance(part, Path) else part for part in template.parts)


def path_text(path: Path) -> str:
    return path.name.text + steps_text(path.steps)


def steps_text(steps: tuple[str | int, ...]) -> str:
    """`.name[0]["a key"]`."""
    return "".join(_step_text(step) for step in steps)


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isidentifier() else f"[{json.dumps(step, ensure_ascii=False)}]"


def constant_text(value: Any) -> str:
    """A value that stands in a flow, as it is written there."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else show(value)


def value_text(flow: FlowGraph, read: Read) -> str:
    """How the text of the flow writes a value that is read: its name, or the expression itself."""
    node = flow.nodes.get(read.source)
    if node is None:
        return read.name
    if node.name:
        return node.name + steps_text(read.steps)
    match node.op:
        case ops.Constant(value=value):
            return constant_text(value)
        case ops.Fill(template=template):
            return f'"{template_text(template)}"'
        case ops.Pick(steps=steps) if node.reads:
            return value_text(flow, node.reads[0]) + steps_text(steps)
        case ops.Python(code=code):
            return one_line(code.text)
        case ops.Head(name=name) | ops.Out(name=name):
            return name
        case ops.Ask(question=question):
            return f'"{template_text(question)}"'
        case ops.CallFlow() | ops.CallTool():
            return call_text(flow, node)
        case _:
            return read.name if read.name.isidentifier() else ""


def call_text(flow: FlowGraph, node: Node) -> str:
    """`name(argument, key=argument)`, arguments in the order of the reads."""
    target = node.op.flow if isinstance(node.op, ops.CallFlow) else getattr(node.op, "tool", "")
    given = [_argument_text(flow, read) for read in node.reads if read.role == "argument"]
    return f"{target}({', '.join(given)})"


def _argument_text(flow: FlowGraph, read: Read) -> str:
    text = shorten(value_text(flow, read), 32)
    return text if text == read.name else f"{read.name}={text}"


def body_text(flow: FlowGraph, node: Node) -> str:
    """The text inside a node, whole."""
    op = node.op
    match op:
        case ops.Ask(question=question) | ops.Solve(question=question):
            return template_text(question)
        case ops.Python(code=code) | ops.Emulate(code=Code() as code):
            return code.text
        case ops.Emulate():
            return next((value_text(flow, read) for read in node.reads if read.name == "program"), "")
        case ops.CallFlow() | ops.CallTool():
            return call_text(flow, node)
        case ops.RunText():
            return next((value_text(flow, read) for read in node.reads if read.name == "flow"), "")
        case ops.Decide():
            return _handed_on(flow, node)
        case ops.Answer(implicit=implicit):
            return "" if implicit else _handed_on(flow, node)
        case ops.YieldValue():
            return _handed_on(flow, node)
        case ops.Constant(file=str(file)) if file:
            return f'use "{file}"'
        case ops.Constant(value=value):
            return constant_text(value)
        case ops.Fill(template=template):
            return f'"{template_text(template)}"'
        case ops.Pick(steps=steps):
            return value_text(flow, node.reads[0]) + steps_text(steps) if node.reads else ""
        case ops.Input(default=default, required=required, data=data):
            return "" if required else f"= {data or constant_text(default)}"
        case (
            ops.Join() | ops.Pass() | ops.Meet() | ops.Loop() | ops.Head() | ops.Item() | ops.Out() | ops.Next()
            | ops.Leave()
        ):  # fmt: skip
            return ""
        case _:
            assert_never(op)


def _handed_on(flow: FlowGraph, node: Node) -> str:
    """The one value that a node looks at or hands on; empty where the node that makes it is drawn just before."""
    if not node.reads:
        return ""
    source = flow.nodes[node.reads[0].source]
    small = isinstance(source.op, ops.Python) and is_small(source.op)
    if not source.name and not small and not isinstance(source.op, ops.HIDDEN) and node_kind(source.op) != "value":
        return ""
    return value_text(flow, node.reads[0])


FOLDED_CODE = 48
"""Python without a name that is at most this long stands inside the node that reads it."""


def is_small(op: ops.Python) -> bool:
    return not op.code.block and len(op.code.text) <= FOLDED_CODE


def loop_text(flow: FlowGraph, node: Node, loop: ops.Loop) -> str:
    """A loop as its first line is written: `for line in lines`, `repeat 4 until score >= 9`."""
    read = next((read for read in node.reads if read.role in ("items", "count")), None)
    counted = value_text(flow, read) if read else ""
    match loop.kind:
        case "for":
            shown = [item.name or "" for item in _items(flow, loop)]
            label = flow.regions[loop.body].label or f"for {', '.join(shown) or 'each'}"
            return f"{label} in {counted}" if counted else label
        case "sample":
            return f"sample {counted}".rstrip()
        case "repeat":
            until = _decided(flow, loop, "until")
            return f"repeat {counted}" + (f" until {until}" if until else "")
        case "while":
            return f"while {_decided(flow, loop, 'while')} max {counted}"
        case _:
            assert_never(loop.kind)


def _items(flow: FlowGraph, loop: ops.Loop) -> list[Node]:
    return [node for node in flow.nodes.values() if node.region == loop.body and isinstance(node.op, ops.Item)]


def _decided(flow: FlowGraph, loop: ops.Loop, kind: str) -> str:
    """The condition of a `while` or of a `repeat … until`."""
    for node in flow.nodes.values():
        if node.region == loop.body and isinstance(node.op, ops.Decide) and node.op.kind == kind and node.reads:
            return value_text(flow, node.reads[0])
    return ""


def way_text(decision: Node, label: str) -> str:
    """What stands on the way out of a decision: yes, no, the values of a case."""
    op = decision.op
    if not isinstance(op, ops.Decide):
        return "" if label in ("met", "done") else label
    if op.kind == "match" and label.isdigit() and int(label) < len(op.cases):
        return ", ".join(constant_text(value) for value in op.cases[int(label)])
    return {"true": "yes", "false": "no", "failed": "if it fails"}.get(label, label)


def notes(node: Node) -> tuple[str, ...]:
    """What else is worth knowing about a node: its settings and checks, one a line."""
    found: list[str] = []
    if isinstance(node.op, ops.Ask) and node.op.settings:
        found.append(", ".join(f"{name} {constant_text(value)}" for name, value in node.op.settings))
    found += [f"ensure {_check_text(check)}" for check in node.checks]
    return tuple(found)


def _check_text(check: ops.Check) -> str:
    if check.code is not None:
        return one_line(check.code.text)
    return template_text(check.message) if check.message else (check.flow or "")


def type_text(node: Node) -> str:
    return "" if node.type == ANY else str(node.type)


def signature(flow: FlowGraph) -> str:
    """`older(first: text, second: text) -> text`."""
    given = []
    for name in flow.parameters:
        node = flow.nodes.get(name)
        kind = f": {node.type}" if node is not None and node.type != ANY else ""
        given.append(f"{name}{kind}")
    returns = "" if flow.returns == ANY else f" -> {flow.returns}"
    return f"{flow.name}({', '.join(given)}){returns}"
