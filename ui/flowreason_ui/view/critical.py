"""The chain of steps that took longest: from the one that ended last back to the first.

Invariant: each step of the chain began after the one before it had ended, but for one that was asked ahead: that
began while the flow was being written, which stands before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol, TypeVar

from flowreason.graph.model import FlowGraph, Graph

JUST = 1e-4
"""Seconds by which a step may seem to begin before what it waited for had ended."""
MOST_TRIED = 200
"""Steps that ended before another began, and are looked at for one that leads to it."""


class Timed(Protocol):
    """A step that ran; `holds` others, which stand for it; `ahead`: it was asked before its turn; `again`: it
    was done before the run was resumed, and stands there."""

    flow: str
    node: str
    frame: str
    start: float
    end: float | None
    status: str
    holds: bool
    ahead: bool
    again: bool


T = TypeVar("T", bound=Timed)


def critical(graph: Graph | None, bars: Sequence[T]) -> list[T]:
    """The chain, from first to last.

    Before each step stands the one that ended last of those that lead to it. A loop and a flow that is called are told
    by what runs in them, and stand for themselves only where nothing does.
    """
    ended = [bar for bar in bars if _counts(bar)]
    ended.sort(key=_end)
    if not ended:
        return []
    needs, ends = _Needs(graph), [_end(bar) for bar in ended]
    at = len(ended) - 1
    chain = [ended[at]]
    while True:
        if chain[-1].ahead:
            writing = [bar for bar in ended if bar.frame == "compile" and bar.start <= chain[-1].start]
            return [*writing[:1], *reversed(chain)]
        last = min(at, bisect_right(ends, chain[-1].start + JUST))
        tried = range(last - 1, max(-1, last - 1 - MOST_TRIED), -1)
        found = next((i for i in tried if needs.leads(ended[i], chain[-1])), last - 1)
        if found < 0:
            return list(reversed(chain))
        chain.append(ended[found])
        at = found


def _counts(bar: Timed) -> bool:
    return bar.end is not None and bar.status not in ("cancelled", "spared") and not bar.holds and not bar.again


def lasts(chain: Sequence[Timed]) -> float:
    """How long a chain took, what ran at the same time counted once."""
    took, until = 0.0, 0.0
    for bar in chain:
        took += max(0.0, _end(bar) - max(bar.start, until))
        until = max(until, _end(bar))
    return took


def _end(bar: Timed) -> float:
    return 0.0 if bar.end is None else bar.end


class _Needs:
    """Which steps of one flow come, by whatever way, before which."""

    def __init__(self, graph: Graph | None) -> None:
        self._graph = graph
        self._before: dict[tuple[str, str], frozenset[str]] = {}

    def leads(self, one: Timed, other: Timed) -> bool:
        """Whether a step of the same frame leads to another; of frames of others nothing is said against it."""
        if one.ahead and one.node == other.node:
            return True
        if one.frame != other.frame or one.flow != other.flow or self._graph is None:
            return True
        flow = self._graph.flows.get(one.flow)
        return flow is None or one.node in self._of(flow, other.node)

    def _of(self, flow: FlowGraph, node: str) -> frozenset[str]:
        known = self._before.get((flow.name, node))
        if known is None:
            found: set[str] = set()
            waiting = [node]
            while waiting:
                each = flow.nodes.get(waiting.pop())
                if each is None:
                    continue
                sources = [read.source for read in each.reads] + list(each.after)
                sources += [each.guard[0]] if each.guard is not None else []
                waiting += [source for source in sources if source not in found]
                found.update(sources)
            known = self._before[flow.name, node] = frozenset(found)
        return known
