"""The methods that are compared: each by a name, with the values of its parameters, made to fit one budget.

`self_consistency(samples=9)` is a method with a parameter set; `graph(once)` writes one flow for a whole task.

A budget is a limit of each run. So that a method also makes use of it, its parameters of effort grow or shrink
together, in the proportion of their defaults, to the most whose estimate stays within it, of a run in which every reply
fits when it first comes; then each by itself, where there is still room. What has none takes what it takes.
Invariant: a name stands for one method with one set of parameters, so that rows of one name may be compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flowreason.engine.limits import Limits
from flowreason.errors import UsageError
from flowreason.flow import Flow
from flowreason.methods import GRAPH, Method, meant
from flowreason.methods.costs import Prices
from flowreason_dsl.types import Scalar

EFFORT = frozenset({
    "samples", "votes", "candidates", "branches", "rounds", "thoughts", "prompts", "most", "depth", "keep",
    "improvements",
})  # fmt: skip
"""Parameters that say how much a method tries."""
MOST_EFFORT = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A method in an evaluation. `inputs` are the values of its parameters that are not the question's."""

    name: str
    method: Method
    inputs: Mapping[str, Any] = field(default_factory=dict)
    flow: Flow | None = None
    once: bool = False
    """Whether flows are written once for the questions of a task, and not for each."""


def entries(
    methods: Sequence[Method] | str, budget: Limits | None = None, question: str = "?", prices: Prices = None
) -> list[Entry]:
    """The methods that are meant, each with the effort that the budget allows for a question such as this one.

    Raises `UsageError` for a method that there is not, or that is there twice, and for money where prices are unknown.
    """
    wanted = _split(methods) if isinstance(methods, str) else list(methods)
    if not wanted:
        raise UsageError("name at least one method: direct, chain_of_thought, graph, …")
    found = [_entry(each) for each in wanted]
    if budget is not None:
        if budget.money is not None and prices is None:
            raise UsageError(
                "a budget in money needs the price of the model; name it under [prices] of the config file"
            )
        found = [fitted(each, budget, question, prices) for each in found]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"the method {name} is named twice")
    return found


def _split(text: str) -> list[str]:
    """Names parted by commas; those within brackets belong to their method."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _entry(method: Method) -> Entry:
    if isinstance(method, str) and method.replace(" ", "") == f"{GRAPH}(once)":
        return Entry(f"{GRAPH}(once)", GRAPH, once=True)
    meaning = meant(method)
    plain = method.partition("(")[0].strip() if isinstance(method, str) and meaning.given else method
    return Entry(_name(meaning.name, meaning.given), plain, meaning.given, meaning.flow)


def _name(name: str, given: Mapping[str, Any]) -> str:
    return name + (f"({', '.join(f'{key}={value}' for key, value in given.items())})" if given else "")


def fitted(entry: Entry, budget: Limits, question: str = "?", prices: Prices = None) -> Entry:
    """The method with as much effort as the budget allows, where it has parameters for that and none is set."""
    flow = entry.flow
    if (
        flow is None
        or EFFORT & entry.inputs.keys()
        or (budget.calls, budget.tokens, budget.money) == (None, None, None)
    ):
        return entry
    usual = {p.name: p.default for p in flow.parameters if p.name in EFFORT and p.type == Scalar("int")}
    efforts = {name: value for name, value in usual.items() if isinstance(value, int) and value > 0}
    if not efforts:
        return entry

    def fits(given: Mapping[str, int]) -> bool:
        price = flow.price({"question": question, **entry.inputs, **given}, prices=prices, at_once=True)
        return price.over(replace(budget, depth=100, rounds=10_000)) is None

    best = _most(efforts, fits)
    inputs = {**entry.inputs, **best}
    return replace(entry, name=_name(flow.name, inputs), inputs=inputs)


def _most(usual: Mapping[str, int], fits: Callable[[Mapping[str, int]], bool]) -> dict[str, int]:
    """The most effort that fits, in the proportion of the usual one; the least there is where nothing does."""
    largest = max(usual.values())
    best = dict.fromkeys(usual, 1)
    for level in range(2, MOST_EFFORT + 1):
        more = {name: max(1, round(value * level / largest)) for name, value in usual.items()}
        if not fits(more):
            break
        best = more
    for name in best:
        while best[name] < MOST_EFFORT and fits(more := best | {name: best[name] + 1}):
            best = more
            if len(best) > 1:
                break
    return best


def with_pool(entry: Entry, pool: Iterable[str]) -> Entry:
    """The method with the questions that it may look at, where it has a parameter `pool` for them.

    They come without their answers, as for Auto-CoT (Zhang et al. 2022), and for all questions the same.
    """
    if entry.flow is None or "pool" in entry.inputs or all(p.name != "pool" for p in entry.flow.parameters):
        return entry
    return replace(entry, inputs={**entry.inputs, "pool": list(pool)})
