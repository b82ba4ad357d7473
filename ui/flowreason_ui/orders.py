"""What the app can start: a question, a flow, a run that goes on, one made from another, one that is only looked at.

An order is plain data; carrying it out is one call of the public API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import flowreason as fr
from flowreason.errors import ConfigError, ProviderError
from flowreason.examples_catalog import Example, catalog
from flowreason.keeping import SERVER
from flowreason.ports import ModelInfo, Notify, Provider, Reply, Request
from flowreason.records import Plan
from flowreason.tool_files import tools_from
from flowreason_ui.connection import Connection


class Nobody:
    """Stands in where no model is connected."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        raise ProviderError(self._why, kind="unconnected")

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo(model or "none")

    async def close(self) -> None:
        """There is nothing to give back."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is granted, and where it is kept. `replies`: a recording that answers instead of a model; `ask_price`:
    the person is asked before it runs, whatever it costs."""

    connection: Connection = Connection()
    replies: Path | None = None
    pace: float = 0.0
    limits: fr.Limits | None = None
    tools: Path | None = None
    approve: bool = False
    cache: bool = True
    may_ask: bool | None = None
    ask_price: bool = False

    def provider(self) -> Provider:
        """Who answers. Raises `ConfigError`, or `RecordingError` for a recording that cannot be read."""
        if self.replies is not None:
            return fr.Recorded(self.replies, pace=self.pace)
        return self.connection.provider()

    def provider_if_any(self) -> Provider:
        """Who answers; where no model is connected, one that says so when it is asked: a flow may ask nothing."""
        try:
            return self.provider()
        except ConfigError as error:
            return Nobody(str(error))

    def granted(self) -> dict[str, Any]:
        return {"limits": self.limits, "approve": self.approve, "cache": self.cache}

    def granted_anew(self) -> dict[str, Any]:
        """As those functions take it that may have a flow written: with whether it may ask the person."""
        return {**self.granted(), "may_ask": self.may_ask, "tools": tools_from(self.tools)}


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a run tells what happens, and asks a person."""

    provider: Provider | None
    store: str
    on_event: Callable[[Any], None]
    on_flow: Callable[[fr.Flow], None]
    on_run: Callable[[str], None]
    ask_user: Callable[[str, str], Awaitable[str]]
    confirm: Callable[[Any, fr.Limits], Awaitable[bool]]

    def given(self) -> dict[str, Any]:
        """As the functions of the API take them."""
        return {
            "provider": self.provider, "store": self.store, "on_event": self.on_event, "on_flow": self.on_flow,
            "on_run": self.on_run, "ask_user": self.ask_user, "confirm": self.confirm,
        }  # fmt: skip


class Order(Protocol):
    """Something that can be started. `terms` is None where nobody is asked anything."""

    @property
    def title(self) -> str: ...

    @property
    def terms(self) -> Terms | None: ...

    async def carry_out(self, hooks: Hooks) -> fr.Result: ...


@dataclass(frozen=True, slots=True)
class Solve:
    """Answer a question."""

    question: str
    terms: Terms = Terms()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    method: str = "graph"

    @property
    def title(self) -> str:
        return self.question

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.solve_async(
            self.question, method=self.method, inputs=self.inputs, early=not self.terms.ask_price,
            **self.terms.granted_anew(), **hooks.given(),
        )  # fmt: skip


def example(chosen: Example, pace: float | None = None) -> Solve:
    """A recorded example, played from its question."""
    return Solve(chosen.question, example_terms(chosen, pace), chosen.inputs)


def example_terms(chosen: Example, pace: float | None = None) -> Terms:
    """The terms on which an example is played: its recording answers."""
    paced = chosen.pace if pace is None else pace
    return Terms(replies=chosen.replies, pace=paced, tools=chosen.tools, cache=False, may_ask=False)


def example_of(plan: Plan) -> Example | None:
    """The recorded example that a kept run plays; None for a run that a model has answered."""
    if SERVER in plan.settings:
        return None
    same = (each for each in catalog() if plan.question == each.question or plan.flow.strip() == each.flow.strip())
    return next(same, None)


def terms_for(plan: Plan, connection: Connection, tools: Path | None = None) -> Terms:
    """The terms on which a kept run goes on, or is run again: an example with its recording, others with the model."""
    found = example_of(plan)
    if found is None:
        return Terms(connection, tools=tools)
    return replace(example_terms(found), tools=tools or found.tools)


@dataclass(frozen=True, slots=True)
class RunFlow:
    """Run the text of a flow."""

    text: str
    terms: Terms = Terms()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    root: Path | None = None
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or "a flow of your own"

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        flow = fr.loads(self.text, tools=tools_from(self.terms.tools), root=self.root)
        hooks.on_flow(flow)
        given = hooks.given()
        del given["on_flow"]
        return await flow.run_async(self.inputs, **self.terms.granted(), **given)


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a run that was kept. `answers` are those of the person."""

    run: str
    title: str
    terms: Terms = Terms()
    answers: Mapping[str, str] | str | None = None

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.resume_async(self.run, answers=self.answers, **self.terms.granted_anew(), **hooks.given())


@dataclass(frozen=True, slots=True)
class Fork:
    """A new run from a kept one, in which one step has another value."""

    run: str
    title: str
    node: str
    frame: str
    value: Any
    terms: Terms = Terms()

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.fork_async(
            self.run, self.node, self.value, frame=self.frame or None, **self.terms.granted_anew(), **hooks.given()
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rerun:
    """A new run from a kept one, with another flow or other inputs: only what that changes runs again."""

    run: str
    title: str
    text: str | None = None
    inputs: Mapping[str, Any] | None = None
    terms: Terms = Terms()

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.rerun_async(
            self.run, flow=self.text, inputs=self.inputs, **self.terms.granted_anew(), **hooks.given()
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replay:
    """Look at a run that was kept: nobody is asked anything, and nothing is changed."""

    run: str
    title: str
    stamp: Any = None
    """How it stood when it was opened."""
    alive: bool = False
    """Whether another process was at work at it then."""
    terms: None = None

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.replay_async(self.run, store=hooks.store, on_event=hooks.on_event)
