"""Which argument goes to which parameter, and what is left over or missing.

Invariant: the same rule serves calls of the flow language and calls in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flowreason_dsl.check.kinds import listed
from flowreason_dsl.diagnostics import Fix
from flowreason_dsl.names import nearest
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import Argument, Call, Parameter

MOST_TOLD = 20
"""How many arguments of one call are told to be wrong."""


class Problem(NamedTuple):
    """Something wrong with a call: `name` is that of the argument at fault, `meant` the one that is most like it."""

    code: str
    message: str
    name: str | None = None
    meant: str | None = None

    def fix(self, argument: Span, source: Source) -> Fix | None:
        """The name that was meant, in place of that with which an argument begins."""
        if self.name is None or self.meant is None or not source.slice(argument).startswith(self.name):
            return None
        written = Span(argument.start, argument.start + len(self.name))
        return Fix(f"write `{self.meant}`", written, self.meant)


def after_named(call: Call) -> Argument | None:
    """The first argument without a name that stands after one with a name."""
    named = False
    for argument in call.arguments:
        if argument.name is None and named:
            return argument
        named = named or argument.name is not None
    return None


@dataclass(frozen=True, slots=True)
class Filled:
    """`slots[i]` is the parameter of argument i (positional ones first, then those with names), None where none is."""

    slots: tuple[Parameter | None, ...]
    parameters: tuple[Parameter, ...]
    extra: int
    unknown: tuple[str, ...]
    twice: tuple[str, ...]
    missing: tuple[str, ...]

    def problems(self, target: str) -> Iterator[Problem]:
        """Everything that is wrong."""
        names = tuple(p.name.text for p in self.parameters)
        if self.extra:
            takes = f"takes {listed(names)}" if names else "takes nothing"
            more = f"{self.extra} more {'is' if self.extra == 1 else 'are'} given"
            yield Problem("argument-extra", f"`{target}` {takes}, and {more}")
        free = set(names) - set(self.given)
        for name in self.unknown[:MOST_TOLD]:
            near = nearest(name, free)
            meant = f"did you mean `{near}`?" if near else f"it takes {listed(names)}"
            yield Problem("argument-unknown", f"`{target}` has no parameter `{name}`; {meant}", name, near)
        for name in self.twice[:MOST_TOLD]:
            yield Problem("argument-twice", f"`{target}` gets `{name}` twice", name)
        if self.missing and not self.unknown:
            yield Problem("argument-missing", f"`{target}` needs {listed(self.missing)} as well")

    @property
    def given(self) -> tuple[str, ...]:
        return tuple(slot.name.text for slot in self.slots if slot is not None)


def fill(parameters: Sequence[Parameter], positional: int, names: Sequence[str]) -> Filled:
    """Hand so many arguments without a name, and those with the given names, to parameters."""
    by_name = {p.name.text: p for p in parameters}
    slots: list[Parameter | None] = [parameters[i] if i < len(parameters) else None for i in range(positional)]
    taken = {p.name.text for p in parameters[:positional]}
    unknown, twice = [], []
    for name in names:
        if name not in by_name:
            unknown.append(name)
            slots.append(None)
            continue
        if name in taken:
            twice.append(name)
        taken.add(name)
        slots.append(by_name[name])
    missing = [p.name.text for p in parameters if p.default is None and p.name.text not in taken]
    extra = max(0, positional - len(parameters))
    return Filled(tuple(slots), tuple(parameters), extra, tuple(unknown), tuple(twice), tuple(missing))
