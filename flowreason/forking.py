"""Forks: a new run in which one node of a kept one has another value, and what depends on it is done anew.

Invariant: whatever hands on a value can be given another, in every frame that was there; what cannot is told before
anything is paid for, with what can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.engine.giving import is_sampled
from flowreason.errors import UsageError
from flowreason.flow import Flow
from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS
from flowreason.graph.model import FlowGraph, Node
from flowreason.keeping import DEFAULT, Where
from flowreason.kept_events import long_events
from flowreason.options import KEPT
from flowreason.records import RunInfo, Store
from flowreason.replaying import gone_through
from flowreason.result import Result
from flowreason.resuming import Grants, kept_flow, made_from, the_store
from flowreason.running import run_now
from flowreason.values import NotPlain, encode, exact
from flowreason.wanted import RUN, TEXT, checked, maybe
from flowreason_dsl.types import ANY, BOOL, Choice, ListOf, Type

MOST_NAMED = 20
MOST_FRAMES = 3
MOST_PARENTS = 100
"""How many runs are looked through, from which this one was made."""


@checked()
def fork(run: str, node: str, value: Any, **options: Any) -> Result:
    """A new run in which one node has another value. Options as in `fork_async`."""
    return run_now(lambda: fork_async(run, node, value, **options))


@checked(run=RUN, node=TEXT, frame=maybe(TEXT), **KEPT)
async def fork_async(
    run: str, node: str, value: Any, *, frame: str | None = None, store: Where = DEFAULT, **grants: Any
) -> Result:
    """A new run in which one node has another value: only what depends on it runs again.

    `node` is its name in the graph (as `runs show` tells it), or the name that it is assigned to where that is one
    step's. Every node may be meant that has a value: a step, a loop (its list), a name after a branch (`d.join`), after
    a loop (`d.out`) or at the start of a round (`d.head`), a decision (yes or no, or what a `match` looks at), an
    input, an answer. `frame` is the activation that is meant: a round (`main/flags[3]`) or a call, whoever made it
    (`main/check/older`, the second time `main/check/older~2`). It may be left out where there is only one.

    Raises `UsageError` for a node or frame that there is not, and for a value that the node cannot have.
    """
    kept, granted = the_store(store), Grants.of("fork", grants)
    info = await kept.run(run)
    place = await find_place(kept, info, node, frame)
    return await made_from(kept, info, granted, None, None, [(place.frame, place.node.id, fitting(place.node, value))])


@dataclass(frozen=True, slots=True)
class Place:
    """A node in one frame of a run."""

    frame: str
    node: Node


def type_of(node: Node) -> Type:
    """What a value must be that a node is given."""
    match node.op:
        case ops.Loop():
            return ListOf(ANY)
        case ops.Decide(kind="rescue"):
            return Choice(("failed", "fine"))
        case ops.Decide(kind="match"):
            return ANY
        case ops.Decide():
            return BOOL
    return ListOf(node.type) if is_sampled(node) else node.type


def fitting(node: Node, value: Any) -> Any:
    """A value as the node takes it. Raises `UsageError` for one that it cannot have."""
    try:
        value = convert(exact(value), type_of(node))
        encode(value)
    except NotPlain as error:
        raise UsageError(f"the value of {node.id} cannot be kept: {error}") from None
    except Misfit as misfit:
        raise UsageError(f"the value of {node.id} must be {type_of(node)}: {misfit.reason}") from None
    return value


# --- finding the place ---

_Body: TypeAlias = tuple[FlowGraph, str]
"""A flow, and the region of it of which a frame is an activation."""
_Frames: TypeAlias = dict[str, tuple[RunInfo, int]]
"""Where frames were opened: in which run, and in which session of it."""


async def find_place(store: Store, info: RunInfo, node: str, frame: str | None) -> Place:
    """The node that is meant, in the frame that is meant. Raises `UsageError`."""
    if not info.plan.flow:
        raise UsageError(f"the run {info.id} has no flow yet; go on with it: flowreason runs resume {info.id}")
    flow = kept_flow(info.plan)
    main = flow.graph.main, flow.graph.main.root.id
    if frame == flow.graph.entry or (frame is None and _matching(_nodes(*main), node)):
        return Place(flow.graph.entry, _meant(*main, node))
    frames = await _frames(store, info)
    if frame is None:
        return _somewhere(flow, list(frames), node)
    if frame not in frames:
        told = f"`flowreason runs show {info.id}` names those that there are"
        raise UsageError(f"there is no frame {frame!r} in the run {info.id}; {told}")
    body = _body(flow, frame) or await _written(store, *frames[frame], frame)
    return Place(frame, _meant(*body, node))


async def _frames(store: Store, info: RunInfo) -> _Frames:
    """All that the run opened, and those that it was made from: what is known from them was not done again."""
    found: _Frames = {}
    for _ in range(MOST_PARENTS):
        for session in range(info.session, 0, -1):
            for kind, frame, *_rest in await long_events(store, info, session):
                if kind == "frame.opened":
                    found.setdefault(frame, (info, session))
        if not info.parent:
            break
        try:
            info = await store.run(info.parent)
        except UsageError:  # it was deleted
            break
    return found


def _body(flow: Flow, frame: str) -> _Body | None:
    """What a frame is an activation of; None where that was written while the run went on, or is not there."""
    first, *rest = frame.split("/")
    graph = flow.graph.flows.get(first)
    region = None if graph is None else graph.root.id
    while rest and graph is not None:
        owner, *rest = rest
        node = graph.nodes.get(owner.partition("[")[0])
        if node is None or isinstance(node.op, ops.Solve | ops.RunText):
            return None
        if "[" in owner:
            region = node.op.body if isinstance(node.op, ops.Loop) else None
        elif rest:
            called, *rest = rest
            graph = flow.graph.flows.get(called.partition("~")[0])
            region = None if graph is None else graph.root.id
    return None if graph is None or region is None else (graph, region)


async def _written(store: Store, info: RunInfo, session: int, frame: str) -> _Body:
    """What a frame was an activation of whose flow was written while the run went on."""
    events = await long_events(store, info, session)
    replayed = await gone_through(store, info, kept_flow(info.plan), events)
    plan = replayed.frames[frame].plan
    return plan.flow, plan.region


def _somewhere(flow: Flow, frames: Sequence[str], node: str) -> Place:
    """The node, where one frame alone has one of that name."""
    bodies = {frame: body for frame in frames if (body := _body(flow, frame))}
    having = [frame for frame, body in bodies.items() if _matching(_nodes(*body), node)]
    if len(having) == 1:
        return Place(having[0], _meant(*bodies[having[0]], node))
    if having:
        more = ", …" if len(having) > MOST_FRAMES else ""
        shown = f"{', '.join(having[:MOST_FRAMES])}{more} (--frame; frame=… in Python)"
        raise UsageError(f"{node} was there {len(having):,} times; name the frame that is meant: {shown}")
    known = [each for graph in flow.graph.flows.values() for each in graph.nodes.values()]
    lacking = f"the run never came to {node!r}" if _matching(known, node) else f"there is no node {node!r}"
    raise UsageError(f"{lacking}; {_others(known)}")


def _nodes(graph: FlowGraph, region: str) -> list[Node]:
    """The nodes of a body: a flow's or a loop's, with the arms in it."""
    return [node for node in graph.nodes.values() if graph.body_of(node.region) == region]


def _matching(nodes: Sequence[Node], name: str) -> list[Node]:
    """The nodes that a name may mean: the one that has it for its id, else the steps that are assigned to it."""
    seen = [node for node in nodes if node.name == name and not isinstance(node.op, ops.HIDDEN)]
    return [node for node in nodes if node.id == name] or seen


def _meant(graph: FlowGraph, region: str, name: str) -> Node:
    """The node of a body that a name means, which has a value. Raises `UsageError`."""
    nodes = _nodes(graph, region)
    found = _matching(nodes, name)
    if len(found) > 1:
        raise UsageError(f"several nodes hold {name}; name one: {', '.join(n.id for n in nodes if n.name == name)}")
    if not found:
        raise UsageError(f"there is no node {name!r} in that frame; {_others(nodes)}")
    node = found[0]
    if isinstance(node.op, ops.Loop) and not has_value(node):
        outs = [each.out for each in node.op.carried if each.out is not None and each.name != EFFECTS]
        told = f"what it leaves can be changed: {', '.join(outs)}" if outs else _others(nodes)
        raise UsageError(f"the loop {node.id} collects nothing, so it has no value; {told}")
    if not has_value(node):
        raise UsageError(f"{node.id} only says where the flow goes on, and has no value; {_others(nodes)}")
    return node


def has_value(node: Node) -> bool:
    """Whether a node hands on a value, which may be another."""
    match node.op:
        case ops.Loop(collects=collects, yields=yields):
            return collects or bool(yields)
        case ops.Head(name=name) | ops.Out(name=name):
            return name != EFFECTS
        case ops.Join():
            return node.name is not None or not node.id.startswith("effects.")
    return not isinstance(node.op, ops.VALUELESS)


def _others(nodes: Sequence[Node]) -> str:
    """The nodes that can be given a value, first those that people see."""
    having = sorted(filter(has_value, nodes), key=lambda node: isinstance(node.op, ops.HIDDEN))
    names = list(dict.fromkeys(node.id for node in having))
    more = ", …" if len(names) > MOST_NAMED else ""
    return f"these have a value: {', '.join(names[:MOST_NAMED]) or 'none'}{more}"
