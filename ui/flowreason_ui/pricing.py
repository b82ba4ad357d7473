"""What a run will cost, in sentences: calls, tokens, money, what is not known yet and why, and which limit holds.

Pure functions of the `price` event and the limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.view.progress import money_text
from flowreason_ui.telling import count

HUGE: Final = 100_000
"""Calls from which a number tells nobody anything."""
_TERM = re.compile(r"(?:(?P<times>[\d,]+)·)?(?P<symbol>[A-Za-z_][^·+]*)|(?P<number>[\d,]+)")
_ITEMS = re.compile(r"the number of items in (\S+)")
_LINES = re.compile(r"calls for lines of \S+ that Python cannot run")
Linear: TypeAlias = Mapping[str, int]
"""How often each count goes in; what is sure has the name ``."""


def price_of(events: list[Event]) -> Mapping[str, Any] | None:
    """The price of the flow that runs, as it was told last; None where none was told."""
    return next((event.data for event in reversed(events) if event.kind == "price"), None)


def sentences(price: Mapping[str, Any], limits: fr.Limits, *, short: bool = False) -> list[str]:
    """What a run costs, at least and at most. One sentence where no model is asked. `short`: without what is not known
    of every run with the same model."""
    low, high = linear(price["calls"]["fewest"]), linear(price["calls"]["most"])
    if high == {}:
        return ["The flow asks the model nothing: running it costs nothing."]
    told = [_calls(low, high, price.get("symbols") or {}), _tokens(price["tokens"])]
    if price.get("money") is not None or not short:
        told.append(_money(price.get("money")))
    if price.get("recursive"):
        told.append("Parts of the flow use themselves again; how often shows only while it runs.")
    if held := _held(price, high, limits):
        told.append(held)
    return [each for each in told if each]


def in_all(prices: Iterable[Mapping[str, Any]], times: int) -> str:
    """What runs cost together, each of these prices so many times: `12 to 36 calls, about 1,900 to 30,000 tokens, at
    most about $0.04`. Empty where that is not known."""
    every = list(prices)
    if not every:
        return ""
    try:
        calls, tokens = (_together(every, name, times) for name in ("calls", "tokens"))
        money = _together(every, "money", times) if all(each.get("money") for each in every) else None
    except TypeError:  # a count that is not known is its formula
        return ""
    if not calls[1]:
        return "no calls to the model"
    parts = [_span(*map(round, calls)), _tokens({"fewest": tokens[0], "most": tokens[1]}).rstrip(".")]
    parts += [f"at most about {money_text(money[1])}"] if money else []
    return ", ".join(part[:1].lower() + part[1:] for part in parts if part)


def _together(prices: Sequence[Mapping[str, Any]], name: str, times: int) -> tuple[float, float]:
    pairs = [(each[name]["fewest"], each[name]["most"]) for each in prices]
    return times * sum(low for low, _ in pairs), times * sum(high for _, high in pairs)


def linear(amount: int | float | str) -> Linear | None:
    """A sum such as `2 + 3·len(rs)` by its counts; None for one that is none."""
    if isinstance(amount, int | float):
        return {"": int(amount)} if amount else {}
    found: dict[str, int] = {}
    for part in amount.split(" + "):
        term = _TERM.fullmatch(part.strip())
        if term is None:
            return None
        number = int((term["times"] or term["number"] or "1").replace(",", ""))
        found[(term["symbol"] or "").strip()] = number
    return found


def _calls(low: Linear | None, high: Linear | None, symbols: Mapping[str, str]) -> str:
    """How many calls: so many, so many to so many, and so many more for each of something."""
    least = (low or {}).get("", 0)
    counts = [] if high is None else [name for name in high if name]
    if not set(counts) <= set(symbols):
        high = None
    most = None if high is None else high.get("", 0)
    if high is None or len(counts) > 2 or (most is not None and most > HUGE):
        sure = f"At least {count(least, 'call')} to the model; how many more" if least else "How many calls it makes"
        return f"{sure} shows only while it runs."
    more = [_each(name, (low or {}).get(name, 0), high[name], symbols) for name in counts]
    if not most:
        return f"{_upper(' and '.join(more))}." if more else ""
    return f"{_upper(', and '.join([f'{_span(least, most)} to the model', *more]))}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _span(least: int, most: int) -> str:
    if least == most:
        return count(most, "call")
    return f"up to {count(most, 'call')}" if not least else f"{least:,} to {count(most, 'call')}"


def _each(name: str, least: int, most: int, symbols: Mapping[str, str]) -> str:
    """`1 to 3 calls for each item of lines, whose number is not known yet`."""
    meaning = re.sub(r" \(line \d+\)$", "", symbols.get(name, name))
    items = _ITEMS.fullmatch(meaning)
    if items is not None:
        return f"{_span(least, most)} for each item of “{items[1]}”, whose number is not known yet"
    if _LINES.fullmatch(meaning):
        return f"{_span(least, most)} for each line that Python cannot run by itself"
    return f"{_span(least, most)} for each of these, whose number is not known yet: {meaning}"


def _tokens(tokens: Mapping[str, Any]) -> str:
    least, most = tokens["fewest"], tokens["most"]
    if isinstance(most, str) or most > HUGE * 1_000:
        sure = (linear(least) or {}).get("", 0)
        return f"About {_two_digits(sure):,} tokens at least." if sure else ""
    if isinstance(least, str) or _two_digits(least) == _two_digits(most):
        return f"About {_two_digits(most):,} tokens."
    if not least:
        return f"Up to about {_two_digits(most):,} tokens."
    return f"About {_two_digits(least):,} to {_two_digits(most):,} tokens."


def _two_digits(number: float) -> int:
    unit: int = 10 ** max(0, len(str(int(number))) - 2)
    return round(number / unit) * unit


def _money(money: Mapping[str, Any] | None) -> str:
    if money is None:
        return "What that costs in money is not known: this model has no known price."
    least, most = money["fewest"], money["most"]
    if isinstance(most, str):
        return "" if isinstance(least, str) or not least else f"At least about {money_text(least)}."
    return f"At most about {money_text(most)}."


def _held(price: Mapping[str, Any], high: Linear | None, limits: fr.Limits) -> str:
    """The limit that stops it, where it may want more."""
    if limits.calls is not None and (high is None or set(high) != {""} or high[""] > limits.calls):
        return f"Your limit of {count(limits.calls, 'call')} stops it where it wants more."
    most = price["tokens"]["most"]
    if limits.tokens is not None and (isinstance(most, str) or most > limits.tokens):
        return f"Your limit of {limits.tokens:,} tokens stops it where it wants more."
    money = (price.get("money") or {}).get("most")
    if limits.money is not None and money is not None and (isinstance(money, str) or money > limits.money):
        return f"Your limit of ${limits.money:g} stops it where it wants more."
    return ""
