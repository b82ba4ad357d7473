"""The figures of an evaluation: per task and method what was right and what it took, and methods against each other.

Invariant: every figure is a function of the rows. Means are over all questions of a cell, those without an answer
included, which count as wrong; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median

from flowreason.evaluate.answered import Answered
from flowreason.evaluate.statistics import Paired, Share, holm, paired, share

SURE = 0.05
"""Where so uneven a split is less likely than this, were two methods equally good, one is called better."""
ALL = "all"
"""The name of the group of all questions."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A method on a group of questions. `calls`, `tokens`, `money` are means per question, `seconds` the median
    of those of which no reply was known before (`known` counts the others), None where there is none.

    `score`: the mean score, which differs from the share for graphs alone. `free`: how many questions took no call.
    `first_draft` and `drafted`: of the flows that were written, those whose first draft could be run, and those that
    could after repair. `shared`: how many questions were answered by a flow that was written for many. `spent`: the
    mean part of its budget that a question took; `cut`: how many questions a limit ended.
    """

    group: str
    method: str
    right: Share
    score: float
    calls: float
    tokens: float
    money: float | None
    seconds: float | None
    failed: int
    unread: int
    free: int
    shared: int
    first_draft: Share | None
    drafted: Share | None
    spent: float | None
    cut: int
    known: int = 0


def cell(group: str, method: str, rows: Sequence[Answered]) -> Cell:
    """The figures of some rows of one method; there must be some."""
    written = [row for row in rows if row.drafted is not None]
    spent = [row.spent for row in rows if row.spent is not None]
    seconds = [row.seconds for row in rows if not row.known]
    moneys = [row.money for row in rows if row.money is not None]
    return Cell(
        group,
        method,
        share(sum(row.right for row in rows), len(rows)),
        fmean(row.score for row in rows),
        fmean(row.calls for row in rows),
        fmean(row.tokens for row in rows),
        sum(moneys) / len(rows) if len(moneys) == len(rows) else None,
        median(seconds) if seconds else None,
        sum(row.failed for row in rows),
        sum(row.unread for row in rows),
        sum(row.calls == 0 and not row.failed for row in rows),
        sum(row.way == "shared" for row in rows),
        share(sum(bool(row.first_draft) for row in written), len(written)) if written else None,
        share(sum(bool(row.drafted) for row in written), len(written)) if written else None,
        fmean(spent) if spent else None,
        sum(row.cut for row in rows),
        sum(row.known > 0 for row in rows),
    )


def cells(rows: Iterable[Answered], group: Callable[[Answered], str] = lambda row: row.task) -> list[Cell]:
    """A cell for each group and method, in the order in which they first occur."""
    found: dict[tuple[str, str], list[Answered]] = {}
    for row in rows:
        found.setdefault((group(row), row.method), []).append(row)
    groups = dict.fromkeys(name for name, _ in found)
    methods = dict.fromkeys(method for _, method in found)
    return [cell(g, m, found[g, m]) for g in groups for m in methods if (g, m) in found]


def overall(rows: Iterable[Answered]) -> list[Cell]:
    """A cell for each method, over all questions."""
    return cells(rows, lambda row: ALL)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two methods on the questions that both were given. `p`: as in `paired`, of all differences that are looked at."""

    first: str
    second: str
    paired: Paired
    p: float

    @property
    def clear(self) -> bool:
        """Whether one is better than the other, though several differences are looked at."""
        return self.paired.clear and self.p < SURE

    def in_words(self) -> str:
        """What the counts say, and how sure it is."""
        p = self.paired
        if not self.clear:
            return f"no clear difference between {self.first} and {self.second} on {p.count} questions"
        better, worse = (self.first, self.second) if p.value > 0 else (self.second, self.first)
        return f"{better} is better than {worse} on {p.count} questions"


def differences(rows: Iterable[Answered]) -> list[Difference]:
    """Every two methods against each other, question by question."""
    by: dict[str, dict[str, bool]] = {}
    for row in rows:
        by.setdefault(row.method, {})[row.id] = row.right
    found = []
    for first, second in combinations(by, 2):
        common = [id_ for id_ in by[first] if id_ in by[second]]
        if common:
            found.append((first, second, paired([by[first][i] for i in common], [by[second][i] for i in common])))
    adjusted = holm([each.p for _, _, each in found])
    return [Difference(*each, p) for each, p in zip(found, adjusted, strict=True)]


def front(found: Sequence[Cell], cost: Callable[[Cell], float]) -> list[Cell]:
    """The cells that no other beats at lower or equal cost, cheapest first: the Pareto front."""
    best: list[Cell] = []
    for each in sorted(found, key=lambda c: (cost(c), -c.right.value)):
        if not best or each.right.value > best[-1].right.value:
            best.append(each)
    return best
