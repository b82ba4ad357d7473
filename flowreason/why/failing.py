"""Why a run has no answer: where that began, what it took with it on the way to the answer, and what would change it.

Invariant: a step is named as the origin only where the run itself says so; a run that merely stopped is not called
failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from flowreason.engine.frames import VALUE
from flowreason.engine.undone import undone_of
from flowreason.graph import ops
from flowreason.values import show
from flowreason.view.text import shorten
from flowreason.why.seen import Seen
from flowreason.why.slots import INFLUENCE, Slot, failure_at
from flowreason.why.told import Failing, Step

_OTHERWISE = "an `else` behind it would have given another value instead"
_OF_SERVERS = frozenset(
    {"key", "model", "quota", "context", "url", "request", "rate", "server", "network", "timeout", "SandboxError"}
)


def ends(seen: Seen) -> list[Slot]:
    """Where the run came to its answer, or failed to."""
    main = seen.main
    if main is None:
        return []
    return seen.slots.answers(main) or list(_unfitting(seen))


def _unfitting(seen: Seen) -> Iterator[Slot]:
    """An answer that was there and did not fit the type of the flow."""
    for slot in seen.slots.every():
        if isinstance(slot.op, ops.Answer) and slot.frame.flow is seen.main and not slot.frame.state[slot.i]:
            reads = slot.frame.plan.reads[slot.i]
            guards = [link.slot for link in seen.slots.before(slot) if link.kind == "control"]
            if (
                reads
                and all(slot.frame.state[s] == VALUE for _, s in reads)
                and all(g.begin or g.has_value for g in guards)
            ):
                yield slot


def latest(seen: Seen) -> Slot | None:
    """The step that was done last, of a run that did not come to its end."""
    for event in reversed(seen.events):
        if event.kind in ("node.done", "node.failed", "node.cancelled"):
            found = seen.slot(event.frame, event.node)
            if found is not None:
                return found
    return None


def origin(seen: Seen) -> Slot | None:
    """The step that failed first, of those for which the run failed."""
    for end in ends(seen):
        failure = failure_at(end)
        if failure is not None:
            return seen.slot(failure.frame, failure.node) or end
    for event in reversed(seen.events):
        if event.kind == "node.failed" and event.data.get("fatal"):
            return seen.slot(event.frame, event.node)
    return next(_unfitting(seen), None)


def failing(seen: Seen) -> Failing | None:
    """What is told of a run without a whole answer; None of one that has it."""
    standing, run = seen.info.standing, seen.info.id
    resume = f"go on with: flowreason runs resume {run}"
    match seen.info.status:
        case "answered":
            return None
        case "waiting":
            questions = [shorten(str(each["question"]), 80) for each in _questions(seen)]
            told = f"it asks you: {'; '.join(questions)}"
            return Failing(told, "waiting", _asking(seen), change=f"answer: flowreason runs resume {run} --answer TEXT")
        case "limit":
            left = "; ".join(str(each) for each in undone_of(seen.events)[:5])
            undone = f"; left undone: {left}" if left else ""
            more = f"raise the limit: flowreason runs resume {run} --limit …"
            return Failing(f"{_first_line(standing.error)}{undone}", "limit", None, change=more)
        case "running":
            return Failing("it is still at work", "running", None, change="wait for it")
        case "cancelled" | "interrupted":
            return Failing("it was stopped before it came to its end", seen.info.status, None, change=resume)
    began = origin(seen)
    chain = () if began is None else tuple(seen.step(slot) for slot in _chain(seen, began))
    change = resume if began is None else _change(seen, began, standing.error_kind, resume)
    step = None if began is None else seen.step(began)
    return Failing(standing.error, standing.error_kind, step, chain, change)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].partition(";")[0]


def _questions(seen: Seen) -> list[dict[str, str]]:
    return next((list(e.data["questions"]) for e in reversed(seen.events) if e.kind == "run.waiting"), [])


def _asking(seen: Seen) -> Step | None:
    slots = waiting(seen)
    return seen.step(slots[0]) if slots else None


def waiting(seen: Seen) -> list[Slot]:
    """The steps that ask a person who has not answered yet."""
    found = [seen.slot(each["frame"], each["node"]) for each in _questions(seen) if each.get("kind") == "person"]
    return [slot for slot in found if slot is not None]


def _chain(seen: Seen, began: Slot) -> list[Slot]:
    """The steps that a failure took with it, from the first to the answer, by the shortest way."""
    came: dict[Slot, Slot | None] = dict.fromkeys(ends(seen))
    todo = deque(came)
    while todo and began not in came:
        slot = todo.popleft()
        for link in seen.slots.before(slot):
            fails = failure_at(link.slot) is not None or link.slot.begin
            if link.kind in INFLUENCE and fails and link.slot not in came:
                came[link.slot] = slot
                todo.append(link.slot)
    found, at = [], came.get(began)
    while at is not None:
        if not isinstance(at.op, ops.HIDDEN) and not at.begin:
            found.append(at)
        at = came[at]
    return [began, *found] if began in came else [began]


def _change(seen: Seen, began: Slot, kind: str, resume: str) -> str:
    """What would have to be otherwise."""
    heard = seen.heard.get(began.place)
    reads = _reads(began)
    match kind:
        case "reply" if heard is not None and heard.rejected:
            why = shorten(heard.rejected[-1][2], 120)
            return f"a reply that fits; the last one was sent back because: {why}; {_OTHERWISE}"
        case "ensure":
            return f"a value that holds what is ensured{reads}; {_OTHERWISE}"
        case "python" | "path" | "condition":
            return f"what it reads, or its code{reads}; {_OTHERWISE}"
        case "type":
            return f"a value of its type{reads}"
        case "depth":
            return "fewer calls within calls, or a higher limit `depth`"
        case "user":
            return f"a person who answers; {resume}"
        case "tool" | "consent":
            return f"what the tool gives{reads}; {_OTHERWISE}"
        case kind if kind in _OF_SERVERS:
            return f"what the server says; {resume}"
    return f"its outcome{reads}; {_OTHERWISE}"


def _reads(slot: Slot) -> str:
    """The values that a step read, in a few words."""
    frame = slot.frame
    found = [
        f"{read.name} = {shorten(show(frame.values[source]), 40)}"
        for read, source in frame.plan.reads[slot.i]
        if frame.state[source] == VALUE and read.name.isidentifier()
    ]
    return f" (it read {', '.join(found[:4])})" if found else ""
