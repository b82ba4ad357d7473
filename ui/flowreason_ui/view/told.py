"""Events → what is known of every step in every frame, found without going through all events again.

Invariant: it is a function of the events; told one by one, or all at once, they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from flowreason.engine.events import Event
from flowreason.view.progress import LIMIT, NodeState, RunView, fold, is_last_look, most_telling
from flowreason_ui.view.phase import RESUMED

Place: TypeAlias = tuple[str, str]
"""A frame, and a step in it."""

_ENDS = frozenset({"run.finished", "run.failed", "run.cancelled"})


class Told:
    """What the events say of every step and every frame. `over`: the run has ended, `stopped`: without an answer.
    `earlier` are events from before the run was resumed, `times` counts how often it was started or resumed. `looked`
    are frames in which the condition of a `while` came out false, and so no rounds; `broken` those that a limit of the
    run did not let come to their end. `rows` is for what is made of frames, so that it need not be made again.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.earlier: dict[Place, list[Event]] = {}
        self.counts: dict[Place, int] = {}
        self.times = 1
        self._begin()
        for event in events:
            self.take(event)

    def _begin(self) -> None:
        self.view = RunView()
        self.indexes: dict[str, int] = {}
        self.regions: dict[str, str] = {}
        self.values: dict[Place, Any] = {}
        self.of: dict[Place, list[Event]] = {}
        self.over = self.stopped = False
        self.opened: dict[str, float] = {}
        self.closed: dict[str, float] = {}
        self.bound: set[str] = set()
        self.looked: set[str] = set()
        self.broken: set[str] = set()
        self.kinds: dict[str, str] = {}
        self.troubled: set[str] = set()
        self.rows: dict[tuple[str, str, str], tuple[int, dict[str, Any]]] = {}
        self._flows: dict[str, str] = {}
        self._where: dict[Place, dict[str, None]] = {}
        self._owned: dict[Place, list[str]] = {}
        self._within: dict[str, list[str]] = {}
        self._steps: dict[str, dict[str, None]] = {}

    def take(self, event: Event) -> None:
        """One more event."""
        frame = event.frame.removeprefix("early/")
        if event.kind == RESUMED:
            self._resumed()
        elif event.kind == "frame.opened":
            self._opens(frame, event)
        elif event.kind == "frame.closed":
            self.closed[frame] = event.time
            if event.data.get("bound"):
                self.bound.add(frame)
        elif event.node:
            self._step(frame, event)
        elif event.kind in _ENDS:
            self.over, self.stopped = True, event.kind != "run.finished"

    def _resumed(self) -> None:
        """All steps begin anew; what was told of them before is kept apart."""
        for place, events in self.of.items():
            self.earlier.setdefault(place, []).extend(events)
        self.times += 1
        self._begin()

    def _opens(self, frame: str, event: Event) -> None:
        data, outer = event.data, frame.rpartition("/")[0]
        self.opened.setdefault(frame, event.time)
        flow = str(data.get("flow") or self._flows.get(outer, ""))
        self.regions.setdefault(frame, str(data.get("region", "")))
        if frame not in self._flows:
            self._flows[frame] = flow
            self._within.setdefault(outer, []).append(frame)
            if data.get("owner"):
                self._owned.setdefault((outer, str(data["owner"])), []).append(frame)
                if outer in self._flows:
                    self._where.setdefault((self._flows[outer], str(data["owner"])), {})[outer] = None
        if data.get("index") is not None:
            self.indexes[frame] = int(data["index"])
            self.kinds[frame] = str(data.get("kind", ""))

    def _step(self, frame: str, event: Event) -> None:
        self.view.frames[event.frame] = frame  # each frame is a flow of its own here: steps are told apart by frame
        fold(self.view, event)
        place = frame, event.node
        self._steps.setdefault(frame, {})[event.node] = None
        self.of.setdefault(place, []).append(event)
        flow = self._flows.get(frame) or str(event.data.get("flow") or frame.partition("/")[0])
        self._where.setdefault((flow, event.node), {})[frame] = None
        self.counts[flow, event.node] = self.counts.get((flow, event.node), 0) + 1
        if event.kind == "node.done":
            self.values[place] = event.data.get("value")
            if is_last_look(event):
                self.looked.add(frame)
        elif event.kind in ("node.failed", "node.skipped") and event.data.get("error_kind") == LIMIT:
            self.broken.add(frame)
        elif event.kind == "node.failed":
            self.troubled.add(frame)

    # --- what is asked ---

    def count(self, flow: str, members: Iterable[str]) -> int:
        """How many events there are of some steps of a flow: whether there is news of them."""
        return sum(self.counts.get((flow, id), 0) for id in members)

    def told_of(self, frame: str, members: Iterable[str]) -> int:
        """How many events there are of some steps in a frame."""
        return sum(len(self.of.get((frame, id), ())) for id in members)

    def state(self, frame: str, members: Sequence[str]) -> NodeState | None:
        """How far a thing of the chart is, in one frame."""
        found = [self.view.nodes[frame, id] for id in members if (frame, id) in self.view.nodes]
        chosen = most_telling(found)
        rounds = next((inner for id in members if (inner := self.rounds(frame, id))), None)
        if rounds is None or rounds[0] not in self.indexes:
            return chosen
        return self._counted(frame, members, chosen, rounds)

    def _counted(self, frame: str, members: Sequence[str], known: NodeState | None, rounds: Sequence[str]) -> NodeState:
        """The state of a loop, which its rounds tell more of."""
        rounds = [path for path in rounds if path not in self.looked]
        over = sum(path in self.closed and path not in self.broken for path in rounds)
        known = known or NodeState(frame, members[0])
        said = bool(known.done or known.failed or known.limited or known.skipped or known.cancelled)
        return replace(
            known,
            rounds=over,
            of=known.of or len(rounds),
            up_to=any(self.kinds.get(path) in ("while", "repeat") for path in self._owned.get((frame, members[0]), ())),
            bound=sum(path in self.bound for path in rounds),
            running=0 if said or known.cut else 1,
        )

    def flow_of(self, frame: str) -> str:
        return self._flows.get(frame, "")

    def frames_at(self, flow: str, members: Iterable[str]) -> list[str]:
        """The frames in which something was told of a thing of the chart, in the order in which it was."""
        found: dict[str, None] = {}
        for id in members:
            found |= self._where.get((flow, id), {})
        return list(found)

    def failed_at(self, frame: str, members: Iterable[str]) -> bool:
        """Whether a thing of the chart failed in a frame, or a limit did not allow it."""
        found = [known for id in members if (known := self.view.nodes.get((frame, id))) is not None]
        return any(known.failed or known.status == "limit" for known in found)

    def limited_at(self, frame: str, members: Iterable[str]) -> bool:
        """Whether a limit of the run did not allow a thing of the chart in a frame."""
        return any((known := self.view.nodes.get((frame, id))) is not None and known.limited > 0 for id in members)

    def skipped_at(self, frame: str, members: Iterable[str]) -> bool:
        """Whether a thing of the chart was skipped in a frame, and nothing else happened to it there."""
        found = [known.status for id in members if (known := self.view.nodes.get((frame, id))) is not None]
        return bool(found) and all(status == "skipped" for status in found)

    def rounds(self, frame: str, node: str) -> list[str]:
        """The frames that a step opened: the rounds of a loop, or those of the flow that it calls."""
        inner = f"{frame}/{node}"
        found = dict.fromkeys(self._owned.get((frame, node), ()))
        found |= dict.fromkeys(self._owned.get((inner, node), ()))
        found |= dict.fromkeys(path for path in self._within.get(inner, ()) if path not in self.indexes)
        return list(found)

    def standing(self, frame: str) -> Literal["running", "done", "limit", "failed", "spared", "cancelled"]:
        """How a frame is. One that was begun early and never came to its end was not needed (`spared`)."""
        if frame in self.closed:
            if frame in self.broken:
                return "limit"
            return "failed" if frame in self.troubled and self._ends_badly(frame) else "done"
        if self.over:
            return "cancelled" if self.stopped else "spared"
        return "spared" if self._owner_is_over(frame) else "running"

    def _owner_is_over(self, frame: str) -> bool:
        """Whether the loop that a round belongs to has ended."""
        outer, _, last = frame.rpartition("/")
        known = self.view.nodes.get((outer, last.partition("[")[0]))
        return known is not None and bool(
            known.done or known.failed or known.limited or known.skipped or known.cancelled
        )

    def _ends_badly(self, frame: str) -> bool:
        """Whether something failed in a frame, and nothing went on after it."""
        last = max((self.of[place][-1] for place in self._places(frame)), key=lambda each: each.seq, default=None)
        return last is not None and last.kind in ("node.failed", "node.cancelled")

    def _places(self, frame: str) -> list[Place]:
        return [(frame, id) for id in self.steps(frame)]

    def steps(self, frame: str) -> list[str]:
        """The steps of which something was told in a frame, in the order in which it was."""
        return list(self._steps.get(frame, ()))
