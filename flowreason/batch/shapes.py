"""Questions of one shape, answered by one flow that is written once and takes each as its parameter.

The first question of a shape that meets another one has a flow written for both and for others that are waiting; it is
run on all that come. A question that the flow does not fit fails in it, by the checks that the flow makes, and has a
flow written for itself. Where Python suffices, a question then costs no call at all.

Invariant: a question is answered by a shared flow or by one of its own, and by no third way; what a shared flow cannot
answer is asked as if there were none.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flowreason.api import solve_async
from flowreason.batch.item import Item
from flowreason.batch.ways import ByMethod, Columns, Wanted
from flowreason.compiler.inputs import QUESTION
from flowreason.errors import FlowreasonError, ProviderError, UsageError
from flowreason.flow import Flow
from flowreason.methods import GRAPH, meant
from flowreason.result import Result

SHOWN = 4
"""Further questions that the writer of a shared flow sees."""
SHARED, OWN = "shared", "own"
NEAR = 0.45
"""The share of words, from both ends, that two questions of one shape have in common at least."""
LEAST = 5
"""The same as a count of words."""
MOST_MISSES = 3
"""Questions one after the other that a shared flow may fail on before it is given up."""


def shared_way(
    flow: Any, method: Any, tools: Sequence[Any], columns: Columns, more: Mapping[str, Any], column: str = ""
) -> ByShape:
    """The way of flows that are written for many questions. Raises `UsageError` where no flow is written at all."""
    if flow is not None or (method is not None and meant(method, tools).name != GRAPH):
        raise UsageError("compile='once' is for flows that are written for the questions; leave out flow and method")
    return ByShape(tools, columns, more, column)


@dataclass(slots=True)
class Shape:
    """Questions of one shape: those that were `seen` before there was a shared `flow`, and that flow.

    `writing` is set while the flow is written; `misses` counts failures of the flow in a row.
    """

    words: tuple[str, ...]
    seen: list[str] = field(default_factory=list)
    flow: Flow | None = None
    writing: asyncio.Event | None = None
    misses: int = 0
    given_up: bool = False


class ByShape(ByMethod):
    """Answers questions by flows that are written for many of one shape. `column`: names the shape of each row."""

    def __init__(self, tools: Sequence[Any], columns: Columns, more: Mapping[str, Any], column: str = "") -> None:
        super().__init__(meant(GRAPH, tools), tools, columns, more)
        self.identity += "-once"
        self._column = column
        self._named: dict[str, Shape] = {}
        self._found: list[Shape] = []

    def wanted(self, item: Item) -> Wanted:
        wanted = super().wanted(item)
        name = item.given.get(self._column) if self._column else None
        return wanted if name is None else Wanted(wanted.question, wanted.inputs, str(name))

    async def solve(self, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        if wanted.inputs:  # what is given beside the question is not of a shape
            return await self._own(wanted, options)
        shape = self._shape_of(wanted)
        shape.seen.append(wanted.question)
        await asyncio.sleep(0)  # those that begin at the same time are seen as well
        while shape.writing is not None:
            await shape.writing.wait()
        if shape.flow is not None:
            return await self._shared(shape, shape.flow, wanted, options)
        others = [each for each in dict.fromkeys(shape.seen) if each != wanted.question]
        if shape.given_up or not others:
            return await self._own(wanted, options)
        return await self._first(shape, others[-SHOWN:], wanted, options)

    async def _first(self, shape: Shape, others: Sequence[str], wanted: Wanted, options: Mapping[str, Any]) -> Result:
        """The question whose run has the shared flow written."""
        written, found = asyncio.Event(), list[Flow]()
        shape.writing = written
        try:
            result = await self._own(wanted, options, alike=others, on_flow=found.append)
        finally:
            shape.writing = None
            written.set()
        if found and _is_shared(found[0]) and result.ok:
            shape.flow = found[0]
            result.way = SHARED
            shape.seen.clear()
            return result
        shape.misses += 1
        shape.given_up = shape.misses >= MOST_MISSES
        if result.ok or not _is_fault_of_flow(result):
            return result
        return await self._after(result, wanted, options)

    async def _shared(self, shape: Shape, flow: Flow, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        """By the flow that is there; where it fails, by one of its own."""
        result = await flow.run_async({QUESTION: wanted.question}, **options)
        result.way = SHARED
        if result.ok or not _is_fault_of_flow(result):
            shape.misses = 0
            return result
        shape.misses += 1
        if shape.misses >= MOST_MISSES and shape.flow is flow:  # it fits too few; another one may be written
            shape.flow, shape.misses = None, 0
        return await self._after(result, wanted, options)

    async def _after(self, failed: Result, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        """By a flow of its own, after a shared one has failed."""
        result = await self._own(wanted, options)
        result.earlier = failed.usage
        return result

    async def _own(self, wanted: Wanted, options: Mapping[str, Any], **more: Any) -> Result:
        result = await solve_async(
            wanted.question, inputs=wanted.inputs, tools=self._tools, **self._more, **options, **more
        )
        result.way = OWN
        return result

    def _shape_of(self, wanted: Wanted) -> Shape:
        if wanted.shape:
            return self._named.setdefault(wanted.shape, Shape(()))
        words = skeleton(wanted.question)
        best = max(self._found, key=lambda shape: common(shape.words, words), default=None)
        if best is None or not alike(best.words, words):
            best = Shape(words)
            self._found.append(best)
        return best


def _is_shared(flow: Flow) -> bool:
    """Whether a flow was written for more than one question, and is not the plain one that stands in."""
    fallback = flow.compiled is None or flow.compiled.fallback is not None
    return not fallback and [each.name for each in flow.parameters if each.required] == [QUESTION]


def _is_fault_of_flow(result: Result) -> bool:
    """Whether another flow may do better: a step failed, and not a server, a limit, a person or a cancelled run."""
    return result.status == "failed" and isinstance(result.error, FlowreasonError) and _kind(result) not in _NOT_OURS


_NOT_OURS = ProviderError.HOPELESS | {"network", "rate", "server", "timeout", "StoreError", "SandboxError"}


def _kind(result: Result) -> str:
    return str(getattr(result.error, "kind", "") or type(result.error).__name__)


# --- which questions are of one shape ---

_QUOTED = re.compile(r'"[^"\n]{1,200}"|“[^”\n]{1,200}”|\'[^\'\n]{1,200}\'(?!\w)')
_NUMBER = re.compile(r"[-+]?\d[\d.,:/]*")
_NUMBERS = re.compile(r"#(?:[\s,;]{1,3}#)+")
_NAME = re.compile(r"(?<=[a-z,;:(] )[A-Z]\w+(?: [A-Z]\w+)*")
_WORD = re.compile(r"\w+|[#@“]|[^\w\s]")


@lru_cache(maxsize=4096)
def skeleton(question: str) -> tuple[str, ...]:
    """The words of a question, with a mark for each number, name and quoted text."""
    bare = _NUMBERS.sub("#", _NUMBER.sub("#", _QUOTED.sub("“", question[:20_000])))
    return tuple(word.lower() for word in _WORD.findall(_NAME.sub("@", bare)))


def common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many words two skeletons have in common at their beginning and at their end."""
    most = min(len(one), len(other))
    first = next((n for n in range(most) if one[n] != other[n]), most)
    last = next((n for n in range(most - first) if one[-1 - n] != other[-1 - n]), most - first)
    return first + last


def alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two questions are taken to be of one shape: they share enough words from both ends."""
    shared = common(one, other)
    return shared >= LEAST and shared >= NEAR * min(len(one), len(other), 40)
