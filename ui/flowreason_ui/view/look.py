"""Events → all that is known of one step: its frames, and of each what was sent, what came back, and what became of it.

Invariant: what is shown was told by an event, or stands in the flow's text; prompts and replies are as they were sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node
from flowreason.values import dumps, show
from flowreason.view import labels
from flowreason.view.progress import NodeState, RunView, fold, wait_text
from flowreason.view.text import shorten
from flowreason_ui.view.attempts import Attempts
from flowreason_ui.view.states import SIGNS, state_of

SHORT = 120
"""Characters of a value in a list."""
LONG = 50_000
"""Characters of a value, a prompt or a reply that are shown; more is cut, and said so."""
MOST_FRAMES = 500

Place = tuple[str, str]


class Told:
    """What the events say of every step and every frame."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.view = RunView()
        self.flows: dict[str, str] = {}
        self.indexes: dict[str, int] = {}
        self.owners: dict[str, Place] = {}
        self.values: dict[Place, Any] = {}
        self.of: dict[Place, list[Event]] = {}
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        event = event._replace(frame=event.frame.removeprefix("early/"))
        if event.kind == "frame.opened":
            data = event.data
            self.flows[event.frame] = str(data.get("flow", ""))
            if data.get("index") is not None:
                self.indexes[event.frame] = int(data["index"])
            if data.get("owner"):
                self.owners[event.frame] = event.frame.rpartition("/")[0], str(data["owner"])
        elif event.node:
            self.view.frames[event.frame] = event.frame
            fold(self.view, event)
            self.of.setdefault((event.frame, event.node), []).append(event)
            if event.kind == "node.done":
                self.values[event.frame, event.node] = event.data.get("value")

    def state(self, frame: str, members: Sequence[str]) -> NodeState | None:
        found = [self.view.nodes[frame, id] for id in members if (frame, id) in self.view.nodes]
        return next((each for each in found if each.status == "failed"), found[0] if found else None)

    def frames_of(self, flow: str) -> list[str]:
        """The frames in which steps of a flow run, in the order in which they were opened."""
        return [path for path, name in self.flows.items() if name == flow]

    def value(self, frame: str, node: str) -> tuple[bool, Any]:
        """Whether the value of a step is known in a frame, or in one around it; and the value."""
        while frame:
            if (frame, node) in self.values:
                return True, self.values[frame, node]
            frame = frame.rpartition("/")[0]
        return False, None


def look(
    graph: Graph | None, events: Iterable[Event], flow: str, members: Sequence[str], frame: str = ""
) -> dict[str, Any]:
    """All that is known of a thing of the chart that stands for these nodes; `frame` is the one that is looked into.

    Without one it is the frame that says most: one that failed, else the one that began last.
    """
    told = Told(events)
    if flow == "compile":
        return _writing(told)
    known = graph.flows.get(flow) if graph is not None else None
    node = None if known is None else known.nodes.get(members[0])
    if known is None or node is None:
        return {"flow": flow, "node": members[0] if members else "", "frames": [], "detail": None}
    frames = [path for path in told.frames_of(flow) if told.state(path, members) is not None]
    chosen = frame if frame in frames else _most_telling(told, frames, members)
    return {
        "flow": flow,
        "node": node.id,
        "kind": "loop" if isinstance(node.op, ops.Loop) else labels.node_kind(node.op) or "other",
        "title": node.name or labels.WORDS.get(labels.node_kind(node.op) or "", "loop"),
        "type": labels.type_text(node),
        "text": _text(known, node),
        "span": [node.span.start, node.span.end] if node.span.end else None,
        "frames": [_line(told, path, members) for path in frames[:MOST_FRAMES]],
        "frames_left_out": max(0, len(frames) - MOST_FRAMES),
        "frame": chosen,
        "detail": None if not chosen else _detail(told, known, node, chosen, members),
    }


def _text(flow: FlowGraph, node: Node) -> str:
    if isinstance(node.op, ops.Loop):
        return labels.loop_text(flow, node, node.op)
    return labels.body_text(flow, node)


def _most_telling(told: Told, frames: Sequence[str], members: Sequence[str]) -> str:
    for path in frames:
        state = told.state(path, members)
        if state is not None and state.status == "failed":
            return path
    return frames[-1] if frames else ""


def _line(told: Told, path: str, members: Sequence[str]) -> dict[str, Any]:
    """A frame in the list of frames."""
    state = told.state(path, members)
    status = state_of(state)
    said = next((told.values[path, id] for id in members if (path, id) in told.values), None)
    shown = state.error if state is not None and state.status == "failed" else "" if said is None else show(said)
    return {
        "frame": path,
        "label": path.partition("/")[2] or "the flow itself",
        "status": status,
        "sign": SIGNS[status],
        "seconds": round(state.seconds, 4) if state is not None else 0,
        "tokens": state.tokens if state is not None else 0,
        "value": shorten(shown, SHORT),
    }


def _detail(told: Told, flow: FlowGraph, node: Node, frame: str, members: Sequence[str]) -> dict[str, Any]:
    state = told.state(frame, members)
    events = sorted((each for id in members for each in told.of.get((frame, id), [])), key=lambda each: each.seq)
    status = state_of(state)
    attempts = Attempts()
    for event in events:
        attempts.take(event)
    found: dict[str, Any] = {
        "frame": frame,
        "status": status,
        "numbers": "" if state is None else state.text,
        "calls": 0 if state is None else state.calls,
        "tokens": 0 if state is None else state.tokens,
        "money": None if state is None else state.money,
        "seconds": 0 if state is None else round(state.seconds, 4),
        "inputs": _inputs(told, flow, node, frame),
        "attempts": attempts.as_json(LONG),
        "code": _code(node),
        "rounds": _rounds(told, frame, node),
        **_became(events, frame, members),
        **_said(told, frame, node),
    }
    return found


def _said(told: Told, frame: str, node: Node) -> dict[str, Any]:
    """The value of a step, as text and as JSON."""
    known, value = (frame, node.id) in told.values, told.values.get((frame, node.id))
    if not known:
        return {"value": None}
    if isinstance(node.op, ops.Decide):
        return {"value": labels.way_text(node, str(value)) or show(value), "json": None}
    return {"value": _cut(show(value)), "json": _json(value)}


def _json(value: Any) -> str | None:
    """A record or list in lines; None for what reads as well without."""
    if not isinstance(value, dict | list | tuple):
        return None
    import json

    return _cut(json.dumps(json.loads(dumps(value)), ensure_ascii=False, indent=2))


def _inputs(told: Told, flow: FlowGraph, node: Node, frame: str) -> list[dict[str, str]]:
    """What the step read, by the names of its text."""
    found: dict[str, str] = {}
    for read in node.reads:
        known, value = told.value(frame, read.source)
        if known and read.name not in found:
            source = flow.nodes.get(read.source)
            hidden = source is not None and isinstance(source.op, ops.Decide)
            if not hidden:
                found[read.name or read.source] = _cut(show(value))
    return [{"name": name, "value": value} for name, value in found.items()]


def _code(node: Node) -> str:
    match node.op:
        case ops.Python(code=code):
            return code.text
        case ops.Emulate(code=code) if code is not None:
            return code.text
    return ""


def _rounds(told: Told, frame: str, node: Node) -> list[dict[str, Any]]:
    """The rounds of a loop, and the flow that a step calls: frames that can be opened."""
    found = []
    for path, owner in told.owners.items():
        outer = path.rpartition("/")[0]
        places = {(frame, node.id), (f"{frame}/{node.id}", node.id)}
        if owner in places or (outer == f"{frame}/{node.id}" and path not in told.indexes):
            states = [state for (place, _), state in told.view.nodes.items() if place == path]
            failed = any(state.failed for state in states)
            running = any(state.running for state in states)
            status = "failed" if failed else "running" if running else "done"
            found.append({"frame": path, "index": told.indexes.get(path), "status": status})
    return found[:MOST_FRAMES]


def _became(events: Sequence[Event], frame: str, members: Sequence[str]) -> dict[str, Any]:
    """What else was told: errors, what was printed, the trace of an emulated program, tools, persons, votes."""
    found: dict[str, Any] = {"notes": [], "tools": [], "persons": [], "trace": None, "printed": ""}
    for event in events:
        data = event.data
        match event.kind:
            case "node.failed":
                found["error"], found["error_kind"] = str(data.get("error", "")), str(data.get("error_kind", ""))
            case "node.printed":
                found["printed"] += str(data.get("text", ""))
            case "node.trace":
                found["trace"] = _trace(data)
            case "node.tool":
                found["tools"].append(_tool(data))
            case "person.asked":
                found["persons"].append({"question": str(data.get("question", "")), "answer": None})
            case "person.answered" if found["persons"]:
                found["persons"][-1]["answer"] = str(data.get("text", ""))
            case _ if (note := _note(event)) and note not in found["notes"]:
                found["notes"].append(note)
    found["printed"] = _cut(found["printed"])
    return found


def _tool(data: Any) -> dict[str, Any]:
    return {
        "tool": str(data.get("tool", "")),
        "arguments": _cut(show(data.get("arguments"))),
        "seconds": round(float(data.get("seconds") or 0), 4),
        "error": str(data.get("error_kind") or ""),
    }


def _trace(data: Any) -> dict[str, Any]:
    """The lines of an emulated program: who carried each out, and what it changed."""
    lines = [
        {
            "line": int(each.get("line") or 0),
            "by": str(each.get("by", "")),
            "changed": {str(name): shorten(show(value), SHORT) for name, value in (each.get("changed") or {}).items()},
            "end": str(each.get("end") or ""),
        }
        for each in data.get("lines") or ()
    ]
    return {"lines": lines, "program": str(data.get("program") or "")}


def _note(event: Event) -> str:
    data = event.data
    match event.kind:
        case "node.recalled":
            return "known from before: nothing was asked again" if data.get("whose") == "run" else "from the run before"
        case "node.given":
            return "the value was given"
        case "node.vote":
            return f"{data.get('count')} of {data.get('of')} votes"
        case "node.skipped":
            return f"skipped, because of {data.get('because')}" if data.get("because") else "skipped"
        case "node.wait" | "node.retry":
            return wait_text(event)
        case "node.fallback":
            return f"{data.get('from')} could not answer, and {data.get('to')} was asked"
        case "node.lacking":
            return "a limit kept the value from being whole"
        case "loop.cut":
            return "ended by the limit"
        case "item.failed":
            return f"item {data.get('index')} failed: {data.get('error')}"
        case "effect.undone":
            return "left undone for the limit"
    return ""


def _writing(told: Told) -> dict[str, Any]:
    """The writing of the flow, which is no step of it."""
    events = told.of.get(("compile", "compile"), [])
    attempts = Attempts()
    for event in events:
        attempts.take(event)
    state = told.state("compile", ["compile"])
    detail = {
        "frame": "compile", "status": "done" if state is None else state_of(state), "inputs": [], "rounds": [],
        "numbers": "" if state is None else state.text, "attempts": attempts.as_json(LONG), "value": None,
        **_became(events, "compile", ["compile"]),
    }  # fmt: skip
    return {
        "flow": "compile", "node": "compile", "kind": "compile", "title": "writing the flow", "type": "", "text": "",
        "span": None, "frames": [], "frame": "compile", "detail": detail,
    }  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}\n… {len(text) - LONG:,} more characters"
