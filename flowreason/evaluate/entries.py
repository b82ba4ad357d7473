"""The methods that are compared: each by a name, with the values of its parameters, made to fit one budget.

`self_consistency(samples=9)` is a method with a parameter set; `graph(once)` writes one flow for a whole task.
Invariant: a name stands for one method with one set of parameters, so that rows of one name may be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_input
from flowreason.engine.limits import Limits
from flowreason.errors import UsageError
from flowreason.flow import Flow
from flowreason.methods import GRAPH, Method, meant
from flowreason_dsl.names import nearest
from flowreason_dsl.types import Scalar

EFFORT = ("samples", "votes", "candidates", "branches", "rounds", "thoughts", "prompts", "most")
"""Parameters that say how much a method tries; the first of them that it has is set to what the budget allows."""
MOST_EFFORT = 40
TRIES = 3
"""Requests that an ask may take at worst; most take one, so that a budget of calls is held against one."""
_SPEC = re.compile(r"\s*([^()]+?)\s*(?:\((.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """A method in an evaluation. `inputs` are the values of its parameters that are not the question's."""

    name: str
    method: Method
    inputs: Mapping[str, Any] = field(default_factory=dict)
    flow: Flow | None = None
    once: bool = False
    """Whether flows are written once for the questions of a task, and not for each."""


def entries(methods: Sequence[Method] | str, budget: Limits | None = None) -> list[Entry]:
    """The methods that are meant. Raises `UsageError` for one that there is not, or that is there twice."""
    wanted = _split(methods) if isinstance(methods, str) else list(methods)
    if not wanted:
        raise UsageError("name at least one method: direct, chain_of_thought, graph, …")
    found = [_entry(each) for each in wanted]
    if budget is not None:
        found = [fitted(each, budget) for each in found]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"the method {name} is named twice")
    return found


def _split(text: str) -> list[str]:
    """Names parted by commas; those within brackets belong to their method."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _entry(method: Method) -> Entry:
    if not isinstance(method, str):
        meaning = meant(method)
        return Entry(meaning.name, method, flow=meaning.flow)
    spec = _SPEC.fullmatch(method)
    if spec is None:
        raise UsageError(f"{method!r} is no method; write it as NAME or NAME(parameter=value, …)")
    if (spec[1], spec[2]) == (GRAPH, "once"):
        return Entry("graph(once)", GRAPH, once=True)
    meaning = meant(spec[1])
    given = _given(spec[2] or "", meaning.name, meaning.flow)
    return Entry(_name(meaning.name, given), spec[1], given, meaning.flow)


def _given(text: str, name: str, flow: Flow | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        key, equals, value = part.partition("=")
        known = {} if flow is None else {p.name: p.type for p in flow.parameters if p.name != "question"}
        if not equals or key.strip() not in known:
            near = nearest(key.strip(), known)
            hint = f"; did you mean {near!r}?" if near else f"; it has {', '.join(known) or 'none to set'}"
            raise UsageError(f"{name} has no parameter {key.strip()!r}{hint}")
        try:
            found[key.strip()] = parse_input(value.strip(), known[key.strip()])
        except Misfit as misfit:
            raise UsageError(f"{name}: {key.strip()}: {misfit.reason}") from None
    return found


def _name(name: str, given: Mapping[str, Any]) -> str:
    return name + (f"({', '.join(f'{key}={value}' for key, value in given.items())})" if given else "")


def fitted(entry: Entry, budget: Limits) -> Entry:
    """The method with as much effort as the budget of calls allows, where it has a parameter for that and none is set.

    Held against the calls of a run in which every ask is answered at once; the budget itself bounds what a run takes.
    """
    flow, calls = entry.flow, budget.calls
    if flow is None or calls is None or entry.inputs:
        return entry
    name = next((each for each in EFFORT if _is_count(flow, each)), None)
    if name is None:
        return entry
    best = max((n for n in range(1, MOST_EFFORT + 1) if _calls(flow, {name: n}) <= calls), default=1)
    return replace(entry, name=_name(entry.name, {name: best}), inputs={name: best})


def _is_count(flow: Flow, name: str) -> bool:
    return any(p.name == name and p.type == Scalar("int") and p.default is not None for p in flow.parameters)


def _calls(flow: Flow, given: Mapping[str, Any]) -> float:
    """The most calls of a run whose asks are all answered at once."""
    most = flow.price({"question": "?", **given}).most.at(_One())
    return float(most) / TRIES


class _One(dict[str, float]):
    """What is not known counts once."""

    def __missing__(self, _: str) -> float:
        return 1


def with_pool(entry: Entry, pool: Iterable[str]) -> Entry:
    """The method with the questions that it may look at, where it has a parameter `pool` for them.

    They come without their answers, as for Auto-CoT (Zhang et al. 2022), and for all questions the same.
    """
    if entry.flow is None or "pool" in entry.inputs or all(p.name != "pool" for p in entry.flow.parameters):
        return entry
    return replace(entry, inputs={**entry.inputs, "pool": list(pool)})
