"""Probes: one sub-answer is another, and the run is forked with it, to see whether the answer is another as well.

Invariant: all probes together make at most the calls that are allowed; none calls a tool with an effect or asks a
person (it stops there, and says so); what does not depend on the changed step keeps its value, whoever is asked now; of
the run that is looked at nothing is changed (see `aside`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_reply
from flowreason.engine.caller import Caller
from flowreason.engine.frames import Frame
from flowreason.engine.gate import Gate
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import Budget, Limits
from flowreason.engine.question import SPREAD, Prompts
from flowreason.errors import Cancelled, ConfigError, LimitExceeded, ProviderError, SandboxError, StoreError
from flowreason.flow import Tools
from flowreason.graph import ops
from flowreason.keeping import SERVER, origin_of
from flowreason.listening import UNLOGGED
from flowreason.ports import ModelInfo, Notify, Provider, Reply, Request, Sandbox, Usage
from flowreason.records import Claim
from flowreason.result import Result
from flowreason.resuming import Grants, made_from
from flowreason.tools import Tool
from flowreason.values import show
from flowreason.view.text import shorten
from flowreason.why.agreeing import agree, question
from flowreason.why.aside import Aside
from flowreason.why.seen import Seen
from flowreason.why.slots import Slot
from flowreason.why.told import How, Outcome, Probe
from flowreason_dsl.syntax import ToolDef

ANY_MUCH = Limits(calls=None)
_FROZEN = (ops.Ask, ops.Emulate, ops.CallTool, ops.Solve, ops.RunText, ops.Python)
"""Steps that keep their value where it does not depend on what is changed."""
_NOT_OF_THE_FLOW = (ProviderError, ConfigError, SandboxError, StoreError)


class Unreachable(Exception):
    """Nobody can be asked: further probes that need a call would fail as well."""


@dataclass(slots=True)
class Guard:
    """Stands where the world would be changed, or a person asked; `stopped` says what was kept from happening."""

    stopped: str = ""

    def stop(self, what: str) -> Cancelled:
        self.stopped = self.stopped or what
        return Cancelled(what)

    def ask_user(self, text: str, _type: str) -> str:
        raise self.stop(f"it would ask you: {shorten(text, 80)}")

    def tools(self, given: Tools, declared: Mapping[str, ToolDef]) -> list[Tool[..., Any]]:
        """Pure tools as they were given; what stands for all others."""
        found: list[Tool[..., Any]] = []
        known = {}
        for each in given:
            tool = each if isinstance(each, Tool) else Tool(each)
            known[tool.definition.name.text] = tool
        for name, tool in known.items():
            found.append(tool if tool.definition.pure else _StandIn(tool.definition, self, f"it would call {name}"))
        for name, definition in declared.items():
            if name not in known:
                why = f"it would call {name}, which was not given (--tools FILE.py; tools=[…] in Python)"
                found.append(_StandIn(definition, self, why if definition.pure else f"it would call {name}"))
        return found


class _StandIn(Tool[..., Any]):
    """A tool that is not called: the probe stops instead."""

    def __init__(self, definition: ToolDef, guard: Guard, why: str) -> None:
        async def refuse(**arguments: Any) -> Any:
            shown = ", ".join(f"{name}={shorten(show(value), 40)}" for name, value in arguments.items())
            raise guard.stop(why.replace(definition.name.text, f"{definition.name.text}({shown})", 1))

        self.function = refuse
        self.definition = definition
        self.waits, self.repeatable = True, False
        self.__doc__ = definition.doc
        self.__name__ = definition.name.text


class Counted:
    """A provider that sends no more than so many requests, however what is sent is told and counted elsewhere."""

    def __init__(self, provider: Provider, most: int) -> None:
        self._provider = provider
        self.most = most
        self.sent = 0

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        if self.sent >= self.most:
            raise LimitExceeded("calls", self.most)
        self.sent += 1
        return await self._provider.complete(request, notify)

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    @property
    def origin(self) -> str:
        return origin_of(self._provider)

    async def close(self) -> None:
        """The provider is another's."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw of an ask made anew: its value, or why it did not fit."""

    value: Any = None
    unfit: str = ""
    usage: Usage = Usage()


@dataclass(slots=True)
class Prober:
    """Makes the probes of one run, one after the other. `used` is what they took so far.

    `limits` bound tokens, money and seconds of all of them together.
    """

    seen: Seen
    store: Aside
    provider: Counted
    sandbox: Sandbox
    given_tools: Tools = ()
    cache: bool = True
    limits: Limits = ANY_MUCH
    used: Usage = Usage()
    _began: float = field(default_factory=time.monotonic)
    _claim: Claim | None = None
    _frozen: list[tuple[Slot, tuple[str, str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._frozen = [(slot, (*slot.place, slot.frame.values[slot.i])) for slot in _keeps_its_value(self.seen)]

    @property
    def left(self) -> int:
        bounds = self._bounds(ANY_MUCH)
        spent = any(bound is not None and bound <= 0 for bound in (bounds.tokens, bounds.money, bounds.seconds))
        return 0 if spent else self.provider.most - self.provider.sent

    def _bounds(self, own: Limits) -> Limits:
        """What is left for one probe, within limits of its own."""
        limits, used = self.limits, self.used
        left = {
            "tokens": None if limits.tokens is None else max(0, limits.tokens - used.tokens),
            "money": None if limits.money is None else max(0.0, limits.money - (used.money or 0.0)),
            "seconds": None if limits.seconds is None else max(0.0, limits.seconds - time.monotonic() + self._began),
        }
        known = {
            name: [each for each in (getattr(own, name), bound) if each is not None] for name, bound in left.items()
        }
        lowest: dict[str, Any] = {name: min(bounds, default=None) for name, bounds in known.items()}
        return replace(own, **lowest)

    @property
    def elsewhere(self) -> bool:
        """Whether another model is asked than the run's, as far as is known."""
        settings = self.seen.info.plan.settings
        if self.provider.origin != settings.get(SERVER, ""):
            return True
        return settings.get("model") not in (None, self.provider.model_info(None).name)

    # --- forks ---

    async def fork(
        self, slot: Slot, affected: frozenset[Slot], value: Any, how: How, spent: Usage | None = None
    ) -> Probe:
        """What the run comes to where a step has another value. `spent` was needed to find that."""
        guard = Guard()
        frozen = [given for other, given in self._frozen if other not in affected]
        granted = self._granted(guard)
        before = self.provider.sent
        given = [(*slot.place, value), *frozen]
        unlogged = UNLOGGED.set(True)
        try:
            result = await made_from(self.store, self.seen.info, granted, None, None, given)
        finally:
            UNLOGGED.reset(unlogged)
        usage = self._took(result.usage, before) + (spent or Usage())
        step = self.seen.step(slot)
        outcome, error = self._outcome(result, guard)
        answer = result.value if result.ok and not guard.stopped else None
        had = slot.frame.values[slot.i] if slot.has_value else None
        return Probe(step, had, value, how, outcome, answer, error, usage)

    def _took(self, told: Usage, before: int) -> Usage:
        """What was used since so many requests had been sent; what was stopped midway may not have been told."""
        used = replace(told, calls=self.provider.sent - before)
        self.used += used
        return used

    def _granted(self, guard: Guard) -> Grants:
        info = self.seen.info
        kept = Limits(**info.plan.settings.get("limits", {}))
        assert self.seen.flow is not None
        needed = info.plan.settings.get("tools", {})
        declared = {name: tool for name, tool in self.seen.flow.graph.tools.items() if name in needed}
        return Grants(
            provider=self.provider, tools=guard.tools(self.given_tools, declared), ask_user=guard.ask_user,
            limits=replace(self._bounds(kept), calls=self.left), sandbox=self.sandbox, may_ask=False, confirm=_agreed,
            cache=self.cache,
        )  # fmt: skip

    def _outcome(self, result: Result, guard: Guard) -> tuple[Outcome, str]:
        """What a fork came to, beside what the run came to."""
        error = "" if result.error is None else str(result.error)
        had_answer = self.seen.info.status == "answered"
        if guard.stopped:
            return "stopped", guard.stopped
        if result.ok:
            same = had_answer and agree(result.value, self.seen.answer)
            return ("same" if same else "changed" if had_answer else "answers"), ""
        if result.status == "limit":
            return "cut", error
        if result.status != "failed" or isinstance(result.error, _NOT_OF_THE_FLOW):
            if isinstance(result.error, ProviderError) and result.error.hopeless:
                raise Unreachable(error)
            return "stopped", error
        return ("fails" if had_answer else "same"), error

    # --- draws ---

    async def draw(self, slot: Slot, number: int) -> Drawn:
        """One more draw of an ask: after those that were used, at a temperature at which draws differ.

        Raises `Unreachable` where nobody answers, `LimitExceeded` where no call is left.
        """
        asked = question(slot)
        assert asked is not None
        info = self.provider.model_info(asked.settings.get("model"))
        prompts = Prompts(asked, info)
        first = prompts.request(0)
        warm = None if first.temperature is None else max(SPREAD, first.temperature)
        request = replace(first, temperature=warm, sample=asked.draws * prompts.samples + number)
        budget, before = Budget(replace(self._bounds(ANY_MUCH), calls=self.left)), self.provider.sent
        used = Usage()
        try:
            text = await self._sent(request, budget)
        except ProviderError as error:
            raise Unreachable(str(error)) from error
        finally:
            used = self._took(budget.used, before)
        try:
            value = parse_reply(text, asked.type, think=prompts.thinks, structured=request.schema is not None)
        except Misfit as misfit:
            return Drawn(unfit=misfit.reason, usage=used)
        return Drawn(value, usage=used)

    async def _sent(self, request: Request, budget: Budget) -> str:
        if self._claim is None:
            self._claim = await self.store.begin(self.seen.info.plan, parent=self.seen.info.id)
        ledger = Ledger(self.store, self._claim, origin=self.provider.origin, share=self.cache)
        caller = Caller(self.provider, budget, Gate(1), ledger)
        try:
            reply = await caller.complete(request, _silent, {"attempt": 1, "sample": request.sample})
        finally:
            await caller.close()
        return reply.text


def _silent(_kind: str, _data: Mapping[str, Any]) -> None:
    """Nobody listens to a probe."""


def _agreed(_price: Any, _limits: Limits) -> bool:
    """Probes are bounded by their calls, whatever a fork could take at most."""
    return True


def _keeps_its_value(seen: Seen) -> Iterator[Slot]:
    """The steps whose value is known, but for those inside of a step that does its work as a whole."""
    for slot in seen.slots.every():
        if slot.has_value and isinstance(slot.op, _FROZEN) and not _is_inside(slot.frame):
            yield slot


def _is_inside(frame: Frame) -> bool:
    """Whether a frame stands inside of a step that called it and waits for it."""
    place: Frame | None = frame
    while place is not None:
        if place.parent is not None and place.flow.waiter is not None and place.flow.parent is not None:
            return True
        place = place.parent
    return False


def is_written_inside(slot: Slot) -> bool:
    """Whether a step stands in a flow that was written while the run went on."""
    frame: Frame | None = slot.frame
    while frame is not None and frame.parent is not None:
        if isinstance(frame.parent.plan.nodes[frame.at].op, ops.Solve | ops.RunText):
            return True
        frame = frame.parent
    return False
