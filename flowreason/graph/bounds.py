"""Exact arithmetic with counts that are not known yet: `2 + 3·len(lines)`, `max(1, rounds)`, ∞.

A `Bound` is a polynomial over symbols, each some number that is not negative, and over `max(…)` and `min(…)` of
polynomials. Invariants: every bound is monotone in every symbol; evaluating commutes with `+`, `·`, `highest` and
`lowest`; equal bounds print alike. Nothing times ∞ is nothing: a loop without rounds costs nothing, whatever stands
in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import Literal, TypeAlias

Number: TypeAlias = "int | Fraction"
Atom: TypeAlias = "Symbol | Extreme"
Monomial: TypeAlias = "tuple[tuple[Atom, int], ...]"
Terms: TypeAlias = "Mapping[Monomial, Number]"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A count that is not known yet. Symbols with the same name are the same count."""

    name: str

    def __str__(self) -> str:
        return self.name


INFINITE = Symbol("∞")
_PLAIN = {()}
"""The only monomial of a known count."""


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest or smallest of several bounds, none of which is surely the one."""

    kind: Literal["max", "min"]
    parts: tuple[Bound, ...]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Bound:
    """A count, or how it is reckoned from others. Made by `constant`, `symbol`, `+`, `*`, `highest` and `lowest`."""

    terms: tuple[tuple[Monomial, Number], ...] = ()

    def __add__(self, other: Bound | float | Number) -> Bound:
        other = as_bound(other)
        return total((self, other)) if self.terms and other.terms else other if other.terms else self

    __radd__ = __add__

    def __mul__(self, other: Bound | float | Number) -> Bound:
        other = as_bound(other)
        if not (self.terms and other.terms):
            return ZERO
        if ONE in (self, other):
            return self if other == ONE else other
        found: dict[Monomial, Number] = defaultdict(int)
        for left, a in self.terms:
            for right, b in other.terms:
                found[_joined(left, right)] += a * b
        return _made(found)

    __rmul__ = __mul__

    @property  # a cached one takes longer: most are looked at once
    def number(self) -> float | Number | None:
        """The count where it is known (`inf` for ∞), else None."""
        if not self.terms:
            return 0
        if len(self.terms) > 1:
            return None
        (monomial, count), *_ = self.terms
        if not monomial:
            return count
        return inf if monomial == ((INFINITE, 1),) else None

    @property
    def known(self) -> bool:
        return self.number is not None

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The names of the counts that it depends on."""
        found: set[str] = set()
        for monomial, _ in self.terms:
            for atom, _ in monomial:
                if isinstance(atom, Extreme):
                    found = found.union(*(part.symbols for part in atom.parts))
                elif atom != INFINITE:
                    found.add(atom.name)
        return frozenset(found)

    @cached_property
    def unlimited(self) -> bool:
        """Whether ∞ stands in it."""
        atoms = [atom for monomial, _ in self.terms for atom, _ in monomial]
        return any(
            atom == INFINITE or (isinstance(atom, Extreme) and any(p.unlimited for p in atom.parts)) for atom in atoms
        )

    @cached_property
    def size(self) -> int:
        """How many terms it has, those inside `max` and `min` included."""
        inside = (
            part.size
            for monomial, _ in self.terms
            for atom, _ in monomial
            if isinstance(atom, Extreme)
            for part in atom.parts
        )
        return len(self.terms) + sum(inside)

    def put(self, values: Mapping[str, Bound | float | Number]) -> Bound:
        """The same with some symbols known, or reckoned from others."""
        if not (self.symbols & values.keys()):
            return self
        return total(_put_all(monomial, values) * count for monomial, count in self.terms)

    def at(self, values: Mapping[str, float | Number]) -> float | Number:
        """The number that comes out when all symbols are known. Raises `KeyError` for one that is not given."""
        found: float | Number = 0
        for monomial, count in self.terms:
            factors = [count, *(_value_of(atom, values) ** power for atom, power in monomial)]
            found += 0 if 0 in factors else _product(factors)
        return found

    def __str__(self) -> str:
        return " + ".join(_written(monomial, count) for monomial, count in self.terms) or "0"

    def __repr__(self) -> str:
        return f"<Bound {self}>"


# --- making them -------------------------------------------------------------------------------------------


def constant(count: float | Number) -> Bound:
    """A known count. Raises `ValueError` for a negative one."""
    if count != count or count < 0:
        raise ValueError(f"a count is not negative, and this is {count}")
    if type(count) is int:
        return Bound((((), count),)) if count else ZERO
    if count == inf:
        return UNBOUNDED
    exact = Fraction(str(count)) if isinstance(count, float) else count
    whole: Number = int(exact) if exact == int(exact) else exact
    return Bound((((), whole),)) if whole else Bound()


def symbol(name: str) -> Bound:
    """A count that is not known yet."""
    return Bound(((((Symbol(name), 1),), 1),))


def as_bound(count: Bound | float | Number) -> Bound:
    return count if isinstance(count, Bound) else constant(count)


def total(bounds: Iterable[Bound | float | Number]) -> Bound:
    """The sum of many, in one go."""
    found: dict[Monomial, Number] = defaultdict(int)
    for each in bounds:
        for monomial, count in as_bound(each).terms:
            found[monomial] += count
    return constant(found[()]) if found.keys() == _PLAIN else _made(found)


def highest(*bounds: Bound | float | Number) -> Bound:
    """The largest of several; 0 of none."""
    return _extreme("max", [as_bound(each) for each in bounds])


def lowest(*bounds: Bound | float | Number) -> Bound:
    """The smallest of several; ∞ of none."""
    return _extreme("min", [as_bound(each) for each in bounds]) if bounds else UNBOUNDED


def ceiling(*bounds: Bound) -> Bound:
    """A bound without a `max` of its own that none of the given ones exceeds: coarser than `highest`, and shorter."""
    found: dict[Monomial, Number] = defaultdict(int)
    for each in bounds:
        for monomial, count in each.terms:
            found[monomial] = max(found[monomial], count)
    return _made(found)


def at_least(first: Bound, second: Bound) -> bool:
    """Whether the first is surely not below the second, whatever the symbols are. False means that it may be."""
    if first.number is not None and second.number is not None:
        return first.number >= second.number
    have = dict(first.terms)
    endless = [_atoms(monomial) - {INFINITE} for monomial in have if INFINITE in _atoms(monomial)]
    return all(
        have.get(monomial, 0) >= count or any(rest <= _atoms(monomial) for rest in endless)
        for monomial, count in second.terms
    )


# --- normal form -------------------------------------------------------------------------------------------


def _made(found: Terms) -> Bound:
    """Terms in normal form: in a fixed order, without those that are nothing or vanish beside ∞."""
    live = {monomial: count for monomial, count in found.items() if count}
    endless = [monomial for monomial in live if INFINITE in _atoms(monomial)]
    for each in endless:
        rest = _atoms(each) - {INFINITE}
        live = {m: c for m, c in live.items() if m == each or not rest <= _atoms(m)} if each in live else live
        if each in live:
            live[each] = 1
    return Bound(tuple(sorted(live.items(), key=lambda term: _rank(term[0]))))


def _atoms(monomial: Monomial) -> frozenset[Atom]:
    return frozenset(atom for atom, _ in monomial)


def _rank(monomial: Monomial) -> tuple[int, int, list[str]]:
    return sum(power for _, power in monomial), len(monomial), [str(atom) for atom, _ in monomial]


def _joined(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not (left and right):
        return left or right
    powers: dict[Atom, int] = defaultdict(int)
    for atom, power in (*left, *right):
        powers[atom] = 1 if atom == INFINITE else powers[atom] + power
    return tuple(sorted(powers.items(), key=lambda item: str(item[0])))


def _extreme(kind: Literal["max", "min"], bounds: list[Bound]) -> Bound:
    """The extreme of several bounds: parts that cannot be it are left out, and what all share stands outside."""
    numbers = [each.number for each in bounds]
    if None not in numbers:
        return bounds[numbers.index(max(numbers) if kind == "max" else min(numbers))] if bounds else ZERO  # type: ignore[type-var]
    parts = _worth_keeping(kind, [part for each in bounds for part in _opened(kind, each)])
    if len(parts) <= 1:
        return parts[0] if parts else Bound()
    shared = _shared(parts)
    if shared:
        outside = _made(shared)
        return outside + _extreme(kind, [_without(part, shared) for part in parts])
    ordered = tuple(sorted(parts, key=lambda part: (not part.known, str(part))))
    return Bound(((((Extreme(kind, ordered), 1),), 1),))


def _opened(kind: str, bound: Bound) -> Iterable[Bound]:
    """The parts of a bound in which one extreme of the same kind stands, with all that stands around it; else
    itself."""
    inner = [term for term in bound.terms if any(isinstance(atom, Extreme) for atom, _ in term[0])]
    if len(inner) != 1 or len(inner[0][0]) != 1:
        return (bound,)
    (((atom, power),), count) = inner[0]
    if not isinstance(atom, Extreme) or atom.kind != kind or power != 1:
        return (bound,)
    rest = Bound(tuple(term for term in bound.terms if term is not inner[0]))
    return [part * count + rest for part in atom.parts]


def crowded(kind: Literal["max", "min"], bounds: list[Bound], most: int) -> bool:
    """Whether more than so many parts would stand in the extreme of some bounds, as far as the first ones tell."""
    return len(_worth_keeping(kind, bounds, most)) > most


def _worth_keeping(kind: str, bounds: list[Bound], most: int | None = None) -> list[Bound]:
    kept: list[Bound] = []
    for each in bounds:
        if most is not None and len(kept) > most:
            break
        beaten = (lambda a, b: at_least(b, a)) if kind == "max" else at_least
        if any(beaten(each, other) for other in kept):
            continue
        kept = [other for other in kept if not beaten(other, each)]
        kept.append(each)
    return kept


def _shared(parts: list[Bound]) -> dict[Monomial, Number]:
    """The terms that all parts have, as often as all have them. ∞ is shared by none: it cannot be taken away."""
    found = {m: c for m, c in parts[0].terms if INFINITE not in _atoms(m)}
    for part in parts[1:]:
        terms = dict(part.terms)
        found = {m: min(c, terms[m]) for m, c in found.items() if m in terms}
    return found


def _without(part: Bound, shared: Terms) -> Bound:
    return _made({m: c - shared.get(m, 0) for m, c in part.terms})


# --- reading them ------------------------------------------------------------------------------------------


def _put_all(monomial: Monomial, values: Mapping[str, Bound | float | Number]) -> Bound:
    out = ONE
    for atom, power in monomial:
        factor = _put(atom, values)
        for _ in range(power):
            out = out * factor
    return out


def _put(atom: Atom, values: Mapping[str, Bound | float | Number]) -> Bound:
    if isinstance(atom, Extreme):
        return _extreme(atom.kind, [part.put(values) for part in atom.parts])
    return as_bound(values[atom.name]) if atom.name in values else Bound(((((atom, 1),), 1),))


def _value_of(atom: Atom, values: Mapping[str, float | Number]) -> float | Number:
    if isinstance(atom, Extreme):
        found = [part.at(values) for part in atom.parts]
        return max(found) if atom.kind == "max" else min(found)
    return inf if atom == INFINITE else values[atom.name]


def _product(factors: Iterable[float | Number]) -> float | Number:
    out: float | Number = 1
    for factor in factors:
        out = inf if inf in (out, factor) else out * factor
    return out


_RAISED = {2: "²", 3: "³"}


def _written(monomial: Monomial, count: Number) -> str:
    factors = [f"{atom}{'' if power == 1 else _RAISED.get(power, f'^{power}')}" for atom, power in monomial]
    return "·".join(factors if factors and count == 1 else [_digits(count), *factors])


def _digits(count: Number) -> str:
    return f"{count:,}" if isinstance(count, int) else f"{float(count):.4g}"


ZERO = Bound()
ONE = constant(1)
UNBOUNDED = Bound(((((INFINITE, 1),), 1),))
"""∞: no number is known that it stays below."""
