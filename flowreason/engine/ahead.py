"""A head start: the steps of a flow that have arrived are begun while the rest of it is still being written.

What has arrived is run as a flow of its own, each longer piece in place of the one before. Nothing of it is handed on
but what it learnt: replies stay with the caller, results of Python and of pure tools in a memory, and the run of the
whole flow, which is the only one that counts, finds them there. Invariant: nothing that has an effect happens here; a
step that would have one waits until the end, and whatever waits for it waits too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flowreason.engine.caller import Caller
from flowreason.engine.environment import BoundTool, Environment
from flowreason.engine.journal import Journal
from flowreason.engine.remember import Memory, Remembering, remembering
from flowreason.engine.scheduler import Run
from flowreason.engine.telling import Entry, told
from flowreason.graph.model import Graph

FRAME = "early"
"""The frame under which events of a head start stand: `early/main/flags[3]`."""

_TOLD = frozenset({"node.request", "node.reply", "node.unanswered", "node.retry", "node.wait", "node.fallback"})


class Ahead:
    """Runs pieces of a flow ahead of time. `environment` is what the run of the whole flow is to be granted."""

    def __init__(self, environment: Environment, journal: Journal, caller: Caller) -> None:
        self._memory = memory = Memory()
        tools = {name: remembering(tool, memory) for name, tool in environment.tools.items()}
        self._sandbox = Remembering(environment.sandbox, memory)
        self.environment = replace(environment, sandbox=self._sandbox, tools=tools)
        self._early = replace(
            self.environment, ask_user=_never_asked, tools={name: _held(tool) for name, tool in tools.items()}
        )
        self._journal = journal
        self._caller = caller.ahead()
        self._running: asyncio.Task[None] | None = None
        self._ended: list[asyncio.Task[None]] = []

    def begin(self, graph: Graph, inputs: Mapping[str, Any]) -> None:
        """Run what has arrived, in place of what had arrived before."""
        self._stop()
        self._running = asyncio.ensure_future(self._run(graph, inputs))

    async def _run(self, graph: Graph, inputs: Mapping[str, Any]) -> None:
        aside = _Aside(self._journal)
        try:
            await Run(graph, self._early, aside, caller=self._caller, lent=True).run(inputs)
        except Exception as error:  # noqa: BLE001 - told; a head start that is lost must not cost the answer
            if aside.broken is None:
                self._journal.say("early.failed", {"error": f"{type(error).__name__}: {error}"})
        if aside.broken is not None:
            raise aside.broken

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._ended.append(self._running)
            self._running = None

    def end(self) -> Environment:
        """The whole flow takes over: nothing more is begun, what was asked goes on. What it is to be run in."""
        self._stop()
        self._memory.learning = False
        return self.environment

    async def close(self) -> None:
        """Wait until all is over. Raises what the listener to events raised."""
        self.end()
        ended = await asyncio.gather(*self._ended, return_exceptions=True)
        await self._caller.close()
        await self._sandbox.close()
        for error in ended:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error


class _Aside(Journal):
    """Tells of calls to the model, in frames of their own, and of nothing else: the rest happens again."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal.on_event or _ignored)
        self.began = journal.began
        self._main = journal
        self.broken: BaseException | None = None

    def log(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry[1] in _TOLD and entry[2] is not None and not entry[4].get("shared"):
                event = told(0, self.began, entry)
                data = {**event.data, "flow": entry[2].plan.flow.name}
                try:
                    self._main.say(event.kind, data, f"{FRAME}/{event.frame}", event.node)
                except BaseException as error:
                    self.broken = error
                    raise


def _ignored(_event: Any) -> None:
    """Nobody listens; but what happens is told at once all the same."""


async def _never_asked(_text: str, _type: str) -> str:
    return str(await _never())


def _held(tool: BoundTool) -> BoundTool:
    """A tool with effects, that is not called: whoever calls it waits."""
    return tool if tool.definition.pure else replace(tool, function=_never)


async def _never(**_arguments: Any) -> Any:
    await asyncio.get_running_loop().create_future()
