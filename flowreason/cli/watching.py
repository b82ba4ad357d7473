"""A run on the screen: live at a terminal, a line for each step elsewhere, and the questions that a person is asked.

Invariant: everything goes to stderr; while a person is asked, nothing else is written; what is shown comes from events.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowreason.cli import output
from flowreason.cli.signals import at_once
from flowreason.errors import Cancelled

if TYPE_CHECKING:
    from rich.live import Live

    from flowreason.engine.events import Event
    from flowreason.engine.limits import Limits
    from flowreason.flow import Flow
    from flowreason.graph.model import Graph
    from flowreason.graph.price import Price


class Watch:
    """Follows one run. Use as a context manager around it."""

    def __init__(self, *, quiet: bool = False, no_color: bool = False, yes: bool = False) -> None:
        self.events: list[Event] = []
        self.run_id = ""
        self._quiet = quiet
        self._no_color = no_color
        self._yes = yes
        self._live: Live | None = None
        self._view: Any = None
        self._asking = asyncio.Lock()

    def hooks(self) -> dict[str, Any]:
        """What a run is given to be watched by."""
        ask_user = self.ask_user if sys.stdin.isatty() and sys.stderr.isatty() else None
        return {"on_event": self.on_event, "ask_user": ask_user, "confirm": self.confirm, "on_run": self.on_run}

    def __enter__(self) -> Watch:
        if not self._quiet and sys.stderr.isatty():
            from flowreason.view.terminal import LiveFlow

            self._view = LiveFlow()
            self._live = self._begun()
        return self

    def _begun(self) -> Live:
        from rich.live import Live

        screen = output.console(no_color=self._no_color)
        live = Live(self._view, console=screen, refresh_per_second=10, vertical_overflow="ellipsis")
        live.start()
        return live

    @property
    def live(self) -> bool:
        """Whether the run is shown as a tree, with its totals."""
        return self._view is not None

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def on_run(self, run: str) -> None:
        """The run is kept, under this id."""
        self.run_id = run

    def on_flow(self, flow: Flow) -> None:
        self.on_graph(flow.graph)

    def on_graph(self, graph: Graph) -> None:
        """What runs from now on."""
        if self._view is not None:
            self._view.on_flow(graph)

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        if self._live is not None:
            if event.kind in _AHEAD and (line := _line(event)):  # before there is anything to redraw
                self._live.console.print(line, markup=False, soft_wrap=True)
            self._view.on_event(event)
        elif not self._quiet and (line := _line(event)):
            output.note(line)

    def tell(self, line: str) -> None:
        """Say something above the tree."""
        with contextlib.suppress(OSError):  # of a terminal that was closed
            if self._live is not None:
                self._live.console.print(line, markup=False, soft_wrap=True)
            elif not self._quiet:
                output.note(line)

    # --- the person ---

    def confirm(self, price: Price, limits: Limits) -> bool:
        """Whether to run a flow whose worst case is over the limits. They hold in any case."""
        if self._yes:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        with self._paused(), at_once():
            output.note(
                f"This flow may take {price.summary()}. The limits are lower, and stop it where they are reached."
            )
            print("Run it? [y/N] ", end="", file=sys.stderr, flush=True)
            return sys.stdin.readline().strip().lower() in ("y", "yes")

    async def ask_user(self, question: str, type: str) -> str:
        """What the person at the terminal answers."""
        async with self._asking:
            with self._paused():
                asked = f"\n{safe_lines(question)}\n{'yes or no ' if type == 'bool' else ''}> "
                print(asked, end="", file=sys.stderr, flush=True)
                said = await _line_from_terminal()
        return _SHORT.get(said.strip().lower(), said) if type == "bool" else said

    @contextlib.contextmanager
    def _paused(self) -> Iterator[None]:
        """The tree makes room for a question, and goes on below what was said."""
        if self._live is None:
            yield
            return
        self._live.transient = True
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._begun()


_AHEAD = frozenset({"method.chosen", "price"})
"""What is said above the tree of a run."""
_SHORT = {"y": "yes", "n": "no"}


def safe_lines(text: str) -> str:
    """Text for the terminal, its lines kept, without control characters."""
    return output.visible(text)


def _line(event: Event) -> str | None:
    from flowreason.view.terminal import plain_line

    return f"price: {event.data['summary']}" if event.kind == "price" else plain_line(event)


async def _line_from_terminal() -> str:
    """One line of stdin, read without a thread, so that a cancelled run leaves nobody waiting."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sys.stdin.fileno(), lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sys.stdin.fileno())
    line = sys.stdin.readline()
    if not line:
        raise Cancelled("the question was left unanswered (end of input)")
    return line.rstrip("\r\n")
