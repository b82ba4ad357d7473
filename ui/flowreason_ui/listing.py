"""The kept runs as a list: which are wanted, in which order, and what is said of each.

Pure functions of what the store says of runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from flowreason.records import BATCH, RunInfo
from flowreason.values import plain, show
from flowreason_ui.choosing import name_of
from flowreason_ui.escape import one_line
from flowreason_ui.folding import Entry, batch_of, folded, usage_of
from flowreason_ui.steps import given_to, step_name
from flowreason_ui.telling import count, money, when

DAY: Final = 86_400.0
IMPORTED: Final = "imported"
"""The setting of a run that says from which file it came, and when."""

Origin: TypeAlias = Literal["asked", "flow", "changed", "batch", "imported"]
ORIGINS: Final[Mapping[str, str]] = {
    "": "From anywhere",
    "asked": "Asked here",
    "flow": "A flow that was run",
    "changed": "Changed from another run",
    "batch": "One of many questions",
    "imported": "Imported",
}
TIMES: Final[Mapping[float, str]] = {0: "At any time", 1: "Last 24 hours", 7: "Last 7 days", 30: "Last 30 days"}
"""By the number of days."""
COSTS: Final[Mapping[float, str]] = {0: "Any cost", 0.01: "$0.01 and more", 0.1: "$0.10 and more", 1: "$1 and more"}
"""By the money that a run took at least."""
ORDERS: Final[Mapping[str, str]] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "money": "Most money first",
    "tokens": "Most tokens first",
    "calls": "Most calls first",
}
_KEYS: Final[Mapping[str, Callable[[Entry], float]]] = {
    "oldest": lambda entry: entry.created,
    "money": lambda entry: -(usage_of(entry).money or 0),
    "tokens": lambda entry: -usage_of(entry).tokens,
    "calls": lambda entry: -usage_of(entry).calls,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are wanted. `days`: not older; `cost`: at least so much money; `model`: a part of its name; `batch`:
    those of one batch, by its name in the store."""

    search: str = ""
    status: str = ""
    days: float = 0
    cost: float = 0
    origin: str = ""
    model: str = ""
    order: str = "newest"
    batch: str = ""

    @property
    def apart(self) -> bool:
        """Whether each run of a batch is wanted by itself: where words are searched for, or such runs are asked for."""
        return bool(self.search or self.batch or self.origin == "batch")

    @property
    def plain(self) -> bool:
        """Whether the store finds them by itself, page by page."""
        return self.order == "newest" and not self.narrow

    @property
    def narrow(self) -> int:
        """How many filters are set that the store does not know."""
        return sum(map(bool, (self.days, self.cost, self.origin, self.model, self.batch)))

    def of(self, found: Iterable[RunInfo], now: float) -> list[Entry]:
        """Those that are wanted, in their order, of what the store has found (the newest first); those of one batch
        are one entry, where they are not wanted by themselves."""
        kept = [info for info in found if self._fits(info, now)]
        entries: list[Entry] = [*kept] if self.apart else folded(kept)
        return entries if self.order == "newest" else sorted(entries, key=_KEYS[self.order])

    def _fits(self, info: RunInfo, now: float) -> bool:
        return (
            (not self.days or info.created >= now - self.days * DAY)
            and (info.standing.usage.money or 0) >= self.cost
            and self.origin in ("", origin(info))
            and self.batch in ("", batch_of(info))
            and self.model.casefold() in model(info).casefold()
        )


def origin(info: RunInfo) -> Origin:
    """Where a run comes from."""
    if imported(info):
        return "imported"
    if BATCH in info.plan.settings:
        return "batch"
    if info.parent:
        return "changed"
    return "asked" if info.plan.kind == "solve" else "flow"


def imported(info: RunInfo) -> Mapping[str, Any] | None:
    """From which file a run came, and when; None for one of this machine."""
    told = info.plan.settings.get(IMPORTED)
    return told if isinstance(told, Mapping) else None


def model(info: RunInfo) -> str:
    return str(info.plan.settings.get("model") or "")


# --- what is said of one ---


def figures(info: RunInfo, now: float | None = None) -> str:
    """When it was, how it was answered, and what it took, on one line."""
    used = info.standing.usage
    method = str(info.plan.settings.get("method") or "")
    took = [count(used.calls, "call"), f"{used.tokens:,} tokens", money(used.money)] if used.calls else []
    asked = model(info) if used.calls else ""
    parts = [when(info.created, now), name_of(method) if method else "", asked, *took]
    return " · ".join(part for part in parts if part)


MOST_GIVEN = 3


def given(info: RunInfo) -> str:
    """What a flow was run with, so that two runs of it can be told apart. A question stands in the title, and of a run
    that was made from another one it is told what it has otherwise (`changed`)."""
    if info.plan.question or info.parent:
        return ""
    inputs = list(info.plan.inputs.items())
    told = [f"{name} = {one_line(show(plain(value)), 40)}" for name, value in inputs[:MOST_GIVEN]]
    more = f" and {len(inputs) - MOST_GIVEN} more" if len(inputs) > MOST_GIVEN else ""
    return ", ".join(told) + more


_SIGNS: Final = re.compile(r"^(?:\s*(?:#{1,6}|>|[-*+]|```\w*)(?:\s+|$))+")
_STRONG: Final = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


def preview(text: str) -> str:
    """A text as one line of a list, without the signs that a model writes for headings, items and stress."""
    return _STRONG.sub(r"\2", _SIGNS.sub("", text, count=1)) or text


def marks(info: RunInfo, parent: RunInfo | None = None, now: float | None = None) -> str:
    """Where a run comes from, where that is worth a word; empty else."""
    told = imported(info)
    if told is not None:
        moment = told.get("time")
        at = f" {when(moment, now)}" if isinstance(moment, int | float) else ""
        file = f" from {one_line(told['file'], 60)}" if told.get("file") else ""
        return f"Imported{at}{file}"
    if BATCH in info.plan.settings:
        mark = info.plan.settings[BATCH]
        row = mark.get("row") if isinstance(mark, Mapping) else None
        return f"Row {row + 1:,} of many questions" if isinstance(row, int) else "One of many questions"
    return changed(info, parent) if info.parent else ""


MOST_CHANGES = 3


def changed(info: RunInfo, parent: RunInfo | None) -> str:
    """What a run has that the run it was made from has not."""
    if parent is None:
        names = [step_name(info.plan, node) for _, node in given_to(info.plan)]
        return f"Changed from another run: {', '.join(names[:MOST_CHANGES])}" if names else "Made from another run"
    before, now = given_to(parent.plan), given_to(info.plan)
    found = [
        f"{step_name(info.plan, node)} = {one_line(show(plain(value)), 40)}"
        for (frame, node), value in now.items()
        if before.get((frame, node), _NOTHING) != value
    ]
    inputs = info.plan.inputs
    found += [
        f"{name} = {one_line(show(plain(inputs[name])), 40)}"
        for name in inputs
        if parent.plan.inputs.get(name, _NOTHING) != inputs[name]
    ]
    if info.plan.flow.strip() != parent.plan.flow.strip():
        found.append("another flow")
    more = f" and {len(found) - MOST_CHANGES} more" if len(found) > MOST_CHANGES else ""
    return f"Changed: {', '.join(found[:MOST_CHANGES])}{more}" if found else "Run again"


_NOTHING: Final = object()
