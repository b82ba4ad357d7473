"""What a stretch of text does, found by walking its tree: which names it assigns, what it calls, whether it has
effects.

Invariant: nothing here changes a tree; every block is looked at once, however often it is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flowreason_dsl.check.reach import parts
from flowreason_dsl.python import facts
from flowreason_dsl.syntax import (
    Ask,
    Assign,
    Block,
    Call,
    Code,
    Emulate,
    FlowDef,
    Path,
    Run,
    Sample,
    Solve,
    ToolDef,
)

__all__ = ["Effects", "Names", "called", "calls", "effectful_flows", "handed_on", "parts"]


class Names:
    """The names that blocks assign for what follows them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Block, dict[str, None]]] = {}

    def __call__(self, block: Block) -> dict[str, None]:
        """The names, in written order. A `sample` keeps its names to itself."""
        if id(block) not in self._known:
            self._known[id(block)] = block, self._found(block)
        return self._known[id(block)][1]

    def _found(self, block: Block) -> dict[str, None]:
        found: dict[str, None] = {}
        for each in parts(block.statements, without=(Sample, Block)):
            if isinstance(each, Assign):
                found.setdefault(each.name.text)
            elif isinstance(each, Block):
                found |= dict.fromkeys(name for name in self(each) if name not in found)
        return found


def called(code: Code) -> frozenset[str]:
    """The free names that a piece of Python uses, as functions or as values."""
    return frozenset(use.name for use in facts(code).uses)


def calls(part: object) -> Iterator[str]:
    """The names of flows and tools that a part may call, those in its Python included."""
    for each in parts(part):
        if isinstance(each, Call):
            yield each.name.text
        elif isinstance(each, Code):
            yield from called(each)


def effectful_flows(flows: Mapping[str, FlowDef], tools: Mapping[str, ToolDef]) -> frozenset[str]:
    """The flows in which something with a side effect may run: their own, or that of a flow which they call."""
    effects = Effects(frozenset(), tools)
    callers: dict[str, list[str]] = {}
    for name, flow in flows.items():
        for each in set(_hands_on(flow.body)) & flows.keys():
            callers.setdefault(each, []).append(name)
    todo = [name for name, flow in flows.items() if effects(flow.body)]
    found = set(todo)
    while todo:
        fresh = [caller for caller in callers.get(todo.pop(), ()) if caller not in found]
        found.update(fresh)
        todo += fresh
    return frozenset(found)


def _hands_on(part: object) -> Iterator[str]:
    """What a part may call as a step, or in code that is emulated: plain Python calls nothing that has effects."""
    for each in parts(part):
        if isinstance(each, Call):
            yield each.name.text
        elif isinstance(each, Emulate) and isinstance(each.code, Code):
            yield from called(each.code)


def handed_on(
    flows: Mapping[str, FlowDef], tools: Mapping[str, ToolDef], declared: Iterable[ToolDef]
) -> tuple[str, ...]:
    """The tools that a program may call which was written while the run goes on: pure ones, and those that the flows
    declare or call themselves."""
    own = {tool.name.text for tool in declared} | {name for flow in flows.values() for name in _hands_on(flow.body)}
    return tuple(name for name, tool in tools.items() if tool.pure or name in own)


class Effects:
    """Which parts may have a side effect: a tool that is not pure, a question to a person, a flow with effects."""

    def __init__(self, flows: frozenset[str], tools: Mapping[str, ToolDef]) -> None:
        self._impure = frozenset(name for name, tool in tools.items() if not tool.pure)
        self._telling = self._impure | flows
        self._blocks: dict[int, tuple[Block, bool]] = {}

    def __call__(self, part: object) -> bool:
        """Whether a part may have one."""
        if not isinstance(part, Block):
            return any(self._here(each) for each in parts(part, without=(Block,)))
        if id(part) not in self._blocks:
            self._blocks[id(part)] = part, self(part.statements)
        return self._blocks[id(part)][1]

    def _here(self, part: object) -> bool:
        match part:
            case Block():
                return self(part)
            case Ask():
                return part.user
            case Call(name=name):
                return name.text in self._telling
            case Solve() | Run() | Emulate(code=Path()):
                return bool(self._impure)
            case Emulate(code=Code() as code) if self._telling:
                return not self._telling.isdisjoint(called(code))
        return False
