"""Where the names of a flow are set, whatever the order: used to explain why a name is not there.

Invariant: it is only computed when something is wrong; a flow without mistakes never pays for it.
"""

from __future__ import annotations

import ast
from functools import cached_property

from flowreason_dsl.check.doubts import Doubts
from flowreason_dsl.check.reach import parts
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.python import facts
from flowreason_dsl.python_place import locate
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Assign, Block, Code, Expression, FlowDef, For, Name, Sample
from flowreason_dsl.unread import Unread


class Outline:
    """The places of one flow where names are set.

    `reported` are names that were reported as not there, `told` names and paths on which they are not set; `spared` are
    those that are not called unused, because what reads them, or was meant to, is reported already.
    """

    def __init__(self, flow: FlowDef, doubts: Doubts) -> None:
        self.flow = flow
        self.reported: set[str] = doubts.set_by_faults(flow)
        self.spared: set[str] = doubts.spared(flow)
        self.told: set[tuple[str, tuple[Label, ...]]] = set()
        self._assigned_in: dict[int, dict[str, list[Assign]]] = {}
        self.open_loops: list[Span] = []

    @cached_property
    def assigned(self) -> dict[str, list[Span]]:
        """Where each name is assigned, in written order."""
        found: dict[str, list[Span]] = {}
        for each in self.assignments:
            found.setdefault(each.name.text, []).append(each.name.span)
        return found

    @cached_property
    def assignments(self) -> list[Assign]:
        return [each for each in parts(self.flow.body) if isinstance(each, Assign)]

    @cached_property
    def in_loops(self) -> dict[str, Span]:
        """Names that are there for one round of a loop: its targets, and what a `sample` assigns."""
        found: dict[str, Span] = {}
        for each in parts(self.flow.body):
            if isinstance(each, For):
                for target in each.targets:
                    found.setdefault(target.text, target.span)
            elif isinstance(each, Sample):
                for inner in parts(each.body):
                    if isinstance(inner, Assign):
                        found.setdefault(inner.name.text, inner.name.span)
        return found

    @cached_property
    def in_code(self) -> dict[str, Span]:
        """Names that a piece of Python binds at its top level."""
        found: dict[str, Span] = {}
        for each in parts(self.flow.body):
            tree = facts(each).tree if isinstance(each, Code) else None
            for node in ast.walk(tree) if tree is not None else ():
                match node:
                    case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                        assert isinstance(each, Code)
                        found.setdefault(name, locate(each, node))
        return found

    def first_set_after(self, name: str, span: Span) -> Span | None:
        """Where a name is assigned after a place, or by the very statement of the place.

        What a `sample` keeps to itself does not count.
        """
        if name in self.in_loops:
            return None
        for assign in self.assignments:
            if assign.name.text == name and max(assign.name.span.start, assign.span.end) > span.start:
                return assign.name.span
        return None

    def assigned_in(self, block: Block) -> dict[str, list[Assign]]:
        """The names that a block assigns for what follows it. A `sample` keeps its names to itself."""
        found = self._assigned_in.get(id(block))
        if found is None:
            found = self._assigned_in[id(block)] = {}
            for each in parts(block.statements, without=(Sample, Block)):
                if isinstance(each, Assign):
                    found.setdefault(each.name.text, []).append(each)
                elif isinstance(each, Unread):
                    for name in each.sets:
                        made = Assign(Name(name, each.span), Expression(each, span=each.span), None, each.span)
                        found.setdefault(name, []).append(made)
                elif isinstance(each, Block):
                    for name, several in self.assigned_in(each).items():
                        found.setdefault(name, []).extend(several)
        return found

    def same_loop(self, span: Span) -> bool:
        """Whether a place stands in one of the loops that are being checked."""
        return any(loop.start <= span.start < loop.end for loop in self.open_loops)
