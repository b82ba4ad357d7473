"""Events → all that is known of one step: its frames, and of each what was sent, what came back, and what became of it.

Invariant: what is shown was told by an event, or stands in the flow's text; prompts and replies are as they were sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flowreason.engine.events import Event
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node
from flowreason.values import dumps, show
from flowreason.view import labels
from flowreason.view.progress import LIMIT, limit_text, wait_text
from flowreason.view.text import shorten
from flowreason_dsl.syntax import Code
from flowreason_ui.view.attempts import Attempts
from flowreason_ui.view.chart import key
from flowreason_ui.view.frames import SHORT, Frames, frames, given_in, line, named, where
from flowreason_ui.view.states import SIGNS, state_of, state_text
from flowreason_ui.view.told import Told

LONG = 50_000
"""Characters of a value, a prompt or a reply that are shown; more is cut, and said so."""
MOST_FRAMES = 500
"""Rounds of a loop, and steps of a round, that are shown."""
MOST_LINES = 1000
"""Lines of a trace that are shown."""
_LINE = re.compile(r"line (\d+): ")


def look(
    graph: Graph | None,
    told: Told,
    flow: str,
    members: Sequence[str],
    frame: str = "",
    inner: str = "",
    find: str = "",
) -> dict[str, Any]:
    """All that is known of a thing of the chart that stands for these nodes; `frame` is the one that is looked into.

    Without one it is the frame that says most: one that failed, else the one that began last. `inner`: the round of a
    loop, or the call of a flow, of which the steps are told. `find`: what the frames are searched for.
    """
    if flow == "compile":
        return _writing(told)
    known = graph.flows.get(flow) if graph is not None else None
    node = None if known is None or not members else known.nodes.get(members[0])
    if known is None or node is None:
        id = members[0] if members else ""
        return {**_NOTHING, "flow": flow, "node": id, "title": id}
    paths = told.frames_at(flow, members)
    chosen = frame if frame in paths else _most_telling(told, paths, members)
    shown = frames(told, known, node, members, paths, chosen, find)
    return {
        "flow": flow,
        "node": node.id,
        "what": "loop" if isinstance(node.op, ops.Loop) else labels.node_kind(node.op) or "other",
        "title": node.name or labels.WORDS.get(labels.node_kind(node.op) or "", "loop"),
        "type": labels.type_text(node),
        "text": _text(known, node),
        "span": [node.span.start, node.span.end] if node.span.end else None,
        **_listed(told, members, paths, shown),
        "frame": chosen,
        "detail": None if not chosen else _detail(told, graph, known, node, chosen, members, inner),
    }


def _text(flow: FlowGraph, node: Node) -> str:
    if isinstance(node.op, ops.Loop):
        return labels.loop_text(flow, node, node.op)
    return labels.body_text(flow, node)


def _most_telling(told: Told, frames: Sequence[str], members: Sequence[str]) -> str:
    """The first frame in which it failed, else the last in which it was not skipped."""
    failed = next((path for path in frames if told.failed_at(path, members)), "")
    done = next((path for path in reversed(frames) if not told.skipped_at(path, members)), "")
    return failed or done or (frames[-1] if frames else "")


def _listed(told: Told, members: Sequence[str], paths: Sequence[str], shown: Frames) -> dict[str, Any]:
    """The frames, and how many there are; `ends` are the first and the last of them."""
    skipped = sum(told.skipped_at(path, members) for path in paths)
    return {
        "frames": shown.rows, "first": shown.first, "found": shown.all, "all": len(paths), "skipped": skipped,
        "limited": sum(told.limited_at(path, members) for path in paths),
        "ends": [paths[0], paths[-1]] if paths else [],
    }  # fmt: skip


def _detail(
    told: Told, graph: Graph | None, flow: FlowGraph, node: Node, frame: str, members: Sequence[str], inner: str
) -> dict[str, Any]:
    state = told.state(frame, members)
    events = sorted((each for id in members for each in told.of.get((frame, id), [])), key=lambda each: each.seq)
    status = state_of(state, stopped=told.stopped)
    found: dict[str, Any] = {
        "frame": frame,
        "status": status,
        "numbers": state_text(state, status),
        "calls": 0 if state is None else state.calls,
        "tokens": 0 if state is None else state.tokens,
        "money": None if state is None else state.money,
        "seconds": 0 if state is None else round(state.seconds, 4),
        "inputs": _inputs(told, flow, node, frame),
        "attempts": _attempts(told, frame, members, events),
        "code": _code(flow, node),
        "rounds": _rounds(told, frame, node),
        "rounds_left_out": max(0, len(told.rounds(frame, node.id)) - MOST_FRAMES),
        "round": _round(told, graph, flow, frame, node, inner),
        **_became(events, node),
        **_said(told, frame, node),
    }
    return found


def _attempts(told: Told, frame: str, members: Sequence[str], events: Sequence[Event]) -> list[dict[str, Any]]:
    """All requests, with those from before the run was resumed."""
    before = [each for id in members for each in told.earlier.get((frame, id), ())]
    attempts = Attempts()
    for event in sorted(before, key=lambda each: each.seq):
        attempts.take(event)
    if before:
        attempts.resumed()
    for event in events:
        attempts.take(event)
    return attempts.as_json(LONG)


def _said(told: Told, frame: str, node: Node) -> dict[str, Any]:
    """The value of a step, as text and as JSON."""
    known, value = (frame, node.id) in told.values, told.values.get((frame, node.id))
    if not known or (isinstance(node.op, ops.Loop) and value is None):
        return {"value": None}
    if isinstance(node.op, ops.Decide):
        return {"value": labels.way_text(node, str(value)) or show(value), "json": None}
    return {"value": _cut(show(value)), "json": _json(value)}


def _json(value: Any) -> str | None:
    """A record or list in lines; None for what reads as well without."""
    if not isinstance(value, dict | list | tuple):
        return None
    return _cut(json.dumps(json.loads(dumps(value)), ensure_ascii=False, indent=2))


def _inputs(told: Told, flow: FlowGraph, node: Node, frame: str) -> list[dict[str, str]]:
    """What the step read, by the names of its text."""
    found = given_in(told, flow, node, frame, lambda value: _cut(show(value)))
    return [{"name": name, "value": value} for name, value in found.items()]


def _code(flow: FlowGraph, node: Node) -> dict[str, Any] | None:
    """The Python of a step, and the line of the flow in which it begins."""
    match node.op:
        case ops.Python(code=code):
            pass
        case ops.Emulate(code=code) if code is not None:
            pass
        case _:
            return None
    return {"text": code.text, "first": _first_line(flow, code)}


def _first_line(flow: FlowGraph, code: Code) -> int:
    start = code.lines[0] if code.lines else code.span.start
    return flow.source.position(start)[0]


def _rounds(told: Told, frame: str, node: Node) -> list[dict[str, Any]]:
    """The rounds of a loop, and the flow that a step calls: frames that can be opened."""
    return [
        {
            "frame": path,
            "index": told.indexes.get(path),
            "label": _NO_ROUND if path in told.looked else where(path).rpartition(" › ")[2],
            "status": (status := told.standing(path)),
            "sign": "" if path in told.looked else SIGNS[status],
            "words": _NO_ROUND if path in told.looked else _BRIEF[status],
            "seconds": _lasted(told, path),
            "looked": path in told.looked,
        }
        for path in told.rounds(frame, node.id)[:MOST_FRAMES]
    ]


_NO_ROUND = "condition no longer held"
"""A last look at the condition of a `while`, after which there was no round."""
_BRIEF = {
    "running": "under way", "done": "done", "limit": "not done: limit reached", "failed": "failed",
    "spared": "not needed",
    "cancelled": "stopped",
}  # fmt: skip


def _lasted(told: Told, frame: str) -> float | None:
    ended = told.closed.get(frame)
    return None if ended is None else round(ended - told.opened.get(frame, ended), 4)


def _round(
    told: Told, graph: Graph | None, flow: FlowGraph, frame: str, node: Node, chosen: str
) -> dict[str, Any] | None:
    """The steps of one frame that a step opened, each with how it is there, and what came of it."""
    if chosen not in told.rounds(frame, node.id):
        return None
    name = told.flow_of(chosen) or flow.name
    inside = flow if name == flow.name or graph is None else graph.flows.get(name, flow)
    looked_at = {
        read.source for each in inside.nodes.values() if isinstance(each.op, ops.Decide) for read in each.reads
    }
    steps = []
    for id in told.steps(chosen)[:MOST_FRAMES]:
        step = inside.nodes.get(id)
        if step is not None and not step.name and isinstance(step.op, ops.Python) and id in looked_at:
            continue  # the condition's own Python: the decision tells what came of it
        told_of = line(told, chosen, (id,))
        steps.append({**told_of, "key": key(name, id), "label": named(id), "given": "", **_decision(step, told_of)})
    return {"frame": chosen, "steps": steps}


_CONDITIONS = {
    ("while", "yes"): "holds", ("while", "no"): "no longer holds", ("until", "yes"): "holds",
    ("until", "no"): "does not hold yet",
}  # fmt: skip


def _decision(step: Node | None, told_of: Mapping[str, Any]) -> dict[str, str]:
    """How a decision is told in a list: a loop's condition by whether it held, any other by the way taken."""
    if step is None or not isinstance(step.op, ops.Decide):
        return {}
    way = labels.way_text(step, told_of["value"]) or told_of["value"]
    if step.op.kind not in ("while", "until"):
        return {"value": way}
    return {"key": "", "label": "condition", "value": _CONDITIONS.get((step.op.kind, way), way)}


def _became(events: Sequence[Event], node: Node | None) -> dict[str, Any]:
    """What else was told: errors, what was printed, the trace of an emulated program, tools, persons, votes."""
    found: dict[str, Any] = {"notes": [], "tools": [], "persons": [], "trace": None, "printed": "", "error": ""}
    for event in events:
        data = event.data
        match event.kind:
            case "node.failed" if data.get("error_kind") == LIMIT:
                found["notes"].append(f"Left undone: {limit_text(data)}.")
            case "node.failed":
                found["error"], found["error_kind"] = str(data.get("error", "")), str(data.get("error_kind", ""))
                found["error_line"] = _error_line(found["error"])
            case "node.printed":
                found["printed"] += str(data.get("text", ""))
            case "node.trace":
                found["trace"] = _trace(data, node)
            case "node.tool":
                found["tools"].append(_tool(data))
            case "person.asked":
                found["persons"].append({"question": str(data.get("question", "")), "answer": None})
            case "person.answered":
                _answered(found["persons"], str(data.get("text", "")))
            case _ if (note := _note(event)) and note not in found["notes"]:
                found["notes"].append(note)
    found["printed"] = _cut(found["printed"])
    return found


def _error_line(error: str) -> int | None:
    """The line of the flow that an error names."""
    named = _LINE.match(error)
    return int(named[1]) if named else None


def _answered(persons: list[dict[str, Any]], text: str) -> None:
    """The answer to the first question that has none."""
    for each in persons:
        if each["answer"] is None:
            each["answer"] = text
            return


def _tool(data: Any) -> dict[str, Any]:
    return {
        "tool": str(data.get("tool", "")),
        "arguments": _cut(show(data.get("arguments"))),
        "seconds": round(float(data.get("seconds") or 0), 4),
        "error": str(data.get("error_kind") or ""),
    }


def _trace(data: Any, node: Node | None) -> dict[str, Any]:
    """The lines of an emulated program: who carried each out, and what it changed."""
    program = str(data.get("program") or "")
    if not program and node is not None and isinstance(node.op, ops.Emulate) and node.op.code is not None:
        program = node.op.code.text
    rows, told = program.split("\n"), data.get("lines") or ()
    lines = []
    for each in told[:MOST_LINES]:
        start = int(each.get("line") or 0)
        end = max(start, int(each.get("end") or 0))
        changed = {str(name): shorten(show(value), SHORT) for name, value in (each.get("changed") or {}).items()}
        text = "\n".join(rows[max(0, start - 1) : end])
        lines.append({"line": start, "by": str(each.get("by", "")), "text": text, "changed": changed})
    return {"lines": lines, "program": program, "left_out": max(0, len(told) - MOST_LINES)}


def _note(event: Event) -> str:
    data = event.data
    match event.kind:
        case "node.recalled":
            return (
                "reused from before: nothing was asked again" if data.get("whose") == "run" else "from the run before"
            )
        case "node.given":
            return "the value was given"
        case "node.vote":
            return f"{data.get('count')} of {data.get('of')} votes"
        case "node.skipped":
            return _why_skipped(data)
        case "node.wait" | "node.retry":
            return wait_text(event)
        case "node.fallback":
            return f"{data.get('from')} could not answer, and {data.get('to')} was asked"
        case "node.lacking":
            return "a limit kept the value from being whole"
        case "loop.cut":
            return f"a limit ended it after {data.get('rounds')} of {data.get('of')} rounds"
        case "item.failed" if data.get("error_kind") == LIMIT:
            return f"item {int(data['index']) + 1} was left undone: {limit_text(data)}"
        case "item.failed":
            return f"item {data.get('index')} failed: {data.get('error')}"
        case "effect.undone":
            return "left undone for the limit"
    return ""


def _why_skipped(data: Mapping[str, Any]) -> str:
    because = str(data.get("because") or "")
    if data.get("error_kind") == LIMIT:
        return "" if data.get("about") else "skipped: a limit of the run was reached before it"
    return f"skipped, because of {named(because)}" if because else ""


def _writing(told: Told) -> dict[str, Any]:
    """The writing of the flow, which is no step of it."""
    place = "compile", "compile"
    events = [*told.earlier.get(place, ()), *told.of.get(place, ())]
    state = told.state("compile", ["compile"])
    detail = {
        "frame": "compile", "status": "done" if state is None else state_of(state), "inputs": [], "rounds": [],
        "numbers": "" if state is None else state.text, "value": None,
        "attempts": _attempts(told, "compile", ["compile"], told.of.get(place, [])), **_became(events, None),
    }  # fmt: skip
    return {
        **_NOTHING, "flow": "compile", "node": "compile", "what": "compile", "title": "writing the flow",
        "frame": "compile", "detail": detail,
    }  # fmt: skip


_NOTHING: dict[str, Any] = {
    "what": "other", "type": "", "text": "", "span": None, "frames": [], "first": 0, "found": 0, "all": 0, "skipped": 0,
    "limited": 0,
    "ends": [], "frame": "", "detail": None,
}  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}\n… {len(text) - LONG:,} more characters"
