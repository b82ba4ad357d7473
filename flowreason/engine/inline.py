"""What nodes do that need not wait: a frame and an index give a value, or a `FlowreasonError` is raised."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Mapping
from typing import Any

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit, named
from flowreason.asking.prompt import joined, pick
from flowreason.engine.environment import ANYTHING, BoundTool
from flowreason.engine.evaluate import NotTrivial
from flowreason.engine.frames import Frame
from flowreason.errors import FlowreasonError, NodeError
from flowreason.graph import ops
from flowreason.values import NotPlain, exact, show

YES = frozenset({"yes", "true", "y"})
NO = frozenset({"no", "false", "n", ""})


def line_of(frame: Frame, i: int) -> int:
    """The line of the flow's text where a node stands."""
    return frame.plan.flow.source.position(frame.plan.nodes[i].span.start)[0]


def node_error(frame: Frame, i: int, message: str, kind: str = "node", line: int = 0) -> NodeError:
    """An error that says where it happened."""
    where = line or line_of(frame, i)
    node = frame.plan.nodes[i].id
    return NodeError(f"line {where}: {message}", node=node, frame=frame.path, kind=kind, line=where)


def misfit(frame: Frame, i: int, why: Misfit) -> NodeError:
    node = frame.plan.nodes[i]
    return node_error(frame, i, f"{node.name or node.id} should be {node.type}: {why}", "type")


def code_line(frame: Frame, code: Any, line: int) -> int:
    """The line of the flow's text for a line (from 1) of a piece of Python in it."""
    if not code.lines or line <= 0:
        return frame.plan.flow.source.position(code.span.start)[0]
    offset = code.lines[min(line, len(code.lines)) - 1]
    return frame.plan.flow.source.position(offset)[0]


def python_failed(frame: Frame, i: int, error: Exception) -> NodeError:
    """An exception of a trivially safe expression, as the sandbox would tell it."""
    op = frame.plan.nodes[i].op
    assert isinstance(op, ops.Python)
    return node_error(frame, i, f"{type(error).__name__}: {error}", "python", code_line(frame, op.code, 1))


def fill(frame: Frame, i: int) -> str:
    """A text with values put in."""
    op = frame.plan.nodes[i].op
    assert isinstance(op, ops.Fill)
    values = {name: frame.values[source] for name, source in frame.plan.named[i]}
    return fill_template(op.template.parts, values, frame, i)


def fill_template(parts: tuple[Any, ...], values: dict[str, Any], frame: Frame, i: int) -> str:
    try:
        return joined(
            part if isinstance(part, str) else show(pick(values[part.name.text], part.steps, part.name.text))
            for part in parts
        )
    except Misfit as error:
        raise node_error(frame, i, error.reason, "path") from error


def take(value: Any, steps: tuple[str | int, ...], name: str, frame: Frame, i: int) -> Any:
    """A field, key or item of a value."""
    try:
        return pick(value, steps, name)
    except Misfit as error:
        raise node_error(frame, i, error.reason, "path") from error


def pick_value(frame: Frame, i: int) -> Any:
    op = frame.plan.nodes[i].op
    assert isinstance(op, ops.Pick)
    read, source = frame.plan.reads[i][0]
    return take(frame.values[source], op.steps, read.name, frame, i)


def in_place(frame: Frame, code: Any, functions: tuple[str, ...], names: Mapping[str, Any]) -> tuple[Any] | None:
    """The value of a piece of Python that is trivially safe, and None for one that is the sandbox's to run. Raises
    what the piece raises."""
    evaluate = None if functions or code.block else frame.program.trivial(code.text)
    if evaluate is None:
        return None
    try:
        return (evaluate(names),)
    except NotTrivial:
        return None


def decide(frame: Frame, i: int) -> str:
    """The label of the way that is taken."""
    op = frame.plan.nodes[i].op
    assert isinstance(op, ops.Decide)
    return label_of(op, frame.values[frame.plan.first[i]], frame, i)


def label_of(op: ops.Decide, value: Any, frame: Frame, i: int) -> str:
    """The label of the way that a value takes."""
    if op.kind != "match":
        return "true" if truth(value, frame, i) else "false"
    for number, case in enumerate(op.cases):
        if any(same(value, each) for each in case):
            return str(number)
    return "else"


def truth(value: Any, frame: Frame, i: int) -> bool:
    """Whether a condition holds: Python's truth, but for a text, which must say yes or no."""
    if isinstance(value, str):
        word = value.strip().rstrip(".!").lower()
        if word in YES or word in NO:
            return word in YES
        raise node_error(frame, i, f"a condition must be yes or no, and this is the text {value[:60]!r}", "condition")
    try:
        return bool(value)
    except Exception as error:  # a value of a tool may be of any kind
        raise node_error(frame, i, f"a condition must be yes or no, and this is {named(value)}", "condition") from error


def same(value: Any, case: Any) -> bool:
    """Whether a value is the one of a case: texts without regard to case and blanks around, numbers as numbers."""
    if isinstance(value, bool) or isinstance(case, bool):
        return value is case or (isinstance(value, str) and value.strip().lower() == str(case).lower())
    if isinstance(case, str):
        return show(value).strip().casefold() == case.strip().casefold()
    if isinstance(value, str):
        return value.strip() == show(case)
    try:
        return bool(value == case)
    except Exception:  # noqa: BLE001 - what cannot be compared, such as a signalling NaN, is not the same
        return False


def rounds_of(frame: Frame, i: int, kind: str, value: Any) -> tuple[list[Any] | None, int]:
    """The items of a `for`, or the number of rounds of another loop."""
    if kind == "for":
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            shown = show(value)
            raise node_error(frame, i, f"`for` needs a list, and this is {type_name(value)}: {shown[:60]!r}", "type")
        items = list(value)
        return items, len(items)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (isinstance(value, float) and value.is_integer()):
        raise node_error(frame, i, f"`{kind}` needs a whole number of rounds, and this is {show(value)[:60]!r}", "type")
    if value < 0:
        raise node_error(
            frame, i, f"`{kind}` needs a number of rounds that is not negative, and this is {named(value)}", "type"
        )
    return None, int(value)


def part_of(item: Any, part: int, parts: int, frame: Frame, j: int) -> Any:
    """One of several targets of a `for`."""
    if isinstance(item, str) or not hasattr(item, "__len__") or len(item) != parts:
        message = f"each item must have {parts} parts, and this one is {show(item)[:60]!r}"
        raise node_error(frame, j, message, "type")
    return list(item)[part]


def call_tool(frame: Frame, i: int) -> Any:
    """A pure tool, called in place."""
    op = frame.plan.nodes[i].op
    assert isinstance(op, ops.CallTool)
    tool = frame.program.inline_tools[op.tool]
    values, kinds = frame.values, tool.kinds
    arguments = {}
    for name, source in frame.plan.named[i]:
        value = values[source]
        kind = kinds.get(name, ANYTHING)[0]
        arguments[name] = value if kind is object or value.__class__ is kind else _fitted(tool, name, value, frame, i)
    try:
        value = tool.function(**arguments)
    except FlowreasonError:
        raise
    except (Exception, CancelledError) as error:
        raise tool_failed(tool, error, frame, i) from error
    return returned(tool, value, frame, i)


def fitting(tool: BoundTool, arguments: dict[str, Any], frame: Frame, i: int) -> dict[str, Any]:
    """The arguments of a tool in the types of its parameters."""
    for name, value in arguments.items():
        kind = tool.kinds.get(name, ANYTHING)[0]
        if kind is not object and value.__class__ is not kind:
            arguments[name] = _fitted(tool, name, value, frame, i)
    return arguments


def _fitted(tool: BoundTool, name: str, value: Any, frame: Frame, i: int) -> Any:
    try:
        return convert(value, tool.kinds[name][1])
    except Misfit as misfit:
        message = f"{tool.definition.name.text}({name}=…): {misfit.reason}"
        raise node_error(frame, i, message, "type") from misfit


def returned(tool: BoundTool, value: Any, frame: Frame, i: int) -> Any:
    """What a tool gave, in the type that it names."""
    wanted, kind = tool.returns
    try:
        value = exact(value)
        return value if wanted is object or value.__class__ is wanted else convert(value, kind)
    except NotPlain as error:
        raise node_error(frame, i, f"the tool {tool.definition.name.text} gave {error}", "tool") from error
    except Misfit as misfit:
        message = f"the tool {tool.definition.name.text} gave a wrong value: {misfit.reason}"
        raise node_error(frame, i, message, "tool") from misfit


def tool_failed(tool: BoundTool, error: BaseException, frame: Frame, i: int) -> NodeError:
    """An exception of a tool, as the failure of the node that called it."""
    name, said = tool.definition.name.text, f": {error}" if str(error) else ""
    if isinstance(error, CancelledError):
        said += ", though nobody cancelled the run"
    return node_error(frame, i, f"the tool {name} failed: {type(error).__name__}{said}", "tool")


def given_up(frame: Frame, i: int) -> NodeError:
    """A `CancelledError` that nobody brought about by cancelling."""
    return node_error(frame, i, "what this step waited for was cancelled, though nobody cancelled the run", "cancelled")


def type_name(value: Any) -> str:
    """What a value is, in the words of the language."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "number"
        case str():
            return "text"
        case dict():
            return "a record"
        case list() | tuple():
            return "list"
    return type(value).__name__
