"""How sure a share and a difference are, from counts.

Intervals are two-sided at 95 %. Shares: Wilson's score interval (Wilson 1927). Differences between two methods on the
same questions: Newcombe's interval for paired proportions (Newcombe 1998, Statistics in Medicine 17, method 10), and
the exact test of McNemar (1947). All are functions of counts, without chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `count`, with the interval from `low` to `high`."""

    right: int
    count: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.right / self.count if self.count else 0.0


def share(right: int, count: int) -> Share:
    """A share with its interval; of nothing it is from 0 to 1."""
    if not count:
        return Share(0, 0, 0.0, 1.0)
    p, z2 = right / count, Z * Z
    middle = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = Z / (1 + z2 / count) * sqrt(p * (1 - p) / count + z2 / (4 * count * count))
    low = 0.0 if right == 0 else max(0.0, middle - half)
    return Share(right, count, low, 1.0 if right == count else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Paired:
    """Two methods on the same questions: `value` is the share of the first less that of the second.

    `both`, `first`, `second`, `neither`: on how many questions which of them was right. `p`: the exact probability of
    a split as uneven as this, were they equally good.
    """

    both: int
    first: int
    second: int
    neither: int
    value: float
    low: float
    high: float
    p: float

    @property
    def count(self) -> int:
        return self.both + self.first + self.second + self.neither

    @property
    def clear(self) -> bool:
        """Whether the interval is on one side of zero."""
        return self.low > 0 or self.high < 0


def paired(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """The difference of two methods, question by question."""
    pairs = list(zip(first, second, strict=True))
    both, only_first, only_second = pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True))
    neither = len(pairs) - both - only_first - only_second
    low, high = _newcombe(both, only_first, only_second, neither)
    value = (only_first - only_second) / len(pairs) if pairs else 0.0
    return Paired(both, only_first, only_second, neither, value, low, high, mcnemar(only_first, only_second))


def holm(found: Sequence[float]) -> list[float]:
    """Probabilities that were looked at together, each as it is to be judged then (Holm 1979): of many differences that
    are none, one looks clear by chance."""
    count, adjusted, highest = len(found), [1.0] * len(found), 0.0
    for rank, at in enumerate(sorted(range(count), key=found.__getitem__)):
        highest = max(highest, min(1.0, (count - rank) * found[at]))
        adjusted[at] = highest
    return adjusted


def mcnemar(first: int, second: int) -> float:
    """The two-sided exact probability of so uneven a split of the questions on which two methods differ."""
    count, less = first + second, min(first, second)
    if not count:
        return 1.0
    return float(min(1.0, 2 * sum(comb(count, k) for k in range(less + 1)) / 2**count))


def _newcombe(both: int, first: int, second: int, neither: int) -> tuple[float, float]:
    count = both + first + second + neither
    if not count:
        return -1.0, 1.0
    one, other = share(both + first, count), share(both + second, count)
    phi = _correlation(both, first, second, neither)
    below, above = one.value - one.low, other.high - other.value
    up, down = one.high - one.value, other.value - other.low
    difference = one.value - other.value
    low = difference - sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    high = difference + sqrt(max(0.0, down**2 - 2 * phi * down * up + up**2))
    return max(-1.0, low), min(1.0, high)


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """How the two agree beyond chance, with Newcombe's correction for small counts."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not margins:
        return 0.0
    cross, count = both * neither - first * second, both + first + second + neither
    corrected = max(cross - count / 2, 0.0) if cross > 0 else float(cross)
    return corrected / sqrt(margins)
