"""From what the stepper logged to events: the cheap form while running, the readable one when somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from flowreason.engine.events import Event
from flowreason.engine.frames import Failure, Frame
from flowreason.engine.limits import error_kind, exhausts
from flowreason.engine.undone import marked, waited
from flowreason.errors import is_fatal

Entry = tuple[float, str, Frame | None, int, Any]
"""What the stepper logs: when, what, where (frame and node), and what of it."""


class Events(Sequence[Event]):
    """The events of a run, in order. What was logged becomes events when somebody first looks."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._made: list[Event] = []
        self._logged: list[Entry] = []

    def later(self, entries: Iterable[Entry]) -> None:
        self._logged += entries

    def append(self, event: Event) -> None:
        self.latest()
        self._made.append(event)

    def latest(self) -> list[Event]:
        """The events that nobody looked at before."""
        logged, self._logged = self._logged, []
        first = len(self._made)
        fresh = [told(first + n, self._began, entry) for n, entry in enumerate(logged)]
        self._made += fresh
        return fresh

    def __len__(self) -> int:
        return len(self._made) + len(self._logged)

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        self.latest()
        return self._made[index]

    def __iter__(self) -> Iterator[Event]:
        self.latest()
        return iter(self._made)


def told(seq: int, began: float, entry: Entry) -> Event:
    """The event of a log entry; `began` is when the run did, on the clock of the entry."""
    time, kind, frame, i, data = entry
    time -= began
    if frame is None:
        return Event(seq, time, kind, "", "", data)
    node = frame.plan.nodes[i].id if i >= 0 else ""
    return Event(seq, time, kind, frame.path, node, _data(kind, frame, i, data))


def _data(kind: str, frame: Frame, i: int, data: Any) -> dict[str, Any]:
    match kind:
        case "node.done":
            return {"value": data}
        case "node.failed":
            undone = marked(frame, i) if exhausts(data) else {}
            ends = {"fatal": True} if is_fatal(data) and not exhausts(data) else {}
            return {"error": str(data), "error_kind": error_kind(data), **undone, **ends}
        case "node.skipped" if isinstance(data, Failure):
            return {"because": data.node, **(waited(frame, i) if exhausts(data.error) else {})}
        case "frame.opened":
            return _opened(frame, data)
        case "item.failed":
            return _item(data["index"], data["error"], frame, i)
        case "effect.undone":
            return {**data, "error_kind": "limit"}
        case "loop.cut":
            return {**data, **marked(frame, i)}
        case "node.vote" if data.get("refused"):
            return {**data, **marked(frame, i)}
    return dict(data) if data else {}


def _item(index: int, error: Any, frame: Frame, i: int) -> dict[str, Any]:
    """An item that failed; of a loop for a reason that was told where it began, of several draws for one of its own."""
    failure = error.error if isinstance(error, Failure) else error
    data = {"index": index, "error": str(failure)}
    if not exhausts(failure):
        return data
    return data | ({"error_kind": "limit"} if failure is not error else marked(frame, i))


def _opened(frame: Frame, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    plan = frame.plan
    owner = frame.parent.plan.nodes[frame.at].id if frame.parent is not None else ""
    data: dict[str, Any] = {"flow": plan.flow.name, "region": plan.region, "owner": owner}
    if inputs is not None:
        data["inputs"] = dict(inputs)
    if frame.loop is not None:
        data["index"] = frame.index
        data["kind"] = frame.loop.plan.op.kind
    return data
