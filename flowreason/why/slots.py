"""What each value of a run came from: a graph of slots, over all frames, as it happened.

A slot is a node in one frame; one that calls or goes round has a second, its beginning. Links say what was read
(`data`), what decided that it came to it at all (`control`), what was only waited for (`order`), and which effect came
before an effect (`world`): what a tool gives may depend on all that was done before it. Invariant: what
happened is the truth: of a join the way that was taken counts, of a loop the rounds that it had; the graph has no
circle. What a value depends on is never more than what is linked here, though it may be less.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from flowreason.engine.frames import FAILED, VALUE, Failure, Frame
from flowreason.engine.plan import Kind, LoopPlan
from flowreason.graph import ops

LinkKind: TypeAlias = Literal["data", "control", "order", "world"]

INFLUENCE: frozenset[LinkKind] = frozenset({"data", "control", "world"})
"""What may change a value; what is only waited for may not."""
ALL: frozenset[LinkKind] = INFLUENCE | {"order"}


class Slot(NamedTuple):
    """Node i of a frame; `begin`: the moment at which it began, where others stand inside of it."""

    frame: Frame
    i: int
    begin: bool = False

    @property
    def op(self) -> ops.Op:
        return self.frame.plan.nodes[self.i].op

    @property
    def place(self) -> tuple[str, str]:
        """Frame and node, as events name them."""
        return self.frame.path, self.frame.plan.nodes[self.i].id

    @property
    def has_value(self) -> bool:
        return self.frame.state[self.i] == VALUE


class Link(NamedTuple):
    slot: Slot
    kind: LinkKind


class Slots:
    """The slots of a run that was gone through.

    `given` are nodes whose value was given, `done` those that were done, in their order; both by frame and node.
    """

    def __init__(
        self,
        frames: Mapping[str, Frame],
        given: Collection[tuple[str, str]] = (),
        done: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.frames = frames
        self._earlier = dict(self._effects(done))
        self._given = frozenset(given)
        self._inside: dict[tuple[Frame, int], list[Frame]] = defaultdict(list)
        self._answers: dict[Frame, list[Slot]] = defaultdict(list)
        self._known: dict[Slot, tuple[Link, ...]] = {}
        self._after: dict[Slot, list[Slot]] | None = None
        for frame in frames.values():
            if frame.parent is not None:
                self._inside[frame.parent, frame.at].append(frame)
            self._answers[frame.flow] += self._answers_in(frame)
        for inside in self._inside.values():
            inside.sort(key=lambda frame: (frame.path.rpartition("[")[0], frame.index))

    def _effects(self, done: Iterable[tuple[str, str]]) -> Iterator[tuple[Slot, Slot]]:
        """Every effect, with the one before it; no two happen at once."""
        last: Slot | None = None
        for path, node in done:
            frame = self.frames.get(path)
            if frame is not None and node in frame.plan.index and acts(slot := Slot(frame, frame.plan.index[node])):
                if last is not None and last != slot:
                    yield slot, last
                last = slot

    @staticmethod
    def _answers_in(frame: Frame) -> Iterator[Slot]:
        for i, node in enumerate(frame.plan.nodes):
            failed = frame.bad is not None and i in frame.bad and frame.bad[i][0] == FAILED
            if isinstance(node.op, ops.Answer) and (frame.state[i] == VALUE or failed):
                yield Slot(frame, i)

    # --- where things are ---

    def answers(self, flow: Frame) -> list[Slot]:
        """Where an activation of a flow came to its answer, or failed to."""
        found = self._answers[flow.flow]
        return [slot for slot in found if slot.has_value] or found

    def inside(self, frame: Frame, i: int) -> list[Frame]:
        """The rounds of a loop, the flows that a step called."""
        return self._inside.get((frame, i), [])

    def every(self) -> Iterator[Slot]:
        """All values, in the order in which frames were opened."""
        for frame in self.frames.values():
            for i in range(frame.plan.size):
                yield Slot(frame, i)

    def given(self, slot: Slot) -> bool:
        return slot.place in self._given

    # --- what a slot came from ---

    def before(self, slot: Slot) -> tuple[Link, ...]:
        """What a slot came from."""
        found = self._known.get(slot)
        if found is None:
            world = (Link(self._earlier[slot], "world"),) if slot in self._earlier and not self.given(slot) else ()
            found = self._known[slot] = (*dict.fromkeys(self._before(slot)), *world)
        return found

    def _before(self, slot: Slot) -> Iterator[Link]:
        frame, i, begin = slot
        plan = frame.plan
        op = plan.nodes[i].op
        if begin and (lined := self._lined_up(frame, i)) is not None:
            yield from self._end_of(*lined)
            yield from self._allowed(frame, i)
        elif begin:
            yield from self._own(frame, i, arguments=plan.kinds[i] != Kind.CALL)
        elif (outer := _imported(frame, i)) is not None:
            assert frame.parent is not None
            yield Link(Slot(frame.parent, outer), "data")
        elif self.given(slot):
            yield from self._allowed(frame, i)
        elif isinstance(op, ops.Head):
            yield from self._head(frame, i)
        elif isinstance(op, ops.Item):
            yield from self._item(frame)
        elif isinstance(op, ops.Input):
            yield from self._input(frame, op)
        elif isinstance(op, ops.Out):
            yield from self._out(frame, i, op)
        elif isinstance(op, ops.Loop):
            yield from self._loop(frame, i)
        elif self._inside.get((frame, i)):
            yield Link(Slot(frame, i, True), "data")
            for called in self.inside(frame, i):
                yield from (Link(answer, "data") for answer in self.answers(called))
        elif isinstance(op, ops.Join):
            yield from self._joined(frame, i)
        else:
            yield from self._own(frame, i)

    def _own(self, frame: Frame, i: int, *, arguments: bool = True) -> Iterator[Link]:
        """What a node reads and waits for, in its own frame."""
        plan = frame.plan
        for read, source in plan.reads[i]:
            if arguments or read.role != "argument":
                yield Link(Slot(frame, source), "data")
        for earlier in plan.nodes[i].after:
            yield Link(Slot(frame, plan.index[earlier]), "order")
        yield from self._allowed(frame, i)

    def _allowed(self, frame: Frame, i: int) -> Iterator[Link]:
        """What decided that it came to a node at all."""
        node = frame.plan.nodes[i]
        guards = node.op.guards if isinstance(node.op, ops.Meet) else (node.guard,) if node.guard else ()
        for owner, _ in guards:
            at = frame.plan.index[owner]
            if isinstance(frame.plan.nodes[at].op, ops.Loop):
                yield from self._end_of(frame, at)
            else:
                yield Link(Slot(frame, at), "control")
        yield from self._opening(frame)

    def _opening(self, frame: Frame, kind: LinkKind = "control") -> Iterator[Link]:
        """What decided that a frame was opened; for an item, that is what it came from."""
        if frame.parent is None:
            return
        yield Link(Slot(frame.parent, frame.at, True), kind)
        run = frame.loop
        if run is not None and run.in_order and frame.index > 0:
            earlier = self.inside(frame.parent, frame.at)[frame.index - 1]
            yield from (Link(slot, "control") for slot in _ends(earlier, ops.Next))

    def _item(self, frame: Frame) -> Iterator[Link]:
        """An item of a list that a loop yielded came from the round that yielded it, and from no other."""
        assert frame.parent is not None
        lined = self._lined_up(frame.parent, frame.at)
        yield from self._opening(frame, "data" if lined is None else "control")
        if lined is not None:
            made = self.inside(*lined)[frame.index]
            yield Link(Slot(made, _only_yield(*lined)), "data")

    def _lined_up(self, frame: Frame, i: int) -> tuple[Frame, int] | None:
        """For a loop, another whose list it goes through, where each round of that yielded one item."""
        plan = frame.plan.extra[i]
        if not isinstance(plan, LoopPlan) or plan.op.kind != "for":
            return None
        source: Slot | None = Slot(frame, plan.source)
        while source is not None and not isinstance(source.op, ops.Loop):
            onward = [link.slot for link in self.before(source) if link.kind == "data"]
            source = onward[0] if _copies(source) and not self.given(source) and len(onward) == 1 else None
        if source is None or self.given(source):
            return None
        made: LoopPlan = source.frame.plan.extra[source.i]
        if not made.op.collects or len(made.yields) != 1 or made.yields[0][1]:
            return None
        rounds = self.inside(source.frame, source.i)
        whole = all(each.state[made.yields[0][0]] in (VALUE, FAILED) for each in rounds)
        return (source.frame, source.i) if whole and len(rounds) >= len(self.inside(frame, i)) else None

    def _head(self, frame: Frame, i: int) -> Iterator[Link]:
        assert frame.parent is not None
        assert frame.loop is not None
        yield from self._opening(frame)
        plan: LoopPlan = frame.loop.plan
        if frame.index == 0:
            initial = next((source for source, j in plan.heads if j == i), None)
            if initial is not None:
                yield Link(Slot(frame.parent, initial), "data")
            return
        inner = next((source for source, j in plan.rounds if j == i), None)
        if inner is not None:
            yield Link(Slot(self.inside(frame.parent, frame.at)[frame.index - 1], inner), "data")

    def _input(self, frame: Frame, op: ops.Input) -> Iterator[Link]:
        if frame.parent is None:
            return
        yield Link(Slot(frame.parent, frame.at, True), "control")
        if frame.parent.plan.kinds[frame.at] == Kind.CALL:
            arguments = dict(frame.parent.plan.named[frame.at])
            if op.name in arguments:
                yield Link(Slot(frame.parent, arguments[op.name]), "data")

    def _out(self, frame: Frame, i: int, op: ops.Out) -> Iterator[Link]:
        at = frame.plan.index[op.loop]
        yield from self._end_of(frame, at)
        plan: LoopPlan = frame.plan.extra[at]
        rounds = self.inside(frame, at)
        left = bool(rounds) and any(slot.has_value for slot in _ends(rounds[-1], ops.Leave))
        for initial, inner, out in plan.outs_leave if left else plan.outs_next:
            if out == i and rounds and inner is not None:
                yield Link(Slot(rounds[-1], inner), "data")
            elif out == i and initial is not None:
                yield Link(Slot(frame, initial), "data")

    def _end_of(self, frame: Frame, at: int) -> Iterator[Link]:
        """What decided that a loop had no further round."""
        yield Link(Slot(frame, at, True), "control")
        rounds = self.inside(frame, at)
        if rounds and frame.plan.extra[at].op.in_order:
            yield from (Link(slot, "control") for slot in _ends(rounds[-1], ops.Next, ops.Leave))

    def _loop(self, frame: Frame, i: int) -> Iterator[Link]:
        plan: LoopPlan = frame.plan.extra[i]
        yield Link(Slot(frame, i, True), "data")
        yield from self._end_of(frame, i)
        for each in self.inside(frame, i):
            for j, _ in plan.yields:
                yield Link(Slot(each, j), "data")

    def _joined(self, frame: Frame, i: int) -> Iterator[Link]:
        """The way that was taken; where a join failed, all that failed."""
        sources = [source for _, source in frame.plan.reads[i]]
        taken = [s for s in sources if frame.state[s] == VALUE][:1] or [s for s in sources if frame.state[s] == FAILED]
        yield from (Link(Slot(frame, s), "data") for s in taken or sources)
        yield from self._opening(frame)

    # --- looking through ---

    def cone(self, targets: Iterable[Slot], kinds: Collection[LinkKind] = INFLUENCE) -> dict[Slot, None]:
        """All that some slots came from, each after what it came from itself."""
        done: dict[Slot, None] = {}
        entered: set[Slot] = set()
        todo = [(slot, False) for slot in targets]
        while todo:
            slot, left = todo.pop()
            if left:
                done[slot] = None
            elif slot not in entered:
                entered.add(slot)
                todo.append((slot, True))
                todo += [(link.slot, False) for link in self.before(slot) if link.kind in kinds]
        return done

    def affected(self, slot: Slot) -> set[Slot]:
        """All that may have another value where a slot has, itself included."""
        after = self._forward()
        found, todo = {slot}, [slot]
        while todo:
            fresh = [each for each in after.get(todo.pop(), ()) if each not in found]
            found.update(fresh)
            todo += fresh
        return found

    def _forward(self) -> dict[Slot, list[Slot]]:
        if self._after is None:
            self._after = defaultdict(list)
            for slot in self.cone(self.every()):
                for link in self.before(slot):
                    if link.kind in INFLUENCE:
                        self._after[link.slot].append(slot)
        return self._after

    def distances(self, targets: Iterable[Slot], counts: Collection[Slot]) -> dict[Slot, int]:
        """How many of the slots that count stand between each and the targets, on the way with the fewest."""
        found: dict[Slot, int] = {}
        todo = deque((slot, 0) for slot in targets)
        while todo:
            slot, far = todo.popleft()
            if found.get(slot, far + 1) <= far:
                continue
            found[slot] = far
            step = 1 if slot in counts else 0
            for link in self.before(slot):
                if link.kind in INFLUENCE and found.get(link.slot, far + step + 1) > far + step:
                    todo.append((link.slot, far + step)) if step else todo.appendleft((link.slot, far))
        return found

    def handed_on(self, targets: Iterable[Slot]) -> Iterator[Slot]:
        """The slots whose very value the targets have, because nothing changed it on the way."""
        todo, seen = list(targets), set[Slot]()
        while todo:
            slot = todo.pop()
            if slot in seen:
                continue
            seen.add(slot)
            yield slot
            if _copies(slot) and not self.given(slot):
                todo += [link.slot for link in self.before(slot) if link.kind == "data" and not link.slot.begin]


def acts(slot: Slot) -> bool:
    """Whether a step has an effect on the world, or asks a person, who sees it."""
    match slot.op:
        case ops.CallTool(pure=pure):
            return not pure
        case ops.Ask(user=user):
            return user
        case ops.Emulate(functions=functions):
            tools = slot.frame.program.graph.tools
            return any(name in tools and not tools[name].pure for name in functions)
    return False


def failure_at(slot: Slot) -> Failure | None:
    """Why a slot failed, if it did."""
    frame, i, _ = slot
    if frame.state[i] == FAILED:
        return frame.values[i] if isinstance(frame.values[i], Failure) else None
    outcome, value = (frame.bad or {}).get(i, (VALUE, None))
    return value if outcome == FAILED and not frame.state[i] and isinstance(value, Failure) else None


def _imported(frame: Frame, i: int) -> int | None:
    """The node of the frame around that a slot is, where it is no node of its own frame."""
    if frame.plan.kinds[i] != Kind.GIVEN or not isinstance(frame.plan.nodes[i].op, ops.Pass):
        return None
    return next((outer for outer, j in frame.plan.imports if j == i), None)


def _ends(frame: Frame, *kinds: type) -> list[Slot]:
    """Where a round says whether another follows."""
    return [Slot(frame, i) for i, node in enumerate(frame.plan.nodes) if isinstance(node.op, kinds)]


def _only_yield(frame: Frame, i: int) -> int:
    plan: LoopPlan = frame.plan.extra[i]
    return plan.yields[0][0]


def _copies(slot: Slot) -> bool:
    """Whether a slot has the very value of what it reads."""
    match slot.op:
        case ops.Answer() | ops.Join() | ops.Pass() | ops.Out() | ops.Head() | ops.Input() | ops.CallFlow():
            return True
        case ops.Pick(steps=()):
            return not slot.frame.plan.nodes[slot.i].checks
    return False
