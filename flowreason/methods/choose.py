"""Which method answers a question within the limits, and why: `choose`.

Invariant: a pure function of the question, what comes with it and the limits, and the same for the same; it chooses a
method for every text, and never one whose least cost is over the limits while another's is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flowreason.engine.limits import Limits
from flowreason.methods.costs import GRAPH, Cost, Costs, Prices, costs_of
from flowreason.methods.features import look
from flowreason.methods.rules import DIRECT, Rule, rule_for

_HOW = {
    GRAPH: "a flow is written for it",
    DIRECT: "it is asked as it is",
    "chain_of_thought": "the model reasons like in worked examples",
    "least_to_most": "it is taken apart and solved step by step",
    "program_of_thoughts": "the model writes a program and Python runs it",
    "self_debug": "the model writes a program and mends it by what it does",
    "self_refine": "a draft is refined after feedback",
    "tree_of_thoughts": "partial solutions are proposed, valued and the best followed",
    "zero_shot_cot": "the model reasons before it answers",
}
"""What each method does, as it is told with the reason."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A method by its name, and in one sentence why."""

    method: str
    reason: str


def choose(
    question: str,
    inputs: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    tools: Collection[Any] = (),
    *,
    prices: Prices = None,
    costs: Costs | None = None,
) -> Choice:
    """The method for a question. `prices` are the model's, `costs` what each method takes (else the library's)."""
    bounds = limits or Limits()
    cost = costs or costs_of(question, inputs or {}, bounds, prices)
    rule = rule_for(look(question), inputs=bool(inputs), tools=bool(tools))
    offered: list[tuple[str, Cost]] = []
    for name in rule.methods:
        if (found := cost(name)) is not None:
            offered.append((name, found))
            if not found.usual.over(bounds):
                return _told(rule, name, offered[0][0], offered[0][1].usual.over(bounds), bounds)
    first, over = (offered[0][0], offered[0][1].usual.over(bounds)) if offered else (DIRECT, "")
    for name, found in offered:
        if not found.least.over(bounds):
            return _told(rule, name, first, over, bounds)
    return Choice(DIRECT, f"{rule.because}, and no method fits into {_limit(over, bounds)}")


def _told(rule: Rule, name: str, first: str, over: str, limits: Limits) -> Choice:
    how = _HOW.get(name, f"it is answered by {name}")
    if not over:
        return Choice(name, f"{rule.because}, so {how}")
    room = f"{_limit(over, limits)} has hardly room for" if name == first else f"{_limit(over, limits)} has no room for"
    return Choice(name, f"{rule.because}; {room} {first}, so {how}")


def _limit(name: str, limits: Limits) -> str:
    """`the limit of 2 calls`."""
    if not name:
        return "the limits"
    allowed = getattr(limits, name)
    if name == "money":
        return f"the limit of ${allowed:g}"
    unit = name.removesuffix("s") if allowed == 1 else name
    return (
        f"the limit of {allowed:,g} {unit}" if name in ("calls", "tokens", "seconds") else f"the limit {name}={allowed}"
    )
