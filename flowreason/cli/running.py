"""`solve`, `run` and `examples play`: put a run together, watch it, tell how it ended.

Invariant: what is missing or cannot be written is found before anything is paid for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason import reading
from flowreason.cli import failures, flow_files, output
from flowreason.cli.asking import provider_for, recorded
from flowreason.cli.kept import Kept
from flowreason.cli.options import Recording, Screen, Terms
from flowreason.cli.outcome import report, report_broken, report_stopped
from flowreason.cli.signals import Stopping
from flowreason.cli.watching import Watch
from flowreason.graph.bounds import ZERO
from flowreason.tool_files import tools_from

if TYPE_CHECKING:
    from flowreason.examples_catalog import Example
    from flowreason.ports import Provider


@dataclass(frozen=True, slots=True)
class Place:
    """The store and the tools of a run, as they were named."""

    store: str = ""
    tools: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run with, and how a question is answered."""

    terms: Terms = Terms()
    recording: Recording = Recording()
    may_ask: bool = False
    early: bool = True
    method: str = "graph"

    def place(self) -> Place:
        """Where the run is found again, and what it is then given."""
        tools = self.terms.tools
        return Place(self.terms.store or "", "" if tools is None else str(tools))

    def granted(self) -> dict[str, Any]:
        """What the run may do and how it is kept. What is recorded is asked anew: a recording must not lack what is in
        the store."""
        terms = self.terms
        return {
            "limits": terms.limits(), "unsafe_python": terms.unsafe_python, "store": terms.place,
            "cache": not terms.no_cache and self.recording.record is None, "approve": terms.approve,
        }  # fmt: skip


def solve_question(asked: str, given: Sequence[str], order: Order, screen: Screen, flow_out: Path | None) -> int:
    """Answer a question; gives the exit code."""
    from flowreason.api import checked_question
    from flowreason.methods import meant

    question = checked_question(reading.question(asked))
    inputs = reading.untyped_inputs(given)
    reading.writable(flow_out, "--flow-out")
    tools, granted = tools_from(order.terms.tools), order.granted()
    wanted = meant(order.method, tools)
    needed = wanted.flow is None or wanted.flow.price().most != ZERO
    provider = provider_for(order.terms, order.recording, needed=needed)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        hooks = watch.hooks()
        if wanted.left_to_us:
            del hooks["confirm"]  # whoever leaves the choice to us is not asked about it
        return fr.solve_async(
            question, method=order.method, inputs=inputs, provider=provider, tools=tools, flow_out=flow_out,
            may_ask=order.may_ask, early=order.early, on_flow=watch.on_flow, **granted, **hooks,
        )  # fmt: skip

    return carry_out(begin, provider, screen, _kept(order, flow_out), order.place())


def run_file(file: Path, given: Sequence[str], order: Order, screen: Screen) -> int:
    """Run a flow from a file; gives the exit code."""
    flow = flow_files.load(file, order.terms.tools)
    inputs = reading.typed_inputs(given, {p.name: p.type for p in flow.parameters})
    flow.checked_inputs(inputs)
    granted = order.granted()
    provider = provider_for(order.terms, order.recording, needed=flow.price(inputs).most != ZERO)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        watch.on_flow(flow)
        return flow.run_async(inputs, provider=provider, **granted, **watch.hooks())

    return carry_out(begin, provider, screen, _kept(order, None), order.place())


def play_example(example: Example, pace: float | None, screen: Screen, flow_out: Path | None) -> int:
    """Answer an example's question from its recorded replies; gives the exit code."""
    reading.writable(flow_out, "--flow-out")
    question, tools = example.question, tools_from(example.tools)
    provider = recorded(example.replies, example.pace if pace is None else pace)
    if not screen.quiet and not screen.as_data:
        output.note(f"Question: {question}\n")

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        return fr.solve_async(
            question, inputs=example.inputs, provider=provider, tools=tools, flow_out=flow_out, may_ask=False,
            store=None, on_flow=watch.on_flow, **watch.hooks(),
        )  # fmt: skip

    return carry_out(begin, provider, screen, ("the recorded replies, which can be played again",))


def _kept(order: Order, flow_out: Path | None) -> tuple[str, ...]:
    """What a stopped run leaves behind, in words."""
    found, file = [], order.recording.record
    if file is not None:
        found.append(f"the replies so far are in {file} (continue with --replay {file})")
    if flow_out is not None:
        found.append(f"the flow, if it was written, is in {flow_out}")
    return tuple(found)


def carry_out(
    begin: Callable[[Watch], Awaitable[fr.Result]],
    provider: Provider | None,
    screen: Screen,
    kept: tuple[str, ...] = (),
    place: Place | None = None,
) -> int:
    """Run to the end, shown as it goes; the first Ctrl-C or SIGTERM cancels the run in good order. Gives the exit code.

    `kept` is what a stopped run leaves behind, in words; `place` where it is found again.
    """
    watch = Watch(quiet=screen.quiet or screen.as_data, no_color=screen.no_color, yes=screen.yes)

    stopping = Stopping(watch.tell)

    async def whole() -> fr.Result:
        with stopping.listening():
            try:
                return await begin(watch)
            finally:
                if provider is not None:
                    await provider.close()

    def run() -> Kept | None:
        at = place or Place()
        return Kept(watch.run_id, at.store, at.tools) if watch.run_id else None

    try:
        with watch:
            try:
                result = asyncio.run(whole())
            finally:
                stopping.over()
    except (KeyboardInterrupt, asyncio.CancelledError, fr.Cancelled):
        with contextlib.suppress(OSError):  # of a terminal that was closed
            report_stopped(watch.events, run(), kept, as_data=screen.as_data)
        return stopping.code
    except Exception as error:
        known = run()
        if known is None or not failures.is_expected(error):
            raise
        return report_broken(error, known, as_data=screen.as_data)
    try:
        return report(result, run(), as_data=screen.as_data, quiet=screen.quiet, live=watch.live)
    except OSError as error:
        if isinstance(error, BrokenPipeError) or (at := run()) is None:
            raise
        output.complain(f"the answer cannot be written: {failures.told(error)}")
        output.note(at.told())
        return failures.FAILED
