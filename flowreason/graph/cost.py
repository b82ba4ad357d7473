"""What one step costs: calls to the model, and about how many tokens.

Invariant: calls are true bounds; tokens are estimates, reckoned from the lengths of texts (see `tokens.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from flowreason.graph import ops
from flowreason.graph.bounds import (
    ONE,
    ZERO,
    Bound,
    Number,
    as_bound,
    ceiling,
    constant,
    crowded,
    highest,
    lowest,
    total,
)
from flowreason.graph.known import KnownValues
from flowreason.graph.model import Graph, Node
from flowreason.graph.peek import Range, exactly
from flowreason.graph.tokens import Tokens, embeds
from flowreason_dsl.python import facts

TRIES = 3
"""How often an ask is sent at most, where the flow names no `tries`."""

UNCOUNTED = (400, 1500)
"""Tokens in and out of a call about which nothing is known: of an emulated line, or of a flow that is written while
it runs."""

LONGEST = 48
"""Terms of a bound; a longer one is made coarser."""


class Cost(NamedTuple):
    """Calls, and tokens in and out."""

    calls: Bound = ZERO
    prompt: Bound = ZERO
    completion: Bound = ZERO

    def times(self, count: Bound | Number) -> Cost:
        return Cost(self.calls * count, self.prompt * count, self.completion * count)

    def put(self, values: Mapping[str, Bound]) -> Cost:
        return Cost(self.calls.put(values), self.prompt.put(values), self.completion.put(values))


NOTHING = Cost()


def together(costs: Iterable[Cost]) -> Cost:
    """One and the other."""
    parts = [cost for cost in costs if cost is not NOTHING]
    if len(parts) <= 1:
        return parts[0] if parts else NOTHING
    return Cost(total(c.calls for c in parts), total(c.prompt for c in parts), total(c.completion for c in parts))


def dearest(costs: Iterable[Cost]) -> Cost:
    """One of several: not more than this."""
    parts = list(costs)
    return Cost(*(upper([part[i] for part in parts]) for i in range(3)))


def cheapest(costs: Iterable[Cost]) -> Cost:
    """One of several: not less than this. None at all: no way leads there."""
    parts = list(costs)
    return Cost(*(lower([part[i] for part in parts]) for i in range(3)))


def upper(bounds: list[Bound]) -> Bound:
    """The highest of several, or where that grows too long, one that none exceeds."""
    bounds = list(dict.fromkeys(reversed(bounds)))  # what comes last is likely to exceed the others
    if crowded("max", bounds, LONGEST):
        return ceiling(*bounds)
    found = highest(*bounds)
    return found if found.size <= LONGEST else ceiling(*bounds)


def lower(bounds: list[Bound]) -> Bound:
    """The lowest of several, or where that grows too long, the smallest number that is known to be below."""
    bounds = list(dict.fromkeys(bounds))
    if not crowded("min", bounds, LONGEST):
        found = lowest(*bounds)
        if found.size <= LONGEST:
            return found
    return as_bound(min(dict(bound.terms).get((), 0) for bound in bounds))


class Parameter(NamedTuple):
    """What a symbol of a sub-flow stands for: the length or the number of a parameter, and what it is by default."""

    name: str
    length: bool
    default: Range | None


class Callee(NamedTuple):
    """What a sub-flow costs, in counts of its own parameters; which of them it surely waits for; and its longest
    chain."""

    most: Cost = NOTHING
    fewest: Cost = NOTHING
    needs: frozenset[str] = frozenset()
    chain: Bound = ZERO
    parameters: Mapping[str, Parameter] = {}


Lookup = Callable[[str], Callee]


class Steps:
    """The cost of the steps of one flow. `asking`: flows that may call the model; `at_once`: no reply goes back."""

    def __init__(
        self, graph: Graph, known: KnownValues, callee: Lookup, asking: frozenset[str], at_once: bool = False
    ) -> None:
        self.graph = graph
        self.known = known
        self.tokens = Tokens(known)
        self.callee = callee
        self.asking = asking
        self.at_once = at_once

    # --- calls ---

    def most(self, node: Node) -> Cost:
        """The most that one run of a step costs; loops only what their `ensure`s cost."""
        match node.op:
            case ops.Ask(user=True):
                return self._checks(node, high=True).times(self._tries(node, node.op).high)
            case ops.Ask():
                return self._ask_most(node, node.op)
            case ops.CallFlow(flow=flow):
                return self._called(flow, node, high=True)
            case ops.Emulate():
                return _uncounted(self.known.calls_of(node, "emulate", "calls for lines of {} that Python cannot run"))
            case ops.Solve():
                return _uncounted(self.known.calls_of(node, "", "calls of the flow that is written at {}"))
            case ops.RunText():
                return _uncounted(self.known.calls_of(node, "", "calls of the flow text that is run at {}"))
            case ops.Python(functions=functions) if self.asking.intersection(functions):
                own = _uncounted(self.known.calls_of(node, "", "calls of flows that the Python of {} calls"))
                return together([own, self._checks(node, high=True)])
        return self._checks(node, high=True)

    def fewest(self, node: Node) -> Cost:
        """The fewest that a run of a step costs which does not fail."""
        match node.op:
            case ops.Ask(user=True):
                return self._checks(node, high=False)
            case ops.Ask():
                return self._ask_fewest(node, node.op)
            case ops.CallFlow(flow=flow):
                return self._called(flow, node, high=False)
            case ops.Solve():
                return Cost(ONE, constant(UNCOUNTED[0]), ONE)
        return self._checks(node, high=False)

    def chain(self, node: Node) -> Bound:
        """The most calls that one run of a step makes one after the other."""
        match node.op:
            case ops.Ask(user=user):
                tries = self._tries(node, node.op).high
                return tries * (self._check_chain(node) + (0 if user else 1))
            case ops.CallFlow(flow=flow):
                found = self.callee(flow)
                return found.chain.put(self._arguments(found, node, high=True))
        own = self.most(node).calls if isinstance(node.op, ops.Emulate | ops.Solve | ops.RunText | ops.Python) else ZERO
        return own + self._check_chain(node)

    # --- asks ---

    def _draws(self, node: Node, op: ops.Ask) -> tuple[Range, bool]:
        """How many independent answers an ask draws, and whether they vote."""
        for name in ("vote", "samples"):
            found = self._setting(node, op, name)
            if found is not None:
                return found, name == "vote"
        return exactly(ONE), False

    def _tries(self, node: Node, op: ops.Ask) -> Range:
        if self.at_once or embeds(node, op):
            return exactly(ONE)
        return self._setting(node, op, "tries") or exactly(TRIES)

    def _setting(self, node: Node, op: ops.Ask, name: str) -> Range | None:
        """A setting that is a whole number; a computed one from what is known of its node."""
        fixed = dict(op.settings)
        if name in fixed:
            value = fixed[name]
            return exactly(value) if isinstance(value, int) and value >= 1 else exactly(ONE)
        for read in node.reads:
            if read.role == "setting" and read.name == name:
                found = self.known.count(read.source)
                return found if found.low.known else Range(lowest(1, found.low), found.high)
        return None

    def _ask_most(self, node: Node, op: ops.Ask) -> Cost:
        draws, _ = self._draws(node, op)
        tries = self._tries(node, op).high
        prompt, reply = self.tokens.prompt(node, op)[1], self.tokens.reply(node, op)[1]
        again = tries.number if tries.number is not None and tries.number < 100 else TRIES
        history = float(again) * (float(again) - 1) / 2 * (reply + self.tokens.again(node, op))
        one = Cost(tries, constant(round(prompt)) * tries + round(history), constant(round(reply)) * tries)
        return together([one, self._checks(node, high=True).times(tries)]).times(draws.high)

    def _ask_fewest(self, node: Node, op: ops.Ask) -> Cost:
        draws, votes = self._draws(node, op)
        count = draws.low
        if votes:
            count = constant((int(count.number) + 1) // 2) if count.number is not None else lowest(1, count)
        prompt, reply = self.tokens.prompt(node, op)[0], self.tokens.reply(node, op)[0]
        one = Cost(ONE, constant(round(prompt)), constant(round(reply)))
        return together([one, self._checks(node, high=False)]).times(count)

    # --- sub-flows and checks ---

    def _called(self, flow: str, node: Node, high: bool) -> Cost:
        found = self.callee(flow)
        cost = found.most if high else found.fewest
        return cost.put(self._arguments(found, node, high))

    def _arguments(self, found: Callee, node: Node, high: bool) -> dict[str, Bound]:
        """What the symbols of a sub-flow's parameters stand for at one call."""
        given = {read.name: read.source for read in node.reads if read.role == "argument"}
        return self._put(found, given, high)

    def _put(self, found: Callee, given: Mapping[str, str], high: bool) -> dict[str, Bound]:
        used = found.most.calls.symbols | found.fewest.calls.symbols | found.chain.symbols
        out = {}
        for text in used & found.parameters.keys():
            parameter = found.parameters[text]
            if parameter.name in given:
                source = given[parameter.name]
                span = self.known.length(source) if parameter.length else self.known.count(source)
            elif parameter.default is not None:
                span = parameter.default
            else:
                continue
            out[text] = span.high if high else span.low
        return out

    def _checks(self, node: Node, high: bool) -> Cost:
        """What the `ensure`s of a node cost each time that they are looked at."""
        if not node.checks:
            return NOTHING
        parts = []
        sources = {read.name: read.source for read in node.reads if read.role == "value"}
        for check in node.checks:
            if check.flow is not None:
                found = self.callee(check.flow)
                cost = found.most if high else found.fewest
                given = {name: sources[name] for name, _ in check.arguments if name in sources}
                parts.append(cost.put(self._put(found, given, high)))
            elif high and check.code is not None and self.asking.intersection(facts(check.code).all_names):
                parts.append(_uncounted(self.known.calls_of(node, "ensure of", "calls that the checks of {} make")))
        return together(parts)

    def _check_chain(self, node: Node) -> Bound:
        flows = [self.callee(check.flow).chain for check in node.checks if check.flow is not None]
        return total(flows)


def _uncounted(calls: Bound) -> Cost:
    return Cost(calls, calls * UNCOUNTED[0], calls * UNCOUNTED[1])
