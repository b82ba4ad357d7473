"""The runs of many questions as one line of a list, so that a batch of a thousand does not hide what else is there.

Pure functions of what the store says of runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flowreason.ports import Usage
from flowreason.records import BATCH, RunInfo
from flowreason_ui.telling import STATES, Told, count, money, when

WORSE = ("running", "waiting", "failed", "limit", "interrupted", "cancelled")
"""States of a run that are said of a batch before it is called answered, the first that any has."""


@dataclass(frozen=True)
class Many:
    """Runs of one batch, by the name that it has in the store."""

    name: str
    runs: tuple[RunInfo, ...]

    @property
    def id(self) -> str:
        return self.name

    @cached_property
    def usage(self) -> Usage:
        return sum((info.standing.usage for info in self.runs), Usage())

    @cached_property
    def created(self) -> float:
        return max(info.created for info in self.runs)


Entry: TypeAlias = RunInfo | Many


def batch_of(info: RunInfo) -> str:
    """The batch that a run belongs to; empty for one of its own."""
    mark = info.plan.settings.get(BATCH)
    return str(mark.get("name") or "") if isinstance(mark, Mapping) else ""


def folded(found: Iterable[RunInfo]) -> list[Entry]:
    """Runs in their order, those of a batch together where the first of them stands."""
    together: dict[str, list[RunInfo]] = {}
    for info in found:
        together.setdefault(batch_of(info) or f"run {info.id}", []).append(info)
    return [
        Many(name, tuple(runs)) if batch_of(runs[0]) else runs[0] for name, runs in together.items()
    ]  # fmt: skip


def usage_of(entry: Entry) -> Usage:
    return entry.usage if isinstance(entry, Many) else entry.standing.usage


def state_of(many: Many) -> Told:
    """How the runs of a batch stand, as one: the state that most needs a look."""
    there = Counter(info.status for info in many.runs)
    worst = next((status for status in WORSE if there[status]), "answered")
    if worst == "answered":
        return Told(f"{len(many.runs):,} answered", STATES[worst].icon, STATES[worst].color)
    told = ", ".join(f"{there[each]:,} {STATES[each].words.lower()}" for each in ("answered", *WORSE) if there[each])
    return Told(told, STATES[worst].icon, STATES[worst].color)


def figures_of(many: Many, now: float | None = None, told: Sequence[str] = ()) -> str:
    """When the runs of a batch were, by which model, and what they took together; `told`: what else is said of it."""
    models = dict.fromkeys(str(info.plan.settings.get("model") or "") for info in many.runs)
    used = many.usage
    took = [count(used.calls, "call"), f"{used.tokens:,} tokens", money(used.money)] if used.calls else []
    return " · ".join(part for part in [when(many.created, now), *told, *models, *took] if part)


def of_runs(entries: Sequence[Entry]) -> list[RunInfo]:
    """Those that are runs of their own."""
    return [each for each in entries if isinstance(each, RunInfo)]
