"""The price of a flow before it runs: fewest and most calls, tokens, money, and the longest chain of calls.

Invariants: no run makes more calls than `most`; a run in which no step fails makes no fewer than `fewest`, where an
answer that is shared with an equal call counts as a call. Tokens and money are estimates. What cannot be known
beforehand is a symbol, and explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor, inf, log10
from typing import Any, Protocol

from flowreason.graph.bounds import ZERO, Bound, Extreme, Number, as_bound, constant, highest, lowest, symbol, total
from flowreason.graph.cost import NOTHING
from flowreason.graph.model import Graph
from flowreason.graph.reckon import Reckoning

DEPTH = 16
"""How deep flows may call one another, where nothing else is said."""

MILLION = 1_000_000
LONGEST_SHOWN = 60
"""Characters of a formula in the summary; a longer one is left to the details."""


class LimitsLike(Protocol):
    """The limits of a run that a price is held against (see `engine.limits.Limits`); None: no limit."""

    @property
    def calls(self) -> int | None: ...
    @property
    def tokens(self) -> int | None: ...
    @property
    def money(self) -> float | None: ...
    @property
    def depth(self) -> int: ...
    @property
    def rounds(self) -> int: ...


@dataclass(frozen=True)
class Price:
    """What a run of a flow costs.

    `fewest` and `most` count calls to the model; `tokens` and `money` (US dollars; None where prices are unknown) are
    estimates of the least and the most. `critical_path` is the most calls one after the other, `depth` how deep
    sub-flows call one another (recursion aside), `rounds` the most rounds of one loop that are known. `symbols` says
    what each unknown count is.
    """

    fewest: Bound
    most: Bound
    tokens: tuple[Bound, Bound]
    money: tuple[Bound, Bound] | None
    critical_path: Bound
    depth: int = 0
    recursive: bool = False
    levels: int = DEPTH
    rounds: float = 0
    symbols: Mapping[str, str] = field(default_factory=dict)
    counted: tuple[Bound, Bound, Bound | None] = (ZERO, ZERO, None)
    """The most calls, tokens and money of a run in which no flow calls itself."""

    def over(self, limits: LimitsLike) -> str | None:
        """The name of the limit that a run may exceed by what its text and inputs say, or None.

        What cannot be known beforehand (a list that is still to be made, how deep a recursion goes, what an emulated
        line asks) counts once: there the limit itself keeps watch while the flow runs.
        """
        calls, tokens, money = (None if bound is None else bound.at(_Known(1)) for bound in self.counted)
        wanted = [
            ("calls", calls, limits.calls),
            ("tokens", tokens, limits.tokens),
            ("money", money, limits.money),
            ("depth", self.depth, limits.depth),
            ("rounds", self.rounds, limits.rounds),
        ]
        for name, needed, allowed in wanted:
            if needed is not None and allowed is not None and needed > allowed:
                return name
        return None

    def holds_for_all(self, limits: LimitsLike) -> bool:
        """Whether this price, of a run whose inputs are not known, says of any inputs that they keep within the limits.

        The tokens of inputs are not known beforehand, so that it does not where tokens or money are limited.
        """
        if self.most == ZERO:
            return self.over(limits) is None
        unlimited = limits.tokens is None and limits.money is None
        return unlimited and self.most.known and self.over(limits) is None

    def summary(self) -> str:
        """One line: `2 to 6 calls, about 1,900 tokens, at most $0.004`.

        Where flows call themselves, it is said of a run in which they do not, and then how many calls there may be.
        """
        if self.most == ZERO:
            return "no calls to the model"
        calls, tokens, money = self.counted
        parts = [_calls(self.fewest, calls)]
        shown = _span(_rounded(self.tokens[0]), _rounded(tokens))
        if len(shown) <= LONGEST_SHOWN:
            parts.append(f"about {shown} tokens".replace("about up to", "up to about"))
        if money is not None and len(dollars(money)) <= LONGEST_SHOWN:
            parts.append(f"at most about {dollars(money)}")
        return ", ".join(parts) + self._of_recursion()

    def _of_recursion(self) -> str:
        if not self.recursive or self.most == self.counted[0]:
            return ""
        calls = "any number of" if self.most.number == inf else f"at most {self.most}"
        return f", where no flow calls itself; {calls} calls where one goes {self.levels} deep"

    def as_json(self) -> dict[str, Any]:
        """The price as plain data; a count that is not known is its formula."""
        money = None if self.money is None else _pair(self.money)
        return {
            "calls": _pair((self.fewest, self.most)),
            "tokens": _pair(self.tokens),
            "money": money,
            "critical_path": _plain(self.critical_path),
            "depth": self.depth,
            "recursive": self.recursive,
            "symbols": dict(self.symbols),
            "summary": self.summary(),
        }

    def __str__(self) -> str:
        return self.summary()


def price(
    graph: Graph,
    *,
    inputs: Mapping[str, Any] | None = None,
    prompt_price: float | None = None,
    completion_price: float | None = None,
    depth: int = DEPTH,
    at_once: bool = False,
) -> Price:
    """What a run costs. `inputs` are the values that are known of the parameters; prices are US dollars per million
    tokens; `depth` is how deep flows may call one another. `at_once`: of a run in which no reply goes back."""
    full = Reckoning(graph, dict(inputs or {}), depth, at_once)
    found = full.entry()
    once = Reckoning(graph, dict(inputs or {}), 1, at_once).entry() if full.recursive else found
    least = NOTHING if found.fewest.calls.unlimited else found.fewest

    def paid(prompt: Bound, completion: Bound) -> Bound | None:
        if prompt_price is None or completion_price is None:
            return None
        return prompt * _each(prompt_price) + completion * _each(completion_price)

    low, high = paid(least.prompt, least.completion), paid(found.most.prompt, found.most.completion)
    tokens = (least.prompt + least.completion, found.most.prompt + found.most.completion)
    used = total((least.calls, found.most.calls, *tokens, found.chain)).symbols
    return Price(
        fewest=least.calls,
        most=found.most.calls,
        tokens=tokens,
        money=None if low is None or high is None else (low, high),
        critical_path=found.chain,
        depth=full.depth,
        recursive=full.recursive,
        levels=depth,
        rounds=full.most_rounds(),
        symbols={name: meaning for name, meaning in sorted(full.explained.items()) if name in used},
        counted=(
            once.most.calls,
            once.most.prompt + once.most.completion,
            paid(once.most.prompt, once.most.completion),
        ),
    )


def _each(price: float) -> Bound:
    """The price of one token."""
    return constant(price) * as_bound(_fraction(1, MILLION))


def _fraction(one: int, of: int) -> Number:
    from fractions import Fraction

    return Fraction(one, of)


class _Known(dict[str, float]):
    """Every symbol is the same number."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def __missing__(self, name: str) -> float:
        return self.number


# --- how people read it ------------------------------------------------------------------------------------


def _span(low: Bound, high: Bound) -> str:
    """`3`, `2 to 6`, `len(lines) to 3·len(lines)`, `up to 4`, `at least 2`."""
    if low == high:
        return str(low)
    if low == ZERO:
        return f"up to {high}" if high.number != inf else "any number of"
    if high.number == inf:
        return f"at least {low}"
    return f"{low} to {high}"


def _calls(low: Bound, high: Bound) -> str:
    """How many calls; a formula that nobody would read to its end is told by what it depends on."""
    shown = f"{_span(low, high)} call{'' if high.number == 1 else 's'}"
    if len(shown) <= 2 * LONGEST_SHOWN:
        return shown
    least = low.at(_Known(0))
    unknown = len(high.symbols)
    return f"at least {least:,} calls (how many depends on {unknown} count{'s' * (unknown > 1)} not known yet)"


def _rounded(bound: Bound) -> Bound:
    """A bound with its numbers cut to two digits that count."""
    return total(_rebuilt(monomial) * _two_digits(count) for monomial, count in bound.terms)


def _rebuilt(monomial: Iterable[tuple[Any, int]]) -> Bound:
    out = constant(1)
    for atom, power in monomial:
        if isinstance(atom, Extreme):
            factor = (highest if atom.kind == "max" else lowest)(*(_rounded(part) for part in atom.parts))
        else:
            factor = symbol(atom.name)
        for _ in range(power):
            out = out * factor
    return out


def _two_digits(count: Number) -> int:
    if count < 10:
        return max(1, round(count))
    unit = 10 ** (floor(log10(count)) - 1)
    return int(round(count / unit) * unit)


def dollars(bound: Bound) -> str:
    """An amount as people write it: `$0.004`, `$0.0002·len(lines)`."""
    number = bound.number
    if number is not None:
        return _amount(float(number))
    parts = []
    for monomial, count in bound.terms:
        rest = "·".join(str(_power(atom, power)) for atom, power in monomial)
        parts.append(f"{_amount(float(count))}{'·' if rest else ''}{rest}")
    return " + ".join(parts)


def _power(atom: Any, power: int) -> str:
    return str(atom) if power == 1 else f"{atom}^{power}"


def _amount(number: float) -> str:
    if number == inf:
        return "any amount"
    if number == 0:
        return "$0"
    digits = max(2, 1 - floor(log10(number)))
    return f"${number:,.{digits}f}" if digits == 2 else f"${number:.{digits}f}".rstrip("0")


def _pair(bounds: tuple[Bound, Bound]) -> dict[str, Any]:
    return {"fewest": _plain(bounds[0]), "most": _plain(bounds[1])}


def _plain(bound: Bound) -> int | float | str:
    number = bound.number
    if number is None or number == inf:
        return str(bound)
    return int(number) if number == int(number) else round(float(number), 6)
