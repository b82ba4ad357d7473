"""The state of a run: frames (one activation of a body each), the scopes they are cancelled by, and loops under way.

A slot of a frame is waiting, or has one of three outcomes, for good: a value, skipped (the way was not taken), or
failed. One whose value is `GIVEN` has it as soon as the step would have been done, or failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowreason.engine.plan import LoopPlan, Plan, Program
from flowreason.errors import FlowreasonError

WAITING, VALUE, SKIPPED, FAILED, GIVEN = 0, 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a slot failed, and where it began."""

    error: FlowreasonError
    node: str
    frame: str


class Scope:
    """What ends together: the work of one activation of a flow, and of everything it called.

    `tasks` are its work under way, `open` its loops and calls under way. `awaited` is the nearest scope around (or
    itself) whose answer somebody outside the stepper waits for; its `busy` counts the tasks that can still bring that
    answer.
    """

    __slots__ = ("awaited", "busy", "children", "closed", "open", "parent", "tasks")

    def __init__(self, parent: Scope | None, *, awaited: bool = True) -> None:
        self.parent = parent
        self.awaited: Scope = self if awaited or parent is None else parent.awaited
        self.busy = 0
        self.closed = False
        self.children: dict[Scope, None] = {}  # in the order in which they began: what ends with it ends in that order
        self.tasks: dict[Any, tuple[Frame, int]] = {}
        self.open: dict[tuple[Frame, int], None] = {}
        if parent is not None:
            parent.children[self] = None

    def begin(self, task: Any, frame: Frame, i: int) -> None:
        """A task works for it, at a node."""
        self.tasks[task] = (frame, i)
        self.awaited.busy += 1

    def end(self, task: Any) -> None:
        """A task of it is over; one that was cancelled with its scope no longer counts."""
        if task in self.tasks:
            del self.tasks[task]
            self.awaited.busy -= 1

    def under_way(self) -> list[tuple[Any, Frame, int]]:
        """The tasks in this scope and below, each with its node."""
        todo, found = [self], []
        while todo:
            scope = todo.pop()
            found += [(task, frame, i) for task, (frame, i) in scope.tasks.items()]
            todo += scope.children
        return found

    def close(self) -> tuple[list[Any], list[tuple[Frame, int]]]:
        """Nothing in it counts any more: the tasks to cancel, in this scope and below, and what was open."""
        todo: list[Scope] = [self]
        tasks: list[Any] = []
        opened: list[tuple[Frame, int]] = []
        while todo:
            scope = todo.pop()
            scope.closed = True
            scope.awaited.busy -= len(scope.tasks)
            tasks += scope.tasks
            opened += scope.open
            todo += scope.children
            scope.children, scope.tasks, scope.open = {}, {}, {}
        if self.parent is not None:
            self.parent.children.pop(self, None)
        return tasks, opened


class Frame:
    """One activation of a body. `at` is the node in the frame around that it belongs to; `index` the round, or which
    call of the flow by that node it is, where that may call it several times."""

    __slots__ = (
        "_path", "at", "bad", "dead_ways", "depth", "flow", "index", "left", "loop", "loops", "missing", "parent",
        "plan", "program", "scope", "state", "subscribers", "values", "waiter",
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        program: Program,
        parent: Frame | None,
        at: int,
        index: int,
        scope: Scope,
        loop: LoopRun | None,
    ) -> None:
        size = plan.size
        self.plan = plan
        self.program = program
        self.parent = parent
        self.at = at
        self.index = index
        self.scope = scope
        self.loop = loop
        self.flow: Frame = self if loop is None or parent is None else parent.flow
        self.depth: int = 0 if parent is None else parent.depth
        self.state = [0] * size
        self.values: list[Any] = [None] * size
        self.missing = plan.need.copy()
        self.left = size
        self.bad: dict[int, tuple[int, Any]] | None = None
        self.dead_ways: dict[int, int] | None = None
        self.subscribers: dict[int, list[tuple[Frame, int]]] | None = None
        self.waiter: Callable[[int, Any], None] | None = None
        self.loops: dict[int, LoopRun] | None = None
        self._path: str | None = None

    @property
    def path(self) -> str:
        """Where it stands: `main`, `main/flags[3]`, `main/check/older`."""
        if self._path is None:
            self._path = self._make_path()
        return self._path

    def _make_path(self) -> str:
        steps: list[str] = []
        frame: Frame | None = self
        while frame is not None:
            if frame.parent is None:
                steps.append(frame.plan.flow.name)
                break
            owner = frame.parent.plan.nodes[frame.at].id
            again = f"~{frame.index + 1}" if frame.index else ""  # one step may call a flow several times
            called = f"{owner}/{frame.plan.flow.name}{again}"
            steps.append(f"{owner}[{frame.index}]" if frame.loop is not None else called)
            frame = frame.parent
        return "/".join(reversed(steps))

    def value_of(self, name: str) -> Any:
        """The value of a node, by id."""
        return self.values[self.plan.index[name]]


class LoopRun:
    """A loop under way: how many rounds it has, how many were opened, and what they yielded.

    `whole` is the latest round that handed on a value for every name. `cut` is the limit that cut the loop short, `of`
    how many rounds it might have had, and `lost` the nodes after it that get what the last whole round left, each with
    whether it has it. `told`: that it was cut.
    """

    __slots__ = (
        "at", "closed", "cut", "ended", "failures", "frame", "items", "last", "lost", "of", "opened", "pending",
        "plan", "results", "told", "total", "whole",
    )  # fmt: skip

    def __init__(self, frame: Frame, at: int, plan: LoopPlan, total: int, items: list[Any] | None) -> None:
        self.frame = frame
        self.at = at
        self.plan = plan
        self.total = total
        self.items = items
        self.opened = 0
        self.closed = 0
        self.pending = 0
        self.ended = False
        self.last: Frame | None = None
        self.whole: Frame | None = None
        self.cut: Failure | None = None
        self.lost: dict[int, bool] = {}
        self.of = total
        self.told = False
        self.results: list[list[Any]] = []
        self.failures: list[tuple[int, Failure]] = []

    @property
    def in_order(self) -> bool:
        return self.plan.op.in_order


NOT_YET = object()
"""In the results of a loop: a yield that has not come, or was skipped."""
