"""Events → how a run stood after any number of them, forwards and back, without beginning anew each time.

Invariant: the view after n events is the one that folding the first n gives; what is remembered is bounded. Where a
run was resumed its steps begin anew, and what it had used by then stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from flowreason.engine.events import Event
from flowreason.view.progress import RunView, fold
from flowreason_ui.view.phase import RESUMED, Moment

APART = 1000
"""Events between two views that are remembered, at first."""
MOST = 24
"""Views that are remembered; where there would be more, they stand further apart."""


class Course:
    """Goes along the events of one run, which may grow."""

    def __init__(self) -> None:
        self.view = RunView()
        self.moment = Moment()
        self.at = 0
        self._apart = APART
        self._goes_back = False
        self._kept: dict[int, tuple[RunView, Moment]] = {}

    def go(self, events: Sequence[Event], to: int) -> RunView:
        """The view after the first `to` events. It is changed by the next call."""
        if to < self.at:
            self._back(to)
        for number in range(self.at, to):
            self._take(events[number])
            self.at = number + 1
            if self._goes_back and self.at % self._apart == 0 and self.at not in self._kept:
                self._keep()
        return self.view

    def _take(self, event: Event) -> None:
        if event.kind == RESUMED:
            self.view, self.moment = _anew(self.view, self.moment.recalled), Moment()
        fold(self.view, event)
        self.moment.take(event)

    def _back(self, to: int) -> None:
        self._goes_back = True  # who only follows needs nothing remembered
        start = max((at for at in self._kept if at <= to), default=0)
        self.view, self.moment = deepcopy(self._kept[start]) if start else (RunView(), Moment())
        self.at = start

    def _keep(self) -> None:
        if len(self._kept) >= MOST:
            self._apart *= 2
            self._kept = {at: kept for at, kept in self._kept.items() if at % self._apart == 0}
        if self.at % self._apart == 0:
            self._kept[self.at] = deepcopy((self.view, self.moment))


def _anew(view: RunView, recalled: int) -> RunView:
    """What stays of a view when the run is resumed. What it knew of itself was paid for, and is no saving."""
    return replace(
        RunView(),
        usage=view.usage,
        seconds=view.seconds,
        shared=view.shared,
        kept=view.kept - recalled,
        question=view.question,
    )
