"""What each method needs for a question, held against the limits of a run, before anything is asked.

Invariant: what a method needs usually is reckoned to be no less than what it needs at the least. Counts of calls are
those of the flow's price; tokens and money are estimates; time is reckoned from the calls that wait for one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

from flowreason import library
from flowreason.compiler.inputs import BEGINNING
from flowreason.compiler.prompt import LONGEST_QUESTION, system
from flowreason.engine.limits import Limits
from flowreason.graph.bounds import Bound
from flowreason.graph.tokens import CHARACTERS_A_TOKEN
from flowreason.ports import Provider

Prices: TypeAlias = "tuple[float, float] | None"
"""US dollars for a million tokens, in and out; None where they are unknown."""

GRAPH = "graph"
SHORT = frozenset({"program_of_thoughts"})
"""Methods whose shortest way is the usual one: what else they ask stands in for a program that fails."""
GRAPH_CALLS = 3
"""A draft, a draft that is mended, and one question that is left to ask."""
REPLY = 600
"""Tokens of a flow that is written, or of a long reply."""
SECONDS_A_CALL = 5.0


@dataclass(frozen=True, slots=True)
class Need:
    """What a run uses, or needs room for."""

    calls: float
    tokens: float
    money: float = 0.0
    seconds: float = 0.0
    depth: float = 0.0
    rounds: float = 0.0

    def over(self, limits: Limits) -> str:
        """The limit that it breaks, by name; empty where none."""
        for name in ("calls", "tokens", "money", "seconds", "depth", "rounds"):
            allowed = getattr(limits, name)
            if allowed is not None and getattr(self, name) > allowed:
                return name
        return ""


@dataclass(frozen=True, slots=True)
class Cost:
    """`least`: of a run in which no step fails and every way taken is the shortest. `usual`: most runs need no more."""

    least: Need
    usual: Need


Costs: TypeAlias = Callable[[str], "Cost | None"]
"""The cost of a method by its name; None where there is no such method for this question."""


def costs_of(question: str, inputs: Mapping[str, Any], limits: Limits, prices: Prices = None) -> Costs:
    """The costs of the methods for a question."""

    def cost(name: str) -> Cost | None:
        if name == GRAPH:
            return of_graph(question, inputs, prices)
        return of_library(name, question, inputs, limits, prices) if name in library.names() else None

    return cost


def of_graph(question: str, inputs: Mapping[str, Any], prices: Prices) -> Cost:
    """Having a flow written. What the flow itself takes is known when it is there, and is priced then."""
    shown = min(len(question), LONGEST_QUESTION) + BEGINNING * len(inputs)
    prompt = (len(system()) + shown) / CHARACTERS_A_TOKEN
    least = Need(1, prompt + 1, _money(prompt, 1, prices))
    asked = prompt + 2 * REPLY
    return Cost(least, Need(GRAPH_CALLS, asked + REPLY, _money(asked, REPLY, prices), 2 * SECONDS_A_CALL))


def of_library(name: str, question: str, inputs: Mapping[str, Any], limits: Limits, prices: Prices) -> Cost | None:
    """A method of the library; None for one that needs more than a question, or cannot take so much."""
    from flowreason.errors import UsageError
    from flowreason.methods.material import fitted

    flow = library.load(name)
    try:
        given = fitted(flow, question, inputs)
    except UsageError:
        return None
    price = flow.price(given, prices=prices, depth=limits.depth, at_once=True)
    calls, tokens, money = (0.0 if each is None else _once(each) for each in price.counted)
    low = 0.0 if price.money is None else _once(price.money[0])
    fewest = max(_once(price.fewest), min(1.0, calls))  # a loop may make each ask dispensable, not all of them
    least = Need(fewest, _once(price.tokens[0]), low)
    expected = fewest if name in SHORT else max(fewest, calls)
    part = expected / calls if calls else 1.0
    usual = Need(
        expected,
        max(least.tokens, tokens * part),
        max(least.money, money * part),
        ceil(_once(price.critical_path) * part) * SECONDS_A_CALL,
        price.depth,
        price.rounds,
    )
    return Cost(least, usual)


class _One(dict[str, float]):
    """Every count that is not known is one."""

    def __missing__(self, name: str) -> float:
        return 1.0


def _once(bound: Bound) -> float:
    return float(bound.at(_One()))


def prices_of(provider: Provider) -> Prices:
    """What the model that answers takes for a million tokens."""
    info = provider.model_info(None)
    if info.prompt_price is None or info.completion_price is None:
        return None
    return info.prompt_price, info.completion_price


def _money(prompt: float, completion: float, prices: Prices) -> float:
    return 0.0 if prices is None else (prompt * prices[0] + completion * prices[1]) / 1e6
