"""A run as a tree: the flow, each activation of its loops and sub-flows, and in them every step and what became of it.

Invariant: the tree is a function of the graph and the events; it shows what happened in the order in which the flow is
written, and names each step and each activation as they are named to fork a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node
from flowreason.values import show
from flowreason.view import labels
from flowreason.view.picture import WHOLE, Picture, PictureNode, PictureRegion, picture_of
from flowreason.view.progress import (
    LIMIT,
    MARKS,
    NodeState,
    RunView,
    fold,
    is_last_look,
    known_state,
    money_text,
    seconds_text,
)
from flowreason.view.text import shorten

MOST_ROUNDS = 6
"""Rounds of one loop that are shown, besides those in which something failed."""
ASKS = "?"

Place: TypeAlias = tuple[str, str]
"""Frame and node."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line: how deep it stands, a sign for its state, what it is, and what is told of it.

    `frame` and `node` say what it stands for; `state` is what is known of the step.
    """

    depth: int
    mark: str
    name: str
    text: str
    told: str
    frame: str
    node: str = ""
    state: NodeState | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    path: str
    flow: str
    region: str
    index: int | None


def run_tree(graph: Graph, events: Iterable[Event], *, whole: bool = False) -> list[TreeLine]:
    """The lines of the tree. `whole`: every round of every loop."""
    return list(_Tree(graph, events, whole).lines())


class _Tree:
    def __init__(self, graph: Graph, events: Iterable[Event], whole: bool) -> None:
        self._graph = graph
        self._whole = whole
        self._pictures: dict[str, Picture] = {}
        self._view = RunView()
        self._frames: dict[Place, list[_Frame]] = defaultdict(list)
        self._roots: list[_Frame] = []
        self._values: dict[Place, Any] = {}
        self._notes: dict[Place, list[str]] = defaultdict(list)
        self._asking: dict[Place, str] = {}
        self._failed_items: dict[Place, dict[int, str]] = defaultdict(dict)
        self._limited_items: dict[Place, set[int]] = defaultdict(set)
        self._looked: set[str] = set()
        self._broken: set[str] = set()
        self._written = NodeState()
        self._drafts = 0
        for event in events:
            self._take(event)

    # --- what happened ---

    def _take(self, event: Event) -> None:
        event = event._replace(frame=event.frame.removeprefix("early/"))
        if event.kind == "compile.draft" and not event.frame:
            self._drafts += 1
        if is_last_look(event):
            self._looked.add(event.frame)
        if event.kind == "frame.opened":
            self._opened(event)
        elif event.kind == "frame.closed" and event.data.get("bound"):
            outer, _, last = event.frame.rpartition("/")
            self._note((outer, last.partition("[")[0]), "stopped at its limit of rounds")
        elif event.node:
            self._view.frames[event.frame] = event.frame
            fold(self._view, event)
            self._noted(event)

    def _opened(self, event: Event) -> None:
        data = event.data
        index = data.get("index")
        frame = _Frame(event.frame, str(data["flow"]), str(data["region"]), None if index is None else int(index))
        owner = str(data.get("owner") or "")
        if not owner:
            self._roots.append(frame)
            return
        outer = event.frame.rpartition("/")[0]
        if index is None:  # a flow that a step calls: its frame stands inside that of the call
            outer = outer.rpartition("/")[0]
        self._frames[outer, owner].append(frame)

    def _noted(self, event: Event) -> None:
        place, data = (event.frame, event.node), event.data
        if event.kind in ("node.failed", "node.skipped") and data.get("error_kind") == LIMIT:
            self._broken.add(event.frame)
        match event.kind:
            case "node.done":
                self._values[place] = data.get("value")
            case "node.recalled":
                self._note(place, "known from before" if data.get("whose") == "run" else "from the run before")
            case "node.given":
                self._note(place, "given")
            case "node.reply" if data.get("cached"):
                self._note(place, "from cache")
            case "node.reply" if data.get("early"):
                self._note(place, "begun early")
            case "node.reply" if data.get("shared"):
                self._note(place, "shared with an equal call")
            case "node.vote" if data.get("count"):
                self._note(place, f"{data['count']} of {data.get('of')} votes")
            case "node.skipped" if data.get("because"):
                self._note(place, f"because of {data['because']}")
            case "effect.undone":
                self._note(place, "left undone for the limit")
            case "person.asked":
                self._asking[place] = str(data.get("question", ""))
            case "person.answered":
                self._asking.pop(place, None)
            case "item.failed" if data.get("error_kind") == LIMIT:
                self._limited_items[place].add(int(data["index"]))
            case "item.failed":
                self._failed_items[place][int(data["index"])] = str(data.get("error", ""))

    def _note(self, place: Place, text: str) -> None:
        if text not in self._notes[place]:
            self._notes[place].append(text)

    # --- the lines ---

    def lines(self) -> Iterator[TreeLine]:
        written = self._view.nodes.get(("compile", "compile"))
        if written is not None or self._drafts:
            drafts = f"{self._drafts} draft{'' if self._drafts == 1 else 's'}"
            told = " · ".join([drafts, *_used(written or NodeState()), *self._notes["compile", "compile"]])
            yield TreeLine(0, MARKS["done"], "the flow was written", "", told, "compile")
        for root in self._roots:
            yield from self._flow(root, 0)

    def _flow(self, frame: _Frame, depth: int) -> Iterator[TreeLine]:
        flow = self._graph.flows.get(frame.flow)
        if flow is None or frame.region not in flow.regions:  # written while the run went on
            yield TreeLine(depth, "", frame.flow, "", frame.path, frame.path)
            yield from self._as_they_came(frame, depth + 1)
            return
        picture = self._picture(flow)
        yield TreeLine(depth, "", picture.title, "", frame.path if depth else "", frame.path)
        yield from self._inside(flow, picture, frame.path, WHOLE, depth + 1)

    def _picture(self, flow: FlowGraph) -> Picture:
        if flow.name not in self._pictures:
            self._pictures[flow.name] = picture_of(flow)
        return self._pictures[flow.name]

    def _as_they_came(self, frame: _Frame, depth: int) -> Iterator[TreeLine]:
        """The steps of a flow whose text is not at hand, in the order in which they began."""
        for (path, node), state in list(self._view.nodes.items()):
            if path == frame.path and state.status not in ("waiting", "skipped"):
                yield self._line(depth, path, node, node, "", state)
                yield from self._called(path, (node,), depth + 1)

    def _inside(self, flow: FlowGraph, picture: Picture, frame: str, region: str, depth: int) -> Iterator[TreeLine]:
        for thing in picture.children[region]:
            if isinstance(thing, PictureRegion):
                yield from self._region(flow, picture, frame, thing, depth)
            else:
                yield from self._step(flow, frame, thing, depth)

    def _region(
        self, flow: FlowGraph, picture: Picture, frame: str, region: PictureRegion, depth: int
    ) -> Iterator[TreeLine]:
        owner = region.owner or ""
        if region.kind == "arm":
            if self._values.get((frame, owner)) == flow.regions[region.id].label:
                if flow.regions[region.id].label == "failed":
                    yield TreeLine(depth, "", "else, because it failed:", "", "", frame, owner)
                yield from self._inside(flow, picture, frame, region.id, depth + 1)
            return
        state = known_state(self._view.nodes, frame, region.members)
        if state is None or state.status == "waiting":
            return
        yield self._line(depth, frame, owner, region.name, region.full, state)
        yield from self._rounds(flow, picture, frame, region, depth + 1)

    def _rounds(
        self, flow: FlowGraph, picture: Picture, frame: str, region: PictureRegion, depth: int
    ) -> Iterator[TreeLine]:
        owner = region.owner or ""
        rounds = self._frames[frame, owner]
        failed = self._failed_items[frame, owner]
        items = self._items(flow.nodes[owner], frame)
        left_out = 0
        for at, each in enumerate(rounds):
            if not self._whole and at >= MOST_ROUNDS and each.index not in failed and not self._asks_in(each.path):
                left_out += 1
                continue
            index = each.index or 0
            item = show(items[index]) if index < len(items) else ""
            mark = MARKS["failed"] if index in failed else ""
            if index in self._limited_items[frame, owner]:
                mark = MARKS["limit"]
            text = f"failed: {failed[index]}" if index in failed and not self._failed_in(each.path) else ""
            if each.path in self._looked:
                yield TreeLine(depth, mark, f"[{index}]", "the condition did not hold", each.path, each.path)
                continue
            yield TreeLine(depth, mark, f"[{index}] {shorten(item, 60)}".rstrip(), text, each.path, each.path)
            yield from self._inside(flow, picture, each.path, region.id, depth + 1)
        if left_out:
            yield TreeLine(depth, "", f"… {left_out:,} more (--all shows them)", "", "", frame, owner)

    def _items(self, loop: Node, frame: str) -> list[Any]:
        """What a `for` goes through, where that is known."""
        read = next((read for read in loop.reads if read.role == "items"), None)
        found = self._values.get((frame, read.source)) if read is not None and not read.steps else None
        return list(found) if isinstance(found, list | tuple) else []

    def _failed_in(self, frame: str) -> bool:
        """Whether a step of a round tells by itself why the round failed."""
        return any(path == frame and state.failed for (path, _), state in self._view.nodes.items())

    def _asks_in(self, frame: str) -> bool:
        return any(path == frame or path.startswith(f"{frame}/") for path, _ in self._asking)

    def _step(self, flow: FlowGraph, frame: str, node: PictureNode, depth: int) -> Iterator[TreeLine]:
        state = known_state(self._view.nodes, frame, node.members)
        if state is None or state.status == "waiting" or (node.kind == "input" and "/" in frame):
            return
        name = node.name or node.title
        if node.kind == "decision":
            yield self._decision(flow, frame, node, state, depth)
        elif (frame, node.id) in self._asking:
            text = f"asks you: {self._asking[frame, node.id]}"
            yield TreeLine(depth, ASKS, self._named(name, node.id), text, "", frame, node.id, state)
        else:
            yield self._line(depth, frame, node.id, name, node.full.partition("\n")[0], state)
        yield from self._called(frame, node.members, depth + 1)

    def _called(self, frame: str, members: Iterable[str], depth: int) -> Iterator[TreeLine]:
        """The flows that a step has called."""
        for member in members:
            for called in self._frames.get((frame, member), ()):
                yield from self._flow(called, depth)

    def _decision(self, flow: FlowGraph, frame: str, node: PictureNode, state: NodeState, depth: int) -> TreeLine:
        """Which way was taken, and what was looked at."""
        decided = flow.nodes[node.id]
        kind = decided.op.kind if isinstance(decided.op, ops.Decide) else "if"
        label = self._values.get((frame, node.id))
        way = labels.way_text(decided, str(label)) if label is not None else ""
        seen = ", ".join(
            f"{name} = {shorten(show(value), 40)}" for name, value in self._looked_at(flow, frame, decided)
        )
        text = f"{node.full} → {way}".strip() if way else node.full
        failed = state.error if state.status == "failed" else ""
        return TreeLine(
            depth, MARKS[state.status], kind, f"{text} ({seen})" if seen else text, failed, frame, node.id, state
        )

    def _looked_at(self, flow: FlowGraph, frame: str, decided: Node) -> Iterator[tuple[str, Any]]:
        """The values that a decision rests on, by name."""
        seen: set[str] = set()
        for read in decided.reads:
            source = flow.nodes.get(read.source)
            small = source is not None and isinstance(source.op, ops.Python) and not source.name
            for each in source.reads if small and source is not None else (read,):
                named = flow.nodes.get(each.source)
                name = each.name if small or named is None else named.name or "what was asked"
                value = self._value(flow, frame, each.source)
                if name not in seen and value is not None:
                    seen.add(name)
                    yield name, value

    def _value(self, flow: FlowGraph, frame: str, node: str) -> Any:
        """The value of a step, of this activation or of one around it; None where it is not known."""
        while frame:
            if (frame, node) in self._values:
                return self._values[frame, node]
            frame = frame.rpartition("/")[0]
        return None

    def _line(self, depth: int, frame: str, node: str, name: str, text: str, state: NodeState) -> TreeLine:
        status = state.status
        told = [*_used(state), *self._notes[frame, node]]
        rounds = len(self._frames[frame, node]) if state.of is not None else 0
        if state.of is not None:
            rounds -= sum(each.path in self._looked | self._broken for each in self._frames[frame, node])
            told.insert(0, f"{rounds}/{state.of} rounds")
        if lost := len(self._failed_items[frame, node]):
            told.insert(1, f"{lost} failed")
        if status in ("running", "skipped", "cancelled", "limit"):
            told.insert(0, {"running": "under way", "limit": state.text.split(" · ")[0][2:]}.get(status, status))
        shown = f"failed: {state.error}" if status == "failed" else self._said(frame, node, text, state)
        named = self._named(name, node)
        return TreeLine(depth, MARKS[status], named, shown, " · ".join(told), frame, node, state)

    def _said(self, frame: str, node: str, text: str, state: NodeState) -> str:
        if state.status == "done" and (frame, node) in self._values and state.of is None:
            return f"= {shorten(show(self._values[frame, node]), 200)}"
        return shorten(text, 200)

    @staticmethod
    def _named(name: str, node: str) -> str:
        """The name as it is written, and the one by which the step is told apart."""
        bare = node.partition("#")[0]
        if bare in ("answer", "yield"):
            return bare
        if name in labels.WORDS.values():
            return node
        return node if not name or name in (bare, node) else f"{name} [{node}]"


def _used(state: NodeState) -> Iterator[str]:
    """What a step took: `2 calls · 1 sent back · 1.2 s · 345 tokens · $0.0021`."""
    if state.calls > 1:
        yield f"{state.calls:,} calls"
    if state.rejected:
        yield f"{state.rejected} sent back"
    if state.retries:
        yield f"{state.retries} tried again"
    if state.stand_in:
        yield f"answered by {state.stand_in}"
    if state.calls and state.seconds >= 0.0005:
        yield seconds_text(state.seconds)
    if state.tokens:
        yield f"{state.tokens:,} tokens"
    if state.money:
        yield money_text(state.money)


def as_rows(lines: Iterable[TreeLine]) -> Iterator[Mapping[str, Any]]:
    """The steps among the lines as plain data."""
    for line in lines:
        state = line.state
        if state is None:
            continue
        yield {
            "frame": line.frame,
            "node": line.node,
            "name": line.name,
            "status": "asks" if line.mark == ASKS else state.status,
            "text": line.text,
            "calls": state.calls,
            "tokens": state.tokens,
            "money": state.money,
            "seconds": round(state.seconds, 6),
            "sent_back": state.rejected,
            "free": state.kept,
        }
