"""A flow while the model writes it: its text so far, as a graph that can be drawn, with what was found in drafts.

Invariant: what is drawn of a flow that is still being written stands in its text; what is missing is one node that says
so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flowreason.compiler.arriving import LATER, arrived
from flowreason.engine.events import Event
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason_dsl.stream import Finished, Reader
from flowreason_dsl.syntax import ToolDef

__all__ = ["LATER", "Draft", "Writing", "Written"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft that was whole: its text, what was found in it (as JSON diagnostics), and what was mended in it before,
    in words."""

    text: str
    round: int
    diagnostics: tuple[dict[str, Any], ...]
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """How far the writing was after some number of events. `graph`: what can be drawn of it."""

    text: str = ""
    statements: int = 0
    drafts: tuple[Draft, ...] = ()
    graph: Graph | None = None
    done: bool = False
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What was written after so many events; its text is the beginning of one of the texts."""

    events: int
    number: int
    length: int
    known: Written


class Writing:
    """Reads what the model writes. `text` is what has arrived of the draft that is being written."""

    def __init__(self, tools: Iterable[ToolDef]) -> None:
        self._tools = {tool.name.text: tool for tool in tools}
        self._texts = [""]
        self._stages: list[_Stage] = []
        self.begun = False
        self._anew()

    def _anew(self) -> None:
        self._texts.append("")
        self.drafts: tuple[Draft, ...] = ()
        self.graph: Graph | None = None
        self.fallback = ""
        self.done = False
        self._begin()

    def _begin(self) -> None:
        self._reader = Reader("<arriving>")
        self._start: int | None = None
        self._fresh, self.statements = True, 0

    @property
    def text(self) -> str:
        return self._texts[-1]

    def take(self, event: Event, events: int = 0) -> None:
        """An event whose kind begins with `compile.`; `events` counts all of the run's, with this one."""
        data = event.data
        self.begun = True
        match event.kind:
            case "compile.started":
                self._anew()
            case "compile.text":
                self._arrives(str(data.get("text", "")), int(data.get("statements") or 0))
            case "compile.draft":
                found = tuple(dict(each) for each in data.get("diagnostics") or ())
                mended = tuple(str(each) for each in data.get("mended") or ())
                made = Draft(str(data.get("text", "")), int(data.get("round") or 0), found, mended)
                self.drafts = (*self.drafts, made)
                self._begin()
                self._replaced(str(data.get("text", "")))
            case "compile.done":
                self.done, self.fallback = True, str(data.get("fallback") or "")
                self._replaced(str(data.get("text", "")) or self.text)
        known = Written("", self.statements, self.drafts, self.graph, self.done, self.fallback)
        self._stages.append(_Stage(events, len(self._texts) - 1, len(self.text), known))

    def after(self, events: int) -> Written:
        """How far it was after so many events."""
        stages = self._stages
        at = bisect_right(stages, events, key=lambda each: each.events)
        if not at:
            return Written()
        stage = stages[at - 1]
        return replace(stage.known, text=self._texts[stage.number][: stage.length])

    def _replaced(self, text: str) -> None:
        """A whole text stands in place of what has arrived."""
        if text != self.text:
            self._texts.append(text)

    def _arrives(self, piece: str, statements: int) -> None:
        if self._fresh:
            self._texts.append("")
            self._fresh = False
        self.statements = statements
        self._texts[-1] += piece
        try:
            finished = [each for each in self._reader.feed(piece) if isinstance(each, Finished)]
            spans = [each.span for each in finished] + [each.span for each in self._reader.blocks]
            if self._start is None and spans:
                self._start = min(span.start for span in spans)
            checked = arrived(self._reader, self._start or 0, self._tools) if self._reader.ok else None
            if checked is not None:
                self.graph = lower(checked)
        except Exception:  # noqa: BLE001, S110 - the picture of a flow that is not whole is a courtesy
            pass
