"""A kept run as it is looked at: gone through once, with what was heard at each step in all of its sessions.

Invariant: nothing is asked and nothing is written; what a step took is counted as the run counted it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flowreason.engine.events import Event
from flowreason.engine.frames import Frame
from flowreason.flow import Flow
from flowreason.graph import ops
from flowreason.kept_events import Long, long_events
from flowreason.ports import Reply, Usage
from flowreason.records import RunInfo, Store
from flowreason.replaying import answer_of, gone_through
from flowreason.resuming import given_in, kept_flow
from flowreason.view import labels
from flowreason.view.text import shorten
from flowreason.why.slots import Slot, Slots
from flowreason.why.told import Step, StepKind

Place: TypeAlias = tuple[str, str]
"""Frame and node."""

_DONE = frozenset({"node.done", "node.failed"})
WRITING = ("compile", "compile")
"""Where the requests are told by which the flow of the run was written."""
ABOUT = 48
"""Characters of a step's text by which it is known again."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reply, and which draw of its step it was."""

    sample: int
    attempt: int
    text: str


@dataclass(slots=True)
class Heard:
    """What was heard at a step, over all sessions. `rejected` are draw, attempt and why."""

    said: list[Said] = field(default_factory=list)
    rejected: list[tuple[int, int, str]] = field(default_factory=list)
    vote: Mapping[str, Any] | None = None
    reasons: bool = False
    usage: Usage = Usage()


class Seen:
    """One run. `frames` and `events` are those of its last session; none, where its flow was not written yet."""

    def __init__(
        self,
        info: RunInfo,
        flow: Flow | None,
        frames: Mapping[str, Frame],
        events: Sequence[Event],
        sessions: Sequence[Sequence[Long]],
        replies: Mapping[str, Reply],
        answer: Any,
    ) -> None:
        self.info = info
        self.flow = flow
        self.frames = frames
        self.events = events
        self.sessions = sessions
        self.answer = answer
        self.given = given_in(info.plan)
        self.slots = Slots(frames, self.given, ((e.frame, e.node) for e in events if e.kind in _DONE))
        self.heard: dict[Place, Heard] = defaultdict(Heard)
        for session in sessions:
            for event in session:
                self._hear(event, replies)

    def _hear(self, event: Long, replies: Mapping[str, Reply]) -> None:
        kind, frame, node, _, data = event
        if not kind.startswith("node.") or not node:
            return
        place = frame.removeprefix("early/"), node
        match kind:
            case "node.reply":
                reply = replies.get(data.get("key", ""))
                if reply is not None:
                    self.heard[place].said.append(Said(data["sample"], data["attempt"], reply.text))
                    if not data.get("shared"):
                        self.heard[place].usage += reply.usage
            case "node.unanswered":
                self.heard[place].usage += Usage(
                    data["calls"], data["prompt_tokens"], data["completion_tokens"], data["money"]
                )
            case "node.request" if data.get("reasons"):
                self.heard[place].reasons = True
            case "node.rejected":
                self.heard[place].rejected.append((data["sample"], data["attempt"], str(data["why"])))
            case "node.vote":
                self.heard[place].vote = data

    @property
    def main(self) -> Frame | None:
        return None if self.flow is None else self.frames.get(self.flow.graph.entry)

    @property
    def used(self) -> Usage:
        total = Usage()
        for each in self.heard.values():
            total += each.usage
        return total

    # --- steps, as people know them ---

    def step(self, slot: Slot) -> Step:
        """A slot as it is told of."""
        frame, node = slot.frame, slot.frame.plan.nodes[slot.i]
        flow = frame.plan.flow
        line = flow.source.position(node.span.start)[0] if node.span.end else 0
        name = node.name or ""
        if isinstance(node.op, ops.Loop):
            about = labels.loop_text(flow, node, node.op)
        else:
            about = labels.body_text(flow, node)
        return Step(frame.path, node.id, _kind(node.op), name, line, shorten(about, ABOUT), flow.name)

    @staticmethod
    def writing() -> Step:
        """The step that had the flow of the run written."""
        return Step("", "", "written", about="the writing of the flow")

    def slot(self, frame: str, node: str) -> Slot | None:
        found = self.frames.get(frame)
        return Slot(found, found.plan.index[node]) if found is not None and node in found.plan.index else None


def _kind(op: ops.Op) -> StepKind:
    if isinstance(op, ops.Loop):
        return "loop"
    kind = labels.node_kind(op)
    return "value" if kind is None or kind == "yield" else kind


async def look(store: Store, info: RunInfo) -> Seen:
    """A run, gone through as far as it came. Raises `JournalMismatch` where what was kept does not fit its flow."""
    sessions = [await long_events(store, info, session) for session in range(1, info.session + 1)]
    keys = [data["key"] for events in sessions for data in _replies(events) if "key" in data]
    replies = await store.answers(keys, (info.family, ""))
    answer = await answer_of(store, info)
    last = next((events for events in reversed(sessions) if events), [])
    if not info.plan.flow or not any(kind == "run.started" for kind, *_ in last):
        return Seen(info, None, {}, (), sessions, replies, answer)
    flow = kept_flow(info.plan)
    replay = await gone_through(store, info, flow, last)
    return Seen(info, flow, replay.frames, replay.events, sessions, replies, answer)


def _replies(events: Iterable[Long]) -> Iterable[dict[str, Any]]:
    return (data for kind, _, _, _, data in events if kind == "node.reply")
