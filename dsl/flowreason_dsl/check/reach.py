"""What flows do when they are run: which ask, which have side effects, which call themselves without a way out.

Invariant: a flow that is said to recurse without end does so on every path; nothing is run to find out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from flowreason_dsl.python import facts
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Assign,
    Block,
    Break,
    Call,
    Code,
    Do,
    Emulate,
    Expression,
    FlowDef,
    For,
    If,
    Literal,
    Match,
    Path,
    Repeat,
    Run,
    Sample,
    Solve,
    ToolDef,
    While,
    Yield,
)
from flowreason_dsl.unread import Unread

_LEAVES = frozenset(
    {"span", "source", "lines", "comments", "type", "returns", "text", "doc", "block", "user", "line"}
    | {"name", "targets", "steps", "groups", "sets", "leaves"}
)


def parts(part: object, without: tuple[type, ...] = ()) -> Iterator[object]:
    """A part of a tree and all parts in it, in written order; what stands in parts `without` is left out.

    Names, texts and numbers are no parts: whoever wants them takes them from the part that they stand in.
    """
    todo = [part]
    pop, known = todo.pop, _INNER
    while todo:
        each = pop()
        kind = type(each)
        if kind is tuple:
            todo += each[::-1]  # type: ignore[index]
            continue
        inner = known[kind] if kind in known else _inner(kind)
        if inner is None:
            continue
        yield each
        if without and isinstance(each, without):
            continue
        for name in inner:
            held = getattr(each, name)
            if held:
                todo.append(held)


def _inner(kind: type) -> tuple[str, ...] | None:
    """The fields of a class that hold further parts, last first; None for what is no part of a tree."""
    found = None
    if is_dataclass(kind):
        leaves = _LEAVES | {"value"} if kind is Literal else _LEAVES
        found = tuple(reversed([field.name for field in fields(kind) if field.name not in leaves]))
    _INNER[kind] = found
    return found


_INNER: dict[type, tuple[str, ...] | None] = {}


def called(part: object) -> Iterator[str]:
    """Every name that a part may call, in the flow language or in Python."""
    for each in parts(part):
        if isinstance(each, Call):
            yield each.name.text
        elif isinstance(each, Code):
            yield from facts(each).all_names


def calls_of(flows: Mapping[str, FlowDef]) -> dict[str, frozenset[str]]:
    """Which names each flow may call."""
    return {name: frozenset(called(flow.body)) for name, flow in flows.items()}


def asking_flows(
    flows: Mapping[str, FlowDef], tools: Mapping[str, ToolDef], calls: Mapping[str, frozenset[str]]
) -> dict[str, Span]:
    """The flows that are more than Python, each with the place that makes it so."""
    found: dict[str, Span] = {}
    impure = {name for name, tool in tools.items() if not tool.pure}
    for name, flow in flows.items():
        for each in parts(flow.body):
            if isinstance(each, Ask | Solve | Run | Emulate) or (isinstance(each, Call) and each.name.text in impure):
                found[name] = each.span
                break
    return _spread(found, flows, calls)


def _spread(
    found: dict[str, Span], flows: Mapping[str, FlowDef], calls: Mapping[str, frozenset[str]]
) -> dict[str, Span]:
    """Add the flows that call one of those found, until no more are."""
    callers: dict[str, list[str]] = {}
    for name in flows:
        for each in calls[name] & flows.keys():
            callers.setdefault(each, []).append(name)
    todo = list(found)
    while todo:
        for caller in callers.get(todo.pop(), ()):
            if caller not in found:
                found[caller] = flows[caller].name.span
                todo.append(caller)
    return found


def effectful_flows(
    flows: Mapping[str, FlowDef], tools: Mapping[str, ToolDef], calls: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The flows in which something with a side effect may run."""
    effects = Effects(tools)
    own = {name: flow.name.span for name, flow in flows.items() if effects(flow.body)}
    return frozenset(_spread(own, flows, calls))


class Effects:
    """Which parts of flows may change the world or talk to a person; each block is looked at once."""

    def __init__(self, tools: Mapping[str, ToolDef], effectful: frozenset[str] = frozenset()) -> None:
        self.impure = {name for name, tool in tools.items() if not tool.pure} | effectful
        self.blocks: dict[int, bool] = {}

    def __call__(self, part: object) -> bool:
        if isinstance(part, Block):
            found = self.blocks.get(id(part))
            if found is None:
                found = self.blocks[id(part)] = self(part.statements)
            return found
        return any(self._here(each) for each in parts(part, without=(Block,)))

    def _here(self, part: object) -> bool:
        match part:
            case Block():
                return self(part)
            case Ask(user=True) | Solve() | Run() | Emulate(code=Path()) | Unread():
                return True
            case Call(name=name):
                return name.text in self.impure
            case Code() if self.impure:
                return bool(self.impure.intersection(facts(part).all_names))
        return False


# --- recursion --------------------------------------------------------------------------------------------


def endless(flows: Mapping[str, FlowDef]) -> Iterator[tuple[str, Call]]:
    """Flows that call themselves on every path, each with the call that leads back to it; one for a whole circle."""
    surely = {name: _sure_calls(flow.body)[0] for name, flow in flows.items()}
    circling = _circling({name: {each for each in calls if each in flows} for name, calls in surely.items()})
    told: set[str] = set()
    for name in flows:
        if name in circling and name not in told:
            reached = _reached(circling[name], circling)
            if name in reached:
                told |= reached
                yield name, next(call for target, call in surely[name].items() if target in circling)


def _circling(calls: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The part of a graph in which everything has a way in and a way out: its circles, and what lies between them."""
    left = {name: set(targets) for name, targets in calls.items()}
    callers: dict[str, set[str]] = {name: set() for name in calls}
    for name, targets in calls.items():
        for target in targets:
            callers[target].add(name)
    todo = [name for name in left if not left[name] or not callers[name]]
    while todo:
        name = todo.pop()
        targets, sources = left.pop(name, set()), callers.pop(name, set())
        for target in targets & callers.keys():
            callers[target].discard(name)
        for source in sources & left.keys():
            left[source].discard(name)
        todo += [each for each in targets | sources if each in left and not (left[each] and callers[each])]
    return left


def _reached(start: set[str], calls: Mapping[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        fresh = calls[todo.pop()] - seen
        seen |= fresh
        todo += fresh
    return seen


Calls = dict[str, Call]


def _sure_calls(block: Block) -> tuple[Calls, bool]:
    """The calls that happen whenever a block runs, and whether what follows the block surely runs as well."""
    found: Calls = {}
    for statement in block.statements:
        match statement:
            case Assign(value=value) | Do(value=value) | Yield(value=value):
                more, goes_on = _in_expression(value)
            case Answer(value=value):
                more, goes_on = _in_expression(value)[0], False
            case If(arms=arms, otherwise=otherwise):
                more, goes_on = _in_arms(arms[0].condition, [arm.body for arm in arms], otherwise)
            case Match(subject=subject, cases=cases, otherwise=otherwise):
                more, goes_on = _in_arms(subject, [case.body for case in cases], otherwise)
            case While(condition=condition):
                more, goes_on = _in_expression(condition)[0], not _may_leave(statement.body)
            case Repeat(count=count, body=body):
                more, goes_on = _in_repeat(count, body)
            case Break():
                more, goes_on = {}, False
            case _:
                more, goes_on = {}, True
        found = more | found
        if not goes_on:
            return found, False
    return found, True


def _in_arms(first: Expression, bodies: list[Block], otherwise: Block | None) -> tuple[Calls, bool]:
    found = _in_expression(first)[0]
    goes_on = not any(_may_leave(body) for body in [*bodies, *([otherwise] if otherwise else [])])
    if otherwise is not None:
        each = [_sure_calls(body)[0] for body in [*bodies, otherwise]]
        found = found | {name: call for name, call in each[0].items() if all(name in other for other in each)}
    return found, goes_on


def _in_repeat(count: Expression, body: Block) -> tuple[Calls, bool]:
    found = _in_expression(count)[0]
    if isinstance(count.value, Literal) and isinstance(count.value.value, int) and count.value.value > 0:
        found = found | _sure_calls(body)[0]
    return found, not _may_leave(body)


def _in_expression(expr: Expression) -> tuple[Calls, bool]:
    if expr.otherwise is not None:  # the limit of depth is a failure that `else` catches
        return {}, True
    match expr.value:
        case Call(name=name, arguments=arguments) as call:
            found: Calls = {name.text: call}
            for argument in arguments:
                found = _in_expression(argument.value)[0] | found
            return found, True
        case For(items=items, body=body):
            return _in_expression(items)[0], not _may_leave(body)
        case Sample(count=count, body=body):
            return _in_expression(count)[0], not _may_leave(body)
    return {}, True


def _may_leave(block: Block) -> bool:
    """Whether a block may answer or break, so that what follows it may not run."""
    return any(isinstance(each, Answer | Break) for each in parts(block))


def reached(entry: str, calls: Mapping[str, frozenset[str]]) -> set[str]:
    """The flows that may run when one is run."""
    seen, todo = {entry}, [entry]
    while todo:
        fresh = (calls[todo.pop()] & calls.keys()) - seen
        seen |= fresh
        todo += fresh
    return seen
