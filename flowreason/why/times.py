"""When things happened, and what they waited for: the chain that decided when the answer came, and the costliest one.

Invariant: seconds are those of the last session, told once each; of every moment of a step it is said what it went to.
Where several draws of a step are under way, the step waits for a limit only while all of them do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowreason.engine.events import Event
from flowreason.engine.plan import Kind
from flowreason.graph import ops
from flowreason.ports import Usage
from flowreason.why.seen import WRITING, Place, Seen
from flowreason.why.slots import ALL, INFLUENCE, Link, Slot
from flowreason.why.told import Cost, Path, Segment, Step

Span = tuple[float, float]

SHORT = 0.0005
"""Seconds of a step that are not worth a line."""
_ENDS = frozenset({"node.done", "node.failed", "node.skipped", "node.cancelled"})
_WORK = (ops.Ask, ops.Python, ops.Emulate, ops.CallTool, ops.Solve, ops.RunText)


@dataclass(slots=True)
class _Requests:
    """What was under way at a step: spans in which the model worked at a draw, or a draw waited to be sent."""

    model: list[Span] = field(default_factory=list)
    waits: list[Span] = field(default_factory=list)
    _sent: dict[int, float] = field(default_factory=dict)
    _waiting: dict[int, Span] = field(default_factory=dict)

    def send(self, sample: int, at: float) -> None:
        self._sent.setdefault(sample, at)

    def wait(self, sample: int, at: float, seconds: float) -> None:
        """A draw waits for about so long."""
        self._end_wait(sample, at)
        self._waiting[sample] = at, at + max(0.0, seconds)
        began = self._sent.get(sample)
        if began is not None:
            self.model.append((began, at))

    def _end_wait(self, sample: int, at: float) -> None:
        """A wait is over at the latest when something else is heard of its draw."""
        waiting = self._waiting.pop(sample, None)
        if waiting is not None:
            over = min(waiting[1], at)
            self.waits.append((waiting[0], over))
            self._sent[sample] = over

    def end(self, sample: int, at: float) -> None:
        self._end_wait(sample, at)
        began = self._sent.pop(sample, None)
        if began is not None:
            self.model.append((began, at))

    def close(self, at: float) -> None:
        for sample in {*self._waiting, *self._sent}:
            self.end(sample, at)


class Times:
    """The times of one run's last session."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._slots = seen.slots
        self._started: dict[Place, float] = {}
        self._ended: dict[Place, float] = {}
        self._opened: dict[str, float] = {}
        self._requests: dict[Place, _Requests] = defaultdict(_Requests)
        self._persons: dict[Place, list[Span]] = defaultdict(list)
        self._finished: dict[Slot, float] = {}
        self.began = self.total = 0.0
        for event in seen.events:
            self._take(event)
        for place, requests in self._requests.items():
            requests.close(self._ended.get(place, self.total))

    def _take(self, event: Event) -> None:
        place = event.frame, event.node
        self.total = max(self.total, event.time)
        match event.kind:
            case "run.started":
                self.began = event.time
            case "frame.opened":
                self._opened.setdefault(event.frame, event.time)
            case "node.started":
                self._started.setdefault(place, event.time)
            case "person.asked":
                self._persons[place].append((event.time, float("inf")))
            case "person.answered" if self._persons[place]:
                self._persons[place][-1] = self._persons[place][-1][0], event.time
            case kind if kind in _ENDS:
                self._ended.setdefault(place, event.time)
            case kind if kind.startswith("node.") and "sample" in event.data:
                self._request(self._requests[place], event)

    @staticmethod
    def _request(requests: _Requests, event: Event) -> None:
        sample, data = event.data["sample"], event.data
        match event.kind:
            case "node.request":
                requests.send(sample, event.time)
            case "node.wait":
                requests.wait(sample, event.time, float(data.get("seconds") or 0))
            case "node.retry":
                requests.wait(sample, event.time, float(data.get("wait") or 0))
            case "node.reply" | "node.unanswered" | "node.rejected":
                requests.end(sample, event.time)

    # --- of one step ---

    def segment(self, slot: Slot, share: float = 0.0) -> Segment:
        """What a step took, told apart."""
        place = slot.place
        start, end = self._started.get(place, 0.0), self._until(slot)
        if place not in self._started:
            return Segment(self._seen.step(slot), share, start=self._ended.get(place, 0.0), usage=self._usage(place))
        inside = [requests for other, requests in self._requests.items() if _within(other, place)]
        busy = [span for each in inside for span in each.model]
        held = [span for each in inside for span in each.waits]
        model = _covered(_clipped(busy, start, end))
        under_way = _covered(_clipped([*busy, *held], start, end))
        asked = _covered(_clipped(self._persons.get(place, ()), start, end))
        rest = max(0.0, end - start - under_way - asked)
        own = {"python": 0.0, "tool": 0.0, "other": 0.0}
        own[_rest_is(slot.op)] = rest
        frame_open = self._opened.get(slot.frame.path, self.began)
        return Segment(
            self._seen.step(slot), share, start, end - start, model, under_way - model, own["python"], own["tool"],
            asked, own["other"], max(0.0, start - frame_open), self._usage(place),
        )  # fmt: skip

    def _until(self, slot: Slot) -> float:
        """When a step was done with its own work: one that has a flow written, when that began to run."""
        called = self._slots.inside(slot.frame, slot.i)
        if called and isinstance(slot.op, ops.Solve | ops.RunText):
            return self._opened.get(called[0].path, self.total)
        return self._ended.get(slot.place, self.total)

    def _usage(self, place: Place) -> Usage:
        return self._seen.heard[place].usage if place in self._seen.heard else Usage()

    def seconds(self, place: Place) -> float:
        """How long a step was under way."""
        started = self._started.get(place)
        return 0.0 if started is None else self._ended.get(place, self.total) - started

    # --- the chain that decided when ---

    def finished(self, slot: Slot) -> float:
        """When a slot was there: told, or as soon as the last of what it waited for was."""
        known = self._finished.get(slot)
        if known is not None:
            return known
        for each in self._slots.cone([slot], ALL):
            if each not in self._finished:
                self._finished[each] = self._when(each)
        return self._finished[slot]

    def _when(self, slot: Slot) -> float:
        told = (self._started if slot.begin else self._ended).get(slot.place)
        if told is not None:
            return told
        return max((self._finished.get(link.slot, 0.0) for link in self._waits(slot)), default=self.began)

    def _waits(self, slot: Slot) -> Sequence[Link]:
        """What a slot waited for; a step that does its work as a whole waited for what it reads."""
        inside = self._slots.inside(slot.frame, slot.i)
        apart = isinstance(slot.op, ops.Loop | ops.Solve | ops.RunText) or slot.frame.plan.kinds[slot.i] == Kind.CALL
        if inside and not apart and not slot.begin:
            return self._slots.before(Slot(slot.frame, slot.i, True))
        return self._slots.before(slot)

    def path(self, end: Slot | None) -> Path | None:
        """The chain of steps by which a slot was there when it was."""
        if end is None:
            return None
        chain: list[Slot] = []
        slot: Slot | None = end
        limit = self.finished(end)
        while slot is not None:
            chain.append(slot)
            earlier = [link.slot for link in self._waits(slot)]
            slot = max(earlier, key=self.finished, default=None)
        steps = [self.segment(each) for each in reversed(chain) if _is_work(each) and self.seconds(each.place) >= SHORT]
        steps = [self._written(), *steps] if self._writing() else steps
        total = max(limit, SHORT)
        taken = sum(each.seconds for each in steps)
        told = tuple(replace(each, share=each.seconds / total) for each in steps)
        return Path("seconds", limit, told, max(0.0, limit - taken))

    def _writing(self) -> bool:
        return any(event.kind == "compile.started" and not event.node for event in self._seen.events)

    def _written(self) -> Segment:
        """The writing of the flow, before the run began."""
        requests = self._requests.get(WRITING, _Requests())
        held = _covered(_clipped(requests.waits, 0.0, self.began))
        return Segment(
            self._seen.writing(), 0.0, 0.0, self.began, max(0.0, self.began - held), held, usage=self._usage(WRITING)
        )

    # --- the chain that cost most ---

    def costliest(self, end: Slot | None) -> Path | None:
        """The chain of steps to a slot that cost most; in tokens where no price is known."""
        used = self._seen.used
        unit = "money" if used.money else "tokens"
        total = float(used.money or used.tokens)
        if end is None or not total:
            return None
        best, came = self._most(end, unit)
        chain: list[Slot] = []
        slot: Slot | None = end
        while slot is not None:
            chain.append(slot)
            slot = came[slot]
        paid = [each for each in reversed(chain) if _worth(self._usage(each.place), unit) and not each.begin]
        steps = [self.segment(each) for each in paid]
        first = _worth(self._usage(WRITING), unit)
        steps = [self._written(), *steps] if first and self._writing() else steps
        if not steps:
            return None
        told = tuple(replace(each, share=_worth(each.usage, unit) / total) for each in steps)
        return Path("money" if unit == "money" else "tokens", total, told, max(0.0, total - best - first))

    def _most(self, end: Slot, unit: str) -> tuple[float, Mapping[Slot, Slot | None]]:
        best: dict[Slot, float] = {}
        came: dict[Slot, Slot | None] = {}
        for slot in self._slots.cone([end], INFLUENCE):
            earlier = [link.slot for link in self._slots.before(slot) if link.kind in INFLUENCE]
            came[slot] = max(earlier, key=best.__getitem__, default=None)
            before = came[slot]
            best[slot] = (0.0 if before is None else best[before]) + (
                0.0 if slot.begin else _worth(self._usage(slot.place), unit)
            )
        return best[end], came

    # --- all steps ---

    def costs(self) -> tuple[Cost, ...]:
        """What each step of the text took, the costliest first."""
        used: dict[tuple[str, str], list[tuple[Step, Usage, float]]] = defaultdict(list)
        for slot in self._slots.every():
            place = slot.place
            if _is_work(slot) and (place in self._started or place in self._seen.heard):
                step = self._seen.step(slot)
                used[step.flow, step.node].append((step, self._usage(place), self.seconds(place)))
        if WRITING in self._seen.heard:
            seconds = self.began if self._writing() else 0.0
            used["", ""].append((self._seen.writing(), self._usage(WRITING), seconds))
        unit = "money" if self._seen.used.money else "tokens"
        total = float(self._seen.used.money or self._seen.used.tokens) or 1.0
        found = []
        for each in used.values():
            usage = Usage()
            for _, one, _ in each:
                usage += one
            found.append(Cost(each[0][0], len(each), usage, sum(s for *_, s in each), _worth(usage, unit) / total))
        return tuple(sorted(found, key=lambda cost: (-cost.share, -cost.seconds)))


def _is_work(slot: Slot) -> bool:
    return isinstance(slot.op, _WORK) and not slot.begin


def _rest_is(op: ops.Op) -> str:
    """What a step does while no request of it is under way."""
    match op:
        case ops.Python() | ops.Emulate():
            return "python"
        case ops.CallTool():
            return "tool"
    return "other"


def _within(other: Place, place: Place) -> bool:
    """Whether a step is another, or stands inside of what that calls."""
    return other == place or f"{other[0]}/".startswith(f"{place[0]}/{place[1]}/")


def _worth(usage: Usage, unit: str) -> float:
    return float(usage.money or 0.0) if unit == "money" else float(usage.tokens)


# --- spans of time ---


def _clipped(spans: Iterable[Span], start: float, end: float) -> list[Span]:
    cut = [(max(start, a), min(end, b)) for a, b in spans]
    return sorted((a, b) for a, b in cut if a < b)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those that meet made one."""
    found: list[Span] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], b)
        else:
            found.append((a, b))
    return found


def _covered(spans: Sequence[Span]) -> float:
    return sum(b - a for a, b in _joined(spans))
