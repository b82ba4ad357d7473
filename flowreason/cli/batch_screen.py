"""A batch on the screen: one panel that is kept up to date at a terminal, a line now and then elsewhere.

Invariant: all of it goes to stderr; what is shown is a function of the tally, the account and the clock.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flowreason.cli import output
from flowreason.cli.options import Shown
from flowreason.ports import Usage
from flowreason.view.progress import money_text
from flowreason.view.text import one_line, shorten

if TYPE_CHECKING:
    from flowreason.batch.output import Output
    from flowreason.batch.row import Row
    from flowreason.batch.run import Batching

SECONDS_BETWEEN_LINES = 10.0
REFRESH_SECONDS = 0.2
WINDOW_SECONDS = 60.0
"""The time over which the rate is taken."""


class Rate:
    """How many rows come in a second, of late."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._points: deque[tuple[float, int]] = deque([(self._began, 0)])

    def at(self, done: int) -> float:
        now = time.monotonic()
        if now - self._points[-1][0] >= 1.0:
            self._points.append((now, done))
        while len(self._points) > 2 and now - self._points[0][0] > WINDOW_SECONDS:
            self._points.popleft()
        since, before = self._points[0]
        return (done - before) / max(now - since, 1e-3)


class BatchScreen:
    """Shows how far a batch is. `total` is how many questions there are, where that is known."""

    def __init__(self, shown: Shown, total: int | None, written: Output | None) -> None:
        self._quiet = shown.quiet or shown.as_data
        self._no_color = shown.no_color
        self._total = total
        self._before = 0 if written is None or total is None else sum(written.skip(n) for n in range(written.places))
        self._rate = Rate()
        self._latest = ""
        self._said = ""
        self._live: Any = None

    @contextmanager
    def showing(self, batching: Batching) -> Iterator[None]:
        """While the batch goes on."""
        if self._before and not self._quiet:
            output.note(f"{self._before:,} of {self._total:,} rows are there already; going on with the others")
        if self._quiet:
            yield
            return
        self._batching = batching
        live = sys.stderr.isatty()
        if live:
            from rich.live import Live

            self._live = Live(
                console=output.console(no_color=self._no_color), auto_refresh=False, get_renderable=self._panel
            )
            self._live.start()
        task = asyncio.ensure_future(self._go_on(live))
        try:
            yield
        finally:
            task.cancel()
            if self._live is not None:
                self._live.refresh()
                self._live.stop()
                self._live = None

    async def _go_on(self, live: bool) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS if live else SECONDS_BETWEEN_LINES)
            if live:
                self._live.refresh()
            else:
                far, used = self._parts()
                output.note(" · ".join([*far, *used]))

    def row(self, row: Row) -> None:
        """One more row is there."""
        if not row.ok:
            name = f"row {row.index + 1}" + (f" ({one_line(row.id)})" if row.id != str(row.index + 1) else "")
            self._latest = f"{name}, {row.reason or row.status}: {one_line(row.error)}"

    # --- what is said ---

    def stopping(self, under_way: int) -> None:
        """Ctrl-C was pressed."""
        many = "question" if under_way == 1 else "questions"
        self._tell(f"stopping: {under_way} {many} under way will be finished; Ctrl-C once more stops them too")

    def cancelling(self) -> None:
        """It was pressed again."""
        self._tell("stopping what is under way; it goes on where it is when the same command is given again")

    def _tell(self, text: str) -> None:
        self._said = text
        if self._quiet:
            return
        if self._live is None:
            output.note(text)
        else:
            self._live.refresh()

    def _parts(self) -> tuple[list[str], list[str]]:
        """How far it is, and what it costs, in words."""
        tally = self._batching.tally
        done = self._before + tally.done
        far = [f"{done:,} of {self._total:,} rows" if self._total is not None else f"{done:,} rows"]
        if tally.failed:
            far.append(f"{tally.failed:,} failed")
        far.append(f"{self._batching.under_way:,} under way")
        rate = self._rate.at(tally.done)
        if tally.done:
            far.append(f"{rate:.1f} a second" if rate >= 1 else f"{rate * 60:.1f} a minute")
        left = self._left(done, rate)
        if left is not None:
            far.append(f"about {left} left")
        return far, used_parts(self._batching.whole.used)

    def _left(self, done: int, rate: float) -> str | None:
        if self._total is None or rate <= 0 or done >= self._total:
            return None
        minutes, seconds = divmod(max(1, round((self._total - done) / rate)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

    def _panel(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar

        done = self._before + self._batching.tally.done
        lines: list[Any] = []
        if self._total is not None:
            lines.append(ProgressBar(total=self._total, completed=done, width=60))
        lines += [_line(" · ".join(parts)) for parts in self._parts()]
        if self._latest:
            lines.append(_line(output.visible(shorten(self._latest, 200)), "red"))
        if self._said:
            lines.append(_line(self._said, "bold yellow"))
        return Group(*lines)


def _line(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def used_parts(used: Usage) -> list[str]:
    """`1,204 calls`, `412,331 tokens`, `$1.93`."""
    calls = f"{used.calls:,} call{'' if used.calls == 1 else 's'}"
    return [part for part in (calls, f"{used.tokens:,} tokens", money_text(used.money) if used.money else "") if part]
