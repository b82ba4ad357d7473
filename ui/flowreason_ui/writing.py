"""A flow while the model writes it: its text so far, as a graph that can be drawn, with what was found in drafts.

Invariant: what is drawn of a flow that is still being written stands in its text; what is missing is one node that says
so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowreason.compiler.arriving import LATER, arrived
from flowreason.engine.events import Event
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason_dsl.stream import Finished, Reader
from flowreason_dsl.syntax import ToolDef

__all__ = ["LATER", "Draft", "Writing"]


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft that was whole: its text, and what was found in it (as JSON diagnostics)."""

    text: str
    round: int
    diagnostics: tuple[dict[str, Any], ...]


class Writing:
    """Reads what the model writes. `text` is what has arrived of the draft that is being written."""

    def __init__(self, tools: Iterable[ToolDef]) -> None:
        self._tools = {tool.name.text: tool for tool in tools}
        self.text = ""
        self.statements = 0
        self.drafts: tuple[Draft, ...] = ()
        self.graph: Graph | None = None
        self.fallback = ""
        self.done = False
        self._begin()

    def _begin(self) -> None:
        self._reader = Reader("<arriving>")
        self._start: int | None = None
        self.text, self.statements = "", 0

    def take(self, event: Event) -> None:
        """An event whose kind begins with `compile.`."""
        data = event.data
        match event.kind:
            case "compile.text":
                self._arrives(str(data.get("text", "")), int(data.get("statements") or 0))
            case "compile.draft":
                found = tuple(dict(each) for each in data.get("diagnostics") or ())
                self.drafts = (*self.drafts, Draft(str(data.get("text", "")), int(data.get("round") or 0), found))
                self._begin()
                self.text = str(data.get("text", ""))
            case "compile.done":
                self.done, self.fallback = True, str(data.get("fallback") or "")
                self.text = str(data.get("text", "")) or self.text

    def _arrives(self, piece: str, statements: int) -> None:
        if self.drafts and self.text == self.drafts[-1].text and not self._reader.text:
            self.text = ""
        self.statements = statements
        self.text += piece
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
