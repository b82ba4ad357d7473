"""A run at the terminal: the flow as a tree that fills in while it runs, or a line for each thing that happens.

Invariant: what is shown is a function of the graph, the events and the clock; text that came from a model is stripped
of control characters and never read as markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.picture import Picture, PictureNode, PictureRegion, pictures
from flowreason.view.progress import (
    LIMIT,
    MARKS,
    NodeState,
    RunView,
    Status,
    cost_text,
    fold,
    known_state,
    limit_text,
    money_text,
    seconds_text,
    wait_text,
)
from flowreason.view.text import clean, one_line, shorten

COLOURS: dict[Status, str] = {
    "waiting": "dim",
    "running": "bold yellow",
    "done": "green",
    "failed": "bold red",
    "limit": "yellow",
    "skipped": "dim",
    "cancelled": "dim",
}

_LEFT_OUT = 4
"""Lines of the screen that are not for nodes: totals, a note of what is left out, the prompt."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tree: how deep, the name, what it says, and its state."""

    depth: int
    name: str
    text: str
    state: NodeState | None
    head: bool = False

    @property
    def status(self) -> Status:
        return self.state.status if self.state is not None else "waiting"


class LiveFlow:
    """A rich renderable that follows a run: give it the graph when there is one, and every event."""

    def __init__(self, graph: Graph | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.view = RunView()
        self._clock = clock
        self._seen_at = clock()
        self._stage = ""
        self._begun = False
        self._pictures: tuple[Picture, ...] = ()
        if graph is not None:
            self.on_flow(graph)

    def on_flow(self, graph: Graph) -> None:
        """The flow that runs from now on."""
        self._pictures = pictures(graph)

    def on_event(self, event: Event) -> None:
        fold(self.view, event)
        self._begun = True
        self._seen_at = self._clock()
        if event.kind == "compile.text":
            self._stage = _writing(event)
        elif event.kind.startswith("compile."):
            self._stage = plain_line(event) or self._stage

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self._begun:
            return
        lines = list(self.lines())
        room = max(3, (options.height or console.size.height) - _LEFT_OUT)
        kept = _most_telling(lines, room)
        if kept:
            yield self._table(kept, options.max_width)
        elif self._stage and self.view.status == "waiting":
            yield Text(f"{MARKS['running']} {self._stage}", style="yellow")
        if len(kept) < len(lines):
            yield Text(f"  … {len(lines) - len(kept)} more steps", style="dim")
        yield Text(self._totals(), style="dim")

    def lines(self) -> Iterator[Line]:
        """The tree of the flow that a run starts with, and below it those of the sub-flows that have been called."""
        called = {flow for flow, _ in self.view.nodes}
        for index, picture in enumerate(self._pictures):
            if index and picture.flow not in called:
                continue
            if len(self._pictures) > 1:
                yield Line(0, picture.title, "", None, head=True)
            yield from self._inside(picture, picture.regions[0].id, 1 if len(self._pictures) > 1 else 0)

    def _inside(self, picture: Picture, region: str, depth: int) -> Iterator[Line]:
        for thing in picture.children[region]:
            state = known_state(self.view.nodes, picture.flow, thing.members)
            if isinstance(thing, PictureNode):
                if thing.kind != "input":
                    yield Line(depth, thing.title, _said(thing, state), state)
                continue
            yield Line(depth, thing.name or "", _head(thing), state, head=thing.kind == "arm")
            yield from self._inside(picture, thing.id, depth + 1)

    def _table(self, lines: list[Line], width: int) -> Table:
        told = [_right(line, self._running_for(line), self._now()) for line in lines]
        table = Table.grid(padding=(0, 1), expand=False)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(20, width - 2 - max(map(len, told))))
        table.add_column(no_wrap=True, justify="right")
        for line, right in zip(lines, told, strict=True):
            table.add_row(_left(line), Text(right, style=COLOURS[line.status]))
        return table

    def _running_for(self, line: Line) -> float:
        """Seconds that the oldest run of a node that is under way has taken so far."""
        state = line.state
        if state is None or not state.running:
            return 0.0
        began = [at for (frame, node), at in self.view.since.items() if node == state.node and self._is(frame, state)]
        return max(0.0, self._now() - min(began)) if began else 0.0

    def _is(self, frame: str, state: NodeState) -> bool:
        return self.view.frames.get(frame, self.view.entry) == state.flow

    def _now(self) -> float:
        """Seconds since the run began."""
        ended = self.view.status in ("done", "failed", "cancelled", "suspended")
        return self.view.seconds + (0.0 if ended else self._clock() - self._seen_at)

    def _totals(self) -> str:
        view = self.view
        told = cost_text(view.usage, self._now(), shared=view.shared, kept=view.kept)
        return f"{told} · the limit {view.limit} is reached" if view.limit else told


def _writing(event: Event) -> str:
    count = int(event.data.get("statements") or 0)
    return f"writing the flow: {count} statement{'' if count == 1 else 's'}"


def _said(node: PictureNode, state: NodeState | None) -> str:
    """What stands after a node's name: its value once it has one, its text until then."""
    if state is not None and state.latest and node.kind not in ("decision", "answer", "yield"):
        return f"= {state.latest}" if state.status == "done" else state.latest
    return node.full.partition("\n")[0]


def _head(region: PictureRegion) -> str:
    return f"{region.title}:" if region.kind == "arm" else region.title


def _left(line: Line) -> Text:
    colour = COLOURS[line.status]
    made = Text("  " * line.depth)
    if not line.head:
        made.append(f"{MARKS[line.status]} ", style=colour)
    made.append(shorten(safe(line.name), 40), style="bold" if line.status != "waiting" else "")
    if line.text:
        made.append(("  " if line.name else "") + shorten(safe(line.text), 100), style="dim")
    return made


def _right(line: Line, running_for: float, now: float) -> str:
    """`running · 3/10 · 1.2 s · 345 tokens`; what it waits for, as long as it does."""
    state = line.state
    if state is None or line.status == "waiting":
        return ""
    told = state.text.partition(" ")[2]
    if running_for >= 0.1 and not state.seconds:
        told = f"{told} · {seconds_text(running_for)}"
    waits = [why for why, until in state.waits.values() if until > now]
    return f"{told} · {waits[-1]}" if waits else told


def _most_telling(lines: list[Line], room: int) -> list[Line]:
    """As many lines as there is room for: what runs or failed first, then what is near it."""
    if len(lines) <= room:
        return lines
    weight = {"failed": 0, "limit": 0, "running": 1, "done": 3, "waiting": 4, "skipped": 5, "cancelled": 5}
    ranked = sorted(range(len(lines)), key=lambda i: (2 if lines[i].head else weight[lines[i].status], _age(lines, i)))
    return [lines[index] for index in sorted(ranked[:room])]


def _age(lines: list[Line], index: int) -> int:
    """Among the done the last come first, among the waiting the first."""
    return -index if lines[index].status == "done" else index


def safe(text: str) -> str:
    """Text on one line, without control characters."""
    return one_line(clean(text))


# --- without a terminal ------------------------------------------------------------------------------------


def plain_line(event: Event) -> str | None:
    """An event as one line of text for logs; None for what is not worth a line."""
    told = _compiling(event) or _running(event) or _at_node(event)
    return shorten(safe(told), 300) if told else None


def _compiling(event: Event) -> str | None:
    data = event.data
    match event.kind:
        case "method.chosen":
            return method_text(data)
        case "compile.started":
            return "writing a flow for the question"
        case "compile.draft":
            faults = sum(1 for each in data.get("diagnostics", ()) if each.get("severity") == "error")
            mended = "; ".join(data.get("mended") or ())
            found = f"checked, mended: {mended}" if mended else "checked"
            if faults:
                found = f"{faults} fault{'' if faults == 1 else 's'}, sent back"
            return f"draft {data.get('round', 1)}: {found}"
        case "compile.done":
            return f"no valid flow: {data['fallback']}" if data.get("fallback") else "the flow is written"
    return None


def method_text(data: Mapping[str, Any]) -> str | None:
    """How a question is answered, and why; nothing is said of what is done without being asked for."""
    method, reason = str(data.get("method", "")), str(data.get("reason", ""))
    return None if not reason and method == "graph" else f"method {method}" + (f": {reason}" if reason else "")


def _running(event: Event) -> str | None:
    data = event.data
    match event.kind:
        case "run.started":
            return f"run {data.get('entry', '')}".rstrip()
        case "run.finished":
            return f"answered after {seconds_text(event.time)}"
        case "run.failed":
            return f"failed: {data.get('error', '')}"
        case "run.exhausted":
            return f"the limit {data.get('limit')}={data.get('allowed'):g} is reached: nothing more is asked or done"
        case "run.cancelled":
            return f"stopped: {data.get('reason', '')}"
        case "run.waiting":
            return "suspended: it waits for your answer"
    return None


def _at_node(event: Event) -> str | None:
    data = event.data
    where = place(event)
    match event.kind:
        case "node.reply" if data.get("early"):
            return None  # told when it came
        case "node.reply":
            used = int(data.get("prompt_tokens") or 0) + int(data.get("completion_tokens") or 0)
            parts = [_free(data)] if data.get("shared") else [f"{used:,} tokens"]
            parts += [money_text(data["money"])] if data.get("money") and not data.get("shared") else []
            return f"{where}: {shorten(str(data.get('text', '')), 80)} ({', '.join(parts)})"
        case "node.rejected":
            return f"{where}: sent back: {data.get('why', '')}"
        case "node.retry" | "node.wait":
            return f"{where}: {wait_text(event)}"
        case "node.fallback":
            return f"{where}: {data.get('to')} is asked instead of {data.get('from')}: {data.get('why', '')}"
        case "node.recalled":
            return f"{where}: known {'from before' if data.get('whose') == 'run' else 'from an earlier run'} (free)"
        case "node.failed" if data.get("error_kind") == LIMIT:
            return f"{where}: not done: {limit_text(data)}"
        case "item.failed" if data.get("error_kind") == LIMIT:
            return None
        case "node.failed":
            return f"{where}: failed: {data.get('error', '')}"
        case "node.printed":
            return f"{where}: printed: {data.get('text', '')}"
        case "item.failed":
            return f"{where}: item {data.get('index')} failed: {data.get('error', '')}"
        case "person.asked":
            return f"{where}: asks you: {data.get('question', '')}"
    return None


def _free(data: Mapping[str, Any]) -> str:
    return "from an earlier run, free" if data.get("cached") else "shared with an equal call"


def place(event: Event) -> str:
    """Where an event happened: `flags[3]/ask#1`."""
    inner = event.frame.removeprefix("early/").partition("/")[2]
    return f"{inner}/{event.node}" if inner else event.node
