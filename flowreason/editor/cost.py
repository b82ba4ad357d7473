"""What a step or a flow takes, said in the words of the price.

Invariant: nothing is said where nothing is asked, or where the graph cannot be had.
"""

from __future__ import annotations

from flowreason.editor.analysis import Analysis
from flowreason.graph.bounds import ZERO, Bound, as_bound
from flowreason.graph.cost import Cost
from flowreason.graph.price import Price


def of_step(analysis: Analysis, flow: str, id: str) -> str:
    """`1 to 3 calls, about 170 to 900 tokens`; empty where a step asks nothing."""
    found = analysis.reckoning
    if found is None:
        return ""
    fewest, most = found.of_step(flow, id)
    return _said(fewest, most, analysis.surroundings.prices)


def of_flow(analysis: Analysis, name: str) -> str:
    """What one run of a flow takes."""
    found = analysis.reckoning
    if found is None or name not in found.graph.flows:
        return ""
    callee = found.of_flow(name)
    said = _said(callee.fewest, callee.most, analysis.surroundings.prices)
    return said or "no calls to the model"


def _said(fewest: Cost, most: Cost, prices: tuple[float, float] | None) -> str:
    if most.calls == ZERO:
        return ""
    least = Cost() if fewest.calls.unlimited else fewest
    tokens = least.prompt + least.completion, most.prompt + most.completion
    money = _money(least, prices), _money(most, prices)
    paid = None if money[0] is None or money[1] is None else (money[0], money[1])
    made = Price(least.calls, most.calls, tokens, paid, ZERO, counted=(most.calls, tokens[1], money[1]))
    return made.summary()


def _money(cost: Cost, prices: tuple[float, float] | None) -> Bound | None:
    if prices is None:
        return None
    from fractions import Fraction

    each = [as_bound(Fraction(price) / 1_000_000) for price in prices]
    return cost.prompt * each[0] + cost.completion * each[1]
