"""What each round of each loop changed, why loops ended, and why ways were taken.

Invariant: values are those that the run had; a round changes a name only where it is another value afterwards.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from flowreason.engine.frames import FAILED, VALUE, Frame
from flowreason.engine.plan import LoopPlan
from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS
from flowreason.values import show
from flowreason.view import labels
from flowreason.view.text import one_line, shorten
from flowreason.why.seen import Seen
from flowreason.why.slots import Slot, failure_at
from flowreason.why.told import Branch, Change, Ending, LoopTold, Round

MOST_LOOPS = 200
MOST_ROUNDS = 50
MOST_BRANCHES = 500
DIFF = 160
"""Characters of a short difference."""
_AROUND = 3
"""Words that are shown before and after a difference."""


def loops(seen: Seen) -> Iterator[LoopTold]:
    """The loops of a run that began, in the order in which they did."""
    found = 0
    for slot in seen.slots.every():
        run = slot.frame.loops or {}
        rounds = seen.slots.inside(slot.frame, slot.i)
        if isinstance(slot.op, ops.Loop) and (rounds or slot.has_value or slot.i in run) and found < MOST_LOOPS:
            found += 1
            yield _loop(seen, slot, slot.op, rounds)


def _loop(seen: Seen, slot: Slot, op: ops.Loop, rounds: list[Frame]) -> LoopTold:
    frame, flow = slot.frame, slot.frame.plan.flow
    ended, because = _ending(seen, slot, op, rounds)
    of = _total(slot, op)
    if ended == "while":
        rounds = rounds[:-1]  # the condition was looked at, and nothing else happened
    told = tuple(_round(seen, slot, op, rounds, index) for index in range(min(len(rounds), MOST_ROUNDS)))
    failed = sum(_failed(each) != "" for each in rounds)
    text = labels.loop_text(flow, frame.plan.nodes[slot.i], op)
    left_out = max(0, len(rounds) - MOST_ROUNDS)
    return LoopTold(seen.step(slot), text, len(rounds), of, ended, because, told, left_out, failed)


def _total(slot: Slot, op: ops.Loop) -> int | None:
    """How many rounds there might have been."""
    plan: LoopPlan = slot.frame.plan.extra[slot.i]
    if slot.frame.state[plan.source] != VALUE:
        return None
    value = slot.frame.values[plan.source]
    try:
        return len(value) if op.kind == "for" else int(value)
    except (TypeError, ValueError):
        return None


# --- rounds ---


def _round(seen: Seen, slot: Slot, op: ops.Loop, rounds: list[Frame], index: int) -> Round:
    frame = rounds[index]
    changes = tuple(
        _change(seen, slot, each, rounds, index) for each in op.carried if each.name != EFFECTS and _carries(each)
    )
    plan: LoopPlan = slot.frame.plan.extra[slot.i]
    parts = [frame.values[j] for j, _ in plan.items if frame.state[j] == VALUE]
    item = None if op.kind != "for" else parts[0] if len(parts) == 1 else parts
    return Round(index, item, changes, _failed(frame))


def _carries(each: ops.Carried) -> bool:
    return each.next is not None or each.leave is not None


def _change(seen: Seen, slot: Slot, each: ops.Carried, rounds: list[Frame], index: int) -> Change:
    """What a name was before a round, and after it."""
    frame = rounds[index]
    left = any(s.has_value for s in _of_kind(frame, ops.Leave))
    end = each.leave if left else each.next
    if each.head is not None:
        before = _value(frame, each.head)
    elif index:
        before = _value(rounds[index - 1], each.next)
    else:
        before = _value(slot.frame, each.initial)
    after = before if end is None else _value(frame, end)
    return Change(each.name, before, after, difference(before, after))


def _value(frame: Frame, node: str | None) -> Any:
    i = frame.plan.index.get(node) if node is not None else None
    return frame.values[i] if i is not None and frame.state[i] == VALUE else None


def _failed(frame: Frame) -> str:
    """Why a round failed, if it did: at one of its yields, or where it would have gone on."""
    run = frame.loop
    watched = [j for j, _ in run.plan.yields] if run is not None else []
    watched += [slot.i for slot in _of_kind(frame, ops.Next, ops.Leave)]
    found = next((failure_at(Slot(frame, j)) for j in watched if frame.state[j] == FAILED), None)
    return "" if found is None else str(found.error)


def _of_kind(frame: Frame, *kinds: type) -> list[Slot]:
    return [Slot(frame, i) for i, node in enumerate(frame.plan.nodes) if isinstance(node.op, kinds)]


# --- endings ---


def _ending(seen: Seen, slot: Slot, op: ops.Loop, rounds: list[Frame]) -> tuple[Ending, str]:
    """Why there were no more rounds."""
    frame = slot.frame
    if any(e.kind == "loop.cut" and (e.frame, e.node) == slot.place for e in seen.events):
        return "limit", "a limit of the run was reached"
    failure = failure_at(slot)
    if failure is not None:
        return "failed", f"it failed: {failure.error}"
    if _answered(seen, slot):
        return "answer", "a round gave the answer"
    last = rounds[-1] if rounds else None
    if last is not None and (left := [s for s in _of_kind(last, ops.Leave) if s.has_value]):
        return _left(left[0])
    total, done = _total(slot, op), last is None or any(s.has_value for s in _of_kind(last, ops.Next))
    over = total is not None and len(rounds) >= total and (done or frame.state[slot.i] == VALUE)
    if not over:
        return "stopped", "the run stopped"
    match op.kind:
        case "for":
            return "items", "nothing was left to go through"
        case "while":
            return "max", f"it had its most rounds, {total}"
    return "count", f"it had all its {total} rounds"


def _answered(seen: Seen, slot: Slot) -> bool:
    """Whether the answer of the flow was given inside of a loop."""
    around = f"{slot.place[0]}/{slot.place[1]}["
    return any(each.has_value and each.frame.path.startswith(around) for each in seen.slots.answers(slot.frame.flow))


def _left(leave: Slot) -> tuple[Ending, str]:
    """By which decision a loop was left in the middle of a round."""
    frame = leave.frame
    decided = _decision(frame, leave.i)
    if decided is None:
        return "break", "of a `break`"
    node = frame.plan.nodes[decided]
    condition = labels.body_text(frame.plan.flow, node) or "its condition"
    kind = node.op.kind if isinstance(node.op, ops.Decide) else "if"
    if kind == "until":
        return "until", f"{condition} held"
    if kind == "while":
        return "while", f"{condition} held no longer"
    return "break", f"of a `break`, since {condition} was {labels.way_text(node, str(frame.values[decided]))}"


def _decision(frame: Frame, i: int) -> int | None:
    """The decision under which a node came to run."""
    node = frame.plan.nodes[i]
    guards = node.op.guards if isinstance(node.op, ops.Meet) else (node.guard,) if node.guard else ()
    for owner, label in guards:
        at = frame.plan.index[owner]
        if isinstance(frame.plan.nodes[at].op, ops.Meet) and frame.state[at] == VALUE:
            return _decision(frame, at)
        if frame.state[at] == VALUE and frame.values[at] == label:
            return at
    return None


# --- branches ---


def branches(seen: Seen) -> Iterator[Branch]:
    """Each way that was taken at an `if` or a `match`, and each `else` that had to be, with what was looked at."""
    found = 0
    for slot in seen.slots.every():
        op = slot.op
        if isinstance(op, ops.Decide) and op.kind in ("if", "match", "rescue") and slot.has_value:
            label = slot.frame.values[slot.i]
            if (op.kind == "rescue" and label != "failed") or found >= MOST_BRANCHES:
                continue
            found += 1
            yield _branch(seen, slot, str(label))


def _branch(seen: Seen, slot: Slot, label: str) -> Branch:
    frame, node = slot.frame, slot.frame.plan.nodes[slot.i]
    if label == "failed" and isinstance(node.op, ops.Decide) and node.op.kind == "rescue":
        source = Slot(frame, frame.plan.first[slot.i])
        failure = failure_at(source)
        why = "" if failure is None else str(failure.error)
        return Branch(seen.step(slot), f"{seen.step(source)} failed", "else", (("error", why),))
    condition = labels.body_text(frame.plan.flow, node) or labels.value_text(frame.plan.flow, node.reads[0])
    return Branch(seen.step(slot), condition, labels.way_text(node, label), tuple(looked_at(slot)))


def looked_at(slot: Slot) -> Iterator[tuple[str, Any]]:
    """The values that a decision rests on, by name."""
    frame, seen = slot.frame, set[str]()
    for read, source in frame.plan.reads[slot.i]:
        node = frame.plan.nodes[source]
        small = isinstance(node.op, ops.Python) and not node.name
        for inner, at in frame.plan.reads[source] if small else ((read, source),):
            name = inner.name if small else node.name or "what was asked"
            if name not in seen and frame.state[at] == VALUE:
                seen.add(name)
                yield name, frame.values[at]


# --- differences ---


def difference(before: Any, after: Any) -> str:
    """What went and what came, in a line; empty where nothing changed."""
    old, new = show(before), show(after)
    if old == new:
        return ""
    if before is None:
        return f"→ {shorten(new, DIFF)}"
    if isinstance(before, list) and isinstance(after, list) and before == after[: len(before)]:
        return f"+ {shorten(show(after[len(before) :]), DIFF)}"
    if len(old) + len(new) <= DIFF // 2:
        return f"{one_line(old)} → {one_line(new)}"
    return _of_words(old.split(), new.split())


def _of_words(old: list[str], new: list[str]) -> str:
    """The first places where two texts differ, with a few words around."""
    parts: list[str] = []
    matcher = difflib.SequenceMatcher(None, old[:2000], new[:2000], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            parts.append(_between(old[a:b], first=not parts))
            continue
        gone, come = " ".join(old[a:b]), " ".join(new[c:d])
        parts.append(
            "".join([f"[-{shorten(gone, 60)}-]" if gone else "", f"{{+{shorten(come, 60)}+}}" if come else ""])
        )
        if sum(map(len, parts)) > DIFF:
            parts.append("…")
            break
    return " ".join(part for part in parts if part)


def _between(words: list[str], *, first: bool) -> str:
    """What two texts share, cut in the middle."""
    if first:
        return " ".join(words) if len(words) <= _AROUND else "… " + " ".join(words[-_AROUND:])
    return " ".join(words) if len(words) <= 2 * _AROUND else " ".join([*words[:_AROUND], "…", *words[-_AROUND:]])
