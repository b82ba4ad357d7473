"""What the app can start: a question, a flow, a run that goes on, one made from another, one that is only looked at.

An order is plain data; carrying it out is one call of the public API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import flowreason as fr
from flowreason.examples_catalog import Example
from flowreason.ports import Provider
from flowreason.tool_files import tools_from
from flowreason_ui.connection import Connection


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is granted, and where it is kept. `replies`: a recording that answers instead of a model."""

    connection: Connection = Connection()
    replies: Path | None = None
    pace: float = 0.0
    limits: fr.Limits | None = None
    tools: Path | None = None
    approve: bool = False
    cache: bool = True

    def provider(self) -> Provider:
        """Who answers. Raises `ConfigError`, or `RecordingError` for a recording that cannot be read."""
        if self.replies is not None:
            return fr.Recorded(self.replies, pace=self.pace)
        return self.connection.provider()

    def granted(self) -> dict[str, Any]:
        return {"limits": self.limits, "approve": self.approve, "cache": self.cache}


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
    may_ask: bool = True

    @property
    def title(self) -> str:
        return self.question

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.solve_async(
            self.question, method=self.method, inputs=self.inputs, tools=tools_from(self.terms.tools),
            may_ask=self.may_ask, **self.terms.granted(), **hooks.given(),
        )  # fmt: skip


def example(chosen: Example, pace: float | None = None) -> Solve:
    """A recorded example, played from its question."""
    terms = Terms(replies=chosen.replies, pace=chosen.pace if pace is None else pace, tools=chosen.tools, cache=False)
    return Solve(chosen.question, terms, chosen.inputs, may_ask=False)


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
        granted = self.terms.granted()
        return await fr.resume_async(
            self.run, answers=self.answers, tools=tools_from(self.terms.tools), **granted, **hooks.given()
        )


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
            self.run, self.node, self.value, frame=self.frame or None, tools=tools_from(self.terms.tools),
            **self.terms.granted(), **hooks.given(),
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
            self.run, flow=self.text, inputs=self.inputs, tools=tools_from(self.terms.tools),
            **self.terms.granted(), **hooks.given(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replay:
    """Look at a run that was kept: nobody is asked anything, and nothing is changed."""

    run: str
    title: str
    terms: None = None

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        return await fr.replay_async(self.run, store=hooks.store, on_event=hooks.on_event)
