"""`runs` and `runs delete`: which runs are kept, and forgetting some of them.

Invariant: nothing is deleted that was not named and agreed to; a run that somebody works at stays.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Final, get_args

import flowreason as fr
from flowreason.cli import failures, output
from flowreason.errors import UsageError
from flowreason.keeping import DEFAULT
from flowreason.ports import Usage
from flowreason.records import RunStatus
from flowreason.resuming import EVERY, the_store
from flowreason.view.progress import money_text

if TYPE_CHECKING:
    from flowreason.records import RunInfo

STATUSES: Final = ("interrupted", *get_args(RunStatus))
MOST_NAMED = 10


def list_runs(search: str, status: str, most: int, store: str | None, *, as_data: bool) -> int:
    """Name the latest runs; gives the exit code."""
    place = store or DEFAULT
    found = [with_usage(info, place) for info in fr.runs(search, status=known_status(status), most=most, store=place)]
    if as_data:
        output.emit(json.dumps([as_json(info) for info in found], ensure_ascii=False))
        return failures.ANSWERED
    for line in table(found):
        output.emit(line)
    if not found:
        narrowed = bool(search or status)
        output.note(
            "no such run is kept" if narrowed else "no run is kept yet; `flowreason solve` and `run` keep theirs"
        )
    elif len(found) == most:
        output.note(f"these are the latest {most}; -n NUMBER shows more")
    return failures.ANSWERED


def with_usage(info: RunInfo, place: str) -> RunInfo:
    """A run with what it has used. One that did not come to its end was not added up: that is done here."""
    if info.status in ("answered", "waiting", "limit") or info.standing.usage.calls:
        return info
    from flowreason.kept_events import used_in

    async def added_up() -> Usage:
        kept = the_store(place)
        return reduce(add, [await used_in(kept, info, n) for n in range(1, info.session + 1)], Usage())

    return replace(info, standing=replace(info.standing, usage=asyncio.run(added_up())))


def known_status(status: str) -> str:
    """A status by which runs can be chosen."""
    if status and status not in STATUSES:
        raise UsageError(f"no run stands as {status!r}; there are: {', '.join(STATUSES)}")
    return status


def as_json(info: RunInfo) -> dict[str, Any]:
    """What is known of a run without its events."""
    used = info.standing.usage
    return {
        "run": info.id,
        "status": info.status,
        "title": title(info),
        "kind": info.plan.kind,
        "method": method_of(info) or None,
        "created": info.created,
        "updated": info.updated,
        "session": info.session,
        "parent": info.parent or None,
        "model": info.plan.settings.get("model"),
        "calls": used.calls,
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "money": used.money,
        "error": info.standing.error or None,
    }


def method_of(info: RunInfo) -> str:
    """How its question was answered; empty for a flow that was run by itself."""
    from flowreason.methods import chosen_before

    chosen = chosen_before(info.plan)
    return "" if chosen is None else chosen.name


def title(info: RunInfo) -> str:
    """What a run is known by: its question, or its flow without what stands before it."""
    if info.plan.question:
        return info.title
    begins = re.search(r"^\s*flow\b", info.plan.flow, re.MULTILINE)
    return " ".join(info.plan.flow[begins.start() if begins else 0 :].split())


def table(found: Sequence[RunInfo]) -> Iterator[str]:
    """A line for each run, in columns."""
    from flowreason.view.terminal import safe
    from flowreason.view.text import shorten

    rows = [(each.id, when(each.created), each.status, *_cost(each), safe(method_of(each))) for each in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = output.width() - sum(widths) - 2 * len(widths)
    for info, (id, began, status, calls, money, method) in zip(found, rows, strict=True):
        right = [f"{cell:>{width}}" for cell, width in zip((calls, money), widths[3:5], strict=True)]
        cells = [id, began, f"{status:<{widths[2]}}", *right, f"{method:<{widths[5]}}"]
        told = [cell for cell, width in zip(cells, widths, strict=True) if width]
        yield "  ".join([*told, shorten(safe(title(info)), max(20, room))])


def _cost(info: RunInfo) -> tuple[str, str]:
    """Calls and money."""
    used = info.standing.usage
    return f"{used.calls:,} call{'' if used.calls == 1 else 's'}", money_text(used.money) if used.money else ""


def when(moment: float) -> str:
    """A moment on the clock of this machine."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


# --- deleting ---


def delete(runs: Sequence[str], older_than: str | None, status: str, store: str | None, *, yes: bool) -> int:
    """Forget runs; gives the exit code."""
    place = store or DEFAULT
    if bool(runs) == bool(older_than or status):
        raise UsageError("say which runs to delete: by their ids, or with --older-than 30d, --status failed or both")
    found = _named(runs, place) if runs else _aged(older_than, known_status(status), place)
    known = {info.id: info for info in found}
    if not known:
        output.note("there is no such run; nothing was deleted")
        return failures.ANSWERED
    for line in table(list(known.values())[:MOST_NAMED]):
        output.note(line)
    if len(known) > MOST_NAMED:
        output.note(f"… and {len(known) - MOST_NAMED:,} more")
    if not (yes or _agreed(len(known))):
        output.note("nothing was deleted")
        return failures.FAILED
    fr.delete_runs(list(known), store=place)
    output.note(f"deleted {_count(len(known))}")
    return failures.ANSWERED


def _named(runs: Sequence[str], place: str) -> Iterator[RunInfo]:
    for run in runs:
        yield fr.run_info(run, store=place)


def _aged(older_than: str | None, status: str, place: str) -> Iterator[RunInfo]:
    """The runs that nobody works at and in which nothing has happened for so long."""
    before = time.time() - (0.0 if older_than is None else seconds_of(older_than))
    for info in fr.runs(status=status, most=EVERY, store=place):
        if info.updated <= before and not info.alive:
            yield info


def _agreed(count: int) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"this would delete {_count(count)} for good; say that you mean it: --yes")
    print(f"Delete {_count(count)} for good? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _count(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(age: str) -> float:
    """The seconds of `30d`, `12h`, `2w`, `90m`."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*([mhdw])", age.strip().lower())
    if found is None:
        raise UsageError(f"--older-than {age!r} is no age; write it as 90m, 12h, 30d or 2w")
    return float(found[1]) * _UNITS[found[2]]
