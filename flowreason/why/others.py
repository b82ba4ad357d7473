"""Other values that a step might have had, those that need no call: the other way of a yes or no, the other choices,
neighbours of a number, what the run itself drew and outvoted.

Invariant: every value is of the step's type, differs from the one that it had, and holds the checks that need no call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flowreason.engine import inline
from flowreason.engine.evaluate import NotTrivial
from flowreason.engine.frames import VALUE
from flowreason.errors import FlowreasonError, PythonError
from flowreason.graph import ops
from flowreason.ports import PythonTask, Sandbox, SandboxLimits, SandboxSession
from flowreason.why.agreeing import accepted, agree, asked_of, groups_of
from flowreason.why.seen import Seen
from flowreason.why.slots import Slot
from flowreason.why.told import How
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, Choice, Type

MOST_OTHERS = 4
"""Other values of one step."""
BIGGEST = 10**15
"""Numbers beyond it have no neighbours that mean anything."""


@dataclass(frozen=True, slots=True)
class Other:
    value: Any
    how: How


def others(seen: Seen, slot: Slot) -> list[Other]:
    """The other values of a step that are at hand; none of a text, a list or a record, which has to be drawn."""
    heard = seen.heard.get(slot.place)
    kind = slot.frame.plan.nodes[slot.i].type
    known, had = slot.has_value, slot.frame.values[slot.i]
    found: list[Other] = []
    if heard is not None and asked_of(slot) == "vote":
        found += [Other(each.value, "minority") for each in groups_of(accepted(slot, heard))]
    if asked_of(slot) != "samples":
        found += [Other(value, "other") for value in _of_type(seen, slot, kind, had if known else None)]
    different: list[Other] = []
    for each in found:
        same = [had] if known else []
        if not any(agree(each.value, other) for other in [*same, *(o.value for o in different)]):
            different.append(each)
    return different[:MOST_OTHERS]


def _of_type(seen: Seen, slot: Slot, kind: Type, had: Any) -> Iterator[Any]:
    if isinstance(kind, Choice):
        yield from kind.options
    elif kind == BOOL or isinstance(had, bool):
        yield from (True, False)
    elif kind in (INT, NUMBER, ANY) and isinstance(had, int | float) and abs(had) < BIGGEST:
        yield from _near(seen, slot, had)


def _near(seen: Seen, slot: Slot, had: float) -> Iterator[float]:
    """The neighbours of a number, and numbers on the other side of those that it is compared with."""
    whole = isinstance(had, int) or had.is_integer()
    step = 1 if whole else abs(had) / 10 or 0.1
    yield from (had + step, had - step)
    for bound in sorted(_compared(seen, slot), key=lambda bound: abs(bound - had)):
        if abs(bound) < BIGGEST:
            yield from (bound + 1, bound) if bound >= had else (bound - 1, bound)


def _compared(seen: Seen, slot: Slot) -> set[int]:
    """The whole numbers with which the Python of a flow compares the name of a step."""
    name = slot.frame.plan.nodes[slot.i].name
    found: set[int] = set()
    if name is None:
        return found
    for node in slot.frame.plan.flow.nodes.values():
        if isinstance(node.op, ops.Python) and any(read.name == name for read in node.reads):
            found |= _bounds(node.op.code.text, name)
    return found


def _bounds(code: str, name: str) -> set[int]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[int] = set()
    for compare in ast.walk(tree):
        if isinstance(compare, ast.Compare):
            sides = [compare.left, *compare.comparators]
            named = any(isinstance(side, ast.Name) and side.id == name for side in sides)
            constants = [side.value for side in sides if isinstance(side, ast.Constant)]
            found |= {each for each in constants if named and type(each) is int}
    return found


# --- what must hold of them ---


class Holding:
    """Looks whether a value holds the `ensure`s of its step, as far as that needs no call."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._session: SandboxSession | None = None

    async def holds(self, slot: Slot, value: Any) -> bool:
        frame, node = slot.frame, slot.frame.plan.nodes[slot.i]
        names = {
            read.name: frame.values[source]
            for read, source in frame.plan.reads[slot.i]
            if read.role == "value" and frame.state[source] == VALUE
        }
        for check in node.checks:
            if check.code is not None and not await self._check(slot, check, {**names, check.value_name: value}):
                return False
        return True

    async def _check(self, slot: Slot, check: ops.Check, names: dict[str, Any]) -> bool:
        assert check.code is not None
        evaluate = None if check.code.block else slot.frame.program.trivial(check.code.text)
        try:
            if evaluate is not None:
                return inline.truth(evaluate(names), slot.frame, slot.i)
        except NotTrivial:
            pass
        except Exception:  # noqa: BLE001 - whatever a check raises, it does not hold
            return False
        return await self._in_sandbox(slot, check.code.text, names)

    async def _in_sandbox(self, slot: Slot, code: str, names: dict[str, Any]) -> bool:
        graph = slot.frame.program.graph
        if not {*graph.flows, *graph.tools}.isdisjoint(re.findall(r"\w+", code)):
            return True  # it may call what costs or acts, and nobody knows
        if self._session is None:
            self._session = await self._sandbox.session(SandboxLimits())
        try:
            result = await self._session.run(PythonTask(code, names))
            return inline.truth(result.value, slot.frame, slot.i)
        except (PythonError, FlowreasonError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
