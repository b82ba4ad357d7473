"""What a limit of the run left undone, as its events tell it.

Invariant: an event that tells of something left undone has `error_kind` `limit`, and `line` and `about`: where it
stands in the flow, and its first words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowreason.engine import inline
from flowreason.engine.events import Event
from flowreason.engine.frames import Frame
from flowreason.graph import ops

MOST_WORDS = 60
"""Characters by which a question or another step is known again."""

_WORTH_TELLING = (ops.Ask, ops.CallTool, ops.CallFlow, ops.Solve, ops.RunText, ops.Emulate, ops.Loop)
"""Of steps that only waited for what was left undone: those that would have cost or done something."""


_LACKING = frozenset({"item.failed", "effect.undone", "node.vote", "loop.cut"})


@dataclass(frozen=True, slots=True)
class Undone:
    """A step that was left undone, `count` times: in `frame`, or where its numbers are left out, in rounds of it."""

    frame: str
    node: str
    line: int
    about: str
    count: int = 1

    def __str__(self) -> str:
        times = f"{self.count:,} × " if self.count > 1 else ""
        return f"{times}{self.about} (line {self.line})"


def marked(frame: Frame, i: int) -> dict[str, Any]:
    """What an event says of a step that was left undone."""
    span = frame.plan.nodes[i].span
    words = " ".join(frame.plan.flow.source.text[span.start : span.end].split())
    about = words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1].rstrip() + "…"
    return {"error_kind": "limit", "line": inline.line_of(frame, i), "about": about}


def waited(frame: Frame, i: int) -> dict[str, Any]:
    """What an event says of a step that waited for one that was left undone."""
    if isinstance(frame.plan.nodes[i].op, _WORTH_TELLING):
        return marked(frame, i)
    return {"error_kind": "limit"}


def undone_of(events: Iterable[Event]) -> tuple[Undone, ...]:
    """What was left undone, each step of the flow once, in the order in which it was met."""
    begun: set[tuple[str, str]] = set()
    found: dict[tuple[str, str], Undone] = {}
    for event in events:
        if event.kind == "node.started":
            begun.add((event.frame, event.node))
        elif _tells(event) and (event.kind != "node.skipped" or (event.frame, event.node) not in begun):
            _count(found, event)
    return tuple(found.values())


def _tells(event: Event) -> bool:
    return "about" in event.data and event.data.get("error_kind") == "limit"


def _count(found: dict[tuple[str, str], Undone], event: Event) -> None:
    place, data = re.sub(r"\[\d+\]", "", event.frame), event.data
    known, count = found.get((place, event.node)), data.get("refused", 1)
    if known is None:
        found[place, event.node] = Undone(event.frame, event.node, data["line"], data["about"], count)
    else:
        found[place, event.node] = Undone(place, event.node, known.line, known.about, known.count + count)


def is_cut_short(events: Iterable[Event]) -> bool:
    """Whether something was put together without what a limit kept from being made: items, effects, votes, loops."""
    return any(event.kind in _LACKING and event.data.get("error_kind") == "limit" for event in events)
