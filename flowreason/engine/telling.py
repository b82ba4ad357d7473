"""From what the stepper logged to events: the cheap form while running, the readable one when somebody looks."""

from __future__ import annotations

from typing import Any

from flowreason.engine.events import Event
from flowreason.engine.frames import Failure, Frame


def told(seq: int, began: float, entry: tuple[float, str, Frame | None, int, Any]) -> Event:
    """The event of a log entry; `began` is when the run did, on the clock of the entry."""
    time, kind, frame, i, data = entry
    time -= began
    if frame is None:
        return Event(seq, time, kind, "", "", data)
    node = frame.plan.nodes[i].id if i >= 0 else ""
    return Event(seq, time, kind, frame.path, node, _data(kind, frame, data))


def _data(kind: str, frame: Frame, data: Any) -> dict[str, Any]:
    match kind:
        case "node.done":
            return {"value": data}
        case "node.failed":
            return {"error": str(data), "error_kind": str(getattr(data, "kind", type(data).__name__))}
        case "node.skipped" if isinstance(data, Failure):
            return {"because": data.node}
        case "frame.opened":
            return _opened(frame)
        case "item.failed":
            return {"index": data["index"], "error": _error(data["error"])}
    return dict(data) if data else {}


def _error(error: Any) -> str:
    return str(error.error if isinstance(error, Failure) else error)


def _opened(frame: Frame) -> dict[str, Any]:
    plan = frame.plan
    owner = frame.parent.plan.nodes[frame.at].id if frame.parent is not None else ""
    data: dict[str, Any] = {"flow": plan.flow.name, "region": plan.region, "owner": owner}
    if frame.loop is not None:
        data["index"] = frame.index
        data["kind"] = frame.loop.plan.op.kind
    return data
