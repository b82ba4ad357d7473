"""Why a run came to its answer, as text: sentences first, then a table for each thing that is known.

Invariant: what is shown is a function of what was found; text that came from a model stands on one line, without
control characters, and is never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowreason.values import show
from flowreason.view.progress import money_text, seconds_text
from flowreason.view.text import clean, one_line, shorten

if TYPE_CHECKING:
    from flowreason.ports import Usage
    from flowreason.why.told import Agreement, Branch, LoopTold, Path, Probe, Round, Segment, Step, Why

SHOWN = 60
"""Characters of a value in a table."""
MOST_ROWS = 12
MOST_ROUNDS = 6
MOST_LOOPS = 3
WIDTH = 120
WORTH = 0.5
"""Seconds that a step waited for its values which are worth a word."""
WIDEST = (56, 40)
"""The most columns of the first cell of a row, and of the others but the last."""

_OUTCOMES = {
    "changed": "another answer:", "same": "the same answer", "fails": "fails:", "answers": "then it answers:",
    "stable": "says the same again", "unfit": "did not fit:", "stopped": "stopped:",
    "cut": "needs more calls than were left",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title. The last column is as wide as there is room for."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def as_text(why: Why, width: int = WIDTH) -> str:
    """All of it as plain text."""
    parts = [*header(why), "", *(line(each) for each in (*why.summary, *why.notes))]
    for section in sections(why):
        parts += ["", f"{section.title}:", *_table(section, width)]
    return "\n".join(each.rstrip() for each in parts)


def header(why: Why) -> list[str]:
    """Which run it is, what was asked, and what it came to."""
    found = [f"{why.run}  {why.status}"]
    if why.question:
        found.append(shorten(line(why.question), 2 * WIDTH))
    if why.answer is not None:
        found.append(f"answer: {shorten(line(show(why.answer)), 2 * WIDTH)}")
    return found


def line(text: str) -> str:
    """Text on one line, without control characters."""
    return one_line(clean(text))


def sections(why: Why, *, whole: bool = False) -> Iterator[Section]:
    """The tables, each only where it has rows; `whole`: all of them."""
    most = 1_000_000 if whole else MOST_ROWS
    for title, columns, rows in _all(why, whole):
        found = [tuple(line(cell) for cell in row) for row in rows]
        if found:
            yield Section(title, columns, tuple(found[:most]), max(0, len(found) - most))


def _all(why: Why, whole: bool) -> Iterator[tuple[str, tuple[str, ...], Iterable[tuple[str, ...]]]]:
    yield "what was tried", ("step", "was", "tried", "how", "calls", "then"), map(_probe, why.probes)
    yield "not tried", ("step", "why not"), _untried(why)
    yield "how sure", ("step", "how", "agreed", "said"), map(_agreement, why.agreement)
    yield "what the answer depends on, nearest first", ("step", "asks"), _grouped(why.depends)
    yield "without influence on the answer", ("step", "asks"), _grouped(why.without)
    yield "ways taken", ("step", "condition", "way", "since"), _ways(why.branches)
    yield "loops", ("loop", "rounds", "ended because"), ((str(e.step), _count(e), e.because) for e in why.loops)
    for told in why.loops if whole else [each for each in why.loops if _carries(each)][:MOST_LOOPS]:
        yield f"what the rounds of {told.step} changed", ("round", "changes"), _rounds(told, whole)
    if why.time is not None:
        yield f"{_until(why)} ({seconds_text(why.time.total)})", ("step", "share", "took", "of that"), _path(why.time)
    if why.money is not None:
        yield f"the costliest way ({_worth(why.money)})", ("step", "share", "took"), _paid(why.money)
    yield "the costliest steps", ("step", "share", "times", "took"), _costs(why)


def _until(why: Why) -> str:
    return "what decided when the answer came" if why.status == "answered" else "what it did one after the other"


# --- rows ---


def _value(value: Any) -> str:
    return shorten(show(value), SHOWN)


def _times(text: str, count: int) -> str:
    return text if count == 1 else f"{text} ×{count}"


def _probe(probe: Probe) -> tuple[str, ...]:
    then = _OUTCOMES[probe.outcome]
    if probe.outcome in ("changed", "answers"):
        then = f"{then} {_value(probe.answer)}"
    elif probe.error and probe.outcome != "cut":
        then = f"{then} {shorten(probe.error, 2 * SHOWN)}"
    how = {"other": "other value", "minority": "outvoted", "draw": "drawn anew"}[probe.how]
    tried = "" if probe.outcome == "unfit" else _value(probe.tried)
    return str(probe.step), _value(probe.was), tried, how, str(probe.usage.calls), then


def _untried(why: Why) -> Iterator[tuple[str, ...]]:
    """Rounds and calls of one step that were left for one reason as one row."""
    found: dict[tuple[str, str, str], tuple[Step, int]] = {}
    for each in why.untried:
        kind = each.step.flow, each.step.node, each.because
        first, count = found.get(kind, (each.step, 0))
        found[kind] = first, count + each.count
    for (_, _, because), (step, count) in found.items():
        yield _times(str(step), count), because


def _agreement(each: Agreement) -> tuple[str, ...]:
    said = ", ".join(f"{_value(group.value)} ×{group.count}" for group in each.groups[:4])
    back = f"{len(each.rejected)} sent back: {shorten(each.rejected[-1], SHOWN)}" if each.rejected else ""
    cancelled = f"{each.cancelled} not needed" if each.cancelled else ""
    agreed = "" if each.how == "retries" else f"{each.agreed} of {each.of}"
    return str(each.step), each.how, agreed, "; ".join(part for part in (said, back, cancelled) if part)


def _grouped(steps: Sequence[Step]) -> Iterator[tuple[str, ...]]:
    """Rounds and calls of one step as one row."""
    found: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        found.setdefault((step.flow, step.node), []).append(step)
    for same in found.values():
        yield _times(str(same[0]), len(same)), same[0].about


def _ways(branches: Sequence[Branch]) -> Iterator[tuple[str, ...]]:
    for each in branches:
        since = ", ".join(f"{name} = {_value(value)}" for name, value in each.seen)
        yield str(each.step), each.condition, each.way, since


def _carries(told: LoopTold) -> bool:
    return any(change.diff for each in told.rounds for change in each.changes)


def _count(told: LoopTold) -> str:
    of = f" of {told.of}" if told.of is not None and told.of != told.count else ""
    failed = f", {told.failed} failed" if told.failed else ""
    return f"{told.count}{of}{failed}"


def _rounds(told: LoopTold, whole: bool) -> Iterator[tuple[str, ...]]:
    """The rounds that changed something or failed; the first few, and the last."""
    rows = [row for each in told.rounds if (row := _round(each)) is not None]
    if not whole and len(rows) > MOST_ROUNDS:
        more = len(rows) - MOST_ROUNDS
        rows = [*rows[: MOST_ROUNDS - 1], ("…", f"{more} more (--all shows them)"), rows[-1]]
    yield from rows
    if told.left_out:
        yield "…", f"{told.left_out:,} more rounds"


def _round(each: Round) -> tuple[str, ...] | None:
    said = [f"{change.name}: {change.diff}" for change in each.changes if change.diff]
    said += [f"failed: {shorten(each.error, 2 * SHOWN)}"] if each.error else []
    if not said and not each.changes:
        return None
    item = f" {_value(each.item)}" if each.item is not None else ""
    return f"[{each.index}]{item}", "; ".join(said) or "nothing"


def _path(path: Path) -> Iterator[tuple[str, ...]]:
    for each in path.steps:
        yield str(each.step), f"{each.share:.0%}", seconds_text(each.seconds), _apart(each)
    if path.rest >= 0.01 * path.total:
        yield "between them", f"{path.rest / path.total:.0%}" if path.total else "", seconds_text(path.rest), ""


def _apart(each: Segment) -> str:
    """`model 2.1 s, waiting for limits 3.0 s`; nothing where it is all one thing."""
    parts = {
        "model": each.model, "waiting for limits": each.limits, "Python": each.python, "tool": each.tool,
        "person": each.person, "other": each.other,
    }  # fmt: skip
    told = {name: seconds for name, seconds in parts.items() if seconds >= max(0.0005, 0.01 * each.seconds)}
    said = [next(iter(told))] if len(told) == 1 else [f"{name} {seconds_text(s)}" for name, s in told.items()]
    return ", ".join([*said, *([f"waited {seconds_text(each.waited)} for its values"] if each.waited >= WORTH else [])])


def _used(usage: Usage) -> str:
    calls = f"{usage.calls:,} call{'' if usage.calls == 1 else 's'}"
    return " · ".join(part for part in (calls, f"{usage.tokens:,} tokens", money_text(usage.money or None)) if part)


def _worth(path: Path) -> str:
    return money_text(path.total) if path.unit == "money" else f"{path.total:,.0f} tokens"


def _paid(path: Path) -> Iterator[tuple[str, ...]]:
    for each in path.steps:
        yield str(each.step), f"{each.share:.0%}", _used(each.usage)
    if path.rest >= 0.01 * path.total:
        yield "beside it", f"{path.rest / path.total:.0%}", ""


def _costs(why: Why) -> Iterator[tuple[str, ...]]:
    for each in why.costs:
        if each.usage.calls or each.seconds >= 0.01:
            took = _used(each.usage) if each.usage.calls else ""
            seconds = seconds_text(each.seconds) if each.seconds >= 0.0005 else ""
            yield str(each.step), f"{each.share:.0%}", str(each.times), " · ".join(p for p in (took, seconds) if p)


# --- plain tables ---


def _table(section: Section, width: int) -> Iterator[str]:
    """The rows in columns, cut to a width."""
    rows = [section.columns, *section.rows]
    widths = [min(WIDEST[n > 0], max(len(row[n]) for row in rows)) for n in range(len(section.columns))]
    for row in rows:
        cells = [shorten(cell, wide) if len(cell) > wide else cell for cell, wide in zip(row, widths, strict=True)]
        cells[-1] = row[-1]
        told = "  ".join(f"{cell:<{wide}}" for cell, wide in zip(cells, widths, strict=True)).rstrip()
        yield "  " + (told if len(told) <= width or width <= 0 else told[: width - 1].rstrip() + "…")
    if section.left_out:
        yield f"  … {section.left_out:,} more"
