"""What a stretch of text does, found by walking its tree: which names it assigns, what it calls, whether it has
effects.

Invariant: nothing here changes anything; every function is decided by its arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from flowreason_dsl.python import facts
from flowreason_dsl.syntax import (
    Ask,
    Assign,
    Block,
    Call,
    Code,
    Emulate,
    FlowDef,
    Run,
    Sample,
    Solve,
    ToolDef,
)


def walk(part: object) -> Iterator[object]:
    """A part of a syntax tree and all parts in it, in written order, without recursion."""
    todo = [part]
    while todo:
        each = todo.pop()
        yield each
        if is_dataclass(each):
            todo.extend(reversed([getattr(each, f.name) for f in fields(each) if f.name not in _LEAVES]))
        elif isinstance(each, tuple):
            todo.extend(reversed(each))


_LEAVES = frozenset({"span", "source", "lines", "comments", "type", "returns"})


def assigned(block: Block) -> dict[str, None]:
    """The names that a block assigns for what follows it, in written order. A `sample` keeps its names to itself."""
    found: dict[str, None] = {}
    todo: list[object] = [block]
    while todo:
        each = todo.pop()
        if isinstance(each, Sample):
            continue
        if isinstance(each, Assign):
            found.setdefault(each.name.text)
        if is_dataclass(each):
            todo.extend(reversed([getattr(each, f.name) for f in fields(each) if f.name not in _LEAVES]))
        elif isinstance(each, tuple):
            todo.extend(reversed(each))
    return found


def called(code: Code) -> frozenset[str]:
    """The free names that a piece of Python uses, as functions or as values."""
    return frozenset(use.name for use in facts(code).uses)


def calls(part: object) -> Iterator[str]:
    """The names of flows and tools that a part may call, those in its Python included."""
    for each in walk(part):
        if isinstance(each, Call):
            yield each.name.text
        elif isinstance(each, Code):
            yield from called(each)


def effectful_flows(flows: Mapping[str, FlowDef], tools: Mapping[str, ToolDef]) -> frozenset[str]:
    """The flows in which something with a side effect may run."""
    found = {name for name, flow in flows.items() if has_effects(flow.body, frozenset(), tools)}
    while True:
        more = {
            name
            for name, flow in flows.items()
            if name not in found and has_effects(flow.body, frozenset(found), tools)
        }
        if not more:
            return frozenset(found)
        found |= more


def has_effects(part: object, flows: frozenset[str], tools: Mapping[str, ToolDef]) -> bool:
    """Whether a part may have a side effect: a tool that is not pure, a question to a person, a flow with effects."""
    impure = {name for name, tool in tools.items() if not tool.pure}
    for each in walk(part):
        match each:
            case Ask(user=True):
                return True
            case Call(name=name) if name.text in impure or name.text in flows:
                return True
            case Solve() | Run() if impure:
                return True
            case Emulate(code=code) if called(code) & (impure | flows):
                return True
    return False
