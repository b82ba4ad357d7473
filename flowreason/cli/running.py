"""`solve`, `run` and `examples play`: put a run together, watch it, tell how it ended.

Invariant: what is missing or cannot be written is found before anything is paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason.cli import failures, flow_files, output, reading
from flowreason.cli.kept import Kept
from flowreason.cli.outcome import report, report_broken, report_stopped
from flowreason.cli.tool_files import tools_from
from flowreason.cli.watching import Watch
from flowreason.errors import ConfigError, UsageError
from flowreason.graph.bounds import ZERO
from flowreason.keeping import DEFAULT

if TYPE_CHECKING:
    from flowreason.cli.examples_command import Example
    from flowreason.ports import Provider


PLAYED_SECONDS = 8.0
"""How long the replies of a played example take, one after the other."""


@dataclass(frozen=True, slots=True)
class Place:
    """The store and the tools of a run, as they were named."""

    store: str = ""
    tools: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run with: model, limits, tools, recordings."""

    model: str | None = None
    base_url: str | None = None
    limits: tuple[str, ...] = ()
    tools: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    unsafe_python: bool = False
    may_ask: bool = False
    early: bool = True
    store: str | None = None
    cache: bool = True
    approve: bool = False
    method: str = "graph"

    def place(self) -> Place:
        """Where the run is found again, and what it is then given."""
        return Place(self.store or "", "" if self.tools is None else str(self.tools))

    def keeping(self) -> dict[str, Any]:
        """How the run is kept. What is recorded is asked anew: a recording must not lack what is in the store."""
        store = self.store or DEFAULT
        return {"store": store, "cache": self.cache and self.record is None, "approve": self.approve}


@dataclass(frozen=True, slots=True)
class Screen:
    """How a run is shown, and whether the person is asked."""

    as_data: bool = False
    quiet: bool = False
    no_color: bool = False
    yes: bool = False


def solve_question(asked: str, given: Sequence[str], order: Order, screen: Screen, flow_out: Path | None) -> int:
    """Answer a question; gives the exit code."""
    from flowreason.api import checked_question
    from flowreason.methods import meant

    question = checked_question(reading.question(asked))
    inputs = reading.untyped_inputs(given)
    reading.writable(flow_out, "--flow-out")
    tools, limits = tools_from(order.tools), fr.Limits.parse(order.limits)
    wanted = meant(order.method, tools)
    provider = provider_for(order, needed=wanted.flow is None or wanted.flow.price().most != ZERO)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        hooks = watch.hooks()
        if wanted.left_to_us:
            del hooks["confirm"]  # whoever leaves the choice to us is not asked about it
        return fr.solve_async(
            question, method=order.method, inputs=inputs, provider=provider, tools=tools, limits=limits,
            flow_out=flow_out, unsafe_python=order.unsafe_python, may_ask=order.may_ask, early=order.early,
            on_flow=watch.on_flow, **order.keeping(), **hooks,
        )  # fmt: skip

    return carry_out(begin, provider, screen, _kept(order, flow_out), order.place())


def run_file(file: Path, given: Sequence[str], order: Order, screen: Screen) -> int:
    """Run a flow from a file; gives the exit code."""
    flow = flow_files.load(file, order.tools)
    inputs = reading.typed_inputs(given, {p.name: p.type for p in flow.parameters})
    flow.checked_inputs(inputs)
    limits = fr.Limits.parse(order.limits)
    provider = provider_for(order, needed=flow.price(inputs).most != ZERO)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        watch.on_flow(flow)
        return flow.run_async(
            inputs, provider=provider, limits=limits, unsafe_python=order.unsafe_python, **order.keeping(),
            **watch.hooks(),
        )  # fmt: skip

    return carry_out(begin, provider, screen, _kept(order, None), order.place())


def play_example(example: Example, pace: float | None, screen: Screen, flow_out: Path | None) -> int:
    """Answer an example's question from its recorded replies; gives the exit code."""
    reading.writable(flow_out, "--flow-out")
    question, tools = example.question, tools_from(example.tools)
    provider = _recorded(example.replies, _watchable(example.replies) if pace is None else pace)
    if not screen.quiet and not screen.as_data:
        output.note(f"Question: {question}\n")

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        return fr.solve_async(
            question, inputs=example.inputs, provider=provider, tools=tools, flow_out=flow_out, may_ask=False,
            store=None, on_flow=watch.on_flow, **watch.hooks(),
        )  # fmt: skip

    return carry_out(begin, provider, screen, ("the recorded replies, which can be played again",))


def provider_for(order: Order, *, needed: bool = True) -> Provider:
    """Who answers: a recording, or the model that options, environment and config file name."""
    if order.replay is not None:
        if order.record is not None:
            raise UsageError("--replay and --record exclude each other; give one of them")
        return _recorded(order.replay)
    reading.writable(order.record, "--record")
    model = _configured(order, needed)
    return model if order.record is None else fr.Recorder(model, order.record)


def _recorded(path: Path, pace: float = 0.0) -> Provider:
    try:
        return fr.Recorded(path, pace=pace)
    except fr.RecordingError as error:  # the file itself is at fault, and nothing has run
        raise UsageError(str(error)) from None


def _watchable(path: Path) -> float:
    """A pace at which all replies together take some seconds: slow enough to watch, quick enough not to wait."""
    from flowreason.providers.recording import read

    total = sum(entry.seconds for entry in read(path)[1])
    return min(1.0, PLAYED_SECONDS / total) if total else 0.0


def _configured(order: Order, needed: bool) -> Provider:
    from flowreason.config import load_settings
    from flowreason.providers.choose import provider_from

    try:
        return provider_from(load_settings(model=order.model, base_url=order.base_url))
    except ConfigError:
        if needed:
            raise
        return fr.ScriptedProvider({})  # a flow that asks nothing needs no model


def _kept(order: Order, flow_out: Path | None) -> tuple[str, ...]:
    """What a stopped run leaves behind, in words."""
    found = []
    if order.record is not None:
        found.append(f"the replies so far are in {order.record} (continue with --replay {order.record})")
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
    """Run to the end, shown as it goes; the first Ctrl-C cancels the run cleanly. Gives the exit code.

    `kept` is what a stopped run leaves behind, in words; `place` where it is found again.
    """
    watch = Watch(quiet=screen.quiet or screen.as_data, no_color=screen.no_color, yes=screen.yes)

    async def whole() -> fr.Result:
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
            result = asyncio.run(whole())
    except (KeyboardInterrupt, fr.Cancelled):
        report_stopped(watch.events, run(), kept, as_data=screen.as_data)
        return failures.CANCELLED
    except Exception as error:
        known = run()
        if known is None or not failures.is_expected(error):
            raise
        return report_broken(error, known, as_data=screen.as_data)
    return report(result, run(), as_data=screen.as_data, quiet=screen.quiet, live=watch.live)
